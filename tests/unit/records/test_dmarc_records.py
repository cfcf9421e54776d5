"""DMARC records: what they say, what falls back, and what is named (RFC 9989 §4.7, §4.8; RFC 7489 §6.3)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.dmarc import Disposition, DmarcRecord, Standing, format_record, is_dmarc, is_meant, mailto, parse
from truehelo.records.errors import Flaw, RecordError
from truehelo.records.uri import ReportUri


def read(text: str) -> DmarcRecord:
    record = parse(text)
    assert isinstance(record, DmarcRecord), record
    return record


CLAIMS = [
    ("v=DMARC1", True, False),
    ("v=DMARC1;", True, False),
    ("v=DMARC1; p=none", True, False),
    ("v = DMARC1 ;p=none", True, False),
    ("V=DMARC1; p=none", True, False),
    ("v=DMARC1\tp=none", False, True),
    ("v=DMARC1 p=none", False, True),
    ("v=dmarc1; p=none", False, True),
    (" v=DMARC1; p=none", False, True),
    ('"v=DMARC1; p=none"', False, True),
    ("v=DMARC2; p=none", False, True),
    ("v=DMARC10; p=none", False, True),
    ("p=none; v=DMARC1", False, False),
    ("v=spf1 -all", False, False),
    ("", False, False),
    ("v=DMARC1\n", False, True),
]


@pytest.mark.parametrize(("text", "claims", "meant"), CLAIMS)
def test_which_texts_are_records_and_which_were_meant_to_be(text: str, claims: bool, meant: bool) -> None:
    assert (is_dmarc(text), is_meant(text)) == (claims, meant)
    assert isinstance(parse(text), DmarcRecord) is claims


VALUES = [
    ("p is read", "v=DMARC1; p=reject", "p", Disposition.REJECT),
    ("values know no case", "v=DMARC1; p=Quarantine", "p", Disposition.QUARANTINE),
    ("sp is read", "v=DMARC1; p=none; sp=reject", "sp", Disposition.REJECT),
    ("np is read", "v=DMARC1; p=none; np=reject", "np", Disposition.REJECT),
    ("an absent sp is no policy of its own", "v=DMARC1; p=none", "sp", None),
    ("alignment is relaxed by default", "v=DMARC1; p=none", "adkim", "r"),
    ("alignment can be strict", "v=DMARC1; p=none; adkim=s; aspf=s", "aspf", "s"),
    ("psd is unknown by default", "v=DMARC1; p=none", "psd", "u"),
    ("psd is read", "v=DMARC1; p=none; psd=y", "psd", "y"),
    ("a test is read", "v=DMARC1; p=reject; t=y", "testing", True),
    ("no test by default", "v=DMARC1; p=reject", "testing", False),
    ("fo is 0 by default", "v=DMARC1; p=none", "fo", ("0",)),
    ("fo is a list", "v=DMARC1; p=none; ruf=mailto:a@b.example; fo=1:d:s", "fo", ("1", "d", "s")),
    ("pct is kept", "v=DMARC1; p=none; pct=30", "pct", 30),
    ("rf is kept", "v=DMARC1; p=none; rf=afrf", "rf", ("afrf",)),
    ("ri is kept", "v=DMARC1; p=none; ri=86400", "ri", 86400),
    ("a missing p is none", "v=DMARC1", "p", None),
    ("white space does not matter", "v=DMARC1;p = none ;adkim\t=s", "adkim", "s"),
    ("a semicolon at the end does not matter", "v=DMARC1; p=none;", "p", Disposition.NONE),
    ("names in capitals are read", "v=DMARC1; P=none; SP=reject", "sp", Disposition.REJECT),
]


@pytest.mark.parametrize(("why", "text", "name", "value"), VALUES, ids=[row[0] for row in VALUES])
def test_values(why: str, text: str, name: str, value: object) -> None:
    assert getattr(read(text), name) == value


FAULTS = [
    ("a sound record has none", "v=DMARC1; p=reject; rua=mailto:a@b.example", [], ""),
    ("an unknown tag is named", "v=DMARC1; p=none; x=1", [Flaw.UNKNOWN], "x=1"),
    ("a tag that is gone is named", "v=DMARC1; p=none; pct=100", [Flaw.OBSOLETE], "pct=100"),
    ("a size that is gone is named", "v=DMARC1; p=none; rua=mailto:a@b.example!10m", [Flaw.OBSOLETE], "!10m"),
    ("p that comes late is named", "v=DMARC1; adkim=s; p=none", [Flaw.ORDER], "p=none"),
    ("a missing p is named", "v=DMARC1; rua=mailto:a@b.example", [Flaw.MISSING], ""),
    ("a bad p is named", "v=DMARC1; p=no", [Flaw.BAD_VALUE], "no"),
    ("an empty p is named", "v=DMARC1; p=", [Flaw.BAD_VALUE], ""),
    ("a bad adkim is named", "v=DMARC1; p=none; adkim=strict", [Flaw.BAD_VALUE], "strict"),
    ("a bad psd is named", "v=DMARC1; p=none; psd=yes", [Flaw.BAD_VALUE], "yes"),
    ("a bad t is named", "v=DMARC1; p=none; t=yes", [Flaw.BAD_VALUE], "yes"),
    ("a bad pct is named twice", "v=DMARC1; p=none; pct=101", [Flaw.OBSOLETE, Flaw.BAD_VALUE], "pct=101"),
    ("fo without ruf is named", "v=DMARC1; p=none; fo=1", [Flaw.USELESS], "fo=1"),
    ("fo of both kinds is named", "v=DMARC1; p=none; ruf=mailto:a@b.example; fo=0:1", [Flaw.BAD_VALUE], "0:1"),
    ("fo with a repetition is named", "v=DMARC1; p=none; ruf=mailto:a@b.example; fo=d:d", [Flaw.BAD_VALUE], "d:d"),
    ("an address without mailto is named", "v=DMARC1; p=none; rua=a@b.example", [Flaw.BAD_URI], "a@b.example"),
    ("a name in capitals is named", "v=DMARC1; P=none", [Flaw.CASE], "P=none"),
    ("a word between is named", "v=DMARC1; p=none; quick", [Flaw.SYNTAX], "quick"),
    ("an empty place is named", "v=DMARC1;; p=none", [Flaw.SYNTAX], ";"),
]


@pytest.mark.parametrize(("why", "text", "kinds", "first"), FAULTS, ids=[row[0] for row in FAULTS])
def test_faults(why: str, text: str, kinds: list[Flaw], first: str) -> None:
    faults = read(text).faults
    assert [fault.kind for fault in faults] == kinds
    if faults:
        assert text[faults[0].position :][: faults[0].length] == first


STANDING = [
    ("a sound policy", "v=DMARC1; p=reject", Standing.SOUND, Standing.SOUND),
    ("no p counts as none, and was an error", "v=DMARC1; rua=mailto:a@b.example", Standing.SOUND, Standing.AS_NONE),
    ("no p and no reports counts as none, and was no DMARC", "v=DMARC1", Standing.SOUND, Standing.IGNORED),
    ("a bad p with reports is p=none", "v=DMARC1; p=x; rua=mailto:a@b.example", Standing.AS_NONE, Standing.AS_NONE),
    ("a bad p without reports is no DMARC", "v=DMARC1; p=x", Standing.IGNORED, Standing.IGNORED),
    ("a bad p with a bad address is no DMARC", "v=DMARC1; p=x; rua=a@b", Standing.IGNORED, Standing.IGNORED),
    ("a bad sp spoils p", "v=DMARC1; p=reject; sp=x; rua=mailto:a@b.example", Standing.AS_NONE, Standing.AS_NONE),
    ("a bad np spoils p, and older receivers do not know it", "v=DMARC1; p=reject; np=x", Standing.IGNORED, Standing.SOUND),
    ("a missing semicolon spoils p", "v=DMARC1; p=reject rua=mailto:a@b.example", Standing.IGNORED, Standing.IGNORED),
    ("another bad tag spoils nothing", "v=DMARC1; p=reject; adkim=x", Standing.SOUND, Standing.SOUND),
]


@pytest.mark.parametrize(("why", "text", "now", "before"), STANDING, ids=[row[0] for row in STANDING])
def test_what_a_broken_policy_comes_to(why: str, text: str, now: Standing, before: Standing) -> None:
    record = read(text)
    assert (record.standing, record.standing_7489) == (now, before)


def test_a_tag_that_comes_twice_voids_the_record() -> None:
    error = parse("v=DMARC1; p=none; p=reject")
    assert isinstance(error, RecordError)
    assert (error.kind, error.position, error.length) == (Flaw.DUPLICATE, 18, 8)


def test_a_missing_semicolon_is_said() -> None:
    assert "a semicolon is missing before rua" in str(read("v=DMARC1; p=none rua=mailto:a@b.example").faults[0])
    assert "a semicolon is missing" in str(parse("v=DMARC1 p=none"))
    assert "capitals" in str(parse("v=dmarc1; p=none"))


def test_tags_stay_with_their_places() -> None:
    record = read("v=DMARC1; p=none; sp=x; future=1")
    assert record.has("sp")
    assert record.sp is None
    assert not record.has("np")
    tag = record.tag("sp")
    assert tag is not None
    assert (tag.value, tag.position, tag.value_position) == ("x", 18, 21)
    assert [tag.name for tag in record.unknown] == ["future"]


def test_what_is_written_is_short_and_in_order() -> None:
    address = mailto("dmarc@example.com")
    assert isinstance(address, ReportUri)
    record = DmarcRecord(p=Disposition.REJECT, rua=(address,), testing=True, adkim="s")
    assert format_record(record) == "v=DMARC1; p=reject; adkim=s; rua=mailto:dmarc@example.com; t=y"
    changed = replace(read("v=DMARC1; adkim=r; x=1; p=none; pct=50"), p=Disposition.QUARANTINE)
    assert format_record(changed) == "v=DMARC1; p=quarantine; pct=50; x=1"


POLICY = st.sampled_from(list(Disposition))
URIS = st.lists(
    st.sampled_from(["mailto:a@b.example", "mailto:c%21d@e.example!10m", "https://f.example/g"]), max_size=3, unique=True
)


def uris(texts: list[str]) -> tuple[ReportUri, ...]:
    found = read(f"v=DMARC1; p=none; rua={','.join(texts)}") if texts else DmarcRecord()
    assert len(found.rua) == len(texts)
    return found.rua


RECORDS = st.builds(
    DmarcRecord,
    p=POLICY,
    sp=st.none() | POLICY,
    np=st.none() | POLICY,
    adkim=st.sampled_from("rs"),
    aspf=st.sampled_from("rs"),
    rua=URIS.map(uris),
    ruf=URIS.map(uris),
    fo=st.sampled_from([("0",), ("1",), ("d", "s"), ("0", "d"), ("s", "1", "d")]),
    psd=st.sampled_from("uyn"),
    testing=st.booleans(),
    pct=st.none() | st.integers(0, 100),
    rf=st.sampled_from([(), ("afrf",), ("afrf", "iodef")]),
    ri=st.none() | st.integers(0, 2**32 - 1),
)


@given(RECORDS)
def test_what_is_written_is_read(record: DmarcRecord) -> None:
    assert read(format_record(record)) == record


PIECES = st.sampled_from(
    "v=DMARC1|p=none|p=reject | sp=x|rua=mailto:a@b.example|rua=a@b|fo=1:d:s:0|pct=-1||t|=|ri=9|P=none|psd=Y|rf=a:b|ruf=,!,"
    "|np=\u00fc|\x00=\x1b[31m".split("|")
)


@given(st.lists(PIECES, max_size=8).map(";".join) | st.text(max_size=50).map("v=DMARC1;".__add__))
def test_any_text_is_read_and_every_fault_has_its_place(text: str) -> None:
    record = parse(text)
    errors = (record,) if isinstance(record, RecordError) else record.faults
    for error in errors:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).isprintable()
    if isinstance(record, DmarcRecord):
        assert is_dmarc(text)
        assert list(errors) == sorted(errors, key=lambda fault: fault.position)
        again = read(format_record(record))
        assert again.rua == record.rua
        assert (again.p, again.sp, again.np) == (record.p, record.sp, record.np)
