"""What reports tell becomes an incident once, on both databases: told once, ended once, and nothing of small numbers."""

from collections.abc import Iterator

import pytest
from sqlalchemy import select, update

from support.alerted import DAY, DOMAIN, FIRST, OURS, REPORTERS, Office, bad, good
from support.sentreports import Sent, report, store
from truehelo.configuration.domains import DomainSettings
from truehelo.monitor import acting
from truehelo.monitor.policy import moment
from truehelo.monitor.silencing import silences_of
from truehelo.monitor.sources import judge_domains
from truehelo.monitoring import NoticeKind, Silence
from truehelo.store import incidents as rows
from truehelo.store import membership, tables
from truehelo.store.sources import classes
from truehelo.store.things import domains, reported
from truehelo.store.things import rows as things

pytestmark = pytest.mark.integration

STRANGER, OTHER, THIRD = "198.51.100.9", "203.0.113.7", "203.0.113.99"


@pytest.fixture
def office(sqlite_url: str) -> Iterator[Office]:
    yield from _opened(sqlite_url)


@pytest.fixture
def either(store_url: str) -> Iterator[Office]:
    """On both databases: for the tests that ask each question once."""
    yield from _opened(store_url)


def _opened(url: str) -> Iterator[Office]:
    made = Office.opened(url)
    yield made
    assert made.wrong() == []
    made.database.close()


# Unknown sources


def test_a_source_that_nobody_knows_is_told_once_and_ends_when_it_is_classed(either: Office) -> None:
    either.watched().subject(OURS)
    either.goes_on(4, good())
    assert either.told() == []
    either.goes_on(6, good(), bad(80, STRANGER))
    assert either.told() == [("opened", "SOURCE_UNKNOWN_VOLUME")]
    said = either.notice("SOURCE_UNKNOWN_VOLUME")
    assert said.summary.startswith(f"{STRANGER}, which is neither in the inventory nor classed, sent ")
    assert f"as {DOMAIN} in 7 days" in said.summary
    assert said.about == "sources"
    assert f"    $ truehelo reports ip {STRANGER}" in said.fix
    with either.database.write() as connection:
        classes.say(connection, STRANGER, "unauthorised", reason="spam", by="ann", now=either.now)
    either.judge()
    assert either.told() == [("opened", "SOURCE_UNKNOWN_VOLUME"), ("recovered", "SOURCE_UNKNOWN_VOLUME")]
    assert "it is known now" in either.notice("SOURCE_UNKNOWN_VOLUME", NoticeKind.RECOVERED).summary


def test_the_sources_of_one_domain_are_one_incident(office: Office) -> None:
    office.goes_on(5, good(ip=STRANGER))
    office.goes_on(3, good(ip=STRANGER), good(ip=OTHER))
    assert office.told() == [("opened", "SOURCE_UNKNOWN_VOLUME"), ("grown", "SOURCE_UNKNOWN_VOLUME")]
    said = office.notice("SOURCE_UNKNOWN_VOLUME", NoticeKind.GROWN)
    assert (said.count, said.about) == (2, "sources")
    assert said.summary == f"2 sources: send as {DOMAIN}, and are neither in the inventory nor classed"


def test_sources_that_join_on_the_day_of_a_message_are_told_when_that_day_is_over(office: Office) -> None:
    grown = ("grown", "SOURCE_UNKNOWN_VOLUME")
    office.goes_on(5, good(ip=STRANGER))
    office.goes_on(1, good(ip=STRANGER), good(ip=OTHER))
    office.goes_on(1, good(ip=STRANGER), good(200, ip=OTHER))
    assert office.told()[1:] == [grown]
    office.came({"late.example": [good(200, ip=THIRD)]})
    office.came({"late.example": [good(200, ip=THIRD)]}, day=office.day - 2)
    office.judge()
    assert office.told()[1:] == [grown, grown]
    with office.database.read() as connection:
        of_growth = select(tables.outbox.c.attempt_at - tables.outbox.c.created).where(tables.outbox.c.kind == "grown")
        waits = sorted(connection.scalars(of_growth))
    assert waits[-1] >= DAY / 2
    assert office.notice("SOURCE_UNKNOWN_VOLUME", NoticeKind.GROWN).count == 3
    office.judge()
    assert office.told()[1:] == [grown, grown]


FEW = [
    ("a handful of messages is not told", 5, 0),
    ("much, but hardly any of all", 40, 100_000),
]


