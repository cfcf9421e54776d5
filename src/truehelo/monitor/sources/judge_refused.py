"""Addresses of the inventory whose mail is refused or quarantined where it was not before: since when, at whom, and why.

What the watch saw change of the address is laid over what receivers did (`sources/turns.py`); the fix is the advice for
that. Does not decide what is more than chance (`sources/change.py`).
"""

from collections.abc import Iterable, Sequence

from sqlalchemy import select

from truehelo.drift.cause import neighbourhood
from truehelo.monitor.sources.address import Fix, day_rows, fix_of, flips_of
from truehelo.monitor.sources.identity import Ledger
from truehelo.monitor.sources.judging import DAY_S, Asking, Whom, date, keep, over, standing
from truehelo.sources import tags
from truehelo.sources.change import Share
from truehelo.sources.model import DayRow, Flip, Sums, Turn
from truehelo.sources.turns import BEFORE_DAYS, cause, refused_since, turns
from truehelo.store.reports import questions
from truehelo.store.tables import subjects
from truehelo.store.things import reported, rows
from truehelo.store.things.rows import ThingState

DAYS = 42
"""How far back receivers are looked at."""
RECENT_DAYS = 14
"""Refusals of so many days make an address worth a look."""
LEAST = 10
LAST_DAYS = 3
"""On so many of the last days with mail it shows whether an address is still refused."""
NEWS_DAYS = 3
"""That an address sends no more is believed only while reports on the mail of others come in: some of so many days."""
MOST = 200
"""Addresses that are looked at, those with the most refusals first."""


def judge(asking: Asking) -> None:
    """Judge every watched address of which mail was refused of late, and those that were told of."""
    tag = tags.SOURCE_REFUSED
    watched = list(asking.connection.scalars(select(subjects.c.ip).where(subjects.c.removed_at.is_(None)).distinct()))
    held = {thing.name: (thing, state) for thing, state in standing(asking, [tag.name])}
    found = reported.refused(asking.connection, watched, asking.last - RECENT_DAYS + 1, asking.last, LEAST)[:MOST]
    for ip in dict.fromkeys([*held, *found]):
        rows_of_days = [
            each
            for each in day_rows(questions.source(asking.connection, ip, asking.last - DAYS, asking.last))
            if each.day <= asking.last
        ]
        if ip in held and (ended := _ended(asking, rows_of_days, watched=ip in watched)):
            over(asking, held[ip][0], tag.name, ended)
            continue
        if not rows_of_days or (ip in held and rows_of_days[-1].day < asking.last - RECENT_DAYS):
            continue  # no reports of late: nobody knows what would become of it
        ledger = Ledger(asking.connection, [ip], asking.last - DAYS, asking.last, now=asking.now)
        pasts = ledger.pasts.get(ip, [])
        flips = flips_of(asking.connection, pasts, (asking.last - DAYS - BEFORE_DAYS) * DAY_S)
        told = turns(rows_of_days, flips)
        since = refused_since(told)
        if ip in held:
            # Of refusals that began before the days that are looked at no change is found any more.
            if not since and not _goes_on(rows_of_days, held[ip][1]):
                over(asking, held[ip][0], tag.name)
            continue
        if not since:
            continue
        worse = [turn for turn in told if turn.worse and since.get(turn.reporter) == turn.change.day]
        why = cause(worse)
        fix = fix_of(asking.connection, pasts, why, asking.judging, ip, still=why is not None)
        groups, owner = _whose(asking, ip)
        keep(asking, Whom(kind=rows.SOURCE, name=ip, groups=groups, owner=owner), _state(ip, worse, why, fix))


def _ended(asking: Asking, found: Sequence[DayRow], *, watched: bool) -> str:
    """Say why nobody waits any more for an address to be taken again; "" where somebody does."""
    if not watched:
        return "it is no longer in the inventory"
    if found and found[-1].day >= asking.last - RECENT_DAYS:
        return ""
    if not reported.is_told(asking.connection, asking.last - NEWS_DAYS + 1, asking.last):
        return ""  # no reports at all: nobody knows
    return f"no mail of it was seen for {RECENT_DAYS} days"


def _goes_on(found: Sequence[DayRow], state: ThingState) -> bool:
    """Tell whether of the mail of the last days more is refused than lies half-way back to what was before."""
    at = set(state.details.get("reporters") or ())
    rows_of_days = [row for row in found if not at or row.reporter in at] or found
    days = sorted({row.day for row in rows_of_days})[-LAST_DAYS:]
    sums = Sums.of(row.sums for row in rows_of_days if row.day in days)
    before, after = float(state.details.get("before", 0.0)), float(state.details.get("after", 1.0))
    return sums.messages > 0 and sums.refused >= (before + after) / 2 * sums.messages


def _whose(asking: Asking, ip: str) -> tuple[tuple[str, ...], str]:
    import msgspec

    wanted = select(subjects.c.groups, subjects.c.owner).where(subjects.c.ip == ip, subjects.c.removed_at.is_(None))
    groups: dict[str, None] = {}
    owner = ""
    for row in asking.connection.execute(wanted):
        groups |= dict.fromkeys(msgspec.json.decode(row.groups, type=list[str]))
        owner = owner or row.owner
    return tuple(groups), owner


def _state(ip: str, worse: list[Turn], why: Flip | None, fix: Fix) -> ThingState:
    tag = tags.SOURCE_REFUSED
    day = min(turn.change.day for turn in worse)
    at = ", ".join(f"{turn.reporter} ({turn.disposition} since {_when(turn)})" for turn in worse[:5])
    more = f" and {len(worse) - 5} more" if len(worse) > 5 else ""
    args = {"ip": ip, "day": date(day), "reporters": at + more}
    if why is None:
        because = f"{tag.name} of {ip}; nothing was seen to change of the address before that"
        key = f"{tag.name} {ip} {day}"
    else:
        because = f"{why.what} since {why.at:%Y-%m-%d %H:%M} UTC, before the refusals began"
        key = f"{tag.name} {why.what} {why.at:%Y-%m-%d} {neighbourhood(ip)}"
    lines = list(fix.lines) or ["See what receivers did day by day, and what was seen of the address:"]
    lines += [f"    $ truehelo reports ip {ip}"]
    return ThingState(
        tag=tag.name,
        since=day * DAY_S,
        severity=tag.severity,
        key=key,
        cause=because,
        message=tags.told(tag, args) + (f"; {because}" if why is not None else ""),
        old="" if why is None else why.old,
        new="" if why is None else why.new,
        details={
            "fix": lines[:40],
            "reporters": sorted({turn.reporter for turn in worse}),
            "before": _together(turn.change.before for turn in worse).value,
            "after": _together(turn.change.after for turn in worse).value,
        },
    )


def _together(shares: Iterable[Share]) -> Share:
    several = list(shares)
    return Share(sum(each.messages for each in several), sum(each.hits for each in several))


def _when(turn: Turn) -> str:
    """The day, and between which days it surely lies."""
    change = turn.change
    if change.earliest >= change.latest:
        return date(change.day)
    return f"{date(change.day)}, between {date(change.earliest)} and {date(change.latest)}"
