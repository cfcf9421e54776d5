"""The queues on PostgreSQL: Procrastinate's tables, in a schema of their own, and what is asked of them in SQL.

Nothing in them is worth keeping: a job only says which subjects wait for which tick, and those that it loses are due
again. So another version of Procrastinate gets its tables made anew instead of migrated, and they stand apart from
those of any other program that uses Procrastinate in the same database. Does not run jobs (`app/sharing.py`).
"""

import hashlib
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from truehelo.store import upkeep
from truehelo.store.database import Database
from truehelo.store.shares import give_up_queued

SCHEMA = "truehelo_jobs"
_KEPT = "jobs"
"""The key in `meta` of the version that the tables were made for."""
_QUEUE = "watch"
_LONGEST = 40
"""A channel name of PostgreSQL has at most 63 octets, and Procrastinate's begins with 23 of its own."""
STALE_S = 3600.0


def queue_of(vantage: str) -> str:
    """Return the queue of a vantage point; that of "" is served everywhere."""
    if not vantage:
        return _QUEUE
    name = f"{_QUEUE}-{vantage}"
    if len(name.encode()) <= _LONGEST:
        return name
    return f"{_QUEUE}-{hashlib.blake2b(vantage.encode(), digest_size=12).hexdigest()}"


def available() -> bool:
    """Tell whether Procrastinate is installed."""
    from importlib.util import find_spec

    return find_spec("procrastinate") is not None


def _versions() -> list[str]:
    """Return the versions of the tables that Procrastinate knows, its own last: the names of its migrations."""
    from procrastinate.schema import SchemaManager

    return sorted(path.stem for path in Path(SchemaManager.get_migrations_path()).glob("*.sql"))


def prepare(connection: Connection) -> bool:
    """Make the tables that the installed Procrastinate needs; True when they were made. Call it under the migrations' lock.

    Tables that a newer Procrastinate made are left alone, and nothing is done where the account may not make a schema:
    `problem` tells, to those who need them.
    """
    if connection.dialect.name != "postgresql" or not available():
        return False
    known, kept = _versions(), upkeep.get(connection, _KEPT)
    there = connection.execute(text("SELECT to_regclass(:name)"), {"name": f"{SCHEMA}.procrastinate_jobs"}).scalar()
    if kept is not None and (kept not in known or (there is not None and kept == known[-1])):
        return False
    try:
        with connection.begin_nested():
            _make(connection)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", "") == "42501":  # insufficient_privilege
            return False
        raise
    upkeep.put(connection, _KEPT, known[-1])
    give_up_queued(connection)
    return True


def _make(connection: Connection) -> None:
    from procrastinate.schema import SchemaManager

    before = connection.execute(text("SELECT current_setting('search_path')")).scalar_one()
    connection.execute(text(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"))
    connection.execute(text(f"CREATE SCHEMA {SCHEMA}"))
    connection.execute(text(f"SET LOCAL search_path TO {SCHEMA}"))
    driver: Any = connection.connection.driver_connection
    # Without parameters, so that the driver takes several statements at once, and a % for what it is.
    driver.execute(SchemaManager.get_schema())
    connection.execute(text("SELECT set_config('search_path', :before, true)"), {"before": before})


def problem(database: Database) -> str | None:
    """Return why the queues cannot be used, as a sentence without its subject; None when they can.

    Raises:
        StoreError: The database failed.
    """
    known = _versions()
    with database.read() as connection:
        kept = upkeep.get(connection, _KEPT)
    if kept is None:
        return f"has no queues, since its account may not make the schema {SCHEMA}"
    if kept not in known:
        return f"has the queues of a newer Procrastinate ({kept}) than the one installed here ({known[-1]})"
    return None if kept == known[-1] else f"has the queues of an older Procrastinate ({kept})"


def driver_of(connection: Connection) -> Any:
    """Return the driver's connection under a transaction of ours, which from here on finds Procrastinate's functions."""
    _find(connection)
    return connection.connection.driver_connection


def _find(connection: Connection) -> None:
    """Have this transaction find Procrastinate's tables and functions: these look for each other by name alone."""
    path = f"SELECT set_config('search_path', '{SCHEMA}, ' || current_setting('search_path'), true)"
    connection.execute(text(path))


def waiting(connection: Connection, queue: str) -> int:
    """Return how many jobs of a queue nobody has begun."""
    found: int = connection.execute(
        text(f"SELECT count(*) FROM {SCHEMA}.procrastinate_jobs WHERE status = 'todo' AND queue_name = :queue"),  # noqa: S608
        {"queue": queue},
    ).scalar_one()
    return found


def drop_stale(connection: Connection) -> int:
    """Remove jobs that have waited for an hour where nobody serves them; their subjects are long due again."""
    old = (
        f"DELETE FROM {SCHEMA}.procrastinate_jobs WHERE status = 'todo' AND id IN "  # noqa: S608
        f"(SELECT job_id FROM {SCHEMA}.procrastinate_events GROUP BY job_id "
        "HAVING max(at) < now() - make_interval(secs => :age))"
    )
    _find(connection)
    return connection.execute(text(old), {"age": STALE_S}).rowcount
