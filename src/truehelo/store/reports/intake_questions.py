"""Questions about what came in: reports, refusals, where from; and the sums of every table, held against each other."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, func, select

from truehelo.store.reports.answers import OriginCounts, RefusedFile, StoredReport, Total
from truehelo.store.reports.asking import domain_names, domain_number, reporter_names
from truehelo.store.reports.tables import (
    ALL,
    report_days,
    report_domains,
    report_records,
    report_refusals,
    report_reporter_days,
    report_weeks,
    reporters,
    reports,
)


def stored_reports(
    connection: Connection, *, domain: str | None = None, flagged: bool = False, limit: int = 50
) -> list[StoredReport]:
    """Return the reports that came in last, the newest first; `flagged`: only those that contradict an earlier one."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    wanted = (
        select(reports, report_domains.c.name.label("domain"), reporters.c.name.label("reporter"))
        .join(report_domains, report_domains.c.id == reports.c.domain_id)
        .join(reporters, reporters.c.id == reports.c.reporter_id)
    )
    if number != ALL:
        wanted = wanted.where(reports.c.domain_id == number)
    if flagged:
        wanted = wanted.where(reports.c.flagged == 1)
    rows = connection.execute(wanted.order_by(reports.c.id.desc()).limit(limit)).mappings()
    same = (
        "id",
        "kind",
        "reporter",
        "domain",
        "day",
        "records",
        "messages",
        "bad",
        "received_at",
        "origin",
        "name",
        "sender",
    )
    return [
        StoredReport(
            **{name: row[name] for name in (*same, "seen_again")},
            report_id=row["external_id"],
            begin=row["begins"],
            end=row["ends"],
            flagged=bool(row["flagged"]),
            pruned=bool(row["pruned"]),
        )
        for row in rows
    ]


def refusals(connection: Connection, limit: int = 50) -> list[RefusedFile]:
    """Return what was refused last, the newest first."""
    rows = connection.execute(
        select(report_refusals).order_by(report_refusals.c.at.desc(), report_refusals.c.id.desc()).limit(limit)
    ).mappings()
    same = ("id", "at", "origin", "name", "reason", "sender", "kept", "seen_again")
    return [RefusedFile(**{name: row[name] for name in same}, where=row["place"]) for row in rows]


def origins(connection: Connection) -> list[OriginCounts]:
    """Return how many reports came from each place, by kind, and when the last did."""
    table = reports.c
    rows = connection.execute(
        select(
            table.origin,
            table.kind,
            func.count(),
            func.sum(table.flagged),
            func.sum(table.seen_again),
            func.max(table.received_at),
        )
        .group_by(table.origin, table.kind)
        .order_by(table.origin, table.kind)
    )
    return [
        OriginCounts(origin=origin, kind=kind, reports=count, flagged=int(flagged), seen_again=int(again), last_at=last)
        for origin, kind, count, flagged, again, last in rows
    ]


def totals(connection: Connection) -> list[Total]:
    """Return the messages of every table of aggregate reports by domain, reporter and day: all must tell the same.

    The table "reports" is what was counted while they were read; "facts" the records, while they are kept; "days" and
    "reporters" the roll-ups, and with "of all" behind it those over all domains (domain ""). Reads everything: this is how
    it is made sure that nothing was lost or counted twice, not how a question is answered.
    """
    counted = func.sum(reports.c.messages), reports.c.domain_id, reports.c.reporter_id, reports.c.day
    told = select(*counted).where(reports.c.flagged == 0, reports.c.kind == "aggregate")
    facts = (
        select(func.sum(report_records.c.count), *counted[1:])
        .join(report_records, report_records.c.report_id == reports.c.id)
        .where(reports.c.flagged == 0)
    )
    found = list(_totals(connection, "reports", told.group_by(*counted[1:])))
    found += _totals(connection, "facts", facts.group_by(*counted[1:]))
    for name, table in (("days", report_days), ("reporters", report_reporter_days)):
        key = table.c.domain_id, table.c.reporter_id, table.c.day
        found += _totals(connection, name, select(func.sum(table.c.messages), *key).group_by(*key))
    return found


def week_totals(connection: Connection) -> dict[tuple[str, int], int]:
    """Return the messages of the weekly roll-up by domain ("" for all) and week."""
    table = report_weeks.c
    rows = connection.execute(
        select(table.domain_id, table.week, func.sum(table.messages)).group_by(table.domain_id, table.week)
    ).all()
    names = domain_names(connection, {row[0] for row in rows})
    return {(names.get(domain, ""), week): int(messages) for domain, week, messages in rows}


def _totals(connection: Connection, name: str, wanted: Any) -> Iterator[Total]:
    rows = connection.execute(wanted).all()
    named, who = domain_names(connection, {row[1] for row in rows}), reporter_names(connection)
    for messages, domain, reporter, day in rows:
        table = f"{name} of all" if domain == ALL else name
        yield Total(table=table, domain=named.get(domain, ""), reporter=who[reporter], day=day, messages=int(messages))
