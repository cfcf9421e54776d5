"""Our reader of messages against dnspython's, and over arbitrary octets."""

from base64 import b64encode

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.facts.dns import Outcome, Question
from truehelo.probes.dns.names import UnaskableNameError, read_name, write_name
from truehelo.probes.dns.rdata import TYPES
from truehelo.probes.dns.wire import Query, Reply, build, read

NAME = "host.business.example"
LABELS = st.binary(min_size=1, max_size=12)
NAMES = st.lists(LABELS, min_size=0, max_size=6).map(lambda labels: dns.name.Name([*labels, b""]))
U32 = st.integers(0, 2**32 - 1)
QUOTED = st.lists(st.binary(max_size=40), min_size=1, max_size=4).map(
    lambda strings: " ".join('"' + "".join(f"\\{octet:03d}" for octet in string) + '"' for string in strings)
)
DATA = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "PTR": NAMES.map(str),
    "NS": NAMES.map(str),
    "CNAME": NAMES.map(str),
    "MX": st.tuples(st.integers(0, 65535), NAMES).map(lambda mx: f"{mx[0]} {mx[1]}"),
    "SOA": st.tuples(NAMES, NAMES, U32, U32, U32, U32, U32).map(lambda soa: " ".join(map(str, soa))),
    "TXT": QUOTED,
    "DS": st.tuples(st.integers(0, 65535), st.binary(min_size=32, max_size=32)).map(
        lambda ds: f"{ds[0]} 13 2 {ds[1].hex()}"
    ),
    "DNSKEY": st.tuples(st.sampled_from([256, 257]), st.binary(min_size=64, max_size=64)).map(
        lambda key: f"{key[0]} 3 13 {b64encode(key[1]).decode()}"
    ),
    "TLSA": st.one_of(
        st.binary(min_size=32, max_size=32).map(lambda octets: f"3 1 1 {octets.hex()}"),
        st.binary(min_size=1, max_size=300).map(lambda octets: f"2 0 0 {octets.hex()}"),
    ),
    "CAA": st.tuples(st.integers(0, 255), st.sampled_from(["issue", "iodef", "X1"]), st.binary(max_size=60)).map(
        lambda caa: f'{caa[0]} {caa[1]} "' + "".join(f"\\{octet:03d}" for octet in caa[2]) + '"'
    ),
    "SRV": st.tuples(st.integers(0, 9), NAMES).map(lambda srv: f"{srv[0]} 1 25 {srv[1]}"),
}


@st.composite
def messages(draw: st.DrawFn) -> tuple[Query, bytes]:
    """A query and a well-formed reply to it, with records of the asked type and an alias before them or not."""
    rdtype = draw(st.sampled_from(sorted(DATA)))
    asked = build(Question(name=NAME, rdtype=rdtype), ident=7)
    message = dns.message.make_response(dns.message.from_wire(asked.wire))
    message.flags |= dns.flags.RA
    owner = dns.name.from_text(NAME)
    if rdtype != "CNAME" and draw(st.booleans()):
        target = draw(NAMES)
        message.answer.append(dns.rrset.from_rdata(owner, 60, dns.rdata.from_text("IN", "CNAME", str(target))))
        owner = target
    for data in draw(st.lists(DATA[rdtype], max_size=4)):
        message.answer.append(dns.rrset.from_text(owner, draw(st.integers(0, 2**31 - 1)), "IN", rdtype, data))
    if draw(st.booleans()):
        zone = draw(NAMES)
        message.authority.append(dns.rrset.from_text(zone, 60, "IN", "SOA", draw(DATA["SOA"])))
    message.set_rcode(draw(st.sampled_from([dns.rcode.NOERROR, dns.rcode.NXDOMAIN, dns.rcode.SERVFAIL, dns.rcode.REFUSED])))
    return asked, message.to_wire()


def oracle(octets: bytes, found: Reply, asked: Query) -> list[tuple[str, bytes]]:
    """The data at the end of the chain that we found, as dnspython reads it."""
    message = dns.message.from_wire(octets, ignore_trailing=True, one_rr_per_rrset=True)
    end = found.chain[-1].data if found.chain else NAME
    owner = dns.name.from_text(end)
    return [
        (rrset[0].to_text(), rrset[0].to_wire() or b"")
        for rrset in message.answer
        if rrset.name == owner and rrset.rdtype == asked.number and rrset.rdclass == 1
    ]


