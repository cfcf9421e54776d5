"""Which names are generic, and why; tables whose rows read as sentences."""

import random
import re
import sys
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from truehelo.generic import Reason, classify
from truehelo.generic.providers import PLACES, TemplateError, find_provider, providers, suffix_of, template_pattern
from truehelo.generic.shapes import placeholder


def details(name: str, ip: str) -> list[str]:
    return [reason.detail for reason in classify(name, ip_address(ip))]


GENERIC = [
    ("192-0-2-25.isp.example", "192.0.2.25", "holds its own address"),
    ("192.0.2.25.isp.example", "192.0.2.25", "holds its own address"),
    ("192x0x2x25.isp.example", "192.0.2.25", "holds its own address"),
    ("ip192_0_2_25.isp.example", "192.0.2.25", "holds its own address"),
    ("host-192-0-2-25.rev.isp.example", "192.0.2.25", "holds its own address"),
    ("25.2.0.192.isp.example", "192.0.2.25", "holds its own address in reverse order"),
    ("h25-2-0-192.isp.example", "192.0.2.25", "holds its own address in reverse order"),
    ("25.red-192-0-2.isp.example", "192.0.2.25", "holds its own address in parts"),
    ("192-000-002-025.isp.example", "192.0.2.25", "holds its own address, zero-padded"),
    ("h192000002025.isp.example", "192.0.2.25", "holds its own address zero-padded"),
    ("pc0000219.isp.example", "192.0.2.25", "holds its own address in hex"),
    ("c0-00-02-19.isp.example", "192.0.2.25", "holds its own address in hex"),
    ("x190200c0.isp.example", "192.0.2.25", "holds its own address in reversed hex"),
    ("u3221226009.isp.example", "192.0.2.25", "holds its own address as a decimal number"),
    ("host1920225.isp.example", "192.0.2.25", "holds its own address written together"),
    ("host-51-100-4.pool.isp.example", "198.51.100.4", 'holds three octets of its own address and the word "pool"'),
    ("dsl-4.access-network.n198-51-100.isp.example", "198.51.100.4", "holds its own address in parts"),
    ("mail-192-0-2-25.example.com", "192.0.2.25", "holds its own address"),
    ("dhcp-17.isp.example", "192.0.2.25", 'holds the access-network word "dhcp" next to digits'),
    ("ab12.dynamic.isp.example", "192.0.2.25", 'holds the access-network word "dynamic" next to digits'),
    ("pool-77.isp.example", "192.0.2.25", 'holds the access-network word "pool" next to digits'),
    ("host3.cable.isp.example", "192.0.2.25", 'holds the access-network word "cable" next to digits'),
    ("20010db8000100020000000000000025.isp.example", "2001:db8:1:2::25", "holds a part of its own address in hex"),
    ("2001-0db8-0001-0002-0000-0000-0000-0025.isp.example", "2001:db8:1:2::25", "holds a part of its own address in hex"),
    ("2001-db8-1-2--25.isp.example", "2001:db8:1:2::25", "holds its own address"),
    ("2001-db8-1-2-0-0-0-25.isp.example", "2001:db8:1:2::25", "holds groups of its own address"),
    ("2001-db8-0-0-0-0-0-25.isp.example", "2001:db8::25", "holds groups of its own address"),
    (
        "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.isp.example",
        "2001:db8:1:2::25",
        "holds a part of its own address in reversed hex",
    ),
    ("021122fffe334455.isp.example", "2001:db8:1:2:211:22ff:fe33:4455", "holds a part of its own address in hex"),
]


@pytest.mark.parametrize(("name", "ip", "reason"), GENERIC)
def test_a_generated_name_is_generic_for_this_reason(name: str, ip: str, reason: str) -> None:
    assert details(name, ip) == [reason]


