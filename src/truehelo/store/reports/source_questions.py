"""Questions about the addresses that send: the largest, the new ones, and one of them by day, domain and reporter."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from heapq import nsmallest
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, Table, bindparam, func, select

from truehelo.reports.model import DkimResult, Extra, Reason, Shape, SpfCheck
from truehelo.store.reports.answers import SourceDay, SourceShape, SourceSums
from truehelo.store.reports.asking import (
    domain_names,
    domain_number,
    reporter_names,
    source_number,
    source_numbers,
    summed,
    summed_outcomes,
    sums_of,
    told_days,
)
from truehelo.store.reports.driver import Driver
from truehelo.store.reports.largest import Span, Tally, largest, tallies
from truehelo.store.reports.prepared import Question, listed
from truehelo.store.reports.tables import (
    ALL,
    DISPOSITION,
    DISPOSITIONS,
    DKIM,
    SPF,
    report_days,
    report_firsts,
    report_records,
    report_shapes,
    report_sources,
    report_weeks,
    reports,
    week_of,
)

_COUNTED = 1000
"""So many rows are read to count sources."""

_NEW = """
SELECT messages, source_id FROM report_firsts WHERE domain_id = ? AND first_day = ? ORDER BY messages DESC LIMIT ?
"""
_NEW_OF_DAYS = """
SELECT r.messages, r.source_id FROM unnest(?::integer[]) AS d (day) CROSS JOIN LATERAL (
SELECT messages, source_id FROM report_firsts WHERE domain_id = ? AND first_day = d.day ORDER BY messages DESC LIMIT ?) AS r
"""


def sources(connection: Connection, domain: str | None, since: int, until: int, limit: int = 50) -> list[SourceSums]:
    """Return the addresses that sent most for a domain (None: for all) from one day to another, both among them."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    span = Span(*told_days(connection, number, since, until))
    return _told(connection, number, domain, largest(connection, number, span, limit))


def new_sources(connection: Connection, domain: str | None, since: int, until: int, limit: int = 50) -> list[SourceSums]:
    """Return the addresses whose first day ever lies between two days, both among them, for a domain (None: for any).

    Those that sent most while they were new (`YOUNG` days) first; the sums are from the one day to the other.
    """
    number = domain_number(connection, domain)
    if number is None:
        return []
    since, until = told_days(connection, number, since, until)
    driver, days = Driver(connection), range(since, until + 1)
    # Day by day, as the index has them: of a long time, in which nearly all were new once, most are never looked at.
    if driver.is_postgresql:
        taken = driver.rows(_NEW_OF_DAYS, (list(days), number, limit))
    else:
        taken = [row for day in days for row in driver.rows(_NEW, (number, day, limit))]
    new = [row[1] for row in nsmallest(limit, taken, key=lambda row: (-row[0], row[1]))]
    tallied = tallies(connection, number, Span(since, until), new)
    # What retention has just removed of a source may not be all of it: that is not told any more.
    return _told(connection, number, domain, [(each, tallied[each]) for each in new if each in tallied])


def count_sources(connection: Connection, domain: str | None, since: int, until: int) -> tuple[int, bool]:
    """Return how many addresses sent for a domain (None: for any) in some days, and whether there may be more.

    So many rows are read, however many there are: a domain of some hundred addresses is counted whole.
    """
    number = domain_number(connection, domain)
    if number is None:
        return 0, False
    # Of a week its last day with mail decides, unless that came later than what is asked about.
    found: set[int] = set()
    begun = max(since, week_of(until) * 7 - 3)
    for question, first, last in ((_SENT_IN_WEEKS, week_of(since), week_of(until)), (_SENT_ON_DAYS, begun, until)):
        rows = question.rows(connection, domain=number, first=first, last=last, since=since, until=until, most=_COUNTED)
        found.update(row[0] for row in rows)
        if len(rows) == _COUNTED:
            return len(found), True
    return len(found), False


def _sent_in_weeks(_: bool) -> "Select[Any]":
    table = report_weeks.c
    mine = table.domain_id == bindparam("domain"), table.week.between(bindparam("first"), bindparam("last"))
    ended = table.last_day.between(bindparam("since"), bindparam("until"))
    # In the order of the key: without one PostgreSQL reads the whole table up to where the domain begins.
    in_order = select(table.source_id).where(*mine, ended).order_by(table.domain_id, table.week, table.source_id)
    return in_order.limit(bindparam("most"))


