"""When a share changed: change points in days of counts, each with how uncertain its day is.

Exact Bayesian inference over binomial counts: a stretch of days has one share, whose prior is Jeffreys' Beta(1/2, 1/2); a
change must make the counts `BAYES` times as likely as no change does, over all days on which it could lie ("very strong" by
Kass and Raftery, J. Am. Stat. Assoc. 90 (1995), is 150). Messages of one day resemble each other, as one campaign is
treated alike: a day counts as Kish's design effect says, so that a large day does not outvote ten small ones. Does not
decide what caused a change.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from math import exp, inf, lgamma, log
from operator import mul

BAYES = 1000.0
"""How many times as likely a change must make the counts. It bounds false alarms: at most one steady series in so many."""
LEAST = 0.1
"""Of how much of the messages a change is worth telling; smaller ones may be certain, and do not matter."""
CORRELATION = 0.05
"""How alike messages of one day are treated: however many there are, a day counts as 1 / CORRELATION of them at most."""
MASS = 0.95
"""How much of the probability the days `earliest` to `latest` hold."""
MOST_DAYS = 400
_PRIOR = 0.5
_NORM = 2 * lgamma(_PRIOR) - lgamma(2 * _PRIOR)


@dataclass(frozen=True, slots=True)
class Count:
    """A day (days since the epoch), its messages, and how many of them count as hits."""

    day: int
    messages: int
    hits: int


@dataclass(frozen=True, slots=True)
class Share:
    """Hits of messages over several days."""

    messages: int
    hits: int

    @property
    def value(self) -> float:
        """The share; 0.0 of nothing."""
        return self.hits / self.messages if self.messages else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A share that changed: on `day`, and with the probability of `MASS` not before `earliest` nor after `latest`.

    `day` is the first day that is like those after it, or the day in the course of which it changed. `before` and `after`
    are the shares up to the neighbouring changes. `bayes` is the decimal logarithm of the Bayes factor.
    """

    day: int
    earliest: int
    latest: int
    before: Share
    after: Share
    bayes: float

    @property
    def size(self) -> float:
        """By how much the share grew; negative when it fell."""
        return self.after.value - self.before.value


def changes(
    series: Iterable[Count], *, bayes: float = BAYES, least: float = LEAST, correlation: float = CORRELATION
) -> tuple[Change, ...]:
    """Return the changes of a series, the oldest first; none where chance alone explains it.

    Args:
        series: Days in any order; several counts of one day are added up, days without messages say nothing. Of more than
            `MOST_DAYS` days the last ones are looked at.
        bayes: How many times as likely each change must make the counts.
        least: The smallest change of the share that is told.
        correlation: How alike messages of one day are treated, 0 (each for itself) to 1 (a day is one vote).

    Raises:
        ValueError: A count that cannot be: fewer messages than hits, or fewer than none.
    """
    days = _days(series)[-MOST_DAYS:]
    if len(days) < 2:
        return ()
    weighed = _Weighed(days, correlation)
    cuts = _segments(weighed, log(bayes) + log(len(days) - 1))
    cuts = _large(days, cuts, least)
    return _told(weighed, cuts, least)


def gain(messages: Sequence[int], hits: Sequence[int], cuts: Iterable[int]) -> float:
    """Return the logarithm of how many times as likely counts are with one change, at the best of some places.

    As `changes` weighs them, and for many series at once: what costs is one pass over the days.

    Args:
        messages: Of each day, none of them without.
        hits: How many of them are hits; that it is the others makes no difference.
        cuts: Where the change may be: how many days lie before it.
    """
    weights = [1 / (1 + (count - 1) * CORRELATION) for count in messages]
    of_hits = [0.0, *accumulate(map(mul, hits, weights))]
    of_all = [0.0, *accumulate(map(mul, messages, weights))]
    whole, whole_hits = of_all[-1], of_hits[-1]
    apart = (
        _likelihood(of_hits[cut], of_all[cut]) + _likelihood(whole_hits - of_hits[cut], whole - of_all[cut]) for cut in cuts
    )
    return max(apart, default=-inf) - _likelihood(whole_hits, whole)


def _likelihood(hits: float, messages: float) -> float:
    """Return the logarithm of how likely hits of messages, in weight, are with one share for all of them."""
    hits, misses = max(0.0, hits) + _PRIOR, max(0.0, messages - hits) + _PRIOR
    return lgamma(hits) + lgamma(misses) - lgamma(hits + misses) - _NORM


def _days(series: Iterable[Count]) -> list[Count]:
    found: dict[int, Count] = {}
    for each in series:
        if not 0 <= each.hits <= each.messages:
            raise ValueError(f"{each.hits} of {each.messages} messages on day {each.day}")
        held = found.get(each.day)
        if held is not None:
            each = Count(each.day, held.messages + each.messages, held.hits + each.hits)  # noqa: PLW2901
        found[each.day] = each
    return [found[day] for day in sorted(found) if found[day].messages]


