"""Stores that several tests begin with: filled once for each kind of database, copied for each test."""

import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.sentreports import hasty
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

Fill = Callable[[Database], None]
Copies = Callable[[str, Fill], Database]
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def templates() -> dict[tuple[str, str], str]:
    """What was filled already: the kind of database and who filled it, and where it is."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def copies(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    templates: dict[tuple[str, str], str],
) -> Iterator[Copies]:
    """Return a copy of the database that `fill` fills; it is called once for each name and kind."""
    opened: list[Database] = []
    made: list[str] = []
    server = request.getfixturevalue("postgres_server") if request.param == "postgresql" else None

    def of_sqlite(name: str, fill: Fill) -> str:
        if ("sqlite", name) not in templates:
            path = tmp_path_factory.mktemp(name) / "filled.db"
            _filled(Database(str(path)), fill)
            templates["sqlite", name] = str(path)
        shutil.copy(templates["sqlite", name], tmp_path / "copy.db")
        return str(tmp_path / "copy.db")

    def of_postgres(name: str, fill: Fill) -> str:
        kept = f"filled_{os.getpid()}_{name}"
        if ("postgresql", name) not in templates:
            _filled(Database(server.create_database(kept), pooled=False), fill)
            templates["postgresql", name] = kept
        copy = f"copy_{os.getpid()}_{next(_numbers)}"
        server.execute(f"CREATE DATABASE {copy} TEMPLATE {kept}")
        made.append(copy)
        return str(server.url(copy))

    def copied(name: str, fill: Fill) -> Database:
        url = (of_sqlite if server is None else of_postgres)(name, fill)
        opened.append(hasty(Database(url, pooled=False)))
        return opened[-1]

    yield copied
    for database in opened:
        database.close()
    for name in made:
        server.drop_database(name)


def _filled(database: Database, fill: Fill) -> None:
    hasty(database)
    upgrade(database)
    fill(database)
    database.close()
