"""Reports handed out: record by record, or in sums by day, as CSV or as Parquet, written while they are read.

What a reporter wrote is text of a stranger: cells of CSV pass through `facts.cells`, so that no spreadsheet runs one.
Parquet needs pyarrow (the extra `parquet`) and keeps texts as they are. Of a report that contradicts an earlier one nothing
is exported: it is in no sum either.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any, BinaryIO, TextIO

import msgspec
from sqlalchemy import Connection, select

from truehelo.errors import InputError
from truehelo.facts.cells import cell
from truehelo.store.reports.asking import among, domain_number, reporter_names
from truehelo.store.reports.tables import (
    ALL,
    DISPOSITION,
    DISPOSITIONS,
    DKIM,
    SPF,
    report_days,
    report_domains,
    report_records,
    report_shapes,
    report_sources,
    reporters,
    reports,
)

Values = tuple[Any, ...]
_EPOCH = date(1970, 1, 1)
_AT_ONCE = 5_000
_REPORTS_AT_ONCE = 100
_ROW_GROUP = 100_000


@dataclass(frozen=True, slots=True)
class Sheet:
    """Columns, each with the kind of its values ("date", "text", "whole" or "flag"), and rows that are read as they go."""

    columns: tuple[tuple[str, str], ...]
    rows: Iterator[Values]


def records(connection: Connection, domain: str | None, since: int, until: int) -> Sheet:
    """Return the records of a domain (None: of all) from one day to another, in the order of the reports.

    `reasons`, `dkim_results`, `spf_results` and `extras` are JSON. Records that retention has removed are not among them.
    """
    columns = (
        ("day", "date"), ("reporter", "text"), ("report_id", "text"), ("domain", "text"), ("position", "whole"),
        ("source_ip", "text"), ("count", "whole"), ("disposition", "text"), ("dkim", "text"), ("spf", "text"),
        ("header_from", "text"), ("envelope_from", "text"), ("envelope_to", "text"), ("reasons", "text"),
        ("dkim_results", "text"), ("spf_results", "text"), ("extras", "text"),
    )  # fmt: skip
    return Sheet(columns, _records(connection, domain_number(connection, domain), since, until))


def _records(connection: Connection, number: int | None, since: int, until: int) -> Iterator[Values]:
    wanted = select(reports.c.id).where(
        reports.c.day.between(since, until), reports.c.flagged == 0, reports.c.kind == "aggregate"
    )
    if number != ALL:
        wanted = wanted.where(reports.c.domain_id == number)
    numbers = iter(connection.scalars(wanted.order_by(reports.c.id)).all())
    table, shape = report_records.c, report_shapes.c
    words = (
        shape.disposition,
        shape.dkim,
        shape.spf,
        shape.header_from,
        shape.envelope_from,
        shape.envelope_to,
        shape.rest,
    )
    while some := list(islice(numbers, _REPORTS_AT_ONCE)):
        heads = {row[0]: row[1:] for row in connection.execute(_heads(connection, some))}
        rows = connection.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(
            select(table.report_id, table.position, report_sources.c.ip, table.count, *words)
            .join(report_sources, report_sources.c.id == table.source_id)
            .join(report_shapes, shape.id == table.shape_id)
            .where(among(connection, table.report_id, some))
            .order_by(table.report_id, table.position)
        )
        for report, position, ip, count, *said, rest in rows:
            day, *named = heads[report]
            yield (_date(day), *named, position, ip, count, *said, *_parts(rest))


def _heads(connection: Connection, numbers: list[int]) -> Any:
    return (
        select(reports.c.id, reports.c.day, reporters.c.name, reports.c.external_id, report_domains.c.name)
        .join(reporters, reporters.c.id == reports.c.reporter_id)
        .join(report_domains, report_domains.c.id == reports.c.domain_id)
        .where(among(connection, reports.c.id, numbers))
    )


@lru_cache(maxsize=4096)
def _parts(rest: str) -> tuple[str, str, str, str]:
    """Return the parts of a shape that are kept as JSON, each as JSON by itself."""
    found = msgspec.json.decode(rest)
    names = ("reasons", "dkim_results", "spf_results", "extras")
    texts = [msgspec.json.encode(found.get(name, [])).decode() for name in names]
    return texts[0], texts[1], texts[2], texts[3]


def daily(connection: Connection, domain: str | None, since: int, until: int) -> Sheet:
    """Return the sums by domain, day, source, reporter and outcome for a domain (None: for all one by one)."""
    columns = (
        ("domain", "text"), ("day", "date"), ("source_ip", "text"), ("network", "text"), ("reporter", "text"),
        ("disposition", "text"), ("dkim_aligned", "flag"), ("spf_aligned", "flag"), ("messages", "whole"),
        ("records", "whole"),
    )  # fmt: skip
    return Sheet(columns, _daily(connection, domain_number(connection, domain), since, until))


def _daily(connection: Connection, number: int | None, since: int, until: int) -> Iterator[Values]:
    about = select(report_domains.c.id, report_domains.c.name).order_by(report_domains.c.name)
    if number != ALL:
        about = about.where(report_domains.c.id == number)
    names = reporter_names(connection)
    table, source = report_days.c, report_sources.c
    for domain, name in connection.execute(about).all():
        rows = connection.execution_options(stream_results=True, yield_per=_AT_ONCE).execute(
            select(table.day, source.ip, source.network, table.reporter_id, table.outcome, table.messages, table.records)
            .join(report_sources, source.id == table.source_id)
            .where(table.domain_id == domain, table.day.between(since, until))
            .order_by(table.day, table.source_id, table.reporter_id, table.outcome)
        )
        for day, ip, network, reporter, outcome, messages, count in rows:
            done = DISPOSITIONS[outcome // DISPOSITION]
            aligned = bool(outcome & DKIM), bool(outcome & SPF)
            yield name, _date(day), ip, network, names[reporter], done, *aligned, messages, count


def _date(day: int) -> date:
    return _EPOCH + timedelta(days=day)


def write_csv(sheet: Sheet, file: TextIO) -> int:
    """Write a sheet as CSV with a header and CRLF line ends (RFC 4180); return how many rows.

    The file is to be opened with `newline=""`.
    """
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow([name for name, _ in sheet.columns])
    count = 0
    for row in sheet.rows:
        writer.writerow([_cell(value) for value in row])
        count += 1
    return count


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return ""
    if not isinstance(value, str):
        return str(value)
    return cell(value)


def write_parquet(sheet: Sheet, file: BinaryIO) -> int:
    """Write a sheet as Parquet, a hundred thousand rows at a time; return how many rows.

    Raises:
        InputError: pyarrow is not installed.
    """
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        way_out = "install truehelo with its extra: pip install 'truehelo[parquet]'; or choose CSV"
        raise InputError("Parquet", "needs pyarrow, which is not installed", way_out) from None
    kinds = {"text": arrow.string(), "whole": arrow.int64(), "flag": arrow.bool_(), "date": arrow.date32()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in sheet.columns])
    count = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while rows := list(islice(sheet.rows, _ROW_GROUP)):
            columns = [arrow.array(column, kind.type) for column, kind in zip(zip(*rows, strict=True), schema, strict=True)]
            writer.write_table(arrow.table(columns, schema=schema))
            count += len(rows)
    return count
