"""What an address was called on a day, on both databases: from the watch, else as observed, else not known."""

import pytest
from sqlalchemy import insert

from integration.joined.conftest import Copies
from support.watched import DAY, HOUR, NOW, Watched
from truehelo.monitor.sources.identity import Ledger
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.sources.model import Named, Names, Origin
from truehelo.store import tables
from truehelo.store.sources import standings
from truehelo.store.sources.standings import Standing

pytestmark = pytest.mark.integration

IP, OTHER = "192.0.2.25", "203.0.113.9"
NAME = ("mail.business.example",)
TODAY = int(NOW // DAY)
MIDNIGHT = NOW - TODAY * DAY
"""Seconds from the beginning of today until now."""


@pytest.fixture
def watched(copies: Copies) -> Watched:
    return Watched(copies("empty", lambda _: None))


def at(day: int, hour: float) -> float:
    """How many seconds before now that was: an hour of a day, counted back from today."""
    return MIDNIGHT + day * DAY - hour * HOUR


def on(watched: Watched, ip: str, day: int) -> Names:
    """What an address was called `day` days ago."""
    with watched.database.read() as connection:
        ledger = Ledger(connection, [ip], TODAY - 30, TODAY, now=NOW, suffixes=PublicSuffixes())
        return ledger.on(ip, TODAY - day)


def seen(watched: Watched, subject: int, what: str, value: str, since: float, until: float | None = None) -> None:
    with watched.database.write() as connection:
        connection.execute(
            insert(tables.observations).values(
                subject_id=subject, what=what, value=value, since=NOW - since, until=None if until is None else NOW - until
            )
        )


def lost(watched: Watched) -> int:
    """An address that lost its PTR nine days ago at two in the afternoon, and got it back five days ago at noon."""
    subject = watched.subject(IP, expected=["mail.business.example"], vantage="local")
    watched.heartbeat(5.0)
    watched.flip(subject, "PTR_MISSING", "ok", "failing", at(9, 14))
    watched.flip(subject, "PTR_MISSING", "failing", "ok", at(5, 12))
    seen(watched, subject, "ptr", "mail.business.example", at(200, 0), at(9, 14))
    seen(watched, subject, "forward", "mail.business.example leads back", at(200, 0), at(9, 14))
    seen(watched, subject, "ptr", "none (nxdomain)", at(9, 14), at(5, 12))
    seen(watched, subject, "ptr", "mail.business.example", at(5, 12))
    seen(watched, subject, "forward", "mail.business.example leads back", at(5, 12))
    return subject


@pytest.mark.parametrize(
    ("sentence", "day", "state", "iprev", "ptr", "seconds"),
    [
        ("before it was lost", 12, Named.CONFIRMED, "pass", NAME, 0.0),
        ("lost in the afternoon: for most of that day it was well", 9, Named.CONFIRMED, "pass", NAME, 10 * HOUR),
        ("the day after", 8, Named.UNCONFIRMED, "permerror", (), DAY),
        ("back at noon: as long bad as good counts as bad", 5, Named.UNCONFIRMED, "permerror", NAME, 12 * HOUR),
        ("and well again", 4, Named.CONFIRMED, "pass", NAME, 0.0),
    ],
)
def test_a_watched_address_is_told_by_its_day(
    watched: Watched, sentence: str, day: int, state: Named, iprev: str, ptr: tuple[str, ...], seconds: float
) -> None:
    lost(watched)
    found = on(watched, IP, day)
    assert (found.origin, found.state, found.iprev, found.ptr) == (Origin.WATCH, state, iprev, ptr), sentence
    assert sum(each.seconds for each in found.failing) == pytest.approx(seconds)
    assert {each.tag for each in found.failing} == ({"PTR_MISSING"} if seconds else set())


def test_the_organisation_is_that_of_a_confirmed_name_and_a_helo_is_declared(watched: Watched) -> None:
    lost(watched)
    assert on(watched, IP, 3).organisation == "business.example"
    assert on(watched, IP, 8).organisation == ""


def test_what_could_not_be_seen_is_neither_good_nor_bad(watched: Watched) -> None:
    subject = lost(watched)
    watched.flip(subject, "sight", "seen", "undetermined", at(3, 0))
    watched.flip(subject, "sight", "undetermined", "seen", at(1, 6))
    blind, half = on(watched, IP, 2), on(watched, IP, 1)
    assert (blind.state, blind.iprev, blind.undetermined_s) == (Named.UNDETERMINED, "temperror", DAY)
    assert (half.state, half.undetermined_s) == (Named.CONFIRMED, 6 * HOUR)


def test_a_failure_that_can_no_longer_be_seen_is_not_known_to_go_on(watched: Watched) -> None:
    subject = lost(watched)
    watched.flip(subject, "sight", "seen", "undetermined", at(8, 0))
    watched.flip(subject, "sight", "undetermined", "seen", at(6, 0))
    assert [on(watched, IP, day).state for day in (8, 7, 6)] == [Named.UNDETERMINED, Named.UNDETERMINED, Named.UNCONFIRMED]


def test_a_day_on_which_nobody_watched_is_not_known(watched: Watched) -> None:
    lost(watched)
    watched.gap(at(4, 0), at(2, 0))
    assert [on(watched, IP, day).state for day in (4, 3, 2)] == [Named.NOT_KNOWN, Named.NOT_KNOWN, Named.CONFIRMED]


def test_a_day_on_which_nobody_watched_is_told_by_a_look_that_there_is(watched: Watched) -> None:
    lost(watched)
    watched.gap(at(4, 0), at(2, 0))
    look(watched, IP, at(3, 12), "fail", "mail.other.example")
    found = on(watched, IP, 3)
    assert (found.origin, found.state, found.ptr) == (Origin.OBSERVED, Named.UNCONFIRMED, ("mail.other.example",))


def test_of_days_in_sums_alone_it_is_known_whether_all_was_well(watched: Watched) -> None:
    subject = watched.subject(IP, vantage="local")
    watched.heartbeat(5.0)
    watched.rolled_up(10)
    watched.day(subject, 15, failing=3600.0)
    watched.day(subject, 16, undetermined=DAY)
    watched.day(subject, 17, unwatched=DAY)
    states = {day: on(watched, IP, day).state for day in (15, 16, 17, 18)}
    assert states == {
        15: Named.NOT_KNOWN,
        16: Named.UNDETERMINED,
        17: Named.NOT_KNOWN,
        18: Named.CONFIRMED,
    }
    assert on(watched, IP, 15).failing_s == 3600.0


def test_blocklists_of_the_day_are_named(watched: Watched) -> None:
    subject = lost(watched)
    watched.listing(subject, "zen.test", "listed", at(3, 6))
    watched.listing(subject, "slow.test", "unknown", at(3, 6))
    assert on(watched, IP, 2).listed == ("zen.test",)
    assert on(watched, IP, 4).listed == ()


def test_two_vantage_points_are_told_by_the_one_that_saw_more(watched: Watched) -> None:
    here = watched.subject(IP, vantage="here")
    watched.subject(IP, vantage="there")
    watched.heartbeat(5.0, "here")
    watched.heartbeat(5.0, "there")
    watched.flip(here, "sight", "seen", "undetermined", at(3, 0))
    found = on(watched, IP, 2)
    assert (found.state, found.vantage) == (Named.CONFIRMED, "there")


def look(watched: Watched, ip: str, ago: float, iprev: str, *names: str, confirmed: tuple[str, ...] = ()) -> None:
    with watched.database.write() as connection:
        standings.keep(connection, [Standing(ip=ip, at=NOW - ago, iprev=iprev, ptr=names, confirmed=confirmed)])


def test_an_address_that_nobody_looked_at_is_not_known(watched: Watched) -> None:
    found = on(watched, OTHER, 3)
    assert (found.origin, found.state) == (Origin.NOT_KNOWN, Named.NOT_KNOWN)


def test_another_address_is_told_by_the_nearest_look_with_its_time(watched: Watched) -> None:
    look(watched, OTHER, at(20, 0), "pass", "a.example", confirmed=("a.example",))
    look(watched, OTHER, at(6, 0), "permerror")
    early, late = on(watched, OTHER, 18), on(watched, OTHER, 3)
    assert (early.state, early.iprev, late.state, late.iprev) == (Named.CONFIRMED, "pass", Named.UNCONFIRMED, "permerror")
    assert late.origin is Origin.OBSERVED
    assert late.at is not None
    assert late.at.timestamp() == pytest.approx(NOW - at(6, 0))


def test_a_look_that_saw_nothing_counts_only_where_there_is_no_other(watched: Watched) -> None:
    look(watched, OTHER, at(3, 0), "temperror")
    assert on(watched, OTHER, 3).state is Named.UNDETERMINED
    look(watched, OTHER, at(12, 0), "pass", "a.example", confirmed=("a.example",))
    assert on(watched, OTHER, 3).state is Named.CONFIRMED


def test_of_one_day_the_last_look_counts_unless_it_saw_nothing(watched: Watched) -> None:
    look(watched, OTHER, at(3, 6), "permerror")
    look(watched, OTHER, at(3, 9), "pass", "a.example", confirmed=("a.example",))
    look(watched, OTHER, at(3, 12), "temperror")
    with watched.database.read() as connection:
        [held] = standings.standings_of(connection, [OTHER])[OTHER]
        assert (held.iprev, held.confirmed) == ("pass", ("a.example",))
        assert standings.last_looks(connection, [OTHER, IP]) == {OTHER: (NOW - at(3, 9), "pass")}


def test_retention_leaves_the_last_look_at_each(watched: Watched) -> None:
    for ago in (30, 20, 10):
        look(watched, OTHER, at(ago, 0), "pass", "a.example")
    with watched.database.write() as connection:
        assert standings.forget(connection, NOW) == 2
        assert len(standings.standings_of(connection, [OTHER])[OTHER]) == 1


def test_thousands_of_addresses_are_read_in_parts(watched: Watched) -> None:
    ips = [f"10.{part}.{host}.1" for part in range(10) for host in range(250)]
    with watched.database.write() as connection:
        standings.keep(connection, [Standing(ip=ip, at=NOW, iprev="pass") for ip in ips])
    with watched.database.read() as connection:
        assert len(standings.standings_of(connection, ips)) == len(ips)
        assert len(standings.last_looks(connection, ips)) == len(ips)
        ledger = Ledger(connection, ips, TODAY - 3, TODAY, now=NOW)
        assert ledger.on(ips[-1], TODAY).state is Named.CONFIRMED


def test_many_days_at_once_are_told_as_each_of_them_is(watched: Watched) -> None:
    subject = lost(watched)
    watched.flip(subject, "sight", "seen", "undetermined", at(3, 6))
    watched.flip(subject, "sight", "undetermined", "seen", at(1, 12))
    watched.flip(
        watched.subject(OTHER, vantage="local", worst="failing", began=6 * DAY), "PTR_MISSING", "ok", "failing", DAY
    )
    with watched.database.read() as connection:
        ledger = Ledger(connection, [IP, OTHER], TODAY - 30, TODAY, now=NOW)
        for ip in (IP, OTHER):
            days = range(TODAY - 30, TODAY + 1)
            found = ledger.states(ip, days)
            assert found == {day: ledger.on(ip, day).state for day in days}
            assert len(set(found.values())) > 1