@pytest.mark.parametrize(("sentence", "theirs", "ours"), FEW, ids=[row[0] for row in FEW])
def test_little_is_not_told(office: Office, sentence: str, theirs: int, ours: int) -> None:
    office.watched().subject(OURS)
    office.goes_on(8, bad(theirs, STRANGER), *([good(ours)] if ours else []))
    assert office.told() == [], sentence


def test_a_source_that_no_longer_sends_is_over(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(5, good(), bad(80, STRANGER))
    office.goes_on(9, good())
    assert office.told() == [("opened", "SOURCE_UNKNOWN_VOLUME"), ("recovered", "SOURCE_UNKNOWN_VOLUME")]


# The aligned share


def test_a_fall_of_the_aligned_share_is_told_once_and_ends_once(either: Office) -> None:
    either.watched().subject(OURS)
    either.goes_on(30, good(190), bad(10))
    assert either.told() == []
    either.goes_on(6, good(80), bad(120))
    assert either.told() == [("opened", "ALIGNMENT_DROPPED")]
    said = either.notice("ALIGNMENT_DROPPED")
    assert said.summary.startswith(f"of the mail of {DOMAIN}, ")
    assert "95.0% in the four weeks before" in said.summary
    assert "no record of it was seen to change before that" in said.cause
    either.goes_on(6, good(190), bad(10))
    assert either.told() == [("opened", "ALIGNMENT_DROPPED"), ("recovered", "ALIGNMENT_DROPPED")]


def test_a_record_that_changed_before_the_fall_is_named(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(30, good(190), bad(10))
    with office.database.write() as connection:
        domain = things.thing(connection, things.DOMAIN, DOMAIN, now=office.now)
        things.add_flip(connection, domain.id, "spf", old="v=spf1 mx -all", new="v=spf1 -all", at=office.now, reason="seen")
    office.goes_on(4, good(80), bad(120))
    assert office.told() == [("opened", "ALIGNMENT_DROPPED")]
    assert office.notice("ALIGNMENT_DROPPED").cause == "spf changed 2027-01-12"


def test_those_who_pretend_do_not_lower_the_aligned_share(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(30, good(190), bad(10))
    office.goes_on(4, good(190), bad(10), bad(5000, STRANGER))
    assert office.open_tags() == ["SOURCE_UNKNOWN_VOLUME"]


def test_one_that_lasts_becomes_what_is_usual(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(30, good(190), bad(10))
    office.goes_on(6, good(80), bad(120))
    office.goes_on(30, good(80), bad(120))
    assert office.told() == [("opened", "ALIGNMENT_DROPPED"), ("recovered", "ALIGNMENT_DROPPED")]
    assert "what is usual now" in office.notice("ALIGNMENT_DROPPED", NoticeKind.RECOVERED).ended


@pytest.mark.parametrize("lasted", [3, 5, 8])
def test_a_fall_that_is_over_is_not_told_again_of_the_days_that_were_low(office: Office, lasted: int) -> None:
    office.watched().subject(OURS)
    office.goes_on(30, good(196), bad(4))
    for sent in [(good(100), bad(100))] * lasted + [(good(196), bad(4))] * 10:
        office.goes_on(1, *sent)
        office.judge()  # as in the next hour
    assert office.told() == [("opened", "ALIGNMENT_DROPPED"), ("recovered", "ALIGNMENT_DROPPED")]


def test_a_few_messages_that_fail_are_no_fall(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(30, good(2))
    office.goes_on(5, bad(2))
    assert office.told() == []


# Reporters


def test_a_reporter_that_falls_silent_is_told_once_and_ends_when_it_is_back(either: Office) -> None:
    either.watched().subject(OURS)
    either.goes_on(25, good())
    either.goes_on(7, good(), reporters=REPORTERS[:1])
    assert either.told() == [("opened", "REPORTER_SILENT")]
    said = either.notice("REPORTER_SILENT")
    assert said.summary == f"{REPORTERS[1]} reported on 21 of 21 days up to 2027-01-06, and has not for 3 days"
    assert "spam folder" in " ".join(said.fix)
    either.goes_on(2, good())
    assert either.told() == [("opened", "REPORTER_SILENT"), ("recovered", "REPORTER_SILENT")]


def test_when_all_are_silent_the_way_of_the_reports_is_suspected(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(25, good())
    office.goes_on(8, good(), reporters=())
    assert office.told() == [("opened", "REPORTER_SILENT")]
    said = office.notice("REPORTER_SILENT")
    assert said.count == 2
    assert said.summary == "2 reporters: reports stopped after 2027-01-06: no reporter is heard"
    assert "the mailbox" in said.fix[0]


def test_old_reports_that_are_imported_tell_nothing_of_their_reporters(office: Office) -> None:
    office.watched().subject(OURS)
    for day in range(FIRST - 40, FIRST - 6):
        office.came({name: [good()] for name in REPORTERS}, day=day, at=office.now)
    office.judge()
    office.goes_on(3, good(), reporters=())
    assert office.told() == []


def test_one_that_leaves_out_days_is_waited_for_longer(office: Office) -> None:
    office.watched().subject(OURS)
    for _ in range(5):
        office.goes_on(4, good())
        office.goes_on(1, good(), reporters=REPORTERS[:1])
    office.goes_on(5, good(), reporters=REPORTERS[:1])
    assert office.told() == []
    office.goes_on(6, good(), reporters=REPORTERS[:1])
    assert office.told() == [("opened", "REPORTER_SILENT")]


def test_one_that_stays_silent_is_told_once_and_not_waited_for_after_a_month(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(25, good())
    for _ in range(45):
        office.goes_on(1, good(), reporters=REPORTERS[:1])
        office.judge()  # as in the next hour
    assert office.told() == [("opened", "REPORTER_SILENT"), ("recovered", "REPORTER_SILENT")]
    assert "not waited for any more" in office.notice("REPORTER_SILENT", NoticeKind.RECOVERED).ended


# TLS


def test_tls_sessions_that_fail_are_told_once_and_end_once(either: Office) -> None:
    for successful, failed in [(900, 2)] * 5:
        either.day += 1
        either.tls(successful, failed)
        either.judge()
    assert either.told() == []
    for successful, failed in [(300, 600)] * 4:
        either.day += 1
        either.tls(successful, failed)
        either.judge()
    assert either.told() == [("opened", "TLS_FAILURES")]
    assert "certificate-expired at mx1.shop.example" in either.notice("TLS_FAILURES").summary
    for _ in range(4):
        either.day += 1
        either.tls(900, 0)
        either.judge()
    assert either.told() == [("opened", "TLS_FAILURES"), ("recovered", "TLS_FAILURES")]


def test_a_few_sessions_that_fail_are_not_told(office: Office) -> None:
    for _ in range(5):
        office.day += 1
        office.tls(1, 2)
        office.judge()
    assert office.told() == []


def tls(office: Office, *days: tuple[int, int]) -> None:
    """So many sessions succeeded and failed on each of these days; each is judged twice, as from hour to hour."""
    for successful, failed in days:
        office.day += 1
        if successful or failed:
            office.tls(successful, failed)
        office.judge()
        office.judge()


TOLD_ONCE = [
    ("all fail, and then a small domain is well with three a day", [(0, 12), *[(3, 0)] * 9]),
    ("those of one day fail between others", [(50, 0), (50, 0), (0, 60), (14, 0), (4, 0), (4, 0), (20, 0)]),
    ("many that were well before do not outweigh them", [(9000, 0), (0, 60), (0, 60), (400, 0), (400, 0), (400, 0)]),
]


@pytest.mark.parametrize(("sentence", "days"), TOLD_ONCE, ids=[row[0] for row in TOLD_ONCE])
def test_failures_are_told_once_and_end_when_none_fails(office: Office, sentence: str, days: list[tuple[int, int]]) -> None:
    tls(office, *days, (3, 0), (3, 0), (3, 0))
    assert office.told() == [("opened", "TLS_FAILURES"), ("recovered", "TLS_FAILURES")], sentence
    assert office.notice("TLS_FAILURES", NoticeKind.RECOVERED).ended == ""


def test_failures_that_nobody_reports_on_any_more_end_after_weeks_and_say_so(office: Office) -> None:
    tls(office, (0, 12), *[(0, 0)] * 25)
    assert office.told() == [("opened", "TLS_FAILURES")]
    tls(office, *[(0, 0)] * 10)
    assert office.told() == [("opened", "TLS_FAILURES"), ("recovered", "TLS_FAILURES")]
    assert office.notice("TLS_FAILURES", NoticeKind.RECOVERED).ended == "nobody has reported on TLS for 28 days"


# Keys

KEY = f"s1._domainkey.{DOMAIN}"
GOOD_KEY = "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEB"


def stands(office: Office, value: str, at: float | None = None, name: str = KEY) -> None:
    """This is what stands in the DNS for a key from now on."""
    with office.database.write() as connection:
        domain = things.thing(connection, things.DOMAIN, DOMAIN, now=office.now)
        domains.observe(connection, domain.id, f"dkim:{name}", value, 300, office.now if at is None else at)


@pytest.mark.parametrize(("value", "how"), [("", "gone"), ("v=DKIM1; k=rsa; p=", "revoked (its p= is empty)")])
def test_a_key_that_goes_while_mail_is_signed_with_it_is_told_and_ends_when_it_is_back(
    either: Office, value: str, how: str
) -> None:
    either.watched().subject(OURS)
    stands(either, GOOD_KEY)
    either.goes_on(5, good())
    stands(either, value)
    either.goes_on(2, good())
    assert either.told() == [("opened", "DKIM_KEY_LOST")]
    said = either.notice("DKIM_KEY_LOST")
    assert said.summary.startswith(f"the DKIM key s1 of {DOMAIN} is {how}, and reports up to ")
    assert f'    {KEY}. TXT "{GOOD_KEY}"' in said.fix
    stands(either, GOOD_KEY)
    either.judge()
    either.goes_on(1, good())
    assert either.told() == [("opened", "DKIM_KEY_LOST"), ("recovered", "DKIM_KEY_LOST")]


def test_a_key_that_was_rotated_in_peace_is_not_told(office: Office) -> None:
    office.watched().subject(OURS)
    stands(office, GOOD_KEY)
    office.goes_on(5, good())
    office.goes_on(8, good(signed="s2"))
    stands(office, "")
    office.goes_on(3, good(signed="s2"))
    assert office.told() == []


def test_a_selector_that_never_was_is_a_strangers_joke(office: Office) -> None:
    office.watched().subject(OURS)
    stands(office, "", name=f"joke._domainkey.{DOMAIN}")
    office.goes_on(6, good(), bad(90, OURS, signed="joke"))
    assert "DKIM_KEY_LOST" not in office.open_tags()


def test_a_key_that_nobody_signs_with_any_more_is_over(office: Office) -> None:
    office.watched().subject(OURS)
    stands(office, GOOD_KEY)
    office.goes_on(5, good())
    stands(office, "")
    office.goes_on(2, good())
    office.goes_on(8, good(signed="s2"))
    assert office.told() == [("opened", "DKIM_KEY_LOST"), ("recovered", "DKIM_KEY_LOST")]
    assert "no mail is signed with it any more" in office.notice("DKIM_KEY_LOST", NoticeKind.RECOVERED).ended


def test_a_key_of_a_domain_and_of_the_one_above_it_is_told_of_each_by_its_own_reports(office: Office) -> None:
    below = f"news.{DOMAIN}"
    key = f"s1._domainkey.{below}"
    office.watched().subject(OURS)
    with office.database.write() as connection:
        wanted = [domains.Wanted(name=name, origins=("configuration",)) for name in (DOMAIN, below)]
        domains.sync(connection, wanted, 3600.0, office.now)

    def publish(value: str) -> None:
        with office.database.write() as connection:
            for name in (DOMAIN, below):
                number = things.thing(connection, things.DOMAIN, name, now=office.now).id
                domains.observe(connection, number, f"dkim:{key}", value, 300, office.now)

    def goes_on(days: int, *, signed: bool) -> None:
        """Mail of the domain is signed with the key of the one below; its own has `signed`, or no signature at all."""
        for _ in range(days):
            office.day += 1
            whole = report(REPORTERS[0], DOMAIN, office.day - 1, [good()])
            mark = f"<dkim><domain>{DOMAIN}<".encode()
            part = report(REPORTERS[0], below, office.day - 1, [good(5, signed="s1" if signed else "")])
            store(office.database, [whole.replace(mark, f"<dkim><domain>{below}<".encode()), part], office.now - 3600)

    publish(GOOD_KEY)
    goes_on(8, signed=True)
    goes_on(8, signed=False)
    office.judge()
    publish("")
    for _ in range(6):
        office.judge()
    assert office.told() == [("opened", "DKIM_KEY_LOST")]
    assert DOMAIN in office.notice("DKIM_KEY_LOST").summary


DUE = [
    ("no rule, no age", DomainSettings(), GOOD_KEY, False),
    ("older than it may be, soon", DomainSettings(key_max_age_s=30 * DAY, key_warn_s=14 * DAY), GOOD_KEY, True),
    ("not that old", DomainSettings(key_max_age_s=365 * DAY), GOOD_KEY, False),
    ("its note names a day that is near", DomainSettings(key_dates=True), "v=DKIM1; n=replace 2027-01-09; p=AAAA", True),
    ("its note names a day that is far", DomainSettings(key_dates=True), "v=DKIM1; n=replace 2028-01-09; p=AAAA", False),
    ("its note names a day that there is not", DomainSettings(key_dates=True), "v=DKIM1; n=2027-02-30; p=AAAA", False),
    ("nobody asked for notes", DomainSettings(), "v=DKIM1; n=2027-01-09; p=AAAA", False),
]


@pytest.mark.parametrize(("sentence", "settings", "value", "is_due"), DUE, ids=[row[0] for row in DUE])
def test_a_key_is_due_by_the_rules_of_the_operator_alone(
    office: Office, sentence: str, settings: DomainSettings, value: str, is_due: bool
) -> None:
    office.domains = settings
    stands(office, value)
    office.day += 20
    office.judge()
    office.judge()
    assert office.told() == ([("opened", "DKIM_KEY_EXPIRING")] if is_due else []), sentence
    stands(office, "v=DKIM1; p=BBBB")
    office.day += 1
    office.judge()
    assert office.open_tags() == [], sentence


# Refusals


def test_refusals_after_a_flip_name_cause_date_and_receivers(either: Office) -> None:
    """The story: the PTR is lost on a day, and two receivers refuse from the next days on."""
    watched = either.watched()
    subject = watched.subject(OURS, groups=("mail",), owner="Ann")
    either.goes_on(25, good())
    lost = either.now
    watched = either.watched()
    watched.flip(subject, "PTR_MISSING", "ok", "failing", 0.0)
    watched.state(subject, "PTR_MISSING", "failing", 0.0)
    watched.incident("PTR_MISSING", 0.0, members=[subject])
    either.goes_on(9, good(20), good(180, disposition="quarantine"))
    assert either.told() == [("opened", "SOURCE_REFUSED")]
    said = either.notice("SOURCE_REFUSED")
    assert said.summary.startswith(f"mail from {OURS} is refused or quarantined since 2027-01-0")
    assert all(name in said.summary for name in REPORTERS)
    assert f"PTR_MISSING since {moment(lost):%Y-%m-%d %H:%M} UTC" in said.cause
    assert f"    $ truehelo reports ip {OURS}" in said.fix
    assert (said.groups, said.owners) == (("mail",), ("Ann",))
    either.goes_on(14, good())
    assert either.told() == [("opened", "SOURCE_REFUSED"), ("recovered", "SOURCE_REFUSED")]


def test_a_source_that_was_always_refused_is_no_news(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(30, good(20, disposition="quarantine"), good(180))
    assert office.told() == []


def refused(count: int = 200, ip: str = OURS) -> Sent:
    return Sent(ip=ip, count=count, disposition="reject")


def test_refusals_that_go_on_for_months_are_not_over(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(40, good())
    office.goes_on(6, refused())
    for _ in range(8):
        office.goes_on(9, refused())
    assert office.told() == [("opened", "SOURCE_REFUSED")]
    office.goes_on(5, good())
    office.judge()
    assert office.told() == [("opened", "SOURCE_REFUSED"), ("recovered", "SOURCE_REFUSED")]


def test_refusals_of_a_part_are_not_over_either_while_that_part_is_refused(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(40, good())
    office.goes_on(6, good(140), refused(60))
    for _ in range(6):
        office.goes_on(9, good(140), refused(60))
    assert office.told() == [("opened", "SOURCE_REFUSED")]
    office.goes_on(5, good())
    assert office.told() == [("opened", "SOURCE_REFUSED"), ("recovered", "SOURCE_REFUSED")]


def test_refusals_end_when_the_address_is_not_watched_any_more(either: Office) -> None:
    number = either.watched().subject(OURS)
    either.goes_on(30, good())
    either.goes_on(6, refused())
    assert either.told() == [("opened", "SOURCE_REFUSED")]
    with either.database.write() as connection:
        gone = update(tables.subjects).where(tables.subjects.c.id == number)
        connection.execute(gone.values(removed_at=either.now))
        nothing = update(tables.schedule).where(tables.schedule.c.subject_id == number)
        connection.execute(nothing.values(next_run_at=None))
    either.goes_on(1, refused())
    assert ("recovered", "SOURCE_REFUSED") in either.told()
    assert "in the inventory" in either.notice("SOURCE_REFUSED", NoticeKind.RECOVERED).ended


def test_refusals_end_when_no_mail_is_seen_any_more_while_others_is(either: Office) -> None:
    moved = "192.0.2.77"
    for ip in (OURS, moved):
        either.watched().subject(ip)
    either.goes_on(30, good())
    either.goes_on(6, refused())
    either.goes_on(10, reporters=())
    either.day += 10
    either.judge()
    assert ("recovered", "SOURCE_REFUSED") not in either.told(), "nobody reports: nobody knows"
    either.goes_on(4, good(ip=moved))
    assert ("recovered", "SOURCE_REFUSED") in either.told()
    assert "no mail of it" in either.notice("SOURCE_REFUSED", NoticeKind.RECOVERED).ended


# The rules of all incidents


def test_what_was_judged_before_a_kill_is_not_told_again(office: Office) -> None:
    office.watched().subject(OURS)
    office.goes_on(5, good(), bad(80, STRANGER))
    for _ in range(5):
        office.judge()
    assert office.told() == [("opened", "SOURCE_UNKNOWN_VOLUME")]


def test_under_maintenance_nothing_is_opened_and_afterwards_what_still_is(either: Office) -> None:
    either.watch_domain("customers")
    begin = moment(either.now)
    either.policy.windows = (
        Silence(id=1, reason="move", by="ann", since=begin, until=moment(either.now + 6 * DAY), groups=("customers",)),
    )
    either.goes_on(5, bad(80, STRANGER))
    assert either.told() == []
    either.goes_on(2, bad(80, STRANGER))
    assert either.told() == [("opened", "SOURCE_UNKNOWN_VOLUME")]


def test_silences_and_acknowledgements_cover_things_as_they_cover_addresses(office: Office) -> None:
    office.goes_on(5, bad(80, STRANGER))
    until = moment(office.now + DAY)
    covering = [
        Silence(id=1, reason="r", by="b", until=until, tags=("SOURCE_*",)),
        Silence(id=2, reason="r", by="b", until=until, ip="198.51.100.0/24"),
    ]
    not_covering = [
        Silence(id=3, reason="r", by="b", until=until, tags=("PTR_*",)),
        Silence(id=4, reason="r", by="b", until=until, ip="192.0.2.0/24"),
    ]
    with office.database.write() as connection:
        (incident,) = rows.open_incidents(connection)
        members = membership.members_of(connection, incident.id)
        assert [(each.ip, each.kind, each.domain) for each in members] == [(STRANGER, "source", DOMAIN)]
        for each in [*covering, *not_covering]:
            office.policy.silences = (each,)
            assert bool(silences_of(incident, members, office.policy, office.now)) is (each in covering)
        assert acting.acknowledge(connection, incident, by="ann", note="", now=office.now)
    office.judge()
    assert office.open_tags() == ["SOURCE_UNKNOWN_VOLUME"]


def test_what_is_no_longer_watched_is_over(office: Office) -> None:
    office.goes_on(5, bad(80, STRANGER))
    with office.database.write() as connection:
        domains.sync(connection, [], 3600.0, office.now)
    office.judge()
    assert office.told() == [("opened", "SOURCE_UNKNOWN_VOLUME"), ("recovered", "SOURCE_UNKNOWN_VOLUME")]


def test_a_day_that_is_not_over_for_everybody_is_not_judged(office: Office) -> None:
    office.goes_on(1, bad(5000, STRANGER))
    assert office.told() == []
    with office.database.read() as connection:
        assert reported.newest(connection) > 0


def test_a_fault_of_one_judge_does_not_keep_the_others_from_judging(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise ValueError("no such number")

    monkeypatch.setattr("truehelo.monitor.sources.reported.JUDGES", (broken, judge_domains.judge))
    office.goes_on(5, bad(80, STRANGER))
    assert office.told() == [("opened", "SOURCE_UNKNOWN_VOLUME")]
    assert any("no such number" in line for line in office.said)
