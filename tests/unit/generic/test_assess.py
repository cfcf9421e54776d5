"""The rich door: a word for a name, and its reasons for and against; tables whose rows read as sentences."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.generic import classify
from truehelo.generic.assess import Assessment, Kind, assess
from truehelo.generic.lists import labelled
from truehelo.generic.parts import host_part, registrable


def rules(name: str, ip: str | None = None) -> tuple[str, list[str], list[str]]:
    found = assess(name, None if ip is None else ip_address(ip))
    return found.kind, [reason.rule for reason in found.generic], [reason.rule for reason in found.sender]


ON_AN_ADDRESS = [
    ("mail.example.com", "192.0.2.25", "sender", [], ["mail-word"], "a plain mail name"),
    ("www.example.com", "192.0.2.25", "plain", [], [], "a name that somebody chose"),
    (
        "a8-1.smtp-out.amazonses.com",
        "54.240.8.1",
        "sender",
        [],
        ["sender-pool", "mail-word", "mail-zone"],
        "a sender's pool",
    ),
    (
        "203-0-113-9.mail-mail.example.com",
        "203.0.113.9",
        "sender",
        [],
        ["mail-word", "mail-zone"],
        "a zone of mail servers",
    ),
    ("mail-203-0-113-9.example.com", "203.0.113.9", "generic", ["holds-address"], ["mail-word"], "mail, but its address"),
    ("out203-0-113-9.example.com", "203.0.113.9", "generic", ["holds-address"], ["mail-word"], "out, but its address"),
    ("h7.sendmail.example", "203.0.113.7", "sender", [], ["mail-domain"], "a registered domain that says mail"),
    ("host-113-9.example.net", "203.0.113.9", "generic", ["holds-octets"], [], "two octets beside a word"),
    ("leased.113-9.example.net", "203.0.113.9", "generic", ["holds-octets"], [], "two octets and a word apart"),
    ("gold-113-9.example.net", "203.0.113.9", "generic", ["holds-octets"], [], "a first label of a word and two octets"),
    ("so113-9.pool.mailgun.example", "203.0.113.9", "sender", [], ["mail-domain"], "two octets in a pool of a sender"),
    ("gold-9-113.example.net", "203.0.113.9", "plain", [], [], "two octets in reverse are no evidence"),
    ("ns113-9.b.example.net", "203.0.113.9", "plain", [], [], "two letters and two octets below a zone are none either"),
    ("b203-0-113.example.net", "203.0.113.9", "generic", ["holds-octets"], [], "three octets in a row"),
    ("mx203-0-113.example.net", "203.0.113.9", "sender", [], ["mail-word"], "three octets in a row, but mail"),
    ("host066106.example.net", "198.51.66.106", "generic", ["holds-octets"], [], "two octets written together"),
    ("c5.h203000113.example.net", "203.0.113.5", "generic", ["holds-octets"], [], "three octets written together"),
    ("x-198-51-xxx-4.example.net", "198.51.100.4", "generic", ["holds-address"], [], "one octet masked"),
    ("19.02.00c0.rev.example.net", "192.0.2.25", "generic", ["holds-address-hex"], [], "split hexadecimal"),
    ("node7109.example.net", "203.0.113.9", "generic", ["holds-octets"], [], "two octets in hexadecimal after a word"),
    ("gold7109.example.net", "203.0.113.9", "plain", [], [], "four digits that happen to be two octets in hexadecimal"),
    ("vm1234567.example.net", "203.0.113.9", "generic", ["serial-number"], [], "a serial number"),
    ("vps12345.example.net", "203.0.113.9", "plain", [], [], "a number that an owner may give"),
    ("x1-6-00-04-bd-d2-e0-a3.example.net", "203.0.113.9", "generic", ["hex-number"], [], "a hardware address"),
    ("s0106a84e3f123456.example.net", "203.0.113.9", "generic", ["hex-number"], [], "a long hexadecimal number"),
    ("hosted-by.example.net", "203.0.113.9", "generic", ["placeholder"], [], "a placeholder"),
    ("vm10.hosted-by.example.net", "203.0.113.9", "generic", ["placeholder"], [], "a placeholder above the first label"),
    ("ab12.rev.example.net", "203.0.113.9", "generic", ["generated-zone"], [], "a numbered name in a zone"),
    ("ab1.rev.example.net", "203.0.113.9", "plain", [], [], "one digit in a zone"),
    ("1234.cloud.example.net", "203.0.113.9", "generic", ["generated-zone"], [], "four digits in a zone of servers"),
    ("web12.cloud.example.net", "203.0.113.9", "plain", [], [], "two digits in a zone of servers"),
    ("d9.as1.example.net", "203.0.113.9", "generic", ["access-word"], [], "a device that ends access lines"),
    ("ar1-nat-sp.example.net", "203.0.113.9", "plain", [], [], "a place in a network"),
    ("nat1.example.net", "203.0.113.9", "generic", ["access-word"], [], "an address translator with a number"),
    ("vm123456.dhcp.example.net", "203.0.113.9", "generic", ["serial-number", "access-word"], [], "two reasons"),
    ("adsl.example.co.uk", "203.0.113.9", "plain", [], [], "an access word without digits"),
    ("mail.dsl1.example.co.uk", "203.0.113.9", "sender", [], ["mail-word"], "an access word beside mail"),
    ("web1.adsl2.co.uk", "203.0.113.9", "plain", [], [], "an access word as the registered domain of a second level"),
    (
        "2001-db8-12-34--9.mail.example.net",
        "2001:db8:12:34::9",
        "sender",
        [],
        ["mail-word", "mail-zone"],
        "v6 in a mail zone",
    ),
]


@pytest.mark.parametrize(("name", "ip", "kind", "generic", "sender", "why"), ON_AN_ADDRESS)
def test_a_name_on_its_address(name: str, ip: str, kind: str, generic: list[str], sender: list[str], why: str) -> None:
    assert rules(name, ip) == (kind, generic, sender), why


BARE = [
    ("203-0-113-9.example.net", "generic", ["looks-like-address"], "four numbers"),
    ("h203.0.113.9.example.net", "generic", ["looks-like-address"], "four numbers with dots"),
    ("h300-0-113-9.example.net", "generic", ["serial-number"], "four numbers, one above 255: still three in a row"),
    ("1-2-3-4.example.net", "generic", ["serial-number"], "four counters"),
    ("chello203000113009.example.net", "generic", ["looks-like-address"], "twelve digits"),
    ("p5b0a7109.example.net", "generic", ["looks-like-address"], "eight hexadecimal digits"),
    ("deadbeef.example.net", "plain", [], "a word in hexadecimal letters"),
    ("20260101.example.net", "generic", ["serial-number"], "a date, or a serial number"),
    ("2001-db8-12-34-56-78-9abc-def1.example.net", "generic", ["looks-like-address"], "eight groups"),
    ("1.f.e.d.c.b.a.9.8.7.0.0.6.5.0.0.ip6.example.net", "generic", ["looks-like-address"], "nibbles with dots"),
    ("203-0-113-9.dyn.example.net", "generic", ["looks-like-address", "access-word"], "an address and an access word"),
    ("ec2-7-203-0-113-9.example.net", "generic", ["looks-like-address"], "five numbers"),
    ("dhcp-17.example.net", "generic", ["access-word"], "an access word"),
    (
        "ec2-203-0-113-9.compute-1.amazonaws.com",
        "generic",
        ["provider-default", "looks-like-address"],
        "a provider's default",
    ),
    ("o203-0-113-9.outbound-mail.sendgrid.net", "sender", [], "the pool of a sender"),
    ("mta-203-0-113-9.example.net", "generic", ["looks-like-address"], "a mail word, but four numbers"),
    ("mail.example.net", "sender", [], "a mail name"),
    ("mx1.dc2.eu3.out4.example.com", "sender", [], "counters in four labels"),
    ("v1.2.3.4.example.com", "plain", [], "a version"),
    ("localhost", "plain", [], "one label"),
]


@pytest.mark.parametrize(("name", "kind", "generic", "why"), BARE)
def test_a_bare_name(name: str, kind: str, generic: list[str], why: str) -> None:
    found = rules(name)
    assert (found[0], found[1]) == (kind, generic), why


def test_a_name_is_assessed_as_it_compares() -> None:
    assert assess("MAIL.Example.COM.").name == "mail.example.com"
    assert assess("bücher.example").name == "xn--bcher-kva.example"


@given(text=st.text(max_size=300), number=st.integers(min_value=0, max_value=2**128 - 1))
def test_any_text_is_assessed(text: str, number: int) -> None:
    for ip in (None, IPv6Address(number), IPv4Address(number & 0xFFFFFFFF)):
        found = assess(text, ip)
        assert isinstance(found, Assessment)
        assert (found.kind is Kind.GENERIC) is bool(found.generic)
        assert (found.kind is Kind.SENDER) is (bool(found.sender) and not found.generic)
        assert all(reason.rule and reason.detail for reason in found.generic + found.sender)


def test_both_doors_agree_and_the_rich_one_tells_the_access_word_too() -> None:
    for entry in labelled():
        if entry.ip is not None:
            fast, rich = classify(entry.name, entry.ip), assess(entry.name, entry.ip).generic
            assert bool(rich) == bool(fast)
            assert rich[: len(fast)] == fast
            assert [reason.rule for reason in rich[len(fast) :]] in ([], ["access-word"])


def test_of_several_four_numbers_those_apart_from_letters_are_told() -> None:
    details = [assess(name).generic[0].detail for name in ("ab2-203-0-113-9.example.net", "ab203-0-113-9.example.net")]
    assert details == ['holds "203-0-113-9", which looks like an address'] * 2


PARTS = [
    ("mail.example.com", "mail", "example.com"),
    ("a.b.example.com", "a.b", "example.com"),
    ("mail.example.co.uk", "mail", "example.co.uk"),
    ("example.co.uk", "", "example.co.uk"),
    ("co.uk", "", "co.uk"),
    ("example.com", "", "example.com"),
    ("localhost", "", "localhost"),
    ("mail.net.example", "mail", "net.example"),
    ("h.ocn.ne.jp", "h", "ocn.ne.jp"),
]


@pytest.mark.parametrize(("name", "host", "domain"), PARTS)
def test_the_parts_of_a_name(name: str, host: str, domain: str) -> None:
    assert (host_part(name), registrable(name)) == (host, domain)
