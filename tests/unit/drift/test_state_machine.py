"""What a look does to a standing: only answers move it, and a change is believed after looks that agree."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.watch import WatchSettings
from truehelo.drift.cause import GROUP_S
from truehelo.drift.machine import RECHECKS_S, WELL, Standing, Thresholds, next_look, step
from truehelo.monitoring import Seen, State

USUAL = Thresholds()
LOOKS = {"b": (Seen.BAD, True), "B": (Seen.BAD, False), "g": (Seen.GOOD, True), "G": (Seen.GOOD, False)}
"""One letter a look: bad or good, sure or (capital) with one resolver alone; anything else saw nothing."""


def after(looks: str, standing: Standing = WELL, start: int = 1) -> Standing:
    """A look a second, from `start` on."""
    for at, letter in enumerate(looks, start):
        seen, sure = LOOKS.get(letter, (Seen.UNDETERMINED, True))
        standing = step(standing, seen, float(at), sure=sure, thresholds=USUAL)
    return standing


@pytest.mark.parametrize(
    ("sentence", "looks", "state"),
    [
        ("a single bad look is a suspicion", "b", State.SUSPECT),
        ("two are no more than that", "bb", State.SUSPECT),
        ("the third in a row is believed", "bbb", State.FAILING),
        ("a good look ends a suspicion", "bbg", State.OK),
        ("and the next one begins anew", "bbgbb", State.SUSPECT),
        ("with one resolver alone five are needed", "BBBB", State.SUSPECT),
        ("the fifth is believed all the same", "BBBBB", State.FAILING),
        ("a first look out of the cache counts when those who know confirm it", "Bbb", State.FAILING),
        ("silence neither confirms nor ends it", "b..b..b", State.FAILING),
        ("silence alone is nothing", "......", State.OK),
        ("what fails goes on failing", "bbbbbbb", State.FAILING),
        ("a good look begins a recovery", "bbbg", State.RECOVERING),
        ("two good looks are no more than that", "bbbgg", State.RECOVERING),
        ("the third is believed", "bbbggg", State.OK),
        ("a bad look ends a recovery", "bbbggb", State.FAILING),
        ("which then begins anew", "bbbggbgg", State.RECOVERING),
        ("silence does not end a recovery", "bbbg..gg", State.OK),
        ("nor does silence recover what fails", "bbb......", State.FAILING),
        ("one resolver alone needs five for a recovery too", "bbbGGGG", State.RECOVERING),
        ("and has them then", "bbbGGGGG", State.OK),
    ],
)
def test_after_these_looks_it_stands_so(sentence: str, looks: str, state: State) -> None:
    assert after(looks).state is state, sentence


@pytest.mark.parametrize(
    ("sentence", "looks", "since", "turned"),
    [
        ("a suspicion is as old as its first look", "..bb", 3, 3),
        ("what fails does so since it was first suspected", "..bbb", 3, 5),
        ("a recovery remembers since when it failed", "bbb.g", 1, 5),
        ("one that came to nothing does not make it younger", "bbbgb", 1, 5),
        ("a new suspicion is younger than one that came to nothing", "bbgb", 4, 4),
    ],
)
def test_since_when(sentence: str, looks: str, since: float, turned: float) -> None:
    found = after(looks)
    assert (found.since, found.turned) == (since, turned), sentence


@pytest.mark.parametrize(
    ("sentence", "standing", "at", "expected"),
    [
        ("a suspicion is looked at again a minute after it began", after("b"), 1.0, 61.0),
        ("then five minutes after it began, however late that look was", after("b"), 70.0, 301.0),
        ("then a quarter of an hour", after("b"), 301.0, 901.0),
        ("then at its regular time", after("b"), 901.0, None),
        ("a recovery goes by its own beginning", after("bbbg"), 4.0, 64.0),
        ("what fails is in no hurry", after("bbb"), 4.0, None),
        ("what is well neither", WELL, 4.0, None),
    ],
)
def test_when_it_is_looked_at_again(sentence: str, standing: Standing, at: float, expected: float | None) -> None:
    assert next_look(standing, at) == expected, sentence


def test_it_is_looked_at_again_as_the_settings_say() -> None:
    assert [next_look(after("b"), at, (5.0, 10.0)) for at in (1.0, 6.0, 11.0)] == [6.0, 11.0, None]


def test_the_settings_by_default_are_those_of_the_rules() -> None:
    settings = WatchSettings()
    assert settings.rechecks_s == RECHECKS_S
    assert settings.group_s == GROUP_S
    assert (settings.failing, settings.recovering, settings.unsure) == (3, 3, 5)


looks = st.text("bBgG.", max_size=60)


@given(looks, looks)
def test_looks_that_saw_nothing_change_nothing(before: str, later: str) -> None:
    quiet = after(before)
    assert after("....", quiet, 1000) == quiet
    once = [after(before + later).state]
    assert [after(before.replace("b", "b.").replace("G", ".G") + later).state] == once


def believed(looks: str, bad: bool) -> bool:
    """The last looks that saw anything agree, and are enough: sure ones to decide by, or many."""
    seen = [LOOKS[letter] for letter in looks if letter in LOOKS]
    row: list[bool] = []
    for what, sure in reversed(seen):
        if (what is Seen.BAD) is not bad:
            break
        row.append(sure)
    needed = USUAL.failing if bad else USUAL.recovering
    # At some look of the row there were enough of them, as sure as that one was.
    return any(len(row) - number >= (needed if sure else USUAL.unsure) for number, sure in enumerate(row))


@given(looks)
def test_it_fails_only_after_enough_looks_that_agree_and_then_always(history: str) -> None:
    standing = WELL
    for count in range(1, len(history) + 1):
        was, standing = standing, after(history[count - 1], standing, count)
        if standing.state is State.FAILING and not was.state.is_open:
            assert believed(history[:count], bad=True)
        if not standing.state.is_open and was.state.is_open:
            assert believed(history[:count], bad=False)
    if believed(history, bad=True):
        assert after(history).state is State.FAILING
    if believed(history, bad=False):
        assert after(history).state is State.OK


@given(looks, st.integers(2, 6), st.integers(2, 6), st.integers(2, 9))
def test_whatever_the_thresholds_nothing_is_kept_of_what_is_well(
    history: Sequence[str], failing: int, recovering: int, unsure: int
) -> None:
    thresholds = Thresholds(failing=failing, recovering=recovering, unsure=unsure)
    standing = WELL
    for at, letter in enumerate(history, 1):
        seen, sure = LOOKS.get(letter, (Seen.UNDETERMINED, True))
        standing = step(standing, seen, float(at), sure=sure, thresholds=thresholds)
        assert (standing.state is State.OK) is (standing == WELL)
        assert standing == WELL or 1 <= standing.since <= standing.turned <= at
        assert standing.count < max(failing, recovering, unsure)
