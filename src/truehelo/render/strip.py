"""The state strip: how an address stood over time, as cells for a terminal and as shares of the time.

A cell shows the worst that was in its time, so that nothing short is lost in a long strip; the shares beside it say for how
long. A day of which only sums are kept counts by its sums, and colours each cell that it touches. Symbols differ, not only
colours.
"""

from collections.abc import Iterable, Mapping, Sequence

from truehelo.render.reading import Course
from truehelo.render.style import Style

ORDER = ("failing", "undetermined", "unwatched", "maintenance", "ok")
"""The worst first: of several states in one cell, the first is shown."""
CELLS = 60
DAY_S = 86_400.0
WORDS = {
    "ok": "ok",
    "failing": "failing",
    "undetermined": "cannot be seen",
    "maintenance": "maintenance",
    "unwatched": "not watched",
}
SIGNS = {"ok": "▁", "failing": "█", "undetermined": "░", "maintenance": "▒", "unwatched": "·"}
ASCII_SIGNS = {"ok": "_", "failing": "#", "undetermined": "?", "maintenance": "m", "unwatched": "."}
_COLORS = {"ok": "green", "failing": "red", "undetermined": "yellow", "maintenance": "blue", "unwatched": "dim"}

Piece = tuple[float, float, Mapping[str, float]]
"""A stretch of time, and for how long (seconds) what was in it."""


def pieces(course: Course) -> list[Piece]:
    """Return a course as pieces: its spans, but for the days of which the sums are kept."""
    days = [(day.since, day.since + DAY_S) for day in course.days]
    found: list[Piece] = []
    for span in course.spans:
        for since, until in _outside(span.since, span.until, days):
            found.append((since, until, {span.state: until - since}))
    for day in course.days:
        bad = {"failing": day.failing_s, "undetermined": day.undetermined_s, "unwatched": day.unwatched_s}
        rest = max(0.0, DAY_S - sum(bad.values()))
        since, until = max(day.since, course.since), min(day.since + DAY_S, course.until)
        if since < until:
            share = (until - since) / DAY_S
            kept = {**bad, "ok": rest}
            found.append((since, until, {state: length * share for state, length in kept.items() if length > 0}))
    return sorted(found, key=lambda piece: piece[0])


def _outside(since: float, until: float, holes: Sequence[tuple[float, float]]) -> Iterable[tuple[float, float]]:
    at = since
    for start, stop in holes:
        if stop <= at or start >= until:
            continue
        if start > at:
            yield at, start
        at = stop
    if at < until:
        yield at, until


def seconds(course: Course) -> dict[str, float]:
    """Return for how long (seconds) an address was in each state, the worst first."""
    total = dict.fromkeys(ORDER, 0.0)
    for _, _, kept in pieces(course):
        for state, length in kept.items():
            total[state] += length
    return {state: length for state, length in total.items() if length > 0}


def cells(course: Course, count: int = CELLS) -> list[str]:
    """Return the state of each of `count` equal parts of a course: the worst that was in it."""
    length = (course.until - course.since) / count
    found: list[set[str]] = [set() for _ in range(count)]
    for since, until, kept in pieces(course):
        first = int((since - course.since) / length)
        last = -int(-(until - course.since) // length)  # the first cell that begins at its end or later
        for index in range(max(0, first), min(count, last)):
            found[index] |= set(kept)
    return [next((state for state in ORDER if state in states), "unwatched") for states in found]


def runs(course: Course, count: int) -> list[tuple[str, int, int]]:
    """Return cells that follow each other in the same state as one: state, first cell, how many."""
    result: list[tuple[str, int, int]] = []
    for index, state in enumerate(cells(course, count)):
        if result and result[-1][0] == state:
            _, first, many = result.pop()
            result.append((state, first, many + 1))
        else:
            result.append((state, index, 1))
    return result


def shares(total: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return the share of each state in the whole time, "ok" first and then the worst first, in words of `percent`."""
    whole = sum(total.values())
    order = ("ok", *(state for state in ORDER if state != "ok"))
    return [(state, percent(total[state] / whole)) for state in order if total.get(state, 0.0) > 0]


def percent(share: float) -> str:
    """Write a share with as many digits as it takes: never 0% or 100% of more than nothing, or of less than all."""
    if share in (0.0, 1.0):
        return f"{share * 100:.0f}%"
    for digits in range(1, 5):
        text = f"{share * 100:.{digits}f}"
        if float(text) not in (0.0, 100.0):
            return f"{text}%"
    return "less than 0.0001%" if share < 0.5 else "more than 99.9999%"


def said(total: Mapping[str, float]) -> str:
    """Say the shares in one line: "97.9% ok, 2.1% failing"."""
    return ", ".join(f"{share} {WORDS[state]}" for state, share in shares(total)) or "nothing is known"


def draw(course: Course, style: Style, count: int = CELLS) -> str:
    """Return a strip for a terminal, as many columns wide as it has cells."""
    signs = ASCII_SIGNS if style.look.ascii else SIGNS
    return "".join(style.paint(signs[state] * many, _COLORS[state]) for state, _, many in runs(course, count))


def plain(course: Course, count: int = CELLS) -> str:
    """Return a strip as text without colours."""
    return "".join(SIGNS[state] for state in cells(course, count))


def legend(style: Style, states: Iterable[str] = ORDER) -> str:
    """Say what the symbols mean, of those states that there are."""
    signs = ASCII_SIGNS if style.look.ascii else SIGNS
    shown = set(states)
    return "  ".join(
        f"{style.paint(signs[state], _COLORS[state])} {WORDS[state]}" for state in reversed(ORDER) if state in shown
    )
