"""Tag-lists (RFC 6376 §3.2): which pieces are tags, where they stand, and what is named as none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.errors import MAX_FAULTS, Flaw
from truehelo.records.tags import read_tags, run_on, second

ROWS = [
    ("two tags", "a=1; b=2", [("a", "1"), ("b", "2")], 0),
    ("a semicolon at the end", "a=1;", [("a", "1")], 0),
    ("white space everywhere", " a =\t1 ;  b= 2 ", [("a", "1"), ("b", "2")], 0),
    ("line ends, as from a pasted file", "a=1;\r\n\tb=2\r\n", [("a", "1"), ("b", "2")], 0),
    ("an equals sign in the value", "a=b=c", [("a", "b=c")], 0),
    ("white space in the value", "a=x y  z", [("a", "x y  z")], 0),
    ("an empty value", "a=; b=", [("a", ""), ("b", "")], 0),
    ("nothing", "", [], 0),
    ("nothing between semicolons", "a=1;;b=2", [("a", "1"), ("b", "2")], 1),
    ("a word without a value", "a=1; b", [("a", "1")], 1),
    ("a name with a digit before", "1a=1; b=2", [("b", "2")], 1),
    ("a name with a space in it", "a b=1", [], 1),
    ("a value outside of ASCII", "a=\u201c1\u201d", [("a", "\u201c1\u201d")], 1),
    ("an underscore in a name", "a_b=1", [("a_b", "1")], 0),
]


@pytest.mark.parametrize(("why", "text", "tags", "faults"), ROWS, ids=[row[0] for row in ROWS])
def test_a_text_is_split(why: str, text: str, tags: list[tuple[str, str]], faults: int) -> None:
    read = read_tags(text)
    assert [(tag.name, tag.value) for tag in read.tags] == tags
    assert len(read.faults) == faults
    for tag in read.tags:
        assert text[tag.position :].startswith(tag.name)
        assert text[tag.value_position :].startswith(tag.value)
        assert text[tag.position : tag.position + tag.length].endswith(tag.value)


def test_a_tag_that_comes_twice_is_told_at_its_second_place() -> None:
    wrong = second(read_tags("a=1; b=2; a=3").tags)
    assert wrong is not None
    assert (wrong.position, wrong.length, wrong.kind) == (10, 3, Flaw.DUPLICATE)
    assert second(read_tags("a=1; A=2").tags) is None  # names know case (RFC 6376 §3.2)


@pytest.mark.parametrize(("value", "name"), [("none rua=x", "rua"), ("none  sp = x", "sp"), ("none", ""), ("a=b", "")])
def test_a_missing_semicolon_is_seen(value: str, name: str) -> None:
    assert run_on(value) == name


def test_a_long_record_of_nonsense_is_not_told_in_full() -> None:
    assert len(read_tags(";" * 60_000).faults) == MAX_FAULTS


@given(st.text(st.sampled_from("ab1_=; \t\r\n\u00fc\x00"), max_size=60))
def test_any_text_is_read_and_every_place_is_in_it(text: str) -> None:
    read = read_tags(text)
    for tag in read.tags:
        assert text[tag.position : tag.position + len(tag.name)] == tag.name
        assert text[tag.value_position : tag.value_position + len(tag.value)] == tag.value
        assert ";" not in tag.value
    for fault in read.faults:
        assert 0 <= fault.position <= fault.position + fault.length <= len(text)
        assert str(fault).isprintable()
