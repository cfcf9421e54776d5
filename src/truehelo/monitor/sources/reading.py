"""Where a domain's mail leaves from: sources by volume, what each was called, what it is, and who refused it. Reads only.

Names are joined day by day where that makes a difference: mail of a day counts for what its address was called on that day.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from truehelo.monitor.policy import moment
from truehelo.monitor.sources.classing import Classing, Subject, selectors_of, spf_of
from truehelo.monitor.sources.identity import Ledger
from truehelo.ports import Suffixes
from truehelo.sources.classes import SourceClass
from truehelo.sources.model import EVERY, Named, SourceRow, Sources, Sums
from truehelo.store.reports import questions
from truehelo.store.reports.answers import SourceSums
from truehelo.store.reports.answers import Sums as Kept
from truehelo.store.sources.standings import authorised_of
from truehelo.store.sources.told import Told, told_of

MOST = 100
"""Of so many sources, the largest, it is looked up what they were called, and of no more unless more are to be shown."""
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked: of which domain ("" for all), from which day to which (both included), and how many sources to show.

    `now` is in seconds since the epoch; `shown` None is as many as `EVERY`.
    """

    domain: str
    since: int
    until: int
    now: float
    shown: int | None = SHOWN


def sums_of(kept: Kept) -> Sums:
    """Return the sums of the store as those that are shown."""
    return Sums(
        messages=kept.messages,
        passed=kept.passed,
        dkim=kept.dkim,
        spf=kept.spf,
        quarantined=kept.quarantined,
        rejected=kept.rejected,
    )


def sources(connection: Connection, asked: Asked, suffixes: Suffixes) -> Sources:
    """Return where the mail of a domain left from."""
    domain = asked.domain or None
    total = sum((sums_of(each.sums) for each in questions.trend(connection, domain, asked.since, asked.until)), Sums())
    most = _read(asked)
    found = questions.sources(connection, domain, asked.since, asked.until, most)
    count, more = len(found), False
    if count == most:
        count, more = questions.count_sources(connection, domain, asked.since, asked.until)
    made = _sources(connection, asked, suffixes, found, total)
    return replace(made, sources=max(count, len(found)), left_out=max(count, len(found)) - len(made.rows), at_least=more)


def new_sources(connection: Connection, asked: Asked, suffixes: Suffixes) -> Sources:
    """Return the sources that were seen for the first time from `since` on."""
    most = _read(asked)
    found = questions.new_sources(connection, asked.domain or None, asked.since, asked.until, most)
    made = _sources(connection, asked, suffixes, found, sum((sums_of(each.sums) for each in found), Sums()))
    if len(found) < most:
        return made
    # What the others sent is not summed up: it would take as long as there are new sources.
    count, more = questions.count_new(connection, asked.domain or None, asked.since, asked.until)
    count = max(count, len(found))
    return replace(made, sources=count, left_out=count - len(made.rows), at_least=more or count > len(found))


def _read(asked: Asked) -> int:
    return EVERY if asked.shown is None else max(MOST, asked.shown)


def _sources(connection: Connection, asked: Asked, suffixes: Suffixes, found: Sequence[SourceSums], total: Sums) -> Sources:
    """Tell of the largest sources; `total` is what all of them sent."""
    ledger = Ledger(connection, [each.ip for each in found], asked.since, asked.until, now=asked.now, suffixes=suffixes)
    by_name = _by_name(connection, asked, ledger, found)
    missing = total.messages - sum(by_name.values())
    if missing > 0:
        by_name[Named.NOT_KNOWN] += missing
    shown = found if asked.shown is None else found[: asked.shown]
    rows = _rows(connection, asked, suffixes, ledger, shown, total)
    by_class: Counter[SourceClass] = Counter()
    for row in rows:
        by_class[row.standing.kind] += row.sums.messages
    return Sources(
        at=moment(asked.now),
        domain=asked.domain,
        since=asked.since,
        until=asked.until,
        total=total,
        by_name=dict(by_name),
        by_class=dict(by_class),
        rows=tuple(rows),
        sources=len(found),
        left_out=len(found) - len(shown),
        left_out_messages=total.messages - sum(each.sums.messages for each in shown),
    )


def _by_name(connection: Connection, asked: Asked, ledger: Ledger, found: Sequence[SourceSums]) -> Counter[Named]:
    """Count messages by what their source was called when they left."""
    by_name: Counter[Named] = Counter()
    days = range(asked.since, min(asked.until, int(asked.now // 86_400)) + 1)
    usual: dict[str, Named] = {}
    other: dict[str, dict[int, Named]] = {}
    for each in found:
        if each.ip not in ledger.pasts:
            by_name[ledger.on(each.ip, asked.until).state] += each.sums.messages
            continue
        states = ledger.states(each.ip, days)
        counted = Counter(states.values())
        mostly = max(counted, key=counted.__getitem__, default=Named.NOT_KNOWN)
        by_name[mostly] += each.sums.messages
        if len(counted) > 1:
            usual[each.ip], other[each.ip] = mostly, states
    # Most days are like most others: what was sent on the few that are not is taken from the one and added to the other.
    apart = sorted({day for ip, states in other.items() for day, state in states.items() if state is not usual[ip]})
    for ip, by_day in questions.messages_by_day(connection, list(usual), asked.domain or None, apart).items():
        for day, messages in by_day.items():
            by_name[usual[ip]] -= messages
            by_name[other[ip][day]] += messages
    return +by_name


def _rows(
    connection: Connection,
    asked: Asked,
    suffixes: Suffixes,
    ledger: Ledger,
    shown: Sequence[SourceSums],
    total: Sums,
) -> list[SourceRow]:
    authorised = authorised_of(connection, [each.ip for each in shown], asked.domain)
    classing = Classing(connection, suffixes, asked.domain, asked.since, asked.until)
    names = {each.ip: ledger.latest(each.ip) for each in shown}
    everybody = told_of(connection, {each.ip: each.last_day for each in shown}, asked.domain or None, asked.since)
    subjects = [
        Subject(
            ip=each.ip,
            sums=sums_of(each.sums),
            share=each.sums.messages / total.messages if total.messages else 0.0,
            watched=ledger.is_watched(each.ip),
            last_day=each.last_day,
            reporters=len(everybody[each.ip].messages) if each.ip in everybody else 0,
            organisation=names[each.ip].organisation,
            authorised=tuple(authorised.get(each.ip, ())),
        )
        for each in shown
    ]
    classing.read(subjects)
    rows = []
    for each, subject in zip(shown, subjects, strict=True):
        told = everybody.get(each.ip, Told())
        rows.append(
            SourceRow(
                ip=each.ip,
                network=each.network,
                sums=subject.sums,
                share=subject.share,
                first_day=each.first_day,
                last_day=each.last_day,
                names=names[each.ip],
                standing=classing.standing(subject),
                watched=subject.watched,
                spf=spf_of(subject.authorised),
                selectors=selectors_of(subject.tally),
                messages_read=0 if subject.tally is None else subject.tally.messages,
                refused_at=tuple(sorted(told.refused.items(), key=lambda item: (-item[1], item[0]))),
                reporters=len(told.messages),
                network_name=subject.organisation,
            )
        )
    return rows