NOT_GENERIC = [
    ("mail.example.com", "192.0.2.25", "a plain mail name"),
    ("mx25.example.com", "192.0.2.25", "one octet that happens to stand in it"),
    ("mail-ed1-f50.google.com", "209.85.208.50", "a pool of a large sender"),
    ("a8-1.smtp-out.amazonses.com", "54.240.8.1", "two octets, and a pool of a large sender"),
    ("o167-89-97-77.outbound-mail.sendgrid.net", "167.89.97.77", "its own address, but a pool of a large sender"),
    ("mail-am6eur05on20701.outbound.protection.outlook.com", "40.107.22.88", "a pool of a large sender"),
    ("mta-100-25.example.com", "198.51.100.25", "two octets that happen to stand in it"),
    ("node1.mail2.example.com", "192.0.2.25", "node and digits, but a mail server"),
    ("acme1x2.example.com", "192.0.2.25", "an ending that looks like a cable modem's"),
    ("mail.pool.example.com", "192.0.2.25", "an access word without digits"),
    ("mx-pool-1.example.com", "192.0.2.25", "an access word next to a digit, in a name that says mail"),
    ("mx.host.example.com", "192.0.2.25", "the word host"),
    ("mx.customer.example.com", "192.0.2.25", "the word customer"),
    ("mail1broadcast.example.com", "192.0.2.25", "an access word inside a longer word"),
    ("static.example.com", "192.0.2.25", "the word static"),
    ("dynamic.example.com", "192.0.2.25", "an access word as the registered name"),
    ("mail1.dynamic2.example", "192.0.2.25", "an access word in the registered name"),
    ("mail-203-0-113-9.example.com", "192.0.2.25", "another address than its own"),
    ("v2.0.example.com", "192.0.2.0", "two octets with a dot between"),
    ("a1-1.b1.c1.example.com", "1.1.1.1", "small octets that are mere counters"),
    ("mx1.dc2.eu3.out4.example.com", "1.2.3.4", "small octets that are mere counters"),
    ("mail00000000.example.com", "2001:db8::25", "a run of zeros"),
    ("mail.dead.beef.example.com", "2001:db8::25", "hexadecimal words that are not in the address"),
    ("mx-2001.example.com", "2001:db8::25", "one group of the address"),
    ("fc0000219a.example.com", "192.0.2.25", "hex digits cut out of a longer number"),
]


@pytest.mark.parametrize(("name", "ip", "why"), NOT_GENERIC)
def test_a_good_name_is_not_generic_in_spite_of(name: str, ip: str, why: str) -> None:
    assert details(name, ip) == [], why


def fill(template: str, ip: IPv4Address, chance: random.Random) -> str:
    """Fill a template with an address, and with anything where it leaves a choice."""
    octets = dict(zip("abcd", map(str, ip.packed), strict=True))

    def place(found: re.Match[str]) -> str:
        word = found.group(1)
        label = "".join(chance.choice("abcdefghijklmnop0123456789") for _ in range(chance.randint(1, 8)))
        free = {
            "n": str(chance.randint(0, 10**7)),
            "hexip": ip.packed.hex(),
            "hex": f"{chance.getrandbits(32):08x}",
            "label": label,
            "labels": f"{label}.{label}" if chance.random() < 0.5 else label,
        }
        return octets.get(word) or free[word]

    return re.sub(r"\{([a-z]+)\}", place, template)


TEMPLATES = [
    (provider.name, template) for provider in providers() if not provider.sender for template in provider.templates
]


@pytest.mark.parametrize(("name", "template"), TEMPLATES)
@settings(max_examples=20)
@given(number=st.integers(min_value=0, max_value=2**32 - 1), seed=st.integers())
def test_every_template_is_recognised_with_any_address(name: str, template: str, number: int, seed: int) -> None:
    ip = IPv4Address(number)
    reasons = classify(fill(template, ip, random.Random(seed)), ip)  # noqa: S311
    assert f"provider default of {name}" in [reason.detail for reason in reasons]


