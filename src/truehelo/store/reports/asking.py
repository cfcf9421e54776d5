"""What all questions about reports share: names to numbers and back, many numbers in one condition, sums in a row."""

from collections.abc import Collection, Iterable
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Connection, Table, Text, any_, case, func, literal, select

from truehelo.store.reports.answers import Sums
from truehelo.store.reports.tables import (
    ALL,
    DISPOSITION,
    DISPOSITIONS,
    DKIM,
    SPF,
    SUMS,
    report_domains,
    report_reporter_days,
    report_sources,
    reporters,
)


def domain_number(connection: Connection, domain: str | None) -> int | None:
    """Return the number of a domain (`ALL` for None); None when no report is about it."""
    if domain is None:
        return ALL
    wanted = select(report_domains.c.id).where(report_domains.c.name == domain.lower().removesuffix("."))
    number: int | None = connection.execute(wanted).scalar()
    return number


def source_number(connection: Connection, ip: str) -> int | None:
    """Return the number of an address; None when no report names it."""
    number: int | None = connection.execute(select(report_sources.c.id).where(report_sources.c.ip == ip)).scalar()
    return number


def source_numbers(connection: Connection, ips: Collection[str]) -> dict[int, str]:
    """Return addresses by their numbers; those that no report names miss."""
    table = report_sources.c
    if connection.dialect.name == "postgresql":
        wanted: ColumnElement[bool] = table.ip == any_(literal(list(ips), ARRAY(Text)))
    else:
        each = func.json_each(msgspec.json.encode(list(ips)).decode()).table_valued("value")
        wanted = table.ip.in_(select(each.c.value))
    return {row[0]: row[1] for row in connection.execute(select(table.id, table.ip).where(wanted))}


def told_days(connection: Connection, number: int, since: int, until: int) -> tuple[int, int]:
    """Return the days from one to another that anything can be told of: from the first report to the last."""
    day, mine = report_reporter_days.c.day, report_reporter_days.c.domain_id == number
    first, last = (select(which(day)).where(mine).scalar_subquery() for which in (func.min, func.max))
    row = connection.execute(select(first, last)).one()
    return (since, until) if row[0] is None else (max(since, row[0]), min(until, row[1]))


def among(connection: Connection, column: ColumnElement[Any], numbers: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many numbers, handed over as one value."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(numbers), ARRAY(BigInteger)))
    each = func.json_each(msgspec.json.encode(list(numbers)).decode()).table_valued("value")
    return column.in_(select(each.c.value))


def names_of(connection: Connection, table: Table, numbers: Iterable[int]) -> dict[int, str]:
    """Return the names of reporters or domains by their numbers."""
    wanted = select(table.c.id, table.c.name).where(among(connection, table.c.id, set(numbers)))
    return {row[0]: row[1] for row in connection.execute(wanted).all()}


def reporter_names(connection: Connection) -> dict[int, str]:
    """Return the names of all reporters: there are never many."""
    return {row[0]: row[1] for row in connection.execute(select(reporters.c.id, reporters.c.name))}


def summed(table: Table) -> list[ColumnElement[Any]]:
    """Return the columns of `Sums`, summed up."""
    return [func.sum(table.c[name]).label(name) for name in SUMS]


def sums_of_outcome(outcome: int, messages: int) -> tuple[int, ...]:
    """Return the values of `SUMS` for messages of one outcome: cheaper for many rows than six sums in the database."""
    done, number = DISPOSITIONS[outcome // DISPOSITION], int(messages)
    return (
        number,
        number * bool(outcome & (DKIM | SPF)),
        number * bool(outcome & DKIM),
        number * bool(outcome & SPF),
        number * (done == "quarantine"),
        number * (done == "reject"),
    )


def summed_outcomes(table: Table) -> list[ColumnElement[Any]]:
    """Return the columns of `Sums` from a table that holds messages by outcome."""
    outcome, messages = table.c.outcome, table.c.messages
    aligned = outcome % DISPOSITION

    def part(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.sum(case((condition, messages), else_=0))

    return [
        func.sum(messages),
        part(aligned > 0),
        part(aligned.in_((DKIM, DKIM | SPF))),
        part(aligned.in_((SPF, DKIM | SPF))),
        part(outcome.between(*_span("quarantine"))),
        part(outcome.between(*_span("reject"))),
    ]


def _span(disposition: str) -> tuple[int, int]:
    first = DISPOSITIONS.index(disposition) * DISPOSITION
    return first, first + DISPOSITION - 1


def sums_of(values: Iterable[Any]) -> Sums:
    """Make `Sums` of its six columns: PostgreSQL sums whole numbers to decimal ones."""
    return Sums(**{name: int(value or 0) for name, value in zip(SUMS, values, strict=True)})
