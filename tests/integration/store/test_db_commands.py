"""`truehelo db` on both databases: what does not fit together is named, what is too old goes, and nothing else changes."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import delete, insert, update

from support.watched import DAY, HOUR, NOW, Watched
from truehelo.cli import acting
from truehelo.cli.main import run
from truehelo.store import tables
from truehelo.store.database import Database
from truehelo.store.migrate import examine, head, upgrade, version

pytestmark = pytest.mark.integration

CONFIG = """
[[channel]]
name = "ops"
kind = "command"
argv = ["true"]

[[maintenance]]
cron = "0 10 * * *"
duration = "1h"
targets = ["203.0.113.0/24"]

[retention]
history_days = 30
incidents_days = 100
deliveries_days = 10
"""


@dataclass
class Held:
    """A database with a sound watch in it, and the commands over it."""

    store: Database
    url: str
    capsys: pytest.CaptureFixture[str]

    def __post_init__(self) -> None:
        self.rows = Watched(self.store)

    def truehelo(self, *words: str, code: int = 0) -> str:
        self.capsys.readouterr()
        found = run([*words, "--database", self.url])
        said = self.capsys.readouterr()
        assert found == code, said.err
        return said.out if code < 2 else said.err

    def do(self, statement: object) -> None:
        with self.store.write() as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@pytest.fixture
def held(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Held]:
    """One in each kind of database."""
    yield from _held(store_url, tmp_path, monkeypatch, capsys)


@pytest.fixture
def filed(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Held]:
    """One in a file."""
    yield from _held(sqlite_url, tmp_path, monkeypatch, capsys)


def _held(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Held]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "truehelo.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setattr(acting, "time", SimpleNamespace(time=lambda: NOW))
    store = Database(store_url)
    upgrade(store)
    made = Held(store, store_url.removeprefix("sqlite:///"), capsys)
    rows = made.rows
    failing = rows.subject("192.0.2.1", worst="failing")
    rows.state(failing, "PTR_MISSING", "failing", HOUR)
    incident = rows.incident("PTR_MISSING", HOUR, members=[failing])
    rows.letter("ops", "delivered", HOUR, incident=incident)
    in_maintenance = rows.subject("203.0.113.5", worst="failing", overlay="maintenance")
    rows.state(in_maintenance, "PTR_MISSING", "failing", 60.0)
    rows.subject("198.51.100.9", removed=DAY)
    blind = rows.incident("CANNOT_SEE", 2 * HOUR, severity="note", count=7)
    with store.write() as connection:
        connection.execute(
            insert(tables.unseen).values(cause="192.0.2.53: timeout", since=NOW - DAY, count=7, incident_id=blind)
        )
    yield made
    store.close()


def test_what_fits_together_is_sound_and_each_that_does_not_is_named(held: Held) -> None:
    assert held.truehelo("db", "check").endswith(": sound\n")
    rows = held.rows
    empty = rows.incident("GREETING_DIFFERS", HOUR)
    held.do(delete(tables.unseen))
    over = rows.incident("PTR_GENERIC", 3 * HOUR, members=[rows.subject("192.0.2.3")], closed=HOUR)
    held.do(update(tables.members).where(tables.members.c.incident_id == over).values(closed=None))
    untold = rows.subject("192.0.2.4", worst="failing")
    rows.state(untold, "HELO_INVALID", "failing", HOUR)
    lost = rows.subject("192.0.2.5")
    held.do(delete(tables.schedule).where(tables.schedule.c.subject_id == lost))
    ghost = rows.subject("192.0.2.6", removed=DAY)
    held.do(update(tables.schedule).where(tables.schedule.c.subject_id == ghost).values(next_run_at=NOW))
    taken = rows.subject("192.0.2.7")
    held.do(update(tables.schedule).where(tables.schedule.c.subject_id == taken).values(claimed_until=NOW + DAY))
    rows.letter("nobody", "pending", 60.0, incident=1)
    rows.letter("ops", "pending", 30.0)
    held.do(update(tables.outbox).where(tables.outbox.c.id == 3).values(claimed_until=NOW + DAY))
    assert held.truehelo("db", "check", code=1).splitlines() == [
        f"incident {empty} is open and has no open member",
        "incident 2 is open, and nothing is blind for its cause",
        f"incident {over} is closed, and 192.0.2.3 is an open member of it in PTR_GENERIC",
        "192.0.2.4 fails in HELO_INVALID, and has no incident",
        "192.0.2.5 is watched, and has no place in the schedule",
        "192.0.2.6 is no longer watched, and is in the schedule",
        "192.0.2.7 is taken until 2026-03-02 10:15 UTC, longer than anybody takes one",
        "message 3 is taken until 2026-03-02 10:15 UTC, longer than anybody takes one",
        "message 3 is about no incident, and has no words",
        "message 2 waits for nobody, which is no channel",
    ]


def test_of_many_troubles_of_a_kind_the_first_are_named_and_the_rest_counted(held: Held) -> None:
    for number in range(30):
        held.rows.state(held.rows.subject(f"192.0.2.{100 + number}", worst="failing"), "HELO_INVALID", "failing", HOUR)
        held.rows.incident("PTR_GENERIC", 100.0 + number)
    said = held.truehelo("db", "check", code=1).splitlines()
    assert len(said) == 42
    assert said.count("and 10 more of the same") == 2


def test_a_table_an_index_or_a_column_that_is_missing_is_named(held: Held) -> None:
    from sqlalchemy import text

    held.do(text("DROP INDEX ix_flips_at"))
    held.do(text("DROP TABLE gaps"))
    held.do(text("ALTER TABLE states DROP COLUMN message"))
    assert set(held.truehelo("db", "check", code=1).splitlines()) == {
        "the index ix_flips_at is missing",
        "the table gaps is missing",
        "the column states.message is missing",
    }


def test_info_counts_what_there_is(held: Held) -> None:
    found = json.loads(held.truehelo("db", "info", "--json"))
    assert found["version"] == head()
    assert found["octets"] > 10_000
    assert (found["rows"]["subjects"], found["rows"]["incidents"], found["rows"]["flips"]) == (3, 2, 0)
    assert found["retention_days"] == {
        "history": 30,
        "incidents": 100,
        "deliveries": 10,
        "records": 400,
        "rollups": 1200,
        "failures": 90,
    }
    said = held.truehelo("db", "info")
    assert f"version {head()}" in said
    assert "  history                 30 days" in said


def test_prune_removes_what_is_too_old_and_says_what_it_would(held: Held) -> None:
    rows = held.rows
    rows.flip(1, "ptr", "a", "b", 40 * DAY)
    rows.flip(1, "ptr", "b", "c", 20 * DAY)
    rows.incident("PTR_GENERIC", 200 * DAY, well=[1], closed=150 * DAY)
    rows.letter("ops", "delivered", 50 * DAY)
    before = json.loads(held.truehelo("db", "info", "--json"))["rows"]
    said = "4 rows would be removed: 1 of flips, 1 of incidents, 1 of members, 1 of outbox\n"
    assert held.truehelo("db", "prune", "--dry-run") == said
    assert json.loads(held.truehelo("db", "info", "--json"))["rows"] == before
    assert held.truehelo("db", "prune") == said.replace("would be removed", "removed")
    after = json.loads(held.truehelo("db", "info", "--json"))["rows"]
    assert {name: before[name] - after[name] for name in before if before[name] > after[name]} == {
        "flips": 1,
        "incidents": 1,
        "members": 1,
        "outbox": 1,
    }
    assert held.truehelo("db", "prune") == "0 rows removed\n"
    assert held.truehelo("db", "check").endswith(": sound\n")


def test_a_backup_is_whole_while_somebody_writes_and_is_no_more_open_than_the_original(filed: Held, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    Path(filed.url).chmod(0o600)
    writer = sqlite3.connect(filed.url, isolation_level=None)
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("DELETE FROM incidents")
    said = filed.truehelo("db", "backup", str(copy))
    writer.execute("ROLLBACK")
    writer.close()
    assert said.startswith(f"{copy}: {copy.stat().st_size:,} octets, a copy of ")
    assert copy.stat().st_mode & 0o777 == 0o600
    kept = Database(str(copy))
    assert examine(kept) == []
    assert version(kept) == head()
    with kept.read() as connection:
        assert len(connection.execute(tables.incidents.select()).all()) == 2
    kept.close()
    assert "is there already; choose another name" in filed.truehelo("db", "backup", str(copy), code=2)
    assert "no such directory" in filed.truehelo("db", "backup", str(tmp_path / "no" / "copy.db"), code=2)
    assert [each.name for each in tmp_path.glob(".copy*")] == []


def test_a_backup_is_brought_back_by_putting_it_there(filed: Held, tmp_path: Path) -> None:
    filed.truehelo("db", "backup", str(tmp_path / "copy.db"))
    filed.truehelo("ack", "1")
    filed.store.close()
    place = Path(filed.url)
    place.write_bytes((tmp_path / "copy.db").read_bytes())
    for suffix in ("-wal", "-shm"):
        place.with_name(place.name + suffix).unlink(missing_ok=True)
    assert filed.truehelo("db", "check").endswith(": sound\n")
    found = json.loads(filed.truehelo("incidents", "1", "--json", code=1))["incidents"][0]
    assert found["acknowledged"] is None


def test_postgresql_is_copied_by_its_own_tool(
    postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["db", "backup", str(tmp_path / "copy.db"), "--database", postgres_url]) == 2
    assert "is no SQLite database; use pg_dump" in capsys.readouterr().err
    assert not (tmp_path / "copy.db").exists()


def test_an_upgrade_of_what_is_new_says_so_and_takes_no_copy(held: Held) -> None:
    assert held.truehelo("db", "upgrade") == f"{held.store.name}: is of version {head()} already\n"
    assert "is not known; there are 0001" in held.truehelo("db", "upgrade", "--to", "9999", code=2)
    said = held.truehelo("db", "upgrade", "--to", "0001", code=2)
    assert f"is of version {head()}, and there is no way back to 0001; restore a backup" in said
    if held.store.is_sqlite:
        assert list(Path(held.url).parent.glob("*.before-*")) == []
