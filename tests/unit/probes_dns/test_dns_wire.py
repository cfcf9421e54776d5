"""Octets to what they say: each kind of reply that a server may give."""

from collections.abc import Callable
from itertools import pairwise

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest

from truehelo.facts.dns import Outcome, Question
from truehelo.probes.dns.names import UnaskableNameError
from truehelo.probes.dns.wire import MAX_CHAIN, Query, Reply, build, read

NAME = "4.100.51.198.in-addr.arpa"
ALIAS = f"{NAME}. 300 IN CNAME 4.0-63.100.51.198.in-addr.arpa."
TARGET = "4.0-63.100.51.198.in-addr.arpa. 300 IN PTR mail.business.example."
SOA = "100.51.198.in-addr.arpa. 60 IN SOA ns1.business.example. hostmaster.business.example. 1 2 3 4 5"
NS = "100.51.198.in-addr.arpa. 60 IN NS ns1.business.example."


def query(rdtype: str = "PTR", *, name: str = NAME, recursive: bool = True, edns: bool = True) -> Query:
    return build(Question(name=name, rdtype=rdtype), recursive=recursive, edns=edns)


def reply(
    asked: Query,
    flags: str = "QR RD RA",
    answer: tuple[str, ...] = (),
    authority: tuple[str, ...] = (),
    rcode: str = "NOERROR",
) -> bytes:
    message = dns.message.make_response(dns.message.from_wire(asked.wire))
    message.flags = dns.flags.from_text(flags)
    message.set_rcode(dns.rcode.from_text(rcode))
    for section, lines in ((message.answer, answer), (message.authority, authority)):
        for line in lines:
            owner, ttl, klass, rdtype, data = line.split(maxsplit=4)
            section.append(dns.rrset.from_text(owner, int(ttl), klass, rdtype, data))
    return message.to_wire()


def said(asked: Query, octets: bytes) -> Reply:
    found = read(octets, asked)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sentence", "flags", "answer", "authority", "rcode", "outcome", "detail"),
    [
        (
            "a record of the asked type is an answer",
            "QR RA",
            (f"{NAME}. 1 IN PTR a.example.",),
            (),
            "NOERROR",
            "answer",
            "",
        ),
        ("the name does not exist", "QR RA", (), (SOA,), "NXDOMAIN", "nxdomain", ""),
        ("no record of the type, says the zone", "QR RA", (), (SOA,), "NOERROR", "nodata", ""),
        ("no record of the type, says a resolver that leaves the SOA out", "QR RA", (), (), "NOERROR", "nodata", ""),
        ("no record of the type, says the authority itself", "QR AA", (), (), "NOERROR", "nodata", ""),
        ("a referral is not a denial", "QR", (), (NS,), "NOERROR", "refused", "referral"),
        (
            "an empty reply from nobody in particular is not a denial",
            "QR",
            (),
            (),
            "NOERROR",
            "refused",
            "neither an answer, nor authority, nor recursion",
        ),
        ("the server failed", "QR RA", (), (), "SERVFAIL", "servfail", ""),
        ("the server declines", "QR", (), (), "REFUSED", "refused", ""),
        ("the server does not implement it", "QR", (), (), "NOTIMP", "refused", ""),
        ("the server is not authoritative", "QR", (), (), "NOTAUTH", "refused", ""),
        ("the server did not understand", "QR", (), (), "FORMERR", "malformed", ""),
        ("the server does not know this EDNS", "QR", (), (), "BADVERS", "malformed", ""),
        ("an alias and its target's record", "QR RA", (ALIAS, TARGET), (), "NOERROR", "answer", ""),
        ("an alias to a name that does not exist", "QR RA", (ALIAS,), (SOA,), "NXDOMAIN", "nxdomain", ""),
        ("an alias to a name without such a record", "QR RA", (ALIAS,), (SOA,), "NOERROR", "nodata", ""),
        (
            "a record of another owner is no answer",
            "QR RA",
            ("5.100.51.198.in-addr.arpa. 1 IN PTR b.example.",),
            (SOA,),
            "NOERROR",
            "nodata",
            "",
        ),
        (
            "NXDOMAIN with the record in it contradicts itself",
            "QR RA",
            (f"{NAME}. 1 IN PTR a.example.",),
            (),
            "NXDOMAIN",
            "malformed",
            "NXDOMAIN together with the records that it denies",
        ),
        (
            "two different aliases contradict each other",
            "QR RA",
            (ALIAS, f"{NAME}. 300 IN CNAME other.example."),
            (),
            "NOERROR",
            "malformed",
            "a name has two different CNAME records",
        ),
        (
            "aliases in a circle lead nowhere",
            "QR RA",
            (ALIAS, f"4.0-63.100.51.198.in-addr.arpa. 300 IN CNAME {NAME}."),
            (),
            "NOERROR",
            "malformed",
            "the CNAME records lead in a circle",
        ),
    ],
)
def test_a_reply_is_told_for_what_it_is(
    sentence: str, flags: str, answer: tuple[str, ...], authority: tuple[str, ...], rcode: str, outcome: str, detail: str
) -> None:
    asked = query()
    found = said(asked, reply(asked, flags, answer, authority, rcode))
    assert (found.outcome, found.detail) == (outcome, detail), sentence
    assert found.rcode == rcode
    assert bool(found.records) is (outcome == "answer")


