"""`domain`: what it reads, what it refuses, and what it leaves with; the looking is done in memory."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.domainruns import audits
from truehelo.app import Settings, domains
from truehelo.app.domains import DomainSettings
from truehelo.domains import DomainRun
from truehelo.errors import InputError

Cli = Callable[..., tuple[int, str, str]]
RUNS = audits()


class Asked:
    """What the command asked for."""

    run = "error"
    domains: dict[str, str]
    settings: Settings
    wanted: DomainSettings


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    seen = Asked()

    async def look(found: dict[str, str], settings: Settings, wanted: DomainSettings, progress: object = None) -> DomainRun:
        seen.domains, seen.settings, seen.wanted = found, settings, wanted
        domains.read_wishes(wanted)
        return RUNS[seen.run]

    monkeypatch.setattr(domains, "look", look)
    return seen


@pytest.mark.parametrize(
    ("run", "options", "code"),
    [
        ("error", (), 1),
        ("error", ("--fail-on", "never"), 0),
        ("warning", (), 1),
        ("warning", ("--fail-on", "error"), 0),
        ("undetermined", (), 3),
        ("good", (), 0),
        ("interrupted", (), 130),
        ("error", ("--format", "nagios"), 2),
        ("undetermined", ("--format", "nagios"), 3),
    ],
)
def test_it_leaves_with(cli: Cli, asked: Asked, run: str, options: tuple[str, ...], code: int) -> None:
    asked.run = run
    found, out, err = cli("domain", "s.example", *options)
    assert (found, err) == (code, "")
    assert "s.example" in out


def test_options_are_what_is_wanted(cli: Cli, asked: Asked) -> None:
    given = ("--selector", "S2048", "--selector", "a.b", "--ip", "192.0.2.25", "--ip", "2001:db8::25")
    code, _, err = cli(
        "domain", "Example.COM.", *given, "--no-fetch", "--no-well-known", "--no-authoritative", "--timeout", "2"
    )
    assert (code, err) == (1, "")
    assert asked.domains == {"example.com": "argument 1"}
    wishes = domains.read_wishes(asked.wanted)
    assert (wishes.selectors, [str(ip) for ip in wishes.ips]) == (("s2048", "a.b"), ["192.0.2.25", "2001:db8::25"])
    assert (wishes.fetch, wishes.well_known, wishes.authoritative, asked.settings.timeout) == (False, False, False, 2.0)


@pytest.mark.parametrize(
    "given",
    [
        "s1",
        "S1.",
        "s1._domainkey",
        "s1._domainkey.example.com",
        "S1._DomainKey.Example.COM.",
        "s1._domainkey.xn--bcher-kva.example",
    ],
)
def test_a_selector_may_be_given_as_the_name_of_its_key(given: str) -> None:
    assert domains.read_wishes(DomainSettings(selectors=(given,))).selectors == ("s1",)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "a domain is missing"),
        (("postmaster@example.com",), "looks like a mail address; give its domain instead: example.com"),
        (("https://example.com/",), "is no domain"),
        (("192.0.2.25",), "is an address; truehelo check 192.0.2.25 audits it"),
        (("example",), "single label"),
        (("exa mple.com",), "characters that no host name may hold"),
        (("",), "is empty"),
        (("@nowhere.txt",), "nowhere.txt"),
        (("example.com", "--selector", "a b"), "is no DKIM selector"),
        (("example.com", "--selector", "x" * 64), "has a label of more than 63 octets"),
        (("example.com", "--selector", "a." + "x" * 64 + "._domainkey"), "has a label of more than 63 octets"),
        (("example.com", "--selector", ".".join(["x" * 63] * 3)), "is no DKIM selector"),
        (("example.com", "--selector", "_domainkey.example.com"), "is no DKIM selector"),
        (("example.com", "--selector", "s1._domainkey.example.com; x"), "is no DKIM selector"),
        (("example.com", "--selector", "s1.."), "is no DKIM selector"),
        (("example.com", "--ip", "192.0.2.256"), "is no address"),
        (("example.com", "--json", "--format", "csv"), "exclude each other"),
        (("example.com", "-q", "-v"), "exclude each other"),
        (("example.com", "-o", "result"), "its suffix tells no format"),
    ],
)
def test_bad_input_is_one_sentence(cli: Cli, asked: Asked, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = cli("domain", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.startswith("truehelo: ")
    assert len(err.splitlines()) == 1


def test_one_bad_line_of_a_list_stops_no_other(
    cli: Cli, asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("# ours\nexample.com\n\nbad domain\ndomain:example.net\nexample.com\n")
    code, _, err = cli("domain", "@list.txt", "-o", "out.json", "-o", "out.md")
    assert code == 2
    assert asked.domains == {"example.com": "list.txt:2", "example.net": "list.txt:5"}
    assert err.count("\n") == 1
    assert "list.txt:4" in err
    assert json.loads(Path("out.json").read_text())["schema"] == "truehelo/domain/1"
    assert Path("out.md").read_text().startswith("# Mail domains")


def test_an_empty_list_is_told(cli: Cli, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n# nothing\n"))
    code, _, err = cli("domain", "-")
    assert (code, err) == (2, "truehelo: -: holds no domain, only blank lines and comments; give one domain a line\n")


def test_selectors_of_reports_are_a_strangers_words() -> None:
    told = ["S2048", "a" * 500, "b" * 64, "x y", "-x", "\x1b[2J", "s2048", "2026.04", ""]
    assert domains._selectors(told) == ("s2048", "2026.04")


def test_reported_selectors_need_a_database(cli: Cli, asked: Asked, tmp_path: Path) -> None:
    code, out, err = cli("domain", "example.com", "--reported", "--database", str(tmp_path / "none.db"))
    assert (code, out) == (2, "")
    assert "none.db" in err


def test_too_many_domains_are_refused() -> None:
    with pytest.raises(InputError, match=r"10,001 domains: are more than 10,000"):
        domains.read_domains(["-"], io.StringIO("\n".join(f"d{number}.example" for number in range(10_001))))
