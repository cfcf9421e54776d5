"""BIMI records (draft-brand-indicators-for-message-identification §4.2)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.bimi import BimiRecord, format_record, is_bimi, name, parse
from truehelo.records.errors import Flaw, RecordError

SVG, PEM = "https://example.com/mark.svg", "https://example.com/vmc.pem"

SOUND = [
    ("a mark", f"v=BIMI1; l={SVG}", (SVG, "", ""), []),
    ("a mark and its evidence", f"v=BIMI1; l={SVG}; a={PEM};", (SVG, PEM, ""), []),
    ("an empty evidence", f"v=BIMI1; l={SVG}; a=", (SVG, "", ""), []),
    ("any order behind the version", f"v=BIMI1; a={PEM}; l={SVG}", (SVG, PEM, ""), []),
    ("a compressed mark", f"v=BIMI1; l={SVG}z", (SVG + "z", "", ""), []),
    ("a mark with a query", f"v=BIMI1; l={SVG}?x=1", (SVG + "?x=1", "", ""), []),
    ("a preference", f"v=BIMI1; l={SVG}; avp=personal", (SVG, "", "personal"), []),
    ("a refusal", "v=BIMI1; l=; a=;", ("", "", ""), []),
    ("a preference that is none", f"v=BIMI1; l={SVG}; avp=mine", (SVG, "", ""), [Flaw.BAD_VALUE]),
    ("an unknown tag", f"v=BIMI1; l={SVG}; x=1", (SVG, "", ""), [Flaw.UNKNOWN]),
    ("evidence without a mark", f"v=BIMI1; l=; a={PEM}", ("", PEM, ""), [Flaw.USELESS]),
]


@pytest.mark.parametrize(("why", "text", "says", "flaws"), SOUND, ids=[row[0] for row in SOUND])
def test_records(why: str, text: str, says: tuple[str, str, str], flaws: list[Flaw]) -> None:
    record = parse(text)
    assert isinstance(record, BimiRecord)
    assert (record.location, record.evidence, record.avatar) == says
    assert [fault.kind for fault in record.faults] == flaws
    assert record.declines is (says[:2] == ("", ""))
    assert parse(format_record(record)) == record


BROKEN = [
    ("another record", "v=spf1 -all", Flaw.NOT_ONE, False),
    ("the version in lower case", f"v=bimi1; l={SVG}", Flaw.NOT_ONE, False),
    ("no mark", f"v=BIMI1; a={PEM}", Flaw.MISSING, True),
    ("a mark over http", "v=BIMI1; l=http://example.com/mark.svg", Flaw.BAD_URI, True),
    ("a mark that is no SVG", "v=BIMI1; l=https://example.com/mark.png", Flaw.BAD_URI, True),
    ("a mark at a name of one label", "v=BIMI1; l=https://localhost/mark.svg", Flaw.BAD_URI, True),
    ("several marks", f"v=BIMI1; l={SVG},{SVG}", Flaw.BAD_URI, True),
    ("evidence that is a word", f"v=BIMI1; l={SVG}; a=self", Flaw.BAD_URI, True),
    ("a mark twice", f"v=BIMI1; l={SVG}; l={SVG}", Flaw.DUPLICATE, True),
    ("a missing semicolon", f"v=BIMI1; l={SVG} a={PEM}", Flaw.BAD_URI, True),
]


@pytest.mark.parametrize(("why", "text", "flaw", "claims"), BROKEN, ids=[row[0] for row in BROKEN])
def test_texts_that_are_none(why: str, text: str, flaw: Flaw, claims: bool) -> None:
    error = parse(text)
    assert isinstance(error, RecordError)
    assert (error.kind, is_bimi(text)) == (flaw, claims)


def test_the_name_of_the_record() -> None:
    assert name("example.com") == "default._bimi.example.com"
    assert name("example.com", "winter") == "winter._bimi.example.com"


PIECES = st.sampled_from(f"v=BIMI1|l={SVG}|l=|a={PEM}|a=x|avp=brand|avp=|lps=a|x=\u00fc|=|".split("|"))


@given(st.lists(PIECES, max_size=7).map(";".join) | st.text(max_size=50).map("v=BIMI1;l=".__add__))
def test_any_text_is_read(text: str) -> None:
    record = parse(text)
    for error in (record,) if isinstance(record, RecordError) else record.faults:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).isprintable()
    if isinstance(record, BimiRecord):
        assert parse(format_record(record)) == record
