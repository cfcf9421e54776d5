"""The simulated year in short: some weeks, some seeds. `./simulate` runs the whole of it.

That the judge of the simulation can find fault is tested too: a watch that believes the first look is found out.
"""

from pathlib import Path

import pytest

from simulation import year
from simulation.script import DAY, HOUR, Change, Script, Trouble, write
from truehelo.drift.machine import Thresholds


@pytest.mark.parametrize("seed", [7, 8])
def test_no_alarm_is_false_missed_or_doubled(seed: int, tmp_path: Path) -> None:
    outcome = year.simulate(tmp_path, seed, subjects=40, days=14, interval_s=2 * HOUR)
    print(outcome.line())
    assert outcome.false == []
    assert outcome.missed == []
    assert outcome.doubled == []
    assert outcome.unended == []
    assert outcome.expected > 0, "the script held nothing to be told"
    assert outcome.incidents > 0
    assert outcome.worst_intervals < 1.5


def test_the_same_over_postgresql(tmp_path: Path, postgres_url: str) -> None:
    outcome = year.simulate(tmp_path, 9, subjects=10, days=7, interval_s=3 * HOUR, store=postgres_url)
    print(outcome.line())
    assert outcome.good
    assert outcome.incidents > 0


def test_a_watch_that_believes_one_look_is_found_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hasty = Thresholds(failing=1, recovering=1, unsure=1)
    monkeypatch.setattr(year, "Thresholds", lambda: hasty)
    outcome = year.simulate(tmp_path, 7, subjects=40, days=10, interval_s=2 * HOUR)
    assert not outcome.good


@pytest.mark.parametrize(
    ("sentence", "troubles", "closed", "missed"),
    [
        (
            "nobody could see that it was well between two changes: the incident of the first tells the second",
            [Trouble("servfail", "zone 0", 3.9 * DAY, 4.9 * DAY)],
            None,
            0,
        ),
        ("it could be seen well, and its incident still is of the change before", [], None, 1),
        ("its incident was closed", [Trouble("servfail", "zone 0", 3.9 * DAY, 4.9 * DAY)], 4.8 * DAY, 1),
        ("only another zone was in trouble", [Trouble("servfail", "zone 1", 3.9 * DAY, 4.9 * DAY)], None, 1),
    ],
)
def test_a_change_without_an_incident_is_missed_unless_the_one_before_still_tells_it(
    sentence: str, troubles: list[Trouble], closed: float | None, missed: int
) -> None:
    first = Change("ptr removed", (5,), 3 * DAY, 4 * DAY)
    second = Change("ptr removed", (5,), 5 * DAY, 8 * DAY)
    script = Script(subjects=10, seconds=20 * DAY, changes=[first, second], troubles=troubles)
    told = [year.Told(1, "PTR_MISSING", 5, since=3.1 * DAY, opened=3.2 * DAY, closed=closed, flapping=False)]
    outcome = year.Outcome(seed=1, subjects=10, days=20)
    year.find_missed(script, {5: told}, outcome, interval_s=12 * HOUR)
    assert len(outcome.missed) == missed, sentence


@pytest.mark.parametrize("seed", range(5))
def test_a_script_tells_truths_and_troubles_apart(seed: int) -> None:
    script = write(seed, subjects=100, days=60, interval_s=HOUR)
    assert any(not change.maintenance and not change.flapping for change in script.changes)
    kinds = {trouble.kind for trouble in script.troubles}
    assert kinds >= {"silent", "servfail", "lying nxdomain", "truncating", "loss", "slow", "lagging"}
    assert all(change.since < change.until <= script.seconds for change in script.changes if not change.flapping)
