"""The strip: what each cell shows, how the time is shared out, and that neither hides what is short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.render import strip
from truehelo.render.look import Look
from truehelo.render.reading import Course, Day, Span
from truehelo.render.style import Style, columns

HOUR, DAY = 3600.0, 86_400.0


def course(*stretches: tuple[str, float], days: tuple[Day, ...] = (), since: float = 0.0) -> Course:
    """A course of stretches that follow each other, each with its length."""
    at, spans = since, []
    for state, length in stretches:
        spans.append(Span(state, at, at + length))
        at += length
    return Course(since=since, until=at, spans=tuple(spans), days=days)


@pytest.mark.parametrize(
    ("stretches", "drawn"),
    [
        ([("ok", 4.0)], "▁▁▁▁"),
        ([("ok", 3.0), ("failing", 1.0)], "▁▁▁█"),
        ([("ok", 3.5), ("failing", 0.001), ("ok", 0.499)], "▁▁▁█"),  # however short a failure is, it shows
        ([("ok", 2.0), ("undetermined", 0.01), ("ok", 1.99)], "▁▁░▁"),
        ([("undetermined", 0.9), ("failing", 0.1), ("ok", 3.0)], "█▁▁▁"),  # what failed outweighs what was not seen
        ([("maintenance", 0.5), ("ok", 3.5)], "▒▁▁▁"),
        ([("unwatched", 0.5), ("maintenance", 0.5), ("ok", 3.0)], "·▁▁▁"),
        ([("unwatched", 2.5), ("ok", 1.5)], "···▁"),
        ([("ok", 1.0), ("failing", 1.0), ("ok", 2.0)], "▁█▁▁"),  # an end at the border of a cell is not in the next one
    ],
)
def test_a_cell_shows_the_worst_of_its_time(stretches: list[tuple[str, float]], drawn: str) -> None:
    assert strip.plain(course(*stretches), 4) == drawn


def test_in_ascii_every_state_has_a_sign_of_its_own() -> None:
    whole = course(*((state, 1.0) for state in strip.ORDER))
    assert strip.draw(whole, Style(Look(ascii=True)), 5) == "#?.m_"
    assert len(set(strip.SIGNS.values())) == len(set(strip.ASCII_SIGNS.values())) == len(strip.ORDER)


def test_colours_add_nothing_that_the_signs_do_not_say() -> None:
    whole = course(("ok", 1.0), ("failing", 1.0))
    assert strip.draw(whole, Style(Look(color=True)), 2) == "\x1b[32m▁\x1b[0m\x1b[31m█\x1b[0m"


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0%"),
        (1.0, "100%"),
        (0.5, "50.0%"),
        (0.0004, "0.04%"),
        (0.9996, "99.96%"),
        (0.999_996, "99.9996%"),
        (0.000_000_1, "less than 0.0001%"),
        (0.999_999_9, "more than 99.9999%"),
    ],
)
def test_a_share_is_never_rounded_to_nothing_or_to_all(share: float, words: str) -> None:
    assert strip.percent(share) == words


def test_shares_begin_with_what_is_good_and_leave_out_what_there_was_not() -> None:
    assert strip.said({"failing": 1.0, "undetermined": 1.0, "ok": 2.0}) == "50.0% ok, 25.0% failing, 25.0% cannot be seen"
    assert strip.said({}) == "nothing is known"


def test_a_day_of_which_the_sums_are_kept_counts_by_its_sums() -> None:
    day = Day(since=DAY, failing_s=HOUR, undetermined_s=2 * HOUR, unwatched_s=0.0)
    whole = course(("ok", 4 * DAY), days=(day,))
    assert strip.seconds(whole) == {"failing": HOUR, "undetermined": 2 * HOUR, "ok": 4 * DAY - 3 * HOUR}
    assert strip.plain(whole, 4) == "▁█▁▁"


def test_of_a_day_that_is_cut_off_a_share_counts() -> None:
    day = Day(since=0.0, failing_s=12 * HOUR, undetermined_s=0.0, unwatched_s=0.0)
    whole = course(("ok", 1.5 * DAY), days=(day,), since=0.5 * DAY)
    assert strip.seconds(whole) == {"failing": 6 * HOUR, "ok": 1.25 * DAY}


def test_a_day_with_sums_of_more_than_a_day_is_no_negative_time() -> None:
    day = Day(since=0.0, failing_s=DAY, undetermined_s=DAY, unwatched_s=0.0)
    assert min(strip.seconds(course(("ok", DAY), days=(day,))).values()) >= 0


STRETCHES = st.lists(st.tuples(st.sampled_from(strip.ORDER), st.floats(0.5, 1e6, allow_nan=False)), min_size=1, max_size=30)


@given(STRETCHES, st.integers(1, 100))
def test_no_time_is_lost_and_no_state_is_hidden(stretches: list[tuple[str, float]], count: int) -> None:
    whole = course(*stretches)
    assert sum(strip.seconds(whole).values()) == pytest.approx(whole.until - whole.since)
    shown = strip.cells(whole, count)
    assert len(shown) == count
    assert columns(strip.plain(whole, count)) == count
    worst = min(strip.ORDER.index(state) for state, _ in stretches)
    assert strip.ORDER[worst] in shown
    assert sum(many for _, _, many in strip.runs(whole, count)) == count
