"""Reporters that are silent, sources that are loud, sessions that fail: what is told, and what chance is not taken for."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.text import visible
from truehelo.sources.sessions import Bound, Failing, failing
from truehelo.sources.silence import LATE_DAYS, OLD_DAYS, habit
from truehelo.sources.tags import TAGS, told
from truehelo.sources.volume import Enough, Sent, is_loud, is_quiet

TODAY = 100
DAILY = list(range(60, TODAY - 1))
"""Reported on each day up to the day before yesterday."""


def silent_since(day: int, days: list[int] | None = None) -> bool:
    found = habit([each for each in (days or DAILY) if each < day], TODAY)
    assert found is not None
    return found.is_silent


ROWS = [
    ("it goes on", DAILY, False),
    ("yesterday's report may still come", [day for day in DAILY if day < TODAY - 1], False),
    ("two days are missing", [day for day in DAILY if day < TODAY - 3], False),
    ("three days are missing", [day for day in DAILY if day < TODAY - 4], True),
    ("it leaves out every fifth day, and three are missing", [d for d in DAILY if d % 5 and d < TODAY - 4], False),
    ("it leaves out every fifth day, and nine are missing", [d for d in DAILY if d % 5 and d < TODAY - 9], True),
    ("it reports on weekdays alone", [day for day in DAILY if day % 7 < 5 and day < TODAY - 8], False),
    ("it reported twice", [90, 91], False),
    ("it is silent since two months", list(range(10, 40)), False),
]


@pytest.mark.parametrize(("sentence", "days", "silent"), ROWS, ids=[row[0] for row in ROWS])
def test_who_is_silent(sentence: str, days: list[int], silent: bool) -> None:
    found = habit(days, TODAY)
    assert found is not None
    assert found.is_silent is silent, sentence


def test_who_never_reported_is_not_waited_for() -> None:
    assert habit([], TODAY) is None
    assert habit([TODAY + 3], TODAY) is None


def test_hardly_any_reporter_that_goes_on_is_called_silent() -> None:
    """Forty reporter years, each of which leaves out days by chance: 17 to 21 of 21 are heard."""
    rng = random.Random(1)  # noqa: S311  made up by seed
    alarms = years = 0
    for chance in (0.85, 0.9, 0.95, 0.99):
        for _ in range(10):
            heard: set[int] = set()
            held = False
            for day in range(365):
                if rng.random() < chance:
                    heard.add(day)
                found = habit({each for each in heard if each > day - 70}, day + LATE_DAYS)
                alarms += found is not None and found.is_silent and not held
                held = found is not None and found.is_silent
            years += 1
    assert alarms <= years / 20


@given(st.sets(st.integers(0, 200)), st.integers(0, 250), st.integers(1, 30))
def test_any_days_are_judged(days: set[int], today: int, least: int) -> None:
    found = habit(days, today, least)
    if found is not None:
        assert found.last <= today
        assert found.patience >= least
        assert not found.is_silent or found.missing <= OLD_DAYS


LOUD = [
    ("enough of both", Sent(source="s", messages=100, known=False), 1000, True, False),
    ("one message too few", Sent(source="s", messages=99, known=False), 1000, False, False),
    ("many, and hardly any of all", Sent(source="s", messages=5000, known=False), 1_000_000, False, False),
    ("somebody knows it", Sent(source="s", messages=5000, known=True), 10_000, False, True),
    ("less than half of what is told of", Sent(source="s", messages=49, known=False), 1000, False, True),
    ("all there is", Sent(source="s", messages=100, known=False), 100, True, False),
]


@pytest.mark.parametrize(("sentence", "sent", "whole", "loud", "quiet"), LOUD, ids=[row[0] for row in LOUD])
def test_who_is_loud_and_who_is_quiet_again(sentence: str, sent: Sent, whole: int, loud: bool, quiet: bool) -> None:
    assert is_loud(sent, whole, Enough()) is loud, sentence
    assert is_quiet(sent, whole, Enough()) is quiet, sentence


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.booleans())
def test_nobody_is_loud_and_quiet_at_once(messages: int, whole: int, known: bool) -> None:
    sent = Sent(source="s", messages=messages, known=known)
    assert not (is_loud(sent, whole) and is_quiet(sent, whole))


SESSIONS = [
    ("none at all", 0, 0, Failing.UNKNOWN),
    ("two of three", 1, 2, Failing.UNKNOWN),
    ("ten of ten", 0, 10, Failing.FAILING),
    ("ten of three hundred", 290, 10, Failing.UNKNOWN),
    ("a tenth of a thousand", 900, 100, Failing.FAILING),
    ("two of a thousand", 998, 2, Failing.WELL),
    ("a few, all well", 5, 0, Failing.UNKNOWN),
    ("many, all well", 500, 0, Failing.WELL),
]


@pytest.mark.parametrize(("sentence", "successful", "failed", "expected"), SESSIONS, ids=[row[0] for row in SESSIONS])
def test_which_sessions_fail(sentence: str, successful: int, failed: int, expected: Failing) -> None:
    assert failing(successful, failed, Bound()) is expected, sentence


def test_fewer_sessions_than_none_cannot_be() -> None:
    with pytest.raises(ValueError, match="of 4 sessions"):
        failing(5, -1)


HOSTILE = "\x1b[31m\r\nBcc: x\u202e"


@pytest.mark.parametrize("name", sorted(TAGS))
def test_a_sentence_shows_text_of_the_network_harmless(name: str) -> None:
    words = ("domain", "selector", "how", "day", "ip", "messages", "passed", "days", "share", "before", "after")
    words = (*words, "reporter", "reporters", "heard", "within", "missing", "failed", "sessions")
    sentence = told(TAGS[name], dict.fromkeys(words, HOSTILE))
    assert sentence == visible(sentence)
    assert TAGS[name].cites
