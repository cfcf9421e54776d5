"""Questions that are asked often: SQLAlchemy writes the text of each once, and the driver runs it.

To prepare a statement takes SQLAlchemy longer than many a question takes the database, and what joins reports with names
asks fifty of them. Does not decide what is asked.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import ARRAY, ColumnElement, Connection, Select, any_, bindparam, func, select

from truehelo.store.reports.driver import Driver, Row


class Question:
    """A `SELECT` whose values are bound by name: one text for each kind of database."""

    def __init__(self, build: Callable[[bool], "Select[Any]"]) -> None:
        """Keep how it is written; `build` is told whether that is for PostgreSQL, and is called when it is first asked.

        No `in_` of constants: SQLAlchemy writes that anew for each time it is asked.
        """
        self._build = build
        self._written: dict[str, tuple[str, Mapping[str, Any], tuple[str, ...] | None]] = {}

    def rows(self, connection: Connection, **values: object) -> list[Row]:
        """Return all rows, of the driver's own values. Many values for one name (`listed`) are given as an iterable.

        Raises:
            DBAPIError: The database failed.
        """
        dialect = connection.dialect
        if dialect.name not in self._written:
            made = self._build(dialect.name == "postgresql").compile(dialect=dialect)
            order = tuple(made.positiontup or ()) if made.positional else None
            self._written[dialect.name] = str(made), made.construct_params(_check=False), order
        text, constant, order = self._written[dialect.name]
        bound = {**constant, **{name: _one(value, many=order is None) for name, value in values.items()}}
        return Driver(connection).written(text, bound if order is None else [bound[name] for name in order])


def listed(column: ColumnElement[Any], name: str, *, postgresql: bool) -> ColumnElement[bool]:
    """Return the condition that a column is one of the many values that are given under a name."""
    if postgresql:
        return column == any_(bindparam(name, type_=ARRAY(column.type)))
    each = func.json_each(bindparam(name)).table_valued("value")
    return column.in_(select(each.c.value))


def _one(value: object, *, many: bool) -> object:
    """Return what the driver takes for a value: a list in PostgreSQL, and JSON for the many in SQLite."""
    if isinstance(value, str) or not isinstance(value, Iterable):
        return value
    held = list(value)
    return held if many else msgspec.json.encode(held).decode()
