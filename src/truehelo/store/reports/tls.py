"""Storing a TLS report (RFC 8460 §4): its row, its policies with the details of their failures, and the daily roll-up."""

import msgspec

from truehelo.reports.model import ReportKind, TlsPolicy, TlsReport
from truehelo.store.database import Database
from truehelo.store.reports.dimensions import Dimensions
from truehelo.store.reports.driver import Driver
from truehelo.store.reports.entries import (
    came_before,
    check_messages,
    check_range,
    identity_of,
    next_number,
    note_again,
    write_entry,
)
from truehelo.store.reports.outcomes import Came, Outcome, Stored
from truehelo.store.reports.rollups import serialise
from truehelo.store.reports.texts import clean

_WORD = 255
_POLICY = """
INSERT INTO tls_policies (report_id, position, domain_id, type, strings, mx_hosts, successful, failed, bad, failures)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_DAY = """
INSERT INTO tls_days (domain_id, day, reporter_id, type, reports, successful, failed) VALUES (?, ?, ?, ?, 1, ?, ?)
ON CONFLICT (domain_id, day, reporter_id, type) DO UPDATE SET
reports = tls_days.reports + 1, successful = tls_days.successful + excluded.successful,
failed = tls_days.failed + excluded.failed
"""
_FAILURES = """
INSERT INTO tls_failure_days (domain_id, day, reporter_id, type, result, mx, sessions) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (domain_id, day, reporter_id, type, result, mx) DO UPDATE SET
sessions = tls_failure_days.sessions + excluded.sessions
"""


def store_tls(database: Database, dimensions: Dimensions, report: TlsReport, came: Came) -> Stored:
    """Store a TLS report.

    Raises:
        ReportError: It claims what cannot be; nothing of it stands.
        StoreError: The database failed; nothing of it stands.
    """
    check_range(report.begin, report.end)
    sessions = sum(policy.successful + policy.failed for policy in report.policies)
    check_messages(max([sessions, *(each.sessions for policy in report.policies for each in policy.failures)]))
    try:
        with database.write() as connection:
            return _store(Driver(connection), dimensions, report, came, sessions)
    except BaseException:
        dimensions.undo()
        raise


def _store(driver: Driver, dimensions: Dimensions, report: TlsReport, came: Came, sessions: int) -> Stored:
    dimensions.begin(driver)
    reporter = dimensions.reporter(driver, report.organization_name, report.contact_info)
    domains = [dimensions.domain(driver, policy.domain) for policy in report.policies]
    about = domains[0] if domains else dimensions.domain(driver, "")
    identity = identity_of(ReportKind.TLS, (reporter, about), report.report_id, report.begin, report.end)
    serialise(driver)
    outcome, number = came_before(driver, identity, report.digest)
    if outcome is Outcome.DUPLICATE:
        note_again(driver, number, came.at)
    else:
        number = next_number(driver)
        day = (report.begin + report.end) // 2 // 86_400
        values = {
            "id": number,
            "kind": ReportKind.TLS,
            "identity": identity,
            "reporter_id": reporter,
            "domain_id": about,
            "external_id": clean(report.report_id),
            "begins": report.begin,
            "ends": report.end,
            "day": day,
            "digest": report.digest,
            "policy_id": None,
            "records": len(report.policies),
            "messages": sessions,
            "bad": len(report.faults) + sum(policy.bad for policy in report.policies),
            "head": msgspec.json.encode({"contact_info": report.contact_info, "dialects": report.dialects}).decode(),
            "faults": msgspec.json.encode(report.faults[:100]).decode(),
            "flagged": int(outcome is Outcome.CONFLICT),
        }
        write_entry(driver, values, came)
        _write_policies(driver, number, list(zip(domains, report.policies, strict=True)))
        if outcome is Outcome.NEW:
            _roll_up(driver, (day, reporter), list(zip(domains, report.policies, strict=True)))
    return Stored(
        outcome=outcome,
        kind=ReportKind.TLS,
        number=number,
        reporter=report.organization_name,
        report_id=report.report_id,
        domain=report.policies[0].domain if report.policies else "",
        records=len(report.policies),
        bad=len(report.faults) + sum(policy.bad for policy in report.policies),
        messages=sessions,
    )


def _write_policies(driver: Driver, number: int, policies: list[tuple[int, TlsPolicy]]) -> None:
    encode = msgspec.json.encode
    driver.each(
        _POLICY,
        [
            (
                number,
                position,
                domain,
                clean(policy.type, _WORD),
                encode(policy.strings).decode(),
                encode(policy.mx_hosts).decode(),
                policy.successful,
                policy.failed,
                policy.bad,
                encode(policy.failures).decode(),
            )
            for position, (domain, policy) in enumerate(policies)
        ],
    )


def _roll_up(driver: Driver, about: tuple[int, int], policies: list[tuple[int, TlsPolicy]]) -> None:
    failures: dict[tuple[int, str, str, str], int] = {}
    for domain, policy in policies:
        kind = clean(policy.type, _WORD)
        driver.run(_DAY, (domain, *about, kind, policy.successful, policy.failed))
        for each in policy.failures:
            key = (domain, kind, clean(each.result_type, _WORD), clean(each.receiving_mx_hostname, _WORD))
            failures[key] = failures.get(key, 0) + each.sessions
    driver.each(_FAILURES, [(key[0], *about, *key[1:], sessions) for key, sessions in sorted(failures.items())])
