"""The tables of sources: what was observed of their names, what SPF says of them now, and what operators say they are.

Addresses stand in their canonical text, as in `subjects`, so that each table holds by itself: reports go by retention, and
what an operator said of a source stays. Does not decide anything; the queries are in the files beside.
"""

from sqlalchemy import Boolean, Column, Double, Index, Integer, Table, Text, text

from truehelo.store.tables import Id, metadata

standings = Table(
    "standings",
    metadata,
    Column("ip", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("iprev", Text, nullable=False),
    Column("ptr", Text, nullable=False),
    Column("confirmed", Text, nullable=False),
    Column("generic", Text, nullable=False),
    Column("organisation", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
    Index("ix_standings_at", "at"),
)
"""What was seen of an address that nobody watches, one row for each day (since the epoch, UTC) on which it was looked at.

`iprev` is the result word (RFC 8601 §2.7.3); temperror says that it could not be seen. `ptr`, `confirmed` and `generic` are
names in JSON. `organisation` is the registered domain of a confirmed name, "" for none.
"""

authorised = Table(
    "authorised",
    metadata,
    Column("domain", Text, primary_key=True),
    Column("ip", Text, primary_key=True),
    Column("at", Double, nullable=False),
    Column("word", Text, nullable=False),
    Column("detail", Text, nullable=False, server_default=""),
    Column("sure", Boolean, nullable=False),
)
"""What the SPF record of a domain said of an address when it was last asked (RFC 7208 §2.6), and by which terms."""

classes = Table(
    "classes",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("ended_at", Double),
    Index("ix_classes_target", "target"),
    Index(
        "uq_classes_now",
        "target",
        unique=True,
        sqlite_where=text("ended_at IS NULL"),
        postgresql_where=text("ended_at IS NULL"),
    ),
)
"""What operators said that an address or a network is. A row is never changed but for its end: the trail is the table."""
