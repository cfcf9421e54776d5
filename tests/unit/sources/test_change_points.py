"""When a share changed: what is found, what chance is not taken for, and how often the day that is told is right."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from truehelo.sources.change import CORRELATION, Count, changes

DAYS = 60


def steady(rng: random.Random, share: float, mean: float, alike: float = 0.0) -> list[Count]:
    """Days with one share; `alike` is how much messages of a day are treated alike (0: each for itself)."""
    return drawn(rng, [share] * DAYS, mean, alike)


def drawn(rng: random.Random, shares: list[float], mean: float, alike: float = 0.0) -> list[Count]:
    found = []
    for day, share in enumerate(shares):
        messages = int(rng.expovariate(1 / mean))
        if alike and 0 < share < 1:
            whole = 1 / alike - 1
            share = rng.betavariate(share * whole, (1 - share) * whole)  # noqa: PLW2901
        found.append(Count(day, messages, sum(rng.random() < share for _ in range(messages))))
    return found


def stretch(first: int, *pairs: tuple[int, int]) -> list[Count]:
    return [Count(first + place, messages, hits) for place, (messages, hits) in enumerate(pairs)]


@pytest.mark.parametrize(
    ("what", "series"),
    [
        ("nothing at all", []),
        ("one day", [Count(5, 900, 900)]),
        ("days without messages", stretch(0, *[(0, 0)] * 9)),
        ("nothing was ever refused", stretch(0, *[(50, 0)] * 30)),
        ("everything was always refused", stretch(0, *[(50, 50)] * 30)),
        ("one message a day, and the last one is refused", stretch(0, *[(1, 0)] * 20, (1, 1))),
        ("one message a day, and the last three are refused", stretch(0, *[(1, 0)] * 3, *[(1, 1)] * 3)),
        ("three messages, all refused, after ten that were not", stretch(0, (10, 0), (3, 3))),
        ("a large day of one campaign", stretch(0, *[(20, 1)] * 10, (5000, 900), *[(20, 1)] * 10)),
        ("certain, and too small to matter", stretch(0, *[(5000, 50)] * 60, *[(5000, 300)] * 60)),
    ],
)
def test_no_change_is_told_of(what: str, series: list[Count]) -> None:
    assert changes(series) == (), what


@pytest.mark.parametrize(
    ("what", "series", "expected"),
    [
        ("from nothing to everything", stretch(0, *[(10, 0)] * 10, *[(10, 10)] * 5), [(10, 10, 10)]),
        ("days without mail before it", [*stretch(0, *[(9, 0)] * 9), *stretch(12, *[(9, 9)] * 9)], [(12, 9, 12)]),
        (
            "in the course of a day",
            stretch(0, *[(20, 0)] * 10, (20, 9), *[(20, 20)] * 10),
            [(10, 10, 11)],
        ),
        ("and back again", stretch(0, *[(9, 0)] * 9, *[(9, 9)] * 4, *[(9, 0)] * 9), [(9, 9, 9), (13, 13, 13)]),
        ("for the better", stretch(0, *[(10, 9)] * 12, *[(10, 0)] * 12), [(12, 12, 12)]),
    ],
)
def test_a_change_is_told_with_its_days(what: str, series: list[Count], expected: list[tuple[int, int, int]]) -> None:
    random.Random(1).shuffle(series)  # noqa: S311
    found = changes(series)
    assert [(each.day, each.earliest, each.latest) for each in found] == expected, what


def test_shares_before_and_after_count_each_message_once() -> None:
    [found] = changes([*stretch(0, *[(100, 2)] * 20), *stretch(20, *[(300, 270)] * 10)])
    assert (found.before.messages, found.before.hits) == (2000, 40)
    assert (found.after.messages, found.after.hits) == (3000, 2700)
    assert found.size == pytest.approx(0.88)
    assert found.bayes > 3


def test_counts_of_one_day_are_added_up() -> None:
    apart = [Count(day, 5, hits) for day in range(20) for hits in ((0, 0) if day < 10 else (5, 5))]
    together = [Count(day, 10, 0 if day < 10 else 10) for day in range(20)]
    assert changes(apart) == changes(together)


@pytest.mark.parametrize("count", [Count(0, 3, 4), Count(0, 3, -1), Count(0, -1, -1)])
def test_counts_that_cannot_be_are_refused(count: Count) -> None:
    with pytest.raises(ValueError, match="messages on day 0"):
        changes([count])


def test_chance_is_taken_for_a_change_in_no_series_of_many() -> None:
    """600 steady series: shares from none to half, from one message a day to fifty, alike within days as is assumed."""
    false = 0
    for seed in range(600):
        rng = random.Random(seed)  # noqa: S311
        share, mean = rng.choice([0.0, 0.01, 0.05, 0.3, 0.5]), rng.choice([1, 3, 10, 50])
        false += bool(changes(steady(rng, share, mean, rng.choice([0.0, CORRELATION]))))
    assert false <= 1, f"{false} of 600"


@pytest.mark.parametrize(
    ("mean", "before", "after", "least"),
    [(2, 0.02, 0.6, 0.85), (5, 0.0, 1.0, 1.0), (20, 0.05, 0.3, 0.85), (50, 0.02, 0.6, 1.0), (50, 0.9, 0.2, 1.0)],
)
def test_a_change_is_found_and_its_day_lies_where_it_is_said_to(
    mean: float, before: float, after: float, least: float
) -> None:
    found = right = 0
    for seed in range(60):
        rng = random.Random(seed)  # noqa: S311
        told = changes(drawn(rng, [before] * 40 + [after] * 20, mean))
        found += len(told) == 1
        right += len(told) == 1 and told[0].earliest <= 40 <= told[0].latest
    assert found >= least * 60, f"found in {found} of 60"
    assert right >= 0.9 * found, f"right in {right} of {found}"


counts = st.builds(
    lambda day, messages, part: Count(day, messages, int(messages * part)),
    st.integers(0, 500),
    st.integers(0, 10**7),
    st.floats(0, 1),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(counts, max_size=60))
def test_any_counts_have_an_answer_whose_days_are_in_order(series: list[Count]) -> None:
    found = changes(series)
    assert list(found) == sorted(found, key=lambda each: each.day)
    for each in found:
        assert each.earliest <= each.day <= each.latest
        assert abs(each.size) >= 0.1
        assert each.bayes >= 2.9
