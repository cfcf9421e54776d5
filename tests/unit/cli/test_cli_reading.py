"""status, history and report on the command line: exit codes, options, bad input, evidence, hostile words."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from support.audits import audits
from support.fleet import EVIL, Fleet, fleet, hostile, opened
from support.watched import DAY, HOUR, NOW, Watched
from truehelo.app import Settings, replay
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

Cli = Callable[..., tuple[int, str, str]]


def schema(name: str) -> jsonschema.Draft202012Validator:
    held = json.loads((files("truehelo.render") / "schema" / f"{name}-1.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(held)
    return jsonschema.Draft202012Validator(_closed(held), format_checker=jsonschema.FormatChecker())


def _closed(part: object) -> object:
    """The schema, but with no field that it does not name: each that is printed must be written down."""
    if isinstance(part, list):
        return [_closed(each) for each in part]
    if not isinstance(part, dict):
        return part
    inner = {key: _closed(value) for key, value in part.items()}
    return {**inner, "additionalProperties": False} if "properties" in part else inner


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Fleet, Fleet]]:
    folder = tmp_path_factory.mktemp("reading")
    with opened(str(folder / "fleet.db"), fleet) as usual, opened(str(folder / "hostile.db"), hostile) as evil:
        yield usual, evil


@pytest.fixture(autouse=True)
def _fixed_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for module in ("status", "history", "regular"):
        monkeypatch.setattr(f"truehelo.cli.{module}.now", lambda: NOW)
    monkeypatch.delenv("TRUEHELO_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def usual(stores: tuple[Fleet, Fleet], monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("TRUEHELO_DATABASE", stores[0].database.name)
    return stores[0]


@pytest.fixture
def evil(stores: tuple[Fleet, Fleet], monkeypatch: pytest.MonkeyPatch) -> Fleet:
    monkeypatch.setenv("TRUEHELO_DATABASE", stores[1].database.name)
    return stores[1]


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watched]:
    database = Database(str(tmp_path / "empty.db"))
    upgrade(database)
    monkeypatch.setenv("TRUEHELO_DATABASE", database.name)
    yield Watched(database)
    database.close()


# What the exit code says


def nothing(_: Watched) -> None:
    """Nothing is watched."""


def well(watched: Watched) -> None:
    watched.subject("192.0.2.25")


def failing(watched: Watched) -> None:
    number = watched.subject("192.0.2.25", worst="failing")
    watched.incident("GREETING_DIFFERS", HOUR, severity="warning", members=(number,))


def acknowledged(watched: Watched) -> None:
    number = watched.subject("192.0.2.25", worst="failing")
    watched.incident("PTR_MISSING", HOUR, members=(number,), acknowledged=60.0, by="anna")


def noted(watched: Watched) -> None:
    number = watched.subject("192.0.2.25", worst="failing")
    watched.incident("NAME_SHARED", HOUR, severity="note", members=(number,))


def blind(watched: Watched) -> None:
    watched.subject("192.0.2.25", overlay="undetermined", blind=HOUR, cause="zone x: SERVFAIL")
    watched.incident("CANNOT_SEE", HOUR, severity="warning", cause="zone x: SERVFAIL", count=1)


def unseen(watched: Watched) -> None:
    watched.subject("192.0.2.25", began=None)


@pytest.mark.parametrize(
    ("fill", "beat", "options", "code", "plugin"),
    [
        (well, 10.0, (), 0, 0),
        (nothing, 10.0, (), 0, 0),
        (failing, 10.0, (), 1, 1),
        (failing, 10.0, ("--fail-on", "error"), 0, 0),
        (failing, 10.0, ("--fail-on", "never"), 0, 0),
        (acknowledged, 10.0, ("--fail-on", "error"), 1, 2),
        (noted, 10.0, (), 0, 0),
        (noted, 10.0, ("--fail-on", "note"), 1, 1),
        # What cannot be seen is no failure, whatever weight the notice of it has.
        (blind, 10.0, (), 3, 3),
        (unseen, 10.0, (), 3, 3),
        # What nobody watches is not known to be well; a failure that was seen outweighs it.
        (well, HOUR, (), 3, 3),
        (well, None, (), 3, 3),
        (failing, HOUR, (), 1, 1),
    ],
)
def test_the_exit_code_of_status(
    cli: Cli,
    empty: Watched,
    fill: Callable[[Watched], None],
    beat: float | None,
    options: tuple[str, ...],
    code: int,
    plugin: int,
) -> None:
    fill(empty)
    if beat is not None:
        empty.heartbeat(beat)
    assert cli("status", *options)[0] == code
    assert cli("status", "--json", *options)[0] == code
    got, out, _ = cli("status", "--format", "nagios", *options)
    assert (got, out.split()[0]) == (plugin, ("OK", "WARNING", "CRITICAL", "UNKNOWN")[plugin])


def test_a_watch_that_has_died_is_told_first(cli: Cli, empty: Watched) -> None:
    well(empty)
    empty.heartbeat(2 * HOUR)
    _, out, _ = cli("status")
    assert "nobody watches: this is old" in out.splitlines()[0]
    assert "local: DEAD, last sign 2h ago" in out


def test_nothing_to_watch_is_said(cli: Cli, empty: Watched) -> None:
    out = cli("status")[1]
    assert "nothing is watched yet" in out
    assert "no channel is configured" in out
    assert "0 addresses are watched" in cli("report")[1]


# Bad input


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("status", "--group", "nobody"), "group nobody: fits no address that is watched"),
        (("status", "--owner", "nobody*"), "owner nobody*: fits no address that is watched"),
        (("status", "--group", "\x1b[31m\n"), "group \\x1b[31m\\x0a: fits no address"),
        (("status", "--tag", "NO_SUCH_THING_AT_ALL"), "is no tag, and fits none"),
        (("status", "--json", "--format", "text"), "--json and --format text exclude each other"),
        (("status", "--database", "gone.db"), "gone.db: there is no such database"),
        (("status", "--config", "gone.toml"), "gone.toml: cannot be read"),
        (("history",), "Missing argument"),
        (("history", ""), "an empty word: is not watched, and was not"),
        (("history", "192.0.2.77"), "192.0.2.77: is not watched, and was not"),
        (("history", "1.2.3"), "1.2.3: is not watched, and was not"),
        (("history", "\x1b[2J"), "\\x1b[2J: is not watched"),
        (("history", "192.0.2.25", "--since", "soon"), "--since 'soon': is no time"),
        (("history", "192.0.2.25", "--evidence", "0"), "0 is not in the range"),
        (("history", "192.0.2.25", "--evidence", "99999999999999999999"), "is not in the range"),
        (("history", "192.0.2.25", "--evidence", "1"), "change 1: is none of 192.0.2.25"),
        (("history", "192.0.2.25", "--evidence", "1", "--all"), "--evidence gives one change as it is"),
        (("history", "192.0.2.25", "-o", "x.json"), "-o goes with --evidence"),
        (("report", "192.0.2.0/99"), "192.0.2.0/99: is no network"),
        (("report", "198.18.0.0/15"), "198.18.0.0/15: holds no address that is watched"),
        (("report", "192.0.2.99"), "192.0.2.99: is no longer watched"),
        (("report", "--days", "0"), "0 is not in the range"),
        (("report", "-o", "report.docx"), "its suffix tells no format"),
        (("report", "-o", "report.md", "--format", "html"), "-o report.md and --format html exclude each other"),
        (("report", "-o", "gone/report.md"), "gone/report.md: cannot be written"),
    ],
)
def test_bad_input_is_one_sentence_with_a_way_out(cli: Cli, usual: Fleet, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert len(err.splitlines()) == 1
    assert err.removesuffix("\n").isprintable()


def test_a_usage_error_is_unknown_to_a_plugin(cli: Cli, usual: Fleet) -> None:
    code, out, _ = cli("status", "--format", "nagios", "--group", "nobody")
    assert (code, out.startswith("UNKNOWN - group nobody: fits no address")) == (3, True)


# History


@pytest.mark.parametrize("target", ["198.51.100.4", "::ffff:198.51.100.4", "MAIL.business.example."])
def test_a_target_is_found_however_it_is_written(cli: Cli, usual: Fleet, target: str) -> None:
    assert cli("history", target)[1].startswith("198.51.100.4  mail.business.example\n")


def test_each_vantage_point_stands_apart(cli: Cli, usual: Fleet) -> None:
    document = json.loads(cli("history", "twin.example.com", "--json")[1])
    assert [(each["vantage"], each["state"]) for each in document["subjects"]] == [("oslo", "ok"), ("rome", "failing")]


def test_all_the_changes_and_those_since_a_time(cli: Cli, usual: Fleet, empty: Watched) -> None:
    number = empty.subject("192.0.2.25")
    for index in range(30):
        empty.flip(number, "ptr", f"a{index}", f"a{index + 1}", (60 - index) * DAY)
    assert cli("history", "192.0.2.25")[1].count("seen 3 times") == 20
    assert (
        "30 changes since 2025-12-01 10:15 UTC, the 20 newest of them (--all shows all)" in cli("history", "192.0.2.25")[1]
    )
    assert cli("history", "192.0.2.25", "--all")[1].count("seen 3 times") == 30
    assert cli("history", "192.0.2.25", "--all", "--since", "2026-01-20")[1].count("seen 3 times") == 10


def test_many_addresses_of_one_name_are_bounded(cli: Cli, empty: Watched) -> None:
    for number in range(1, 13):
        empty.subject(f"192.0.2.{number}", expected=("mail.example.com",))
    _, out, _ = cli("history", "mail.example.com")
    assert out.count("24 h") == 8
    assert "and 4 more addresses of that name" in out


def test_evidence_is_judged_again_to_the_same_verdict(cli: Cli, usual: Fleet, tmp_path: Path) -> None:
    number = next(
        each["id"]
        for each in json.loads(cli("history", "198.51.100.4", "--json")[1])["subjects"][0]["changes"]
        if each["evidence"]
    )
    file = tmp_path / "change.evidence"
    assert cli("history", "198.51.100.4", "--evidence", str(number), "-o", str(file)) == (0, "", "")
    [judged] = replay(str(file), Settings()).subjects
    [before] = audits()["fail"].subjects
    assert judged.verdict == before.verdict
    assert [each.tag.name for each in judged.findings] == [each.tag.name for each in before.findings]
    assert cli("history", "198.51.100.4", "--evidence", str(number))[1] == file.read_text(encoding="utf-8")
    assert cli("replay", str(file))[0] == 1


def test_damaged_evidence_is_told(cli: Cli, empty: Watched) -> None:
    number = empty.subject("192.0.2.25")
    flip = empty.flip(number, "PTR_MISSING", "ok", "failing", HOUR, evidence=b"x\x9c nothing of the kind")
    assert "has evidence that is damaged" in cli("history", "192.0.2.25", "--evidence", str(flip))[2]


def test_damaged_evidence_costs_a_report_the_checklist_alone(cli: Cli, empty: Watched) -> None:
    import zlib

    for index, kept in enumerate((b"nothing", zlib.compress(b"{}"), zlib.compress(b"["))):
        number = empty.subject(f"192.0.2.{index + 1}", worst="failing")
        empty.flip(number, "PTR_MISSING", "ok", "failing", (index + 1) * DAY, evidence=kept)
        empty.state(number, "PTR_MISSING", "failing", (index + 1) * DAY)
    code, out, _ = cli("report")
    assert (code, out.count("PTR\\_MISSING")) == (0, 3)
    assert "Checklists" not in out


# Report


def test_a_report_is_written_in_each_format(cli: Cli, usual: Fleet, tmp_path: Path) -> None:
    assert cli("report", "-o", "a.md", "-o", "b.html", "--title", "In *March*") == (0, "", "")
    assert (tmp_path / "a.md").read_text(encoding="utf-8").startswith("# In \\*March\\*\n")
    assert "<h1>In *March*</h1>" in (tmp_path / "b.html").read_text(encoding="utf-8")
    assert cli("report", "--format", "html", "--title", "In *March*")[1] == (tmp_path / "b.html").read_text(
        encoding="utf-8"
    )


class Reader(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in ("meta", "rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "rect", "path"):
            assert self.open.pop() == tag


# Hostile text


def test_hostile_words_are_shown_and_never_obeyed(cli: Cli, evil: Fleet) -> None:
    printed = [
        cli("status")[1],
        cli("status", "--format", "nagios")[1],
        cli("status", "--format", "prometheus")[1],
        cli("status", "--json")[1],
        cli("history", "192.0.2.66")[1],
        cli("history", "192.0.2.66", "--json")[1],
        cli("report")[1],
    ]
    for out in printed:
        assert all(line.isprintable() for line in out.split("\n"))
        assert "\x1b" not in out
    assert "|" not in "".join(cli("status", "--format", "nagios")[1].split(" | ", 1)[1])
    # Without its code, in which everything stands for itself, the Markdown holds no markup of anybody else.
    code = r"^(`{3,})text$.*?^\1$|(?<![\\`])(`+)(?!`).+?(?<!`)\2(?!`)"
    plain = re.sub(code, "", printed[-1], flags=re.MULTILINE | re.DOTALL)
    assert "script" in plain
    assert not re.search(r"(?<!\\)[<`\[]|://|@", re.sub(r"^- \[[ x]\]", "", plain, flags=re.MULTILINE))
    assert json.loads(printed[3])["incidents"][0]["note"] == EVIL
    assert json.loads(printed[5])["subjects"][0]["changes"][0]["old"] == EVIL


def test_no_hostile_word_is_an_element_of_the_page(cli: Cli, evil: Fleet) -> None:
    page = Reader(cli("report", "--format", "html")[1])
    assert page.open == []
    assert not page.tags & {"script", "a", "img", "iframe", "link", "object", "form"}
    assert not {name for name in page.attributes if name.startswith("on")} | page.attributes & {"href", "src"}


@pytest.mark.parametrize("store", [0, 1])
def test_the_documents_fit_the_schemas_that_ship(cli: Cli, usual: Fleet, stores: tuple[Fleet, Fleet], store: int) -> None:
    name = stores[store].database.name
    schema("status").validate(json.loads(cli("status", "--json", "-d", name)[1]))
    for target in ("192.0.2.66",) if store else ("192.0.2.25", "198.51.100.4", "192.0.2.99", "192.0.2.31", "192.0.2.30"):
        schema("history").validate(json.loads(cli("history", target, "--since", "365d", "--json", "-d", name)[1]))


# Starting


@pytest.mark.parametrize("command", ["status", "history", "report"])
def test_help_imports_no_database(command: str) -> None:
    script = (
        "import sys\n"
        "from truehelo.cli.main import run\n"
        f"run([{command!r}, '--help'])\n"
        "sys.stderr.write(' '.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not set(done.stderr.split()) & {"sqlalchemy", "alembic", "msgspec", "cronsim", "asyncio", "truehelo.engine"}
