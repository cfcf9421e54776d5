"""Several vantage points, one address: who has a vote, and when enough of them agree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.drift.quorum import View, has_vote, is_agreed
from truehelo.monitoring import State

NOW, INTERVAL = 10_000.0, 300.0


def view(state: str, ago: float | None = 100.0, unseen: str = "", *, asked: bool = True) -> View:
    return View(
        state=State(state),
        checked_at=None if ago is None else NOW - ago,
        interval_s=INTERVAL,
        unseen=frozenset(unseen.split()),
        asked=asked,
    )


@pytest.mark.parametrize(
    ("tag", "seen", "votes", "sentence"),
    [
        ("PTR_MISSING", view("ok"), True, "it looked lately and saw all"),
        ("PTR_MISSING", view("ok", 600.0), True, "two intervals are lately"),
        ("PTR_MISSING", view("ok", 600.5), False, "more than two are not"),
        ("PTR_MISSING", view("ok", None), False, "it never looked"),
        ("PTR_MISSING", view("failing", 900.0), False, "what was seen failing long ago counts no more"),
        ("PTR_MISSING", view("ok", unseen="ptr iprev"), False, "its resolver kept silent"),
        ("PTR_MISSING", view("ok", unseen="smtp stated"), True, "port 25 is blocked there, but names are not"),
        ("GREETING_NOT_FQDN", view("ok", unseen="smtp stated"), False, "port 25 is blocked there"),
        ("GREETING_NOT_FQDN", view("ok", asked=False), False, "port 25 is not looked at from there"),
        ("DNSBL_LISTED:spamhaus-zen", view("ok", unseen="ptr iprev smtp"), True, "a listing rests on the list alone"),
        ("DNSBL_LISTED:spamhaus-zen", view("ok", unseen="list"), False, "the list gave it no answer to believe"),
        ("DNSBL_LISTED:spamhaus-zen", view("ok", asked=False), False, "the list is not asked from there"),
    ],
)
def test_who_has_a_vote(tag: str, seen: View, votes: bool, sentence: str) -> None:
    assert has_vote(seen, tag, NOW) is votes, sentence


@pytest.mark.parametrize(
    ("states", "agreed", "sentence"),
    [
        ("failing", True, "a single vantage point needs nobody's consent"),
        ("", True, "what is watched from nowhere else neither"),
        ("failing ok", False, "one of two is not more than half"),
        ("failing failing", True, "two of two"),
        ("failing suspect", True, "a suspicion is a vote"),
        ("failing recovering", False, "who sees it well again does not see it fail"),
        ("failing failing ok", True, "two of three"),
        ("failing ok ok", False, "one of three"),
        ("failing failing ok ok", False, "two of four"),
        ("failing blind", True, "one of one: who sees nothing has no vote"),
        ("failing ok blind", False, "one of two"),
        ("failing suspect ok blind blind", True, "two of three"),
        ("blind blind", False, "where nobody sees anything nothing is agreed"),
    ],
)
def test_when_enough_agree(states: str, agreed: bool, sentence: str) -> None:
    views = [view("failing", unseen="ptr iprev") if word == "blind" else view(word) for word in states.split()]
    assert is_agreed("PTR_MISSING", views, NOW) is agreed, sentence


views = st.builds(
    view,
    st.sampled_from(["ok", "suspect", "failing", "recovering"]),
    st.one_of(st.none(), st.floats(0, 2000)),
    st.sampled_from(["", "ptr iprev"]),
    asked=st.booleans(),
)


@given(st.lists(views, min_size=2, max_size=9))
def test_silence_is_neither_a_yes_nor_a_no(everyone: list[View]) -> None:
    voting = [each for each in everyone if has_vote(each, "PTR_MISSING", NOW)]
    others = [view("ok", None), view("failing", None)]
    assert is_agreed("PTR_MISSING", everyone, NOW) is is_agreed("PTR_MISSING", [*voting, *others], NOW)


@given(st.lists(views, min_size=2, max_size=9))
def test_one_more_who_sees_it_fail_never_breaks_an_agreement(everyone: list[View]) -> None:
    if is_agreed("PTR_MISSING", everyone, NOW):
        assert is_agreed("PTR_MISSING", [*everyone, view("failing")], NOW)
