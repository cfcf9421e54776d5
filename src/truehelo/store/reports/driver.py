"""Statements given to the driver as they stand, for what is run ten million times.

SQLAlchemy takes longer to prepare a statement than SQLite takes to run it. Values are always bound, written `?`; what goes
wrong leaves as SQLAlchemy's own exception, so that it means the same as anywhere else in the store.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

Row = tuple[Any, ...]


class Driver:
    """The driver's own cursor within a transaction of SQLAlchemy's."""

    def __init__(self, connection: Connection) -> None:
        """Open a cursor."""
        if not connection.in_transaction():
            connection.begin()  # SQLAlchemy commits what it knows to have begun
        self.is_postgresql = connection.dialect.name == "postgresql"
        self._cursor: Any = connection.connection.cursor()
        # A number that is too large leaves SQLite's driver as Python's own error.
        self._error: tuple[type[Exception], ...] = (connection.dialect.loaded_dbapi.Error, OverflowError)

    def run(self, statement: str, values: Sequence[object] = ()) -> None:
        """Run a statement.

        Raises:
            DBAPIError: The database failed.
        """
        try:
            self._cursor.execute(self._marked(statement), values)
        except self._error as error:
            raise self._failed(statement, error) from error

    def each(self, statement: str, rows: Sequence[Sequence[object]]) -> None:
        """Run a statement for each of these rows.

        Raises:
            DBAPIError: The database failed.
        """
        if not rows:
            return
        try:
            self._cursor.executemany(self._marked(statement), rows)
        except self._error as error:
            raise self._failed(statement, error) from error

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Return all rows of a question.

        Raises:
            DBAPIError: The database failed.
        """
        self.run(statement, values)
        found: list[Row] = self._cursor.fetchall()
        return found

    def written(self, statement: str, values: Sequence[object] | Mapping[str, object]) -> list[Row]:
        """Return all rows of a question whose text has the driver's own marks.

        Raises:
            DBAPIError: The database failed.
        """
        try:
            self._cursor.execute(statement, values)
        except self._error as error:
            raise self._failed(statement, error) from error
        found: list[Row] = self._cursor.fetchall()
        return found

    def one(self, statement: str, values: Sequence[object] = ()) -> Row | None:
        """Return the first row of a question, if there is one.

        Raises:
            DBAPIError: The database failed.
        """
        found = self.rows(statement, values)
        return found[0] if found else None

    def insert(self, table: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
        """Insert rows of many integers, in the way that costs the database least.

        Raises:
            DBAPIError: The database failed.
        """
        if not self.is_postgresql:
            marks = ", ".join("?" * (columns.count(",") + 1))
            self.each(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)  # noqa: S608  names of ours
            return
        statement = f"COPY {table} ({columns}) FROM STDIN"
        try:
            with self._cursor.copy(statement) as copy:
                _write(copy, rows)
        except self._error as error:
            raise self._failed(statement, error) from error

    def _marked(self, statement: str) -> str:
        return statement.replace("?", "%s") if self.is_postgresql else statement

    def _failed(self, statement: str, error: Exception) -> DBAPIError:
        return DBAPIError(statement, None, error)


_AT_ONCE = 2000


def _write(copy: Any, rows: Sequence[Sequence[object]]) -> None:
    """Write rows of integers in the text form of COPY, which for integers is their digits."""
    for start in range(0, len(rows), _AT_ONCE):
        copy.write(_lines(rows[start : start + _AT_ONCE]))


def _lines(rows: Iterable[Sequence[object]]) -> str:
    return "".join(["\t".join(map(str, row)) + "\n" for row in rows])
