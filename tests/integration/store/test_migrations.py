"""Migrations on both databases: from nothing and from every earlier version to one schema, all of it or nothing."""

import multiprocessing
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from support.watched import Watched
from truehelo.cli.main import COMMANDS, run
from truehelo.store import migrate
from truehelo.store.database import Database, StoreError
from truehelo.store.migrate import SchemaError, revisions, upgrade
from truehelo.store.tables import metadata

pytestmark = pytest.mark.integration

FOLDER, HEAD = migrate._FOLDER, revisions()[-1]
NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9998"
down_revision = "{head}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("later", sa.Column("id", sa.Integer(), primary_key=True))
    op.add_column("subjects", sa.Column("later", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE subjects SET owner = 'Zoe'")
    {more}
"""


@pytest.fixture
def database(store_url: str) -> Iterator[Database]:
    made = Database(store_url, pooled=False)
    yield made
    made.close()


@pytest.fixture
def migrations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the folder of the migrations, to which a test adds; `revisions` reads it."""
    copy = tmp_path / "migrations"
    shutil.copytree(FOLDER, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(migrate, "_FOLDER", copy)
    revisions.cache_clear()
    yield copy
    revisions.cache_clear()


def add(migrations: Path, more: str = "pass") -> None:
    """Add a version behind the last one."""
    (migrations / "versions" / "9998_later.py").write_text(NEXT.format(head=HEAD, more=more), encoding="utf-8")
    revisions.cache_clear()


def shape(database: Database) -> dict[str, Any]:
    """The schema as the database itself tells it: columns, keys, indexes, constraints."""
    engine = create_engine(database.url)
    with engine.connect() as connection:
        seen = inspect(connection)
        found = {name: _shape_of(seen, name) for name in seen.get_table_names() if name != "alembic_version"}
    engine.dispose()
    return found


def _shape_of(seen: Any, name: str) -> dict[str, Any]:
    return {
        "columns": {
            each["name"]: (str(each["type"]), each["nullable"], _default(each["default"]))
            for each in seen.get_columns(name)
        },
        "key": seen.get_pk_constraint(name)["constrained_columns"],
        "indexes": {
            each["name"]: (each["column_names"], bool(each["unique"]), _where(each)) for each in seen.get_indexes(name)
        },
        "unique": {each["name"]: each["column_names"] for each in seen.get_unique_constraints(name)},
        "foreign": sorted(
            (each["constrained_columns"], each["referred_table"], each["options"].get("ondelete"))
            for each in seen.get_foreign_keys(name)
        ),
    }


def _default(value: str | None) -> str | None:
    """Both databases decorate a default in their own way: by a cast, by quotes."""
    return None if value is None or value.startswith("nextval(") else value.partition("::")[0].strip("'")


def _where(index: dict[str, Any]) -> str:
    found = [value for key, value in index.get("dialect_options", {}).items() if key.endswith("_where")]
    return str(found[0]).strip("()").lower() if found else ""


@pytest.fixture
def as_declared(database: Database, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """The schema that `tables.py` declares, made without any migration in another database of the same kind."""
    server = None if database.is_sqlite else request.getfixturevalue("postgres_server")
    other = Database(str(tmp_path / "declared.db") if server is None else server.create_database("declared"), pooled=False)
    with other.write() as connection:
        metadata.create_all(connection)
    yield shape(other)
    other.close()
    if server is not None:
        server.drop_database("declared")


def rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    with database.read() as connection:
        return {
            name: [dict(row) for row in connection.execute(text(f"SELECT * FROM {name} ORDER BY 1")).mappings()]  # noqa: S608
            for name in inspect(connection).get_table_names()
            if name != "alembic_version"
        }


def test_an_empty_database_gets_the_schema_that_is_declared(database: Database, as_declared: dict[str, Any]) -> None:
    assert upgrade(database) == (None, revisions()[-1])
    assert shape(database) == as_declared
    assert migrate.examine(database) == []
    assert upgrade(database) == (revisions()[-1], revisions()[-1])


@pytest.mark.parametrize("earlier", revisions())
def test_a_database_of_each_version_gets_the_same_schema_and_keeps_its_rows(
    database: Database, as_declared: dict[str, Any], earlier: str
) -> None:
    assert upgrade(database, to=earlier) == (None, earlier)
    with database.write() as connection:
        fill(connection)
    before = rows(database)
    assert before["incidents"]
    assert before["subjects"]
    assert upgrade(database) == (earlier, revisions()[-1])
    assert shape(database) == as_declared
    after = rows(database)
    for name, held in before.items():
        kept = [{key: row[key] for key in held[0]} for row in after[name]] if held else after[name]
        # A migration may write down there that it was run.
        assert ([row for row in kept if row in held] if name == "meta" else kept) == held, name
    assert migrate.examine(database) == []
    # What was numbered before goes on where it was: a sequence that began anew would be found out here.
    number = Watched(database).subject("192.0.2.77")
    assert number > max(row["id"] for row in before["subjects"])


def fill(connection: Any) -> None:
    """Rows as any version takes them: every column without a default, and none that came later."""
    first = ("subjects", "schedule", "states", "flips", "incidents", "members", "outbox", "deliveries", "silences")
    later = ("reporters", "report_domains", "reports", "report_records", "report_days", "failure_reports")
    there = inspect(connection).get_table_names()
    for name in (*first, *(name for name in later if name in there)):
        columns = inspect(connection).get_columns(name)
        foreign = {each["constrained_columns"][0] for each in inspect(connection).get_foreign_keys(name)}
        values: dict[str, Any] = {}
        for column in columns:
            number = column["name"] == "id"
            whom = (name, column["name"]) == ("members", "subject_id")  # a member is of a subject, or of a thing
            if not number and not whom and (column["nullable"] or column["default"] is not None):
                continue
            kind = str(column["type"]).upper()
            if number and not column["nullable"] and column["default"] is not None:
                continue  # PostgreSQL numbers by itself
            values[column["name"]] = 1 if "INT" in kind or column["name"] in foreign else _value(kind, column["name"])
        names = ", ".join(f'"{each}"' for each in values)
        marks = ", ".join(f":{each}" for each in values)
        connection.execute(text(f"INSERT INTO {name} ({names}) VALUES ({marks})"), values)  # noqa: S608


def _value(kind: str, name: str) -> Any:
    if "BOOL" in kind:
        return True
    if "BLOB" in kind or "BYTEA" in kind:
        return b"\0\1"
    if "DOUBLE" in kind or "FLOAT" in kind:
        return 1_700_000_000.25
    return {"ip": "192.0.2.1", "network": "192.0.2.0/24"}.get(name, "[]")


# Never back, never a newer one


def test_there_is_no_way_back(database: Database, migrations: Path) -> None:
    add(migrations)
    upgrade(database)
    with pytest.raises(SchemaError, match=r"is of version 9998, and there is no way back to \d+; restore a backup"):
        upgrade(database, to=revisions()[0])
    assert migrate.version(database) == "9998"


def test_a_version_that_there_is_not_is_no_goal(database: Database) -> None:
    with pytest.raises(SchemaError, match="version 0815: is not known; there are 0001"):
        upgrade(database, to="0815")


NEWER = [
    ("status",),
    ("history", "192.0.2.1"),
    ("report",),
    ("incidents",),
    ("incidents", "1"),
    ("ack", "1"),
    ("silence", "192.0.2.1", "--for", "1h", "--reason", "x"),
    ("silence", "--list"),
    ("silence", "--end", "1"),
    ("alerts", "deliveries"),
    ("alerts", "redeliver", "1"),
    ("alerts", "preview", "1"),
    ("db", "upgrade"),
    ("db", "check"),
    ("db", "info"),
    ("db", "prune"),
    ("inventory", "list"),
    ("inventory", "export"),
    ("inventory", "add", "192.0.2.1"),
    ("inventory", "remove", "192.0.2.1"),
    ("watch",),
]


def test_every_command_refuses_a_newer_version(
    database: Database, store_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUEHELO_DATABASE", store_url.removeprefix("sqlite:///"))
    upgrade(database)
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = rows(database)
    asked = [words for words in NEWER if words[0] in COMMANDS]
    assert len(asked) > 15
    for words in asked:
        capsys.readouterr()
        assert run(words) == 2, words
        said = capsys.readouterr()
        assert "was written by a newer truehelo (version 9999 of the schema" in said.err, words
        assert "Traceback" not in said.err
        assert said.out == "", words
    assert rows(database) == before


def test_an_older_version_is_refused_until_it_is_upgraded(
    database: Database, migrations: Path, store_url: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    upgrade(database)
    head = revisions()[-1]
    add(migrations)
    name = store_url.removeprefix("sqlite:///")
    assert run(["incidents", "--database", name]) == 2
    said = capsys.readouterr().err
    assert f"is of version {head}, and this program works with 9998; run truehelo db upgrade" in said
    assert run(["db", "upgrade", "--database", name]) == 0
    out = capsys.readouterr().out
    assert f"is of version 9998, was {head}" in out
    if database.is_sqlite:
        copy = Path(f"{name}.before-9998")
        assert f"a copy is in {copy}" in out
        assert migrate.version(Database(str(copy))) == head
    assert migrate.version(database) == "9998"


# Whole or not at all


@pytest.mark.parametrize(
    "more",
    [
        'raise RuntimeError("the power went")',
        'op.execute("INSERT INTO nowhere VALUES (1)")',
        'op.create_index("ix_incidents_key", "incidents", ["key"])',
    ],
)
def test_a_migration_that_fails_half_way_leaves_nothing_behind(database: Database, migrations: Path, more: str) -> None:
    upgrade(database)
    head = revisions()[-1]
    Watched(database).subject("192.0.2.1", owner="Ann")
    schema, held = shape(database), rows(database)
    add(migrations, more)
    with pytest.raises((RuntimeError, StoreError)):
        upgrade(database)
    assert migrate.version(database) == head
    assert shape(database) == schema
    assert rows(database) == held
    add(migrations)  # it was mended
    assert upgrade(database) == (head, "9998")
    assert rows(database)["subjects"][0]["owner"] == "Zoe"


def test_one_that_fails_on_an_empty_database_leaves_it_empty(database: Database, migrations: Path) -> None:
    add(migrations, 'raise RuntimeError("the power went")')
    with pytest.raises(RuntimeError):
        upgrade(database)
    assert shape(database) == {}
    assert migrate.version(database) is None


# At once


def _upgrade(url: str, together: Any, results: Any) -> None:
    database = Database(url, pooled=False)
    together.wait(30)
    try:
        results.put((upgrade(database), ""))
    except Exception as error:  # noqa: BLE001  the test tells what it was
        results.put((None, repr(error)))


@pytest.mark.parametrize("from_version", [None, revisions()[0]])
def test_several_processes_upgrade_at_once_and_one_does_the_work(
    database: Database, store_url: str, from_version: str | None, as_declared: dict[str, Any]
) -> None:
    if from_version is not None:
        upgrade(database, to=from_version)
    context = multiprocessing.get_context("fork")
    together, results = context.Barrier(3), context.Queue()
    workers = [context.Process(target=_upgrade, args=(store_url, together, results)) for _ in range(3)]
    for worker in workers:
        worker.start()
    found = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join(30)
    assert [said for _, said in found if said] == []
    head = revisions()[-1]
    done = sorted(before or "" for (before, after), _ in found if after == head)
    assert done == sorted([from_version or "", head, head])
    assert shape(database) == as_declared


# Whose database it is


def test_a_file_of_another_program_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "contacts.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE contacts (name text)")
        connection.execute("INSERT INTO contacts VALUES ('Ann')")
    connection.close()
    for words in (
        ["db", "upgrade"],
        ["incidents"],
        ["inventory", "add", "192.0.2.1"],
        ["db", "backup", str(tmp_path / "b")],
    ):
        assert run([*words, "--database", str(path)]) == 2
        assert "is the database of another program; name one that is truehelo's own" in capsys.readouterr().err
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("contacts",)]
    connection.close()


def test_one_whose_migrations_alembic_keeps_too_is_not_taken_for_a_newer_version(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        connection.execute(text("CREATE TABLE meta (k text)"))
        connection.execute(text("INSERT INTO alembic_version VALUES ('ae1027a6acf')"))
    for work in (upgrade, migrate.require, migrate.version):
        with pytest.raises(SchemaError, match="another program"):
            work(database)


def test_tables_of_others_may_stand_beside_ours_on_a_server(postgres_url: str) -> None:
    database = Database(postgres_url, pooled=False)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE contacts (name text)"))
    upgrade(database)
    migrate.require(database)
    assert {"contacts", "subjects"} <= set(shape(database))
