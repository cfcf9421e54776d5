"""What is wrong with a scenario file is said with its line, and what would be accepted."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.errors import FileError
from truehelo.lab import load, parse, scenario_names
from truehelo.lab.read import scenario_of
from truehelo.lab.source import Node, Source

ERRORS = [
    ("no TOML at all", 'title = "x"\n\nzone = = 3\n', 3, "is not TOML here"),
    ("a string without end", 'title = "x\n', 1, "is not TOML here"),
    ("an array without end", "[check]\ntargets = [\n", 3, "is not TOML here"),
    (
        "a key that the file does not have",
        'title = "x"\n\ntitel = "y"\n',
        3,
        "'titel' is not a key of the file; accepted: about",
    ),
    (
        "a key that a zone does not have",
        '[zone."a.example"]\nttl = 60\nserial = 1\n',
        3,
        "'serial' is not a key of [zone.a.example]",
    ),
    (
        "a misspelt key of the second server",
        '[[smtp]]\nip = "192.0.2.1"\n[[smtp]]\nip = "192.0.2.2"\nbanner = "x"\n',
        5,
        "'banner' is",
    ),
    ("a value of the wrong kind", '[zone."a.example"]\nttl = "long"\n', 2, "'ttl' is a string; a whole number is accepted"),
    ("true where a number belongs", "[[smtp]]\nip = '192.0.2.1'\ndelay = true\n", 3, "'delay' is true or false"),
    ("a list with a number in it", '[[smtp]]\nip = "192.0.2.1"\ngreeting = ["a", 3]\n', 3, "'greeting' holds a number"),
    (
        "a table where a list of tables belongs",
        '[smtp]\nip = "192.0.2.1"\n',
        1,
        "an array of tables ([[smtp]]) is accepted",
    ),
    ("a number out of range", '[[smtp]]\nip = "192.0.2.1"\nport = 70000\n', 3, "whole numbers from 1 to 65535"),
    ("a delay out of range", '[[smtp]]\nip = "192.0.2.1"\ndelay = -1\n', 3, "0 to 86400 seconds"),
    ("somebody's zone", '\n[zone."example.de"]\n', 2, "'example.de' could be somebody's zone"),
    (
        "somebody's name in a zone",
        '[zone."a.example".records]\n"www.example.de." = { A = "192.0.2.1" }\n',
        2,
        "is not in the zone",
    ),
    (
        "somebody's address",
        '[zone."a.example".records]\nmail = { A = "8.8.8.8" }\n',
        2,
        "'8.8.8.8' could be somebody's address",
    ),
    (
        "somebody's name behind a PTR",
        '[zone."192.0.2.0/24"]\n[ptr]\n"192.0.2.1" = "mail.google.com"\n',
        3,
        "could be somebody's name",
    ),
    ("somebody's mail server", '[[smtp]]\nip = "8.8.8.8"\n', 2, "is not an address that a scenario may hold"),
    ("somebody as the target", '[check]\ntargets = ["192.0.2.1", "mail.google.com"]\n', 2, "could be somebody's"),
    ("an option as the target", '[check]\ntargets = ["--help"]\n', 2, "could be somebody's"),
    ("no address", '[zone."a.example".records]\nmail = { A = "192.0.2.256" }\n', 2, "is not a value of type A"),
    ("an IPv6 address as A", '[zone."a.example".records]\nmail = { A = "2001:db8::1" }\n', 2, "is not a value of type A"),
    (
        "an MX without preference",
        '[zone."a.example".records]\n"@" = { MX = "mail.a.example" }\n',
        2,
        "is not a value of type MX",
    ),
    ("a type that is none", '[zone."a.example".records]\nmail = { AA = "192.0.2.1" }\n', 2, "'AA' is not a key"),
    ("a name with an empty label", '[zone."a.example".records]\n"a..b" = { A = "192.0.2.1" }\n', 2, "empty label"),
    (
        "a name that repeats its zone",
        '[zone."a.example".records]\n"mail.a.example" = { A = "192.0.2.1" }\n',
        2,
        'accepted: "mail"',
    ),
    (
        "a CNAME and something beside it",
        '[zone."a.example".records]\nx = { CNAME = "b.example", A = "192.0.2.1" }\n',
        2,
        "RFC 1034",
    ),
    ("a zone twice", '[zone."192.0.2.0/24"]\n[zone."2.0.192.in-addr.arpa"]\n', 2, "stands in the file twice"),
    ("a network that ends inside a label", '[zone."192.0.2.0/25"]\n', 1, "a multiple of 8"),
    ("a network with host bits", '[zone."192.0.2.1/24"]\n', 1, "has host bits set"),
    ("an SOA of one name", '[zone."a.example"]\nsoa = "ns1.a.example"\n', 2, "the two names of an SOA"),
    ("a PTR without a zone for it", '[ptr]\n"192.0.2.1" = "a.example"\n', 2, 'add [zone."192.0.2.0/24"]'),
    ("a PTR of no address", '[zone."192.0.2.0/24"]\n[ptr]\n"192.0.2" = "a.example"\n', 3, "is not an address"),
    (
        "a PTR twice",
        '[zone."192.0.2.0/24".records]\n1 = { PTR = "a.example" }\n[ptr]\n"192.0.2.1" = "b.example"\n',
        4,
        "already",
    ),
    ("a fault that is none", '[fault]\n"a.example A" = "explode"\n', 2, "'explode' is not a fault"),
    ("a delay without seconds", '[fault]\n"a.example A" = "delay"\n', 2, "seconds belong to delay"),
    ("seconds without a delay", '[fault]\n"a.example A" = "servfail 3"\n', 2, "seconds belong to delay"),
    ("a question of three words", '[fault]\n"a.example IN A" = "drop"\n', 2, "is not a question"),
    ("a question of no type", '[fault]\n"a.example AXFR" = "drop"\n', 2, "is not a question"),
    (
        "a held value of no type",
        '[[resolver]]\n[resolver.holds]\n"a.example" = { data = "x" }\n',
        3,
        "does not name one type",
    ),
    ("nothing held", '[[resolver]]\n[resolver.holds]\n"a.example A" = { ttl = 3 }\n', 3, "needs either data or outcome"),
    ("two resolvers of one name", '[[resolver]]\nname = "x"\n[[resolver]]\nname = "x"\n', 4, "two resolvers called 'x'"),
    ("a mail server without address", '[[smtp]]\ngreeting = "x"\n', 1, "a mail server needs an address"),
    (
        "two mail servers in one place",
        '[[smtp]]\nip = "192.0.2.1"\n[[smtp]]\nip = "192.0.2.1"\n',
        4,
        "has a mail server already",
    ),
    ("a greeting given twice", '[[smtp]]\nip = "192.0.2.1"\ngreeting = "x"\nraw = "220 x"\n', 4, "one of them is accepted"),
    ("a line break in a greeting", '[[smtp]]\nip = "192.0.2.1"\ngreeting = "a\\nb"\n', 3, "a line break"),
    ("a word that is not among the choices", '[[smtp]]\nip = "192.0.2.1"\nspeaks = "gopher"\n', 3, "accepted: smtp, http"),
    ("a bad STARTTLS", '[[smtp]]\nip = "192.0.2.1"\nstarttls = "maybe"\n', 3, "accepted: refuse, broken"),
    (
        "name servers in the wrong place",
        '[zone."a.example".records]\n"@" = { NS = "ns.a.example" }\n',
        2,
        "ns = [...] of the zone",
    ),
    (
        "a backslash too many",
        '[zone."a.example".records]\n"a\\\\" = { A = "192.0.2.1" }\n',
        2,
        "a backslash that escapes nothing",
    ),
    ("somebody's name server", '[nameserver]\n"ns1.google.com" = "192.0.2.53"\n', 2, "could be somebody's name"),
]


@pytest.mark.parametrize(("what", "text", "line", "says"), ERRORS, ids=[row[0] for row in ERRORS])
def test_an_error_names_file_and_line(what: str, text: str, line: int, says: str) -> None:
    with pytest.raises(FileError) as caught:
        parse(text, "lab.toml")
    assert caught.value.line == line, what
    assert str(caught.value).startswith(f"lab.toml:{line}: "), what
    assert says in str(caught.value)


def test_a_scenario_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(FileError, match="textbook") as caught:
        load("nowhere.toml")
    assert caught.value.line is None


def test_a_folder_is_no_scenario(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="cannot be read"):
        load(tmp_path)


def test_a_file_that_is_no_text_is_no_scenario(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(b"title = '\xff\xfe'")
    with pytest.raises(FileError, match="UTF-8"):
        load(path)


def test_control_characters_of_the_file_do_not_reach_the_message() -> None:
    with pytest.raises(FileError) as caught:
        parse('"\\u001b[31m" = 1\n')
    assert "\x1b" not in str(caught.value)


@given(st.text(max_size=300))
def test_arbitrary_text_raises_only_our_error(text: str) -> None:
    try:
        parse(text)
    except FileError as error:
        assert error.path == "scenario"  # noqa: PT017  # the other outcome, a scenario, is as good


@given(st.data())
def test_a_damaged_scenario_raises_only_our_error(data: st.DataObject) -> None:
    path = Path(__file__).parents[3] / "src/truehelo/lab/scenarios" / f"{data.draw(st.sampled_from(scenario_names()))}.toml"
    text = path.read_text(encoding="utf-8")
    at, size = data.draw(st.integers(0, len(text))), data.draw(st.integers(0, 30))
    put = data.draw(
        st.one_of(st.text(max_size=5), st.sampled_from(['"', "[", "]", "=", "{ }", "true", "-1", "\n", "x = 1\n"]))
    )
    try:
        parse(text[:at] + put + text[at + size :])
    except FileError as error:
        assert error.line is None or 1 <= error.line <= text.count("\n") + 10  # noqa: PT017


KEYS = st.sampled_from(
    ["zone", "records", "smtp", "ip", "ttl", "fault", "check", "targets", "resolver", "holds", "a.example", "A"]
)
VALUES = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=12), st.datetimes()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["zone", "ptr", "fault", "smtp", "resolver", "nameserver", "check", "title"]), VALUES)
)
def test_values_of_any_shape_raise_only_our_error(table: dict[str, object]) -> None:
    try:
        scenario_of(Node(Source("scenario", ""), (), table))
    except FileError as error:
        assert error.problem  # noqa: PT017


def test_the_line_of_a_key_is_found_behind_values_of_several_lines() -> None:
    text = 'about = """\n[zone."x"]\ntitle = 1\n"""\nlist = [\n  "a", # b = 2\n  "c",\n]\n[a."b.c".d]\n\'e f\'.g = 1\n'
    assert tomllib.loads(text)
    source = Source("x", text)
    assert source.line_of(("list",)) == 5
    assert source.line_of(("a", "b.c", "d", "e f", "g")) == 10
    assert source.line_of(("a", "b.c", "d", "absent")) == 9
    assert source.line_of(("absent",)) is None
