"""Alive, ready, well: when each holds, and what stands in its way."""

import pytest

from support.ports import FrozenClock
from truehelo.findings import Severity
from truehelo.monitoring import State
from truehelo.service.health import MAX_PROBLEMS, MAX_SERIES, STATES, Health, Histogram, Part


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock()


@pytest.fixture
def health(clock: FrozenClock) -> Health:
    """One that runs as it should."""
    made = Health(clock, alive_within_s=60)
    made.opened()
    made.batch_done()
    made.ticked()
    return made


def test_it_is_alive_from_the_start_and_until_the_loop_has_stood_still_for_too_long(clock: FrozenClock) -> None:
    health = Health(clock, alive_within_s=60)
    assert health.alive().ok
    clock.step(60)
    assert health.alive().ok
    clock.step(1)
    assert health.alive().reasons == ("the loop has not turned for 61 s, 60 s are allowed",)
    health.ticked()
    assert health.alive().ok


def test_a_clock_that_is_set_does_not_make_it_dead() -> None:
    class Jumping(FrozenClock):
        def monotonic(self) -> float:
            return 5.0

    clock = Jumping()
    health = Health(clock)
    clock.step(1e6)
    assert health.alive().ok


def test_it_is_ready_step_by_step(clock: FrozenClock) -> None:
    health = Health(clock)
    assert health.ready().reasons == ("the store is not open yet",)
    health.opened(schema_current=False)
    assert health.ready().reasons == ("the schema of the store is not that of this program",)
    health.opened()
    assert health.ready().reasons == ("the first batch has not run yet",)
    health.batch_done()
    assert health.ready().ok


def test_a_dead_loop_is_not_ready(clock: FrozenClock, health: Health) -> None:
    clock.step(61)
    assert not health.ready().ok
    assert not health.good().ok


@pytest.mark.parametrize(
    ("part", "severity", "ready", "good"),
    [
        (Part.STORE, Severity.ERROR, False, False),
        (Part.STORE, Severity.WARNING, True, True),
        (Part.RESOLVER, Severity.ERROR, True, False),
        (Part.CHANNEL, Severity.ERROR, True, False),
        (Part.CHANNEL, Severity.WARNING, True, True),
        (Part.DISK, Severity.ERROR, True, False),
        (Part.CLOCK, Severity.WARNING, True, True),
        # Were it otherwise, a ping that failed once would never be sent again.
        (Part.PING, Severity.ERROR, True, True),
    ],
)
def test_a_trouble_counts_by_its_part_and_severity(
    health: Health, part: Part, severity: Severity, ready: bool, good: bool
) -> None:
    health.trouble(part, "is down", name="one", severity=severity)
    assert (health.ready().ok, health.good().ok) == (ready, good)
    ended = health.well(part, "one")
    assert ended is not None
    assert ended.what == "is down"
    assert health.good().ok


def test_a_trouble_that_lasts_keeps_its_beginning(clock: FrozenClock, health: Health) -> None:
    assert health.trouble(Part.RESOLVER, "timed out", name="9.9.9.9")
    since = health.problems[0].since
    clock.step(100)
    assert not health.trouble(Part.RESOLVER, "SERVFAIL", name="9.9.9.9")
    assert [(each.what, each.since) for each in health.problems] == [("SERVFAIL", since)]
    assert str(health.problems[0]) == "resolver 9.9.9.9: SERVFAIL (since 2026-11-23 16:00:00 UTC)"


def test_troubles_are_told_apart_by_name_and_come_worst_first(clock: FrozenClock, health: Health) -> None:
    health.trouble(Part.CHANNEL, "slow", name="b", severity=Severity.WARNING)
    clock.step(1)
    health.trouble(Part.CHANNEL, "down", name="a")
    health.trouble(Part.DISK, "full")
    assert [(each.part, each.name) for each in health.problems] == [("channel", "a"), ("disk", ""), ("channel", "b")]
    assert health.well(Part.CHANNEL, "c") is None


def test_text_from_the_network_is_made_harmless_in_a_trouble(health: Health) -> None:
    health.trouble(Part.CHANNEL, "said \x1b[2J\n" + "x" * 1000)
    assert health.problems[0].what.startswith("said \\x1b[2J\\x0a")
    assert len(health.problems[0].what) == 300


def test_troubles_and_series_are_bounded(health: Health) -> None:
    for number in range(MAX_PROBLEMS + 10):
        health.trouble(Part.RESOLVER, "down", name=str(number))
    assert len(health.problems) == MAX_PROBLEMS
    for number in range(MAX_SERIES + 10):
        health.queried(str(number), "answer", 2)
    assert len(health.queries) == MAX_SERIES + 1
    assert health.queries["other", "other"] == 20


def test_checks_and_deliveries_are_counted(clock: FrozenClock, health: Health) -> None:
    assert health.last_check is None
    health.checked(0.2, 0.01, "match")
    health.checked(-3.0, 9.0, "mismatch")
    assert health.checks == {"match": 1, "mismatch": 1}
    assert health.last_check == clock.now()
    assert (sum(health.lag.counts), sum(health.took.counts)) == (2, 2)
    assert health.lag.total == pytest.approx(0.2)
    health.delivered("ops", "failed", ok=False)
    assert health.last_delivery is None
    health.delivered("ops", "sent", ok=True)
    assert health.last_delivery == clock.now()
    assert health.deliveries == {("ops", "failed"): 1, ("ops", "sent"): 1}


@pytest.mark.parametrize(("value", "place"), [(0.0, 0), (1.0, 0), (1.01, 1), (2.0, 1), (2.5, 2), (1e9, 2)])
def test_a_histogram_counts_below_its_bound_inclusive(value: float, place: int) -> None:
    held = Histogram((1.0, 2.0))
    held.observe(value)
    assert held.counts.index(1) == place
    assert held.total == value


def test_one_line_sums_it_up(health: Health) -> None:
    assert Health(FrozenClock()).line() == "starting"
    health.gauges.states = {"ok": 49_998, "failing": 2}
    health.gauges.incidents = {"error": 1}
    health.ticked(1.25)
    assert health.line() == "50,000 subjects, 0 undetermined, 1 incidents open, 1.2 s behind"
    health.trouble(Part.DISK, "full")
    health.trouble(Part.STORE, "locked")
    assert health.line().endswith("trouble: disk: full (since 2026-11-23 16:00:00 UTC) and 1 more")


def test_the_words_for_states_hold_those_of_the_machine() -> None:
    assert {str(state) for state in State} <= set(STATES)
