"""Questions about those who report, and about days: who told what, the trend of a domain, who has gone silent."""

from collections import defaultdict
from collections.abc import Collection
from itertools import pairwise

from sqlalchemy import Connection, bindparam, func, select

from truehelo.store.reports.answers import DaySums, DomainSums, ReporterDay, ReporterSums, Silence
from truehelo.store.reports.asking import domain_names, domain_number, reporter_names, summed, sums_of
from truehelo.store.reports.prepared import Question
from truehelo.store.reports.tables import ALL, SUMS, report_reporter_days, reporters

WINDOW = 28
"""The days by which the habit of a reporter is known."""
_BACK = 60
"""Who has been silent for longer has not gone silent now."""

_days = report_reporter_days.c


_MINE = _days.domain_id == bindparam("domain"), _days.day.between(bindparam("since"), bindparam("until"))
_MESSAGES = Question(lambda _: select(_days.reporter_id, _days.day, _days.messages).where(*_MINE))
_TREND = Question(
    lambda _: (
        select(
            _days.day,
            func.count(),
            func.sum(_days.reports),
            func.sum(_days.records),
            *summed(report_reporter_days),
        )
        .where(*_MINE)
        .group_by(_days.day)
        .order_by(_days.day)
    )
)


def dispositions(
    connection: Connection, domain: str | None, since: int, until: int, reporter: str | None = None
) -> list[ReporterDay]:
    """Return what each reporter (or one) tells of each day, for a domain or for all, in their order."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    wanted = select(_days.day, _days.reporter_id, _days.reports, _days.records, *(_days[name] for name in SUMS)).where(
        _days.domain_id == number, _days.day.between(since, until)
    )
    if reporter is not None:
        wanted = wanted.where(_days.reporter_id.in_(select(reporters.c.id).where(reporters.c.key == reporter.casefold())))
    names = reporter_names(connection)
    found = [
        ReporterDay(day=day, reporter=names[who], reports=count, records=records, sums=sums_of(values))
        for day, who, count, records, *values in connection.execute(wanted).all()
    ]
    return sorted(found, key=lambda each: (each.day, each.reporter))


def told_messages(
    connection: Connection, domain: str | None, since: int, until: int, of: Collection[str] | None = None
) -> dict[str, dict[int, int]]:
    """Return of how many messages each reporter (each of these alone) tells on each day, for a domain or for all."""
    number = domain_number(connection, domain)
    if number is None:
        return {}
    names = reporter_names(connection)
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for who, day, messages in _MESSAGES.rows(connection, domain=number, since=since, until=until):
        if of is None or names[who] in of:
            found[who][day] = messages
    return {names[who]: told for who, told in found.items()}


def trend(connection: Connection, domain: str | None, since: int, until: int) -> list[DaySums]:
    """Return what all reporters together tell of each day, for a domain or for all; days without a report are left out."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    return [
        DaySums(day=day, reporters=who, reports=int(count), records=int(records), sums=sums_of(values))
        for day, who, count, records, *values in _TREND.rows(connection, domain=number, since=since, until=until)
    ]


def told_by(connection: Connection, since: int, until: int, domain: str | None = None) -> list[ReporterSums]:
    """Return what each reporter tells, for a domain or for all, the one that tells of most messages first."""
    number = domain_number(connection, domain)
    if number is None:
        return []
    rows = connection.execute(
        select(
            _days.reporter_id,
            func.min(_days.day),
            func.max(_days.day),
            func.count(),
            func.sum(_days.reports),
            func.sum(_days.records),
            *summed(report_reporter_days),
        )
        .where(_days.domain_id == number, _days.day.between(since, until))
        .group_by(_days.reporter_id)
    )
    who = {each.id: each for each in connection.execute(select(reporters.c.id, reporters.c.name, reporters.c.email))}
    found = [
        ReporterSums(
            reporter=who[number].name,
            email=who[number].email,
            first_day=first,
            last_day=last,
            days=days,
            reports=int(count),
            records=int(records),
            sums=sums_of(values),
        )
        for number, first, last, days, count, records, *values in rows
    ]
    return sorted(found, key=lambda each: (-each.sums.messages, each.reporter))


def silent_reporters(connection: Connection, at: int, domain: str | None = None, least: int = 3) -> list[Silence]:
    """Return who has told nothing for longer than ever in the days before, the longest silent first.

    Args:
        connection: The database.
        at: The day as of which it is asked; what is told of later days is left aside.
        domain: Ask about the reports of one domain; None for any.
        least: How many days somebody must have told of to have a habit.
    """
    number = domain_number(connection, domain)
    if number is None:
        return []
    told: dict[int, list[tuple[int, int]]] = {}
    rows = connection.execute(
        select(_days.reporter_id, _days.day, _days.messages)
        .where(_days.domain_id == number, _days.day.between(at - _BACK - WINDOW, at))
        .order_by(_days.day)
    )
    for who, day, messages in rows:
        told.setdefault(who, []).append((day, messages))
    names = reporter_names(connection)
    found = [silence for who, days in told.items() if (silence := _silence(names[who], days, at, least)) is not None]
    return sorted(found, key=lambda each: (-each.silent_days, each.reporter))


def _silence(name: str, told: list[tuple[int, int]], at: int, least: int) -> Silence | None:
    last = told[-1][0]
    window = [(day, messages) for day, messages in told if day > last - WINDOW]
    longest = max((after - before for (before, _), (after, _) in pairwise(window)), default=WINDOW)
    if len(window) < least or not longest < at - last <= _BACK:
        return None
    return Silence(
        reporter=name,
        last_day=last,
        silent_days=at - last,
        days=len(window),
        window=WINDOW,
        longest_gap=longest,
        messages=sum(messages for _, messages in window),
    )


def domains(connection: Connection, since: int, until: int) -> list[DomainSums]:
    """Return the domains that reports are about, the one with most messages first."""
    rows = connection.execute(
        select(_days.domain_id, func.min(_days.day), func.max(_days.day), func.sum(_days.reports), func.sum(_days.messages))
        .where(_days.domain_id != ALL, _days.day.between(since, until))
        .group_by(_days.domain_id)
    ).all()
    names = domain_names(connection, [row[0] for row in rows])
    found = [
        DomainSums(domain=names[number], first_day=first, last_day=last, reports=int(count), messages=int(messages))
        for number, first, last, count, messages in rows
    ]
    return sorted(found, key=lambda each: (-each.messages, each.domain))
