"""Reports and the watch in one store, on both databases: where mail leaves from, what a source is, who refused it, why."""

from dataclasses import replace

import pytest

from integration.joined.conftest import Copies
from support.sentreports import Sent, report, store
from support.watched import DAY, HOUR, NOW, Watched
from support.world import World
from truehelo.engine.judge import Judging
from truehelo.monitor.sources import lists, reading
from truehelo.monitor.sources.address import address
from truehelo.monitor.sources.reading import Asked, new_sources, sources
from truehelo.monitor.story import evidence
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.sources.classes import SourceClass
from truehelo.sources.model import Address, Named, Origin, Sources
from truehelo.store import history, results
from truehelo.store.database import Database
from truehelo.store.reports.outcomes import Outcome
from truehelo.store.sources import classes, standings
from truehelo.store.sources.standings import Authorised, Standing

pytestmark = pytest.mark.integration

DOMAIN = "business.example"
LOST, TWIN, RELAY, FAKE, NEW = "192.0.2.25", "192.0.2.26", "203.0.113.9", "198.51.100.77", "2001:db8::9"
TODAY = int(NOW // DAY)
MIDNIGHT = NOW - TODAY * DAY
SINCE, LAST = TODAY - 29, TODAY - 1
ASKED = Asked(domain=DOMAIN, since=SINCE, until=TODAY, now=NOW)


def reported(reporter: str, day: int) -> list[Sent]:
    """What a receiver saw on a day, and did: it refuses what has no PTR from the day after the loss on, or later."""
    ago = TODAY - day
    late = {"r1.example": 8, "r2.example": 7}.get(reporter, 0)
    done = {"r1.example": "quarantine", "r2.example": "reject"}.get(reporter, "none") if ago <= late else "none"
    rows = [
        Sent(ip=LOST, count=20, disposition=done),
        Sent(ip=TWIN, count=10),
        Sent(ip=FAKE, count=2, disposition="reject", dkim=False, spf=False, signed="", envelope="spam.example"),
    ]
    if reporter == "r3.example":
        rows.append(Sent(ip=RELAY, count=1, spf=False, envelope="alumni.example"))
        if ago <= 2:
            rows.append(Sent(ip=NEW, dkim=False, spf=False, signed=""))
    return rows


def fill(database: Database) -> None:
    """One address that is watched and lost its PTR, and a month of reports by three receivers."""
    scene = Watched(database)
    subject = scene.subject(LOST, expected=["mail.business.example"], vantage="local", worst="failing")
    scene.heartbeat(5.0)
    lost = MIDNIGHT + 9 * DAY - 14 * HOUR
    scene.flip(subject, "ptr", "mail.business.example", "none (nxdomain)", lost, "two resolvers say so")
    scene.flip(subject, "PTR_MISSING", "ok", "failing", lost, f"{LOST} has no PTR record")
    scene.state(subject, "PTR_MISSING", "failing", lost)
    xml = [
        report(name, DOMAIN, day, reported(name, day))
        for name in ("r1.example", "r2.example", "r3.example")
        for day in range(SINCE, TODAY)
    ]
    assert set(store(database, xml, NOW)) == {Outcome.NEW}


@pytest.fixture
def watched(copies: Copies) -> Watched:
    return Watched(copies("month", fill))


def look(scene: Watched, ip: str, iprev: str, *names: str) -> None:
    organisation = PublicSuffixes().organisation(names[0]) or "" if names and iprev == "pass" else ""
    seen = Standing(
        ip=ip,
        at=NOW - 3 * DAY,
        iprev=iprev,
        ptr=names,
        confirmed=names if iprev == "pass" else (),
        organisation=organisation,
    )
    with scene.database.write() as connection:
        standings.keep(connection, [seen])


def answered(scene: Watched, asked: Asked = ASKED) -> Sources:
    with scene.database.read() as connection:
        return sources(connection, asked, PublicSuffixes())


def told(scene: Watched, ip: str, asked: Asked = ASKED) -> Address:
    with scene.database.read() as connection:
        return address(connection, ip, asked, PublicSuffixes(), Judging(receivers=()))


def test_mail_counts_for_what_its_source_was_called_on_that_day(watched: Watched) -> None:
    look(watched, TWIN, "pass", "out2.business.example")
    look(watched, FAKE, "permerror")
    look(watched, RELAY, "temperror")
    found = answered(watched)
    assert found.total.messages == 29 * (3 * 32 + 1) + 2
    # The address was well for most of the day on which it lost its name, nine days ago: 21 days are good, eight are bad.
    assert found.by_name == {
        Named.CONFIRMED: 21 * 60 + 29 * 30,
        Named.UNCONFIRMED: 8 * 60 + 29 * 6,
        Named.UNDETERMINED: 29,
        Named.NOT_KNOWN: 2,
    }
    assert sum(found.by_name.values()) == found.total.messages


def test_each_source_is_what_it_seems_with_reasons(watched: Watched) -> None:
    look(watched, RELAY, "pass", "relay.alumni.example")
    rows = {row.ip: row for row in answered(watched).rows}
    assert {ip: row.standing.kind for ip, row in rows.items()} == {
        LOST: SourceClass.MINE,
        TWIN: SourceClass.MINE,
        RELAY: SourceClass.FORWARDER,
        FAKE: SourceClass.UNAUTHORISED,
        NEW: SourceClass.UNKNOWN,
    }
    assert [sign.code for sign in rows[RELAY].standing.suggestion.signs] == ["envelope-foreign", "selector-shared"]
    assert (rows[RELAY].network_name, rows[RELAY].names.origin) == ("alumni.example", Origin.OBSERVED)
    assert (rows[LOST].watched, rows[TWIN].watched) == (True, False)
    assert rows[LOST].refused_at == (("r1.example", 160), ("r2.example", 140))
    assert [(each.selector, each.aligned) for each in rows[LOST].selectors] == [("s1", 29 * 60)]
    assert (rows[NEW].first_day, rows[NEW].last_day, rows[NEW].reporters) == (TODAY - 2, TODAY - 1, 1)


def test_the_operator_counts_before_what_it_seems_and_the_narrowest_word_counts(watched: Watched) -> None:
    with watched.database.write() as connection:
        classes.say(connection, "203.0.113.0/24", "mine", reason="a pool", by="anna", now=NOW - 5)
        classes.say(connection, RELAY, "unauthorised", reason="abuse", by="ben", now=NOW - 4)
    rows = {row.ip: row for row in answered(watched).rows}
    standing = rows[RELAY].standing
    assert (standing.kind, standing.by, standing.reason, standing.said) == (SourceClass.UNAUTHORISED, "ben", "abuse", True)
    assert standing.suggestion.kind is SourceClass.FORWARDER
    with watched.database.write() as connection:
        assert classes.end(connection, RELAY, NOW)
    standing = {row.ip: row for row in answered(watched).rows}[RELAY].standing
    assert (standing.kind, standing.by, standing.target) == (SourceClass.MINE, "anna", "203.0.113.0/24")
    trail = told(watched, RELAY).trail
    assert [(each.by, each.ended is None) for each in trail] == [("ben", False), ("anna", True)]


def test_only_so_many_sources_are_shown_and_the_rest_is_counted(watched: Watched) -> None:
    found = answered(watched, replace(ASKED, shown=2))
    assert [row.ip for row in found.rows] == [LOST, TWIN]
    assert (found.sources, found.left_out, found.left_out_messages) == (5, 3, 29 * 7 + 2)


def test_sources_that_are_not_even_looked_at_are_counted_too(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST", 3)
    found = answered(watched, replace(ASKED, shown=2))
    assert (found.sources, found.left_out, found.left_out_messages) == (5, 3, 29 * 7 + 2)
    more = [Sent(ip=f"198.51.100.{number}", count=2) for number in range(5)]
    store(watched.database, [report("r1.example", DOMAIN, LAST, more, number=2)], NOW)
    with watched.database.read() as connection:
        new = new_sources(connection, replace(ASKED, since=TODAY - 7, shown=2), PublicSuffixes())
    assert (new.sources, new.left_out, new.left_out_messages, new.at_least) == (6, 4, 2, True)


@pytest.mark.parametrize(("shown", "rows", "left_out"), [(None, 5, 0), (4, 4, 1), (2, 2, 3)])
def test_as_many_sources_are_shown_as_are_asked_for(
    watched: Watched, monkeypatch: pytest.MonkeyPatch, shown: int | None, rows: int, left_out: int
) -> None:
    monkeypatch.setattr(reading, "MOST", 3)
    found = answered(watched, replace(ASKED, shown=shown))
    assert (len(found.rows), found.sources, found.left_out, found.at_least) == (rows, 5, left_out, False)
    with watched.database.read() as connection:
        new = new_sources(connection, replace(ASKED, since=SINCE, shown=shown), PublicSuffixes())
    assert (len(new.rows), new.sources, new.left_out) == (rows, 5, left_out)


def test_the_share_of_what_is_proposed_is_of_all_mail(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lists, "MOST", 2)
    look(watched, TWIN, "pass", "out2.business.example")
    with watched.database.read() as connection:
        [found] = lists.suggest(connection, ASKED, PublicSuffixes())
    shown = {row.ip: row.share for row in answered(watched).rows}
    assert found.share == pytest.approx(shown[TWIN])


def test_another_domain_has_no_such_mail(watched: Watched) -> None:
    store(watched.database, [report("r1.example", "shop.example", LAST, [Sent(ip=TWIN, count=7)])], NOW)
    found = answered(watched, replace(ASKED, domain="shop.example"))
    assert (found.total.messages, [row.ip for row in found.rows]) == (7, [TWIN])
    everything = answered(watched, replace(ASKED, domain=""))
    assert everything.total.messages == 29 * 97 + 2 + 7
    assert told(watched, TWIN, replace(ASKED, domain="")).domains == ((DOMAIN, 29 * 30), ("shop.example", 7))


def test_what_spf_says_now_is_told_and_undetermined_stays_so(watched: Watched) -> None:
    with watched.database.write() as connection:
        standings.authorise(
            connection,
            [
                Authorised(domain=DOMAIN, ip=TWIN, at=NOW, word="pass", detail="ip4:192.0.2.26"),
                Authorised(domain=DOMAIN, ip=FAKE, at=NOW, word="temperror", detail="business.example TXT (timeout)"),
                Authorised(domain="shop.example", ip=TWIN, at=NOW, word="fail"),
            ],
        )
    rows = {row.ip: row for row in answered(watched).rows}
    assert [(each.domain, each.word, each.undetermined) for each in rows[TWIN].spf] == [(DOMAIN, "pass", False)]
    assert [each.undetermined for each in rows[FAKE].spf] == [True]


def test_an_address_is_told_with_the_cause_of_its_refusals(watched: Watched) -> None:
    found = told(watched, LOST)
    assert [(turn.reporter, turn.disposition, TODAY - turn.change.day, turn.worse) for turn in found.turns] == [
        ("r1.example", "quarantine", 8, True),
        ("r2.example", "reject", 7, True),
    ]
    assert found.cause is not None
    assert (found.cause.what, found.cause.at.timestamp()) == ("PTR_MISSING", NOW - (MIDNIGHT + 9 * DAY - 14 * HOUR))
    assert found.cause_still
    assert found.fix == (f"truehelo check {LOST} tells the fix",)
    assert [each.refused_since for each in found.reporters] == [TODAY - 8, TODAY - 7, None]
    assert {turn.refused_aligned == turn.refused for turn in found.turns} == {True}
    states = [found.names_by_day[TODAY - ago].state for ago in (10, 9, 8, 1)]
    assert states == [Named.CONFIRMED, Named.CONFIRMED, Named.UNCONFIRMED, Named.UNCONFIRMED]
    assert found.sums.messages == 29 * 60


def test_a_receiver_that_refuses_before_it_reads_is_told_of_too(watched: Watched) -> None:
    rest = [Sent(ip=TWIN, count=80)]
    days = [
        report("r4.example", DOMAIN, day, [*rest, Sent(ip=LOST, count=20)] if TODAY - day > 8 else rest)
        for day in range(SINCE, TODAY)
    ]
    assert set(store(watched.database, days, NOW)) == {Outcome.NEW}
    turns = {turn.reporter: turn for turn in told(watched, LOST).turns}
    missing = turns["r4.example"]
    assert (missing.disposition, TODAY - missing.change.day, missing.causes[0].what) == ("missing", 8, "PTR_MISSING")
    assert len(turns) == 3


def test_what_is_well_again_needs_no_fix(watched: Watched) -> None:
    with watched.database.write() as connection:
        [subject] = history.find(connection, LOST)
        results.drop_state(connection, subject.subject.id, "PTR_MISSING")
    found = told(watched, LOST)
    assert (found.cause is not None, found.cause_still, found.fix) == (True, False, ())


def test_no_fix_of_a_forwarder_touches_an_spf_record(watched: Watched) -> None:
    """Even of one that somebody watches, and whose last look found SPF to omit it."""
    world = World(
        f"""
        {LOST} PTR mail.business.example
        mail.business.example A 192.0.2.99
        business.example TXT "v=spf1 ip4:192.0.2.200 -all"
        """
    )
    seen = evidence(world.facts(LOST, spf=(f"organisation {DOMAIN}",)), NOW)
    with watched.database.write() as connection:
        [standing] = history.find(connection, LOST)
        values = {"old": "ok", "new": "failing", "at": NOW - 60, "reason": "", "evidence": seen}
        results.add_flip(connection, standing.subject.id, "SPF_OMITS_HOST", **values)
    mine = " ".join(told(watched, LOST).fix)
    assert "SPF" in mine
    with watched.database.write() as connection:
        classes.say(connection, LOST, "forwarder", reason="a list", by="anna", now=NOW)
    other = " ".join(told(watched, LOST).fix)
    assert other
    assert "spf" not in other.lower()


def test_an_address_that_nobody_watches_is_refused_for_no_known_cause(watched: Watched) -> None:
    found = told(watched, FAKE)
    assert (found.watched, found.cause, found.turns) == (False, None, ())
    assert found.sums.rejected == found.sums.messages == 29 * 6
    assert {each.refused_aligned for each in found.days} == {0}


def test_an_address_that_no_report_names_has_an_answer_too(watched: Watched) -> None:
    found = told(watched, "192.0.2.200")
    assert (found.sums.messages, found.days, found.turns, found.standing.kind) == (0, (), (), SourceClass.UNKNOWN)


def test_new_sources_are_those_that_were_never_seen_before(watched: Watched) -> None:
    with watched.database.read() as connection:
        found = new_sources(connection, replace(ASKED, since=TODAY - 7), PublicSuffixes())
    assert [(row.ip, row.sums.messages) for row in found.rows] == [(NEW, 2)]


def test_senders_that_the_inventory_does_not_know_are_proposed(watched: Watched) -> None:
    look(watched, TWIN, "pass", "out2.business.example")
    with watched.database.read() as connection:
        found = lists.suggest(connection, ASKED, PublicSuffixes())
    assert [(each.ip, each.reporters, each.domains) for each in found] == [(TWIN, 3, (DOMAIN,))]
    [line] = lists.lines_of(found)
    assert (line.target, line.expected, line.domains) == (TWIN, ("out2.business.example",), (DOMAIN,))
    watched.subject(TWIN)
    with watched.database.read() as connection:
        assert lists.suggest(connection, ASKED, PublicSuffixes()) == ()


def test_a_forwarder_is_never_proposed_however_much_it_sends(watched: Watched) -> None:
    rows = [Sent(ip=RELAY, count=5000, spf=False, envelope="alumni.example")]
    more = [report(name, DOMAIN, LAST, rows, number=2) for name in ("r1.example", "r2.example", "r3.example")]
    assert set(store(watched.database, more, NOW)) == {Outcome.NEW}
    with watched.database.read() as connection:
        assert [each.ip for each in lists.suggest(connection, ASKED, PublicSuffixes())] == [TWIN]


def test_reporters_are_told_with_those_that_fell_silent(watched: Watched) -> None:
    late = [report("r1.example", DOMAIN, TODAY + day, [Sent(ip=TWIN)]) for day in range(6)]
    store(watched.database, late, NOW)
    with watched.database.read() as connection:
        found = lists.reporters(connection, replace(ASKED, until=TODAY + 5, now=NOW + 6 * DAY))
    silent = {row.name: row.silent_since for row in found.rows}
    assert silent == {"r1.example": None, "r2.example": LAST, "r3.example": LAST}
    assert [row.reports for row in found.rows if row.name == "r1.example"] == [29 + 6]


def test_the_trend_is_told_by_days_and_by_weeks_with_equal_sums(watched: Watched) -> None:
    with watched.database.read() as connection:
        days = lists.trend(connection, ASKED)
        weeks = lists.trend(connection, ASKED, weekly=True)
    assert (days.weekly, weeks.weekly, len(days.rows)) == (False, True, 29)
    assert sum(row.sums.messages for row in days.rows) == sum(row.sums.messages for row in weeks.rows) == 29 * 97 + 2
    assert {lists.monday(row.day) == row.day for row in weeks.rows} == {True}
    assert days.changes == weeks.changes == ()
