"""MTA-STS: the record, the policy, and which hosts the policy covers (RFC 8461 §3, §4.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.errors import Flaw, RecordError
from truehelo.records.mta_sts import (
    MOST_AGE,
    Mode,
    MtaStsPolicy,
    MtaStsRecord,
    format_policy,
    format_record,
    is_mta_sts,
    parse_policy,
    parse_record,
)

RECORDS = [
    ("the record of the standard", "v=STSv1; id=20160831085700Z;", "20160831085700Z", []),
    ("without spaces", "v=STSv1;id=1", "1", []),
    ("an unknown tag", "v=STSv1; id=1; x=2", "1", [Flaw.UNKNOWN]),
    ("a word between", "v=STSv1; id=1; x", "1", [Flaw.SYNTAX]),
    ("32 letters", f"v=STSv1; id={'a' * 32}", "a" * 32, []),
]


@pytest.mark.parametrize(("why", "text", "id_", "flaws"), RECORDS, ids=[row[0] for row in RECORDS])
def test_records(why: str, text: str, id_: str, flaws: list[Flaw]) -> None:
    record = parse_record(text)
    assert isinstance(record, MtaStsRecord)
    assert record.id == id_
    assert [fault.kind for fault in record.faults] == flaws
    assert parse_record(format_record(record)) == record


BROKEN = [
    ("another record", "v=spf1 -all", Flaw.NOT_ONE, False),
    ("the version in another case", "v=stsv1; id=1", Flaw.NOT_ONE, False),
    ("another version", "v=STSv10; id=1", Flaw.NOT_ONE, False),
    ("no id", "v=STSv1;", Flaw.MISSING, True),
    ("an empty id", "v=STSv1; id=", Flaw.BAD_VALUE, True),
    ("a date with hyphens", "v=STSv1; id=2026-01-01", Flaw.BAD_VALUE, True),
    ("33 letters", f"v=STSv1; id={'a' * 33}", Flaw.BAD_VALUE, True),
    ("id twice", "v=STSv1; id=1; id=2", Flaw.DUPLICATE, True),
]


@pytest.mark.parametrize(("why", "text", "flaw", "claims"), BROKEN, ids=[row[0] for row in BROKEN])
def test_texts_that_are_none(why: str, text: str, flaw: Flaw, claims: bool) -> None:
    error = parse_record(text)
    assert isinstance(error, RecordError)
    assert (error.kind, is_mta_sts(text)) == (flaw, claims)


def policy(*lines: str, end: str = "\r\n") -> str:
    return "".join(line + end for line in lines)


WHOLE = ("version: STSv1", "mode: enforce", "mx: mail.example.com", "max_age: 604800")

POLICIES = [
    ("all that is needed", policy(*WHOLE), Mode.ENFORCE, 604800, ["mail.example.com"], []),
    ("LF alone ends lines", policy(*WHOLE, end="\n"), Mode.ENFORCE, 604800, ["mail.example.com"], []),
    ("no end behind the last line", policy(*WHOLE).rstrip(), Mode.ENFORCE, 604800, ["mail.example.com"], []),
    ("any order", policy(*reversed(WHOLE)), Mode.ENFORCE, 604800, ["mail.example.com"], []),
    ("no space behind the colon", policy(*[line.replace(" ", "") for line in WHOLE]), Mode.ENFORCE, 604800,
     ["mail.example.com"], []),
    ("spaces at the ends of lines", policy(*[line + "  " for line in WHOLE]), Mode.ENFORCE, 604800,
     ["mail.example.com"], []),
    ("several hosts, and wildcards", policy(*WHOLE, "mx: *.Example.NET"), Mode.ENFORCE, 604800,
     ["mail.example.com", "*.example.net"], []),
    ("none needs no host", policy("version: STSv1", "mode: none", "max_age: 86400"), Mode.NONE, 86400, [], []),
    ("an unknown field", policy(*WHOLE, "x: y"), Mode.ENFORCE, 604800, ["mail.example.com"], [Flaw.UNKNOWN]),
    ("the first mode counts", policy(*WHOLE, "mode: none"), Mode.ENFORCE, 604800, ["mail.example.com"], [Flaw.DUPLICATE]),
    ("a line that is none", policy(*WHOLE, "hello"), Mode.ENFORCE, 604800, ["mail.example.com"], [Flaw.SYNTAX]),
    ("empty lines", policy("", *WHOLE, "", ""), Mode.ENFORCE, 604800, ["mail.example.com"], []),
    ("a host that is an address", policy(*WHOLE, "mx: 192.0.2.1"), Mode.ENFORCE, 604800, ["mail.example.com"],
     [Flaw.BAD_VALUE]),
    ("a wildcard within a name", policy(*WHOLE, "mx: mail.*.example.com"), Mode.ENFORCE, 604800, ["mail.example.com"],
     [Flaw.BAD_VALUE]),
    ("an age beyond the greatest", policy(*WHOLE[:3], "max_age: 99999999"), Mode.ENFORCE, MOST_AGE,
     ["mail.example.com"], [Flaw.BAD_VALUE]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "mode", "age", "mx", "flaws"), POLICIES, ids=[row[0] for row in POLICIES])
def test_policies(why: str, text: str, mode: Mode, age: int, mx: list[str], flaws: list[Flaw]) -> None:
    read = parse_policy(text)
    assert isinstance(read, MtaStsPolicy)
    assert (read.mode, read.max_age, list(read.mx)) == (mode, age, mx)
    assert [fault.kind for fault in read.faults] == flaws
    assert parse_policy(format_policy(read)) == read


VOID = [
    ("nothing", "", "lacks version", 0),
    ("a page", "<html></html>", "lacks version", 13),
    ("no mode", policy(WHOLE[0], *WHOLE[2:]), "lacks mode", None),
    ("no age", policy(*WHOLE[:3]), "lacks max_age", None),
    ("another version", policy("version: STSv2", *WHOLE[1:]), 'version is "STSv2"', 0),
    ("the version in another case", policy("version: stsv1", *WHOLE[1:]), "version is", 0),
    ("another mode", policy(WHOLE[0], "mode: strict", *WHOLE[2:]), 'mode is "strict"', 16),
    ("an age in words", policy(*WHOLE[:3], "max_age: 1 week"), 'max_age is "1 week"', None),
    ("a negative age", policy(*WHOLE[:3], "max_age: -1"), "max_age is", None),
    ("no host", policy(*WHOLE[:2], WHOLE[3]), "names no mx", None),
    ("no host that is one", policy(*WHOLE[:2], "mx: _x_", WHOLE[3]), "names no mx", None),
    ("a policy without end", "x" * 70_000, "more than", 65_536),
    ("fields in capitals", policy("Version: STSv1", *WHOLE[1:]), "lacks version", None),
]


@pytest.mark.parametrize(("why", "text", "words", "position"), VOID, ids=[row[0] for row in VOID])
def test_policies_that_are_void(why: str, text: str, words: str, position: int | None) -> None:
    error = parse_policy(text)
    assert isinstance(error, RecordError)
    assert words in str(error)
    assert position is None or error.position == position


COVERS = [
    ("the name", "mail.example.com", True),
    ("the name in capitals, with a final dot", "MAIL.Example.com.", True),
    ("a name below", "x.mail.example.com", False),
    ("one label at a wildcard", "mx1.example.net", True),
    ("no label at a wildcard", "example.net", False),
    ("two labels at a wildcard", "a.mx1.example.net", False),
    ("another name", "mail.example.org", False),
]


@pytest.mark.parametrize(("why", "host", "expected"), COVERS, ids=[row[0] for row in COVERS])
def test_hosts(why: str, host: str, expected: bool) -> None:
    held = MtaStsPolicy(mode=Mode.ENFORCE, max_age=1, mx=("mail.example.com", "*.example.net"))
    assert held.covers(host) is expected


LINES = st.sampled_from(
    [*WHOLE, "mx: *.a.example", "mode: none", "x", ":", "mx:", "max_age: 9", "\x00: \u00fc", "version:STSv1"]
)


@given(st.lists(LINES, max_size=8).map("\n".join) | st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    read = parse_policy(text)
    for error in (read,) if isinstance(read, RecordError) else read.faults:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).isprintable()
    if isinstance(read, MtaStsPolicy):
        assert parse_policy(format_policy(read)) == read


@given(st.text(max_size=60).map("v=STSv1;id=".__add__) | st.text(max_size=60))
def test_any_record_is_read(text: str) -> None:
    record = parse_record(text)
    if isinstance(record, MtaStsRecord):
        assert parse_record(format_record(record)) == record
    else:
        assert str(record).isprintable()


HOSTS = st.sampled_from(["mail.example.com", "*.example.net", "mx.xn--bcher-kva.example"])


@given(st.builds(MtaStsPolicy, mode=st.sampled_from(list(Mode)), max_age=st.integers(0, MOST_AGE),
                 mx=st.lists(HOSTS, min_size=1, max_size=3, unique=True).map(tuple)))  # fmt: skip
def test_what_is_written_is_read(made: MtaStsPolicy) -> None:
    assert parse_policy(format_policy(made)) == made
