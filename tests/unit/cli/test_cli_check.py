"""`check`: options become settings, audits become output and exit codes, errors become one sentence."""

import csv
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.audits import RECEIVERS
from truehelo import app
from truehelo.errors import InputError

Cli = Callable[..., tuple[int, str, str]]


def test_options_become_settings(fake, cli: Cli) -> None:
    cli(
        *(
            "check",
            "192.0.2.25",
            "--resolver",
            "192.0.2.53",
            "--resolver",
            "tls://192.0.2.54",
            "--port",
            "25",
            "--port",
            "587",
        ),
        *(
            "--connect-to",
            "192.0.2.25:25:127.0.0.1:2525",
            "--helo",
            "mail.good.example",
            "--expect",
            "mx.good.example",
            "-4",
        ),
        *(
            "--timeout",
            "1.5",
            "--retries",
            "0",
            "--no-starttls",
            "--no-authoritative",
            "--rdap",
            "--concurrency",
            "7",
            "--yes",
        ),
    )
    assert fake.settings == app.Settings(
        resolvers=("192.0.2.53", "tls://192.0.2.54"),
        ports=(25, 587),
        connect_to=("192.0.2.25:25:127.0.0.1:2525",),
        helo="mail.good.example",
        expect="mx.good.example",
        timeout=1.5,
        retries=0,
        families=frozenset({4}),
        starttls=False,
        authoritative=False,
        rdap=True,
        concurrency=7,
        yes=True,
    )


def test_without_options_the_settings_are_the_defaults(fake, cli: Cli) -> None:
    cli("check", "192.0.2.25")
    assert fake.settings == app.Settings()