def test_an_answer_keeps_owner_ttl_presentation_and_raw_octets() -> None:
    asked = query()
    found = said(asked, reply(asked, answer=(f"{NAME.upper()}. 300 IN PTR Mail.Business.example.",)))
    (record,) = found.records
    assert (record.owner, record.ttl, record.rdtype, record.data) == (NAME, 300, "PTR", "Mail.Business.example.")
    assert bytes.fromhex(record.raw) == b"\4Mail\10Business\7example\0"


def test_the_chain_is_kept_with_an_answer_and_with_a_denial() -> None:
    asked = query()
    for octets in (reply(asked, answer=(ALIAS, TARGET)), reply(asked, answer=(ALIAS,), authority=(SOA,), rcode="NXDOMAIN")):
        assert [record.data for record in said(asked, octets).chain] == ["4.0-63.100.51.198.in-addr.arpa."]


def test_an_alias_whose_target_is_not_in_the_reply_is_to_be_asked_for() -> None:
    asked = query()
    found = said(asked, reply(asked, answer=(ALIAS,)))
    assert found.follow == "4.0-63.100.51.198.in-addr.arpa"
    assert found.outcome is Outcome.REFUSED  # nothing is known as long as nobody asked on


def test_the_soa_of_another_zone_denies_nothing_about_the_target_of_an_alias() -> None:
    asked = query()
    found = said(asked, reply(asked, "QR AA", (f"{NAME}. 300 IN CNAME ptr.elsewhere.example.",), (SOA,)))
    assert found.follow == "ptr.elsewhere.example"


def test_a_server_asked_directly_that_sends_a_referral_has_not_denied_even_with_ra_set() -> None:
    asked = query(recursive=False)
    assert said(asked, reply(asked, "QR RA", authority=(NS,))).detail == "referral"


def test_a_chain_of_twelve_is_followed_and_one_more_is_not() -> None:
    asked = query()

    def links(count: int) -> tuple[str, ...]:
        names = [NAME, *(f"alias{i}.example" for i in range(count))]
        cnames = [f"{one}. 1 IN CNAME {other}." for one, other in pairwise(names)]
        return (*cnames, f"{names[-1]}. 1 IN PTR mail.example.")

    assert said(asked, reply(asked, answer=links(MAX_CHAIN))).outcome is Outcome.ANSWER
    assert said(asked, reply(asked, answer=links(MAX_CHAIN + 1))).outcome is Outcome.MALFORMED


def test_the_soa_of_a_denial_names_the_zone() -> None:
    asked = query()
    soa = said(asked, reply(asked, authority=(SOA,), rcode="NXDOMAIN")).soa
    assert soa is not None
    assert (soa.owner, soa.data) == (
        "100.51.198.in-addr.arpa",
        "ns1.business.example. hostmaster.business.example. 1 2 3 4 5",
    )


def test_flags_are_kept() -> None:
    asked = query()
    assert said(asked, reply(asked, "QR AA RD RA AD", authority=(SOA,))).flags == ("AA", "RD", "RA", "AD")


@pytest.mark.parametrize(
    ("sentence", "change"),
    [
        ("another identifier", lambda wire: bytes([wire[0] ^ 1]) + wire[1:]),
        ("a question, not a reply", lambda wire: wire[:2] + bytes([wire[2] & 0x7F]) + wire[3:]),
        ("another operation", lambda wire: wire[:2] + bytes([wire[2] | 0x20]) + wire[3:]),
        ("another name", lambda wire: wire[:13] + b"5" + wire[14:]),
        ("another type", lambda wire: wire.replace(b"\4arpa\0\0\14", b"\4arpa\0\0\15", 1)),
        ("no question although it is a success", lambda wire: wire[:5] + b"\0" + wire[6:]),
        ("two questions", lambda wire: wire[:5] + b"\2" + wire[6:]),
        ("less than a header", lambda wire: wire[:11]),
    ],
)
def test_what_is_no_reply_to_our_question_is_passed_over(sentence: str, change: object) -> None:
    asked = query()
    wire = reply(asked, answer=(f"{NAME}. 1 IN PTR a.example.",))
    assert read(wire, asked) is not None
    assert read(change(wire), asked) is None, sentence  # type: ignore[operator]


