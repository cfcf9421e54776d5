"""All that is known of one source: what each receiver did day by day, what it was called then, what changed, and the fix.

The flips of the watch are laid over the dispositions; the fix is that of the look that saw the change, judged again. Reads
only; which flip is why is decided in `sources.turns`.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from truehelo.drift.cause import neighbourhood
from truehelo.engine.judge import Judging
from truehelo.errors import FileError
from truehelo.findings import Step
from truehelo.monitor.policy import moment
from truehelo.monitor.reading.history import unpacked
from truehelo.monitor.sources.classing import Classing, Subject, said_of, selectors_of, spf_of
from truehelo.monitor.sources.identity import Ledger, expected_of
from truehelo.monitor.sources.reading import Asked, sums_of
from truehelo.ports import Suffixes
from truehelo.sources import turns as turning
from truehelo.sources.classes import SourceClass
from truehelo.sources.model import Address, DayRow, Flip, ReporterOf, Sums, Turn
from truehelo.store import history
from truehelo.store.reports import questions
from truehelo.store.reports.answers import SourceDay
from truehelo.store.sources import classes as said
from truehelo.store.sources.standings import authorised_of
from truehelo.store.sources.watched import Past

DAY_S = 86_400.0
MOST_FLIPS = 500
LATELY_DAYS = 7
"""By so many days it shows of nearly all receivers that they still tell of a source."""


@dataclass(frozen=True, slots=True)
class Fix:
    """The steps that put it right, in lines, and from which look they follow."""

    lines: tuple[str, ...] = ()
    seen: str = ""


def address(connection: Connection, ip: str, asked: Asked, suffixes: Suffixes, judging: Judging) -> Address:
    """Return what is known of the source `ip`, an address in its canonical form."""
    found = questions.source(connection, ip, asked.since, asked.until, asked.domain or None)
    ledger = Ledger(connection, [ip], asked.since - turning.BEFORE_DAYS, asked.until, now=asked.now, suffixes=suffixes)
    pasts = ledger.pasts.get(ip, [])
    rows = day_rows(found)
    sums = Sums.of(row.sums for row in rows)
    flips = flips_of(connection, pasts, (asked.since - turning.BEFORE_DAYS) * DAY_S)
    turns = turning.turns(rows, flips)
    missing = turning.ceased(rows, _whole(connection, asked, rows), flips)
    cause = turning.cause((*turns, *missing))
    still = cause is not None and _still(connection, pasts, cause)
    names = ledger.latest(ip)
    subject = Subject(
        ip=ip,
        sums=sums,
        share=_share(connection, asked, sums),
        watched=ledger.is_watched(ip),
        last_day=rows[-1].day if rows else asked.until,
        reporters=len({row.reporter for row in rows}),
        organisation=names.organisation,
        authorised=tuple(authorised_of(connection, [ip], asked.domain).get(ip, ())),
    )
    classing = Classing(connection, suffixes, asked.domain, asked.since, asked.until)
    classing.read([*_neighbours(connection, asked, ip), subject])
    standing = classing.standing(subject)
    fix = fix_of(connection, pasts, cause, judging, ip, still=still, kind=standing.kind)
    by_domain = questions.source_domains(connection, ip, asked.since, asked.until)
    days = sorted({row.day for row in rows} | {flip_day(flip) for flip in flips})
    watched_days = range(asked.since, asked.until + 1) if pasts else days
    return Address(
        at=moment(asked.now),
        ip=ip,
        since=asked.since,
        until=asked.until,
        network=neighbourhood(ip),
        network_name=names.organisation,
        domains=tuple((each.domain or "", each.sums.messages) for each in by_domain),
        sums=sums,
        standing=standing,
        watched=subject.watched,
        names=names,
        names_by_day={day: ledger.on(ip, day) for day in watched_days if asked.since <= day <= asked.until},
        reporters=reporters_of(rows, turns),
        days=tuple(rows),
        turns=tuple(sorted((*turns, *missing), key=lambda turn: (turn.change.day, turn.reporter))),
        flips=tuple(flips),
        spf=spf_of(subject.authorised),
        selectors=selectors_of(subject.tally),
        messages_read=0 if subject.tally is None else subject.tally.messages,
        expected=next((expected_of(past) for past in pasts), ()),
        cause=cause,
        cause_still=still,
        fix=fix.lines,
        fix_from=fix.seen,
        trail=said_of(_trail(connection, classing, ip)),
    )


def _neighbours(connection: Connection, asked: Asked, ip: str) -> list[Subject]:
    """Return the largest other sources: those of them that are mine tell which signatures are."""
    largest = questions.sources(connection, asked.domain or None, asked.since, asked.until, 6)
    others = [each for each in largest if each.ip != ip]
    ledger = Ledger(connection, [each.ip for each in others], asked.until, asked.until, now=asked.now)
    return [
        Subject(
            ip=each.ip,
            sums=sums_of(each.sums),
            share=0.0,
            watched=ledger.is_watched(each.ip),
            last_day=each.last_day,
        )
        for each in others
    ]


def _whole(connection: Connection, asked: Asked, rows: Sequence[DayRow]) -> dict[str, dict[int, int]]:
    """Return how much mail each receiver that may miss the source told of on each day that is over, in all."""
    domain, last = asked.domain or None, min(asked.until, int(asked.now // DAY_S) - 1)
    lately = questions.told_messages(connection, domain, max(asked.since, last - LATELY_DAYS + 1), last)
    silent = turning.silent(rows, lately)
    return questions.told_messages(connection, domain, asked.since, last, silent) if silent else {}


def _share(connection: Connection, asked: Asked, sums: Sums) -> float:
    trend = questions.trend(connection, asked.domain or None, asked.since, asked.until)
    whole = sum(each.sums.messages for each in trend)
    return sums.messages / whole if whole else 0.0


def _trail(connection: Connection, classing: Classing, ip: str) -> list[said.Said]:
    targets = {ip, neighbourhood(ip)}
    now = classing.book.of(ip)
    return said.trail(connection, sorted(targets | ({now.target} if now is not None else set())))


def flip_day(flip: Flip) -> int:
    """Return the day of a flip."""
    return int(flip.at.timestamp() // DAY_S)


def day_rows(found: Sequence[SourceDay]) -> list[DayRow]:
    """Return what each receiver did on each day, outcomes added up, in order."""
    counted: dict[tuple[int, str], list[int]] = {}
    for _, day, reporter, disposition, dkim, spf, messages, _ in found:
        held = counted.get((day, reporter))
        if held is None:
            held = counted[day, reporter] = [0] * 7
        held[0] += messages
        if dkim:
            held[2] += messages
        if spf:
            held[3] += messages
        if dkim or spf:
            held[1] += messages
        if disposition in ("quarantine", "reject"):
            held[4 if disposition == "quarantine" else 5] += messages
            held[6] += messages * (dkim or spf)
    return [DayRow(day, reporter, Sums(*held[:6]), held[6]) for (day, reporter), held in sorted(counted.items())]


def flips_of(connection: Connection, pasts: Sequence[Past], since: float) -> list[Flip]:
    """Return what the watch saw change of an address since a time (seconds since the epoch), the oldest first."""
    found = [
        Flip(
            id=row.id,
            what=row.what,
            old=row.old,
            new=row.new,
            at=moment(row.at),
            reason=row.reason,
            has_evidence=row.has_evidence,
        )
        for past in pasts
        for row in history.flips_of(connection, past.id, since, MOST_FLIPS)
    ]
    return sorted(found, key=lambda flip: (flip.at, flip.id))


def reporters_of(rows: Sequence[DayRow], turns: Sequence[Turn]) -> tuple[ReporterOf, ...]:
    """Return what each receiver did in all, those that refuse most first."""
    since = turning.refused_since(turns)
    by_name: dict[str, list[DayRow]] = defaultdict(list)
    for row in rows:
        by_name[row.reporter].append(row)
    found = [
        ReporterOf(
            name=name,
            sums=Sums.of(row.sums for row in mine),
            first_day=min(row.day for row in mine),
            last_day=max(row.day for row in mine),
            refused_since=since.get(name),
        )
        for name, mine in by_name.items()
    ]
    return tuple(sorted(found, key=lambda each: (-each.sums.refused, -each.sums.messages, each.name)))


def _still(connection: Connection, pasts: Sequence[Past], cause: Flip) -> bool:
    """Tell whether what failed then fails still."""
    return any(
        held.tag == cause.what and held.state in ("failing", "recovering")
        for past in pasts
        for standing in history.find(connection, past.ip)
        if standing.subject.id == past.id
        for held in standing.held
    )


def fix_of(
    connection: Connection,
    pasts: Sequence[Past],
    cause: Flip | None,
    judging: Judging,
    ip: str,
    *,
    still: bool,
    kind: SourceClass = SourceClass.MINE,
) -> Fix:
    """Return the steps of advice that follow from the last look with evidence, while the cause stands.

    For a source that is not the operator's own no step touches an SPF record: a forwarder is never authorised.
    """
    if cause is None or not still:
        return Fix()
    looks = [look for past in pasts if (look := history.last_evidence(connection, past.id)) is not None]
    for packed, at in sorted(looks, key=lambda look: -look[1]):
        whole = unpacked(packed)
        if whole is None:
            continue
        steps = [step for step in _judged(whole, ip, judging) if kind is SourceClass.MINE or not about_spf(step)]
        if steps:
            lines = tuple(line for step in steps for line in step_lines(step))
            return Fix(lines, f"as seen {moment(at):%Y-%m-%d %H:%M} UTC; truehelo check {ip} looks again")
    return Fix((f"truehelo check {ip} tells the fix",), "no evidence of the change is kept")


def about_spf(step: Step) -> bool:
    """Tell whether a step changes what an SPF record authorises."""
    return any(tag.startswith("SPF_") for tag in step.resolves) or any("v=spf1" in record for record in step.records)


def _judged(whole: bytes, ip: str, judging: Judging) -> tuple[Step, ...]:
    from truehelo.engine.saved import load

    try:
        audit = load(whole, f"the evidence of {ip}", judging)
    except FileError:  # of a version that this program does not read any more
        return ()
    return audit.subjects[0].advice if audit.subjects else ()


def step_lines(step: Step) -> list[str]:
    """Return a step as lines; records and commands begin with blanks, and are copied as they are."""
    lines = [f"{step.step}. {step.what}" + (f" (who: {step.who})" if step.who else "")]
    lines += [f"    {record}" for record in step.records]
    lines += [f"    $ {command}" for command in step.commands]
    if step.ask:
        lines.append(f"Ask: {step.ask}")
    if step.leave:
        lines.append(step.leave)
    if step.verify:
        lines.append(f"    Verify: {step.verify}")
    return lines