def _sent_on_days(_: bool) -> "Select[Any]":
    table = report_days.c
    mine = table.domain_id == bindparam("domain"), table.day.between(bindparam("first"), bindparam("last"))
    in_order = select(table.source_id).where(*mine).order_by(table.domain_id, table.day, table.source_id)
    return in_order.limit(bindparam("most"))


_SENT_IN_WEEKS, _SENT_ON_DAYS = Question(_sent_in_weeks), Question(_sent_on_days)


def count_new(connection: Connection, domain: str | None, since: int, until: int) -> tuple[int, bool]:
    """Return how many addresses had their first day ever in some days (domain None: for any), and whether more may have."""
    number = domain_number(connection, domain)
    if number is None:
        return 0, False
    first = report_firsts.c
    new = select(first.source_id).where(first.domain_id == number, first.first_day.between(since, until)).limit(_COUNTED)
    count = connection.scalar(select(func.count()).select_from(new.subquery())) or 0
    return count, count == _COUNTED


def _told(connection: Connection, number: int, domain: str | None, found: list[tuple[int, Tally]]) -> list[SourceSums]:
    numbers = [each for each, _ in found]
    known = {row[0]: row[1:] for row in _FIRSTS.rows(connection, domain=number, sources=numbers)}
    return [
        SourceSums(
            ip=ip, network=network, domain=domain, sums=sums_of(tally.values), first_day=first_day, last_day=tally.last_day
        )
        for each, tally in found
        if each in known
        for ip, network, first_day in (known[each],)
    ]


_FIRSTS = Question(
    lambda postgresql: (
        select(report_sources.c.id, report_sources.c.ip, report_sources.c.network, report_firsts.c.first_day)
        .join(report_firsts, report_firsts.c.source_id == report_sources.c.id)
        .where(
            listed(report_sources.c.id, "sources", postgresql=postgresql),
            report_firsts.c.domain_id == bindparam("domain"),
        )
    )
)
_DOMAINS_OF = Question(
    lambda _: select(report_firsts.c.domain_id, report_firsts.c.first_day).where(
        report_firsts.c.source_id == bindparam("source"), report_firsts.c.domain_id != ALL
    )
)


def _by_domain(table: Table, when: str, last: str) -> Question:
    """Return the question what one source sent for some domains in some weeks, or on some days."""
    sums = summed(table) if table is report_weeks else summed_outcomes(table)
    return Question(
        lambda postgresql: (
            select(table.c.domain_id, func.max(table.c[last]), *sums)
            .where(
                listed(table.c.domain_id, "domains", postgresql=postgresql),
                listed(table.c[when], "times", postgresql=postgresql),
                table.c.source_id == bindparam("source"),
            )
            .group_by(table.c.domain_id)
        )
    )


_WEEKS_BY_DOMAIN = _by_domain(report_weeks, "week", "last_day")
_DAYS_BY_DOMAIN = _by_domain(report_days, "day", "day")


def source_domains(connection: Connection, ip: str, since: int, until: int) -> list[SourceSums]:
    """Return what an address sent for each domain from one day to another, the domain that it sent most for first."""
    source = source_number(connection, ip)
    if source is None:
        return []
    span = Span(*told_days(connection, ALL, since, until))
    firsts: dict[int, int] = dict(_DOMAINS_OF.rows(connection, source=source))
    found: dict[int, list[int]] = defaultdict(lambda: [0] * 6)
    last: dict[int, int] = {}
    for question, times in ((_WEEKS_BY_DOMAIN, span.whole), (_DAYS_BY_DOMAIN, span.days)):
        for number, last_day, *values in question.rows(connection, domains=firsts, times=times, source=source):
            found[number] = [held + int(value) for held, value in zip(found[number], values, strict=True)]
            last[number] = max(last.get(number, last_day), last_day)
    names = domain_names(connection, found)
    network = connection.execute(select(report_sources.c.network).where(report_sources.c.id == source)).scalar_one()
    told = [
        SourceSums(
            ip=ip,
            network=network,
            domain=names[number],
            sums=sums_of(values),
            first_day=firsts[number],
            last_day=last[number],
        )
        for number, values in found.items()
    ]
    return sorted(told, key=lambda each: (-each.sums.messages, each.domain or ""))


