"""Storing a failure report (RFC 6591, RFC 9991): one row, as redacted as it was read. The same again is counted."""

import msgspec

from truehelo.reports.model import FailureReport, ReportKind
from truehelo.store.database import Database
from truehelo.store.reports.dimensions import Dimensions
from truehelo.store.reports.driver import Driver
from truehelo.store.reports.outcomes import Came, Outcome, Stored
from truehelo.store.reports.rollups import serialise
from truehelo.store.reports.texts import clean, digest_of

_DAY_S = 86_400
_LATEST = 2.0**38
_COLUMNS = "digest, domain_id, day, arrived, source_ip, reporter, incidents, redacted, body, received_at, origin, name"
_INSERT = f"INSERT INTO failure_reports ({_COLUMNS}) VALUES ({', '.join('?' * 12)}) RETURNING id"  # noqa: S608  names of ours


def store_failure(database: Database, dimensions: Dimensions, report: FailureReport, came: Came) -> Stored:
    """Store a failure report.

    Raises:
        StoreError: The database failed; nothing of it stands.
    """
    try:
        with database.write() as connection:
            driver = Driver(connection)
            dimensions.begin(driver)
            outcome, number = _store(driver, dimensions, report, came)
    except BaseException:
        dimensions.undo()
        raise
    return Stored(
        outcome=outcome,
        kind=ReportKind.FAILURE,
        number=number,
        reporter=report.reporter,
        report_id=report.report_id,
        domain=report.reported_domain,
        records=1,
        messages=report.incidents,
    )


def _store(driver: Driver, dimensions: Dimensions, report: FailureReport, came: Came) -> tuple[Outcome, int]:
    body = msgspec.json.encode(report).decode()
    digest = clean(report.digest, 128) or digest_of(body).hex()
    serialise(driver)
    for each in (digest, *report.digests):
        again = driver.one("SELECT id FROM failure_reports WHERE digest = ?", (each,))
        if again is not None:
            driver.run("UPDATE failure_reports SET seen_again = seen_again + 1 WHERE id = ?", again)
            return Outcome.DUPLICATE, again[0]
    arrived = report.arrived if report.arrived is not None and 0 <= report.arrived <= _LATEST else None
    row = (
        digest,
        dimensions.domain(driver, report.reported_domain),
        int((came.at if arrived is None else arrived) // _DAY_S),
        arrived,
        clean(report.source_ip, 64),
        clean(report.reporter, 255),
        max(0, min(report.incidents, 2**31 - 1)),
        int(report.redacted),
        body,
        came.at,
        clean(came.origin),
        clean(came.name),
    )
    made = driver.one(_INSERT, row)
    return Outcome.NEW, made[0] if made else 0
