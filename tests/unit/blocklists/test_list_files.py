"""Reading a list from TOML: what is wrong is told with file, key and what is accepted, and nothing else is ever raised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.blocklists.model import Codes
from truehelo.blocklists.parse import parse_lists
from truehelo.errors import FileError

GOOD = """operator = "Example"
home = "https://lists.example/"
[[list]]
id = "example"
name = "Example BL"
about = "sent mail to a trap"
zone = "bl.lists.example"
grade = "D"
source = "lists.example"
seen = "2026-11"
"""


def test_a_short_list_has_the_usual_rest() -> None:
    (made,) = parse_lists(GOOD, "x.toml")
    assert (made.id, made.families, made.weight, made.complete, made.default) == (
        "example",
        frozenset({4}),
        "warning",
        False,
        False,
    )
    assert made.tests.listed(4) == "127.0.0.2"
    assert made.tests.listed(6) == "::ffff:7f00:2"


@pytest.mark.parametrize(
    ("added", "said"),
    [
        ('zone = "Bl.Example."\n', "x.toml: list[1].zone is 'Bl.Example.'; accepted is a domain in lower case"),
        ('zone = ""\n', "x.toml: list[1].zone is missing; a list has a zone, a keyed_zone, or both"),
        ('keyed_zone = "bl.lists.example"\n', "list[1].keyed_zone is 'bl.lists.example'"),
        ('keyed_zone = "{key}.{key}.example"\n', "list[1].keyed_zone is '{key}.{key}.example'"),
        ("families = [4, 5]\n", "list[1].families is no list of families; accepted are [4], [6] and [4, 6]"),
        ("families = []\n", "list[1].families is no list of families"),
        ('status = "gone"\n', 'list[1].status is \'gone\'; accepted are "active", "key"'),
        ('status = "dead"\n', "list[1].since is missing"),
        ('weight = "bad"\n', "list[1].weight is 'bad'"),
        ('grade = "X"\n', "list[1].grade is 'X'"),
        ('lookup = "javascript:alert(1)"\n', "list[1].lookup is 'javascript:alert(1)'"),
        ("group6 = 200\n", "list[1].group6 is no such number"),
        ("group6 = true\n", "list[1].group6 is no such number"),
        ("default = 1\n", "list[1].default is neither true nor false"),
        ('default = true\nkeyed_zone = "{key}.e.example"\nzone = ""\n', "only an active list that needs no key"),
        ("colour = 1\n", "list[1].colour is an unknown key; docs/how-to/add-a-blocklist.md describes the keys"),
        ('about = "two\\nlines"\n', "list[1].about is no line of text"),
        ('[list.tests]\nlisted4 = "nothing"\n', "list[1].tests.listed4 is 'nothing'"),
        ('[list.tests]\nlisted4 = ""\n', "list[1].tests.listed4 is empty"),
        ('[list.tests]\nexpect = ["10.0.0.1"]\n', "list[1].tests.expect '10.0.0.1' is no code within 127.0.0.0/8"),
        ('[[list.code]]\nmeans = "x"\n', "list[1].code[1].codes is missing"),
        ('[[list.code]]\ncodes = "127.0.0.300"\nmeans = "x"\n', "list[1].code[1].codes '300' is not within 0 to 255"),
        ('[[list.code]]\ncodes = "127.0.0.9-2"\nmeans = "x"\n', "'9-2' is not within 0 to 255"),
        (
            '[[list.refusal]]\ncodes = "127.0.0.1"\nmeans = "x"\nweight = "ok"\n',
            "list[1].refusal[1].weight is an unknown key",
        ),
        ("id = \n", "x.toml: is no TOML"),
    ],
)
def test_a_wrong_key_is_named(added: str, said: str) -> None:
    keys = {line.partition(" =")[0] for line in added.splitlines() if " =" in line and not line.startswith("[")}
    table = added.startswith("[")
    lines = [line for line in GOOD.splitlines() if table or line.partition(" =")[0] not in keys]
    with pytest.raises(FileError) as raised:
        parse_lists("\n".join([*lines, added]), "x.toml")
    assert said in str(raised.value)


@given(st.text())
def test_any_text_is_read_or_refused_in_a_sentence(text: str) -> None:
    said = "x.toml: "
    try:
        parse_lists(text, "x.toml")
    except FileError as error:
        said = str(error)
    assert said.startswith("x.toml: ")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(key=st.sampled_from(["zone", "families", "status", "tests", "code", "group6", "lookup", "id"]), value=VALUES)
def test_any_value_is_read_or_refused_in_a_sentence(key: str, value: object) -> None:
    from truehelo.blocklists.parse import _list, _Table

    table = _Table({"name": "n", "about": "a", "id": "i", "zone": "z.example", key: value}, "x.toml", "")
    with pytest.raises(FileError, match=r"^x\.toml: "):
        _list(table, "o", "https://h.example/")  # never whole: it has no grade


@given(st.text(alphabet="0123456789.*-", max_size=20), st.ip_addresses(v=4))
def test_codes_hold_only_what_they_name(text: str, ip: object) -> None:
    try:
        codes = Codes.parse(text)
    except ValueError:
        return
    assert codes.hold(str(ip)) is all(
        low <= octet <= high
        for octet, (low, high) in zip(ip.packed, codes.bounds, strict=True)  # type: ignore[attr-defined]
    )
    assert not codes.hold("::1")
    assert not codes.hold("text")
