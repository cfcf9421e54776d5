"""The database itself: opening, transactions, and what its errors mean.

SQLite in WAL mode by default (readers and the one writer do not wait for each other), PostgreSQL by URL. Writing
transactions begin as such (`BEGIN IMMEDIATE`): a lock is waited for at the beginning, never found missing half-way.
Migrations are in `migrate.py`.
"""

import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool

from truehelo.errors import InputError

_BUSY_MS = 30_000
ACCEPTED = "give a file name for SQLite, or postgresql://USER@HOST/NAME"


class StoreError(Exception):
    """The database failed: gone, full, locked. The text says what, in one sentence and without a password."""


class UnfitError(StoreError):
    """The database works, and does not take what it was given: it would be the same at every other try.

    `reason` is the text without the name of the database.
    """

    def __init__(self, name: str, reason: str) -> None:
        """Say which database, and why."""
        self.reason = reason
        super().__init__(f"{name}: {reason}")


def database_url(text: str) -> URL:
    """Read a file name or a URL.

    Raises:
        InputError: It names no database that can be used; a password in it is not repeated.
    """
    if "://" not in text:
        return URL.create("sqlite", database=text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        raise InputError("the database", "the URL cannot be read", ACCEPTED) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise InputError(url.render_as_string(), "is of a kind that is not supported", ACCEPTED)
    return url


class Database:
    """An open database. `text` is a file name or a URL (`ACCEPTED`).

    Raises:
        InputError: It names no database that can be used.
    """

    def __init__(self, text: str, *, pooled: bool = True) -> None:
        """Keep the address; nothing is opened yet."""
        self.url = database_url(text)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        # What people are shown: never the password.
        self.name = (self.url.database or "") if self.is_sqlite else self.url.render_as_string(hide_password=True)
        settings: dict[str, Any] = {} if pooled else {"poolclass": NullPool}
        if not self.is_sqlite:
            settings["connect_args"] = {"connect_timeout": 10, "application_name": "truehelo"}
            settings["pool_pre_ping"] = True
        try:
            self.engine: Engine = create_engine(self.url, **settings)
        except (NoSuchModuleError, ModuleNotFoundError) as error:
            wanted = "install truehelo with its extra: pip install 'truehelo[postgres]'"
            raise InputError(self.name, f"cannot be used ({error})", wanted) from None
        if self.is_sqlite:
            event.listen(self.engine, "connect", _on_connect)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes: all of it or nothing.

        Raises:
            UnfitError: The database does not take what it was given; nothing of the transaction stands.
            StoreError: The database failed; nothing of the transaction stands.
        """
        with self._connection("BEGIN IMMEDIATE") as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that reads one state of the database.

        Raises:
            StoreError: The database failed.
        """
        with self._connection("BEGIN") as connection:
            yield connection

    @contextmanager
    def _connection(self, begin: str) -> Iterator[Connection]:
        try:
            with self.engine.connect() as connection:
                if self.is_sqlite:
                    connection.exec_driver_sql(begin)
                yield connection
                connection.commit()
        except DBAPIError as error:
            if _is_unfit(error):
                raise UnfitError(self.name, cause_of(error)) from error
            raise StoreError(f"{self.name}: {cause_of(error)}") from error

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    def exists(self) -> bool:
        """Tell whether there is a file; of a server nobody can say without asking."""
        return not self.is_sqlite or Path(self.url.database or "").exists()


def _on_connect(connection: Any, _: object) -> None:
    # SQLAlchemy's own BEGIN would be a deferred one, which finds a lock missing only when it first writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    _write_ahead(cursor)
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.close()


def _write_ahead(cursor: Any) -> None:
    """Have the file keep a log of what is written, or find that it does.

    Of several processes that do so first, SQLite refuses all but one at once, without waiting for `busy_timeout`.
    """
    last = time.monotonic() + _BUSY_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorname != "SQLITE_BUSY" or time.monotonic() > last:
                raise
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311  so that they do not meet again
        else:
            return


_SQLITE = {
    "SQLITE_BUSY": "another process has held it locked for too long",
    "SQLITE_LOCKED": "another process has held it locked for too long",
    "SQLITE_FULL": "the disk is full",
    "SQLITE_IOERR": "the disk is full, or fails ({name})",
    "SQLITE_READONLY": "may not be written to",
    "SQLITE_CANTOPEN": "cannot be opened: no such folder, or no permission",
    "SQLITE_NOTADB": "is no database of SQLite",
    "SQLITE_CORRUPT": "is damaged ({said}); restore a backup",
}
"""What SQLite's result codes mean to people; an extended one (SQLITE_IOERR_WRITE) begins like its own."""


_UNFIT = ("22", "54")
"""SQLSTATE classes that are of the data: values that no column takes, and what is beyond a limit of the server."""


def _is_unfit(error: DBAPIError) -> bool:
    """Tell whether an error is of the data that was given, not of the database."""
    state = str(getattr(error.orig, "sqlstate", None) or "")
    # What the drivers themselves refuse has no SQLSTATE: both call it as PEP 249 does, but for large numbers in SQLite's.
    names = {each.__name__ for each in type(error.orig).__mro__}
    return state.startswith(_UNFIT) or not names.isdisjoint(("DataError", "OverflowError"))


def cause_of(error: DBAPIError) -> str:
    """Return what went wrong, in words that follow the name of the database; no password is among them."""
    said = " ".join(str(error.orig).split())[:300] or type(error.orig).__name__
    name = str(getattr(error.orig, "sqlite_errorname", ""))
    known = next((words for code, words in _SQLITE.items() if name == code or name.startswith(f"{code}_")), "{said}")
    return known.format(name=name, said=said)
