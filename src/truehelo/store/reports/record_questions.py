"""Questions about what reports say of records: selectors, published policies, TLS; and single failures."""

import msgspec
from sqlalchemy import Connection, func, select

from truehelo.reports.model import FailureReport, Policy
from truehelo.store.reports.answers import PolicySeen, SelectorReporter, SelectorSums, TlsDay, TlsFailureSums
from truehelo.store.reports.asking import domain_names, domain_number, reporter_names
from truehelo.store.reports.tables import (
    ALL,
    failure_reports,
    report_policies,
    report_selector_days,
    report_signatures,
    reports,
    tls_days,
    tls_failure_days,
)


def selectors(connection: Connection, domain: str, since: int, until: int, limit: int = 200) -> list[SelectorSums]:
    """Return the signatures on mail for a domain by signing domain, selector and result, the most frequent first."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    table, signature = report_selector_days.c, report_signatures.c
    messages = func.sum(table.messages)
    grouped = (
        select(
            table.signature_id,
            messages.label("messages"),
            func.sum(table.aligned).label("aligned"),
            func.count(table.reporter_id.distinct()).label("reporters"),
            func.min(table.day).label("first_day"),
            func.max(table.day).label("last_day"),
        )
        .where(table.domain_id == number, table.day.between(since, until))
        .group_by(table.signature_id)
        .order_by(messages.desc(), table.signature_id)
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(signature.domain, signature.selector, signature.result, *grouped.c)
        .join(grouped, grouped.c.signature_id == signature.id)
        .order_by(grouped.c.messages.desc(), signature.id)
    )
    return [
        SelectorSums(
            domain=row.domain,
            selector=row.selector,
            result=row.result,
            messages=int(row.messages),
            aligned=int(row.aligned),
            reporters=row.reporters,
            first_day=row.first_day,
            last_day=row.last_day,
        )
        for row in rows
    ]


def selector_at(
    connection: Connection, domain: str, signing: str, selector: str, since: int, until: int
) -> list[SelectorReporter]:
    """Return what each reporter makes of the signatures of one selector on mail for a domain."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    table, signature = report_selector_days.c, report_signatures.c
    messages = func.sum(table.messages)
    rows = connection.execute(
        select(
            table.reporter_id,
            signature.result,
            messages,
            func.sum(table.aligned),
            func.min(table.day),
            func.max(table.day),
        )
        .join(report_signatures, signature.id == table.signature_id)
        .where(
            table.domain_id == number,
            table.day.between(since, until),
            signature.domain == signing,
            signature.selector == selector,
        )
        .group_by(table.reporter_id, signature.result)
        .order_by(messages.desc(), table.reporter_id)
    )
    names = reporter_names(connection)
    return [
        SelectorReporter(
            reporter=names[who],
            result=result,
            messages=int(count),
            aligned=int(aligned),
            first_day=first,
            last_day=last,
        )
        for who, result, count, aligned, first, last in rows
    ]


def policies(connection: Connection, domain: str, since: int, until: int) -> list[PolicySeen]:
    """Return the policies that reporters saw for a domain, the one seen last first."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    table = reports.c
    grouped = (
        select(
            table.policy_id,
            func.min(table.day).label("first_day"),
            func.max(table.day).label("last_day"),
            func.count(table.reporter_id.distinct()).label("reporters"),
            func.count().label("reports"),
        )
        .where(table.domain_id == number, table.day.between(since, until), table.flagged == 0)
        .group_by(table.policy_id)
        .subquery()
    )
    rows = connection.execute(
        select(report_policies.c.body, grouped)
        .join(grouped, grouped.c.policy_id == report_policies.c.id)
        .order_by(grouped.c.last_day.desc(), grouped.c.reports.desc(), report_policies.c.id)
    )
    return [
        PolicySeen(
            policy=msgspec.json.decode(row.body, type=Policy),
            first_day=row.first_day,
            last_day=row.last_day,
            reporters=row.reporters,
            reports=row.reports,
        )
        for row in rows
    ]


def tls_by_day(connection: Connection, domain: str | None, since: int, until: int) -> list[TlsDay]:
    """Return the sessions of each day by reporter and type of policy, for a domain or for all one by one."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    table = tls_days.c
    wanted = select(table.domain_id, table.day, table.reporter_id, table.type, table.successful, table.failed).where(
        table.day.between(since, until)
    )
    if number != ALL:
        wanted = wanted.where(table.domain_id == number)
    rows = connection.execute(wanted.order_by(table.day, table.domain_id, table.reporter_id, table.type)).all()
    named, names = domain_names(connection, {row[0] for row in rows}), reporter_names(connection)
    return [
        TlsDay(domain=named[about], day=day, reporter=names[who], type=kind, successful=successful, failed=failed)
        for about, day, who, kind, successful, failed in rows
    ]


def tls_failures(connection: Connection, domain: str | None, since: int, until: int) -> list[TlsFailureSums]:
    """Return the kinds of failed sessions by receiving host, for a domain or each of all, the most frequent first."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    table = tls_failure_days.c
    key = (table.domain_id, table.type, table.result, table.mx)
    sessions = func.sum(table.sessions)
    wanted = select(
        *key, sessions, func.count(table.reporter_id.distinct()), func.min(table.day), func.max(table.day)
    ).where(table.day.between(since, until))
    if number != ALL:
        wanted = wanted.where(table.domain_id == number)
    rows = connection.execute(wanted.group_by(*key).order_by(sessions.desc(), *key)).all()
    named = domain_names(connection, {row[0] for row in rows})
    return [
        TlsFailureSums(
            domain=named[about],
            type=kind,
            result=result,
            mx=mx,
            sessions=int(count),
            reporters=who,
            first_day=first,
            last_day=last,
        )
        for about, kind, result, mx, count, who, first, last in rows
    ]


def failures(connection: Connection, domain: str | None, since: int, until: int, limit: int = 100) -> list[FailureReport]:
    """Return the latest failure reports for a domain or for all, the newest first."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    table = failure_reports.c
    wanted = select(table.body).where(table.day.between(since, until))
    if number != ALL:
        wanted = wanted.where(table.domain_id == number)
    rows = connection.scalars(wanted.order_by(table.day.desc(), table.id.desc()).limit(limit))
    return [msgspec.json.decode(body, type=FailureReport) for body in rows]
