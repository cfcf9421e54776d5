"""`truehelo guide`, --mta, --guides and --ticket: what is printed, and what bad input gets."""

from collections.abc import Callable
from pathlib import Path

import pytest

from truehelo import shelf
from truehelo.advice.guides import packaged

Cli = Callable[..., tuple[int, str, str]]
THEIRS = """
kind = "mta"
id = "theirs"
name = "Their server"
greeting = "NAME ESMTP Theirs"
sources = ["its manual"]
grade = "D"
seen = "2026-11"
[recognise]
greeting = ["ESMTP Theirs"]
[[setting]]
makes = ["greeting", "ehlo_reply", "helo"]
key = "name"
kind = "config"
where = "/etc/theirs.conf"
lines = ["name {name}"]
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader without guides of his own."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path


@pytest.fixture
def evidence(fake: object, tmp_path: Path) -> Path:
    """Saved evidence, judged again by the real thing."""
    from support.audits import audits
    from truehelo.app import save

    path = tmp_path / "mail.evidence"
    save(audits()["guided"], path)
    return path


def test_without_a_name_every_guide_is_listed(cli: Cli) -> None:
    code, out, _ = cli("guide")
    assert code == 0
    listed = {line.split()[0] for line in out.splitlines() if line.startswith("  ")}
    assert listed == {guide.id for guide in packaged().everyone}


@pytest.mark.parametrize("guide", packaged().everyone, ids=lambda guide: guide.id)
def test_every_guide_is_printed_with_what_is_given_filled_in(cli: Cli, guide: object) -> None:
    code, out, err = cli("guide", guide.id, "--name", "mail.example.com", "--ip", "192.0.2.25")  # type: ignore[attr-defined]
    assert (code, err) == (0, "")
    assert out.startswith(guide.id.upper())  # type: ignore[attr-defined]
    assert "{name}" not in out
    assert "{ip}" not in out.replace("/ip/{ip}/", "").replace("/{ip}", "")


def test_capitals_stand_for_what_was_not_given(cli: Cli) -> None:
    _, out, _ = cli("guide", "Hetzner-Cloud")
    assert "hcloud server set-rdns SERVER --ip ADDRESS --hostname NAME" in out


BAD = [
    ("no such guide", ["guide", "hetzner-clod"], "hetzner-clod: is no guide; near to it are hetzner-cloud"),
    ("no such guide at all", ["guide", "qqq"], "qqq: is no guide; truehelo guide lists them"),
    ("no host name", ["guide", "postfix", "--name", "$(id)"], "--name $(id): is no full host name"),
    ("no address", ["guide", "postfix", "--ip", "192.0.2"], "--ip 192.0.2: is no address"),
    ("no folder", ["guide", "--guides", "/nowhere"], "/nowhere: is no folder; give one that holds guides"),
]


@pytest.mark.parametrize(("why", "arguments", "said"), BAD, ids=[row[0] for row in BAD])
def test_bad_input_gets_one_sentence_and_exit_2(cli: Cli, why: str, arguments: list[str], said: str) -> None:
    code, out, err = cli(*arguments)
    assert (code, out) == (2, ""), why
    assert err.startswith(f"truehelo: {said}")
    assert err.count("\n") == 1


def test_an_unknown_mail_server_is_told_with_the_list(cli: Cli, evidence: Path) -> None:
    code, out, err = cli("replay", str(evidence), "--mta", "groupwise")
    assert (code, out) == (2, "")
    assert err.startswith("truehelo: --mta groupwise: is no mail server with a guide; accepted are courier, cpanel, ")
    assert err.count("\n") == 1


def test_a_named_mail_server_gets_its_settings(cli: Cli, evidence: Path) -> None:
    code, out, _ = cli("replay", str(evidence), "--mta", "exim-debian", "--receivers", "none")
    assert code == 1
    assert "With Exim on Debian and Ubuntu (you named it; its greeting says Postfix):" in out
    assert "smtp_banner = mail.business.example ESMTP Exim $version_number $tod_full" in out


def test_without_a_name_the_greeting_tells(cli: Cli, evidence: Path) -> None:
    _, out, _ = cli("replay", str(evidence), "--receivers", "none")
    assert "With Postfix (likely: its greeting says so;" in out


@pytest.mark.parametrize("below", [".", "mtas"])
def test_a_folder_of_guides_adds_to_ours(cli: Cli, evidence: Path, home: Path, below: str) -> None:
    folder = home / "guides"
    (folder / below).mkdir(parents=True)
    (folder / below / "theirs.toml").write_text(THEIRS)
    _, out, _ = cli("replay", str(evidence), "--guides", str(folder), "--mta", "theirs", "--receivers", "none")
    assert "name mail.business.example" in out
    assert "theirs" in cli("guide", "--guides", str(folder))[1]


def test_the_readers_own_folder_is_read_without_being_named(cli: Cli, home: Path) -> None:
    own = shelf.own_folder()
    assert own == home / "config" / "truehelo" / "guides"
    own.mkdir(parents=True)
    (own / "postfix.toml").write_text(THEIRS.replace('"theirs"', '"postfix"'))
    assert "Their server" in cli("guide", "postfix")[1]


def test_a_broken_guide_is_told_by_file_and_key(cli: Cli, evidence: Path, home: Path) -> None:
    folder = home / "guides"
    folder.mkdir()
    (folder / "theirs.toml").write_text(THEIRS.replace('"config"', '"magic"'))
    code, out, err = cli("replay", str(evidence), "--guides", str(folder))
    assert (code, out) == (2, "")
    assert err.startswith(f'truehelo: {folder}/theirs.toml: setting[1].kind is \'magic\'; accepted are "panel", "cli", ')
    assert err.count("\n") == 1


def test_a_package_brings_guides_by_an_entry_point(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "their_guides"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "theirs.toml").write_text(THEIRS)
    info = tmp_path / "their_guides-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-guides\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[truehelo.guides]\ntheirs = their_guides\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "Their server" in cli("guide", "theirs")[1]


def test_a_ticket_is_printed_in_place_of_the_audit_and_leaves_the_exit_code(
    cli: Cli, evidence: Path, tmp_path: Path
) -> None:
    out_file = tmp_path / "audit.json"
    code, out, _ = cli("replay", str(evidence), "--ticket", "-o", str(out_file))
    assert code == 1
    assert out.startswith("198.51.100.7: nobody else has to act: the customer sets the PTR at Hetzner Cloud")
    assert out_file.read_text().startswith("{")


def test_a_ticket_is_text_alone(cli: Cli, evidence: Path) -> None:
    code, _, err = cli("replay", str(evidence), "--ticket", "--json")
    assert code == 2
    assert "--ticket prints text" in err


def test_check_hands_the_named_mail_server_and_the_folder_on(cli: Cli, fake: object) -> None:
    cli("check", "192.0.2.25", "--mta", "postfix", "--guides", "/some/where")
    settings = fake.settings  # type: ignore[attr-defined]
    assert (settings.mta, settings.guides) == ("postfix", "/some/where")
