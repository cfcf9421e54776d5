"""What the watch knew of many addresses over a time, in a handful of queries for all of them. Reads only."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, Select, Table, and_, func, or_, select

from truehelo.store import upkeep
from truehelo.store.history import DAY_S
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
    horizon = float(upkeep.get(connection, "rolled_up") or 0) * DAY_S
    nights: dict[str, list[tuple[float, float]]] = {}
    by_id: dict[int, Past] = {}
    for part in _parts(list(dict.fromkeys(ips))):
        rows = connection.execute(
            select(subjects, schedule.c.began_at)
            .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
            .where(subjects.c.ip.in_(part))
            .order_by(subjects.c.ip, subjects.c.vantage)
        ).mappings()
        for row in rows:
            vantage = row["vantage"]
            if vantage not in nights:
                nights[vantage] = dark(connection, vantage, since, until)
            began = until if row["began_at"] is None else max(row["began_at"], since)
            ended = min(until, row["removed_at"] if row["removed_at"] is not None else until)
            by_id[row["id"]] = Past(
                id=row["id"],
                ip=row["ip"],
                vantage=vantage,
                expected=row["expected"],
                helo=row["helo"] or "",
                groups=row["groups"],
                owner=row["owner"],
                network=row["network"],
                removed_at=row["removed_at"],
                alive=without((began, ended), nights[vantage]) if began < ended else [],
                horizon=horizon,
            )
    _fill(connection, by_id, since, until)
    found: dict[str, list[Past]] = defaultdict(list)
    for past in by_id.values():
        found[past.ip].append(past)
    return dict(found)


def _fill(connection: Connection, by_id: dict[int, Past], since: float, until: float) -> None:
    for ids in _parts(list(by_id)):
        for number, what, new in connection.execute(_before(ids, since)).all():
            by_id[number].opened[what] = new
        for number, at, what, new in connection.execute(_turns(ids, since, until)).all():
            by_id[number].turns.append((at, what, new))
        for number, what, value, start, end in connection.execute(
            _spans(observations, observations.c.what, observations.c.value, ids, since, until)
        ):
            by_id[number].seen.append(Seen(what, value, start, end))
        for number, what, value, start, end in connection.execute(
            _spans(listings, listings.c.list, listings.c.state, ids, since, until)
        ):
            by_id[number].listed.append(Seen(what, value, start, end))
        for number, day, *sums in connection.execute(_days(ids, since, until)).all():
            failing, blind, unwatched = sums
            by_id[number].days[day] = (failing, blind, unwatched)


def _before(ids: Sequence[int], since: float) -> Select[Any]:
    """The last flip of each kind before a time."""
    newest = (
        select(func.max(flips.c.id).label("id"))
        .where(flips.c.subject_id.in_(ids), flips.c.at < since)
        .group_by(flips.c.subject_id, flips.c.what)
        .subquery()
    )
    return select(flips.c.subject_id, flips.c.what, flips.c.new).join(newest, newest.c.id == flips.c.id)


def _turns(ids: Sequence[int], since: float, until: float) -> Select[Any]:
    return (
        select(flips.c.subject_id, flips.c.at, flips.c.what, flips.c.new)
        .where(flips.c.subject_id.in_(ids), flips.c.at >= since, flips.c.at < until)
        .order_by(flips.c.at, flips.c.id)
    )


def _spans(
    table: Table, what: Column[str], value: Column[str], ids: Sequence[int], since: float, until: float
) -> Select[Any]:
    """What was so at some time between two times."""
    within = and_(table.c.since < until, or_(table.c.until.is_(None), table.c.until > since))
    return (
        select(table.c.subject_id, what, value, table.c.since, table.c.until)
        .where(table.c.subject_id.in_(ids), within)
        .order_by(table.c.since)
    )


def _days(ids: Sequence[int], since: float, until: float) -> Select[Any]:
    return select(days.c.subject_id, days.c.day, days.c.failing_s, days.c.undetermined_s, days.c.unwatched_s).where(
        days.c.subject_id.in_(ids), days.c.day >= int(since // DAY_S), days.c.day <= int(until // DAY_S)
    )


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
