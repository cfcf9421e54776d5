"""Points in time as people write them, and lengths that nobody means."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.duration import read_duration, write_duration
from truehelo.configuration.instant import read_instant

NOW = datetime(2026, 3, 1, 9, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "ahead", "behind"),
    [
        ("8h", "2026-03-01 17:00:30", "2026-03-01 01:00:30"),
        ("1h30m", "2026-03-01 10:30:30", "2026-03-01 07:30:30"),
        ("08:00", "2026-03-02 08:00:00", "2026-03-01 08:00:00"),
        ("9:00", "2026-03-02 09:00:00", "2026-03-01 09:00:00"),
        ("10:30", "2026-03-01 10:30:00", "2026-02-28 10:30:00"),
        ("2026-03-05", "2026-03-05 00:00:00", "2026-03-05 00:00:00"),
        ("2026-03-05 08:15", "2026-03-05 08:15:00", "2026-03-05 08:15:00"),
        ("2026-03-05T08:15:20Z", "2026-03-05 08:15:20", "2026-03-05 08:15:20"),
        ("2026-03-05 08:15 UTC", "2026-03-05 08:15:00", "2026-03-05 08:15:00"),
        ("2026-03-05T08:15+01:00", "2026-03-05 07:15:00", "2026-03-05 07:15:00"),
        (" 2026-03-05T08:15-0530 ", "2026-03-05 13:45:00", "2026-03-05 13:45:00"),
    ],
)
def test_a_time_is_read_ahead_or_behind(text: str, ahead: str, behind: str) -> None:
    for wanted, is_ahead in ((ahead, True), (behind, False)):
        assert read_instant(text, NOW, ahead=is_ahead) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "8",
        "24:00",
        "12:60",
        "2026-02-30",
        "2026-3-5",
        "2026-03-05T25:00",
        "20260305",
        "2026-W10-1",
        "-8h",
        "٣:٠٠",
    ],
)
def test_what_is_no_time_is_none(text: str) -> None:
    assert read_instant(text, NOW, ahead=True) is None


@pytest.mark.parametrize("text", ["999999999w", "999999999d", "0001-01-01T00:00+23:59", "9999-12-31T23:59-23:59"])
def test_what_lies_beyond_the_calendar_is_none(text: str) -> None:
    assert read_instant(text, NOW, ahead=True) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9]{1,10}[wdhms]{1,2}|[0-9]{4}-[0-9]{2}-[0-9]{2}.{0,12}", fullmatch=True))
def test_nothing_that_is_written_raises(text: str) -> None:
    for ahead in (True, False):
        found = read_instant(text, NOW, ahead=ahead)
        assert found is None or found.tzinfo is UTC


@given(st.integers(1, 10**10))
def test_a_length_is_read_as_it_is_written(seconds: int) -> None:
    length = timedelta(seconds=seconds)
    assert read_duration(write_duration(length)) == length


@pytest.mark.parametrize("text", ["999999999w", "10000000001s", "999999999w999999999d"])
def test_a_length_beyond_all_reason_is_none(text: str) -> None:
    assert read_duration(text) is None
