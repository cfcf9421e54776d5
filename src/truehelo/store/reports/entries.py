"""The row of an aggregate or TLS report: what makes it the same one, whether it came before, and writing it."""

from collections.abc import Mapping

from truehelo.reports.model import ReportError, ReportKind
from truehelo.store.reports.driver import Driver
from truehelo.store.reports.outcomes import Came, Outcome
from truehelo.store.reports.texts import clean, digest_of

MOST_MESSAGES = 2**45
"""A report of more is of no world; sums of many reports stay whole numbers of 64 bits."""
_LATEST = 2**38
_COLUMNS = (
    "id", "kind", "identity", "reporter_id", "domain_id", "external_id", "begins", "ends", "day", "digest", "policy_id",
    "records", "messages", "bad", "head", "faults", "received_at", "origin", "name", "sender", "flagged",
)  # fmt: skip


def check_range(begin: int, end: int) -> None:
    """Make sure that a range is one of times that a day can be told of.

    Raises:
        ReportError: It is not.
    """
    if not (0 <= begin <= _LATEST and 0 <= end <= _LATEST):
        raise ReportError(f"its range, {begin} to {end} seconds, is of no time that a database keeps")


def check_messages(messages: int) -> None:
    """Make sure that a report claims no more than can be.

    Raises:
        ReportError: It does.
    """
    if messages > MOST_MESSAGES:
        raise ReportError(f"it claims {messages:,} messages, more than {MOST_MESSAGES:,}")


def identity_of(kind: ReportKind, numbers: tuple[int, int], report_id: str, begin: int, end: int) -> bytes:
    """Return what makes a report the same one. `numbers` are those of its reporter and its domain."""
    return digest_of(kind, str(numbers[0]), str(numbers[1]), report_id, str(begin), str(end))


def next_number(driver: Driver) -> int:
    """Return a number for a new report."""
    if driver.is_postgresql:
        found = driver.one("SELECT nextval(pg_get_serial_sequence('reports', 'id'))")
    else:
        found = driver.one("SELECT COALESCE(MAX(id), 0) + 1 FROM reports")
    return int(found[0]) if found else 1


def came_before(driver: Driver, identity: bytes, digest: str) -> tuple[Outcome, int | None]:
    """Tell whether a report is new, or a duplicate of which one, or in conflict with which one."""
    rows = driver.rows("SELECT id, digest, flagged FROM reports WHERE identity = ? AND flagged = 0", (identity,))
    if not rows:
        return Outcome.NEW, None
    number, held, _ = rows[0]
    if held == digest:
        return Outcome.DUPLICATE, number
    same = driver.one("SELECT id FROM reports WHERE identity = ? AND digest = ? AND flagged = 1", (identity, digest))
    return (Outcome.DUPLICATE, same[0]) if same else (Outcome.CONFLICT, number)


def note_again(driver: Driver, number: int | None, at: float) -> None:
    """Count that a report came again."""
    driver.run("UPDATE reports SET seen_again = seen_again + 1, seen_at = ? WHERE id = ?", (at, number))


def write_entry(driver: Driver, values: Mapping[str, object], came: Came) -> None:
    """Write the row of a report; `values` are all columns but how it came."""
    how = {
        "received_at": came.at,
        "origin": clean(came.origin),
        "name": clean(came.name),
        "sender": clean(came.sender, 320),
    }
    row = {**values, **how}
    names, marks = ", ".join(_COLUMNS), ", ".join("?" * len(_COLUMNS))
    driver.run(f"INSERT INTO reports ({names}) VALUES ({marks})", [row[name] for name in _COLUMNS])  # noqa: S608
