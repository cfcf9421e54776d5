"""How long reports are kept, and how they are handed out: retention of records and of sums, CSV and Parquet; on both."""

import csv
import io
import json
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import OperationalError

from support.storedreports import DAY_S, DOMAINS, FIRST, NOW, Reading, came, reading, shape, world
from truehelo.configuration.watch import RetentionSettings
from truehelo.errors import InputError
from truehelo.monitor.upkeep import retain
from truehelo.reports.model import FailureReport, Reason, TlsPolicy, TlsReport
from truehelo.store.database import Database, StoreError
from truehelo.store.reports import export, questions, rollups, tables
from truehelo.store.reports.importing import Importer, Outcome
from truehelo.store.reports.retention import Kept, prune
from truehelo.store.reports.tables import week_of

pytestmark = pytest.mark.integration

LAST = FIRST + 39
FAR = FIRST + 1000


def fill(database: Database, seed: int = 21, count: int = 40) -> tuple[Importer, list[Reading]]:
    made, importer = world(seed, count), Importer(database)
    for each in made:
        importer.store(each, came())
    return importer, made


def rows(database: Database, name: str) -> int:
    with database.read() as connection:
        found: int = connection.execute(text(f"SELECT COUNT(*) FROM {name}")).scalar_one()  # noqa: S608
    return found


def drop(database: Database, most: int | None = None, **kept: int) -> int:
    with database.write() as connection:
        return prune(connection, Kept(**{"records": 0, "sums": 0, "failures": 0, **kept}), most)


def answers(database: Database, since: int = FIRST) -> list[Any]:
    with database.read() as connection:
        return [
            questions.sources(connection, None, since, LAST, 1000),
            questions.sources(connection, DOMAINS[0], since, LAST, 1000),
            questions.trend(connection, None, since, LAST),
            questions.dispositions(connection, DOMAINS[1], since, LAST),
            questions.selectors(connection, DOMAINS[0], since, LAST),
            questions.source(connection, "192.0.2.1", since, LAST),
        ]


def test_records_go_and_their_sums_stay(reports_store: Database) -> None:
    importer, made = fill(reports_store)
    before = answers(reports_store)
    assert drop(reports_store, records=FAR) > 0
    assert (rows(reports_store, "report_records"), rows(reports_store, "report_shapes")) == (0, 0)
    assert answers(reports_store) == before
    with reports_store.read() as connection:
        assert questions.source_shapes(connection, "192.0.2.1", DOMAINS[0], FIRST, LAST) == []
        assert all(each.pruned for each in questions.stored_reports(connection))
    # It is known that they came, and a new one finds its shapes again, which this importer has looked up before.
    assert {importer.store(each.again(), came()).outcome for each in made[:5]} == {Outcome.DUPLICATE}
    assert importer.store(reading(999, made[0].records, day=LAST), came()).outcome is Outcome.NEW
    with reports_store.read() as connection:
        found = questions.source_shapes(connection, made[0].records[0][0], DOMAINS[0], LAST, LAST)
    assert made[0].records[0][2] in {each.shape for each in found}


def test_only_what_is_old_goes_and_what_is_left_is_whole(reports_store: Database) -> None:
    _, made = fill(reports_store)
    kept = FIRST + 20
    before = answers(reports_store, kept)
    drop(reports_store, records=kept)
    young = [each for each in made if each.told.metadata.day >= kept]
    assert rows(reports_store, "report_records") == sum(len(each.records) for each in young)
    assert rows(reports_store, "report_shapes") == len({look for each in young for _, _, look in each.records})
    drop(reports_store, records=kept, sums=kept)
    with reports_store.read() as connection:
        assert min(each.day for each in questions.totals(connection)) >= kept
        assert min(week for _, week in questions.week_totals(connection)) >= week_of(kept)
        found = {each.table: 0 for each in questions.totals(connection)}
        for each in questions.totals(connection):
            found[each.table] += each.messages
    assert set(found.values()) == {sum(each.messages for each in young)}
    assert rows(reports_store, "reports") == len(young)
    first = {each.ip: each.first_day for each in before[0]}
    after = answers(reports_store, kept)
    assert {each.ip: each.first_day for each in after[0]} == first  # since when, however little of it is left
    assert [[(each.ip, each.sums) for each in part] for part in after[:2]] == [
        [(each.ip, each.sums) for each in part] for part in before[:2]
    ]
    assert after[2:] == before[2:]