@pytest.mark.parametrize(
    ("audit", "options", "code"),
    [
        ("pass", (), 0),
        ("fail", (), 1),
        ("fail", ("--fail-on", "error"), 0),
        ("fail", ("--fail-on", "never"), 0),
        ("expected", ("--fail-on", "error"), 1),
        ("differs", (), 1),
        ("undetermined", (), 3),
        ("undetermined", ("--fail-on", "never"), 3),
        ("many", (), 1),
        ("many", ("--fail-on", "never"), 3),
        ("unresolved", (), 1),
        ("unresolved", ("--fail-on", "never"), 3),
        ("interrupted", (), 130),
        ("nothing", (), 0),
        ("pass", ("--format", "nagios"), 0),
        ("fail", ("--format", "nagios"), 2),
        ("differs", ("--format", "nagios"), 1),
        ("expected", ("--format", "nagios"), 2),
        ("undetermined", ("--format", "nagios"), 3),
        ("interrupted", ("--format", "nagios"), 3),
    ],
)
def test_the_exit_code_follows_from_findings_and_verdicts(
    fake, cli: Cli, audit: str, options: tuple[str, ...], code: int
) -> None:
    fake.name = audit
    got, out, err = cli("check", "192.0.2.25", *options)
    assert got == code
    assert out
    assert err == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("check",), "a target is missing"),
        (("check", "1.2.3"), "1.2.3: is not"),
        (("check", "user@example.com"), "looks like a mail address"),
        (("check", "192.0.2.25", "-4", "-6"), "-4 and -6 exclude each other"),
        (("check", "192.0.2.25", "-q", "-v"), "-q and -v exclude each other"),
        (("check", "192.0.2.25", "--json", "--format", "csv"), "exclude each other"),
        (("check", "192.0.2.25", "-o", "out.foo"), "its suffix tells no format"),
        (("check", "192.0.2.25", "--format", "yaml"), "'yaml' is not one of"),
        (("check", "192.0.2.25", "--port", "70000"), "70000 is not in the range"),
        (("check", "192.0.2.25", "--nonsense"), "No such option"),
        (("check", "192.0.2.25", "--timeout", "nan"), "'nan' is no number of seconds; accepted are 0.05 to 600"),
        (("check", "192.0.2.25", "--timeout", "soon"), "'soon' is no number of seconds; accepted are 0.05 to 600"),
        (("check", "192.0.2.25="), "192.0.2.25=: has no name behind the equals sign"),
        (("check", "@"), "@: names no file"),
        (("wait", "192.0.2.25", "--for", "PTR=a.example", "--every", "nan"), "no number of seconds"),
        (("wait", "192.0.2.25", "--for", "PTR=a.example", "--give-up", "nan"), "no number of seconds"),
        (("check", "192.0.2.25", "--save", "/nonexistent-folder/x"), "cannot be written"),
        (("check", "192.0.2.25", "-o", "/nonexistent-folder/x.json"), "cannot be written"),
        (("check", "@/nonexistent-folder/list"), "cannot be read"),
        (("chekc", "192.0.2.25"), "No such command"),
        (("replay", "/nonexistent-folder/x"), "cannot be read"),
        (("explain", "PTR_MISING"), "near to it are PTR_MISSING"),
        (("lab", "textbook", "--", "explain"), "cannot run in a laboratory"),
        (("demo", "/nonexistent-folder/x.toml"), "x.toml"),
        (("wait", "192.0.2.25"), "--for"),
        (("wait", "192.0.2.25", "--for", "PTR"), "is not TYPE=VALUE"),
    ],
)
def test_bad_input_gets_one_sentence_and_exit_code_2(fake, cli: Cli, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = cli(*arguments)
    assert code == 2
    assert said in err
    assert err.startswith("truehelo: ")
    assert err.count("\n") == 1
    assert out == ""


@pytest.mark.parametrize(
    "arguments", [("check",), ("check", "1.2.3"), ("check", "192.0.2.25", "--nonsense"), ("check", "@/nonexistent")]
)
@pytest.mark.parametrize(
    "form",
    [
        ("--format", "nagios"),
        ("--format=nagios",),
        ("-f", "nagios"),
        ("-fnagios",),
        ("-vfnagios",),
        ("-vf", "nagios"),
        ("-4vfnagios",),
    ],
)
def test_a_plugin_answers_bad_input_with_unknown(fake, cli: Cli, arguments: tuple[str, ...], form: tuple[str, ...]) -> None:
    code, out, err = cli(*arguments, *form)
    assert code == 3
    assert out.startswith("UNKNOWN - ")
    assert err == ""


@pytest.mark.parametrize("form", [("--", "-fnagios"), ("--", "-f", "nagios"), ("-f", "text", "--helo", "-fnagios.example")])
def test_what_only_looks_like_the_format_makes_no_plugin(fake, cli: Cli, form: tuple[str, ...]) -> None:
    code, out, err = cli("check", "1.2.3", *form)
    assert (code, out) == (2, "")
    assert err


def test_one_bad_line_is_named_and_stops_no_other(fake, cli: Cli, tmp_path: Path) -> None:
    servers = tmp_path / "servers.txt"
    servers.write_text("# ours\n192.0.2.25\n\nnot_a name\n198.51.100.4  # the textbook one\n", encoding="utf-8")
    fake.name = "pass"
    code, out, err = cli("check", f"@{servers}")
    assert code == 2
    assert fake.targets == ["192.0.2.25", "198.51.100.4"]
    assert f"{servers}:4: not_a name" in err
    assert "✓ match" in out


def test_targets_come_from_standard_input(fake, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("192.0.2.25\nmail.example.com\n"))
    cli("check", "-")
    assert fake.targets == ["192.0.2.25", "mail.example.com"]


def test_a_line_that_is_no_text_is_one_bad_line(fake, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    octets = io.BytesIO(b"\xef\xbb\xbf192.0.2.25\n\xff\xfe\n198.51.100.4\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(octets, encoding="utf-8", errors="strict"))
    code, _, err = cli("check", "-")
    assert code == 2
    assert fake.targets == ["192.0.2.25", "198.51.100.4"]
    assert "standard input:2: " in err


def test_a_list_of_comments_alone_is_no_target(fake, cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("# nothing\n", encoding="utf-8")
    code, _, err = cli("check", f"@{tmp_path / 'empty'}")
    assert code == 2
    assert f"@{tmp_path / 'empty'}: holds no target, only blank lines and comments" in err


def test_files_get_the_format_of_their_suffix_and_the_screen_the_text(fake, cli: Cli, tmp_path: Path) -> None:
    names = ["a.json", "a.jsonl", "a.csv", "a.md", "a.xml", "a.sarif", "a.prom", "a.txt"]
    code, out, _ = cli("check", "192.0.2.25", *(word for name in names for word in ("-o", str(tmp_path / name))))
    assert code == 1
    assert out.startswith("198.51.100.4  ✗ mismatch")
    begins = {name: (tmp_path / name).read_text(encoding="utf-8")[:12] for name in names}
    assert begins["a.json"].startswith("{\n")
    assert begins["a.jsonl"].startswith('{"ip": ')
    assert begins["a.csv"].startswith("ip,verdict")
    assert begins["a.md"].startswith("# Mail")
    assert begins["a.xml"].startswith("<?xml")
    assert begins["a.sarif"].startswith("{\n")
    assert begins["a.prom"].startswith("# HELP")
    assert begins["a.txt"].startswith("198.51.100.4")


def test_a_format_that_was_named_for_a_file_is_not_printed(fake, cli: Cli, tmp_path: Path) -> None:
    _, out, _ = cli("check", "192.0.2.25", "--format", "junit", "-o", str(tmp_path / "results"))
    assert out == ""
    assert (tmp_path / "results").read_text(encoding="utf-8").startswith("<?xml")


def test_a_file_is_written_whole_or_not_at_all(fake, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "a.json"
    target.write_text("before", encoding="utf-8")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    code, _, err = cli("check", "192.0.2.25", "-o", str(target))
    assert code == 2
    assert "no space left" in err.lower()
    assert target.read_text(encoding="utf-8") == "before"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_sarif_points_at_the_line_of_the_list(fake, cli: Cli, tmp_path: Path) -> None:
    servers = tmp_path / "servers.txt"
    servers.write_text("# ours\n198.51.100.4\n", encoding="utf-8")
    _, out, _ = cli("check", f"@{servers}", "--format", "sarif")
    places = [result["locations"][0].get("physicalLocation") for result in json.loads(out)["runs"][0]["results"]]
    assert {"artifactLocation": {"uri": str(servers)}, "region": {"startLine": 2}} in places


def test_what_a_table_has_no_place_for_is_said_on_stderr(fake, cli: Cli) -> None:
    fake.name = "unresolved"
    code, out, err = cli("check", "192.0.2.25", "--format", "csv")
    assert code == 1
    assert len(list(csv.reader(io.StringIO(out)))) == 2
    assert "gone.example: has no address" in err
    assert "slow.example: could not be looked up" in err


def test_hostile_text_in_a_complaint_is_made_visible(fake, cli: Cli) -> None:
    code, _, err = cli("check", "\x1b[2Jevil\u202e")
    assert code == 2
    assert "\x1b" not in err
    assert "\u202e" not in err


def test_an_error_while_checking_is_one_sentence(fake, cli: Cli) -> None:
    fake.raises = InputError("--resolver nowhere", "is not an address", "give one such as 192.0.2.53")
    code, _, err = cli("check", "192.0.2.25")
    assert (code, err) == (2, "truehelo: --resolver nowhere: is not an address; give one such as 192.0.2.53\n")


def test_a_bug_is_told_as_one_without_a_traceback(fake, cli: Cli) -> None:
    fake.raises = ZeroDivisionError("division by zero")
    code, _, err = cli("check", "192.0.2.25")
    assert code == 70
    assert "this is a bug in truehelo: ZeroDivisionError" in err
    assert "Traceback" not in err


def test_a_bug_shows_where_it_is_with_vv(fake, cli: Cli) -> None:
    fake.raises = ZeroDivisionError("division by zero")
    _, _, err = cli("check", "192.0.2.25", "-vv")
    assert "Traceback" in err


def test_a_bug_in_a_plugin_is_unknown(fake, cli: Cli) -> None:
    fake.raises = ZeroDivisionError("division by zero")
    code, out, _ = cli("check", "192.0.2.25", "--format", "nagios")
    assert code == 3
    assert out.startswith("UNKNOWN - ")


def test_an_interruption_without_an_audit_is_130(fake, cli: Cli) -> None:
    fake.raises = KeyboardInterrupt()
    code, _, err = cli("check", "192.0.2.25")
    assert (code, err.strip()) == (130, "truehelo: interrupted")


@pytest.mark.parametrize(
    ("environment", "options", "colored"),
    [
        ({}, (), False),
        ({"FORCE_COLOR": "1"}, (), True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, (), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
        ({"FORCE_COLOR": "1"}, ("--color", "never"), False),
    ],
)
def test_colour_follows_the_option_then_the_environment(
    fake, cli: Cli, monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], options: tuple[str, ...], colored: bool
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    _, out, _ = cli("check", "192.0.2.25", *options)
    assert ("\x1b[" in out) is colored


def test_quiet_is_one_line_a_subject(fake, cli: Cli) -> None:
    _, out, _ = cli("check", "192.0.2.25", "-q")
    assert [line.split()[:3:2] for line in out.splitlines()] == [["198.51.100.4", "mismatch"], ["192.0.2.25", "match"]]


def test_evidence_that_was_saved_is_judged_the_same(fake, cli: Cli, tmp_path: Path) -> None:
    saved = str(tmp_path / "evidence")
    _, first, _ = cli("check", "192.0.2.25", "--json", "--save", saved)
    code, again, _ = cli("replay", saved, "--json", "--receivers", ",".join(RECEIVERS))
    assert code == 1
    assert again == first
