"""Who reports and who fell silent, how mail fared over time, and which senders the inventory does not know. Reads only."""

from dataclasses import replace

from sqlalchemy import Connection

from truehelo.facts.address import judgeable, parse_address
from truehelo.facts.names import canonical, is_fqdn
from truehelo.inventory.model import Line
from truehelo.monitor.policy import moment
from truehelo.monitor.sources.classing import Classing, Subject
from truehelo.monitor.sources.identity import Ledger
from truehelo.monitor.sources.reading import MOST, Asked, sums_of
from truehelo.ports import Suffixes
from truehelo.sources.change import Count, changes
from truehelo.sources.classes import SourceClass
from truehelo.sources.listing import ReporterRow, Reporters, Suggested, Trend, TrendRow
from truehelo.sources.model import Named, Sums
from truehelo.store.reports import questions
from truehelo.store.reports.answers import SourceSums
from truehelo.store.sources.standings import Authorised, authorised_of
from truehelo.store.sources.told import told_of

WEEKS_FROM = 63
"""Of so many days or more a trend is told by weeks."""
LEAST_MESSAGES, LEAST_REPORTERS = 10, 2
"""What is suggested for the inventory sends at least so much, and so many receivers tell of it."""
MOST_SUGGESTED = 100


def reporters(connection: Connection, asked: Asked) -> Reporters:
    """Return who reported, the one with the most messages first."""
    found = questions.reporters(connection, asked.since, asked.until, asked.domain or None)
    today = min(asked.until, int(asked.now // 86_400))
    silent = {each.reporter: each.last_day for each in questions.silent_reporters(connection, today, asked.domain or None)}
    rows = [
        ReporterRow(
            name=each.reporter,
            email=each.email,
            reports=each.reports,
            records=each.records,
            days=each.days,
            first_day=each.first_day,
            last_day=each.last_day,
            sums=sums_of(each.sums),
            silent_since=silent.get(each.reporter),
        )
        for each in found
    ]
    rows.sort(key=lambda row: (-row.sums.messages, row.name))
    return Reporters(at=moment(asked.now), domain=asked.domain, since=asked.since, until=asked.until, rows=tuple(rows))


def trend(connection: Connection, asked: Asked, *, weekly: bool | None = None) -> Trend:
    """Return how mail fared; by weeks where that is asked for, or of a long time where nothing is (None)."""
    found = questions.trend(connection, asked.domain or None, asked.since, asked.until)
    days = [
        TrendRow(day=each.day, reports=each.reports, reporters=each.reporters, sums=sums_of(each.sums)) for each in found
    ]
    if weekly is None:
        weekly = asked.until - asked.since >= WEEKS_FROM
    return Trend(
        at=moment(asked.now),
        domain=asked.domain,
        since=asked.since,
        until=asked.until,
        weekly=weekly,
        rows=tuple(_weeks(days) if weekly else days),
        changes=changes(Count(row.day, row.sums.messages, row.sums.passed) for row in days),
    )


def monday(day: int) -> int:
    """Return the Monday of the week that holds a day; the epoch was a Thursday."""
    return (day + 3) // 7 * 7 - 3


def _weeks(days: list[TrendRow]) -> list[TrendRow]:
    weeks: dict[int, TrendRow] = {}
    for row in days:
        start = monday(row.day)
        held = weeks.get(start, TrendRow(day=start, reports=0, reporters=0, sums=Sums()))
        weeks[start] = replace(
            held,
            reports=held.reports + row.reports,
            # Who reports on one day mostly does on the next: the most of any day, not the sum.
            reporters=max(held.reporters, row.reporters),
            sums=held.sums + row.sums,
        )
    return [weeks[start] for start in sorted(weeks)]


def suggest(connection: Connection, asked: Asked, suffixes: Suffixes) -> tuple[Suggested, ...]:
    """Return the addresses that send for a domain by right and are not in the inventory, the largest first."""
    found = questions.sources(connection, asked.domain or None, asked.since, asked.until, MOST)
    told_by_day = questions.trend(connection, asked.domain or None, asked.since, asked.until)
    total = sum(each.sums.messages for each in told_by_day)
    ips = [each.ip for each in found]
    ledger = Ledger(connection, ips, asked.since, asked.until, now=asked.now, suffixes=suffixes)
    authorised = authorised_of(connection, ips, asked.domain)
    classing = Classing(connection, suffixes, asked.domain, asked.since, asked.until)
    known = [_subject(each, total, ledger) for each in found if ledger.is_watched(each.ip)][:10]
    missing = [each for each in found if not ledger.is_watched(each.ip) and _sends(each)]
    told = told_of(connection, {each.ip: each.last_day for each in missing}, asked.domain or None, asked.since)
    subjects = [
        _subject(each, total, ledger, reporters=len(told[each.ip].messages), authorised=tuple(authorised.get(each.ip, ())))
        for each in missing
        if each.ip in told and len(told[each.ip].messages) >= LEAST_REPORTERS
    ]
    # Where SPF is mostly aligned the sums say all that decides.
    classing.read([*known, *(subject for subject in subjects if subject.sums.spf * 2 < subject.sums.messages)])
    sums_of_source = {each.ip: each for each in missing}
    suggested: list[Suggested] = []
    for subject in subjects:
        each = sums_of_source[subject.ip]
        if len(suggested) == MOST_SUGGESTED:
            break
        standing = classing.standing(subject)
        if standing.kind is not SourceClass.MINE:
            continue
        suggested.append(
            Suggested(
                ip=each.ip,
                sums=subject.sums,
                share=subject.share,
                reporters=subject.reporters,
                first_day=each.first_day,
                last_day=each.last_day,
                domains=_domains(connection, each, asked),
                names=ledger.latest(each.ip),
                signs=standing.suggestion.signs,
            )
        )
    return tuple(suggested)


def _sends(each: SourceSums) -> bool:
    """Tell whether a source sends enough, mostly aligned, from where others can see it."""
    ip = parse_address(each.ip)
    enough = each.sums.messages >= LEAST_MESSAGES and each.sums.passed * 2 >= each.sums.messages
    return ip is not None and judgeable(ip) and enough


def _subject(
    each: SourceSums, total: int, ledger: Ledger, *, reporters: int = 0, authorised: tuple[Authorised, ...] = ()
) -> Subject:
    return Subject(
        ip=each.ip,
        sums=sums_of(each.sums),
        share=each.sums.messages / total if total else 0.0,
        watched=ledger.is_watched(each.ip),
        last_day=each.last_day,
        reporters=reporters,
        authorised=authorised,
        organisation=ledger.latest(each.ip).organisation,
    )


def _domains(connection: Connection, each: SourceSums, asked: Asked) -> tuple[str, ...]:
    """Return for which domains an address sends, that of the most mail first."""
    if asked.domain:
        return (asked.domain,)
    told = questions.source_domains(connection, each.ip, asked.since, asked.until)
    return tuple(row.domain for row in told if row.domain is not None)


def lines_of(found: tuple[Suggested, ...]) -> list[Line]:
    """Return what is suggested as lines of an inventory: the confirmed names are expected, unless they look generated."""
    return [
        Line(
            target=each.ip,
            expected=tuple(
                canonical(name)
                for name in each.names.confirmed
                if each.names.state is Named.CONFIRMED and name not in each.names.generic and is_fqdn(name)
            )[:4],
            domains=tuple(name for name in each.domains[:5] if is_fqdn(name)),
            note=f"from reports: {each.sums.messages} messages, {each.signs[0].code}",
        )
        for each in found
    ]
