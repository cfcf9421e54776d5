"""Whether a share has fallen: the last days held against the four weeks before them, so that small numbers do not trip.

Two Beta posteriors (of a flat prior) over the share before and after; what counts is how surely the second is the lower
one. Messages of one day resemble each other, and days differ from each other: how much is estimated from the weeks before,
and a day counts by Kish's design effect for so many messages less. A share that was as low before (each weekend, say) has
not fallen, and neither has one that was low on a single day. Does not decide why it fell (`change.py` finds out when).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from math import exp, lgamma, log, log1p, sqrt

from truehelo.sources.change import Count, Share

WEEKS_DAYS = 28
"""What the last days are held against."""
STRETCHES = (2, 3, 4, 7)
"""How many of the last days are looked at, the shortest first: a large fall shows at once, a small one in a week."""
_HALVED = 0.5
"""Two days are enough where no more than this part of the share is left: two that are lower by less come by chance."""
LEAST_DAYS = 7
"""So many days with messages there must be before; with fewer nobody knows what is usual."""
SURE = 0.99999
_PRIOR = 1.0
_ALIKE_LEAST, _ALIKE_MOST = 0.02, 0.5
_ALIKE_FEW, _FEW = 0.06, 50.0
"""Of days with few messages, `_FEW` and less, the likeness cannot be told apart from chance: it is then held for this."""
_ALIKE_MARGIN = 1.5
"""Four weeks tell the likeness of messages badly, and too low a one makes false alarms."""
_STEPS = 200


NOTHING = Share(0, 0)


class Fallen(StrEnum):
    """What is known of a share."""

    FALLEN = "fallen"
    STEADY = "steady"
    UNKNOWN = "unknown"
    """Too few messages, or too few days: neither good nor bad."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """When a share has fallen.

    Args:
        least: The smallest fall of the share that matters.
        messages: So many messages there must be in the last days, and twice as many before.
        sure: How sure it must be that the share is lower.
    """

    least: float = 0.05
    messages: int = 50
    sure: float = SURE


@dataclass(frozen=True, slots=True, kw_only=True)
class Fall:
    """A share held against what it was. `days` is how many of the last days `after` is of, `since` the first of them."""

    state: Fallen
    days: int = 0
    since: int = 0
    before: Share = NOTHING
    after: Share = NOTHING
    sureness: float = 0.0


def fall(series: Iterable[Count], last: int, rules: Rules = Rules()) -> Fall:
    """Return whether a share has fallen by the day `last` (days since the epoch), which is the last that is complete.

    Args:
        series: Days, each once; what lies behind `last` is left out, and a day that is missing had no messages.
        last: The last day that everybody has reported on.
        rules: When a share has fallen.
    """
    days = {each.day: each for each in series if last - WEEKS_DAYS - STRETCHES[-1] < each.day <= last and each.messages}
    found = Fall(state=Fallen.UNKNOWN)
    for length in STRETCHES:
        first = last - length + 1
        before = [days[day] for day in range(first - WEEKS_DAYS, first) if day in days]
        after = [days[day] for day in range(first, last + 1) if day in days]
        held = _held(before, after, rules)
        if held is None:
            continue
        # The same days of the week: what is low on each weekend has not fallen on this one.
        alike = [each for each in before if any((each.day - day.day) % 7 == 0 for day in after)]
        sureness = min(_sureness(before, before, after, rules), _sureness(alike, before, after, rules))
        lasts = _lasts(after, held[0].value - rules.least) and (length > 2 or held[1].value <= _HALVED * held[0].value)
        rare = sureness >= rules.sure and lasts
        fallen = rare and _is_rare(days, first, length, held[1].value, rules)
        state = Fallen.FALLEN if fallen else Fallen.STEADY
        made = Fall(state=state, days=length, since=first, before=held[0], after=held[1], sureness=sureness)
        if fallen:
            return made
        found = made
    return found


def back(series: Iterable[Count], last: int, before: Share, rules: Rules = Rules()) -> Fall:
    """Return whether a share that had fallen from `before` is what it was, by the last days with enough messages."""
    days = {each.day: each for each in series if last - STRETCHES[-1] < each.day <= last}
    for length in STRETCHES:
        first = last - length + 1
        after = _together([days[day] for day in range(first, last + 1) if day in days])
        if after.messages >= rules.messages:
            well = after.value >= before.value - rules.least / 2
            state = Fallen.STEADY if well else Fallen.FALLEN
            return Fall(state=state, days=length, since=first, before=before, after=after)
    return Fall(state=Fallen.UNKNOWN, before=before)


def _together(days: Sequence[Count]) -> Share:
    return Share(sum(each.messages for each in days), sum(each.hits for each in days))


def _held(before: Sequence[Count], after: Sequence[Count], rules: Rules) -> tuple[Share, Share] | None:
    """The two shares; None when there is too little of one of them."""
    was, now = _together(before), _together(after)
    enough = len(before) >= LEAST_DAYS and now.messages >= rules.messages and was.messages >= 2 * rules.messages
    return (was, now) if enough else None


def _sureness(before: Sequence[Count], usual: Sequence[Count], after: Sequence[Count], rules: Rules) -> float:
    """How surely the share is lower now, by the likeness of `usual` days; 0.0 where it is not lower by enough to matter."""
    was, now = _together(before), _together(after)
    if not was.messages or was.value - now.value < rules.least:
        return 0.0
    weigh = partial(_weight, alike=likeness(usual))
    return lower(*_posterior(was, before, weigh), *_posterior(now, after, weigh))


def _posterior(share: Share, days: Sequence[Count], weigh: Callable[[int], float]) -> tuple[float, float]:
    size = sum(weigh(each.messages) for each in days)
    return size * share.value + _PRIOR, size * (1 - share.value) + _PRIOR


def _weight(messages: int, alike: float) -> float:
    """For how many messages, each for itself, those of a day count (Kish's design effect)."""
    return messages / (1 + (messages - 1) * alike)


def likeness(days: Sequence[Count]) -> float:
    """Return the correlation of messages within a day, by analysis of variance, within bounds.

    It is 0 where days differ no more than chance has them differ, and 1 where each day is all or nothing.
    """
    days = [each for each in days if each.messages]
    whole = _together(days)
    if len(days) < 2 or whole.messages <= len(days):
        return _ALIKE_MOST
    between = sum(each.messages * (each.hits / each.messages - whole.value) ** 2 for each in days) / (len(days) - 1)
    within = sum(each.hits * (each.messages - each.hits) / each.messages for each in days) / (whole.messages - len(days))
    squares = sum(each.messages**2 for each in days) / whole.messages
    size = (whole.messages - squares) / (len(days) - 1)
    spread = between + (size - 1) * within
    alike = (between - within) / spread if spread > 0 else 0.0
    least = _ALIKE_LEAST + (_ALIKE_FEW - _ALIKE_LEAST) / (1 + whole.messages / len(days) / _FEW)
    return min(_ALIKE_MOST, max(least, _ALIKE_MARGIN * alike))


def _lasts(after: Sequence[Count], bound: float) -> bool:
    """Tell whether five of seven days are low by themselves, all of two or three: a bad day is over before anybody acts."""
    low = sum(each.hits <= bound * each.messages for each in after)
    return low >= 2 and 7 * low >= 5 * len(after)


def _is_rare(days: dict[int, Count], first: int, length: int, value: float, rules: Rules) -> bool:
    """Tell whether hardly any stretch of the weeks before was about as low; those with few messages say nothing."""
    low = 0
    for start in range(first - WEEKS_DAYS, first - length + 1):
        share = _together([days[day] for day in range(start, start + length) if day in days])
        low += share.messages >= rules.messages / 2 and share.value <= value + rules.least / 2
    return low <= 2


def lower(a: float, b: float, c: float, d: float) -> float:
    """Return the probability that a share distributed as Beta(c, d) is lower than one distributed as Beta(a, b).

    By Simpson's rule over ten standard deviations of the first; exact to some 1e-6.
    """
    mean, spread = a / (a + b), sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))
    low, high = max(1e-9, mean - 10 * spread), min(1 - 1e-9, mean + 10 * spread)
    norm = lgamma(a + b) - lgamma(a) - lgamma(b)
    step = (high - low) / _STEPS
    total = weight = 0.0
    for index in range(_STEPS + 1):
        x = low + index * step
        factor = 1 if index in (0, _STEPS) else 4 if index % 2 else 2
        density = factor * exp(norm + (a - 1) * log(x) + (b - 1) * log1p(-x))
        total += density * below(x, c, d)
        weight += density
    return total / weight


def below(x: float, a: float, b: float) -> float:
    """Return the probability that a share distributed as Beta(a, b) is at most `x` (the regularised incomplete beta).

    By Lentz's method for its continued fraction (Abramowitz and Stegun 26.5.8).
    """
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - below(1.0 - x, b, a)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    c, d = 1.0, 1.0 / _away(1.0 - (a + b) * x / (a + 1))
    result = d
    for m in range(1, 500):
        for number in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1.0 / _away(1.0 + number * d)
            c = _away(1.0 + number / c)
            change = c * d
            result *= change
        if abs(change - 1.0) < 1e-12:
            break
    return min(1.0, front * result)


def _away(value: float) -> float:
    """Away from zero, which may not be divided by."""
    return value if abs(value) > 1e-300 else 1e-300
