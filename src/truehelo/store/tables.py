"""The tables of the watch, for SQLite and PostgreSQL alike.

Times are seconds since the epoch as floating point: exact to the microsecond, the same on both databases, and cheap
to compare. Text in JSON stands in text columns, since nothing asks inside it. Does not decide anything; the queries
are in the files beside.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Id = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers a row by itself only where the column is an INTEGER."""


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _subject(*, index: bool = False, key: bool = False) -> Column[int]:
    where = ForeignKey("subjects.id", ondelete="CASCADE")
    return Column("subject_id", Id, where, nullable=False, index=index, primary_key=key)


meta = Table("meta", metadata, Column("key", Text, primary_key=True), Column("value", Text, nullable=False))
"""Small facts about the store itself, and rows that serialise a kind of work by being locked."""

lines = Table(
    "lines",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("managed_by", Text, nullable=False, index=True),
    Column("position", Integer, nullable=False),
    Column("target", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("added_at", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("expanded_at", Double),
)
"""The inventory as the operator wrote it: one row a line, `body` in JSON."""

subjects = Table(
    "subjects",
    metadata,
    _id(),
    Column("ip", Text, nullable=False),
    Column("vantage", Text, nullable=False),
    Column("network", Text, nullable=False, index=True),
    Column("expected", Text, nullable=False),
    Column("helo", Text),
    Column("domains", Text, nullable=False),
    Column("groups", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("ports", Text, nullable=False),
    Column("origin", Text, nullable=False),
    Column("interval_s", Double, nullable=False),
    Column("added_at", Double, nullable=False),
    Column("removed_at", Double),
    Column("revision", Integer, nullable=False, server_default="0"),
    UniqueConstraint("ip", "vantage"),
)
"""One address, watched from one vantage point. `network` is its /24 or /64: neighbours fail together. Lists are in
JSON. `revision` grows with each change of a row."""

UNWELL = "worst <> 'ok' OR overlay <> ''"
"""Who is read one by one where the others are only counted."""

schedule = Table(
    "schedule",
    metadata,
    _subject(key=True),
    Column("vantage", Text, nullable=False),
    Column("next_run_at", Double),
    Column("due_at", Double),
    Column("tick", Double),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Column("checked_at", Double),
    Column("determined_at", Double),
    Column("undetermined_since", Double),
    Column("undetermined_cause", Text),
    Column("began_at", Double),
    Column("fingerprint", BigInteger),
    Column("steady", BigInteger),
    Column("worst", Text, nullable=False, server_default="new"),
    Column("overlay", Text, nullable=False, server_default=""),
    Column("listed_at", Double),
    Column("unseen", Text, nullable=False, server_default=""),
    Column("hidden", Text, nullable=False, server_default=""),
    Index("ix_schedule_vantage_next_run_at", "vantage", "next_run_at"),
    Index("ix_schedule_unwell", "worst", "overlay", sqlite_where=text(UNWELL), postgresql_where=text(UNWELL)),
)
"""What changes with every check, apart from what does not.

`next_run_at` is when to check next (None: removed), `due_at` the regular time that the interval goes on from; `tick` is the
`next_run_at` whose check was recorded last, so that none is recorded twice. `claimed_by` and `claimed_until` are the
lease of whoever checks now. `began_at` is the first look that saw something. `fingerprint` is of the answers that
were judged last, `steady` of the last ones that had no hole. `worst` is "new", or the worst state of its tags. `unseen`
names the parts of the facts that the last look could not see, with commas between them; `hidden` tells since when
those that a kind of tag rests on are, while what they hid is not believed yet (JSON, seconds since the epoch; "": none).
"""

observations = Table(
    "observations",
    metadata,
    _id(),
    _subject(),
    Column("what", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("ttl", Integer, nullable=False, server_default="0"),
    Column("since", Double, nullable=False),
    Column("until", Double),
    Index("ix_observations_subject_id_what_since", "subject_id", "what", "since"),
)
"""What was seen, each for as long as it stayed so: an unchanged fact is a longer interval, not a new row."""

states = Table(
    "states",
    metadata,
    _subject(key=True),
    Column("tag", Text, primary_key=True),
    Column("state", Text, nullable=False, index=True),
    Column("count", Integer, nullable=False),
    Column("since", Double, nullable=False),
    Column("changed_at", Double, nullable=False),
    Column("severity", Text, nullable=False),
    Column("message", Text, nullable=False),
    Column("old", Text, nullable=False, server_default=""),
    Column("new", Text, nullable=False, server_default=""),
)
"""Where a subject is not ok: a tag without a row is."""

flips = Table(
    "flips",
    metadata,
    _id(),
    _subject(),
    Column("what", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", LargeBinary),
    Index("ix_flips_subject_id_at", "subject_id", "at"),
    Index("ix_flips_at", "at"),
)

incidents = Table(
    "incidents",
    metadata,
    _id(),
    Column("key", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("details", Text, nullable=False, server_default="{}"),
    Column("opened", Double, nullable=False, index=True),
    Column("joined_at", Double, nullable=False),
    Column("closed", Double),
    Column("acknowledged", Double),
    Column("acknowledged_by", Text, nullable=False, server_default=""),
    Column("note", Text, nullable=False, server_default=""),
    Column("reminded_at", Double),
    Index("ix_incidents_key", "key"),
    Index("ix_incidents_open", "closed", "opened"),
)

members = Table(
    "members",
    metadata,
    _id(),
    Column("incident_id", Id, ForeignKey("incidents.id", ondelete="CASCADE"), nullable=False),
    Column("subject_id", Id, ForeignKey("subjects.id", ondelete="CASCADE")),
    Column("thing_id", Id, ForeignKey("things.id", ondelete="CASCADE")),
    Column("tag", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("joined", Double, nullable=False),
    Column("well_since", Double),
    Column("closed", Double),
    Column("old", Text, nullable=False, server_default=""),
    Column("new", Text, nullable=False, server_default=""),
    Index("ix_members_incident_id_closed_subject_id", "incident_id", "closed", "subject_id"),
    Index("ix_members_subject_id_tag_joined", "subject_id", "tag", "joined"),
    Index(
        "uq_members_open",
        "subject_id",
        "tag",
        unique=True,
        sqlite_where=text("closed IS NULL"),
        postgresql_where=text("closed IS NULL"),
    ),
    Index(
        "uq_members_open_thing",
        "thing_id",
        "tag",
        unique=True,
        sqlite_where=text("closed IS NULL"),
        postgresql_where=text("closed IS NULL"),
    ),
    CheckConstraint("(subject_id IS NULL) <> (thing_id IS NULL)", name="ck_members_whom"),
)
"""Whom an incident is about: an address, or a thing. One has one open incident for a tag: the indexes hold it, not hope."""

things = Table(
    "things",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("domain", Text, nullable=False, server_default=""),
    Column("groups", Text, nullable=False, server_default="[]"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("added_at", Double, nullable=False),
    Column("removed_at", Double),
    UniqueConstraint("kind", "name", "domain"),
)
"""What an incident may be about beside addresses. `kind` is "domain", "key" (a DKIM selector of `domain`), "source" (an
address that sends as `domain`) or "reporter". More of them is in `store/things/tables.py`."""

outbox = Table(
    "outbox",
    metadata,
    _id(),
    Column("key", Text, nullable=False, unique=True),
    Column("incident_id", Id, ForeignKey("incidents.id", ondelete="CASCADE")),
    Column("kind", Text, nullable=False),
    Column("sequence", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("attempt_at", Double, nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claimed_by", Text),
    Column("claimed_until", Double),
    Column("notice", LargeBinary),
    Column("delivered", Double),
    Column("detail", Text, nullable=False, server_default=""),
    UniqueConstraint("incident_id", "kind", "sequence", "channel"),
    Index("ix_outbox_state_attempt_at", "state", "attempt_at"),
)
"""What people are to be told, one row a message and channel, written in the transaction that decides it.

`key` is the idempotency key. `notice` is frozen before the first try, so that every try says the same. `state` is
"pending", "delivered", "failed" (given up) or "dropped" (silenced, or over before it was told).
"""

deliveries = Table(
    "deliveries",
    metadata,
    _id(),
    Column("outbox_id", Id, ForeignKey("outbox.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("at", Double, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("ok", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
)

silences = Table(
    "silences",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("match", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("created", Double, nullable=False),
    Column("starts", Double, nullable=False),
    Column("until", Double, nullable=False, index=True),
)
"""Silences and maintenance windows that were set by command (`kind` tells which); `match` in JSON."""

listings = Table(
    "listings",
    metadata,
    _id(),
    _subject(),
    Column("list", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("codes", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double),
    Index("ix_listings_subject_id_list_since", "subject_id", "list", "since"),
    Index(
        "ix_listings_now",
        "list",
        "state",
        "since",
        sqlite_where=text("until IS NULL"),
        postgresql_where=text("until IS NULL"),
    ),
)
"""What the blocklists say of a subject while it is anything but clean, each for as long as it stayed so."""

unseen = Table(
    "unseen",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("since", Double, nullable=False),
    Column("count", Integer, nullable=False),
    Column("incident_id", Id, ForeignKey("incidents.id", ondelete="SET NULL")),
)
"""What cannot be seen, by its cause (a resolver, a zone), and the incident that told it."""

gaps = Table(
    "gaps",
    metadata,
    _id(),
    Column("vantage", Text, nullable=False),
    Column("since", Double, nullable=False),
    Column("until", Double, nullable=False, index=True),
    Column("reason", Text, nullable=False),
)
"""When nobody watched."""

days = Table(
    "days",
    metadata,
    _subject(key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("failing_s", Double, nullable=False),
    Column("undetermined_s", Double, nullable=False),
    Column("unwatched_s", Double, nullable=False),
    Column("flips", Integer, nullable=False),
)
"""The roll-up of what retention removes: seconds of a day (days since the epoch, UTC) in each state other than well."""

acts = Table(
    "acts",
    metadata,
    _id(),
    Column("at", Double, nullable=False, index=True),
    Column("by", Text, nullable=False),
    Column("what", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
"""What operators did: acknowledgements, silences, imports."""
