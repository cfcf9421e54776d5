"""`inventory`: what is taken, what is left alone, what each mistake gets, and that nothing there already is lost by one."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from truehelo.inventory.model import Line
from truehelo.inventory.read import read
from truehelo.store.database import Database
from truehelo.store.tables import subjects

Cli = Callable[..., tuple[int, str, str]]
PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "inventory.md"

FILE = """
[[subject]]
target = "192.0.2.25"
expected = "mail.example.com"
groups = ["eu"]
owner = "Ann"

[[pool]]
name = "bulk"
network = "198.51.100.0/30"
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the file, and a database that is not there yet."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TRUEHELO_DATABASE", str(tmp_path / "state" / "watch.db"))
    (tmp_path / "inventory.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def rewrite(here: Path, old: str, new: str) -> None:
    path = here / "inventory.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def kept(cli: Cli, *arguments: str) -> list[dict[str, object]]:
    code, out, err = cli("inventory", "list", "--json", *arguments)
    assert (code, err) == (0, "")
    lines: list[dict[str, object]] = json.loads(out)["lines"]
    return lines


# Importing


def test_a_dry_run_says_what_would_change_and_makes_no_database(here: Path, cli: Cli) -> None:
    code, out, err = cli("inventory", "import", "inventory.toml", "--dry-run")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "+ 192.0.2.25 expected mail.example.com in eu",
        "+ 198.51.100.0/30",
        "file:inventory.toml: lines: 2 added, 0 changed, 0 removed, 0 unchanged",
    ]
    assert not (here / "state").exists()


@pytest.mark.parametrize("bad", ["bad\x01name.csv", "nofile.toml", "\udcff.csv"])
def test_a_file_that_cannot_be_taken_stops_no_other(here: Path, cli: Cli, bad: str) -> None:
    if bad.endswith(".csv"):
        (here / bad).write_text("target\n192.0.2.77\n", encoding="utf-8")
    code, out, err = cli("inventory", "import", bad, "inventory.toml")
    assert code == 2
    assert len(err.splitlines()) == 1
    assert "2 added" in out
    assert [line["target"] for line in kept(cli)] == ["192.0.2.25", "198.51.100.0/30"]


def test_an_import_is_kept_and_a_second_one_changes_nothing(here: Path, cli: Cli) -> None:
    code, out, err = cli("inventory", "import", "inventory.toml")
    assert (code, err) == (0, "")
    assert "2 added" in out
    assert "watched: 5 addresses (5 new, 0 gone)" in out
    assert [(line["target"], line["managed_by"]) for line in kept(cli)] == [
        ("192.0.2.25", "file:inventory.toml"),
        ("198.51.100.0/30", "file:inventory.toml"),
    ]
    code, out, err = cli("inventory", "import", "./inventory.toml")
    assert (code, err) == (0, "")
    assert "0 added, 0 changed, 0 removed, 2 unchanged; watched: 5 addresses (0 new, 0 gone)" in out