def ours(found: Reply) -> list[tuple[str, bytes]]:
    return [(record.data, bytes.fromhex(record.raw)) for record in found.records]


@given(messages())
def test_a_well_formed_message_reads_as_dnspython_reads_it(case: tuple[Query, bytes]) -> None:
    asked, octets = case
    found = read(octets, asked)
    assert found is not None
    message = dns.message.from_wire(octets)
    assert found.rcode == dns.rcode.to_text(message.rcode())
    if found.outcome is Outcome.ANSWER:
        assert ours(found) == oracle(octets, found, asked)
    if found.outcome.is_denial:
        assert not oracle(octets, found, asked)
    if found.soa is not None:
        soa = message.authority[0]
        assert (found.soa.data, bytes.fromhex(found.soa.raw)) == (soa[0].to_text(), soa[0].to_wire())


@given(messages(), st.lists(st.tuples(st.integers(12, 400), st.integers(0, 255)), max_size=3), st.integers(0, 60))
def test_a_damaged_message_is_malformed_or_reads_as_dnspython_reads_it(
    case: tuple[Query, bytes], damage: list[tuple[int, int]], cut: int
) -> None:
    asked, octets = case
    mangled = bytearray(octets)
    for place, octet in damage:
        mangled[place % len(mangled)] = octet
    wire = bytes(mangled[: len(mangled) - cut]) if cut % 3 == 0 else bytes(mangled)
    found = read(wire, asked)
    if found is None or found.outcome is not Outcome.ANSWER:
        return
    try:
        expected = oracle(wire, found, asked)
    except (dns.exception.DNSException, ValueError):
        return  # dnspython reads every record, we only those that matter
    assert ours(found) == expected


@given(st.binary(max_size=600), st.sampled_from(sorted(TYPES)), st.booleans())
def test_arbitrary_octets_are_a_reply_or_none_and_never_an_error(octets: bytes, rdtype: str, ours_in_front: bool) -> None:
    asked = build(Question(name=NAME, rdtype=rdtype), ident=7)
    if ours_in_front:  # the header and question of a true reply, so that the rest is read at all
        octets = b"\0\7\x81\x80\0\1\0\3\0\2\0\1" + asked.name + asked.tail + octets
    found = read(octets, asked)
    assert found is None or isinstance(found.outcome, Outcome)
    assert ours_in_front is False or found is not None


@given(NAMES)
def test_a_name_goes_to_text_as_in_dnspython_and_back_to_the_same_octets(name: dns.name.Name) -> None:
    octets = name.to_wire() or b""
    text, uncompressed, after = read_name(octets, 0)
    assert (text + "." if text else ".") == name.to_text()
    assert (uncompressed, after) == (octets, len(octets))
    assert write_name(text) == octets


@given(st.text(max_size=300))
def test_any_text_is_a_name_or_is_refused(text: str) -> None:
    try:
        octets = write_name(text)
    except UnaskableNameError:
        return
    assert len(octets) <= 255
    assert read_name(octets, 0)[1] == octets


@pytest.mark.parametrize("octets", [b"\xc0\x00", b"\1a\xc0\x00", b"\x40a\0", b"\5ab", b"", b"\xc0"])
def test_a_name_that_points_at_itself_or_ends_early_is_bad(octets: bytes) -> None:
    asked = build(Question(name=NAME, rdtype="PTR"), ident=7)
    head = b"\0\7\x81\x80\0\1\0\1\0\0\0\0" + asked.name + asked.tail + b"\xc0\x0c\0\x0c\0\1\0\0\0\1"
    wire = (
        head + len(octets).to_bytes(2, "big") + octets.replace(b"\xc0\x00", (0xC000 | (len(head) + 2)).to_bytes(2, "big"))
    )
    found = read(wire, asked)
    assert found is not None
    assert found.outcome is Outcome.MALFORMED
