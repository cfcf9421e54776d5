"""`incidents`, `ack`, `silence`: what bad input gets, and who is said to have done it."""

import getpass
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.watched import HOUR, Watched
from truehelo.cli.acting import who
from truehelo.errors import InputError
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A database with two addresses, an open incident of one and one that is over."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "watch.db"
    monkeypatch.setenv("TRUEHELO_DATABASE", str(path))
    store = Database(str(path))
    upgrade(store)
    filled = Watched(store)
    first, second = filled.subject("192.0.2.1", groups=["eu"], worst="failing"), filled.subject("198.51.100.1")
    filled.incident("PTR_MISSING", HOUR, members=[first], message="192.0.2.1 has no PTR record")
    filled.incident("GREETING_DIFFERS", 9 * HOUR, well=[second], closed=HOUR)
    store.close()
    return path


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("incidents", "0"), "Invalid value for '[NUMBER]': 0 is not in the range 1<=x<=9223372036854775807"),
        (("incidents", "1", "--all"), "NUMBER names one incident, and excludes what chooses among them"),
        (("incidents", "--json", "--format", "csv"), "--json and --format csv exclude each other"),
        (("incidents", "--since", "yesterday"), "--since 'yesterday': is no time; write it as "),
        (("incidents", "9"), "incident 9: there is none of that number; truehelo incidents --all lists them"),
        (("ack",), "Missing argument 'NUMBER...'"),
        (("ack", "x"), "'x' is not a valid integer range"),
        (("ack", "9"), "incident 9: there is none of that number"),
        (("ack", "2"), "incident 2: is over since 2026-03-01 09:15 UTC; --note still adds a note"),
        (("ack", "1", "--note", "  "), "--note: is empty; say why in a sentence"),
        (("ack", "1", "--note", "x" * 1001), "--note: is longer than 1000 characters"),
        (("ack", "1", "--by", "\x1b[2J"), "--by '\\\\x1b[2J': is no name; give 1 to 100 printable characters"),
        (("ack", "1", "--by", ""), "--by '': is no name"),
        (("silence",), "a silence needs --reason TEXT and --for TIME"),
        (("silence", "192.0.2.1", "--for", "8h"), "a silence needs --reason TEXT"),
        (("silence", "192.0.2.1", "--for", "8h", "--reason", " "), "--reason: is empty"),
        (
            ("silence", "192.0.2.1", "--for", "8h", "--reason", "caf\udce9"),
            r"--reason: is not UTF-8: caf\udce9; write it in UTF-8",
        ),
        (("silence", "--end", "9" * 20), "is not in the range 1<=x<=9223372036854775807"),
        (("ack", "9" * 20), "is not in the range"),
        (("ack", "1", "--note", "\udcff"), r"is not UTF-8: \udcff"),
        (("incidents", "9" * 20), "is not in the range"),
        (("alerts", "deliveries", "9" * 20), "is not in the range"),
        (("alerts", "deliveries", "--incident", "9" * 20), "is not in the range"),
        (("alerts", "redeliver", "9" * 20), "is not in the range"),
        (("alerts", "preview", "9" * 20), "is not in the range"),
        (("history", "\udcff"), r"\udcff: is not UTF-8, and names nothing; write it in UTF-8"),
        (("silence", "192.0.2.1", "--reason", "x"), "give one of --for and --until: a silence ends by itself"),
        (("silence", "192.0.2.1", "--reason", "x", "--for", "8h", "--until", "18:00"), "give one of --for and --until"),
        (("silence", "192.0.2.1", "--reason", "x", "--for", "8"), '--for 8: is no length of time; write it as "90s"'),
        (
            ("silence", "192.0.2.1", "--reason", "x", "--for", "5s"),
            "--for 5s: is shorter than a minute, or longer than 90 days",
        ),
        (
            ("silence", "192.0.2.1", "--reason", "x", "--for", "91d"),
            "--for 91d: is shorter than a minute, or longer than 90",
        ),
        (("silence", "192.0.2.1", "--reason", "x", "--for", "999999999w"), "--for 999999999w: is no length of time"),
        (
            ("silence", "192.0.2.1", "--reason", "x", "--until", "2020-01-01"),
            "--until 2020-01-01: is in the past; a silence",
        ),
        (
            ("silence", "192.0.2.1", "--reason", "x", "--until", "9999-01-01"),
            "--until 9999-01-01: is shorter than a minute, or",
        ),
        (("silence", "192.0.2.1", "--reason", "x", "--until", "then"), "--until then: is no time; write it as"),
        (
            ("silence", "192.0.2.1", "--reason", "x", "--for", "1h", "--starts", "2020-01-01"),
            "--starts 2020-01-01: lies in the",
        ),
        (
            ("silence", "192.0.2.1", "--reason", "x", "--for", "1h", "--starts", "500d"),
            "--starts 500d: lies in the past, or more",
        ),
        (
            ("silence", "mail.example.com", "--reason", "x", "--for", "1h"),
            "mail.example.com: is no address and no network; give",
        ),
        (
            ("silence", "192.0.2.9/24", "--reason", "x", "--for", "1h"),
            "192.0.2.9/24: has bits behind its prefix; 192.0.2.0/24 is",
        ),
        (("silence", "192.0.2.0/33", "--reason", "x", "--for", "1h"), "192.0.2.0/33: is no address and no network"),
        (
            ("silence", "--group", " ", "--reason", "x", "--for", "1h"),
            "--group ' ': names nothing; give a name or a pattern",
        ),
        (
            ("silence", "--tag", "PTR_MISING", "--reason", "x", "--for", "1h"),
            "tag 'PTR_MISING': is no tag, and fits none; near to",
        ),
        (("silence", "--tag", "XYZ_*", "--reason", "x", "--for", "1h"), "tag 'XYZ_*': is no tag, and fits none"),
        (("silence", "--list", "--end", "1"), "--list, --end and a new silence are three things"),
        (("silence", "192.0.2.1", "--list"), "--list, --end and a new silence are three things"),
        (("silence", "--json"), "--json goes with --list"),
        (
            ("silence", "--end", "7"),
            "silence 7: there is none of that number that is not over; see truehelo silence --list",
        ),
        (("silence", "--yes", "--list"), "--list, --end and a new silence are three things"),
    ],
)
def test_bad_input_gets_a_sentence(cli: Cli, words: tuple[str, ...], said: str) -> None:
    code, out, err = cli(*words)
    assert (code, out) == (2, "")
    assert err.startswith("truehelo: ")
    assert said in err
    assert len(err.splitlines()) == 1
    assert cli("silence", "--list")[1] == "no silences\n"


