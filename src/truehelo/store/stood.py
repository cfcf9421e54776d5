"""How many subjects stood over a time, in three queries for all of them. Reads only."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, select

from truehelo.store.spans import SIGHT, UNDETERMINED, Interval, dark, is_tag, stretches, without
from truehelo.store.tables import flips, schedule, states, subjects

_OPEN = ("failing", "recovering")
_THERE = schedule.c.next_run_at.is_not(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """A subject, how it stands, and how it stood; times in seconds since the epoch."""

    id: int
    ip: str
    vantage: str
    network: str
    expected: str
    groups: str
    worst: str
    overlay: str
    since: float | None
    tags: tuple[str, ...]
    intervals: tuple[Interval, ...]


def all_stood(
    connection: Connection, since: float, until: float, where: ColumnElement[bool] | None = None
) -> Iterator[Stood]:
    """Yield every watched subject and how it stood from `since` to `until`, with three queries for all of them.

    What stood at the beginning follows from the first flip of each tag, and where there is none from how it stands now.
    """
    turns, unwell = _turns(connection, since, until, where), _unwell(connection)
    nights: dict[str, list[tuple[float, float]]] = {}
    wanted = (
        select(
            subjects.c.id,
            subjects.c.ip,
            subjects.c.vantage,
            subjects.c.network,
            subjects.c.expected,
            subjects.c.groups,
            schedule.c.worst,
            schedule.c.overlay,
            schedule.c.began_at,
            schedule.c.undetermined_since,
        )
        .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
        .where(_THERE)
        .order_by(subjects.c.network, subjects.c.id)
    )
    for row in connection.execute(wanted if where is None else wanted.where(where)):
        if row.vantage not in nights:
            nights[row.vantage] = dark(connection, row.vantage, since, until)
        began = until if row.began_at is None else max(row.began_at, since)
        own = turns.get(row.id, [])
        held = [(tag, at) for tag, state, at in unwell.get(row.id, ()) if state in _OPEN]
        failing, blind = _at_first(own, held, row, since)
        intervals = stretches(
            [(at, what, new) for at, what, _, new in own],
            failing=failing,
            blind=blind,
            alive=without((began, until), nights[row.vantage]) if began < until else [],
            since=since,
            until=until,
        )
        yield Stood(
            id=row.id,
            ip=row.ip,
            vantage=row.vantage,
            network=row.network,
            expected=row.expected,
            groups=row.groups,
            worst=row.worst,
            overlay=row.overlay,
            since=_since(row.overlay, row.undetermined_since, unwell.get(row.id, ())),
            tags=tuple(tag for tag, _, _ in unwell.get(row.id, ())),
            intervals=tuple(intervals),
        )


def _at_first(
    own: Sequence[tuple[float, str, str, str]], held: Sequence[tuple[str, float]], row: object, since: float
) -> tuple[set[str], bool]:
    """Return in what a subject failed at the beginning, and whether it could not be seen then."""
    first: dict[str, str] = {}
    for _, what, old, _new in own:
        first.setdefault(what, old)
    failing = {what for what, old in first.items() if old == "failing" and is_tag(what)}
    failing |= {tag for tag, began in held if tag not in first and began < since}
    if SIGHT in first:
        return failing, first[SIGHT] == UNDETERMINED
    began = getattr(row, "undetermined_since", None)
    return failing, getattr(row, "overlay", "") == UNDETERMINED and began is not None and began < since


def _turns(
    connection: Connection, since: float, until: float, where: ColumnElement[bool] | None
) -> dict[int, list[tuple[float, str, str, str]]]:
    wanted = (
        select(flips.c.subject_id, flips.c.at, flips.c.what, flips.c.old, flips.c.new)
        .where(flips.c.at >= since, flips.c.at < until)
        .order_by(flips.c.at, flips.c.id)
    )
    if where is not None:
        wanted = wanted.join(subjects, subjects.c.id == flips.c.subject_id).where(where)
    found: dict[int, list[tuple[float, str, str, str]]] = defaultdict(list)
    for number, at, what, old, new in connection.execute(wanted):
        if what == SIGHT or is_tag(what):
            found[number].append((at, what, old, new))
    return found


def _unwell(connection: Connection) -> dict[int, list[tuple[str, str, float]]]:
    """Return in which tags subjects are not well now: tag, state, and since when."""
    found: dict[int, list[tuple[str, str, float]]] = defaultdict(list)
    rows = connection.execute(
        select(states.c.subject_id, states.c.tag, states.c.state, states.c.since).order_by(
            states.c.subject_id, states.c.tag
        )
    )
    for number, tag, state, began in rows:
        found[number].append((tag, state, began))
    return found


def _since(overlay: str, blind: float | None, unwell: Sequence[tuple[str, str, float]]) -> float | None:
    if overlay == UNDETERMINED:
        return blind
    return min((at for _, _, at in unwell), default=None)
