"""The roll-ups of an aggregate report, written in the transaction that stores its records.

Those of each source are sums over `report_records`, which the database computes: what is rolled up is what is stored. On
PostgreSQL one transaction at a time writes them (`serialise`): the rows of a large sender are in every report, so that two
would wait for each other, and sooner or later in a circle.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from truehelo.store.reports.driver import Driver
from truehelo.store.reports.tables import ALL, DISPOSITION, DISPOSITIONS, DKIM, SPF, SUMS, YOUNG, week_of

_LOCK = 0x7265_7031
"""PostgreSQL's advisory locks are numbers."""
_EITHER = DKIM | SPF
_QUARANTINE, _REJECT = DISPOSITIONS.index("quarantine"), DISPOSITIONS.index("reject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """What the roll-ups of a report go by: numbers of rows, and its day."""

    report: int
    domain: int
    reporter: int
    day: int


def serialise(driver: Driver) -> None:
    """Let nobody else write roll-ups until this transaction ends. On SQLite a writing transaction is enough."""
    if driver.is_postgresql:
        driver.run("SELECT pg_advisory_xact_lock(?)", (_LOCK,))


def _added(table: str, names: Iterable[str]) -> str:
    return "DO UPDATE SET " + ", ".join(f"{name} = {table}.{name} + excluded.{name}" for name in names)


def _sum(condition: str) -> str:
    return f"SUM(CASE WHEN {condition} THEN r.count ELSE 0 END)"


_PARTS = ", ".join(
    (
        "SUM(r.count) AS messages",
        _sum(f"(r.outcome & {_EITHER}) <> 0") + " AS passed",
        _sum(f"(r.outcome & {DKIM}) <> 0") + " AS dkim",
        _sum(f"(r.outcome & {SPF}) <> 0") + " AS spf",
        _sum(f"r.outcome / {DISPOSITION} = {_QUARANTINE}") + " AS quarantined",
        _sum(f"r.outcome / {DISPOSITION} = {_REJECT}") + " AS rejected",
    )
)
_NAMES = ", ".join(SUMS)

# The sums are worked out once, for the domain and for all.
_BOTH = f"(SELECT {ALL} AS domain_id UNION ALL SELECT ?)"

_DAYS = f"""
INSERT INTO report_days (domain_id, day, source_id, reporter_id, outcome, messages, records)
SELECT d.domain_id, ?, s.source_id, ?, s.outcome, s.messages, s.records FROM {_BOTH} AS d CROSS JOIN (
SELECT r.source_id, r.outcome, SUM(r.count) AS messages, COUNT(*) AS records
FROM report_records r WHERE r.report_id = ? GROUP BY r.source_id, r.outcome) AS s WHERE 1 = 1
ON CONFLICT (domain_id, day, source_id, reporter_id, outcome) {_added("report_days", ("messages", "records"))}
"""  # noqa: S608  names of ours

_WEEKS = f"""
INSERT INTO report_weeks (domain_id, week, source_id, last_day, {_NAMES})
SELECT d.domain_id, ?, s.source_id, ?, {", ".join(f"s.{name}" for name in SUMS)} FROM {_BOTH} AS d CROSS JOIN (
SELECT r.source_id, {_PARTS}
FROM report_records r WHERE r.report_id = ? GROUP BY r.source_id) AS s WHERE 1 = 1
ON CONFLICT (domain_id, week, source_id) {_added("report_weeks", SUMS)}, last_day =
CASE WHEN report_weeks.last_day < excluded.last_day THEN excluded.last_day ELSE report_weeks.last_day END
"""  # noqa: S608

_REPORTER_DAY = f"""
INSERT INTO report_reporter_days (domain_id, day, reporter_id, reports, records, {_NAMES})
VALUES (?, ?, ?, 1, ?{", ?" * len(SUMS)})
ON CONFLICT (domain_id, day, reporter_id) {_added("report_reporter_days", ("reports", "records", *SUMS))}
"""  # noqa: S608

_SELECTOR_DAY = f"""
INSERT INTO report_selector_days (domain_id, day, signature_id, reporter_id, messages, aligned)
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (domain_id, day, signature_id, reporter_id) {_added("report_selector_days", ("messages", "aligned"))}
"""  # noqa: S608

_FIRST = f"""
INSERT INTO report_firsts (source_id, domain_id, first_day, messages) VALUES (?, ?, ?, ?)
ON CONFLICT (source_id, domain_id) DO UPDATE SET
messages = report_firsts.messages
+ CASE WHEN excluded.first_day < report_firsts.first_day + {YOUNG} THEN excluded.messages ELSE 0 END,
first_day = CASE WHEN excluded.first_day < report_firsts.first_day THEN excluded.first_day ELSE report_firsts.first_day END
"""  # noqa: S608


def roll_up_sources(driver: Driver, rolled: Rolled) -> None:
    """Add what a report says of each source to the days and the weeks."""
    driver.run(_DAYS, (rolled.day, rolled.reporter, rolled.domain, rolled.report))
    driver.run(_WEEKS, (week_of(rolled.day), rolled.day, rolled.domain, rolled.report))


def roll_up_whole(driver: Driver, rolled: Rolled, records: int, outcomes: Mapping[int, int]) -> None:
    """Add what a report says in all to the days of its reporter. `outcomes`: messages by outcome."""
    sums = (
        sum(outcomes.values()),
        sum(count for outcome, count in outcomes.items() if outcome & _EITHER),
        sum(count for outcome, count in outcomes.items() if outcome & DKIM),
        sum(count for outcome, count in outcomes.items() if outcome & SPF),
        sum(count for outcome, count in outcomes.items() if outcome // DISPOSITION == _QUARANTINE),
        sum(count for outcome, count in outcomes.items() if outcome // DISPOSITION == _REJECT),
    )
    for domain in (rolled.domain, ALL):
        driver.run(_REPORTER_DAY, (domain, rolled.day, rolled.reporter, records, *sums))


def roll_up_selectors(driver: Driver, rolled: Rolled, signatures: Mapping[int, tuple[int, int]]) -> None:
    """Add what a report says of signatures. `signatures`: messages, and how many passed by DKIM, by signature."""
    key = (rolled.domain, rolled.day)
    driver.each(
        _SELECTOR_DAY,
        [(*key, number, rolled.reporter, *counts) for number, counts in sorted(signatures.items())],
    )


def note_firsts(driver: Driver, domain: int, day: int, sent: Mapping[int, int]) -> None:
    """Keep since when these sources send for a domain. `sent`: messages by source."""
    driver.each(_FIRST, [(source, domain, day, messages) for source, messages in sorted(sent.items())])
