"""A text as the strings of a TXT record, and back (RFC 1035 §3.3.14, §5.1)."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.dns import Record
from truehelo.records.txt import quoted, txt_text


def shown(data: str) -> Record:
    return Record(owner="example.com", ttl=300, rdtype="TXT", data=data)


def test_a_long_text_is_cut_into_strings_of_255_octets() -> None:
    assert quoted("a" * 256) == '"' + "a" * 255 + '" "a"'
    assert quoted("") == '""'
    assert quoted('say "no" \\ \u00fc') == '"say \\"no\\" \\\\ \\195\\188"'


@given(st.text(max_size=600))
def test_what_is_written_is_read_by_us_and_by_a_zone_file_reader(text: str) -> None:
    text = text.encode("utf-8", "backslashreplace").decode()
    assert txt_text(shown(quoted(text))) == text
    rdata = dns.rdata.from_text(dns.rdataclass.IN, dns.rdatatype.TXT, quoted(text))
    assert b"".join(rdata.strings).decode() == text
    assert all(len(string) <= 255 for string in rdata.strings)
    assert txt_text(Record(owner="x", ttl=1, rdtype="TXT", data="", raw=rdata.to_wire().hex())) == text
