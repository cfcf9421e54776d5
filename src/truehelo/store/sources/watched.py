"""What the watch knew of many addresses over a time, in a handful of queries for all of them. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, and_, bindparam, func, or_, select

from truehelo.store import upkeep
from truehelo.store.history import DAY_S
from truehelo.store.reports.prepared import Question, listed
from truehelo.store.spans import dark, without
from truehelo.store.tables import days, flips, listings, observations, schedule, subjects

_AT_ONCE = 500
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seen:
    """Something that was so for a while: what it is about, its value, from when, until when (None: still)."""

    what: str
    value: str
    since: float
    until: float | None


@dataclass(slots=True, kw_only=True)
class Past:
    """What the watch knew of a subject, over the time that was asked for; times in seconds since the epoch.

    `opened` is the last flip of each kind before that time, `turns` are those in it as time, what and new value. `alive` is
    when it was watched. Before `horizon` only sums are kept (`days`): seconds failing, undetermined, unwatched of a day.
    """

    id: int
    ip: str
    vantage: str
    expected: str
    helo: str
    groups: str
    owner: str
    network: str
    removed_at: float | None
    alive: list[tuple[float, float]] = field(default_factory=list)
    opened: dict[str, str] = field(default_factory=dict)
    turns: list[tuple[float, str, str]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    listed: list[Seen] = field(default_factory=list)
    days: dict[int, tuple[float, float, float]] = field(default_factory=dict)
    horizon: float = 0.0


def pasts(connection: Connection, ips: Sequence[str], since: float, until: float) -> dict[str, list[Past]]:
    """Return what the watch knew of those of these addresses that are or were watched, from each vantage point."""
    rows = _SUBJECTS.rows(connection, ips=set(ips))
    if not rows:
        return {}
    horizon = float(upkeep.get(connection, "rolled_up") or 0) * DAY_S
    nights: dict[str, list[tuple[float, float]]] = {}
    by_id: dict[int, Past] = {}
    for number, ip, vantage, expected, helo, groups, owner, network, removed_at, began_at in rows:
        if vantage not in nights:
            nights[vantage] = dark(connection, vantage, since, until)
        began = until if began_at is None else max(began_at, since)
        ended = min(until, removed_at if removed_at is not None else until)
        by_id[number] = Past(
            id=number,
            ip=ip,
            vantage=vantage,
            expected=expected,
            helo=helo or "",
            groups=groups,
            owner=owner,
            network=network,
            removed_at=removed_at,
            alive=without((began, ended), nights[vantage]) if began < ended else [],
            horizon=horizon,
        )
    _fill(connection, by_id, since, until)
    found: dict[str, list[Past]] = defaultdict(list)
    for past in by_id.values():
        found[past.ip].append(past)
    return dict(found)


def _fill(connection: Connection, by_id: dict[int, Past], since: float, until: float) -> None:
    within = {"ids": list(by_id), "since": since, "until": until}
    for number, what, new in _BEFORE.rows(connection, ids=list(by_id), since=since):
        by_id[number].opened[what] = new
    for number, at, what, new in _TURNS.rows(connection, **within):
        by_id[number].turns.append((at, what, new))
    for number, *seen in _SEEN.rows(connection, **within):
        by_id[number].seen.append(Seen(*seen))
    for number, *seen in _LISTED.rows(connection, **within):
        by_id[number].listed.append(Seen(*seen))
    for number, day, failing, blind, unwatched in _SUMS.rows(
        connection, ids=list(by_id), first=int(since // DAY_S), last=int(until // DAY_S)
    ):
        by_id[number].days[day] = (failing, blind, unwatched)


_AS_KEPT = ("id", "ip", "vantage", "expected", "helo", "groups", "owner", "network", "removed_at")
_SUBJECTS = Question(
    lambda postgresql: (
        select(*(subjects.c[name] for name in _AS_KEPT), schedule.c.began_at)
        .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
        .where(listed(subjects.c.ip, "ips", postgresql=postgresql))
        .order_by(subjects.c.ip, subjects.c.vantage)
    )
)


def _before(postgresql: bool) -> Select[Any]:
    """The last flip of each kind before a time."""
    mine = listed(flips.c.subject_id, "ids", postgresql=postgresql), flips.c.at < bindparam("since")
    newest = select(func.max(flips.c.id).label("id")).where(*mine).group_by(flips.c.subject_id, flips.c.what).subquery()
    return select(flips.c.subject_id, flips.c.what, flips.c.new).join(newest, newest.c.id == flips.c.id)


def _turns(postgresql: bool) -> Select[Any]:
    mine = listed(flips.c.subject_id, "ids", postgresql=postgresql)
    return (
        select(flips.c.subject_id, flips.c.at, flips.c.what, flips.c.new)
        .where(mine, flips.c.at >= bindparam("since"), flips.c.at < bindparam("until"))
        .order_by(flips.c.at, flips.c.id)
    )


def _spans(table: Table, what: str, value: str) -> Question:
    """What was so at some time between two times."""
    within = and_(table.c.since < bindparam("until"), or_(table.c.until.is_(None), table.c.until > bindparam("since")))
    return Question(
        lambda postgresql: (
            select(table.c.subject_id, table.c[what], table.c[value], table.c.since, table.c.until)
            .where(listed(table.c.subject_id, "ids", postgresql=postgresql), within)
            .order_by(table.c.since)
        )
    )


def _sums(postgresql: bool) -> Select[Any]:
    mine = listed(days.c.subject_id, "ids", postgresql=postgresql)
    wanted = select(days.c.subject_id, days.c.day, days.c.failing_s, days.c.undetermined_s, days.c.unwatched_s)
    return wanted.where(mine, days.c.day.between(bindparam("first"), bindparam("last")))


_BEFORE, _TURNS, _SUMS = Question(_before), Question(_turns), Question(_sums)
_SEEN, _LISTED = _spans(observations, "what", "value"), _spans(listings, "list", "state")


def _parts(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[at : at + _AT_ONCE] for at in range(0, len(values), _AT_ONCE)]


def watched_among(connection: Connection, ips: Sequence[str]) -> set[str]:
    """Return those of these addresses that are watched now: that the inventory names, or leads to."""
    return {
        ip
        for part in _parts(list(ips))
        for ip in connection.scalars(
            select(subjects.c.ip).where(subjects.c.ip.in_(part), subjects.c.removed_at.is_(None)).distinct()
        )
    }
