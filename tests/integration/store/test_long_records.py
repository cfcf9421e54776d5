"""Reports whose records are long: no more of one is in memory at once than of any other, and all of it is stored."""

import io
import tracemalloc
from pathlib import Path

import pytest

from support.aggregate import RECORD, REPORT
from support.reportmail import tls_json, tls_policy, zipped
from truehelo.app import reading_ahead
from truehelo.reports.aggregate import AggregateReading
from truehelo.reports.read import reports_in
from truehelo.store.database import Database
from truehelo.store.reports import aggregates
from truehelo.store.reports.importing import Came, Importer, Outcome

WIDE = "\U0001f600"
"""One of these makes Python hold every letter of a text in four octets."""


def report(records: int, octets: int, *, alike: bool = False) -> bytes:
    head, tail = REPORT.split(RECORD)
    end = " </record>"
    cut, _, _ = RECORD.rpartition(end)
    made = (f"{cut}<x>{0 if alike else number}{'y' * octets}{WIDE}</x>\n{end}\n" for number in range(records))
    return (head + "".join(made) + tail).encode()


LONG = report(300, 60_000)
SHORT = report(19_000, 10, alike=True)


def reading(octets: bytes) -> AggregateReading:
    (found,) = reports_in(io.BytesIO(octets), "in")
    assert isinstance(found, AggregateReading)
    return found


@pytest.mark.parametrize(("what", "octets", "whole"), [("long records", LONG, False), ("records alike", SHORT, True)])
def test_what_is_read_before_a_transaction_is_bounded(what: str, octets: bytes, whole: bool) -> None:
    found = reading(octets)
    batches = found.batches()
    tracemalloc.start()
    held, all_of_it = aggregates._gather(found, batches)
    size = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert all_of_it is whole
    assert size < 36 * 2**20
    assert held


def test_a_report_of_long_records_is_stored_whole(reports_store: Database) -> None:
    came = Came(origin="folder", name="in", at=1.8e9)
    importer = Importer(reports_store)
    outcomes = [importer.store(reading(LONG), came) for _ in range(2)]
    assert [(each.outcome, each.records) for each in outcomes] == [(Outcome.NEW, 300), (Outcome.DUPLICATE, 300)]


AHEAD = [
    ("a report of long records is left to the caller", LONG, False),
    ("many of them in an archive are", zipped(*((f"{at}", report(20, 60_000)) for at in range(5))), False),
    ("a report whose records are alike is read", SHORT, True),
    ("a TLS report is read", tls_json(), True),
    ("TLS reports of many texts are left to the caller",
     zipped(*((f"{at}", tls_policy({"policy-string": ["x"] * 60_000})) for at in range(2))), False),
]  # fmt: skip


@pytest.mark.parametrize(("why", "octets", "ahead"), AHEAD, ids=[row[0] for row in AHEAD])
def test_what_a_worker_reads_ahead(why: str, octets: bytes, ahead: bool, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(octets)
    assert (reading_ahead.read_whole(str(tmp_path / "in"), "in", True) is not None) is ahead, why


def test_what_was_read_before_counts_once() -> None:
    found = reading(SHORT)
    for _ in found.batches():
        pass
    assert found.octets < 100_000
