"""Whether a share has fallen: small numbers do not trip, nor weekends, nor a bad day; a true fall is found, and its end.

The simulation of many years is `python tests/unit/sources/test_share_fallen.py SEEDS` (as `PYTHONPATH=src`); it prints the
false alarms of each kind of domain.
"""

import random
import sys
from collections.abc import Iterator
from itertools import product
from math import exp, lgamma, log

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truehelo.sources.change import Count, Share
from truehelo.sources.drop import WEEKS_DAYS, Fallen, back, below, fall, likeness, lower

LAST = 59


def days(*stretches: tuple[int, int, int]) -> list[Count]:
    """So many days with so many messages and hits each, the last of them on `LAST`."""
    each = [(messages, hits) for length, messages, hits in stretches for _ in range(length)]
    return [Count(LAST - len(each) + 1 + place, *one) for place, one in enumerate(each)]


ROWS = [
    ("nine of ten fail since three days", [(30, 200, 190), (3, 200, 20)], Fallen.FALLEN),
    ("a third fails since three days", [(30, 500, 490), (3, 500, 330)], Fallen.FALLEN),
    ("a small domain, of whose mail nothing passes since a week", [(35, 12, 12), (7, 12, 0)], Fallen.FALLEN),
    ("a large one, that loses ten of a hundred since a week", [(35, 9000, 8900), (7, 9000, 7950)], Fallen.FALLEN),
    ("nothing changes", [(30, 200, 190), (3, 200, 190)], Fallen.STEADY),
    ("a fall that is too small to matter", [(30, 90_000, 89_000), (3, 90_000, 86_000)], Fallen.STEADY),
    ("one bad day", [(30, 200, 190), (1, 200, 20)], Fallen.STEADY),
    ("a bad day, and a good one after it", [(30, 200, 190), (1, 200, 20), (1, 200, 190)], Fallen.STEADY),
    ("it rises", [(30, 200, 20), (3, 200, 190)], Fallen.STEADY),
    ("a hundred messages a day, two of which fail more", [(30, 100, 97), (3, 100, 95)], Fallen.STEADY),
    ("one message a day, the last three of which fail", [(30, 1, 1), (3, 1, 0)], Fallen.UNKNOWN),
    ("three messages a day, all of which fail since two days", [(30, 3, 3), (2, 3, 0)], Fallen.UNKNOWN),
    ("no mail at all", [], Fallen.UNKNOWN),
    ("three days of history", [(3, 200, 190), (3, 200, 20)], Fallen.UNKNOWN),
    ("all of it was low before already", [(30, 200, 20), (3, 200, 20)], Fallen.STEADY),
]


@pytest.mark.parametrize(("sentence", "stretches", "expected"), ROWS, ids=[row[0] for row in ROWS])
def test_what_has_fallen(sentence: str, stretches: list[tuple[int, int, int]], expected: Fallen) -> None:
    found = fall(days(*stretches), LAST)
    assert found.state is expected, sentence
    if expected is Fallen.FALLEN:
        assert found.after.value < found.before.value
        assert LAST - 7 < found.since <= LAST - 1


def test_what_is_low_each_weekend_has_not_fallen_on_this_one() -> None:
    week = [(200, 195)] * 5 + [(60, 20)] * 2
    series = [Count(LAST - 41 + place, *week[place % 7]) for place in range(42)]
    assert fall(series, LAST).state is Fallen.STEADY


