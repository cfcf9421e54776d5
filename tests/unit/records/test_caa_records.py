"""CAA: properties, and which records count for a name (RFC 8659 §3, §4; RFC 9495)."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.world import World
from truehelo.facts.dns import Question
from truehelo.records.caa import CaaRecord, CaaSet, format_record, parse, relevant
from truehelo.records.errors import Flaw, RecordError
from truehelo.records.talk import drive

SOUND = [
    ("an authority", '0 issue "ca.example"', ("issue", "ca.example", ()), []),
    ("without quotes", "0 issue ca.example", ("issue", "ca.example", ()), []),
    ("the property in capitals", '0 ISSUE "CA.Example"', ("issue", "ca.example", ()), []),
    ("nobody", '0 issue ";"', ("issue", "", ()), []),
    ("nobody, in another way", '0 issue ""', ("issue", "", ()), []),
    ("a parameter", '0 issue "ca.example; accounturi=https://ca.example/1"',
     ("issue", "ca.example", ("accounturi=https://ca.example/1",)), []),
    ("two parameters", '0 issue "ca.example;a=1 ; b=2"', ("issue", "ca.example", ("a=1", "b=2")), []),
    ("spaces around", '0 issue "  ca.example  "', ("issue", "ca.example", ()), []),
    ("wildcards", '0 issuewild "ca.example"', ("issuewild", "ca.example", ()), []),
    ("mail", '0 issuemail "ca.example"', ("issuemail", "ca.example", ()), []),
    ("where to complain", '0 iodef "mailto:a@example.com"', ("iodef", "", ()), []),
    ("a property that nobody knows", '0 tbs "x"', ("tbs", "", ()), [Flaw.UNKNOWN]),
    ("a domain that is none stands for nobody", '0 issue "%%%%"', ("issue", "", ()), [Flaw.BAD_VALUE]),
    ("a parameter without a value stands for nobody", '0 issue "ca.example; x"', ("issue", "", ()), [Flaw.BAD_VALUE]),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "says", "flaws"), SOUND, ids=[row[0] for row in SOUND])
def test_records(why: str, text: str, says: tuple[str, str, tuple[str, ...]], flaws: list[Flaw]) -> None:
    record = parse(text)
    assert isinstance(record, CaaRecord)
    assert (record.tag, record.issuer, record.parameters) == says
    assert [fault.kind for fault in record.faults] == flaws
    assert parse(format_record(record)) == record


@pytest.mark.parametrize(
    "text", ["", "issue ca.example", '256 issue "x"', '0 is-sue "x"', "0 issue a b", r"\# 3 00 09 61", r"\# 1 0"]
)
def test_texts_that_are_none(text: str) -> None:
    error = parse(text)
    assert isinstance(error, RecordError)
    assert error.kind is Flaw.NOT_ONE


def test_octets_are_read_as_the_text_that_they_stand_for() -> None:
    record = parse(r"\# 11 00 05 6973737565 612e6578")
    assert record == parse('0 issue "a.ex"')


def test_a_critical_property_that_nobody_knows_stops_all() -> None:
    record = parse('128 tbs "x"')
    assert isinstance(record, CaaRecord)
    assert record.critical
    assert "nobody may issue" in str(record.faults[0])


def found(zone: str, domain: str = "mail.example.com", **fail: str) -> CaaSet:
    failing = {f"{name.replace('_', '.')} CAA": word for name, word in fail.items()}
    return drive(relevant(domain), World(zone, fail=failing).lookup)


CLIMBS = [
    ("at the name", 'mail.example.com CAA 0 issue "a.ca"\nexample.com CAA 0 issue "b.ca"', "mail.example.com", ("a.ca",)),
    ("above it", 'example.com CAA 0 issue "b.ca"', "example.com", ("b.ca",)),
    ("at the top", 'com CAA 0 issue "c.ca"', "com", ("c.ca",)),
    ("nowhere", "", "", None),
    ("nobody", 'example.com CAA 0 issue ";"', "example.com", ()),
    ("two authorities", 'example.com CAA 0 issue "a.ca"\nexample.com CAA 0 issue "b.ca"', "example.com", ("a.ca", "b.ca")),
    ("nobody beside somebody says nothing", 'example.com CAA 0 issue ";"\nexample.com CAA 0 issue "b.ca"', "example.com",
     ("b.ca",)),
    ("another property restricts nothing", 'example.com CAA 0 iodef "mailto:a@b.example"', "example.com", None),
]  # fmt: skip


@pytest.mark.parametrize(("why", "zone", "owner", "issuers"), CLIMBS, ids=[row[0] for row in CLIMBS])
def test_which_records_count(why: str, zone: str, owner: str, issuers: tuple[str, ...] | None) -> None:
    held = found(zone)
    assert (held.owner, held.issuers(), held.unsure) == (owner, issuers, ())


def test_wildcards_and_mail_have_their_own_authorities() -> None:
    held = found('example.com CAA 0 issue "a.ca"\nexample.com CAA 0 issuemail "m.ca"')
    assert (held.issuers("issuewild"), held.issuers("issuemail")) == (("a.ca",), ("m.ca",))
    assert found('example.com CAA 0 issue "a.ca"\nexample.com CAA 0 issuewild ";"').issuers("issuewild") == ()


def test_a_failure_is_not_no_record() -> None:
    held = found('com CAA 0 issue "c.ca"', example_com="servfail")
    assert (held.owner, held.unsure) == ("com", (Question(name="example.com", rdtype="CAA"),))


@given(st.text(max_size=60) | st.text(st.sampled_from('0 issue";=\\.a\x00\u00fc'), max_size=30))
def test_any_text_is_read(text: str) -> None:
    record = parse(text)
    for error in (record,) if isinstance(record, RecordError) else record.faults:
        assert 0 <= error.position <= error.position + error.length <= len(text)
        assert str(error).isprintable()
    if isinstance(record, CaaRecord):
        assert parse(format_record(record)) == record


VALUES = st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore").decode())


@given(st.integers(0, 255), st.sampled_from(["issue", "iodef", "issuemail", "x9"]), VALUES)
def test_what_is_written_is_read_by_us_and_by_a_zone_file_reader(flags: int, tag: str, value: str) -> None:
    made = CaaRecord(flags=flags, tag=tag, value=value)
    assert parse(format_record(made)) == made
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.CAA, format_record(made))
    assert (rdata.flags, rdata.tag, rdata.value) == (flags, tag.encode(), value.encode())
    assert parse(rdata.to_text()) == made
    assert parse(rf"\# {len(rdata.to_wire())} {rdata.to_wire().hex()}") == made