def test_the_case_of_the_echoed_question_does_not_matter() -> None:
    asked = query()
    wire = reply(asked, answer=(f"{NAME}. 1 IN PTR a.example.",)).replace(b"in-addr", b"IN-addR", 1)
    assert said(asked, wire).outcome is Outcome.ANSWER


@pytest.mark.parametrize(("code", "outcome"), [(1, "malformed"), (2, "servfail"), (5, "refused")])
def test_a_failure_may_come_as_a_bare_header(code: int, outcome: str) -> None:
    asked = query()
    assert said(asked, asked.wire[:2] + bytes([0x81, 0x80 | code]) + bytes(8)).outcome == outcome


def test_a_truncated_reply_is_only_a_reason_to_ask_over_tcp() -> None:
    asked = query()
    found = said(asked, reply(asked, "QR TC RA", (f"{NAME}. 1 IN PTR a.example.",))[:50])
    assert (found.truncated, found.records) == (True, ())


@pytest.mark.parametrize("rcode", ["FORMERR", "NOTIMP", "BADVERS"])
def test_a_server_that_does_not_know_edns_is_told_from_one_that_declines_the_question(rcode: str) -> None:
    asked = query()
    assert said(asked, reply(asked, rcode=rcode)).declines_edns
    if rcode != "BADVERS":
        plain = query(edns=False)
        assert not said(plain, reply(plain, rcode=rcode)).declines_edns


def test_an_extended_error_is_kept_in_words_and_its_text_made_harmless() -> None:
    asked = query()
    message = dns.message.make_response(dns.message.from_wire(asked.wire))
    message.set_rcode(dns.rcode.SERVFAIL)
    message.use_edns(0, options=[dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "at delegation \x1b[31m")])
    assert said(asked, message.to_wire()).detail == "extended error 22 (No Reachable Authority): at delegation \\x1b[31m"


def test_a_ttl_with_the_highest_bit_set_counts_as_zero() -> None:
    asked = query()
    wire = reply(asked, answer=(f"{NAME}. 300 IN PTR a.example.",)).replace((300).to_bytes(4, "big"), b"\xff\0\0\0", 1)
    assert said(asked, wire).records[0].ttl == 0


def test_a_question_asks_for_recursion_and_ad_with_edns_1232_and_without_do() -> None:
    message = dns.message.from_wire(query().wire)
    assert dns.flags.to_text(message.flags) == "RD AD"
    assert (message.edns, message.payload, message.ednsflags & dns.flags.DO) == (0, 1232, 0)
    assert message.question[0].to_text() == f"{NAME}. IN PTR"


def test_a_direct_question_asks_for_no_recursion() -> None:
    assert dns.message.from_wire(query(recursive=False).wire).flags == 0


def test_identifiers_are_not_predictable_from_one_another() -> None:
    assert len({query().id for _ in range(200)}) > 150


@pytest.mark.parametrize(
    "name",
    ["a..example", "x" * 64 + ".example", ".".join(["x" * 60] * 5), "bücher.example", "a\\", "a\\999.example", ".example"],
)
def test_a_name_that_is_none_cannot_be_asked_for(name: str) -> None:
    with pytest.raises(UnaskableNameError):
        build(Question(name=name, rdtype="A"))


def test_a_type_that_is_none_cannot_be_asked_for() -> None:
    with pytest.raises(ValueError, match="no record type"):
        build(Question(name="a.example", rdtype="NONSENSE"))


def test_a_name_with_an_escape_is_recognised_however_it_was_written() -> None:
    asked = query("A", name=r"host\095one.a\.b.example")
    found = said(asked, reply(asked, answer=(r"host_one.a\.b.example. 1 IN A 192.0.2.1",)))
    assert [record.data for record in found.records] == ["192.0.2.1"]
    assert found.records[0].owner == r"host_one.a\.b.example"


