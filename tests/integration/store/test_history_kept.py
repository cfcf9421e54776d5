"""How subjects stood, on both databases: through retention, through gaps, and whatever the network says."""

from collections.abc import Iterator

import pytest
from sqlalchemy import insert, select, update

from support.watched import DAY, HOUR, NOW, Watched
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.watch import RetentionSettings, WatchSettings
from truehelo.monitor.incidents import Told
from truehelo.monitor.judged import judge_anew
from truehelo.monitor.look import Looking
from truehelo.monitor.policy import Policy
from truehelo.monitor.roles import GAP
from truehelo.monitor.upkeep import note_gap, retain
from truehelo.store import history, tables
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

pytestmark = pytest.mark.integration


@pytest.fixture
def watched(store_url: str) -> Iterator[Watched]:
    database = Database(store_url)
    upgrade(database)
    yield Watched(database)
    database.close()


def course(watched: Watched, ip: str, since: float, until: float = 0.0) -> list[tuple[str, float, float]]:
    """The states of an address from `since` to `until` before now, each with its hours before now."""
    with watched.database.read() as connection:
        [standing] = history.find(connection, ip)
        spans = history.intervals_of(connection, standing, standing.vantage, NOW - since, NOW - until)
    return [(span.state, round((NOW - span.since) / HOUR, 2), round((NOW - span.until) / HOUR, 2)) for span in spans]


def test_what_fails_longer_than_history_is_kept_still_fails(watched: Watched) -> None:
    subject = watched.subject("192.0.2.25", worst="failing")
    watched.flip(subject, "PTR_MISSING", "ok", "failing", 20 * DAY)
    watched.flip(subject, "sight", "seen", "undetermined", 10 * DAY)
    watched.flip(subject, "sight", "undetermined", "seen", 9 * DAY)
    with watched.database.write() as connection:
        retain(connection, RetentionSettings(history_days=2), NOW)
    assert course(watched, "192.0.2.25", DAY) == [("failing", 24, 0)]


def test_a_flip_that_is_over_goes_with_the_history(watched: Watched) -> None:
    subject = watched.subject("192.0.2.25")
    watched.flip(subject, "PTR_MISSING", "ok", "failing", 20 * DAY)
    watched.flip(subject, "PTR_MISSING", "failing", "ok", 19 * DAY)
    with watched.database.write() as connection:
        retain(connection, RetentionSettings(history_days=2), NOW)
        assert history.flips_of(connection, subject, 0.0) == []
        assert sum(row[1] for row in history.days_of(connection, subject, 0)) == DAY


@pytest.mark.parametrize("ago", [5 * DAY + HOUR, 5 * DAY + 9 * HOUR, 5 * DAY + 14 * HOUR])
def test_a_day_is_rolled_up_with_all_its_flips_whenever_retention_runs(watched: Watched, ago: float) -> None:
    subject = watched.subject("192.0.2.25")
    watched.flip(subject, "PTR_MISSING", "ok", "failing", ago)
    watched.flip(subject, "PTR_MISSING", "failing", "ok", ago - 2 * HOUR)
    for hour in range(-4 * 24, 3 * 24, 6):
        with watched.database.write() as connection:
            retain(connection, RetentionSettings(history_days=2), NOW + hour * HOUR)
    with watched.database.read() as connection:
        rows = history.days_of(connection, subject, 0)
    assert sum(row[1] for row in rows) == 2 * HOUR
    assert sum(row[4] for row in rows) == 2


def test_a_gap_is_kept_as_long_as_days_are(watched: Watched) -> None:
    watched.subject("192.0.2.25")
    watched.heartbeat(5.0)
    watched.gap(20 * DAY, 19 * DAY)
    with watched.database.write() as connection:
        retain(connection, RetentionSettings(history_days=2), NOW)
    assert ("unwatched", 480, 456) in course(watched, "192.0.2.25", 30 * DAY)


def test_what_the_network_says_is_no_state(watched: Watched) -> None:
    subject = watched.subject("192.0.2.25")
    watched.flip(subject, "greeting", "mail.example.com", "failing", 3 * DAY)
    watched.flip(subject, "ptr", "mail.example.com", "failing", 3 * HOUR)
    watched.flip(subject, "ehlo_reply", "x", "undetermined", 2 * HOUR)
    assert course(watched, "192.0.2.25", DAY) == [("ok", 24, 0)]


def test_nobody_watched_is_seen_for_what_any_may_look_at(watched: Watched) -> None:
    watched.subject("192.0.2.25")
    watched.heartbeat(5.0)
    watched.gap(5 * HOUR, 4 * HOUR)
    assert course(watched, "192.0.2.25", 6 * HOUR) == [("ok", 6, 5), ("unwatched", 5, 4), ("ok", 4, 0)]


def test_while_one_of_two_places_watches_there_is_no_gap(watched: Watched) -> None:
    watched.subject("192.0.2.25")
    watched.subject("192.0.2.26", vantage="oslo")
    watched.heartbeat(5.0, "oslo")
    watched.heartbeat(5.0, "rome")
    watched.gap(5 * HOUR, 3 * HOUR, "oslo")
    watched.gap(4 * HOUR, 2 * HOUR, "rome")
    assert course(watched, "192.0.2.25", 6 * HOUR) == [("ok", 6, 4), ("unwatched", 4, 3), ("ok", 3, 0)]
    assert course(watched, "192.0.2.26", 6 * HOUR) == [("ok", 6, 5), ("unwatched", 5, 3), ("ok", 3, 0)]