def source(connection: Connection, ip: str, since: int, until: int, domain: str | None = None) -> list[SourceDay]:
    """Return what became of the mail of an address, by day, reporter and outcome, for one domain or for all together."""
    number, found = domain_number(connection, domain), source_number(connection, ip)
    if number is None or found is None:
        return []
    since, until = told_days(connection, number, since, until)
    rows = _OF_SOURCE.rows(connection, domain=number, days=range(since, until + 1), source=found)
    names = reporter_names(connection)
    parts = [
        (disposition, bool(aligned & DKIM), bool(aligned & SPF))
        for disposition in DISPOSITIONS
        for aligned in range(DISPOSITION)
    ]
    return [
        SourceDay(domain, day, names[reporter], disposition, dkim, spf, messages, records)
        for day, reporter, outcome, messages, records in rows
        for disposition, dkim, spf in (parts[outcome],)
    ]


def _of_source(postgresql: bool) -> "Select[Any]":
    table = report_days.c
    mine = table.domain_id == bindparam("domain"), table.source_id == bindparam("source")
    return (
        select(table.day, table.reporter_id, table.outcome, table.messages, table.records)
        .where(*mine, listed(table.day, "days", postgresql=postgresql))
        .order_by(table.day, table.reporter_id, table.outcome)
    )


def _by_day(postgresql: bool) -> "Select[Any]":
    table = report_days.c
    return (
        select(table.source_id, table.day, func.sum(table.messages))
        .where(
            table.domain_id == bindparam("domain"),
            listed(table.day, "days", postgresql=postgresql),
            listed(table.source_id, "sources", postgresql=postgresql),
        )
        .group_by(table.source_id, table.day)
    )


_OF_SOURCE, _BY_DAY = Question(_of_source), Question(_by_day)


def messages_by_day(
    connection: Connection, ips: Sequence[str], domain: str | None, days: Iterable[int]
) -> dict[str, dict[int, int]]:
    """Return how many messages each of some addresses sent on each of some days, for a domain or for all."""
    number, numbers = domain_number(connection, domain), source_numbers(connection, ips)
    if number is None or not numbers:
        return {}
    found: dict[str, dict[int, int]] = defaultdict(dict)
    for source_, day, messages in _BY_DAY.rows(connection, domain=number, days=days, sources=numbers):
        found[numbers[source_]][day] = int(messages)
    return dict(found)


def source_shapes(
    connection: Connection, ip: str, domain: str, since: int, until: int, limit: int = 100
) -> list[SourceShape]:
    """Return how the mail of an address for a domain looked to each reporter, the most frequent first.

    From the records, as long as these are kept: authentication results, identifiers, reasons.
    """
    number, found = domain_number(connection, domain), source_number(connection, ip)
    if number is None or found is None:
        return []
    messages = func.sum(report_records.c.count)
    grouped = (
        select(
            reports.c.reporter_id,
            report_records.c.shape_id,
            messages.label("messages"),
            func.min(reports.c.day).label("first_day"),
            func.max(reports.c.day).label("last_day"),
        )
        .join(report_records, report_records.c.report_id == reports.c.id)
        .where(
            reports.c.domain_id == number,
            reports.c.day.between(since, until),
            reports.c.flagged == 0,
            report_records.c.source_id == found,
        )
        .group_by(reports.c.reporter_id, report_records.c.shape_id)
        .order_by(messages.desc(), report_records.c.shape_id)
        .limit(limit)
        .subquery()
    )
    rows = connection.execute(
        select(grouped, report_shapes)
        .join(report_shapes, report_shapes.c.id == grouped.c.shape_id)
        .order_by(grouped.c.messages.desc(), grouped.c.shape_id, grouped.c.reporter_id)
    ).mappings()
    names = reporter_names(connection)
    return [
        SourceShape(
            domain=domain,
            reporter=names[row["reporter_id"]],
            shape=shape_from(row),
            messages=int(row["messages"]),
            first_day=row["first_day"],
            last_day=row["last_day"],
        )
        for row in rows
    ]


class _Rest(msgspec.Struct, frozen=True):
    reasons: tuple[Reason, ...] = ()
    dkim_results: tuple[DkimResult, ...] = ()
    spf_results: tuple[SpfCheck, ...] = ()
    extras: tuple[Extra, ...] = ()


_decode = msgspec.json.Decoder(_Rest).decode


def shape_from(row: Any) -> Shape:
    """Make a shape of its row."""
    rest = _decode(row["rest"])
    return Shape(
        disposition=row["disposition"],
        dkim=row["dkim"],
        spf=row["spf"],
        header_from=row["header_from"],
        envelope_from=row["envelope_from"],
        envelope_to=row["envelope_to"],
        reasons=rest.reasons,
        dkim_results=rest.dkim_results,
        spf_results=rest.spf_results,
        extras=rest.extras,
    )
