"""The tables of reports: small dimensions, facts of integers alone, and roll-ups that are kept in the same transaction.

A day is a number of days since the epoch (UTC): that of the middle of a report's range. A week begins on a Monday; its
number is `week_of`. Facts and roll-ups bear no foreign keys: a key would be checked with each of ten million rows, and what
writes them writes the rows that they name first, in the same transaction (ADR 15). Does not decide anything.
"""

from sqlalchemy import BigInteger, Column, Double, ForeignKey, Index, Integer, LargeBinary, SmallInteger, Table, Text, text

from truehelo.store.tables import Id, metadata

ALL = 0
"""Stands in the place of a domain where a roll-up is over all of them."""

DISPOSITIONS = ("", "none", "quarantine", "reject", "pass")
"""What a receiver did (RFC 9990 §3.1.1.8), by the number that roll-ups keep; "" for any other word, and for none."""

DKIM, SPF, DISPOSITION = 1, 2, 4
"""How an outcome is made of its parts: `DKIM` if DKIM was aligned, `SPF` if SPF was, and the disposition times the last."""


def outcome_of(disposition: str, dkim: str, spf: str) -> int:
    """Return an outcome in one number: what was done, and what was aligned."""
    number = DISPOSITIONS.index(disposition) if disposition in DISPOSITIONS else 0
    return number * DISPOSITION + SPF * (spf == "pass") + DKIM * (dkim == "pass")


def week_of(day: int) -> int:
    """Return the week that holds a day; the epoch was a Thursday."""
    return (day + 3) // 7


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _number(name: str, *, key: bool = False) -> Column[int]:
    return Column(name, Integer, primary_key=key, nullable=False, autoincrement=False)