def test_when_everything_has_gone_nothing_is_left_and_all_can_come_again(reports_store: Database) -> None:
    importer, made = fill(reports_store)
    wanted = answers(reports_store)
    importer.store(
        TlsReport(
            organization_name="x", contact_info="", report_id="t", begin=FIRST * DAY_S, end=FIRST * DAY_S, digest="t",
            policies=(TlsPolicy(type="sts", domain=DOMAINS[0], successful=1),),
        ),
        came(),
    )  # fmt: skip
    drop(reports_store, records=FAR, sums=FAR, failures=FAR)
    for name in (
        "reports", "report_records", "report_shapes", "report_sources", "report_signatures", "report_dkim_uses",
        "report_firsts", "report_days", "report_weeks", "report_reporter_days", "report_selector_days", "tls_policies",
        "tls_days",
    ):  # fmt: skip
        assert rows(reports_store, name) == 0, name
    for each in made:
        assert importer.store(each.again(), came()).outcome is Outcome.NEW
    assert answers(reports_store) == wanted


def test_small_steps_come_to_the_same(reports_store: Database) -> None:
    fill(reports_store)
    steps = 0
    while drop(reports_store, most=20, records=FAR, sums=FIRST + 20):
        steps += 1
        # At no time are there records of a report of which the sums are gone, or the other way round of what is kept.
        with reports_store.read() as connection:
            kept = [each for each in questions.totals(connection) if each.day >= FIRST + 20]
        by_table = Counter({each.table: 0 for each in kept})
        for each in kept:
            by_table[each.table] += each.messages
        assert len({count for name, count in by_table.items() if name != "facts"}) == 1
    assert steps > 5
    assert rows(reports_store, "report_records") == 0
    with reports_store.read() as connection:
        assert min(each.day for each in questions.totals(connection)) >= FIRST + 20


@pytest.mark.parametrize("domain", [None, DOMAINS[0]])
def test_between_two_steps_all_questions_tell_of_the_same_days(reports_store: Database, domain: str | None) -> None:
    fill(reports_store)
    while drop(reports_store, most=40, records=FIRST + 20, sums=FIRST + 20):
        with reports_store.read() as connection:
            for since in (FIRST, FIRST + 9):
                trend = questions.trend(connection, domain, since, LAST)
                sources = questions.sources(connection, domain, since, LAST, 1000)
                days = [row.day for row in trend]
                assert sum(row.sums.messages for row in sources) == sum(row.sums.messages for row in trend)
                assert all(days[0] <= row.last_day <= days[-1] for row in sources)
                questions.new_sources(connection, domain, since, LAST, 1000)


def test_a_flagged_report_keeps_its_addresses_and_shapes_as_long_as_itself(reports_store: Database) -> None:
    importer = Importer(reports_store)
    importer.store(reading(1, [("192.0.2.1", 1, shape())], day=FIRST + 9), came())
    importer.store(reading(1, [("192.0.2.2", 1, shape("reject"))], day=FIRST + 9), came())
    importer.store(reading(2, [("192.0.2.3", 1, shape("quarantine"))], day=FIRST), came())
    drop(reports_store, records=FIRST + 9, sums=FIRST + 9)
    with reports_store.read() as connection:
        assert set(connection.scalars(select(tables.report_sources.c.ip))) == {"192.0.2.1", "192.0.2.2"}
        assert set(connection.scalars(select(tables.report_shapes.c.disposition))) == {"none", "reject"}


