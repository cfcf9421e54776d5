"""Migrations: from no database, or that of an earlier version, to the schema of this one; backups before them.

Alembic runs them, each in a transaction of its own, one process at a time. A newer schema than this program knows is
refused: it would not know what it overlooks. There is no way back but a backup.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, inspect, text

from truehelo.errors import FileError, InputError
from truehelo.store import jobs
from truehelo.store.database import Database, StoreError, cause_of
from truehelo.store.reports import tables as _reports  # noqa: F401  they belong to the schema
from truehelo.store.sources import tables as _sources  # noqa: F401  they belong to the schema
from truehelo.store.things import tables as _things  # noqa: F401  they belong to the schema

_FOLDER = Path(__file__).parent / "migrations"
_LOCK = 0x7472_7565  # "true": PostgreSQL's advisory locks are numbers
_VERSIONS = "alembic_version"
_MARKS = frozenset({"meta", "subjects", "incidents"})
"""Tables that every version has: what has them and a version that we do not know is ours, and newer."""
Told = Callable[[str], None]
"""Is told each version as it is reached."""


class SchemaError(InputError):
    """The database is of another version than this program."""


@lru_cache(maxsize=1)
def revisions() -> tuple[str, ...]:
    """Return the versions of the schema that this program knows, the oldest first."""
    return tuple(sorted(file.stem.partition("_")[0] for file in (_FOLDER / "versions").glob("[0-9]*.py")))


def head() -> str:
    """Return the version of the schema that this program works with."""
    return revisions()[-1]


def version(database: Database) -> str | None:
    """Return the version of a database's schema; None when it holds nothing of ours.

    Raises:
        SchemaError: It is that of another program.
        StoreError: The database failed.
    """
    with database.read() as connection:
        return _version(database, connection)


def _version(database: Database, connection: Connection) -> str | None:
    """Return the version; a database of another program is never taken for an empty one, nor for one of a newer version."""
    tables = set(inspect(connection).get_table_names())
    if _VERSIONS in tables:
        found: str | None = connection.execute(text(f"SELECT version_num FROM {_VERSIONS}")).scalar()  # noqa: S608
        if found is not None and (found in revisions() or tables >= _MARKS):
            return found
    # On a server others may have tables beside ours; a file belongs to one program.
    if tables if database.is_sqlite else tables & {_VERSIONS, *_MARKS}:
        raise SchemaError(database.name, "is the database of another program", "name one that is truehelo's own")
    return None


def require(database: Database) -> None:
    """Make sure that the database can be worked with.

    Raises:
        SchemaError: It is missing, empty, older or newer; the sentence says what to do.
        StoreError: The database failed.
    """
    if not database.exists():
        raise SchemaError(
            database.name, "there is no such database", "truehelo inventory import makes one, and so does truehelo watch"
        )
    found = version(database)
    if found is None:
        raise SchemaError(database.name, "holds nothing of truehelo's", "truehelo db upgrade makes it ready")
    _refuse_newer(database.name, found)
    if found != head():
        raise SchemaError(
            database.name, f"is of version {found}, and this program works with {head()}", "run truehelo db upgrade"
        )


def _refuse_newer(name: str, found: str) -> None:
    if found not in revisions():
        raise SchemaError(
            name,
            f"was written by a newer truehelo (version {found} of the schema; this program knows {head()})",
            "use that truehelo, or restore a backup",
        )


def upgrade(database: Database, to: str | None = None, told: Told = lambda _: None) -> tuple[str | None, str]:
    """Bring a database to the schema of this program, or to an earlier one that is still ahead of it (`to`).

    Returns the version before and after. Several processes may do so at once: one of them does the work.

    Raises:
        SchemaError: It is newer than this program, or `to` lies behind it.
        StoreError: The database failed; the migration that failed left nothing behind.
    """
    from alembic import command
    from alembic.config import Config

    target = to or head()
    if target not in revisions():
        raise SchemaError(f"version {target}", "is not known", f"there are {', '.join(revisions())}")
    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with _locked(database) as connection:
        before = _version(database, connection)
        if before is not None:
            _refuse_newer(database.name, before)
            if revisions().index(before) > revisions().index(target):
                raise SchemaError(
                    database.name, f"is of version {before}, and there is no way back to {target}", "restore a backup"
                )
        config.attributes["connection"], config.attributes["told"] = connection, told
        command.upgrade(config, target)
        if target == head():
            jobs.prepare(connection)
    return before, target


@contextlib.contextmanager
def _locked(database: Database) -> Iterator[Connection]:
    """A writing transaction that no other migration runs beside: all versions on the way, or none."""
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        yield connection


def backup_before(database: Database, target: str) -> Path | None:
    """Write a copy of a SQLite database beside it when it is about to be brought to `target`; None when it need not be.

    Raises:
        SchemaError: It is that of another program.
        StoreError: The copy failed.
    """
    if not database.is_sqlite or not database.exists():
        return None
    found = version(database)
    if found not in revisions() or target not in revisions() or revisions().index(found) >= revisions().index(target):
        return None
    path = Path(database.url.database or "")
    written = max(each.stat().st_mtime for each in (path, path.with_name(f"{path.name}-wal")) if each.exists())
    for number in count():
        kept = path.with_name(f"{path.name}.before-{target}{f'.{number}' if number else ''}")
        if not kept.exists():
            backup(database, kept)
            return kept
        if kept.stat().st_mtime > written:  # of an attempt that failed: nothing has been written since
            return kept
    return None


def backup(database: Database, path: Path) -> None:
    """Write a copy of a SQLite database, consistent while the watch goes on.

    Raises:
        InputError: It is no SQLite database, or there is a file of that name.
        StoreError: The copy failed.
    """
    if not database.is_sqlite:
        raise InputError(database.name, "is no SQLite database", "use pg_dump")
    if not database.exists():
        raise InputError(database.name, "there is no such database")
    if path.exists():
        raise FileError(str(path), "is there already", "choose another name")
    if not path.parent.is_dir():
        raise FileError(str(path), "cannot be written (no such directory)", "choose a file in a folder that exists")
    part = path.with_name(f".{path.name}.part")
    part.unlink(missing_ok=True)
    engine = create_engine(database.url)
    try:
        _vacuum_into(engine, part)
        _settle(part, Path(database.url.database or ""))
        part.replace(path)
    finally:
        engine.dispose()
        part.unlink(missing_ok=True)


def _settle(part: Path, original: Path) -> None:
    """Have a copy on the disk, for no more eyes than the original, before it gets its name."""
    part.chmod(original.stat().st_mode & 0o777)
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _vacuum_into(engine: Engine, part: Path) -> None:
    from sqlalchemy.exc import DBAPIError

    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM INTO :name"), {"name": str(part)})
    except DBAPIError as error:
        raise StoreError(f"{part.parent}: the copy failed: {cause_of(error)}") from error


def examine(database: Database) -> list[str]:
    """Return what is wrong with a database, nothing when all is well.

    Raises:
        StoreError: The database failed.
    """
    problems: list[str] = []
    with database.read() as connection:
        if database.is_sqlite:
            said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(20)")]
            problems += [line for line in said if line != "ok"]
            problems += [
                f"{row[0]}: row {row[1]} refers to a row of {row[2]} that is not there"
                for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
            ]
        found = _version(database, connection)
        if found == head():
            problems += _differences(connection)
    return problems


def _differences(connection: Connection) -> list[str]:
    """Return how the tables differ from what this program expects."""
    from truehelo.store.tables import metadata

    seen = inspect(connection)
    problems = []
    for table in metadata.sorted_tables:
        if not seen.has_table(table.name):
            problems.append(f"the table {table.name} is missing")
            continue
        there = {column["name"] for column in seen.get_columns(table.name)}
        problems += [
            f"the column {table.name}.{column.name} is missing" for column in table.columns if column.name not in there
        ]
        indexes = {index["name"] for index in seen.get_indexes(table.name)}
        problems += [f"the index {index.name} is missing" for index in table.indexes if index.name not in indexes]
    return problems
