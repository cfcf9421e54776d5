"""When a maintenance window ran: the latest first, cut to the time that is asked about, whatever the clocks did."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.maintenance import MAX_RUNS, Window, runs

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def said(window: Window, since: str, until: str) -> list[str]:
    return [f"{start:%d %H:%M}-{end:%d %H:%M}" for start, end in runs(window, at(since), at(until))]


SUNDAYS = Window(cron="0 2 * * SUN", duration=2 * HOUR)
BERLIN = Window(cron="30 2 * * *", duration=HOUR, timezone="Europe/Berlin")


@pytest.mark.parametrize(
    ("window", "since", "until", "expected"),
    [
        # 1 March 2026 is a Sunday.
        (SUNDAYS, "2026-02-20", "2026-03-09", ["08 02:00-08 04:00", "01 02:00-01 04:00", "22 02:00-22 04:00"]),
        (SUNDAYS, "2026-03-01 03:00", "2026-03-01 03:30", ["01 03:00-01 03:30"]),
        (SUNDAYS, "2026-03-01 04:00", "2026-03-08 02:00", []),
        (SUNDAYS, "2026-03-02", "2026-03-08 02:01", ["08 02:00-08 02:01"]),
        # The night in which 02:30 is not, and one in which it is twice: once each.
        (BERLIN, "2026-03-28", "2026-03-31", ["30 00:30-30 01:30", "29 01:00-29 02:00", "28 01:30-28 02:30"]),
        (BERLIN, "2026-10-25", "2026-10-27", ["26 01:30-26 02:30", "25 00:30-25 01:30"]),
    ],
)
def test_when_a_window_ran(window: Window, since: str, until: str, expected: list[str]) -> None:
    assert said(window, since, until) == expected


def test_a_window_that_begins_every_minute_is_bounded() -> None:
    window = Window(cron="* * * * *", duration=timedelta(minutes=1))
    found = runs(window, at("2026-01-01"), at("2026-03-01"))
    assert len(found) == MAX_RUNS
    assert found[0][1] == at("2026-03-01")


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)), st.integers(1, 60 * 24 * 20))  # noqa: DTZ001  aware below
def test_a_window_runs_at_a_time_if_and_only_if_it_ends_later(when: datetime, minutes: int) -> None:
    moment = when.replace(tzinfo=UTC)
    for window in (SUNDAYS, BERLIN):
        within = [
            end
            for start, end in runs(window, moment - minutes * timedelta(minutes=1), moment + DAY)
            if start <= moment < end
        ]
        assert bool(within) is (window.ends(moment) is not None)
