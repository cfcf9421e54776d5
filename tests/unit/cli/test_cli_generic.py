"""`generic`: verdicts, reasons and the filters' opinions of a name, the report, and what bad input gets."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.cli.generic import _parse
from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.generic.lists import labelled

Cli = Callable[..., tuple[int, str, str]]

ACCESS = "192-0-2-25.pool.example.com=192.0.2.25"


def judged(out: str) -> list[tuple[str, str | None, str]]:
    return [(each["name"], each["ip"], each["verdict"]) for each in json.loads(out)["names"]]


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    return lambda content: monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


# Verdicts


def test_a_generated_name_is_told_with_its_reasons_and_exits_1(cli: Cli) -> None:
    code, out, err = cli("generic", ACCESS)
    assert (code, err) == (1, "")
    head, *rest = out.splitlines()
    assert head == "192-0-2-25.pool.example.com on 192.0.2.25: generic"
    assert [line.split()[0] for line in rest if not line.startswith(" " * 16)] == [
        "generated",
        "sender",
        "rspamd",
        "SpamAssassin",
    ]
    assert "RDNS_DYNAMIC" in out


def test_a_senders_name_and_a_plain_one_exit_0(cli: Cli) -> None:
    code, out, err = cli("generic", "smtp2.example.com", "www.example.com")
    assert (code, err) == (0, "")
    assert [line for line in out.splitlines() if line and not line.startswith(" ")] == [
        "smtp2.example.com: sender",
        "www.example.com: plain",
    ]


@pytest.mark.parametrize(
    "text",
    [ACCESS, "192.0.2.25=192-0-2-25.pool.example.com", " 192-0-2-25.pool.example.com = 192.0.2.25 "],
)
def test_name_and_address_stand_in_either_order(cli: Cli, text: str) -> None:
    _, out, _ = cli("generic", "--json", text)
    assert judged(out) == [("192-0-2-25.pool.example.com", "192.0.2.25", "generic")]


def test_json_holds_what_the_text_tells(cli: Cli) -> None:
    code, out, _ = cli("generic", "--json", ACCESS, "mail.example.com")
    first, second = json.loads(out)["names"]
    assert code == 1
    assert json.loads(out)["schema"] == "truehelo/generic/1"
    assert [reason["rule"] for reason in first["generic"]] == ["holds-address", "access-word"]
    assert first["rspamd"]["ptr"] > 0
    assert "RDNS_DYNAMIC" in first["spamassassin"]["ptr"]
    assert (second["verdict"], second["ip"], second["generic"]) == ("sender", None, [])
    assert second["sender"]
    assert second["spamassassin"] == {"ptr": [], "helo": []}


def test_an_address_decides_where_a_bare_name_only_seems(cli: Cli) -> None:
    """Four number groups of another address are a sender's own numbering."""
    _, out, _ = cli("generic", "--json", "o203-0-113-7.mta.example.com=192.0.2.25", "203-0-113-7.example.com=203.0.113.7")
    assert [verdict for *_, verdict in judged(out)] == ["sender", "generic"]


def test_hostile_text_is_shown_escaped(cli: Cli) -> None:
    code, out, err = cli("generic", "mail.example.com=\x1b[31m", "a\x1b.example.com", "ok.example.com")
    assert code == 2
    assert "\x1b" not in out + err
    assert len(err.splitlines()) == 2
    assert out.startswith("ok.example.com: plain")


# Lists


def test_a_file_and_standard_input_hold_one_name_a_line(cli: Cli, tmp_path: Path, stdin) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes("\ufeff# ours\nmail.example.com  # the relay\r\n\r\n192.0.2.25=host-192-0-2-25.example.net\n".encode())
    stdin(b"mx1.example.org\n")
    code, out, err = cli("generic", "--json", f"@{path}", "-")
    assert (code, err) == (1, "")
    assert judged(out) == [
        ("mail.example.com", None, "sender"),
        ("host-192-0-2-25.example.net", "192.0.2.25", "generic"),
        ("mx1.example.org", None, "sender"),
    ]


def test_a_bad_line_is_told_with_its_place_and_the_others_are_judged(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(b"mail.example.com\nlocalhost\n\xff.example.com\n")
    code, out, err = cli("generic", f"@{path}")
    assert code == 2
    assert out.startswith("mail.example.com: sender")
    first, second = err.splitlines()
    assert f"{path}:2: localhost: is one label alone" in first
    assert f"{path}:3: " in second


# Bad input


@pytest.mark.parametrize(
    ("args", "told"),
    [
        ((), "a name is missing"),
        (("mail.example.com=192.0.2",), "192.0.2: is no address for mail.example.com"),
        (("mail.example.com=",), "an empty address: is no address"),
        (("=192.0.2.25",), "there is no name"),
        (("",), "there is no name"),
        (("localhost",), "is one label alone"),
        (("mail..example.com",), "mail..example.com: the name"),
        (("192.0.2.25=",), "there is no name"),
        (("@",), "names no file"),
        (("--report", "mail.example.com"), "--report takes no names"),
    ],
)
def test_bad_input_is_one_sentence_and_exits_2(cli: Cli, args: tuple[str, ...], told: str) -> None:
    code, out, err = cli("generic", *args)
    assert (code, out) == (2, "")
    assert told in err
    assert len([line for line in err.splitlines() if line.startswith("truehelo")]) == 1


def test_a_file_that_is_not_there_and_one_without_names(cli: Cli, tmp_path: Path) -> None:
    assert cli("generic", f"@{tmp_path / 'none.txt'}")[0] == 2
    empty = tmp_path / "empty.txt"
    empty.write_text("# nothing\n\n", "utf-8")
    code, out, err = cli("generic", f"@{empty}")
    assert (code, out) == (2, "")
    assert "holds no name, only blank lines and comments" in err


def test_too_much_on_standard_input_is_told(cli: Cli, stdin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("truehelo.cli.generic._MAX_LIST", 10)
    stdin(b"mail.example.com\n")
    code, _, err = cli("generic", "-")
    assert code == 2
    assert "is larger than" in err


@given(st.text() | st.text("abc-._=0123456789:@\x00é"))
def test_any_text_is_read_or_refused_in_one_sentence(text: str) -> None:
    refused = ""
    try:
        name, ip = _parse(text)
    except InputError as error:
        refused = str(error)
    else:
        assert name in text
        assert ip is None or parse_address(str(ip)) == ip
    assert "\n" not in refused


# The report


def test_the_report_as_json_counts_every_name(cli: Cli) -> None:
    code, out, _ = cli("generic", "--report", "--json")
    document = json.loads(out)
    assert code == 0
    assert document["schema"] == "truehelo/generic-report/1"
    for rows in (document["labels"], document["sources"]):
        assert sum(row["names"] for row in rows) == len(labelled())
        assert sum(row["names"] - row["right"] for row in rows) == len(document["wrong"])
