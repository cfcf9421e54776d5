"""SQLite in trouble: a full disk, a file that cannot be written, one that somebody holds, one that is no database.

Each is told in one sentence, with an exit code of its own, without a traceback; and what stood in the file still stands.
"""

import io
import multiprocessing
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from support.watched import Watched
from truehelo.cli.main import run
from truehelo.store import database as database_module
from truehelo.store.database import Database, StoreError
from truehelo.store.migrate import examine, upgrade
from truehelo.store.tables import acts, subjects

pytestmark = pytest.mark.integration

ACTING = [
    ("incidents",),
    ("ack", "1"),
    ("silence", "192.0.2.1", "--tag", "PTR_MISSING", "--for", "1h", "--reason", "why"),
    ("alerts", "deliveries"),
    ("inventory", "add", "192.0.2.99"),
    ("db", "upgrade"),
    ("db", "check"),
    ("db", "info"),
    ("db", "backup", "copy.db"),
]
WRITING = [("ack", "1"), ACTING[2], ("inventory", "add", "192.0.2.99"), ("db", "prune")]
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(arguments)
        said = capsys.readouterr()
        return code, said.out, said.err

    return call


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with an open incident, which the commands take."""
    monkeypatch.chdir(tmp_path)
    made = tmp_path / "watch.db"
    monkeypatch.setenv("TRUEHELO_DATABASE", str(made))
    store = Database(str(made))
    upgrade(store)
    filled = Watched(store)
    filled.incident("PTR_MISSING", 60.0, members=[filled.subject("192.0.2.1", worst="failing")])
    store.close()
    return made


def is_sentence(said: str) -> bool:
    """One line on standard error (and lines of progress before it), none of them a traceback or a bug."""
    lines = said.splitlines()
    return bool(lines) and all(line.startswith("truehelo: ") for line in lines) and "bug in truehelo" not in said


def count(path: Path) -> int:
    with sqlite3.connect(path) as connection:
        found: int = connection.execute("SELECT count(*) FROM subjects").fetchone()[0]
    connection.close()
    return found


# No database


@pytest.mark.parametrize("words", ACTING)
@pytest.mark.parametrize("content", [b"just a text, and not a short one: " * 200, b"SQLite format 3\0" + b"\xff" * 9000])
def test_a_file_that_is_no_database(cli: Cli, path: Path, content: bytes, words: tuple[str, ...]) -> None:
    path.write_bytes(content)
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert is_sentence(err)
    assert str(path) in err
    assert path.read_bytes() == content
    assert not Path("copy.db").exists()


@pytest.mark.parametrize("words", ACTING)
def test_a_folder_in_the_place_of_a_file(cli: Cli, path: Path, words: tuple[str, ...]) -> None:
    path.unlink()
    path.mkdir()
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert is_sentence(err)


def test_no_file_at_all_is_no_reason_to_make_one_for_a_command_that_reads(cli: Cli, path: Path) -> None:
    path.unlink()
    for words in (("incidents",), ("ack", "1"), ("db", "info"), ("db", "check"), ("db", "backup", "copy.db")):
        code, out, err = cli(*words)
        assert (code, out) == (2, "")
        assert "there is no such database" in err
    assert not path.exists()


def test_an_empty_file_is_filled_by_an_upgrade_and_refused_before(cli: Cli, path: Path) -> None:
    path.write_bytes(b"")
    code, _, err = cli("incidents")
    assert code == 2
    assert "holds nothing of truehelo's; truehelo db upgrade makes it ready" in err
    assert cli("db", "upgrade")[0] == 0
    assert cli("incidents")[0] == 0


def test_a_damaged_database_is_told_by_check(cli: Cli, path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_subjects_network'").fetchone()[0]
    connection.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\x0a" + b"\0" * (size - 1))  # an index page that names nothing
    code, out, err = cli("db", "check")
    assert (code, err) == (1, "")
    assert "ix_subjects_network" in out


# Held by somebody else


@pytest.fixture
def held(path: Path) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    yield
    connection.execute("ROLLBACK")
    connection.close()


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize("words", [*WRITING, ("db", "upgrade")])
def test_one_that_another_process_holds_is_waited_for_and_told(
    cli: Cli, path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(database_module, "_BUSY_MS", 200)
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert err == f"truehelo: {path}: another process has held it locked for too long\n"


@pytest.mark.usefixtures("held")
def test_one_that_another_process_writes_to_can_still_be_read(cli: Cli) -> None:
    assert cli("incidents")[0] == 1
    assert cli("db", "check")[0] == 0
    assert cli("db", "backup", "copy.db")[0] == 0


# Not to be written to


def as_nobody(words: tuple[str, ...], path: Path) -> tuple[int, str, str]:
    """Run a command as somebody to whom permissions mean something.

    In a fork of this process: that account may not read the sources. They are loaded before, over a database that is good.
    """
    with tempfile.TemporaryDirectory() as folder:
        Database(f"{folder}/good.db").close()
        run(["db", "upgrade", "--database", f"{folder}/good.db"])
        run([*words, "--database", f"{folder}/good.db"])
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    child = context.Process(target=_as_nobody, args=(words, path, theirs))
    child.start()
    assert ours.poll(60)
    found: tuple[int, str, str] = ours.recv()
    child.join(60)
    return found


def _as_nobody(words: tuple[str, ...], path: Path, answers: Any) -> None:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    sys.stdout, sys.stderr = io.StringIO(), io.StringIO()
    code = run([*words, "--database", str(path)])
    answers.send((code, sys.stdout.getvalue(), sys.stderr.getvalue()))


@pytest.fixture
def open_folder(path: Path) -> Iterator[Path]:
    """A folder that everybody may enter, with the database in it."""
    folder = Path("/tmp") / f"truehelo-readonly-{os.getpid()}"
    folder.mkdir(mode=0o755)
    shutil.copy(path, folder / "watch.db")
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("words", [*WRITING, ("incidents",)])
def test_one_that_may_not_be_written_to(open_folder: Path, words: tuple[str, ...]) -> None:
    there = open_folder / "watch.db"
    there.chmod(0o444)
    before = there.read_bytes()
    code, out, err = as_nobody(words, there)
    assert (code, out) == (2, ""), err
    assert err == f"truehelo: {there}: may not be written to\n"
    assert there.read_bytes() == before


def test_a_folder_where_nothing_may_be_made(open_folder: Path) -> None:
    for words in (("db", "upgrade"), ("inventory", "add", "192.0.2.1")):
        for there in (open_folder / "new" / "watch.db", open_folder / "other.db"):
            code, out, err = as_nobody(words, there)
            assert (code, out) == (2, ""), err
            assert is_sentence(err)
            assert str(open_folder) in err
    assert [each.name for each in open_folder.iterdir()] == ["watch.db"]


# A full disk

SCRIPT = """
import sys
from truehelo.cli.main import run
codes = [run(words.split(" ")) for words in sys.argv[1:]]
print("codes", *codes)
"""


def on_small_disk(tmp_path: Path, kilobytes: int, script: str, source: Path) -> "subprocess.CompletedProcess[str]":
    """Run a shell script where `disk` is a file system of so many kilobytes, with a copy of the database on it."""
    disk = tmp_path / "disk"
    disk.mkdir()
    copy = tmp_path / "after"
    whole = (
        f"mount -t tmpfs -o size={kilobytes}k tmpfs {disk} && cp {source} {disk}/watch.db && cd {disk} && "
        f"export TRUEHELO_DATABASE={disk}/watch.db; {script}; rm -f fill; cp -r {disk} {copy}"
    )
    return subprocess.run(
        ["unshare", "--mount", "sh", "-c", whole], capture_output=True, text=True, timeout=120, check=False
    )


def test_a_full_disk_is_told_and_nothing_is_half_written(tmp_path: Path, path: Path) -> None:
    lines = "".join(f'[[subject]]\ntarget = "198.51.{high}.{low}"\n' for high in range(40) for low in range(100))
    (tmp_path / "many.toml").write_text(lines, encoding="utf-8")
    words = f"inventory import {tmp_path}/many.toml --yes"
    small = path.stat().st_size // 1024 + 400
    done = on_small_disk(tmp_path, small, f"{sys.executable} -c '{SCRIPT}' '{words}' incidents", path)
    assert done.stdout.splitlines()[-1] == "codes 2 1", done.stdout + done.stderr
    assert "watch.db: the disk is full" in done.stderr
    assert is_sentence(done.stderr)
    after = tmp_path / "after" / "watch.db"
    assert count(after) == 1
    store = Database(str(after))
    assert examine(store) == []
    store.close()


def test_a_full_disk_stops_no_reading_and_is_told_by_each_that_writes(tmp_path: Path, path: Path) -> None:
    commands = ["incidents 1", "ack 1", "silence 192.0.2.1 --tag PTR_MISSING --for 1h --reason why", "db backup copy.db"]
    fill = "dd if=/dev/zero of=fill bs=1k 2>/dev/null"
    asked = " ".join(f"'{each}'" for each in commands)
    done = on_small_disk(tmp_path, 2000, f"{fill}; {sys.executable} -c '{SCRIPT}' {asked}", path)
    codes = [int(each) for each in done.stdout.splitlines()[-1].split()[1:]]
    assert set(codes[1:]) == {2}, done.stdout + done.stderr
    assert codes[0] in (1, 2)  # its log needs a little room even to be read
    assert is_sentence(done.stderr)
    assert all("the disk is full" in line for line in done.stderr.splitlines()), done.stderr
    assert sorted(each.name for each in (tmp_path / "after").iterdir() if "copy" in each.name) == []
    after = Database(str(tmp_path / "after" / "watch.db"))
    with after.read() as connection:
        assert connection.execute(select(func.count()).select_from(acts)).scalar_one() == 0
    assert examine(after) == []
    after.close()


def test_an_upgrade_on_a_full_disk_leaves_no_new_file_that_seems_good(tmp_path: Path, path: Path) -> None:
    fill = "rm watch.db; dd if=/dev/zero of=fill bs=1k count=1900 2>/dev/null"
    script = f"{fill}; {sys.executable} -c '{SCRIPT}' 'db upgrade' incidents"
    done = on_small_disk(tmp_path, 2000, script, path)
    assert done.stdout.splitlines()[-1] == "codes 2 2", done.stdout + done.stderr
    assert is_sentence(done.stderr)


def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(tmp_path: Path, path: Path) -> None:
    store = Database(str(path))
    with store.write() as connection:
        before = connection.execute(select(func.count()).select_from(subjects)).scalar_one()
    store.close()
    limit = path.stat().st_size // 1024 + 64
    many = " ".join(f"'inventory add 203.0.113.{number}'" for number in range(1, 40))
    done = subprocess.run(
        ["bash", "-c", f"ulimit -f {limit}; TRUEHELO_DATABASE={path} {sys.executable} -c '{SCRIPT}' {many}"],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    codes = [int(each) for each in done.stdout.splitlines()[-1].split()[1:]]
    assert set(codes) <= {0, 2}
    assert is_sentence(done.stderr) or not done.stderr
    assert count(path) == before + codes.count(0)


def test_a_transaction_that_fails_at_its_end_is_told_and_is_not_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database_module, "_BUSY_MS", 200)
    store = Database(str(path))
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="another process has held it locked"), store.write() as connection:
        connection.execute(subjects.delete())
    other.execute("ROLLBACK")
    other.close()
    assert count(path) == 1
    store.close()


def test_a_new_file_that_another_process_is_about_to_fill_is_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    # Another truehelo that has just made the file, and has not come to WAL yet.
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    release = threading.Timer(0.5, lambda: other.execute("ROLLBACK"))
    release.start()
    database = Database(str(path))
    assert upgrade(database)[0] is None
    release.join()
    other.close()
    database.close()