def test_a_place_that_watches_since_yesterday_hides_no_older_gap(watched: Watched) -> None:
    watched.subject("192.0.2.25")
    watched.heartbeat(5.0, "oslo")
    watched.gap(40 * HOUR, 39 * HOUR, "oslo")
    with watched.database.write() as connection:
        assert note_gap(connection, "rome", NOW - DAY, GAP) is None
        assert note_gap(connection, "rome", NOW - DAY + 15, GAP) is None
    assert ("unwatched", 40, 39) in course(watched, "192.0.2.25", 48 * HOUR)


def test_a_watch_that_died_without_a_word_does_not_watch(watched: Watched) -> None:
    watched.subject("192.0.2.25")
    watched.heartbeat(3 * HOUR)
    assert course(watched, "192.0.2.25", 6 * HOUR) == [("ok", 6, 3), ("unwatched", 3, 0)]


@pytest.mark.parametrize("began", [None, 2 * HOUR])
def test_before_the_first_look_nobody_knew(watched: Watched, began: float | None) -> None:
    watched.subject("192.0.2.25", began=began)
    known = [] if began is None else [("ok", 2, 0)]
    assert course(watched, "192.0.2.25", 6 * HOUR) == [("unwatched", 6, 2 if known else 0), *known]


def test_what_was_removed_is_not_watched(watched: Watched) -> None:
    subject = watched.subject("192.0.2.25", removed=2 * HOUR)
    watched.flip(subject, "PTR_MISSING", "ok", "failing", 4 * HOUR)
    assert course(watched, "192.0.2.25", 6 * HOUR) == [("ok", 6, 4), ("failing", 4, 2), ("unwatched", 2, 0)]


def test_what_cannot_be_seen_is_not_known_to_fail(watched: Watched) -> None:
    subject = watched.subject("192.0.2.25")
    watched.flip(subject, "PTR_MISSING", "ok", "failing", 5 * HOUR)
    watched.flip(subject, "sight", "seen", "undetermined", 4 * HOUR)
    watched.flip(subject, "sight", "undetermined", "seen", 3 * HOUR)
    watched.flip(subject, "PTR_MISSING", "failing", "ok", HOUR)
    expected = [("ok", 6, 5), ("failing", 5, 4), ("undetermined", 4, 3), ("failing", 3, 1), ("ok", 1, 0)]
    assert course(watched, "192.0.2.25", 6 * HOUR) == expected


def test_what_is_ignored_from_now_on_ends_where_this_watch_looks_from_and_all_is_judged_anew_once(watched: Watched) -> None:
    here, there = (
        watched.subject("192.0.2.1", worst="failing"),
        watched.subject("192.0.2.2", vantage="far", worst="failing"),
    )
    number = watched.incident("PTR_MISSING", HOUR, members=[here, there])
    held = {
        "count": 0,
        "since": NOW - HOUR,
        "changed_at": NOW - HOUR,
        "severity": "error",
        "message": "",
        "old": "",
        "new": "",
    }
    with watched.database.write() as connection:
        for subject in (here, there):
            connection.execute(insert(tables.states).values(subject_id=subject, tag="PTR_MISSING", state="failing", **held))
        connection.execute(
            update(tables.schedule).values(fingerprint=1, steady=1, claimed_by="old", claimed_until=NOW + 60)
        )
        ticks = dict(connection.execute(select(tables.schedule.c.subject_id, tables.schedule.c.next_run_at)).all())
    looking = Looking(ports=None, ignored=frozenset({"PTR_MISSING"}))  # type: ignore[arg-type]
    policy = Policy(settings=WatchSettings(), alerting=Alerting())
    told = Told()

    def started(vantage: str) -> int:
        with watched.database.write() as connection:
            return judge_anew(connection, looking, policy, vantage, NOW, told)

    assert started("near") == 1
    with watched.database.read() as connection:
        rows = connection.execute(select(tables.schedule).order_by(tables.schedule.c.subject_id)).mappings().all()
        assert [(row["fingerprint"], row["claimed_by"]) for row in rows] == [(None, None), (1, "old")]
        assert [row["next_run_at"] > ticks[row["subject_id"]] for row in rows] == [True, False]
        assert list(connection.scalars(select(tables.states.c.subject_id))) == [there]
    assert (told.closed, started("near")) == ([], 0)
    assert started("far") == 1
    assert (told.closed, started("far"), started("near")) == ([number], 0, 0)


def test_a_place_that_starts_with_what_the_others_have_interrupts_nobody(watched: Watched) -> None:
    anywhere, own = watched.subject("192.0.2.1"), watched.subject("192.0.2.2", vantage="rome")
    policy = Policy(settings=WatchSettings(), alerting=Alerting())

    def started(vantage: str, ignored: str = "SPF_*") -> int:
        looking = Looking(ports=None, ignored=frozenset({ignored}))  # type: ignore[arg-type]
        with watched.database.write() as connection:
            return judge_anew(connection, looking, policy, vantage, NOW, Told())

    def taken() -> dict[int, str | None]:
        with watched.database.read() as connection:
            return dict(connection.execute(select(tables.schedule.c.subject_id, tables.schedule.c.claimed_by)).all())

    assert started("oslo") == 1
    with watched.database.write() as connection:
        connection.execute(update(tables.schedule).values(fingerprint=1, claimed_by="oslo1", claimed_until=NOW + 60))
    assert (started("rome"), taken()) == (1, {anywhere: "oslo1", own: None})
    assert (started("rome", "HELO_*"), taken()) == (1, {anywhere: None, own: None})
