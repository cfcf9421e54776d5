"""What becomes of a report in the store, on both databases: new, the same again, another of the same name, none at all."""

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from support.storedreports import DAY_S, DOMAINS, FIRST, NOW, Reading, came, reading, shape, shapes, world
from truehelo.reports.model import DkimResult, FailureReport, Fault, Refused, ReportKind, TlsFailure, TlsPolicy, TlsReport
from truehelo.store.database import Database, StoreError
from truehelo.store.reports import aggregates, dimensions, questions, refusals, tables
from truehelo.store.reports.entries import MOST_MESSAGES
from truehelo.store.reports.importing import Importer, Outcome

pytestmark = pytest.mark.integration


@pytest.fixture
def database(reports_store: Database) -> Database:
    return reports_store


@pytest.fixture
def importer(database: Database) -> Importer:
    return Importer(database)


def count(database: Database, table: str) -> int:
    with database.read() as connection:
        found: int = connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar_one()  # noqa: S608
    return found


def everything(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """All rows that say how much was sent."""
    names = (
        "report_records",
        "report_days",
        "report_weeks",
        "report_reporter_days",
        "report_selector_days",
        "report_firsts",
    )
    with database.read() as connection:
        return {name: sorted(map(tuple, connection.execute(select(tables.metadata.tables[name])))) for name in names}


REPORT = [
    ("192.0.2.1", 7, shape()),
    ("192.0.2.2", 2, shape("reject", "fail", "fail")),
    ("192.0.2.1", 1, shape("none", "pass", "fail")),
]


def test_a_report_is_stored_as_it_was_read(database: Database, importer: Importer) -> None:
    stored = importer.store(reading(1, REPORT), came("a.xml.gz", "imap: reports@example.com"))
    assert stored.outcome is Outcome.NEW
    assert (stored.kind, stored.reporter, stored.report_id, stored.domain) == (
        ReportKind.AGGREGATE, "bigmail.example", "id-1", "shop.example",
    )  # fmt: skip
    assert (stored.records, stored.messages, stored.bad) == (3, 10, 0)
    with database.read() as connection:
        [row] = questions.stored_reports(connection)
        table, source = tables.report_records.c, tables.report_sources
        facts = connection.execute(
            select(source.c.ip, table.count).join(source, source.c.id == table.source_id).order_by(table.position)
        ).all()
        kept = {each.shape for each in questions.source_shapes(connection, "192.0.2.1", "shop.example", FIRST, FIRST)}
        sources = {row[0]: row[1] for row in connection.execute(select(source.c.ip, source.c.network))}
    assert (row.id, row.records, row.messages) == (stored.number, 3, 10)
    assert (row.day, row.begin, row.end) == (FIRST, FIRST * DAY_S, FIRST * DAY_S + DAY_S - 1)
    assert (row.origin, row.name, row.received_at, row.flagged) == ("imap: reports@example.com", "a.xml.gz", NOW, False)
    assert [tuple(each) for each in facts] == [("192.0.2.1", 7), ("192.0.2.2", 2), ("192.0.2.1", 1)]
    assert kept == {shape(), shape("none", "pass", "fail")}
    assert sources == {"192.0.2.1": "192.0.2.0/24", "192.0.2.2": "192.0.2.0/24"}


def test_every_shape_comes_back_as_it_was(database: Database, importer: Importer) -> None:
    looks = shapes(DOMAINS[0])
    importer.store(reading(1, [("2001:db8::1", number, look) for number, look in enumerate(looks, 1)]), came())
    with database.read() as connection:
        found = questions.source_shapes(connection, "2001:db8::1", DOMAINS[0], FIRST, FIRST)
    assert {each.shape: each.messages for each in found} == {look: number for number, look in enumerate(looks, 1)}


AGAIN = [
    ("at once", 0),
    ("while it is too large to be held", 1),
]


@pytest.mark.parametrize(("how", "held"), AGAIN, ids=[row[0] for row in AGAIN])
def test_the_same_report_again_is_counted_and_nothing_else(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch, how: str, held: int
) -> None:
    if held:
        monkeypatch.setattr(aggregates, "_HELD", held)
    first = reading(1, REPORT)
    number = importer.store(first, came()).number
    before = everything(database)
    for _ in range(2):
        again = importer.store(first.again(), came("b.xml"))
        assert (again.outcome, again.number) == (Outcome.DUPLICATE, number)
        assert (again.records, again.messages) == (3, 10)
    assert Importer(database).store(first.again(), came("c.xml")).outcome is Outcome.DUPLICATE
    assert everything(database) == before
    with database.read() as connection:
        [row] = questions.stored_reports(connection)
    assert (row.seen_again, row.name) == (3, "a.xml")


@pytest.mark.parametrize(("how", "held"), AGAIN, ids=[row[0] for row in AGAIN])
def test_another_report_of_the_same_name_is_kept_flagged_and_in_no_sum(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch, how: str, held: int
) -> None:
    if held:
        monkeypatch.setattr(aggregates, "_HELD", held)
    importer.store(reading(1, REPORT), came())
    before = everything(database)
    other = reading(1, [("192.0.2.9", 1000, shape())])
    conflict = importer.store(other, came("other.xml"))
    assert conflict.outcome is Outcome.CONFLICT
    assert importer.store(other.again(), came()).outcome is Outcome.DUPLICATE
    assert importer.store(reading(1, REPORT), came()).outcome is Outcome.DUPLICATE
    after = everything(database)
    assert len(after.pop("report_records")) == 4
    assert {**after, "report_records": before["report_records"]} == before
    with database.read() as connection:
        [flagged] = questions.stored_reports(connection, flagged=True)
        assert questions.sources(connection, None, FIRST, FIRST)[0].sums.messages == 8
        assert {each.messages for each in questions.totals(connection)} == {10}
    assert (flagged.id, flagged.messages, flagged.seen_again) == (conflict.number, 1000, 1)


OTHERS = [
    ("another id", {"number": 2}),
    ("another reporter", {"reporter": "Portal Mail"}),
    ("another domain", {"domain": "bakery.example"}),
    ("another day", {"day": FIRST + 1}),
]


@pytest.mark.parametrize(("what", "changes"), OTHERS, ids=[row[0] for row in OTHERS])
def test_is_another_report(importer: Importer, what: str, changes: dict[str, Any]) -> None:
    importer.store(reading(1, REPORT), came())
    assert importer.store(reading(**{"number": 1, "records": REPORT, **changes}), came()).outcome is Outcome.NEW


def test_a_reporter_is_the_same_however_its_name_is_capitalised(importer: Importer) -> None:
    importer.store(reading(1, REPORT, reporter="Portal Mail"), came())
    assert importer.store(reading(1, REPORT, reporter="PORTAL  mail"), came()).outcome is Outcome.CONFLICT


@pytest.mark.parametrize("held", [20_000, 1])
def test_a_report_that_breaks_off_leaves_nothing_but_its_refusal(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch, held: int
) -> None:
    monkeypatch.setattr(aggregates, "_HELD", held)
    importer.store(reading(1, REPORT), came())
    before = everything(database)
    new = [("198.51.100.7", 5, shape("reject", "fail", "fail", "new.example"))] * 7
    broken = reading(2, new).again(broken=6)
    refused = importer.store(broken, came("broken.xml"))
    assert (refused.outcome, refused.reason) == (Outcome.REFUSED, "it ends in the middle of a record")
    assert everything(database) == before
    with database.read() as connection:
        [row] = questions.refusals(connection)
    assert (row.name, row.reason, row.where) == ("broken.xml", "it ends in the middle of a record", "octet 6")
    # What it brought of addresses and shapes is looked up anew, not remembered from a transaction that was given up.
    assert importer.store(reading(2, new), came()).outcome is Outcome.NEW
    with database.read() as connection:
        [found] = questions.source_domains(connection, "198.51.100.7", FIRST, FIRST)
    assert found.sums.messages == found.sums.rejected == 35


def test_a_database_that_fails_half_way_keeps_nothing_and_takes_the_report_again(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(database)
    monkeypatch.setattr("truehelo.store.reports.rollups._WEEKS", "INSERT INTO nowhere VALUES (?, ?, ?, ?)")
    with pytest.raises(StoreError):
        importer.store(reading(1, REPORT), came())
    assert everything(database) == before
    monkeypatch.undo()
    assert importer.store(reading(1, REPORT), came()).outcome is Outcome.NEW
    with database.read() as connection:
        assert {each.messages for each in questions.totals(connection)} == {10}


REFUSED = [
    (
        "claims more messages than the world has",
        [("192.0.2.1", MOST_MESSAGES, shape()), ("192.0.2.1", 1, shape())],
        0,
        "it claims",
    ),
    ("is of a time that no database keeps", REPORT, 2**45, "its range"),
]


@pytest.mark.parametrize(("what", "records", "day", "said"), REFUSED, ids=[row[0] for row in REFUSED])
@pytest.mark.parametrize("held", [20_000, 1])
def test_a_report_is_refused_that(
    importer: Importer, monkeypatch: pytest.MonkeyPatch, what: str, records: Any, day: int, said: str, held: int
) -> None:
    monkeypatch.setattr(aggregates, "_HELD", held)
    stored = importer.store(reading(1, records, day=day or FIRST), came())
    assert stored.outcome is Outcome.REFUSED
    assert stored.reason.startswith(said)


def test_faults_and_the_whole_head_are_kept(database: Database, importer: Importer) -> None:
    bad = tuple(Fault(number=number, offset=number * 10, reason="the address cannot be read") for number in range(150))
    stored = importer.store(reading(1, REPORT).again(faults=bad, bad=150), came())
    assert stored.bad == 150
    with database.read() as connection:
        row = connection.execute(select(tables.reports)).mappings().one()
    assert row["bad"] == 150
    assert len(json.loads(row["faults"])) == 100
    assert json.loads(row["head"])["metadata"]["report_id"] == "id-1"


def test_text_that_no_database_takes_is_stored_all_the_same(database: Database, importer: Importer) -> None:
    odd = shape(
        header_from="a\0b.example",
        envelope_from="x" * 5000,
        dkim_results=(DkimResult(domain="d" * 5000, selector="\0", result="pass"),),
    )
    told = reading(1, [("192.0.2.1", 1, odd)], reporter="Nül\0" + "x" * 5000, domain="d" * 5000)
    assert importer.store(told, came("n\0" + "y" * 5000)).outcome is Outcome.NEW
    assert importer.store(told.again(), came()).outcome is Outcome.DUPLICATE
    report = TlsReport(
        organization_name="half \ud800", contact_info="\0", report_id="\udfff", begin=0, end=0, digest="1",
        policies=(TlsPolicy(type="s\0", domain="\ud800.example", failures=(TlsFailure(result_type="\0", sessions=1),)),),
    )  # fmt: skip
    assert importer.store(report, came()).outcome is Outcome.NEW


def test_a_refusal_is_told_once_however_often_it_comes_and_the_oldest_go(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = Refused(name="x.zip", reason="it is no report", where="octet 3")
    first = importer.store(refused, came("x.zip"))
    assert importer.store(refused, came("x.zip", at=NOW + 5)).number == first.number
    assert importer.store(refused, came("y.zip")).number != first.number
    with database.read() as connection:
        kept = {each.name: (each.seen_again, each.at, each.where) for each in questions.refusals(connection)}
    assert kept == {"x.zip": (1, NOW + 5, "octet 3"), "y.zip": (0, NOW, "octet 3")}
    monkeypatch.setattr(refusals, "MOST", 3)
    for number in range(10):
        importer.store(refused, came(f"{number}.zip"))
    assert count(database, "report_refusals") == 3


def test_a_tls_report_is_stored_and_rolled_up_once(database: Database, importer: Importer) -> None:
    failed = (
        TlsFailure(result_type="certificate-expired", sessions=3, receiving_mx_hostname="mx1.shop.example"),
        TlsFailure(result_type="certificate-expired", sessions=4, receiving_mx_hostname="mx1.shop.example"),
        TlsFailure(result_type="starttls-not-supported", sessions=1),
    )
    report = TlsReport(
        organization_name="bigmail.example",
        contact_info="mailto:tls@bigmail.example",
        report_id="t1",
        begin=FIRST * DAY_S,
        end=FIRST * DAY_S + DAY_S - 1,
        digest="aa",
        policies=(
            TlsPolicy(type="sts", domain="shop.example", successful=90, failed=8, failures=failed),
            TlsPolicy(type="no-policy-found", domain="bakery.example", successful=5),
        ),
    )
    assert importer.store(report, came()).messages == 103
    assert importer.store(report, came()).outcome is Outcome.DUPLICATE
    other = TlsReport(**{name: getattr(report, name) for name in TlsReport.__slots__} | {"digest": "bb"})
    assert importer.store(other, came()).outcome is Outcome.CONFLICT
    with database.read() as connection:
        days = questions.tls_by_day(connection, None, FIRST, FIRST)
        kinds = questions.tls_failures(connection, "shop.example", FIRST, FIRST)
        nothing = questions.tls_failures(connection, "bakery.example", FIRST, FIRST)
    assert {(each.domain, each.type, each.successful, each.failed) for each in days} == {
        ("shop.example", "sts", 90, 8),
        ("bakery.example", "no-policy-found", 5, 0),
    }
    assert [(each.result, each.mx, each.sessions) for each in kinds] == [
        ("certificate-expired", "mx1.shop.example", 7),
        ("starttls-not-supported", "", 1),
    ]
    assert nothing == []


def rare(letters: int) -> str:
    """Letters of four octets each, by chance, so that nothing of them can be packed."""
    chance = random.Random(7)  # noqa: S311  made up by seed
    return "".join(chr(chance.randrange(0x20000, 0x2A6D0)) for _ in range(letters))


def test_letters_of_many_octets_are_cut_to_what_an_index_takes(database: Database, importer: Importer) -> None:
    failure = TlsFailure(result_type=rare(300), receiving_mx_hostname=rare(300), sessions=4)
    policy = TlsPolicy(type=rare(300), domain=rare(300), successful=1, failed=4, failures=(failure,))
    report = TlsReport(
        organization_name=rare(300), contact_info="", report_id=rare(900), begin=FIRST * DAY_S, end=FIRST * DAY_S + 9,
        policies=(policy,), digest="d",
    )  # fmt: skip
    assert importer.store(report, came(rare(900), origin=rare(900))).outcome is Outcome.NEW
    refused = importer.store(Refused(name="x", reason=rare(900)), came(rare(900), origin=rare(900)))
    assert refused.outcome is Outcome.REFUSED
    with database.read() as connection:
        [row] = connection.execute(select(tables.tls_failure_days))
    assert (row.type, row.result, row.mx) == (rare(63), rare(63), rare(63))


def test_a_report_that_the_database_does_not_take_is_refused_and_the_next_one_is_stored(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(aggregates, "check_messages", lambda _: None)
    large = importer.store(reading(1, [("192.0.2.1", 2**70, shape())]), came())
    assert large.outcome is Outcome.REFUSED
    assert large.reason.startswith("it holds what the database does not take: ")
    assert "://" not in large.reason
    assert not any(everything(database).values())
    assert importer.store(reading(2, REPORT), came()).outcome is Outcome.NEW


def test_a_failure_report_is_one_row_and_comes_back_as_it_was(database: Database, importer: Importer) -> None:
    report = FailureReport(
        source_ip="192.0.2.7", reported_domain="shop.example", auth_failure=("dmarc",), arrived=FIRST * 86_400.0 + 5,
        delivery_result="reject", reporter="bigmail.example", fields=(("feedback-type", "auth-failure"),), digest="f1",
    )  # fmt: skip
    assert importer.store(report, came()).outcome is Outcome.NEW
    assert importer.store(report, came()).outcome is Outcome.DUPLICATE
    # Of a database that knows it by the octets as they came: with CRLF.
    assert importer.store(replace(report, digest="f2", digests=("f1",)), came()).outcome is Outcome.DUPLICATE
    assert count(database, "failure_reports") == 1
    with database.read() as connection:
        assert questions.failures(connection, "shop.example", FIRST, FIRST) == [report]
        assert questions.failures(connection, None, FIRST + 1, FIRST + 1) == []


def test_memory_is_bounded_and_what_was_forgotten_is_looked_up_again(
    database: Database, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dimensions, "_LIMIT", 10)
    made = world(3, 60)
    for each in made:
        importer.store(each, came())
    memory = importer._dimensions
    # A batch is known as a whole, and half the limit is left of what was known before.
    for held in (memory.sources, memory.shapes, memory._rows, memory._last_days, memory._firsts):
        assert len(held) <= 10 + 30
    with database.read() as connection:
        found = {(each.table, each.domain): 0 for each in questions.totals(connection)}
        for each in questions.totals(connection):
            found[each.table, each.domain] += each.messages
        assert connection.execute(select(func.count()).select_from(tables.report_sources)).scalar_one() == len(
            {ip for each in made for ip, _, _ in each.records}
        )
    for domain in DOMAINS:
        sent = sum(each.messages for each in made if each.told.policy.domain == domain)
        assert {found[name, domain] for name in ("reports", "facts", "days", "reporters")} == {sent}


def test_reading_is_not_begun_within_a_transaction(database: Database, importer: Importer) -> None:
    """A parser that takes its time does not keep others from writing."""
    seen: list[bool] = []

    class Slow(Reading):
        def batches(self) -> Any:
            for batch in super().batches():
                with database.write() as connection:
                    connection.execute(text("INSERT INTO meta (key, value) VALUES (:key, '')"), {"key": f"{len(seen)}"})
                seen.append(True)
                yield batch

    report = reading(1, REPORT)
    assert importer.store(Slow(report.told, report.records, size=1), came()).outcome is Outcome.NEW
    assert len(seen) == 3