@given(text=st.text(max_size=400), number=st.integers(min_value=0, max_value=2**128 - 1))
def test_any_text_is_judged_without_an_error(text: str, number: int) -> None:
    for ip in (IPv6Address(number), IPv4Address(number & 0xFFFFFFFF)):
        assert all(isinstance(reason, Reason) and reason.detail for reason in classify(text, ip))


labels = st.lists(st.text(alphabet="abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=20), min_size=1, max_size=6)


@given(parts=labels, number=st.integers(min_value=0, max_value=2**32 - 1))
def test_a_name_without_digits_is_generic_only_under_a_provider_or_as_a_placeholder(parts: list[str], number: int) -> None:
    name, ip = ".".join(parts), IPv4Address(number)
    if find_provider(name) is None and placeholder(name) is None:
        assert classify(name, ip) == ()


@given(number=st.integers(min_value=2**24, max_value=2**32 - 1), seed=st.integers(min_value=0, max_value=5))
def test_all_four_octets_are_found_in_every_usual_way_of_writing(number: int, seed: int) -> None:
    ip = IPv4Address(number)
    # Hex that happens to be all letters is a word as much as an address.
    assume(any(char.isdecimal() for char in ip.packed.hex()))
    octets = str(ip).split(".")
    ways = ["-".join(octets), ".".join(octets), ".".join(reversed(octets)), ip.packed.hex(), str(number)]
    ways.append("-".join(octet.zfill(3) for octet in octets))
    assert classify(f"h{ways[seed]}.isp.example" if seed != 1 else f"{ways[1]}.isp.example", ip)


WORDS = ["mail", "mx", "smtp", "out", "mta-", "relay-", "node", "srv", "web", "ns", "host", "vps", "server-"]


@given(
    word=st.sampled_from(WORDS),
    count=st.integers(min_value=0, max_value=99_999),
    ip=st.one_of(st.builds(IPv4Address, st.integers(2**24, 2**32 - 1)), st.builds(IPv6Address, st.integers(0, 2**128 - 1))),
)
def test_a_word_and_a_number_is_never_generic_on_any_address(word: str, count: int, ip: IPv4Address | IPv6Address) -> None:
    assert classify(f"{word}{count}.example.com", ip) == ()


@given(number=st.integers(min_value=0, max_value=2**32 - 1))
def test_two_octets_of_an_address_are_never_evidence(number: int) -> None:
    a, b, c, d = IPv4Address(number).packed
    for name in (f"mta-{c}-{d}.example.com", f"mta-{a}-{b}.example.com", f"a{c}-{d}.b.example.com", f"{d}.{c}.example.com"):
        assert classify(name, IPv4Address(number)) == ()


@given(number=st.integers(min_value=0, max_value=2**128 - 1))
def test_case_and_a_final_dot_make_no_difference(number: int) -> None:
    ip = IPv6Address(number)
    name = f"{ip.packed.hex()}.isp.example"
    assert classify(name.upper() + ".", ip) == classify(name, ip)


def test_the_table_is_sound() -> None:
    ids = [provider.id for provider in providers()]
    assert len(ids) == len(set(ids))
    for provider in providers():
        assert provider.grade in ("O", "U")
        assert re.fullmatch(r"20[0-9]{2}-[0-9]{2}", provider.seen)
        assert provider.source
        assert all(template == template.lower() and suffix_of(template) for template in provider.templates)
        assert all(re.compile(template_pattern(template)) for template in provider.templates)


@pytest.mark.parametrize(("template", "fault"), [("{a}.{b}", "suffix"), ("{z}.example", "unknown places")])
def test_a_bad_template_is_refused(template: str, fault: str) -> None:
    with pytest.raises(TemplateError, match=fault):
        suffix_of(template)


def test_no_place_matches_across_what_a_label_may_not_hold() -> None:
    assert all(not re.fullmatch(pattern, "a b") for pattern in PLACES.values())


def test_importing_reads_no_table() -> None:
    import subprocess

    code = "from truehelo.generic import providers; raise SystemExit(providers.providers.cache_info().currsize)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
