"""Targets: what is accepted, and the sentence that each mistake gets."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from truehelo.engine.targets import Kind, parse_target
from truehelo.errors import InputError


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("192.0.2.25", Kind.ADDRESS, "192.0.2.25"),
        ("2001:DB8::25", Kind.ADDRESS, "2001:db8::25"),
        ("[2001:db8::25]", Kind.ADDRESS, "2001:db8::25"),
        ("::ffff:192.0.2.25", Kind.ADDRESS, "192.0.2.25"),
        (" 192.0.2.25 ", Kind.ADDRESS, "192.0.2.25"),
        ("192.0.2.25=mail.example.com", Kind.ADDRESS, "192.0.2.25"),
        ("192.0.2.0/28", Kind.NETWORK, "192.0.2.0/28"),
        ("2001:db8::/126", Kind.NETWORK, "2001:db8::/126"),
        ("Mail.Example.COM.", Kind.NAME, "mail.example.com"),
        ("bücher.example", Kind.NAME, "xn--bcher-kva.example"),
        ("host:mail.example.com", Kind.HOST, "mail.example.com"),
        ("domain:example.com", Kind.DOMAIN, "example.com"),
    ],
)
def test_a_target_is_read_as_what_it_is(text: str, kind: Kind, value: str) -> None:
    target = parse_target(text)
    assert target.kind is kind
    assert value in (str(target.ip), str(target.network), target.name)


def test_the_expected_name_is_canonical() -> None:
    assert parse_target("192.0.2.25=Mail.Example.com.").expected == "mail.example.com"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names nothing to check"),
        ("192.0.2", "not an IPv4 address of four numbers"),
        ("192.0.2.256", "four numbers up to 255"),
        ("192.0.2.5/24", "has bits set behind its prefix; write 192.0.2.0/24"),
        ("192.0.2.0/33", "not a network"),
        ("localhost", "single label"),
        ("postmaster@example.com", "give its domain instead: example.com"),
        ("https://example.com/", "looks like a URL"),
        ("mail.example.com=mail.example.com", "no address before the equals sign"),
        ("192.0.2.25=", "has no name behind the equals sign"),
        ("192.0.2.25=mail", "single label"),
        ("192.0.2.25:25", "a port is given with --port"),
        ("mail_1.example.com", "holds an underscore"),
        ("-mail.example.com", "begins or ends with a hyphen"),
        ("fe80::1%eth0", "neither an address nor a name"),
        ("mail..example.com", "empty label"),
        ("a" * 64 + ".example", "label longer than 63"),
    ],
)
def test_a_mistake_gets_a_sentence_that_says_what_is_wrong(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_target(text)
    assert says in str(caught.value)


def test_a_hostile_target_is_shown_without_its_escapes() -> None:
    with pytest.raises(InputError) as caught:
        parse_target("\x1b]0;owned\x07.example")
    assert "\x1b" not in str(caught.value)


@given(st.text())
def test_any_text_is_a_target_or_our_error(text: str) -> None:
    try:
        parse_target(text)
    except InputError as error:
        said = str(error)
        assert said.isprintable()


@given(st.ip_addresses())
def test_every_address_is_a_target(ip: object) -> None:
    folded = getattr(ip, "ipv4_mapped", None) or ip
    assert parse_target(str(ip)).ip == folded


@given(st.ip_addresses(), st.integers(0, 32))
def test_every_network_is_a_target(ip: object, prefix: int) -> None:
    network = ip_network((ip, prefix), strict=False)
    assert parse_target(str(network)).network == network
    assert ip_address(str(network.network_address)) in network


def test_a_target_may_declare_the_helo_that_its_server_sends() -> None:
    found = parse_target("192.0.2.25=mail.example.com,helo=smtp.example.com")
    assert (str(found.ip), found.expected, found.helo) == ("192.0.2.25", "mail.example.com", "smtp.example.com")
    assert parse_target("example.com,helo=[192.0.2.25]").helo == "[192.0.2.25]"
    assert parse_target("192.0.2.25").helo is None


@pytest.mark.parametrize("text", ["192.0.2.25,", "192.0.2.25,helo", "192.0.2.25,helo=", "192.0.2.25,mx=a.example"])
def test_what_stands_behind_a_comma_declares_a_helo_or_is_an_error(text: str) -> None:
    with pytest.raises(InputError):
        parse_target(text)
