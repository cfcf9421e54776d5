"""The names that a list is asked for: octets and nibbles reversed, and read back by somebody else's code."""

from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.blocklists.query import entry_name, group, name_in, question
from truehelo.facts.address import parse_address


@pytest.mark.parametrize(
    ("ip", "name"),
    [
        ("192.0.2.99", "99.2.0.192.bl.example"),
        # RFC 5782 §2.4 gives this very example.
        ("2001:db8:1:2:3:4:567:89ab", "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.bl.example"),
        ("2001:db8::", "0." * 24 + "8.b.d.0.1.0.0.2.bl.example"),
    ],
)
def test_a_name_is_that_of_rfc_5782(ip: str, name: str) -> None:
    address = parse_address(ip)
    assert address is not None
    assert name_in(address, "bl.example") == name
    assert str(question(address, "bl.example")) == f"{name} A"


@given(st.ip_addresses())
def test_a_name_is_the_reverse_name_in_another_zone(ip: IPv4Address | IPv6Address) -> None:
    bare = ip.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
    assert name_in(ip, "z") == f"{bare}.z"


@given(st.ip_addresses(v=6), st.integers(min_value=8, max_value=127))
def test_a_group_holds_its_address(ip: IPv6Address, length: int) -> None:
    assert ip in ip_network(group(ip, length))
    assert ip_network(group(ip, length)).prefixlen == length


def test_ipv4_and_single_addresses_are_listed_alone() -> None:
    assert group(IPv4Address("192.0.2.1"), 64) == ""
    assert group(IPv6Address("2001:db8::1"), 128) == ""


@given(st.text())
def test_a_test_entry_is_an_address_or_refused(text: str) -> None:
    with suppress(ValueError):
        assert entry_name(text, "z").endswith(".z")
