"""The questions about reports by command: what is printed in which form, and what bad input gets."""

import csv
import io
import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.sentreports import Sent, hasty, report, store
from truehelo.cli.main import run
from truehelo.cli.reports_class import target_of
from truehelo.errors import InputError
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

DOMAIN, MINE, RELAY = "business.example", "192.0.2.26", "203.0.113.9"
UNWRITTEN = "truehelo: standard output: cannot be written"
TODAY = int(time.time() // 86_400)
LAST = f"{datetime.fromtimestamp((TODAY - 1) * 86_400, UTC):%Y-%m-%d}"
"""The last day of the reports, whatever day it is by the time that it is asked about."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("joined") / "kept.db"
    database = hasty(Database(str(path)))
    upgrade(database)
    rows = [Sent(ip=MINE, count=10), Sent(ip=RELAY, count=2, spf=False, envelope="alumni.example", reason="forwarded")]
    reports = [report(name, DOMAIN, day, rows) for name in ("r1.example", "r2.example") for day in range(TODAY - 9, TODAY)]
    store(database, [*reports, report("=r3.example", "shop.example", TODAY - 1, [Sent(ip=MINE)])], time.time())
    database.close()
    return path


@pytest.fixture
def kept(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with reports, for one test; the configuration is that of nobody."""
    monkeypatch.chdir(tmp_path)
    copy = tmp_path / "kept.db"
    copy.write_bytes(made.read_bytes())
    monkeypatch.setenv("TRUEHELO_DATABASE", str(copy))
    monkeypatch.setenv("HOME", str(tmp_path))
    return copy


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            ("reports", "sources", DOMAIN),
            ["business.example", "216 messages from 2 addresses", MINE, RELAY, "mine", "forwarder"],
        ),
        (("reports", "sources"), ["all domains", "217 messages"]),
        (("reports", "sources", "--limit", "1"), ["and 1 more source with 36 messages"]),
        (("reports", "new", "--since", "30d"), ["2 new sources since", MINE]),
        (("reports", "ip", MINE), ["181 messages for business.example (180), shop.example (1)", "none refused"]),
        (("reports", "ip", MINE, "--domain", "Shop.Example."), ["1 message for"]),
        (("reports", "ip", "192.0.2.200"), ["no mail of it is reported"]),
        (("reports", "reporters", DOMAIN), ["2 receivers reported 216 messages", "r1.example", "9 reports on 9 days"]),
        (("reports", "trend", DOMAIN), ["by week", "100%"]),
        (("reports", "trend", DOMAIN, "--by", "day", "--since", "10d"), ["by day"]),
        (("reports", "class"), ["nothing was said of any source"]),
        (("inventory", "suggest"), ["1 address sends for you", MINE]),
        (("inventory", "suggest", "shop.example"), ["nothing is missing"]),
    ],
)
def test_an_answer_is_printed(
    kept: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], words: list[str]
) -> None:
    assert run(arguments) == 0, kept
    text = " ".join(capsys.readouterr().out.split())
    assert [each for each in words if each not in text] == []


@pytest.mark.parametrize(
    ("what", "arguments"),
    [
        ("sources", ("reports", "sources", DOMAIN)),
        ("new", ("reports", "new")),
        ("address", ("reports", "ip", MINE)),
        ("reporters", ("reports", "reporters")),
        ("trend", ("reports", "trend")),
        ("classes", ("reports", "class")),
        ("suggest", ("inventory", "suggest", "--format", "json")),
    ],
)
def test_an_answer_is_printed_as_json(
    kept: Path, capsys: pytest.CaptureFixture[str], what: str, arguments: tuple[str, ...]
) -> None:
    assert run([*arguments, *(() if "json" in arguments else ("--json",))]) == 0, kept
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["what"]) == ("truehelo/reports/1", what)


@pytest.mark.parametrize(
    ("arguments", "column", "expected"),
    [
        (("reports", "sources"), "ip", [MINE, RELAY]),
        (("reports", "reporters"), "reporter", ["r1.example", "r2.example", "'=r3.example"]),
        (("reports", "ip", RELAY, "--since", LAST, "--until", LAST), "messages", ["2", "2"]),
        (("reports", "trend", "shop.example", "--by", "day"), "messages", ["1"]),
        (("reports", "export", "shop.example"), "reporter", ["'=r3.example"]),
        (("reports", "export", DOMAIN, "--daily", "--since", LAST, "--until", LAST), "messages", ["10", "10", "2", "2"]),
        (("inventory", "suggest"), "target", [MINE]),
    ],
)
def test_an_answer_is_printed_as_csv_without_formulas(
    kept: Path, capsysbinary: pytest.CaptureFixture[bytes], arguments: tuple[str, ...], column: str, expected: list[str]
) -> None:
    assert run([*arguments, "--format", "csv"]) == 0, kept
    rows = csv.DictReader(io.StringIO(capsysbinary.readouterr().out.decode()))
    assert sorted(row[column] for row in rows) == sorted(expected)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("reports", "sources", "other.example"),
            "no report is about this domain; there are reports about business.example",
        ),
        (("reports", "ip", "mail.example"), "mail.example: is no address; give one as 192.0.2.25"),
        (("reports", "ip", "\x1b[31m"), "\\x1b[31m: is no address"),
        (("reports", "trend", "--since", "yesterday"), "--since 'yesterday': is no time"),
        (("reports", "trend", "--since", "1d", "--until", "9d"), "is after the last day"),
        (("reports", "sources", "--json", "--format", "csv"), "exclude each other"),
        (("reports", "class", "mail.example", "mine", "--reason", "x"), "is no address and no network"),
        (("reports", "class", "0.0.0.0/4", "mine", "--reason", "x"), "is too wide a network: /8 is the widest"),
        (("reports", "class", RELAY, "mine"), "--reason is missing"),
        (("reports", "class", RELAY, "mine", "--reason", "  "), "--reason: is empty"),
        (("reports", "class", RELAY, "--end"), "nothing is said of exactly this"),
        (("reports", "class", RELAY, "mine", "--end"), "say ADDRESS CLASS --reason TEXT"),
        (("reports", "class", RELAY, "friend"), "'friend' is not one of"),
        (("reports", "export", "-o", "/nowhere/at/all.csv"), "/nowhere/at/all.csv: cannot be written (no such file"),
        (("inventory", "suggest", "other.example"), "no report is about this domain"),
    ],
)
def test_bad_input_gets_one_sentence(
    kept: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], sentence: str
) -> None:
    assert run(arguments) == 2, kept
    said = capsys.readouterr()
    assert sentence in said.err
    assert said.err.startswith("truehelo: ")
    assert (said.out, said.err.count("\n")) == ("", 1)


