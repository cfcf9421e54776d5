"""The tables of what is watched beside addresses: how things stand, the schedule of domains, and their records.

Times are seconds since the epoch, as in `store/tables.py`, where `things` is. Does not decide anything.
"""

from sqlalchemy import Column, Double, ForeignKey, Index, Integer, Table, Text

from truehelo.store.tables import Id, metadata


def _thing(*, key: bool = False) -> Column[int]:
    return Column("thing_id", Id, ForeignKey("things.id", ondelete="CASCADE"), nullable=False, primary_key=key)


thing_states = Table(
    "thing_states",
    metadata,
    _thing(key=True),
    Column("tag", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("severity", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("old", Text, nullable=False, server_default=""),
    Column("new", Text, nullable=False, server_default=""),
    Column("details", Text, nullable=False, server_default="{}"),
)
"""Where a thing is not well: that each has an open incident is an invariant. `key` is of the cause: equal ones are one
incident. `details`, in JSON, is what is told with the incident, and what whoever judges wants to remember."""

watched_domains = Table(
    "watched_domains",
    metadata,
    _thing(key=True),
    Column("origins", Text, nullable=False, server_default="[]"),
    Column("interval_s", Double, nullable=False),
    Column("next_run_at", Double, index=True),
    Column("due_at", Double),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Column("checked_at", Double),
    Column("determined_at", Double),
    Column("undetermined_since", Double),
    Column("undetermined_cause", Text),
    Column("began_at", Double),
    Column("suspected", Text, nullable=False, server_default="{}"),
)
"""The schedule of the domains, as `schedule` is that of the addresses. `next_run_at` None: it is no longer watched.
`suspected` holds, in JSON by record, the changes that are not believed yet."""

domain_records = Table(
    "domain_records",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    _thing(),
    Column("what", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("ttl", Integer, nullable=False, server_default="0"),
    Column("since", Double, nullable=False),
    Column("until", Double),
    Index("ix_domain_records_thing_id_what_since", "thing_id", "what", "since"),
)
"""What stands in the DNS of a domain, each for as long as it stayed so; "" is that it is denied. `what` is "spf", "dmarc",
"mx", "ns", "mta-sts", "tls-rpt", or "dkim:" and a selector."""

domain_flips = Table(
    "domain_flips",
    metadata,
    Column("id", Id, primary_key=True, autoincrement=True),
    _thing(),
    Column("what", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Index("ix_domain_flips_thing_id_at", "thing_id", "at"),
    Index("ix_domain_flips_at", "at"),
)
"""Confirmed changes of records, and what became of what was told of a thing."""