@pytest.mark.usefixtures("here")
def test_what_is_open_decides_the_exit_code(cli: Cli) -> None:
    assert cli("incidents")[0] == 1
    assert cli("incidents", "1")[0] == 1
    assert cli("incidents", "2")[0] == 0
    assert cli("incidents", "--tag", "HELO_*") == (0, "no open incidents\n", "")
    assert cli("incidents", "--all", "--tag", "HELO_*") == (0, "no incidents\n", "")
    assert cli("incidents", "--all", "--tag", "GREETING_*")[0] == 0


@pytest.mark.usefixtures("here")
def test_every_format_is_written(cli: Cli) -> None:
    assert cli("incidents", "--format", "csv")[1].splitlines()[1].startswith("1,open,error,PTR_MISSING,")
    assert cli("incidents", "1", "--format", "csv")[1].count("\n") == 2
    assert json.loads(cli("incidents", "--format", "json")[1])["schema"] == "truehelo/incidents/1"
    assert "192.0.2.1 has no PTR record" in cli("incidents", "1", "--color", "never")[1]
    assert "\x1b[31m" in cli("incidents", "--color", "always")[1]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("ptr_missing", "PTR_MISSING"),
        ("ptr-*", "PTR_*"),
        ("PTR_[A-M]*", "PTR_[A-M]*"),
        ("CANNOT_SEE", "CANNOT_SEE"),
        ("DNSBL_LISTED", "DNSBL_LISTED:*"),
        ("dnsbl_listed:spamcop", "DNSBL_LISTED:spamcop"),
        ("*", "*"),
    ],
)
def test_tags_are_taken_as_people_write_them(cli: Cli, written: str, kept: str) -> None:
    code, out, _ = cli("silence", "192.0.2.1", "--tag", written, "--for", "1h", "--reason", "why")
    assert code == 0
    assert f" in {kept}" in out
    assert json.loads(cli("silence", "--list", "--json")[1])["silences"][0]["tags"] == [kept]


@pytest.mark.usefixtures("here")
def test_a_silence_that_covers_nothing_now_says_so(cli: Cli) -> None:
    code, out, err = cli("silence", "203.0.113.0/24", "--for", "1h", "--reason", "why")
    assert code == 0
    assert "covers 0 of 2 watched addresses" in out
    assert err == "truehelo: it covers no address that is watched now; truehelo inventory list shows what is\n"


@pytest.mark.usefixtures("here")
def test_addresses_are_kept_as_they_are_written_best(cli: Cli) -> None:
    for written, kept in (
        ("2001:DB8:0::1", "2001:db8::1"),
        ("192.0.2.0/25", "192.0.2.0/25"),
        ("2001:db8:0::/48", "2001:db8::/48"),
    ):
        cli("silence", written, "--for", "1h", "--reason", "why")
        assert json.loads(cli("silence", "--list", "--json")[1])["silences"][-1]["ip"] == kept


@pytest.mark.usefixtures("here")
def test_reasons_and_names_stay_on_one_line(cli: Cli) -> None:
    cli("silence", "192.0.2.1", "--for", "1h", "--reason", "first\nsecond\t third", "--by", "Zoë O'Neil")
    found = json.loads(cli("silence", "--list", "--json")[1])["silences"][0]
    assert (found["reason"], found["by"]) == ("first second third", "Zoë O'Neil")


def test_who_acts_is_the_account_at_this_machine_or_the_one_before_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "desk")
    monkeypatch.setattr(getpass, "getuser", lambda: "ann")
    monkeypatch.setenv("SUDO_USER", "bob")
    assert who(None) == "ann@desk"
    monkeypatch.setattr(getpass, "getuser", lambda: "root")
    assert who(None) == "bob@desk"
    monkeypatch.delenv("SUDO_USER")
    assert who(None) == "root@desk"
    assert who(" Zoë ") == "Zoë"
    with pytest.raises(InputError):
        who("a\nb")


def test_an_account_without_a_name_is_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("no such user")

    monkeypatch.setattr("socket.gethostname", lambda: "desk")
    monkeypatch.setattr(getpass, "getuser", nobody)
    monkeypatch.setattr("os.getuid", lambda: 54321)
    assert who(None) == "54321@desk"
