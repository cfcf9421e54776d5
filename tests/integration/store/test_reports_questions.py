"""What is asked of stored reports, against the same worked out the plain way from what went in; on both databases."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from support.storedreports import DAY_S, DOMAINS, FIRST, REPORTERS, Reading, came, reading, shape, world
from truehelo.reports.model import DkimResult, Policy, Shape
from truehelo.store.database import Database
from truehelo.store.reports import largest, lately, questions, source_questions
from truehelo.store.reports.answers import Sums
from truehelo.store.reports.importing import Importer
from truehelo.store.reports.tables import YOUNG, week_of
from truehelo.store.sources.told import DAYS as WINDOW
from truehelo.store.sources.told import told_of

pytestmark = pytest.mark.integration

DAYS = 40
SPANS = [
    (FIRST, FIRST + DAYS - 1),
    (FIRST + 3, FIRST + 3),
    (FIRST + 5, FIRST + 20),
    (0, 10**6),
    (FIRST + 9, FIRST),
]


@dataclass(frozen=True)
class Fact:
    """One record, with all that a question may ask for."""

    domain: str
    reporter: str
    day: int
    ip: str
    messages: int
    shape: Shape
    report: str

    @property
    def disposition(self) -> str:
        return self.shape.disposition if self.shape.disposition in ("none", "quarantine", "reject", "pass") else ""


def facts_of(made: Iterable[Reading]) -> list[Fact]:
    return [
        Fact(
            each.told.policy.domain, each.told.metadata.org_name, each.told.metadata.day, ip, count, look,
            each.told.metadata.report_id,
        )
        for each in made
        for ip, count, look in each.records
    ]  # fmt: skip


def sums(facts: Iterable[Fact]) -> Sums:
    held = list(facts)

    def part(wanted: Callable[[Fact], bool]) -> int:
        return sum(fact.messages for fact in held if wanted(fact))

    return Sums(
        messages=part(lambda _: True),
        passed=part(lambda fact: fact.shape.passes),
        dkim=part(lambda fact: fact.shape.dkim == "pass"),
        spf=part(lambda fact: fact.shape.spf == "pass"),
        quarantined=part(lambda fact: fact.disposition == "quarantine"),
        rejected=part(lambda fact: fact.disposition == "reject"),
    )


def grouped(facts: Iterable[Fact], key: Callable[[Fact], Any]) -> dict[Any, list[Fact]]:
    found: dict[Any, list[Fact]] = defaultdict(list)
    for fact in facts:
        found[key(fact)].append(fact)
    return found


def within(facts: Iterable[Fact], span: tuple[int, int], domain: str | None = None) -> list[Fact]:
    return [fact for fact in facts if span[0] <= fact.day <= span[1] and domain in (None, fact.domain)]


@pytest.fixture(scope="module")
def told(reports_database: Database) -> tuple[Database, list[Fact]]:
    """A small world in the store, in an order by chance, and its facts."""
    made = world(11, 260, days=DAYS)
    random.Random(1).shuffle(made)  # noqa: S311
    importer = Importer(reports_database)
    for each in made:
        importer.store(each, came())
    return reports_database, facts_of(made)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("domain", [None, *DOMAINS, "nowhere.example"])
@pytest.mark.parametrize("limit", [1, 5, 1000])
def test_the_largest_sources(
    told: tuple[Database, list[Fact]],
    monkeypatch: pytest.MonkeyPatch,
    domain: str | None,
    span: tuple[int, int],
    limit: int,
) -> None:
    database, facts = told
    monkeypatch.setattr(largest, "_MORE", 0)  # the fewer are taken at first, the more often more are
    with database.read() as connection:
        found = questions.sources(connection, domain, *span, limit)
        count = questions.count_sources(connection, domain, *span)
        monkeypatch.setattr(source_questions, "_COUNTED", 7)
        few, more = questions.count_sources(connection, domain, *span)
    by = grouped(within(facts, span, domain), lambda fact: fact.ip)
    ever = grouped(within(facts, SPANS[0], domain), lambda fact: fact.ip)
    assert count == (len(by), False)
    assert few <= len(by)
    assert more or few == len(by)
    wanted = sorted(by, key=lambda ip: -sums(by[ip]).messages)[:limit]
    assert [each.sums.messages for each in found] == [sums(by[ip]).messages for ip in wanted]
    for each in found:
        assert each.sums == sums(by[each.ip]), each
        assert each.last_day == max(fact.day for fact in by[each.ip])
        assert each.first_day == min(fact.day for fact in ever[each.ip])


@pytest.mark.parametrize("since", [FIRST, FIRST + 15, FIRST + 33, FIRST + 50])
@pytest.mark.parametrize("domain", [None, DOMAINS[0], DOMAINS[2]])
def test_new_sources(told: tuple[Database, list[Fact]], domain: str | None, since: int) -> None:
    database, facts = told
    with database.read() as connection:
        found = questions.new_sources(connection, domain, since, FIRST + DAYS, 1000)
    by = grouped(within(facts, SPANS[0], domain), lambda fact: fact.ip)
    new = {ip: sums(held) for ip, held in by.items() if min(fact.day for fact in held) >= since}
    assert {each.ip: each.sums for each in found} == new
    assert all(each.first_day == min(fact.day for fact in by[each.ip]) for each in found)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("domain", [None, DOMAINS[0], "nowhere.example"])
def test_how_many_sources_are_new(
    told: tuple[Database, list[Fact]], monkeypatch: pytest.MonkeyPatch, domain: str | None, span: tuple[int, int]
) -> None:
    database, facts = told
    with database.read() as connection:
        count = questions.count_new(connection, domain, *span)
        monkeypatch.setattr(source_questions, "_COUNTED", 3)
        few = questions.count_new(connection, domain, *span)
    by = grouped(within(facts, SPANS[0], domain), lambda fact: fact.ip)
    new = [held for held in by.values() if span[0] <= min(fact.day for fact in held) <= span[1]]
    assert count == (len(new), False)
    assert few == (min(len(new), 3), len(new) >= 3)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("domain", [None, DOMAINS[0], DOMAINS[2]])
def test_one_source_by_day_reporter_and_outcome(
    told: tuple[Database, list[Fact]], domain: str | None, span: tuple[int, int]
) -> None:
    database, facts = told
    for ip in ("192.0.2.1", "192.0.2.30", "198.51.100.1"):
        with database.read() as connection:
            found = questions.source(connection, ip, *span, domain)
        wanted = grouped(
            (fact for fact in within(facts, span, domain) if fact.ip == ip),
            lambda fact: (fact.day, fact.reporter, fact.disposition, fact.shape.dkim == "pass", fact.shape.spf == "pass"),
        )
        assert {
            (each.day, each.reporter, each.disposition, each.dkim, each.spf): (each.messages, each.records)
            for each in found
        } == {key: (sums(held).messages, len(held)) for key, held in wanted.items()}
        assert len(found) == len(wanted)
        assert [each.day for each in found] == sorted(each.day for each in found)


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("domain", [None, DOMAINS[0], "nowhere.example"])
def test_many_sources_by_day(told: tuple[Database, list[Fact]], domain: str | None, span: tuple[int, int]) -> None:
    database, facts = told
    ips = sorted({fact.ip for fact in facts})[::4]
    with database.read() as connection:
        found = questions.messages_by_day(connection, [*ips, "192.0.2.255"], domain, range(span[0], span[1] + 1))
    plain = grouped([fact for fact in within(facts, span, domain) if fact.ip in ips], lambda fact: fact.ip)
    assert found == {
        ip: {day: sum(fact.messages for fact in each) for day, each in grouped(own, lambda fact: fact.day).items()}
        for ip, own in plain.items()
    }


@pytest.mark.parametrize("span", SPANS)
def test_the_domains_of_a_source(told: tuple[Database, list[Fact]], span: tuple[int, int]) -> None:
    database, facts = told
    for ip in ("192.0.2.1", "2001:db8:5::25", "198.51.100.1"):
        with database.read() as connection:
            found = questions.source_domains(connection, ip, *span)
        by = grouped((fact for fact in within(facts, span) if fact.ip == ip), lambda fact: fact.domain)
        assert {each.domain: each.sums for each in found} == {domain: sums(held) for domain, held in by.items()}
        assert [each.sums.messages for each in found] == sorted((each.sums.messages for each in found), reverse=True)
        assert all(each.last_day == max(fact.day for fact in by[each.domain]) for each in found)


@pytest.mark.parametrize("span", SPANS)
def test_the_shapes_of_a_source(told: tuple[Database, list[Fact]], span: tuple[int, int]) -> None:
    database, facts = told
    with database.read() as connection:
        found = questions.source_shapes(connection, "192.0.2.1", DOMAINS[0], *span, 10_000)
    by = grouped(
        (fact for fact in within(facts, span, DOMAINS[0]) if fact.ip == "192.0.2.1"),
        lambda fact: (fact.reporter, fact.shape),
    )
    assert {(each.reporter, each.shape): (each.messages, each.first_day, each.last_day) for each in found} == {
        key: (sums(held).messages, min(fact.day for fact in held), max(fact.day for fact in held))
        for key, held in by.items()
    }


@pytest.mark.parametrize("since", [FIRST, FIRST + 15])
@pytest.mark.parametrize("domain", [None, DOMAINS[0], DOMAINS[2], "nowhere.example"])
def test_how_the_mail_of_many_sources_looked(
    told: tuple[Database, list[Fact]], domain: str | None, since: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, facts = told
    monkeypatch.setattr(lately, "_REPORTS", 1000)  # all of them
    monkeypatch.setattr(lately, "_PLACES", 10**6)
    part = within(facts, (since, FIRST + DAYS), domain)
    last = {ip: max(fact.day for fact in own) for ip, own in grouped(part, lambda fact: fact.ip).items()}
    last = {ip: last[ip] for ip in sorted(last)[::3]}
    with database.read() as connection:
        found = questions.looks_of(connection, {**last, "192.0.2.255": FIRST + DAYS}, domain, since)
    assert found.keys() == last.keys()
    for ip, looks in found.items():
        own, about = [fact for fact in part if fact.ip == ip], {look.domain for look in looks}
        assert {fact.domain for fact in own if fact.day > last[ip] - 7} <= about, "all for which it sent of late"
        plain = grouped([fact for fact in own if fact.domain in about], lambda fact: (fact.domain, fact.shape.key))
        assert {(look.domain, look.shape.key): (look.messages, look.reporters) for look in looks} == {
            key: (sum(fact.messages for fact in own), {fact.reporter for fact in own}) for key, own in plain.items()
        }
        assert [look.messages for look in looks] == sorted((look.messages for look in looks), reverse=True)


def test_of_many_reports_the_newest_are_read_and_those_of_whoever_ceased(
    told: tuple[Database, list[Fact]], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, facts = told
    monkeypatch.setattr(lately, "_REPORTS", 6)
    monkeypatch.setattr(lately, "_LEAST_REPORTS", 6)
    part = within(facts, (0, 10**6), DOMAINS[0])
    by_ip = grouped(part, lambda fact: fact.ip)
    last = {ip: max(fact.day for fact in own) for ip, own in by_ip.items()}
    early, late = min(last, key=lambda ip: last[ip]), max(last, key=lambda ip: (last[ip], len(by_ip[ip])))
    assert last[early] < last[late]
    with database.read() as connection:
        found = questions.looks_of(connection, {ip: last[ip] for ip in (early, late)}, DOMAINS[0], 0)
    assert early in found
    for ip, looks in found.items():
        assert 0 < sum(look.messages for look in looks) <= sum(fact.messages for fact in by_ip[ip])


@pytest.mark.parametrize("domain", [None, DOMAINS[0], "nowhere.example"])
def test_who_tells_of_many_sources_in_their_last_days(told: tuple[Database, list[Fact]], domain: str | None) -> None:
    database, facts = told
    since = FIRST + 4
    part = within(facts, (since, FIRST + DAYS), domain)
    by_ip = grouped(part, lambda fact: fact.ip)
    last = {ip: max(fact.day for fact in own) for ip, own in by_ip.items()}
    with database.read() as connection:
        found = told_of(connection, {**last, "192.0.2.255": FIRST}, domain, since)
    assert found.keys() == by_ip.keys()
    newest = max(last.values(), default=0)
    for ip, told_ in found.items():
        own, whole = by_ip[ip], sums(by_ip[ip])
        if last[ip] == newest:
            own = [fact for fact in own if fact.day > newest - WINDOW]
            messages = {
                name: sum(fact.messages for fact in each) for name, each in grouped(own, lambda f: f.reporter).items()
            }
            assert told_.messages == messages
        assert sum(told_.refused.values()) <= whole.rejected + whole.quarantined


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("domain", [None, DOMAINS[0], DOMAINS[2]])
def test_days_and_reporters(told: tuple[Database, list[Fact]], domain: str | None, span: tuple[int, int]) -> None:
    database, facts = told
    held = within(facts, span, domain)
    with database.read() as connection:
        by_both = questions.dispositions(connection, domain, *span)
        by_one = questions.dispositions(connection, domain, *span, reporter=REPORTERS[1].upper())
        by_day = questions.trend(connection, domain, *span)
        by_reporter = questions.reporters(connection, *span, domain)
        by_domain = questions.domains(connection, *span)
    both = grouped(held, lambda fact: (fact.day, fact.reporter))
    assert {(each.day, each.reporter): (each.sums, each.records, each.reports) for each in by_both} == {
        key: (sums(some), len(some), len({fact.report for fact in some})) for key, some in both.items()
    }
    assert by_one == [each for each in by_both if each.reporter == REPORTERS[1]]
    days = grouped(held, lambda fact: fact.day)
    assert [(each.day, each.sums, each.reports) for each in by_day] == [
        (day, sums(days[day]), len({fact.report for fact in days[day]})) for day in sorted(days)
    ]
    assert all(each.reporters == len({fact.reporter for fact in days[each.day]}) for each in by_day)
    reporters = grouped(held, lambda fact: fact.reporter)
    assert {each.reporter: (each.sums, each.days, each.first_day, each.last_day) for each in by_reporter} == {
        name: (sums(some), len({f.day for f in some}), min(f.day for f in some), max(f.day for f in some))
        for name, some in reporters.items()
    }
    domains = grouped(within(facts, span), lambda fact: fact.domain)
    assert {each.domain: each.messages for each in by_domain} == {
        name: sums(some).messages for name, some in domains.items()
    }


@pytest.mark.parametrize("span", SPANS)
def test_selectors(told: tuple[Database, list[Fact]], span: tuple[int, int]) -> None:
    database, facts = told
    by: dict[Any, list[Fact]] = defaultdict(list)
    for fact in within(facts, span, DOMAINS[0]):
        for key in {(each.domain, each.selector, each.result) for each in fact.shape.dkim_results}:
            by[key].append(fact)
    with database.read() as connection:
        found = questions.selectors(connection, DOMAINS[0], *span)
        at = questions.selector_at(connection, DOMAINS[0], DOMAINS[0], "s1", *span)
    assert {(each.domain, each.selector, each.result): (each.messages, each.aligned, each.reporters) for each in found} == {
        key: (sums(held).messages, sums(held).dkim, len({fact.reporter for fact in held})) for key, held in by.items()
    }
    wanted = grouped(by[DOMAINS[0], "s1", "pass"], lambda fact: fact.reporter)
    assert {each.reporter: each.messages for each in at if each.result == "pass"} == {
        reporter: sums(held).messages for reporter, held in wanted.items()
    }


def test_all_tables_tell_the_same(told: tuple[Database, list[Fact]]) -> None:
    database, facts = told
    with database.read() as connection:
        found, weeks = questions.totals(connection), questions.week_totals(connection)
    wanted = {key: sums(held).messages for key, held in grouped(facts, lambda f: (f.domain, f.reporter, f.day)).items()}
    for table in ("reports", "facts", "days", "reporters"):
        assert {(t.domain, t.reporter, t.day): t.messages for t in found if t.table == table} == wanted
    of_all = {key: sums(held).messages for key, held in grouped(facts, lambda f: ("", f.reporter, f.day)).items()}
    for table in ("days of all", "reporters of all"):
        assert {(t.domain, t.reporter, t.day): t.messages for t in found if t.table == table} == of_all
    by_week = grouped(facts, lambda f: (f.domain, week_of(f.day)))
    assert {key: count for key, count in weeks.items() if key[0]} == {
        key: sums(held).messages for key, held in by_week.items()
    }
    assert sum(count for key, count in weeks.items() if not key[0]) == sum(fact.messages for fact in facts)


# By hand.


def test_new_sources_come_by_what_they_sent_while_they_were_new(reports_store: Database) -> None:
    importer = Importer(reports_store)
    sent = [
        ("192.0.2.1", 0, 5),
        ("192.0.2.1", 100, 900),
        ("192.0.2.2", 0, 4),
        ("192.0.2.2", YOUNG - 1, 4),
        ("192.0.2.3", 1, 7),
    ]
    for number, (ip, day, count) in enumerate(sent):
        importer.store(reading(number, [(ip, count, shape())], day=FIRST + day), came())
    for each in (importer, Importer(reports_store)):  # one that remembers, and one that does not
        each.store(reading(50 + (each is importer), [("192.0.2.3", 900, shape())], day=FIRST + 40), came())
    with reports_store.read() as connection:
        found = questions.new_sources(connection, None, FIRST, FIRST + 10)
        two = questions.new_sources(connection, DOMAINS[0], FIRST, FIRST + 200, 2)
    assert [(each.ip, each.sums.messages) for each in found] == [("192.0.2.2", 4), ("192.0.2.3", 7), ("192.0.2.1", 5)]
    assert [(each.ip, each.sums.messages) for each in two] == [("192.0.2.2", 8), ("192.0.2.3", 1807)]


HABITS = [
    ("reported every day and stopped five days ago", range(30, 0, -1), 5, True),
    ("reported every day and stopped two days ago", range(30, 0, -1), 2, True),
    ("reported every day, yesterday too", range(30, 0, -1), 1, False),
    ("reports once a week, the last time six days ago", range(43, 0, -7), 6, False),
    ("reports once a week, the last time nine days ago", range(43, 0, -7), 9, True),
    ("reported twice in all", (7, 1), 20, False),
    ("stopped half a year ago", range(30, 0, -1), 180, False),
]


@pytest.mark.parametrize(("habit", "days", "ago", "silent"), HABITS, ids=[row[0] for row in HABITS])
def test_a_reporter_is_silent_that(
    reports_store: Database, habit: str, days: Iterable[int], ago: int, silent: bool
) -> None:
    importer, last = Importer(reports_store), FIRST + 300
    for number, back in enumerate(days):
        importer.store(reading(number, [("192.0.2.1", 3, shape())], day=last - back + 1), came())
    with reports_store.read() as connection:
        found = questions.silent_reporters(connection, last + ago)
        elsewhere = questions.silent_reporters(connection, last + ago, DOMAINS[1])
    assert [each.reporter for each in found] == [REPORTERS[0]] * silent
    assert elsewhere == []
    if found:
        assert (found[0].last_day, found[0].silent_days) == (last, ago)
        assert found[0].messages == 3 * found[0].days


def test_policies_that_were_seen(reports_store: Database) -> None:
    importer = Importer(reports_store)
    for number, (day, p) in enumerate(((0, "reject"), (1, "reject"), (2, "none"), (2, "none"))):
        importer.store(
            reading(number, [("192.0.2.1", 1, shape())], day=FIRST + day, p=p, reporter=REPORTERS[number % 2]), came()
        )
    with reports_store.read() as connection:
        found = questions.policies(connection, DOMAINS[0], FIRST, FIRST + 9)
    domain = DOMAINS[0]
    assert [(each.policy, each.first_day, each.last_day, each.reporters, each.reports) for each in found] == [
        (Policy(domain=domain, p="none"), FIRST + 2, FIRST + 2, 2, 2),
        (Policy(domain=domain, p="reject"), FIRST, FIRST + 1, 2, 2),
    ]


def test_a_range_over_midnight_counts_for_the_day_of_its_middle(reports_store: Database) -> None:
    told = reading(1, [("192.0.2.1", 1, shape(dkim_results=(DkimResult(domain="a", selector="", result="pass"),)))])
    shifted = reading(2, told.records)
    data = told.told.metadata
    for made, shift in ((told, -11 * 3600), (shifted, -13 * 3600)):
        moved = type(data)(
            **{**{n: getattr(data, n) for n in data.__slots__}, "begin": data.begin + shift, "end": data.end + shift}
        )
        made.told = type(made.told)(metadata=moved, policies=made.told.policies)
    importer = Importer(reports_store)
    for made in (told, shifted):
        importer.store(made, came())
    with reports_store.read() as connection:
        assert [each.day for each in questions.trend(connection, None, 0, FIRST * 2)] == [FIRST - 1, FIRST]
    assert data.begin == FIRST * DAY_S


def test_what_came_in_by_origin(reports_store: Database) -> None:
    importer = Importer(reports_store)
    one = reading(1, [("192.0.2.1", 1, shape())])
    importer.store(one, came(origin="folder", at=1.0))
    importer.store(one.again(salt="x"), came(origin="smtp", at=2.0))
    importer.store(reading(2, [("192.0.2.1", 1, shape())]), came(origin="smtp", at=3.0))
    importer.store(one.again(), came(origin="smtp", at=4.0))
    with reports_store.read() as connection:
        found = questions.origins(connection)
        newest = questions.stored_reports(connection, domain=DOMAINS[0], limit=2)
        nothing = questions.stored_reports(connection, domain="nowhere.example")
    assert [(each.origin, each.reports, each.flagged, each.seen_again, each.last_at) for each in found] == [
        ("folder", 1, 0, 1, 1.0),
        ("smtp", 2, 1, 0, 3.0),
    ]
    assert [each.received_at for each in newest] == [3.0, 2.0]
    assert nothing == []


@pytest.mark.parametrize("domain", [None, DOMAINS[0]])
@pytest.mark.parametrize("ago", [0, 2])
def test_a_source_that_the_first_reporter_alone_tells_of_is_read_too(
    reports_store: Database, monkeypatch: pytest.MonkeyPatch, domain: str | None, ago: int
) -> None:
    monkeypatch.setattr(lately, "_REPORTS", 5)
    monkeypatch.setattr(lately, "_LEAST_REPORTS", 5)
    importer, rare, large, days = Importer(reports_store), "192.0.2.9", "192.0.2.1", 3
    for number in range(days * 20):
        reporter, day = number % 20, FIRST + number // 20
        records = [(large, 5, shape())]
        if not reporter and day <= FIRST + days - 1 - ago:
            records.append((rare, 2, shape("none", "fail", "fail")))
        importer.store(reading(number, records, reporter=f"r{reporter}.example", day=day), came())
    last = {large: FIRST + days - 1, rare: FIRST + days - 1 - ago}
    with reports_store.read() as connection:
        found = questions.looks_of(connection, last, domain, FIRST)
    assert sum(look.messages for look in found[rare]) >= 2
    [look] = found[large]
    assert look.messages == 25
    assert len({name for name in look.reporters if int(name[1:-8]) < 10}) in (1, 2, 3, 4), "neither the first nor the last"
