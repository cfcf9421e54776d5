"""How a subject stood over time: stretches in one state, worked out from its flips, and from when nobody watched.

Plain functions over rows, and the one query for the dark hours. What stood at the beginning is for whoever asks
(`history.py` for one subject, `reading.py` for many).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, or_, select

from truehelo.store.tables import gaps, meta

UNDETERMINED = "undetermined"
SIGHT = "sight"
SILENT_S = 600.0
"""A watch without a sign of life for so long does not watch."""
HEARTBEAT, BEGAN = "heartbeat ", "began "
"""How the keys in `meta` begin that hold the last and the first sign of life of a vantage point, whose name follows."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A stretch of time in one state: "ok", "failing", "undetermined", "unwatched"."""

    state: str
    since: float
    until: float


def is_tag(what: str) -> bool:
    """Tell whether a flip is about a tag. The values of other flips are words of the network: one may read "failing"."""
    return what[:1].isupper()


def stretches(
    turns: Iterable[tuple[float, str, str]],
    *,
    failing: Collection[str],
    blind: bool,
    alive: Sequence[tuple[float, float]],
    since: float,
    until: float,
) -> list[Interval]:
    """Return how a subject stood from `since` to `until`, without holes.

    Args:
        turns: Its flips as time, what, and new value.
        failing: The tags that were failing at the beginning.
        blind: It could not be seen at the beginning.
        alive: When it was watched, in order and apart from each other.
        since: The beginning (seconds since the epoch).
        until: The end.
    """
    marks = [(at, 1, what, new) for at, what, new in turns if at < until and (what == SIGHT or is_tag(what))]
    for start, end in alive:
        marks += [(start, 2, "on", ""), (end, 0, "off", "")]
    now, watched, at = set(failing), False, since
    result: list[Interval] = []
    for when, _, what, new in sorted(marks):
        at = _add(result, _state(now, blind=blind, watched=watched), at, min(when, until))
        if what in ("on", "off"):
            watched = what == "on"
        elif what == SIGHT:
            blind = new == UNDETERMINED
        elif new == "failing":
            now.add(what)
        else:
            now.discard(what)
    _add(result, _state(now, blind=blind, watched=watched), at, until)
    return result


def _state(failing: Collection[str], *, blind: bool, watched: bool) -> str:
    if not watched:
        return "unwatched"
    # What was failing when it could no longer be seen is not known to fail still.
    return UNDETERMINED if blind else "failing" if failing else "ok"


def _add(result: list[Interval], state: str, since: float, until: float) -> float:
    """Add a stretch, joined to one before it in the same state; return where the next one begins."""
    if until <= since:
        return since
    if result and result[-1].state == state:
        since = result.pop().since
    result.append(Interval(state, since, until))
    return until


def without(whole: tuple[float, float], holes: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return a stretch of time without its holes."""
    at, end = whole
    parts = []
    for start, stop in sorted(holes):
        if start > at:
            parts.append((at, min(start, end)))
        at = max(at, stop)
    if at < end:
        parts.append((at, end))
    return [(start, stop) for start, stop in parts if start < stop]


def dark(connection: Connection, vantage: str, since: float, until: float) -> list[tuple[float, float]]:
    """Return when nobody watched from a vantage point; of "" (any may look) when nobody watched from anywhere.

    A watch whose last sign of life is long ago has left no gap behind yet: it is dark since then.
    """
    last, first = _signs(connection)
    names = [vantage] if vantage else sorted(last)
    found: list[tuple[float, float]] | None = None
    for name in names:
        own = _gaps(connection, name, since, until)
        if name in last and until - last[name] > SILENT_S:
            own.append((max(last[name], since), until))
        if not vantage and first.get(name, since) > since:
            own.append((since, min(first[name], until)))
        found = own if found is None else _both(found, own)
    return sorted(found or [])


def _signs(connection: Connection) -> tuple[dict[str, float], dict[str, float]]:
    last: dict[str, float] = {}
    first: dict[str, float] = {}
    rows = connection.execute(
        select(meta.c.key, meta.c.value).where(or_(meta.c.key.startswith(HEARTBEAT), meta.c.key.startswith(BEGAN)))
    )
    for key, value in rows:
        kept, start = (last, HEARTBEAT) if key.startswith(HEARTBEAT) else (first, BEGAN)
        kept[key.removeprefix(start)] = float(value)
    return last, first


def heartbeats(connection: Connection) -> dict[str, float]:
    """Return the last sign of life of each vantage point (seconds since the epoch)."""
    return _signs(connection)[0]


def _gaps(connection: Connection, vantage: str, since: float, until: float) -> list[tuple[float, float]]:
    rows = connection.execute(
        select(gaps.c.since, gaps.c.until)
        .where(gaps.c.vantage == vantage, gaps.c.until > since, gaps.c.since < until)
        .order_by(gaps.c.since)
    )
    return [(max(row[0], since), min(row[1], until)) for row in rows]


def _both(left: Sequence[tuple[float, float]], right: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return what two lists of stretches have in common."""
    parts = ((max(a, c), min(b, d)) for a, b in left for c, d in right)
    return [(start, end) for start, end in parts if start < end]
