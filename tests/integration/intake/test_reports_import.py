"""`truehelo reports import`: one bad file of many, the same twice, killed in between, a database that is full or locked."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from integration.intake.kept import counts, mail, numbered
from support.corpus import CorpusFile, corpus
from truehelo.cli import reports_import
from truehelo.cli.main import run
from truehelo.store import database as store_database
from truehelo.store.database import Database
from truehelo.store.reports.questions import totals

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Run a command of the group; return its exit code, stdout and stderr, without what it says of how far it is."""
    monkeypatch.setattr(reports_import, "EVERY_S", 1e9)

    def call(*arguments: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = run(["reports", *arguments])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


def written(folder: Path, files: list[CorpusFile]) -> Path:
    folder.mkdir()
    for number, file in enumerate(files):
        (folder / f"{number:05} {file.name}").write_bytes(file.octets)
    return folder


def told(url: str) -> tuple[int, int, int]:
    database = Database(url)
    try:
        return counts(database)
    finally:
        database.close()


def sums_agree(url: str, files: list[CorpusFile]) -> None:
    """Messages in the files, in the records and in the roll-ups are the same, by domain, reporter and day."""
    wanted: dict[tuple[str, int], int] = {}
    for file in files:
        key = (file.truth.domain, file.truth.day)
        wanted[key] = wanted.get(key, 0) + file.truth.messages
    database = Database(url)
    with database.read() as connection:
        found = totals(connection)
    database.close()
    for table in ("reports", "facts", "days", "reporters"):
        by_day: dict[tuple[str, int], int] = {}
        for total in found:
            if total.table == table:
                by_day[total.domain, total.day] = by_day.get((total.domain, total.day), 0) + total.messages
        assert by_day == wanted, table


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_bad_file_of_many_is_one_line_and_the_rest_is_stored(
    tmp_path: Path, store_url: str, cli: Cli, jobs: str
) -> None:
    files = list(corpus(11, 25, largest=200))
    folder = written(tmp_path / "in", files)
    (folder / "00030 rubbish.xml").write_bytes(b"<feedback><record></feedback>")
    code, out, err = cli("import", str(folder), "-d", store_url, "--jobs", jobs)
    assert code == 1
    (line,) = err.splitlines()
    assert line.startswith(f"truehelo: {folder}/00030 rubbish.xml: refused: ")
    assert out.startswith(f"{len(files) + 1} files and messages: {len(files)} reports stored, 1 refused.\n")
    assert f"{sum(file.truth.messages for file in files):,} messages in " in out
    sums_agree(store_url, files)
    assert told(store_url)[2] == 1

    code, out, err = cli("import", str(folder), "-d", store_url, "--jobs", jobs)
    assert code == 1
    assert out == f"{len(files) + 1} files and messages: 0 reports stored, {len(files)} known before, 1 refused.\n"
    sums_agree(store_url, files)


def test_killed_in_between_nothing_is_lost_and_nothing_is_there_twice(tmp_path: Path, store_url: str, cli: Cli) -> None:
    files = list(corpus(12, 900, largest=3))
    folder = written(tmp_path / "in", files)
    assert cli("import", str(min(folder.iterdir())), "-d", store_url)[0] == 0
    reached = []
    for least in (60, 150):
        words = [sys.executable, "-m", "truehelo", "reports", "import", str(folder), "-d", store_url, "-q"]
        with subprocess.Popen(words, stderr=subprocess.DEVNULL) as process:
            _until(lambda least=least: told(store_url)[0] >= least)  # type: ignore[misc]
            process.kill()
        reached.append(told(store_url)[0])
    assert reached[0] < len(files), "it was killed in between"
    assert cli("import", str(folder), "-d", store_url)[0] == 0
    assert told(store_url)[:2] == (len(files), sum(file.truth.messages for file in files))
    sums_agree(store_url, files)


def _until(true: Callable[[], bool], seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to it"
        time.sleep(0.01)


@pytest.mark.parametrize("after_s", [0.0, 0.03, 0.1, 0.2, 0.4])
def test_an_interruption_while_workers_start_is_no_traceback(tmp_path: Path, sqlite_url: str, after_s: float) -> None:
    folder = written(tmp_path / "in", list(corpus(14, 300, largest=12)))
    words = [sys.executable, "-m", "truehelo", "reports", "import", str(folder), "-d", sqlite_url, "--jobs", "4"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as began:
        _until(lambda: _forks(began.pid))
        time.sleep(after_s)
        os.killpg(began.pid, signal.SIGINT)
        _, err = began.communicate(timeout=60)
    assert began.returncode in (0, 130)  # 0: it was done already
    assert "Traceback" not in err


def _forks(group: int) -> bool:
    """Tell whether the process from which workers are forked runs in a process group."""
    for number in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208  a pattern would look into what has ended meanwhile
        try:
            if b"forkserver" in Path(f"/proc/{number}/cmdline").read_bytes() and os.getpgid(int(number)) == group:
                return True
        except OSError:  # it has ended meanwhile
            continue
    return False


def test_an_interruption_says_how_far_it_came(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    files = list(corpus(13, 1500, largest=3))
    folder = written(tmp_path / "in", files)
    assert cli("import", str(min(folder.iterdir())), "-d", sqlite_url)[0] == 0
    words = [sys.executable, "-m", "truehelo", "reports", "import", str(folder), "-d", sqlite_url, "--jobs", "2"]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        _until(lambda: told(sqlite_url)[0] >= 10)
        other = Database(sqlite_url)
        with other.write():  # so that it waits, and has not ended before it hears of it
            assert told(sqlite_url)[0] < len(files)
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
            time.sleep(0.2)
        other.close()
        out, err = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "broken off: what is counted as stored is stored; import the same again to go on" in err
    stored, said = told(sqlite_url)[0], re.search(r": (\d+) reports? stored, 1 known before", out)
    assert 10 <= stored < len(files)
    assert said is not None
    assert int(said[1]) == stored - 1
    assert cli("import", str(folder), "-d", sqlite_url)[0] == 0
    sums_agree(sqlite_url, files)


def test_a_database_that_is_locked_is_told_and_the_rest_comes_later(
    tmp_path: Path, sqlite_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = numbered(1), numbered(2)
    folder = written(tmp_path / "in", [first, second])
    assert cli("import", str(folder / f"00000 {first.name}"), "-d", sqlite_url)[0] == 0
    monkeypatch.setattr(store_database, "_BUSY_MS", 100)
    other = Database(sqlite_url)
    with other.write():
        code, _, err = cli("import", str(folder), "-d", sqlite_url)
    assert code == 2
    assert "another process has held it locked for too long" in err
    assert "import the same again to go on" in err
    other.close()
    code, out, _ = cli("import", str(folder), "-d", sqlite_url)
    assert code == 0
    assert out.startswith("2 files and messages: 1 report stored, 1 known before.\n")


def test_what_cannot_be_found_stops_no_other(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    folder = written(tmp_path / "in", [numbered(1)])
    code, out, err = cli("import", str(tmp_path / "missing"), str(folder), "-d", sqlite_url)
    assert code == 2
    assert err == f"truehelo: {tmp_path / 'missing'}: there is no such file or folder\n"
    assert out.startswith("1 file or message: 1 report stored.\n")


def test_a_folder_within_that_cannot_be_read_is_one_line_and_the_rest_is_stored(
    tmp_path: Path, sqlite_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = written(tmp_path / "in", [numbered(1)])
    (folder / "0locked").mkdir()
    before = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name == "0locked":
            raise PermissionError(13, "Permission denied")
        return before(path)

    monkeypatch.setattr(os, "scandir", scandir)
    code, out, err = cli("import", str(folder), "-d", sqlite_url)
    assert code == 1
    assert err == f"truehelo: {folder}/0locked: refused: cannot be read (permission denied)\n"
    assert out.startswith("2 files and messages: 1 report stored, 1 refused.\n")


def test_nothing_to_import_is_a_mistake_in_use(sqlite_url: str, cli: Cli) -> None:
    code, _, err = cli("import", "-d", sqlite_url)
    assert code == 2
    assert "name a PATH, - for standard input, or a --mailbox of the configuration" in err


def test_standard_input_and_an_object_store(
    tmp_path: Path, sqlite_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, other = numbered(1), numbered(2)
    system = fsspec.filesystem("memory")
    system.pipe_file(f"/imported/{other.name}", other.octets)
    (tmp_path / "stdin").write_bytes(file.octets)
    with (tmp_path / "stdin").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, out, _ = cli("import", "-", "memory://imported/", "-d", sqlite_url)
    system.rm("/imported", recursive=True)
    assert code == 0
    assert out.startswith("2 files and messages: 2 reports stored.\n")
    origins = json.loads(cli("status", "--json", "-d", sqlite_url)[1])["origins"]
    assert [each["origin"] for each in origins] == ["memory", "stdin"]


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_mailbox_on_standard_input_and_one_in_an_object_store_are_taken_apart(
    tmp_path: Path, sqlite_url: str, cli: Cli, monkeypatch: pytest.MonkeyPatch, packed: bool, jobs: str
) -> None:
    letters = [mail(numbered(number)).replace(b"\r\n", b"\n") for number in range(5)]
    boxes = [b"".join(b"From x\n" + letter + b"\n" for letter in part) for part in (letters[:3], letters[3:])]
    here, there = [gzip.compress(box) if packed else box for box in boxes]
    system = fsspec.filesystem("memory")
    system.pipe_file("/boxes/archive", there)
    (tmp_path / "stdin").write_bytes(here)
    with (tmp_path / "stdin").open() as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, out, err = cli("import", "-", "memory://boxes/", "-d", sqlite_url, "--jobs", jobs)
    system.rm("/boxes", recursive=True)
    assert (code, err) == (0, "")
    assert out.startswith("5 files and messages: 5 reports stored.\n")


def test_mail_of_every_kind_of_mailbox(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    letters = [mail(numbered(number)) for number in range(6)]
    mbox = b"".join(b"From x\n" + letter.replace(b"\r\n", b"\n") + b"\n" for letter in letters[:2])
    (tmp_path / "all.mbox").write_bytes(mbox)
    (tmp_path / "one.eml").write_bytes(letters[2])
    box = tmp_path / "Maildir"
    for sub in ("cur", "new", "tmp"):
        (box / sub).mkdir(parents=True)
    (box / "cur" / "1:2,").write_bytes(letters[3])
    config = tmp_path / "truehelo.toml"
    config.write_text(
        f'[store]\ndatabase = "{sqlite_url}"\n[[reports.mailbox]]\nname = "box"\nkind = "maildir"\npath = "Followed"\n'
        'after = "delete"\n'
    )
    followed = tmp_path / "Followed"
    for sub in ("cur", "new", "tmp"):
        (followed / sub).mkdir(parents=True)
    (followed / "new" / "2").write_bytes(letters[4])
    (followed / "new" / "3").write_bytes(b"Subject: none\n\nno report\n")
    paths = [str(tmp_path / name) for name in ("all.mbox", "one.eml", "Maildir")]
    code, out, err = cli("import", *paths, "--mailbox", "box", "-c", str(config))
    assert code == 1
    assert out.startswith("6 files and messages: 5 reports stored, 1 refused.\n"), err
    assert [file.name for file in (followed / "cur").iterdir()] == ["3:2,S"]
    assert list((followed / "new").iterdir()) == []
    (kept,) = (tmp_path / "refused").glob("*.bin")
    assert kept.read_bytes() == b"Subject: none\n\nno report\n"
    refused = json.loads(cli("status", "--json", "-c", str(config))[1])["refused"]
    assert [(each["origin"], each["kept"]) for each in refused] == [("maildir:box", str(kept))]


def test_a_mailbox_that_is_not_configured_is_told(tmp_path: Path, cli: Cli) -> None:
    config = tmp_path / "truehelo.toml"
    config.write_text("")
    code, _, err = cli("import", "--mailbox", "dmarc", "-c", str(config))
    assert code == 2
    assert err == ("truehelo: mailbox 'dmarc': is not configured; describe one in a table [[reports.mailbox]]\n")


def test_what_is_refused_is_kept_aside_where_that_is_wanted(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    (tmp_path / "bad.xml").write_bytes(b"<feedback>")
    for options in ([], ["--keep-aside", str(tmp_path / "aside")]):
        assert cli("import", str(tmp_path / "bad.xml"), "-d", sqlite_url, *options)[0] == 1
    (kept,) = (tmp_path / "aside").glob("*.bin")
    assert kept.read_bytes() == b"<feedback>"
    assert not (tmp_path / "refused").exists()


def test_the_summary_as_json(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    file = numbered(1)
    folder = written(tmp_path / "in", [file])
    (folder / "bad.txt").write_bytes(b"\x1b[2Jno report")
    code, out, _ = cli("import", str(folder), "-d", sqlite_url, "--json")
    document = json.loads(out)
    assert code == 1
    assert document["schema"] == "truehelo/reports-import/1"
    assert (document["items"], document["whole"], document["messages"]) == (2, True, file.truth.messages)
    assert document["reports"] == {"new": 1, "duplicate": 0, "conflict": 0}
    assert [each["name"] for each in document["refusals"]] == [str(folder / "bad.txt")]
    assert out.isascii()


def test_quiet_says_what_is_wrong_alone(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    folder = written(tmp_path / "in", [numbered(1)])
    assert cli("import", str(folder), "-q", "-d", sqlite_url) == (0, "", "")
    (folder / "bad.txt").write_bytes(b"no report")
    code, out, err = cli("import", str(folder), "-q", "-d", sqlite_url)
    assert (code, out, len(err.splitlines())) == (1, "", 1)


def test_a_name_that_would_paint_the_terminal_is_made_harmless(tmp_path: Path, sqlite_url: str, cli: Cli) -> None:
    (tmp_path / "\x1b[31mred.xml").write_bytes(b"no report")
    _, out, err = cli("import", str(tmp_path / "\x1b[31mred.xml"), "-d", sqlite_url)
    assert "\x1b" not in out + err
    assert "\\x1b[31mred.xml: refused: " in err


def test_status_of_nothing_says_how_to_begin(sqlite_url: str, cli: Cli) -> None:
    assert cli("status", "-d", sqlite_url)[0] == 2
    assert cli("import", "/nonexistent", "-d", sqlite_url)[0] == 2
    code, out, _ = cli("status", "-d", sqlite_url)
    assert (code, out) == (0, "Nothing has come in yet: truehelo reports import PATH, or truehelo reports listen.\n")
