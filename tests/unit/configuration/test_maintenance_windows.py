"""When a maintenance window runs, whom it covers, and when the digest is due: in the time of its place, across the clocks'
changes."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st

from truehelo.configuration.digest import Digest, next_digest
from truehelo.configuration.maintenance import Window, in_maintenance, running

BERLIN = "Europe/Berlin"
IP = ip_address("203.0.113.7")


def window(cron: str = "0 2 * * SUN", hours: float = 2, **more: object) -> Window:
    return Window(cron=cron, duration=timedelta(hours=hours), **more)  # type: ignore[arg-type]


def at(text: str, zone: str = "UTC", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("when", "moment", "runs"),
    [
        ("a second before it begins", at("2026-03-01 01:59:59"), False),
        ("when it begins", at("2026-03-01 02:00:00"), True),
        ("in its last second", at("2026-03-01 03:59:59"), True),
        ("when it ends", at("2026-03-01 04:00:00"), False),
        ("on another day", at("2026-03-02 03:00:00"), False),
        ("asked in another zone", at("2026-03-01 03:30:00", BERLIN), True),
    ],
)
def test_a_window_runs(when: str, moment: datetime, runs: bool) -> None:
    assert bool(in_maintenance([window()], IP, (), moment)) is runs, when


@pytest.mark.parametrize(
    ("when", "moment", "runs"),
    [
        ("02:30 does not exist on that day: it begins when the clocks are set", at("2026-03-29T01:05:00"), True),
        ("it lasts an hour all the same", at("2026-03-29T02:00:00"), False),
        ("not yet before it", at("2026-03-29T00:50:00"), False),
    ],
)
def test_a_window_in_the_hour_that_is_left_out(when: str, moment: datetime, runs: bool) -> None:
    spring = window("30 2 * * *", 0.5, timezone=BERLIN)
    assert bool(in_maintenance([spring], IP, (), moment)) is runs, when


@pytest.mark.parametrize(
    ("when", "moment", "runs"),
    [
        ("the first 02:30 begins it", at("2026-10-25 02:30:00", BERLIN), True),
        ("the second 02:10 is forty minutes later", at("2026-10-25 02:10:00", BERLIN, fold=1), True),
        ("the second 02:29 is its last minute", at("2026-10-25 02:29:00", BERLIN, fold=1), True),
        ("the second 02:30 is its end, and begins no other", at("2026-10-25 02:30:00", BERLIN, fold=1), False),
    ],
)
def test_a_window_in_the_hour_that_comes_twice(when: str, moment: datetime, runs: bool) -> None:
    assert bool(in_maintenance([window("30 2 * * *", 1, timezone=BERLIN)], IP, (), moment)) is runs, when


def test_the_windows_that_run_are_told_whomever_they_cover() -> None:
    sunday, monday = window(groups=("office",)), window("0 2 * * MON")
    assert running([monday, sunday], at("2026-03-01 03:00:00")) == (sunday,)


def test_the_end_of_the_running_window_is_told() -> None:
    assert window().ends(at("2026-03-01 03:00:00")) == at("2026-03-01 04:00:00")
    assert window().ends(at("2026-03-01 05:00:00")) is None


@pytest.mark.parametrize(
    ("whom", "named", "covered"),
    [
        ("everybody when nobody is named", {}, True),
        ("a group by pattern", {"groups": ("customers-*",)}, True),
        ("no other group", {"groups": ("office",)}, False),
        ("a network", {"targets": (ip_network("203.0.113.0/24"),)}, True),
        ("no other network", {"targets": (ip_network("198.51.100.0/24"),)}, False),
        ("no network of the other family", {"targets": (ip_network("2001:db8::/32"),)}, False),
        ("a group or a network", {"groups": ("office",), "targets": (ip_network("203.0.113.7/32"),)}, True),
    ],
)
def test_a_window_covers(whom: str, named: dict[str, object], covered: bool) -> None:
    found = in_maintenance([window(**named)], IP, ("customers-north",), at("2026-03-01 03:00:00"))  # type: ignore[arg-type]
    assert bool(found) is covered, whom


CRONS = st.sampled_from(
    [
        "0 2 * * SUN",
        "*/7 * * * *",
        "30 1-4 * * *",
        "15 2 1 * *",
        "0 3 * 2,10 MON-FRI",
        "59 23 31 12 *",
        "0 0 29 2 *",
        "30 2 * * *",
    ]
)
ZONES = st.sampled_from(["UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo"])


# Any second of four years, and those around the changes of the clocks in Berlin, New York and on Lord Howe.
CHANGES = [
    "2026-03-29T01:00",
    "2026-10-25T01:00",
    "2026-03-08T07:00",
    "2026-11-01T06:00",
    "2026-04-04T15:00",
    "2026-10-03T15:30",
]
SECONDS = st.integers(0, 4 * 366 * 86_400).map(lambda seconds: at("2024-01-01") + timedelta(seconds=seconds))
NEAR = st.builds(
    lambda change, seconds: at(change) + timedelta(seconds=seconds), st.sampled_from(CHANGES), st.integers(-9000, 9000)
)
MOMENTS = SECONDS | NEAR


@given(CRONS, ZONES, st.integers(1, 3000), MOMENTS)
def test_a_window_runs_exactly_while_one_that_began_lasts(cron: str, zone: str, minutes: int, moment: datetime) -> None:
    """Counted the other way: every beginning from long before, forwards."""
    length = timedelta(minutes=minutes)
    runs = False
    for start in CronSim(cron, (moment - length - timedelta(days=1)).astimezone(ZoneInfo(zone))):
        began = start.astimezone(UTC)
        if began > moment + timedelta(hours=3):
            break
        runs |= began <= moment < began + length
    found = Window(cron=cron, duration=length, timezone=zone).ends(moment)
    assert (found is not None) is runs
    assert found is None or moment < found <= moment + length


@pytest.mark.parametrize(
    ("why", "digest", "after", "due"),
    [
        ("daily, today", Digest(every="daily", hour=8, channels=()), "2026-03-01T07:59:59", "2026-03-01T08:00:00"),
        (
            "daily, the next day when it is that hour",
            Digest(every="daily", hour=8, channels=()),
            "2026-03-01T08:00:00",
            "2026-03-02T08:00:00",
        ),
        (
            "in the time of its place",
            Digest(every="daily", hour=8, channels=(), timezone=BERLIN),
            "2026-03-01T06:00:00",
            "2026-03-01T07:00:00",
        ),
        (
            "after the clocks are set",
            Digest(every="daily", hour=8, channels=(), timezone=BERLIN),
            "2026-03-28T08:00:00",
            "2026-03-29T06:00:00",
        ),
        (
            "in the hour left out: the one after",
            Digest(every="daily", hour=2, channels=(), timezone=BERLIN),
            "2026-03-28T08:00:00",
            "2026-03-29T01:00:00",
        ),
        (
            "weekly, on its day",
            Digest(every="weekly", day="monday", hour=8, channels=()),
            "2026-03-01T12:00:00",
            "2026-03-02T08:00:00",
        ),
        (
            "weekly, a week later",
            Digest(every="weekly", day="monday", hour=8, channels=()),
            "2026-03-02T08:00:00",
            "2026-03-09T08:00:00",
        ),
    ],
)
def test_a_digest_is_due(why: str, digest: Digest, after: str, due: str) -> None:
    assert next_digest(digest, at(after)) == at(due), why


@given(
    st.sampled_from(["daily", "weekly"]),
    st.integers(0, 23),
    st.sampled_from(["monday", "sunday"]),
    ZONES,
    MOMENTS,
)
def test_digests_come_one_after_the_other(every: str, hour: int, day: str, zone: str, moment: datetime) -> None:
    digest = Digest(every=every, hour=hour, day=day, timezone=zone, channels=())
    first = next_digest(digest, moment)
    second = next_digest(digest, first)
    slack = timedelta(hours=2)
    assert moment < first <= moment + digest.span + slack
    assert digest.span - slack <= second - first <= digest.span + slack