def packed(asked: Query, *records: tuple[bytes, int, bytes]) -> bytes:
    """A reply that is made of octets: owner, number of the type and data of each record."""
    rest = [
        owner + number.to_bytes(2, "big") + b"\0\1\0\0\0\x3c" + len(data).to_bytes(2, "big") + data
        for owner, number, data in records
    ]
    head = asked.wire[:2] + b"\x81\x80\0\1" + len(rest).to_bytes(2, "big") + bytes(4)
    return head + asked.name + asked.tail + b"".join(rest)


OWNER, TXT, PTR = b"\xc0\x0c", 16, 12


def chained(asked: Query, pointers: int) -> tuple[bytes, bytes]:
    """Data of a first record that is a chain of so many pointers, each to the one before, and a pointer to its end."""
    at = len(packed(asked, (OWNER, TXT, b"")))
    data, end = b"\1a\0", at
    for _ in range(pointers):
        data, end = data + (0xC000 | end).to_bytes(2, "big"), at + len(data)
    return data, (0xC000 | end).to_bytes(2, "big")


@pytest.mark.parametrize(("pointers", "outcome"), [(1, "answer"), (126, "answer"), (127, "malformed"), (8000, "malformed")])
def test_a_name_is_followed_through_as_many_pointers_as_a_name_has_labels(pointers: int, outcome: str) -> None:
    asked = query()
    data, last = chained(asked, pointers)  # the record's own pointer is one more
    found = said(asked, packed(asked, (OWNER, TXT, data), (OWNER, PTR, last)))
    assert found.outcome == outcome
    assert [record.data for record in found.records] == (["a."] if outcome == "answer" else [])
    assert found.detail == ("" if outcome == "answer" else "a name goes through more than 127 compression pointers")


LONGEST = (bytes((61,)) + b"x" * 61) * 4 + b"\0"
LARGE: dict[str, tuple[int, Callable[[bytes], tuple[bytes, int, bytes]], str]] = {
    "a thousand names of 249 octets are read": (1000, lambda long: (OWNER, PTR, long), "answer"),
    "four thousand are not": (4000, lambda long: (OWNER, PTR, long), "malformed"),
    "nor where they are the owners": (4000, lambda long: (long, TXT, b""), "malformed"),
    "four thousand short ones are read": (4000, lambda _: (OWNER, PTR, OWNER), "answer"),
}


@pytest.mark.parametrize(("count", "record", "outcome"), LARGE.values(), ids=LARGE.keys())
def test_of_a_message_that_is_mostly_compression(
    count: int, record: Callable[[bytes], tuple[bytes, int, bytes]], outcome: str
) -> None:
    asked = query()
    long = (0xC000 | len(packed(asked, (OWNER, TXT, b"")))).to_bytes(2, "big")
    wire = packed(asked, (OWNER, TXT, LONGEST), *[record(long)] * count)
    assert len(wire) < 1 << 16
    found = said(asked, wire)
    assert found.outcome == outcome
    assert found.detail == ("" if outcome == "answer" else "its names are far larger than the message")


A, CNAME = 1, 5
UNUSUAL = {
    "as most are": ("Plain_1.example", "plain_1.example"),
    "with a final dot": ("plain.example.", "plain.example"),
    "with an at sign, as the sender in an SPF macro": ("me@host.example._spf.example", r"me\@host.example._spf.example"),
    "with a dollar sign": ("a$b.example", r"a\$b.example"),
    "with brackets": ("a(b).example", r"a\(b\).example"),
    "with a semicolon and a quotation mark": ('a;".example', r"a\;\".example"),
    "with a blank and a control character": ("a b\x7f.example", r"a\032b\127.example"),
    "with an escape": (r"a\064b.example", r"a\@b.example"),
    "of the root": ("", ""),
}


@pytest.mark.parametrize("owner", ["a pointer", "whole", "whole, in capitals"])
@pytest.mark.parametrize(("name", "key"), UNUSUAL.values(), ids=UNUSUAL.keys())
def test_a_name_is_recognised_also_where_the_server_does_not_compress_it(name: str, key: str, owner: str) -> None:
    asked = query("A", name=name)
    octets = {"a pointer": OWNER, "whole": asked.name, "whole, in capitals": asked.name.upper()}[owner]
    found = said(asked, packed(asked, (octets, A, b"\x7f\0\0\2")))
    assert [(record.owner, record.data) for record in found.records] == [(key or ".", "127.0.0.2")]
    chain = said(asked, packed(asked, (octets, CNAME, b"\1x\0"), (b"\1x\0", A, b"\x7f\0\0\2")))
    assert [record.owner for record in chain.chain] == [key or "."]
    assert [record.data for record in chain.records] == ["127.0.0.2"]