def test_what_a_file_no_longer_names_goes_and_what_it_changes_changes(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    rewrite(here, '"198.51.100.0/30"', '"198.51.100.0/31"')
    rewrite(here, '"Ann"', '"Ben"')
    code, out, _ = cli("inventory", "diff", "inventory.toml")
    assert code == 1
    assert out.splitlines() == [
        "+ 198.51.100.0/31",
        "- 198.51.100.0/30",
        "~ 192.0.2.25",
        "    owner: Ann -> Ben",
        "file:inventory.toml: lines: 1 added, 1 changed, 1 removed, 0 unchanged",
    ]
    code, out, err = cli("inventory", "import", "inventory.toml")
    assert (code, err) == (0, "")
    assert "watched: 3 addresses (0 new, 2 gone)" in out
    assert cli("inventory", "diff", "inventory.toml")[0] == 0


def test_a_broken_line_is_named_the_rest_is_taken_and_nothing_is_lost(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    rewrite(here, '"198.51.100.0/30"', '"198.51.100.1/30"')
    rewrite(here, "[[pool]]", '[[subject]]\ntarget = "192.0.2.26"\n[[pool]]')
    code, out, err = cli("inventory", "import", "inventory.toml")
    assert code == 2
    assert err.splitlines() == [
        "truehelo: inventory.toml:10: 198.51.100.1/30: has bits set behind its prefix; write 198.51.100.0/30, or the "
        "single address without the prefix",
        "truehelo: kept 1 line that the file does not name, since not all of it could be read",
    ]
    assert "1 added, 0 changed, 0 removed, 1 unchanged" in out
    assert [line["target"] for line in kept(cli)] == ["192.0.2.25", "192.0.2.26", "198.51.100.0/30"]
    assert cli("inventory", "diff", "inventory.toml")[0] == 2


def test_a_file_that_is_broken_as_a_whole_changes_nothing(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    before = kept(cli)
    rewrite(here, "[[pool]]", "[[pool]")
    code, out, err = cli("inventory", "import", "inventory.toml")
    assert (code, out) == (2, "")
    assert err.startswith("truehelo: inventory.toml:8: is not TOML: ")
    assert kept(cli) == before


def test_a_file_that_names_nothing_is_taken_only_when_it_is_meant(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    (here / "inventory.toml").write_text("# emptied by accident\n", encoding="utf-8")
    code, out, err = cli("inventory", "import", "inventory.toml")
    assert (code, out) == (2, "")
    assert err == "truehelo: inventory.toml: names nothing, and 2 lines would be removed; give --yes if that is meant\n"
    assert len(kept(cli)) == 2
    assert cli("inventory", "import", "inventory.toml", "--yes")[0] == 0
    assert kept(cli) == []


def test_lines_of_another_file_and_by_hand_stay_and_are_told(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    assert cli("inventory", "add", "192.0.2.30=mx.example.com")[0] == 0
    (here / "other.csv").write_text("target,owner\n192.0.2.25,Eve\n192.0.2.30,Eve\n192.0.2.31,Eve\n", encoding="utf-8")
    code, out, err = cli("inventory", "import", "other.csv")
    assert code == 2
    assert err.splitlines() == [
        "truehelo: 192.0.2.25: is managed by file:inventory.toml and stays as it is; change it there, or import that file "
        "with --as inventory.toml",
        "truehelo: 192.0.2.30: is managed by hand and stays as it is; remove it first",
    ]
    assert "1 added" in out
    assert "2 left to others" in out
    assert [line["target"] for line in kept(cli, "--owner", "Eve")] == ["192.0.2.31"]
    assert [line["target"] for line in kept(cli, "--managed-by", "hand")] == ["192.0.2.30"]
    assert [line["target"] for line in kept(cli, "--managed-by", "other.csv")] == ["192.0.2.31"]


def test_standard_input_under_a_name_is_a_file_like_any_other(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    give('{"target": "192.0.2.1"}\n{"target": "192.0.2.2"}\n')
    assert cli("inventory", "import", "-", "--format", "jsonl", "--as", "cmdb")[0] == 0
    give('{"target": "192.0.2.2"}\n')
    assert cli("inventory", "import", "-", "--format", "jsonl", "--as", "cmdb")[0] == 0
    assert [(line["target"], line["managed_by"]) for line in kept(cli)] == [("192.0.2.2", "file:cmdb")]
    code, _, err = cli("inventory", "import", "-")
    assert code == 2
    assert "standard input: has no suffix that tells its format; give --format with toml, csv, json, jsonl" in err


def test_one_file_that_cannot_be_read_stops_no_other(here: Path, cli: Cli) -> None:
    code, out, err = cli("inventory", "import", "missing.toml", "inventory.toml", "notes.txt")
    assert code == 2
    assert "2 added" in out
    assert err.splitlines() == [
        "truehelo: missing.toml: cannot be read (no such file or directory); give a file of at most 64 MiB",
        "truehelo: notes.txt: has no suffix that tells its format; give --format with toml, csv, json, jsonl",
    ]


def test_a_large_network_needs_a_word(here: Path, cli: Cli) -> None:
    rewrite(here, "198.51.100.0/30", "198.48.0.0/15")
    code, _, err = cli("inventory", "import", "inventory.toml", "--dry-run")
    assert code == 2
    assert "inventory.toml:8: 198.48.0.0/15: holds 131,072 addresses; more than 65,536 need --yes" in err
    assert cli("inventory", "import", "inventory.toml", "--dry-run", "--yes")[0] == 0


def test_many_broken_lines_do_not_fill_the_screen(here: Path, cli: Cli) -> None:
    (here / "x.csv").write_text("target\n" + "".join(f"nonsense {n}\n" for n in range(500)), encoding="utf-8")
    code, _, err = cli("inventory", "import", "x.csv")
    assert code == 2
    assert len(err.splitlines()) == 21
    assert err.endswith("and 480 more lines that cannot be used\n")


def test_what_stands_in_a_file_reaches_no_terminal_as_it_is(here: Path, cli: Cli) -> None:
    (here / "x.csv").write_text('target,owner,note\n192.0.2.1,"\u202eevil","\u202eevil"\n\x1b[31m,a,b\n', encoding="utf-8")
    for arguments in (["import", "x.csv"], ["diff", "x.csv"], ["list"]):
        _, out, err = cli("inventory", *arguments)
        assert "\u202e" not in out + err
        assert "\x1b" not in out + err


# By hand


def test_added_changed_and_removed_by_hand(here: Path, cli: Cli) -> None:
    add = ("inventory", "add", "192.0.2.9=MX.example.com.")
    assert cli(*add, "--group", "eu", "--port", "25", "--interval", "90", "--note", "=1+1")[0] == 0
    [line] = kept(cli)
    assert line == {
        "target": "192.0.2.9",
        "expected": ["mx.example.com"],
        "groups": ["eu"],
        "interval": 90,
        "ports": [25],
        "note": "=1+1",
        "managed_by": "",
    }
    code, _, err = cli(*add)
    assert (code, err) == (2, "truehelo: 192.0.2.9: is there already, with other values; give --replace to change it\n")
    assert cli(*add, "--replace", "--no-smtp", "--interval", "1h")[0] == 0
    assert kept(cli) == [
        {"target": "192.0.2.9", "expected": ["mx.example.com"], "interval": 3600, "ports": [], "managed_by": ""}
    ]
    code, out, _ = cli("inventory", "remove", "192.0.2.9")
    assert code == 0
    assert "0 added, 0 changed, 1 removed" in out
    assert kept(cli) == []
    code, _, err = cli("inventory", "remove", "192.0.2.9")
    assert (code, err) == (2, "truehelo: 192.0.2.9: is not in the inventory; truehelo inventory list shows what is\n")


def test_what_a_file_manages_is_not_changed_by_hand_unless_it_is_meant(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    code, _, err = cli("inventory", "add", "192.0.2.25", "--owner", "Eve", "--replace")
    assert code == 2
    assert "192.0.2.25: is managed by file:inventory.toml; change it there, and import that file again" in err
    code, _, err = cli("inventory", "remove", "192.0.2.25")
    assert code == 2
    assert "take it out of that file and import it again, or give --yes" in err
    assert len(kept(cli)) == 2
    assert cli("inventory", "remove", "192.0.2.25", "--yes")[0] == 0
    assert len(kept(cli)) == 1


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["add", "mail.example.com"], "may be a host or a domain; write host:mail.example.com or domain:mail.example.com"),
        (["add", "10.0.0.1"], "is private, so that nobody outside can judge it; give the address that receivers see"),
        (["add", "192.0.2.1", "--interval", "2s"], "interval 2s: is no time between checks"),
        (["add", "192.0.2.1", "--port", "25", "--no-smtp"], "--port and --no-smtp exclude each other"),
        (["add", "192.0.2.1", "--discover", "mx"], "discover: is given for 192.0.2.1; only a domain"),
        (["add", "198.48.0.0/15"], "holds 131,072 addresses; more than 65,536 need --yes"),
        (["add", "192.0.2.1=mail_1.example.com"], "expected mail_1.example.com: as a name holds an underscore"),
        (["import", "a.toml", "b.toml", "--as", "x"], "--as names the lines of one file"),
        (["import", "a.toml", "--as", " "], "an empty name: cannot say who manages lines; give a name with --as"),
        (["list"], "there is no such database; truehelo inventory import makes one"),
        (["list", "-d", "mysql://x/y"], "is of a kind that is not supported; give a file name for SQLite, or postgresql://"),
        (["diff", "inventory.toml"], "there is no such database"),
        (["add", "192.0.2.1", "-d", "/dev/null/x.db"], "/dev/null: cannot be made (file exists); name another place"),
        (["add", "192.0.2.1", "-d", "inventory.toml"], "inventory.toml: is no database of SQLite"),
    ],
)  # fmt: skip
def test_each_mistake_gets_one_sentence_and_2(here: Path, cli: Cli, arguments: list[str], says: str) -> None:
    (here / "a.toml").write_text("", encoding="utf-8")
    code, out, err = cli("inventory", *arguments)
    assert (code, out) == (2, "")
    assert says in err
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("given", [["--config", "own.toml"], []])
def test_the_usual_interval_and_the_database_are_those_of_the_configuration(
    here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, given: list[str]
) -> None:
    monkeypatch.delenv("TRUEHELO_DATABASE")
    text = '[store]\ndatabase = "configured.db"\n[watch]\ninterval = "10m"\n'
    (here / ("own.toml" if given else "truehelo.toml")).write_text(text, encoding="utf-8")
    assert cli("inventory", "import", "inventory.toml", *given)[0] == 0
    assert cli("inventory", "add", "192.0.2.9", "--interval", "60", *given)[0] == 0
    assert cli("inventory", "diff", "inventory.toml", *given)[0] == 0
    database = Database(str(here / "configured.db"))
    with database.read() as connection:
        found = {tuple(row) for row in connection.execute(select(subjects.c.ip, subjects.c.interval_s))}
    database.close()
    assert {("192.0.2.9", 60.0), ("192.0.2.25", 600.0), ("198.51.100.3", 600.0)} <= found


# Exporting and listing


@pytest.mark.parametrize("format_name", ["toml", "csv", "json", "jsonl"])
def test_an_export_is_imported_again_without_a_difference(here: Path, cli: Cli, format_name: str) -> None:
    cli("inventory", "import", "inventory.toml")
    name = f"copy.{format_name}"
    assert cli("inventory", "export", "-o", name)[:2] == (0, "")
    assert (
        cli("inventory", "export", "--format", format_name)[1].splitlines() == (here / name).read_text("utf-8").splitlines()
    )
    code, out, err = cli("inventory", "import", name, "-d", "second.db")
    assert (code, err) == (0, "")
    code, out, _ = cli("inventory", "diff", name, "--as", "inventory.toml")
    assert (code, out) == (0, "file:inventory.toml: lines: 0 added, 0 changed, 0 removed, 2 unchanged\n")


def test_an_export_that_cannot_be_written_leaves_what_was_there(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    code, _, err = cli("inventory", "export", "-o", "missing/x.toml")
    assert (code, err) == (
        2,
        "truehelo: missing/x.toml: cannot be written (no such file or directory); choose another file\n",
    )


def test_lists_are_filtered_and_columns_that_say_nothing_left_out(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    assert cli("inventory", "list")[1].splitlines() == [
        "target           expected          groups  pool  owner  managed by",
        "192.0.2.25       mail.example.com  eu            Ann    file:inventory.toml",
        "198.51.100.0/30                            bulk         file:inventory.toml",
    ]
    assert [line["target"] for line in kept(cli, "--pool", "bulk")] == ["198.51.100.0/30"]
    assert [line["target"] for line in kept(cli, "--group", "eu")] == ["192.0.2.25"]
    assert cli("inventory", "list", "--group", "us")[1] == "no lines\n"


def test_a_difference_as_json(here: Path, cli: Cli) -> None:
    cli("inventory", "import", "inventory.toml")
    rewrite(here, '"Ann"', '"Ben"\ninterval = "1h"')
    code, out, _ = cli("inventory", "diff", "inventory.toml", "--json")
    assert code == 1
    found = json.loads(out)
    assert found["schema"] == "truehelo/inventory-diff/1"
    assert found["changed"] == [
        {
            "target": "192.0.2.25",
            "vantage": "",
            "fields": {"owner": {"old": "Ann", "new": "Ben"}, "interval": {"old": None, "new": 3600}},
        }
    ]
    assert (found["added"], found["removed"], found["unchanged"]) == ([], [], 1)


def test_the_files_of_the_guide_are_read_as_they_stand() -> None:
    text = PAGE.read_text("utf-8")
    [toml] = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    reading = read(toml, "guide", "toml")
    assert reading.errors == ()
    assert [line.target for line in reading.lines] == ["192.0.2.25", "198.51.100.0/28", "domain:example.net"]
    rows = [line.strip() for line in text.splitlines() if re.match(r"    (target|\d[\d./]+),", line)]
    assert read("\n".join(rows), "guide", "csv").lines == (
        Line(target="192.0.2.25", expected=("mail.example.com",), groups=("eu", "mail"), owner="Ann"),
        Line(target="198.51.100.0/28", expected=("out-{d}.example.com",), groups=("eu", "bulk"), owner="Ben"),
    )


def test_progress_goes_to_stderr(here: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truehelo.cli.terminal.PROGRESS_EVERY", 0.0)
    (here / "x.csv").write_text("target\n198.51.100.0/24\n203.0.113.0/24\n", encoding="utf-8")
    monkeypatch.setattr("truehelo.store.entries.BATCH", 100)
    code, out, err = cli("inventory", "import", "x.csv")
    assert code == 0
    assert "512 addresses" in out
    assert err.splitlines()[0] == "truehelo: 100 of 1,024, the last of them new"
