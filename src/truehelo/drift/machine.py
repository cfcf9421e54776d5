"""The state machine of one subject in one tag: ok, suspect, failing, recovering.

Only what was seen moves it. Silence (`Seen.UNDETERMINED`) leaves everything where it is: it is an overlay of the
subject, not a state of the tag. A change is believed after so many looks in a row that agree: fewer when the
authoritative servers or a second resolver said so, more when a single resolver is all that there is. Times are
seconds since the epoch. Does not decide what was seen (`sighting.py`), nor who is told.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from truehelo.monitoring import Seen, State

RECHECKS_S = (60.0, 300.0, 900.0)
"""After a suspected change it is looked again at once, and so long after the first sight of it, unless told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How many looks in a row must agree before a change is believed.

    Args:
        failing: Looks that see it failing, when they are sure.
        recovering: Looks that see it well, when they are sure.
        unsure: Looks, for either, when only one resolver could be heard.
    """

    failing: int = 3
    recovering: int = 3
    unsure: int = 5


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands in a tag.

    `count` is of the looks that agree with where it is heading; `since` is when it was first seen failing (this time), and
    `turned` when the present state began: the first look of a suspicion or of a recovery.
    """

    state: State
    count: int
    since: float
    turned: float


WELL = Standing(State.OK, 0, 0.0, 0.0)


def step(standing: Standing, seen: Seen, at: float, *, sure: bool, thresholds: Thresholds) -> Standing:
    """Return how the subject stands after one more look. `WELL` means that nothing needs to be kept."""
    if seen is Seen.UNDETERMINED:
        return standing
    bad = seen is Seen.BAD
    if standing.state in (State.OK, State.SUSPECT):
        if not bad:
            return WELL
        if standing.state is State.OK:
            standing = Standing(State.SUSPECT, 0, at, at)
        return _counted(standing, State.FAILING, thresholds.failing if sure else thresholds.unsure, at)
    if bad:
        if standing.state is State.FAILING:
            return standing
        return Standing(State.FAILING, 0, standing.since, at)
    if standing.state is State.FAILING:
        standing = Standing(State.RECOVERING, 0, standing.since, at)
    return _counted(standing, State.OK, thresholds.recovering if sure else thresholds.unsure, at)


def _counted(standing: Standing, then: State, needed: int, at: float) -> Standing:
    count = standing.count + 1
    if count < needed:
        return replace(standing, count=count)
    return WELL if then is State.OK else Standing(then, 0, standing.since, at)


def next_look(standing: Standing, at: float, rechecks_s: Sequence[float] = RECHECKS_S) -> float | None:
    """Return when a change under way is looked at again before its regular time; None when there is no hurry."""
    if standing.state not in (State.SUSPECT, State.RECOVERING):
        return None
    return next((standing.turned + offset for offset in rechecks_s if standing.turned + offset > at), None)