def test_a_shape_of_a_report_that_was_tried_twice_stays_as_long_as_its_records(
    reports_store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OperationalError("INSERT", None, Exception("database or disk is full"))

    importer = Importer(reports_store)
    for number in (1, 2):
        importer.store(reading(number, [("192.0.2.1", 1, shape())], day=FIRST + number), came())
    late = reading(3, [("192.0.2.1", 1, shape())], day=FIRST + 20)
    with monkeypatch.context() as patched:
        patched.setattr(rollups, "roll_up_sources", full)
        with pytest.raises(StoreError):
            importer.store(late, came())
    assert importer.store(late.again(), came()).outcome is Outcome.NEW
    drop(reports_store, records=FIRST + 10, sums=FIRST - 10)
    assert rows(reports_store, "report_records") == 1
    assert rows(reports_store, "report_shapes") == 1


def test_the_upkeep_of_the_watch_keeps_what_is_configured(reports_store: Database) -> None:
    today = int(NOW // DAY_S)
    importer = Importer(reports_store)
    for number, ago in enumerate((5, 15, 25)):
        importer.store(reading(number, [("192.0.2.1", 1, shape())], day=today - ago), came())
        importer.store(
            FailureReport(
                source_ip="192.0.2.1", reported_domain=DOMAINS[0], auth_failure=("dmarc",), arrived=NOW - ago * DAY_S,
                delivery_result="", digest=str(number),
            ),
            came(),
        )  # fmt: skip
    settings = RetentionSettings(records_days=10, rollups_days=20, failures_days=12)
    with reports_store.write() as connection:
        retain(connection, settings, NOW, reports_at_once=100_000)
    with reports_store.read() as connection:
        found = Counter(each.table for each in questions.totals(connection))
        assert len(questions.failures(connection, None, 0, today)) == 1
    assert (found["facts"], found["days"], found["reports"]) == (1, 2, 2)


# Handed out.


def told(made: list[Reading], domain: str | None, since: int, until: int) -> Counter[tuple[str, ...]]:
    found: Counter[tuple[str, ...]] = Counter()
    for each in made:
        head = each.told
        if domain in (None, head.policy.domain) and since <= head.metadata.day <= until:
            day = date(1970, 1, 1) + timedelta(days=head.metadata.day)
            for position, (ip, count, look) in enumerate(each.records):
                key = (day.isoformat(), head.metadata.org_name, head.metadata.report_id, head.policy.domain, str(position))
                found[*key, ip, look.disposition, look.header_from, str(look.envelope_from or "")] += count
    return found


@pytest.mark.parametrize("span", [(0, FAR), (FIRST + 5, FIRST + 12), (FAR, FAR)])
@pytest.mark.parametrize("domain", [None, DOMAINS[0], "nowhere.example"])
def test_records_as_csv_are_what_went_in(reports_store: Database, domain: str | None, span: tuple[int, int]) -> None:
    _, made = fill(reports_store)
    file = io.StringIO(newline="")
    with reports_store.read() as connection:
        count = export.write_csv(export.records(connection, domain, *span), file)
    read = list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))
    found: Counter[tuple[str, ...]] = Counter()
    names = (
        "day",
        "reporter",
        "report_id",
        "domain",
        "position",
        "source_ip",
        "disposition",
        "header_from",
        "envelope_from",
    )
    for row in read:
        found[*(row[name] for name in names)] += int(row["count"])
    assert found == told(made, domain, *span)
    assert count == len(read)
    assert file.getvalue().endswith("\r\n")