def test_what_falls_below_its_weekends_has() -> None:
    week = [(200, 195)] * 5 + [(60, 45)] * 2
    series = [Count(LAST - 41 + place, *week[place % 7]) for place in range(42)]
    fallen = [Count(each.day, each.messages, each.messages // 10) if each.day > LAST - 4 else each for each in series]
    assert fall(fallen, LAST).state is Fallen.FALLEN


BACK = [
    ("all is as it was", [(3, 200, 190)], Fallen.STEADY),
    ("nearly all", [(3, 200, 186)], Fallen.STEADY),
    ("half of it", [(3, 200, 100)], Fallen.FALLEN),
    ("hardly any mail", [(3, 2, 2)], Fallen.UNKNOWN),
    ("none", [], Fallen.UNKNOWN),
    ("little mail, over a week", [(7, 10, 10)], Fallen.STEADY),
]


@pytest.mark.parametrize(("sentence", "stretches", "expected"), BACK, ids=[row[0] for row in BACK])
def test_when_it_is_back(sentence: str, stretches: list[tuple[int, int, int]], expected: Fallen) -> None:
    assert back(days(*stretches), LAST, Share(6000, 5700)).state is expected, sentence


# The arithmetic


@pytest.mark.parametrize(
    ("x", "a", "b", "expected"),
    [
        (0.5, 1, 1, 0.5),
        (0.3, 1, 1, 0.3),
        (0.5, 7, 7, 0.5),
        (0.25, 2, 1, 0.0625),  # x²
        (0.25, 1, 3, 1 - 0.75**3),
        (0.5, 0.5, 0.5, 0.5),
        (0.0, 3, 4, 0.0),
        (1.0, 3, 4, 1.0),
    ],
)
def test_the_incomplete_beta_is_what_it_is_where_it_can_be_written_down(
    x: float, a: float, b: float, expected: float
) -> None:
    assert below(x, a, b) == pytest.approx(expected, abs=1e-12)


@given(st.integers(1, 400), st.integers(1, 400), st.floats(0.001, 0.999))
@settings(max_examples=100, deadline=None)
def test_the_incomplete_beta_is_the_tail_of_a_binomial(a: int, b: int, x: float) -> None:
    """I_x(a, b) is the probability of a hits or more in a + b - 1 tries."""
    n = a + b - 1
    whole = lgamma(n + 1)
    tail = sum(exp(whole - lgamma(k + 1) - lgamma(n - k + 1) + k * log(x) + (n - k) * log(1 - x)) for k in range(a, n + 1))
    assert below(x, a, b) == pytest.approx(tail, abs=1e-7)


@given(st.floats(1, 5000), st.floats(1, 5000), st.floats(1, 5000), st.floats(1, 5000))
@settings(max_examples=100, deadline=None)
def test_of_two_shares_one_is_the_lower(a: float, b: float, c: float, d: float) -> None:
    assert lower(a, b, c, d) + lower(c, d, a, b) == pytest.approx(1.0, abs=0.02)
    assert lower(a, b, a, b) == pytest.approx(0.5, abs=0.02)


def test_days_that_are_all_or_nothing_are_alike_and_even_days_are_not() -> None:
    assert likeness([Count(day, 100, 100 * (day % 2)) for day in range(28)]) == 0.5
    assert likeness([Count(day, 100, 50) for day in range(28)]) == pytest.approx(0.02 + 0.04 / 3)
    assert likeness([Count(day, 10**7, 5 * 10**6) for day in range(28)]) == pytest.approx(0.02, abs=1e-4)


@given(st.lists(st.tuples(st.integers(0, 70), st.integers(0, 10**7), st.floats(0, 1)), max_size=60), st.integers(0, 80))
@settings(max_examples=200, deadline=None)
def test_any_series_is_judged(rows: list[tuple[int, int, float]], last: int) -> None:
    series = list({day: Count(day, messages, int(messages * share)) for day, messages, share in rows}.values())
    found = fall(series, last)
    assert found.state in Fallen
    assert 0.0 <= found.sureness <= 1.0
    assert back(series, last, Share(100, 90)).state in Fallen


# False alarms, counted


def drawn(seed: int, volume: float, share: float, alike: float, weekend: float, length: int) -> Iterator[Count]:
    """A domain that goes on as it does: days differ by `alike`, weekends have less mail, of another share."""
    rng = random.Random(f"{seed} {volume} {share} {alike} {weekend}")  # noqa: S311  made up by seed
    for day in range(length):
        free = day % 7 in (5, 6) and weekend < 1
        mean = volume * (0.3 if free else 1.0) * rng.lognormvariate(0, 0.3)
        messages = max(0, round(rng.gauss(mean, mean**0.5)))
        p = share * (weekend if free else 1.0)
        if alike:
            p = rng.betavariate(p * (1 / alike - 1), (1 - p) * (1 / alike - 1))
        hits = (
            sum(rng.random() < p for _ in range(messages))
            if messages < 60
            else round(rng.gauss(messages * p, (messages * p * (1 - p)) ** 0.5))
        )
        yield Count(day, messages, min(messages, max(0, hits)))


def alarms(series: list[Count]) -> int:
    """How often it would have been told, watched daily."""
    found, before = 0, None
    for last in range(WEEKS_DAYS, len(series)):
        window = series[max(0, last - 36) : last + 1]
        if before is None:
            state = fall(window, last)
            if state.state is Fallen.FALLEN:
                found, before = found + 1, state.before
        elif back(window, last, before).state is Fallen.STEADY:
            before = None
    return found


KINDS = list(product((10, 60, 400, 20_000), (0.7, 0.95, 0.99), (0.0, 0.02, 0.08), (1.0, 0.7)))
"""Volume a day, share, likeness of a day's messages, and how much lower the share is on weekends."""


def test_domains_that_go_on_as_they_do_raise_no_alarm() -> None:
    """Twelve domain years, a half of one for each third kind; over some hundred there is one (ADR 18)."""
    found = sum(alarms(list(drawn(1, *kind, length=182 + WEEKS_DAYS))) for kind in KINDS[::3])
    assert found == 0


def test_a_true_fall_is_found_within_a_few_days() -> None:
    """Ninety-five of a hundred passed, and then seventy: a domain of some volume hears of it within four days."""
    waited = []
    for seed in range(8):
        steady = list(drawn(seed, 400, 0.95, 0.02, 1.0, 40))
        broken = [Count(each.day + 40, each.messages, each.hits) for each in drawn(seed + 50, 400, 0.7, 0.02, 1.0, 10)]
        series = steady + broken
        found = (last - 39 for last in range(40, 50) if fall(series[: last + 1], last).state is Fallen.FALLEN)
        waited.append(next(found, 99))
    assert sorted(waited)[len(waited) // 2] <= 3
    assert max(waited) <= 7


if __name__ == "__main__":
    seeds, years, whole = int(sys.argv[1]), 0, 0
    for kind in KINDS:
        count = sum(alarms(list(drawn(seed, *kind, length=365 + WEEKS_DAYS))) for seed in range(seeds))
        years, whole = years + seeds, whole + count
        if count:
            sys.stdout.write(
                f"volume {kind[0]}, share {kind[1]}, alike {kind[2]}, weekends {kind[3]}: {count} of {seeds}\n"
            )
    sys.stdout.write(f"{whole} false alarms in {years} domain years\n")
