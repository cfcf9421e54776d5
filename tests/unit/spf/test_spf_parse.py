"""SPF records: what is well formed, what is not and where, and which TXT records count (RFC 7208 §3, §4.5, §4.6.1, §12)."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.dns import Record
from truehelo.facts.text import visible
from truehelo.records.spf import Kind, SpfRecord, SpfSyntaxError, is_spf, parse, spf_texts, txt_text


def read(text: str) -> SpfRecord:
    record = parse(text)
    assert isinstance(record, SpfRecord), record
    return record


WELL_FORMED = [
    ("nothing but the version", "v=spf1"),
    ("spaces at the end", "v=spf1   "),
    ("the version in capitals", "V=SPF1 -ALL"),
    ("many spaces between terms", "v=spf1    mx     -all"),
    ("all four qualifiers", "v=spf1 +a -mx ~ip4:192.0.2.1 ?all"),
    ("prefix lengths for both families", "v=spf1 a/24//64 mx:example.com//48 a:example.com/0"),
    ("a domain with a colon and a slash in it", "v=spf1 a:foo:bar/baz.example.com -all"),
    ("networks", "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ip6:::1 ip6:::ffff:192.0.2.1/128 -all"),
    ("macros", "v=spf1 exists:%{ir}.%{v}.%{d2} include:%{o} ptr:%{d} -all"),
    ("both modifiers", "v=spf1 redirect=_spf.example.com exp=why.%{d}"),
    ("modifiers among mechanisms", "v=spf1 exp=why.example.com a redirect=_spf.example.com mx"),
    ("a modifier that nobody knows", "v=spf1 moo.cow-far_out=man:dog/cat a -all"),
    ("a modifier that nobody knows, twice and empty", "v=spf1 ra= ra= -all"),
    ("a modifier with the name of a mechanism", "v=spf1 a=anything -all"),
]

MALFORMED = [
    ("an unknown mechanism", "v=spf1 a inlcude:example.com -all", "inlcude:example.com"),
    ("an error behind all", "v=spf1 -all moo", "moo"),
    ("all with an argument", "v=spf1 all:example.com", "all:example.com"),
    ("all with a prefix length", "v=spf1 -all/8", "-all/8"),
    ("include without a domain", "v=spf1 include -all", "include"),
    ("include with an empty domain", "v=spf1 include: -all", "include:"),
    ("include with a prefix length", "v=spf1 include:example.com/24", "include:example.com/24"),
    ("exists without a domain", "v=spf1 exists -all", "exists"),
    ("an empty domain", "v=spf1 a: -all", "a:"),
    ("a top label of digits", "v=spf1 a:192.0.2.1 -all", "a:192.0.2.1"),
    ("a port", "v=spf1 a:example.com:8080", "a:example.com:8080"),
    ("ptr with a prefix length", "v=spf1 ptr/24", "ptr/24"),
    ("a prefix length with a leading zero", "v=spf1 a/024", "a/024"),
    ("a prefix length that is too great", "v=spf1 a/33", "a/33"),
    ("an IPv6 prefix length that is too great", "v=spf1 mx//129", "mx//129"),
    ("a slash without a length", "v=spf1 a/", "a/"),
    ("three slashes", "v=spf1 a///64", "a///64"),
    ("ip4 without an address", "v=spf1 ip4 -all", "ip4"),
    ("ip4 with too few octets", "v=spf1 ip4:192.0.2 -all", "ip4:192.0.2"),
    ("ip4 with a leading zero", "v=spf1 ip4:192.0.02.1", "ip4:192.0.02.1"),
    ("ip4 with a netmask", "v=spf1 ip4:192.0.2.0/255.255.255.0", "ip4:192.0.2.0/255.255.255.0"),
    ("ip4 with a prefix length that is too great", "v=spf1 ip4:192.0.2.0/33", "ip4:192.0.2.0/33"),
    ("ip4 with an IPv6 address", "v=spf1 ip4:2001:db8::1", "ip4:2001:db8::1"),
    ("ip6 with an IPv4 address", "v=spf1 ip6:192.0.2.1", "ip6:192.0.2.1"),
    ("ip6 with a zone", "v=spf1 ip6:fe80::1%%eth0", "ip6:fe80::1%%eth0"),
    ("ip6 with a dual prefix length", "v=spf1 ip6:2001:db8::/32//64", "ip6:2001:db8::/32//64"),
    ("redirect twice", "v=spf1 redirect=a.example redirect=b.example", "redirect=b.example"),
    ("exp twice", "v=spf1 exp=a.example -all EXP=a.example", "EXP=a.example"),
    ("redirect without a domain", "v=spf1 redirect=", "redirect="),
    ("exp without a domain", "v=spf1 -all exp=", "exp="),
    ("a modifier with a qualifier", "v=spf1 -redirect=a.example", "-redirect=a.example"),
    ("a modifier whose name begins with a digit", "v=spf1 1x=y", "1x=y"),
    ("a malformed macro in a modifier that nobody knows", "v=spf1 moo=%a -all", "moo=%a"),
    ("a letter of explanations in a domain", "v=spf1 exists:%{c}.example.com", "exists:%{c}.example.com"),
    ("two qualifiers", "v=spf1 --all", "--all"),
    ("a qualifier alone", "v=spf1 - all", "-"),
    ("a space behind the qualifier's colon", "v=spf1 a: example.com", "a:"),
    ("a comma between terms", "v=spf1 a, mx", "a,"),
    ("a tab between terms", "v=spf1 a\tmx", "\t"),
    ("a character outside of ASCII", "v=spf1 a:b\u00fccher.example -all", "\u00fc"),
    ("another version", "v=spf2 -all", "v=spf2 -all"),
]


@pytest.mark.parametrize(("why", "text"), WELL_FORMED, ids=[row[0] for row in WELL_FORMED])
def test_a_record_is_well_formed_with(why: str, text: str) -> None:
    assert read(text).text == text


@pytest.mark.parametrize(("why", "text", "term"), MALFORMED, ids=[row[0] for row in MALFORMED])
def test_a_record_is_malformed_with(why: str, text: str, term: str) -> None:
    error = parse(text)
    assert isinstance(error, SpfSyntaxError)
    assert error.term == term
    assert text[error.position :].startswith(term)
    assert visible(term) in str(error)


def test_terms_are_read_into_their_parts() -> None:
    record = read("v=spf1 ip4:192.0.2.9/24 ~mx:mail.example.com/30//64 ?PTR redirect=_spf.example.com x=y")
    ip4, mx, ptr = record.mechanisms
    assert (ip4.kind, ip4.qualifier, ip4.network) == (Kind.IP4, "+", ip_network("192.0.2.0/24"))
    assert (mx.kind, mx.qualifier, mx.prefix4, mx.prefix6) == (Kind.MX, "~", 30, 64)
    assert mx.domain is not None
    assert mx.domain.text == "mail.example.com"
    assert (ptr.kind, ptr.domain, ptr.text) == (Kind.PTR, None, "?PTR")
    assert record.redirect is not None
    assert [modifier.name for modifier in record.modifiers] == ["redirect", "x"]


def test_redirect_does_not_count_beside_all() -> None:
    assert read("v=spf1 redirect=_spf.example.com ?all").redirect is None


CLAIMS = [
    ("v=spf1", True),
    ("v=spf1 ", True),
    ("V=spf1 -all", True),
    ("v=spf1\t-all", False),
    ("v=spf10 -all", False),
    ("v=spf1-all", False),
    (" v=spf1 -all", False),
    ('"v=spf1 -all"', False),
    ("v=spf", False),
    ("", False),
]


@pytest.mark.parametrize(("text", "claims"), CLAIMS)
def test_what_claims_to_be_spf(text: str, claims: bool) -> None:
    assert is_spf(text) is claims


def txt(data: str, *strings: bytes) -> Record:
    raw = b"".join(bytes([len(each)]) + each for each in strings).hex()
    return Record(owner="example.com", ttl=300, rdtype="TXT", data=data, raw=raw)


TXT = [
    ("one string", txt("", b"v=spf1 -all"), "v=spf1 -all"),
    ("strings are joined without a space", txt("", b"v=spf1 ip4:192.0.", b"2.1 -all"), "v=spf1 ip4:192.0.2.1 -all"),
    ("an empty string adds nothing", txt("", b"v=spf1", b"", b" -all"), "v=spf1 -all"),
    ("octets outside of UTF-8 become escapes", txt("", b"v=spf1 a:\xff.example"), "v=spf1 a:\\xff.example"),
    ("the presentation form is read where the rdata is not known", txt('"v=spf1 " "-all"'), "v=spf1 -all"),
    ("escapes of the presentation form are undone", txt(r'"a\"b\\c\032d"'), 'a"b\\c d'),
    ("a presentation form without quotes is one string", txt("v=spf1 a -all"), "v=spf1 a -all"),
]


@pytest.mark.parametrize(("why", "record", "text"), TXT, ids=[row[0] for row in TXT])
def test_the_text_of_a_txt_record(why: str, record: Record, text: str) -> None:
    assert txt_text(record) == text


def test_broken_rdata_falls_back_to_the_presentation_form() -> None:
    for raw in ("zz", "05ab", "0"):
        assert txt_text(Record(owner="example.com", ttl=1, rdtype="TXT", data='"v=spf1"', raw=raw)) == "v=spf1"


def test_only_spf_records_are_selected() -> None:
    records = [txt("", b"v=spf1 -all"), txt("", b"v=spf10"), txt("", b"\xff\xfe"), txt("", b"v=DKIM1; p=")]
    assert spf_texts(records) == ("v=spf1 -all",)


TERM = st.text(alphabet=st.sampled_from("+-~?aALlmxptrincudeiv4631:/.=%{}dhosr_ ,\t\u00e9"), max_size=30)


@given(st.builds(lambda terms: "v=spf1 " + " ".join(terms), st.lists(TERM, max_size=6)) | st.text(max_size=60))
def test_any_text_is_a_record_or_an_error_with_a_position(text: str) -> None:
    got = parse(text)
    if isinstance(got, SpfSyntaxError):
        assert 0 <= got.position <= len(text)
        assert got.problem
    else:
        assert got.text == text
        assert [text[each.position :].startswith(each.text) for each in (*got.mechanisms, *got.modifiers)] == [True] * len(
            (*got.mechanisms, *got.modifiers)
        )


@given(st.builds(lambda terms: "v=spf1 " + " ".join(terms), st.lists(TERM, max_size=6)))
def test_case_does_not_decide_what_is_well_formed(text: str) -> None:
    assert isinstance(parse(text.upper()), SpfRecord) == isinstance(parse(text.lower()), SpfRecord)


@given(st.lists(st.binary(max_size=255), min_size=1, max_size=4))
def test_any_strings_are_joined(strings: list[bytes]) -> None:
    assert txt_text(txt("", *strings)) == b"".join(strings).decode("utf-8", "backslashreplace")


@given(st.text(max_size=60), st.text(max_size=40))
def test_any_presentation_form_gives_some_text(data: str, raw: str) -> None:
    assert isinstance(txt_text(Record(owner="example.com", ttl=1, rdtype="TXT", data=data, raw=raw)), str)


def test_a_record_as_long_as_the_dns_allows_is_read_in_a_short_error() -> None:
    text = "v=spf1 " + "ip4:192.0.2.1 " * 4000
    assert len(read(text).mechanisms) == 4000
    error = parse(text + "x" * 8000)
    assert isinstance(error, SpfSyntaxError)
    assert len(str(error)) < 200