def _count(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


# Dimensions: what is named again and again.

reporters = Table(
    "reporters", metadata, _id(), Column("key", Text, nullable=False, unique=True), _text("name"), _text("email")
)
"""Who reports. `key` is the name in lower case, `name` as it was written first, `email` the last address given."""

report_domains = Table("report_domains", metadata, _id(), Column("name", Text, nullable=False, unique=True))
"""What reports are about: the domain of the policy."""

report_sources = Table(
    "report_sources",
    metadata,
    _id(),
    Column("ip", Text, nullable=False, unique=True),
    Column("family", SmallInteger, nullable=False),
    Column("network", Text, nullable=False),
)
"""Addresses that sent, in canonical form; `network` is the /24 or the /64."""

report_shapes = Table(
    "report_shapes",
    metadata,
    _id(),
    Column("key", LargeBinary, nullable=False, unique=True),
    Column("outcome", SmallInteger, nullable=False),
    _text("disposition"),
    _text("dkim"),
    _text("spf"),
    _text("header_from"),
    Column("envelope_from", Text),
    _text("envelope_to"),
    Column("rest", Text, nullable=False, server_default="{}"),
    _number("last_day"),
)
"""A record without its address and its count. `rest` (JSON) is what nobody groups by; `last_day` the last day of a use."""

report_policies = Table(
    "report_policies", metadata, _id(), Column("key", LargeBinary, nullable=False, unique=True), _text("body")
)
"""Policies as receivers saw them: JSON of `reports.model.Policy`, and its digest."""

report_signatures = Table(
    "report_signatures",
    metadata,
    _id(),
    Column("key", LargeBinary, nullable=False, unique=True),
    _text("domain"),
    _text("selector"),
    _text("result"),
)
"""Signatures by their domain and selector, and what a receiver made of them; `key` is a digest of the three."""

report_dkim_uses = Table(
    "report_dkim_uses",
    metadata,
    Column("shape_id", Id, ForeignKey("report_shapes.id", ondelete="CASCADE"), primary_key=True),
    Column("signature_id", Id, ForeignKey("report_signatures.id", ondelete="CASCADE"), primary_key=True),
    sqlite_with_rowid=False,
)
"""Which signatures a shape has, each once."""

# What came in.

reports = Table(
    "reports",
    metadata,
    _id(),
    Column("kind", Text, nullable=False),
    Column("identity", LargeBinary, nullable=False),
    Column("reporter_id", Id, ForeignKey("reporters.id"), nullable=False),
    Column("domain_id", Id, ForeignKey("report_domains.id"), nullable=False),
    Column("external_id", Text, nullable=False),
    Column("begins", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    _number("day"),
    Column("digest", Text, nullable=False),
    Column("policy_id", Id, ForeignKey("report_policies.id")),
    Column("records", BigInteger, nullable=False),
    Column("messages", BigInteger, nullable=False),
    Column("bad", BigInteger, nullable=False),
    Column("head", Text, nullable=False, server_default="{}"),
    Column("faults", Text, nullable=False, server_default="[]"),
    Column("received_at", Double, nullable=False),
    _text("origin"),
    _text("name"),
    _text("sender"),
    Column("flagged", SmallInteger, nullable=False, server_default="0"),
    Column("pruned", SmallInteger, nullable=False, server_default="0"),
    Column("seen_again", Integer, nullable=False, server_default="0"),
    Column("seen_at", Double),
    Index(
        "uq_reports_identity",
        "identity",
        unique=True,
        sqlite_where=text("flagged = 0"),
        postgresql_where=text("flagged = 0"),
    ),
    Index(
        "uq_reports_identity_digest",
        "identity",
        "digest",
        unique=True,
        sqlite_where=text("flagged = 1"),
        postgresql_where=text("flagged = 1"),
    ),
    Index("ix_reports_domain_id_day", "domain_id", "day", "reporter_id", "policy_id", "flagged", "pruned"),
    Index("ix_reports_origin", "origin", "kind", "flagged", "seen_again", "received_at"),
)
"""Aggregate and TLS reports, one row each.

`external_id` is the name that the reporter gave it, `identity` a digest of what makes it the same report: kind, reporter,
this name, domain and range, which together may be longer than an index takes. `head` (JSON) is what else stands before its
records, `faults` (JSON) the first of its bad ones. `flagged` is 1 where another content came under the same identity
before: kept, and not counted in any roll-up. `pruned` is 1 once retention has removed its records. `seen_again` is how
often it came again.
"""

report_records = Table(
    "report_records",
    metadata,
    Column("report_id", Id, primary_key=True),
    Column("source_id", Id, primary_key=True),
    _number("position", key=True),
    Column("outcome", SmallInteger, nullable=False),
    Column("shape_id", Id, nullable=False),
    _count("count"),
    sqlite_with_rowid=False,
)
"""The records of aggregate reports: the facts. `position` is the place in the report, from 0; `outcome` is the shape's."""

report_refusals = Table(
    "report_refusals",
    metadata,
    _id(),
    Column("at", Double, nullable=False, index=True),
    _text("origin"),
    _text("name"),
    _text("reason"),
    _text("place"),
    _text("sender"),
    _text("digest"),
    _text("kept"),
    Column("seen_again", Integer, nullable=False, server_default="0"),
    Index("ix_report_refusals_digest_name", "digest", "name"),
)
"""What could not be read as a report, and why. `place` is where in it, `kept` the file that its octets were put into."""

# Roll-ups of aggregate reports.

report_days = Table(
    "report_days",
    metadata,
    Column("domain_id", Id, primary_key=True),
    _number("day", key=True),
    Column("source_id", Id, primary_key=True),
    Column("reporter_id", Id, primary_key=True),
    _number("outcome", key=True),
    _count("messages"),
    _count("records"),
    sqlite_with_rowid=False,
)
"""Messages by domain (and `ALL`), day, source, reporter and outcome (`outcome_of`): what outlives the facts."""

SUMS = ("messages", "passed", "dkim", "spf", "quarantined", "rejected")
"""What the other roll-ups sum: messages; those of which one, DKIM, SPF was aligned; those quarantined, rejected."""

report_weeks = Table(
    "report_weeks",
    metadata,
    Column("domain_id", Id, primary_key=True),
    _number("week", key=True),
    Column("source_id", Id, primary_key=True),
    *map(_count, SUMS),
    _number("last_day"),
    Index("ix_report_weeks_messages", "domain_id", "week", "messages", postgresql_include=["source_id"]),
    sqlite_with_rowid=False,
)
"""Sums by domain (and `ALL`), week and source, and the last day of it on which that sent; the index finds the largest.

It holds their numbers too, so that no row is read for them: SQLite puts the key of the table into each index anyway.
"""

report_reporter_days = Table(
    "report_reporter_days",
    metadata,
    Column("domain_id", Id, primary_key=True),
    _number("day", key=True),
    Column("reporter_id", Id, primary_key=True),
    _count("reports"),
    _count("records"),
    *map(_count, SUMS),
    sqlite_with_rowid=False,
)
"""Sums by domain (and `ALL`), day and reporter."""

report_selector_days = Table(
    "report_selector_days",
    metadata,
    Column("domain_id", Id, primary_key=True),
    _number("day", key=True),
    Column("signature_id", Id, primary_key=True),
    Column("reporter_id", Id, primary_key=True),
    _count("messages"),
    _count("aligned"),
    sqlite_with_rowid=False,
)
"""Messages by domain, day, signature and reporter; `aligned` of them passed DMARC by DKIM."""

report_firsts = Table(
    "report_firsts",
    metadata,
    Column("source_id", Id, primary_key=True),
    Column("domain_id", Id, primary_key=True),
    _number("first_day"),
    _count("messages"),
    Index("ix_report_firsts_first_day", "domain_id", "first_day", "messages", "source_id"),
    sqlite_with_rowid=False,
)
"""The first day on which a source sent for a domain (and for `ALL`), and how much it did while it was new (`YOUNG`)."""

YOUNG = 28
"""For so many days from its first one a source is new."""

# TLS reports.

tls_policies = Table(
    "tls_policies",
    metadata,
    Column("report_id", Id, ForeignKey("reports.id", ondelete="CASCADE"), primary_key=True),
    _number("position", key=True),
    Column("domain_id", Id, nullable=False),
    _text("type"),
    Column("strings", Text, nullable=False, server_default="[]"),
    Column("mx_hosts", Text, nullable=False, server_default="[]"),
    _count("successful"),
    _count("failed"),
    Column("bad", Integer, nullable=False, server_default="0"),
    Column("failures", Text, nullable=False, server_default="[]"),
)
"""The policies of TLS reports, with the details of their failures (JSON of `reports.model.TlsFailure`)."""

tls_days = Table(
    "tls_days",
    metadata,
    Column("domain_id", Id, primary_key=True),
    _number("day", key=True),
    Column("reporter_id", Id, primary_key=True),
    Column("type", Text, primary_key=True),
    _count("reports"),
    _count("successful"),
    _count("failed"),
    sqlite_with_rowid=False,
)
"""Sessions by domain, day, reporter and type of policy."""

tls_failure_days = Table(
    "tls_failure_days",
    metadata,
    Column("domain_id", Id, primary_key=True),
    _number("day", key=True),
    Column("reporter_id", Id, primary_key=True),
    Column("type", Text, primary_key=True),
    Column("result", Text, primary_key=True),
    Column("mx", Text, primary_key=True),
    _count("sessions"),
    sqlite_with_rowid=False,
)
"""Failed sessions by domain, day, reporter, type of policy, kind of failure (RFC 8460 §4.3) and receiving host."""

# Failure reports.

failure_reports = Table(
    "failure_reports",
    metadata,
    _id(),
    Column("digest", Text, nullable=False, unique=True),
    Column("domain_id", Id, ForeignKey("report_domains.id"), nullable=False),
    _number("day"),
    Column("arrived", Double),
    _text("source_ip"),
    _text("reporter"),
    Column("incidents", Integer, nullable=False, server_default="1"),
    Column("redacted", SmallInteger, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", Double, nullable=False),
    _text("origin"),
    _text("name"),
    Column("seen_again", Integer, nullable=False, server_default="0"),
    Index("ix_failure_reports_domain_id_day", "domain_id", "day"),
    Index("ix_failure_reports_source_ip_day", "source_ip", "day"),
    Index("ix_failure_reports_day", "day"),
)
"""Reports of single messages; `body` is the whole of one (JSON of `reports.model.FailureReport`), redacted."""