def test_the_sums_of_days_as_csv_and_as_parquet_are_the_same(reports_store: Database, tmp_path: Path) -> None:
    from pyarrow import parquet

    fill(reports_store)
    path, text_file = tmp_path / "days.parquet", io.StringIO(newline="")
    with reports_store.read() as connection:
        sheet = export.daily(connection, None, FIRST, LAST)
        count = export.write_csv(sheet, text_file)
        with path.open("wb") as file:
            assert export.write_parquet(export.daily(connection, None, FIRST, LAST), file) == count
        messages = sum(each.sums.messages for each in questions.trend(connection, None, FIRST, LAST))
    table = parquet.read_table(path)
    assert [(field.name, str(field.type)) for field in table.schema] == [
        ("domain", "string"), ("day", "date32[day]"), ("source_ip", "string"), ("network", "string"),
        ("reporter", "string"), ("disposition", "string"), ("dkim_aligned", "bool"), ("spf_aligned", "bool"),
        ("messages", "int64"),
        ("records", "int64"),
    ]  # fmt: skip
    as_csv = list(csv.DictReader(io.StringIO(text_file.getvalue(), newline="")))
    shown = [
        {name: str(value).lower() if isinstance(value, bool) else str(value) for name, value in row.items()}
        for row in table.to_pylist()
    ]
    assert shown == as_csv
    assert sum(row["messages"] for row in table.to_pylist()) == messages


def test_records_as_parquet_come_in_row_groups(
    reports_store: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pyarrow import parquet

    monkeypatch.setattr(export, "_ROW_GROUP", 50)
    _, made = fill(reports_store)
    path = tmp_path / "records.parquet"
    with reports_store.read() as connection, path.open("wb") as file:
        count = export.write_parquet(export.records(connection, None, 0, FAR), file)
    table = parquet.read_table(path)
    assert count == table.num_rows == sum(len(each.records) for each in made)
    assert parquet.ParquetFile(path).num_row_groups == -(-count // 50)
    assert sum(table.column("count").to_pylist()) == sum(each.messages for each in made)
    # Within a report the order is its own; an envelope_from that was left out is not one that was empty.
    by_report: dict[str, list[str]] = {}
    for row in table.to_pylist():
        by_report.setdefault(row["report_id"], []).append(row["source_ip"])
    assert by_report == {each.told.metadata.report_id: [ip for ip, _, _ in each.records] for each in made}
    assert {row["envelope_from"] for row in table.to_pylist()} >= {None, ""}


HOSTILE = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    " =1",
    "|calc",
    "a;=1",
    "a;b; +1",
    'a ";"=1',
    "a\r\nb",
    "\x1b[2J",
    "\u202e",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_spreadsheet_and_no_terminal_runs_what_a_reporter_wrote(reports_store: Database, hostile: str) -> None:
    look = shape(header_from=hostile, envelope_to=hostile, reasons=(Reason(type="other", comment=hostile),))
    Importer(reports_store).store(reading(1, [("192.0.2.1", 1, look)], reporter=hostile, domain=hostile), came())
    for sheet in (export.records, export.daily):
        file = io.StringIO(newline="")
        with reports_store.read() as connection:
            assert export.write_csv(sheet(connection, None, 0, FAR), file) == 1
        for separator in ",;\t":  # as a spreadsheet takes it for one where it is set up so
            [_, row] = list(csv.reader(io.StringIO(file.getvalue(), newline=""), delimiter=separator))
            assert not any(cell.lstrip().startswith(("=", "+", "-", "@", "|", "\t", "\r")) for cell in row)
            assert all(cell.isprintable() for cell in row)


def test_a_conflict_is_not_handed_out(reports_store: Database) -> None:
    importer = Importer(reports_store)
    importer.store(reading(1, [("192.0.2.1", 1, shape())]), came())
    importer.store(reading(1, [("192.0.2.2", 1, shape())]), came())
    with reports_store.read() as connection:
        found = list(export.records(connection, None, 0, FAR).rows)
    assert [row[5] for row in found] == ["192.0.2.1"]
    assert json.loads(found[0][14])[0]["selector"] == "s1"


def test_without_pyarrow_it_is_said_what_to_install(
    reports_store: Database, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with (
        reports_store.read() as connection,
        (tmp_path / "x").open("wb") as file,
        pytest.raises(InputError, match=r"Parquet: needs pyarrow.*; install .*truehelo\[parquet\]"),
    ):
        export.write_parquet(export.daily(connection, None, 0, FAR), file)