class _Weighed:
    """Days with the weight that each has, summed up so that any stretch costs the same to judge."""

    def __init__(self, days: Sequence[Count], correlation: float) -> None:
        self.days = days
        weights = [each.messages / (1 + (each.messages - 1) * correlation) for each in days]
        self.hits = [0.0, *accumulate(weight * d.hits / d.messages for weight, d in zip(weights, days, strict=True))]
        self.misses = [
            0.0,
            *accumulate(weight * (d.messages - d.hits) / d.messages for weight, d in zip(weights, days, strict=True)),
        ]

    def likelihood(self, first: int, end: int) -> float:
        """Return the logarithm of how likely the days from `first` on are, up to `end`, with one share for all of them."""
        hits, misses = self.hits[end] - self.hits[first], self.misses[end] - self.misses[first]
        return _likelihood(hits, hits + misses)

    def share(self, first: int, end: int) -> Share:
        """Return the share of those days, each message counted once."""
        days = self.days[first:end]
        return Share(sum(each.messages for each in days), sum(each.hits for each in days))


def _pure(each: Count) -> int:
    return -1 if each.hits == 0 else 1 if each.hits == each.messages else 0


def _segments(weighed: _Weighed, price: float) -> list[int]:
    """Return where the most likely segmentation cuts, when each cut costs `price`: indices of first days.

    Within days that are all without, or all nothing but, hits the likelihood is convex in where it is cut: the best cut of
    such a run is at one of its ends, and no other is tried.
    """
    days = weighed.days
    places = [0] + [
        index for index in range(1, len(days)) if not (_pure(days[index]) and _pure(days[index]) == _pure(days[index - 1]))
    ]
    places.append(len(days))
    best, back = [0.0], [0]
    for end in range(1, len(places)):
        options = (
            (best[start] + weighed.likelihood(places[start], places[end]) - (price if start else 0.0), start)
            for start in range(end)
        )
        score, start = max(options, key=lambda option: (option[0], -option[1]))
        best.append(score)
        back.append(start)
    cuts, at = [], back[-1]
    while at:
        cuts.append(places[at])
        at = back[at]
    return cuts[::-1]


def _sizes(days: Sequence[Count], cuts: Sequence[int]) -> list[float]:
    """Return by how much the share changes at each cut."""
    edges = [0, *cuts, len(days)]
    shares = []
    for first, end in pairwise(edges):
        messages = sum(each.messages for each in days[first:end])
        shares.append(sum(each.hits for each in days[first:end]) / messages)
    return [after - before for before, after in pairwise(shares)]


def _large(days: Sequence[Count], cuts: list[int], least: float) -> list[int]:
    """Drop the smallest change until all are large enough; its neighbours then have one share, and are measured anew.

    A day between two shares is the day of the change itself: it makes no change small.
    """
    cuts = list(cuts)
    while cuts:
        sizes = _sizes(days, cuts)
        small = [
            (abs(size), index)
            for index, size in enumerate(sizes)
            if abs(size) < least and not _passing(cuts, sizes, index) and not (index and _passing(cuts, sizes, index - 1))
        ]
        if not small:
            break
        del cuts[min(small)[1]]
    return cuts


def _passing(cuts: Sequence[int], sizes: Sequence[float], index: int) -> bool:
    """Tell whether between this cut and the next lies one day alone, whose share lies between those beside it."""
    return index + 1 < len(cuts) and cuts[index + 1] - cuts[index] == 1 and sizes[index] * sizes[index + 1] > 0


def _told(weighed: _Weighed, cuts: list[int], least: float) -> tuple[Change, ...]:
    sizes, found = _sizes(weighed.days, cuts), []
    edges = [0, *cuts, len(weighed.days)]
    index = 0
    while index < len(cuts):
        first = _change(weighed, edges[index], cuts[index], edges[index + 2])
        if _passing(cuts, sizes, index):
            # It changed in the course of that day.
            second = _change(weighed, edges[index + 1], cuts[index + 1], edges[index + 3])
            first = replace(
                first,
                latest=max(first.latest, second.latest),
                after=second.after,
                bayes=max(first.bayes, second.bayes),
            )
            index += 1
        if abs(first.size) >= least:
            found.append(first)
        index += 1
    return tuple(found)


def _change(weighed: _Weighed, first: int, cut: int, end: int) -> Change:
    """Return the change at `cut`, the only one of the days from `first` to `end`, and how uncertain its day is."""
    none = weighed.likelihood(first, end)
    gains = [weighed.likelihood(first, at) + weighed.likelihood(at, end) - none for at in range(first + 1, end)]
    top = max(gains)
    masses = [exp(gain - top) for gain in gains]
    low, high = _narrowest(masses, cut - first - 1)
    return Change(
        day=weighed.days[cut].day,
        # Days without messages before it say nothing: it may have changed on any of them.
        earliest=weighed.days[first + low].day + 1,
        latest=weighed.days[first + 1 + high].day,
        before=weighed.share(first, cut),
        after=weighed.share(cut, end),
        bayes=(top + log(sum(masses) / len(masses))) / log(10),
    )


def _narrowest(masses: Sequence[float], at: int) -> tuple[int, int]:
    """Return the places around `at` that hold `MASS` of all, taking the larger neighbour each time."""
    low = high = at
    wanted, held = MASS * sum(masses), masses[at]
    while held < wanted:
        left = masses[low - 1] if low > 0 else -1.0
        right = masses[high + 1] if high + 1 < len(masses) else -1.0
        if left >= right:
            low -= 1
            held += left
        else:
            high += 1
            held += right
    return low, high
