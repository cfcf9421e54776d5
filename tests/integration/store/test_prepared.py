"""A question that is written once finds, on both databases, what it would if SQLAlchemy wrote it each time."""

import pytest
from sqlalchemy import BigInteger, bindparam, literal, or_, select
from sqlalchemy.exc import DBAPIError

from truehelo.store.database import Database
from truehelo.store.reports.prepared import Question, listed
from truehelo.store.reports.tables import report_domains

NAMES = (
    "business.example",
    "100%.example",
    "%s.example",
    "o'hara.example",
    "b\u00fccher.example",
    ":name.example",
    "?.example",
)

BY_NAME = Question(lambda _: select(report_domains.c.id).where(report_domains.c.name == bindparam("name")))
AMONG = Question(
    lambda postgresql: (
        select(report_domains.c.id, report_domains.c.name)
        .where(listed(report_domains.c.id, "numbers", postgresql=postgresql))
        .order_by(report_domains.c.id)
    )
)
NAMED = Question(
    lambda postgresql: (
        select(report_domains.c.id)
        .where(listed(report_domains.c.name, "names", postgresql=postgresql))
        .order_by(report_domains.c.id)
        .limit(bindparam("most"))
    )
)
CONSTANT = Question(
    lambda _: select(report_domains.c.id).where(
        or_(report_domains.c.name == "100%.example", report_domains.c.name == bindparam("name"))
    )
)


@pytest.fixture
def numbers(reports_store: Database) -> dict[str, int]:
    with reports_store.write() as connection:
        connection.execute(report_domains.delete().where(report_domains.c.name != ""))
        connection.execute(report_domains.insert(), [{"name": name} for name in NAMES])
        return {row.name: row.id for row in connection.execute(select(report_domains)) if row.name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_found_whatever_marks_it_holds(reports_store: Database, numbers: dict[str, int], name: str) -> None:
    with reports_store.read() as connection:
        assert BY_NAME.rows(connection, name=name) == [(numbers[name],)]


@pytest.mark.parametrize("count", [0, 1, len(NAMES)])
def test_many_values_are_given_for_one_name(reports_store: Database, numbers: dict[str, int], count: int) -> None:
    wanted = sorted(numbers.items(), key=lambda item: item[1])[:count]
    with reports_store.read() as connection:
        assert AMONG.rows(connection, numbers={number for _, number in wanted}) == [
            (number, name) for name, number in wanted
        ]
        found = NAMED.rows(connection, names=[name for name, _ in wanted], most=100)
        assert found == [(number,) for _, number in wanted]


def test_a_range_is_many_values_and_a_most_is_one(reports_store: Database, numbers: dict[str, int]) -> None:
    held = sorted(numbers.values())
    with reports_store.read() as connection:
        assert len(AMONG.rows(connection, numbers=range(held[0], held[-1] + 1))) == len(NAMES)
        assert NAMED.rows(connection, names=numbers, most=2) == [(number,) for number in held[:2]]


def test_constants_are_of_the_question(reports_store: Database, numbers: dict[str, int]) -> None:
    with reports_store.read() as connection:
        found = CONSTANT.rows(connection, name="business.example")
    assert sorted(row[0] for row in found) == sorted([numbers["100%.example"], numbers["business.example"]])


def test_a_number_that_no_database_holds_is_an_error_of_the_database(reports_store: Database) -> None:
    with reports_store.read() as connection, pytest.raises(DBAPIError):
        Question(lambda _: select(literal(1)).where(bindparam("number", type_=BigInteger) == 1)).rows(
            connection, number=2**70
        )
