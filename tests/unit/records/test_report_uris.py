"""Where reports are to go: URIs of DMARC and TLS-RPT records (RFC 9989 §4.8, RFC 7489 §6.2, RFC 6068)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.records.errors import Flaw, RecordError
from truehelo.records.uri import ReportUri, mailto, read_uri, read_uris

CITES = ("RFC 9989 §4.8",)

VALID = [
    ("a mail address", "mailto:a@example.com", "mailto", "a@example.com", "example.com", None),
    ("the scheme in capitals", "MAILTO:a@Example.COM", "mailto", "a@Example.COM", "example.com", None),
    ("a percent-encoded exclamation mark", "mailto:a%21b@example.com", "mailto", "a!b@example.com", "example.com", None),
    ("a plus in the address", "mailto:a+b@example.com", "mailto", "a+b@example.com", "example.com", None),
    ("a subject behind it", "mailto:a@example.com?subject=x", "mailto", "a@example.com", "example.com", None),
    ("a size in octets", "mailto:a@example.com!500", "mailto", "a@example.com", "example.com", 500),
    ("a size in mebioctets", "mailto:a@example.com!10m", "mailto", "a@example.com", "example.com", 10 * 2**20),
    ("a size with the unit in capitals", "mailto:a@example.com!2K", "mailto", "a@example.com", "example.com", 2048),
    ("an https URI", "https://reports.example.com:8443/v1?x=y", "https", "", "reports.example.com", None),
    ("another scheme", "ftp://example.com/x", "ftp", "", "example.com", None),
    ("a scheme without a host", "urn:x:y", "urn", "", "", None),
]  # fmt: skip


@pytest.mark.parametrize(("why", "text", "scheme", "address", "host", "size"), VALID, ids=[row[0] for row in VALID])
def test_valid(why: str, text: str, scheme: str, address: str, host: str, size: int | None) -> None:
    read = read_uri(text, 7, "rua", CITES)
    assert read == ReportUri(text=text, scheme=scheme, address=address, host=host, size=size)
    assert isinstance(read, ReportUri)
    assert read.position == 7


WRONG = [
    ("a mail address without its scheme", "a@example.com", "mailto:"),
    ("a word", "nobody", "not a URI"),
    ("nothing", "", "names nothing"),
    ("a mailto without an address", "mailto:", "not a mail address"),
    ("a mailto without a domain", "mailto:a@", "domain that is empty"),
    ("a mailto without a local part", "mailto:@example.com", "not a mail address"),
    ("a mailto of two addresses", "mailto:a@example.com%2Cb@example.com", "one plain mail address"),
    ("a raw exclamation mark", "mailto:a!b@example.com", "%21"),
    ("a size without a number", "mailto:a@example.com!m", "%21"),
    ("a space", "mailto:a b@example.com", "% and two digits"),
    ("a percent sign alone", "mailto:a%zz@example.com", "% and two digits"),
    ("a character outside of ASCII", "mailto:\u00e4@example.com", "% and two digits"),
    ("a domain with an underscore", "mailto:a@ex_ample.com", "underscore"),
    ("an address literal", "mailto:a@[192.0.2.1]", "domain that"),
    ("https without a host", "https:///x", "lacks its host"),
    ("brackets as in mail", "mailto:<a@example.com>", "% and two digits"),
    ("a control character, encoded", "mailto:a%07b@example.com", "one plain mail address"),
]


@pytest.mark.parametrize(("why", "text", "words"), WRONG, ids=[row[0] for row in WRONG])
def test_wrong(why: str, text: str, words: str) -> None:
    read = read_uri(text, 3, "rua", CITES)
    assert isinstance(read, RecordError)
    assert words in str(read)
    assert (read.position, read.length, read.kind, read.cites) == (3, len(text), Flaw.BAD_URI, CITES)


def test_a_list_keeps_what_is_valid_and_says_where_the_rest_stands() -> None:
    value = "mailto:a@example.com , nobody,mailto:b@example.com"
    uris, faults = read_uris(value, 10, "rua", CITES)
    assert [uri.address for uri in uris] == ["a@example.com", "b@example.com"]
    assert [value[uri.position - 10 :].startswith(uri.text) for uri in uris] == [True, True]
    assert [value[fault.position - 10 :][: fault.length] for fault in faults] == ["nobody"]


@given(st.text(st.sampled_from("mailto:a@b.c!10k,%2C?/ \x00\u00fc"), max_size=40))
def test_any_text_is_read(text: str) -> None:
    uris, faults = read_uris(text, 0, "rua", CITES)
    assert len(uris) + len(faults) == text.count(",") + 1
    assert all(str(fault).isprintable() for fault in faults)


LOCAL = st.text(st.sampled_from("abz019.!#$%&'*+/=?^_`{|}~-"), min_size=1, max_size=20)


@given(LOCAL)
def test_an_address_that_is_written_is_read(local: str) -> None:
    written = mailto(f"{local}@example.com")
    assert isinstance(written, ReportUri)
    again = read_uri(written.text, 0, "rua", CITES)
    assert isinstance(again, ReportUri)
    assert again.address == f"{local}@example.com"


def test_an_address_that_no_record_can_name_is_refused() -> None:
    assert isinstance(mailto("nobody"), RecordError)
    assert isinstance(mailto("a@b_c.example"), RecordError)
