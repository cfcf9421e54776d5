"""Databases for tests that are to hold on both: `store_url` is that of an empty SQLite file, then of an empty PostgreSQL.

A plugin of the suite's conftest. The PostgreSQL server is started by the first test that asks for it, once a session; each
test has a database of its own there.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from integration.servers.postgres import Postgres
    from truehelo.store.database import Database

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL server for all tests; none of them may stop it."""
    from integration.servers.postgres import running

    with running(durable=False) as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = f"t{os.getpid()}_{next(_numbers)}"
    yield postgres_server.create_database(name)
    postgres_server.drop_database(name)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'truehelo.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    url: str = request.getfixturevalue(name)
    return url


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def reports_database(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """A database of each kind with the whole schema, made once for all tests of a file."""
    from sqlalchemy import event

    from truehelo.store.database import Database
    from truehelo.store.migrate import upgrade

    if request.param == "sqlite":
        made = Database(str(tmp_path_factory.mktemp("reports") / "truehelo.sqlite"))
        # As the server of the tests: what is asked here does not hang on the disk.
        event.listen(made.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        upgrade(made)
        yield made
        made.close()
        return
    server, name = request.getfixturevalue("postgres_server"), f"t{os.getpid()}_{next(_numbers)}"
    made = Database(server.create_database(name))
    upgrade(made)
    yield made
    made.close()
    server.drop_database(name)


@pytest.fixture
def reports_store(reports_database: Database) -> Database:
    """A database of each kind without a report in it."""
    from truehelo.store.tables import metadata

    with reports_database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            if table.name.startswith(("report", "tls_", "failure_reports")):
                connection.execute(table.delete())
    return reports_database
