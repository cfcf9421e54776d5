"""TLSA: what the records say, and which count for SMTP (RFC 6698 §2, RFC 7672 §3.1)."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from truehelo.records.errors import Flaw, RecordError
from truehelo.records.tlsa import TlsaRecord, format_record, name, parse

D32, D64 = "ab" * 32, "cd" * 64

ROWS = [
    ("the key of the server", f"3 1 1 {D32}", "", True),
    ("an authority", f"2 0 1 {D32}", "", True),
    ("the certificate of the server", f"3 0 1 {D32}", "", False),
    ("the longer digest", f"3 1 2 {D64}", "", False),
    ("a whole key", "3 1 0 3059", "", False),
    ("names instead of numbers", f"DANE-EE SPKI SHA2-256 {D32}", "", True),
    ("digits in groups, in capitals", f"3 1 1 {D32[:20].upper()} {D32[20:]}", "", True),
    ("a usage of the web", f"1 1 1 {D32}", "usage 1", False),
    ("a usage of the web, with an authority", f"0 0 1 {D32}", "usage 0", False),
    ("a usage that nobody knows", f"4 1 1 {D32}", "usage that is not defined: 4", False),
    ("a selector that nobody knows", f"3 2 1 {D32}", "selector that is not defined: 2", False),
    ("a matching type that nobody knows", f"3 1 3 {D32}", "matching type that is not defined: 3", False),
    ("a digest that is too short", f"3 1 1 {D32[:-2]}", "31 octets", False),
    ("a digest of the other kind", f"3 1 1 {D64}", "64 octets", False),
    ("a whole certificate that is none", "3 0 0 00ff", "neither a certificate nor a key", False),
]


@pytest.mark.parametrize(("why", "text", "fault", "advised"), ROWS, ids=[row[0] for row in ROWS])
def test_records(why: str, text: str, fault: str, advised: bool) -> None:
    record = parse(text)
    assert isinstance(record, TlsaRecord)
    assert fault in record.fault
    assert (record.usable, record.advised) == (not fault, advised)
    assert parse(format_record(record)) == record


BROKEN = [
    ("nothing", "", Flaw.NOT_ONE, ""),
    ("too few parts", f"3 1 {D32}", Flaw.NOT_ONE, ""),
    ("data that is not hexadecimal", "3 1 1 xyz", Flaw.NOT_ONE, ""),
    ("half an octet", "3 1 1 abc", Flaw.BAD_VALUE, "abc"),
    ("a number that is too great", f"3 256 1 {D32}", Flaw.BAD_VALUE, "256"),
    ("a word", f"three 1 1 {D32}", Flaw.BAD_VALUE, "three"),
    ("octets of the wrong number", r"\# 9 03010100", Flaw.NOT_ONE, ""),
]


@pytest.mark.parametrize(("why", "text", "flaw", "place"), BROKEN, ids=[row[0] for row in BROKEN])
def test_texts_that_are_none(why: str, text: str, flaw: Flaw, place: str) -> None:
    error = parse(text)
    assert isinstance(error, RecordError)
    assert error.kind is flaw
    assert text[error.position :].startswith(place)


def test_the_name_of_the_records() -> None:
    assert name("mail.example.com") == "_25._tcp.mail.example.com"


@given(st.text(st.sampled_from("0123 abcf()xDANE-\t\\#\u00fc"), max_size=40))
def test_any_text_is_read(text: str) -> None:
    record = parse(text)
    if isinstance(record, RecordError):
        assert str(record).isprintable()
        assert 0 <= record.position <= record.position + record.length <= len(text)
    else:
        assert parse(format_record(record)) == record


@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255), st.binary(min_size=1, max_size=80))
def test_what_is_written_is_read_by_us_and_by_a_zone_file_reader(
    usage: int, selector: int, matching: int, data: bytes
) -> None:
    made = TlsaRecord(usage=usage, selector=selector, matching=matching, data=data)
    assert parse(format_record(made)) == made
    assume("octets" not in TlsaRecord(usage=3, selector=1, matching=matching, data=data).fault)  # that reader refuses them
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TLSA, format_record(made))
    assert (rdata.usage, rdata.selector, rdata.mtype, rdata.cert) == (usage, selector, matching, data)
    assert parse(rdata.to_text()) == made
    assert parse(rf"\# {len(rdata.to_wire())} {rdata.to_wire().hex()}") == made
