"""At whom the refused share of a source changed, and which change of its names came before that."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from truehelo.sources.model import MISSING, DayRow, Flip, Sums
from truehelo.sources.turns import cause, ceased, refused_since, silent, turns

BASE = datetime(2026, 11, 1, tzinfo=UTC)
FIRST = int(BASE.timestamp() // 86_400)


def rows(reporter: str, *refused: tuple[int, int], quarantine: bool = True) -> list[DayRow]:
    """One day after the other: messages, and how many were refused."""
    return [
        DayRow(
            day=FIRST + place,
            reporter=reporter,
            sums=Sums(messages=messages, quarantined=hits if quarantine else 0, rejected=0 if quarantine else hits),
        )
        for place, (messages, hits) in enumerate(refused)
    ]


def flip(what: str, new: str, days: float, number: int = 1) -> Flip:
    return Flip(id=number, what=what, old="", new=new, at=BASE + timedelta(days=days))


TURNED = [(20, 0)] * 10 + [(20, 19)] * 5
LOST = flip("PTR_MISSING", "failing", 9.6)


def test_refusals_are_told_with_what_came_before_them() -> None:
    [found] = turns(rows("r1.example", *TURNED), [LOST])
    assert (found.reporter, found.change.day - FIRST, found.worse, found.disposition) == (
        "r1.example",
        10,
        True,
        "quarantine",
    )
    assert found.causes == (LOST,)


@pytest.mark.parametrize(
    ("sentence", "what", "new", "days", "fits"),
    [
        ("on the day before", "PTR_MISSING", "failing", 9.6, True),
        ("on the very day", "PTR_MISSING", "failing", 10.3, True),
        ("two days before, as caches may hold it", "PTR_MISSING", "failing", 8.2, True),
        ("a week before", "PTR_MISSING", "failing", 3.0, False),
        ("after it", "PTR_MISSING", "failing", 12.0, False),
        ("well again does not explain refusals", "PTR_MISSING", "ok", 9.6, False),
        ("a value alone is no cause: its tag is", "ptr", "none (nxdomain)", 9.6, False),
    ],
)
def test_a_change_is_a_cause_when_it_fits(sentence: str, what: str, new: str, days: float, fits: bool) -> None:
    [found] = turns(rows("r1.example", *TURNED), [flip(what, new, days)])
    assert bool(found.causes) is fits, sentence


def test_the_likelier_cause_comes_first() -> None:
    others = [flip("GREETING_DIFFERS", "failing", 9.7, 2), flip("SPF_MISSING", "failing", 9.9, 3)]
    [found] = turns(rows("r1.example", *TURNED), [*others, LOST])
    assert [each.what for each in found.causes] == ["PTR_MISSING", "SPF_MISSING", "GREETING_DIFFERS"]


def test_receivers_are_judged_apart_and_the_common_cause_wins() -> None:
    late = rows("r2.example", *[(20, 0)] * 11, *[(20, 20)] * 4, quarantine=False)
    kept = rows("r3.example", *[(20, 0)] * 15)
    listed = flip("DNSBL_LISTED:zen", "failing", 11.1, 2)
    found = turns([*rows("r1.example", *TURNED), *late, *kept], [LOST, listed])
    assert [(each.reporter, each.disposition) for each in found] == [("r1.example", "quarantine"), ("r2.example", "reject")]
    assert cause(found) == LOST
    assert refused_since(found) == {"r1.example": FIRST + 10, "r2.example": FIRST + 11}


def test_a_receiver_that_takes_mail_again_refuses_no_longer() -> None:
    back = flip("PTR_MISSING", "ok", 14.8, 2)
    found = turns(rows("r1.example", *TURNED, *[(20, 0)] * 9), [LOST, back])
    assert [each.worse for each in found] == [True, False]
    assert found[1].causes == (back,)
    assert refused_since(found) == {}
    assert cause(found) == LOST


WHOLE = {"r1.example": {FIRST + place: 100 for place in range(20)}}


def test_a_receiver_that_tells_of_no_mail_any_more_is_named_with_what_came_before() -> None:
    mine = rows("r1.example", *[(20, 0)] * 10)
    [found] = ceased(mine, WHOLE, [LOST])
    assert (found.disposition, found.change.day - FIRST, found.worse, found.causes) == (MISSING, 10, True, (LOST,))
    assert (found.change.before.messages - found.change.before.hits, found.change.after.hits) == (200, 1000)
    assert cause([found]) == LOST


@pytest.mark.parametrize(
    ("sentence", "mine", "whole"),
    [
        ("it tells of some", [(20, 0)] * 10 + [(4, 0)] * 10, WHOLE),
        ("it tells of nobody's", [(20, 0)] * 10, {"r1.example": dict.fromkeys(range(FIRST, FIRST + 10), 100)}),
        ("there was hardly any before", [(1, 0)] * 10, WHOLE),
        ("it was missing for a day", [(20, 0)] * 10 + [(0, 0)] + [(20, 0)] * 9, WHOLE),
        ("it began late", [(0, 0)] * 10 + [(20, 0)] * 10, WHOLE),
        ("it sends each fifth day", [(60, 0), *[(0, 0)] * 4] * 3 + [(60, 0)] + [(0, 0)] * 4, WHOLE),
    ],
)
def test_mail_is_not_missed_where_chance_or_habit_explains_it(
    sentence: str, mine: list[tuple[int, int]], whole: dict[str, dict[int, int]]
) -> None:
    assert ceased(rows("r1.example", *mine), whole) == (), sentence


def test_it_is_looked_for_wherever_it_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheap look before loses nothing: sources of any volume and steadiness, of which some cease."""
    chance, found = random.Random(6), 0  # noqa: S311
    for _ in range(400):
        volume, length = chance.choice((2, 9, 60)), chance.choice((20, 45, 90))
        end = chance.choice((length, length - 4, length // 2))
        start = chance.choice((0, length // 4))
        mine = [(chance.randrange(2 * volume) if start <= place < end else 0, 0) for place in range(length)]
        whole = {"r1.example": {FIRST + place: 300 + chance.randrange(300) for place in range(length)}}
        sent = rows("r1.example", *mine)
        lately = {"r1.example": {day: told for day, told in whole["r1.example"].items() if day >= FIRST + length - 7}}
        cheap = ceased(sent, whole) if silent(sent, lately) else ()
        with monkeypatch.context() as patched:
            patched.setattr("truehelo.sources.turns._may_have_ceased", lambda *_: True)
            assert cheap == ceased(sent, whole)
        found += len(cheap)
    assert found > 20


SILENT = [
    ("it tells of the source on its last day", [(20, 0)] * 20, range(7), False),
    ("it tells of hardly anything of the source on its last day", [(200, 0)] * 19 + [(1, 0)], range(7), True),
    ("it tells of others alone on its last day", [(20, 0)] * 19, range(7), True),
    ("its own last day is earlier, and the source is in it", [(20, 0)] * 17, range(4), False),
    ("it tells of nobody of late", [(20, 0)] * 10, range(0), True),
    ("it never told of much", [(1, 0)] * 15, range(7), False),
]


@pytest.mark.parametrize(("sentence", "mine", "told", "asked"), SILENT, ids=[row[0] for row in SILENT])
def test_a_receiver_is_asked_about_where_its_last_day_lacks_the_source(
    sentence: str, mine: list[tuple[int, int]], told: range, asked: bool
) -> None:
    lately = {"r1.example": {FIRST + 13 + place: 100 for place in told}}
    assert silent(rows("r1.example", *mine), lately) == (frozenset({"r1.example"}) if asked else frozenset()), sentence


def test_without_refusals_there_is_no_cause() -> None:
    assert turns(rows("r1.example", *[(20, 0)] * 15), [LOST]) == ()
    assert cause(()) is None