def test_a_database_without_reports_says_how_they_come_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUEHELO_DATABASE", str(tmp_path / "empty.db"))
    database = Database(str(tmp_path / "empty.db"))
    upgrade(database)
    database.close()
    assert run(("reports", "sources", DOMAIN)) == 2
    assert "truehelo reports import brings reports in" in capsys.readouterr().err
    for arguments in (("sources",), ("new",), ("reporters",), ("trend",), ("ip", MINE)):
        assert run(("reports", *arguments)) == 0, arguments


def test_what_is_said_of_a_source_is_kept_with_who_said_it(kept: Path, capsys: pytest.CaptureFixture[str]) -> None:
    said = ("reports", "class", f"{RELAY}/32", "unauthorised", "--reason", " abuse,\n often ", "--by", "anna")
    assert run(said) == 0, kept
    assert run(("reports", "class", "::ffff:203.0.113.9", "mine", "--reason", "ours, after all", "--by", "ben")) == 0
    assert run(("reports", "class", "--json", "--all")) == 0
    lines = capsys.readouterr().out
    assert lines.startswith(f"{RELAY}: unauthorised\n{RELAY}: mine\n")
    kept_ = json.loads(lines.partition("mine\n")[2])["classes"]
    assert [(each["class"], each["by"], each["reason"], each["ended"] is None) for each in kept_] == [
        ("mine", "ben", "ours, after all", True),
        ("unauthorised", "anna", "abuse, often", False),
    ]
    assert run(("reports", "ip", RELAY)) == 0
    text = capsys.readouterr().out
    assert "mine, says ben" in text
    assert "by anna: abuse, often" in " ".join(text.split())
    assert run(("reports", "class", RELAY, "--end")) == 0
    assert run(("reports", "class")) == 0
    assert capsys.readouterr().out.endswith("nothing was said of any source\n")


def test_what_is_suggested_can_be_imported(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for format_name in ("toml", "csv"):
        assert run(("inventory", "suggest", "--format", format_name)) == 0, kept
        file = tmp_path / f"found.{format_name}"
        file.write_text(capsys.readouterr().out)
        assert run(("inventory", "import", str(file), "--dry-run")) == 0
        assert MINE in capsys.readouterr().out
    assert run(("inventory", "import", str(tmp_path / "found.toml"))) == 0
    capsys.readouterr()
    assert run(("inventory", "suggest")) == 0
    assert "nothing is missing" in capsys.readouterr().out


@given(
    st.one_of(
        st.text(max_size=30), st.ip_addresses().map(str), st.from_regex(r"[0-9a-f:.]{1,20}/[0-9]{1,3}", fullmatch=True)
    )
)
def test_whatever_is_classed_has_one_spelling_or_is_refused(text: str) -> None:
    try:
        found = target_of(text)
    except InputError as error:
        assert str(error).isprintable()  # noqa: PT017  it is the refusal that is looked at
    else:
        assert target_of(found) == found


def test_an_export_is_written_whole_or_not_at_all(kept: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "out" / "records.csv"
    file.parent.mkdir()
    assert run(("reports", "export", DOMAIN, "-o", str(file))) == 0, kept
    assert "36 rows are in" in capsys.readouterr().err
    assert len(list(csv.DictReader(file.open(newline="")))) == 36
    assert [each.name for each in file.parent.iterdir()] == ["records.csv"]


def test_a_pipe_that_an_export_is_written_to_stays_one(kept: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True) as reader:
        assert run(("reports", "export", DOMAIN, "-o", str(pipe))) == 0, kept
        out, _ = reader.communicate(timeout=20)
    assert pipe.is_fifo()
    assert len(out.splitlines()) == 37


def test_an_export_keeps_who_may_read_the_file_that_it_replaces(kept: Path, tmp_path: Path) -> None:
    file = tmp_path / "records.csv"
    file.touch(0o600)
    assert run(("reports", "export", DOMAIN, "-o", str(file))) == 0, kept
    assert (file.stat().st_mode & 0o777, len(file.read_text().splitlines())) == (0o600, 37)


@pytest.mark.parametrize(
    ("why", "into", "code", "said"),
    [
        ("a full disk is told", "> /dev/full", 2, f"{UNWRITTEN} (No space left on device)\n"),
        ("a reader that has gone is nothing", "| true", 0, ""),
        ("a reader that has had enough is nothing", "| head -1 > /dev/null", 0, ""),
        ("what is written is written", "> export.csv", 0, ""),
    ],
)
@pytest.mark.parametrize("options", ["", "--daily"])
def test_an_export_to_standard_output(kept: Path, why: str, into: str, code: int, said: str, options: str) -> None:
    command = f"set -o pipefail; {sys.executable} -m truehelo reports export {options} {into}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False, cwd=kept.parent)
    assert (done.returncode, done.stderr) == (code, said), why
