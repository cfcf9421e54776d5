"""What all questions about reports share: names to numbers and back, many numbers in one condition, sums in a row."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    Table,
    any_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
)

from truehelo.store.reports.answers import Sums
from truehelo.store.reports.driver import Row
from truehelo.store.reports.prepared import Question, listed
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

_DOMAIN = Question(lambda _: select(report_domains.c.id).where(report_domains.c.name == bindparam("name")))
_SOURCE = Question(lambda _: select(report_sources.c.id).where(report_sources.c.ip == bindparam("ip")))
_SOURCES = Question(
    lambda postgresql: select(report_sources.c.id, report_sources.c.ip).where(
        listed(report_sources.c.ip, "ips", postgresql=postgresql)
    )
)
_DOMAINS = Question(
    lambda postgresql: select(report_domains.c.id, report_domains.c.name).where(
        listed(report_domains.c.id, "numbers", postgresql=postgresql)
    )
)
_REPORTERS = Question(lambda _: select(reporters.c.id, reporters.c.name))


def _ends(_: bool) -> "Select[Any]":
    day, mine = report_reporter_days.c.day, report_reporter_days.c.domain_id == bindparam("domain")
    return select(*(select(which(day)).where(mine).scalar_subquery() for which in (func.min, func.max)))


_ENDS = Question(_ends)


def domain_number(connection: Connection, domain: str | None) -> int | None:
    """Return the number of a domain (`ALL` for None); None when no report is about it."""
    if domain is None:
        return ALL
    return _number(_DOMAIN.rows(connection, name=domain.lower().removesuffix(".")))


def source_number(connection: Connection, ip: str) -> int | None:
    """Return the number of an address; None when no report names it."""
    return _number(_SOURCE.rows(connection, ip=ip))


def _number(rows: Sequence[Row]) -> int | None:
    number: int | None = rows[0][0] if rows else None
    return number


def source_numbers(connection: Connection, ips: Collection[str]) -> dict[int, str]:
    """Return addresses by their numbers; those that no report names miss."""
    return dict(_SOURCES.rows(connection, ips=ips))


def told_days(connection: Connection, number: int, since: int, until: int) -> tuple[int, int]:
    """Return the days from one to another that anything can be told of: from the first report to the last."""
    ((first, last),) = _ENDS.rows(connection, domain=number)
    return (since, until) if first is None else (max(since, first), min(until, last))


def among(connection: Connection, column: ColumnElement[Any], numbers: Collection[int]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many numbers, handed over as one value."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(numbers), ARRAY(BigInteger)))
    each = func.json_each(msgspec.json.encode(list(numbers)).decode()).table_valued("value")
    return column.in_(select(each.c.value))


def domain_names(connection: Connection, numbers: Iterable[int]) -> dict[int, str]:
    """Return the names of domains by their numbers."""
    return dict(_DOMAINS.rows(connection, numbers=set(numbers)))


def reporter_names(connection: Connection) -> dict[int, str]:
    """Return the names of all reporters: there are never many."""
    return dict(_REPORTERS.rows(connection))


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
        part(or_(aligned == DKIM, aligned == DKIM | SPF)),
        part(or_(aligned == SPF, aligned == DKIM | SPF)),
        part(outcome.between(*_span("quarantine"))),
        part(outcome.between(*_span("reject"))),
    ]


def _span(disposition: str) -> tuple[int, int]:
    first = DISPOSITIONS.index(disposition) * DISPOSITION
    return first, first + DISPOSITION - 1


def sums_of(values: Iterable[Any]) -> Sums:
    """Make `Sums` of its six columns: PostgreSQL sums whole numbers to decimal ones."""
    return Sums(**{name: int(value or 0) for name, value in zip(SUMS, values, strict=True)})
