"""The DNS adapter against nsd, knot, bind and unbound: what they say is what comes out."""

import asyncio
import time

import pytest

from integration.servers.dns import CHILD, PARENT, REVERSE4, REVERSE6, Servers, zone_text
from truehelo.facts.address import parse_address, reverse_name
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Question
from truehelo.probes.clock import SystemClock
from truehelo.probes.dns import DnsResolver, parse_resolver

pytestmark = pytest.mark.integration


def reverse(ip: str) -> str:
    address = parse_address(ip)
    assert address is not None
    return reverse_name(address)


def resolver(servers: Servers, *texts: str) -> DnsResolver:
    return DnsResolver(
        [parse_resolver(text) for text in texts or (servers.unbound.resolver,)],
        timeout=2,
        retries=2,
        routes=servers.routes,
        vantage="test",
        clock=SystemClock(),
    )


def lookup(asks: DnsResolver, name: str, rdtype: str) -> Lookup:
    return asyncio.run(asks.lookup(Question(name=name, rdtype=rdtype)))


@pytest.mark.parametrize("server", ["nsd", "knot", "named", "unbound"])
@pytest.mark.parametrize(
    ("name", "rdtype", "outcome", "data"),
    [
        (reverse("192.0.2.25"), "PTR", "answer", ["mail.business.example."]),
        (reverse("192.0.2.26"), "PTR", "answer", ["old.business.example."]),
        (reverse("192.0.2.27"), "PTR", "nxdomain", []),
        (reverse("192.0.2.25"), "TXT", "nodata", []),
        ("mail.business.example", "A", "answer", ["192.0.2.25"]),
        ("mail.business.example", "AAAA", "answer", ["2001:db8::25"]),
        ("old.business.example", "A", "answer", ["192.0.2.99"]),
        ("relay.business.example", "AAAA", "nodata", []),
        ("nobody.business.example", "A", "nxdomain", []),
        ("business.example", "MX", "answer", ["10 mail.business.example."]),
        ("business.example", "TXT", "answer", ['"v=spf1 mx a:gate.business.example" " a:moved.business.example -all"']),
    ],
)
def test_each_server_is_understood(
    servers: Servers, server: str, name: str, rdtype: str, outcome: str, data: list[str]
) -> None:
    found = lookup(resolver(servers, getattr(servers, server).resolver), name, rdtype)
    assert (found.outcome, [record.data for record in found.records]) == (outcome, data)
    believed = found.believed
    assert believed is not None
    assert believed.authoritative is (server != "unbound")
    if found.outcome.is_denial:
        assert believed.soa is not None
        assert believed.soa.owner in (REVERSE4, "business.example")


def test_a_reverse_name_of_ipv6_is_found_through_the_recursor(servers: Servers) -> None:
    found = lookup(resolver(servers), reverse("2001:db8::25"), "PTR")
    assert [record.data for record in found.records] == ["mail.business.example."]


def test_a_classless_delegation_is_followed_and_its_alias_kept(servers: Servers) -> None:
    found = lookup(resolver(servers), reverse("198.51.100.33"), "PTR")
    assert [record.data for record in found.records] == ["relay.business.example."]
    assert [(record.owner, record.data) for record in found.chain] == [(reverse("198.51.100.33"), f"33.{CHILD}.")]
    absent = lookup(resolver(servers), reverse("198.51.100.34"), "PTR")
    assert (absent.outcome, absent.owner) == ("nxdomain", f"34.{CHILD}")


def test_a_server_without_the_zone_refuses_and_the_next_one_answers(servers: Servers) -> None:
    asks = resolver(servers, servers.knot.resolver, servers.nsd.resolver)
    found = lookup(asks, reverse("198.51.100.4"), "PTR")
    assert [x.outcome for x in found.exchanges] == ["refused", "answer"]
    assert [record.data for record in found.records] == ["198-51-100-4.dynamic.cloudhost.example."]


def view(servers: Servers, name: str) -> AuthoritativeView:
    return asyncio.run(resolver(servers).authoritative(Question(name=name, rdtype="PTR")))


def said(exchanges: tuple[Exchange, ...]) -> dict[str, list[str]]:
    return {x.server: [record.data for record in x.records] for x in exchanges if x.authoritative}


@pytest.mark.parametrize(
    ("ip", "apex", "expected"),
    [
        (
            "192.0.2.25",
            REVERSE4,
            {
                "ns1.business.example@192.0.2.53:53": ["mail.business.example."],
                "ns2.business.example@192.0.2.54:53": ["mail.business.example."],
                "ns3.business.example@192.0.2.55:53": ["mail.business.example."],
            },
        ),
        ("192.0.2.77", REVERSE4, {f"ns{i}.business.example@192.0.2.{52 + i}:53": [] for i in (1, 2, 3)}),
        ("198.51.100.4", PARENT, {"ns1.business.example@192.0.2.53:53": ["198-51-100-4.dynamic.cloudhost.example."]}),
        ("198.51.100.33", CHILD, {"ns2.business.example@192.0.2.54:53": ["relay.business.example."]}),
        (
            "2001:db8::25",
            REVERSE6,
            {f"ns{i}.business.example@192.0.2.{52 + i}:53": ["mail.business.example."] for i in (2, 3)},
        ),
    ],
)
def test_the_cut_is_found_and_each_of_its_servers_asked(
    servers: Servers, ip: str, apex: str, expected: dict[str, list[str]]
) -> None:
    seen = view(servers, reverse(ip))
    assert (seen.apex, seen.detail) == (apex, "")
    assert (seen.primary, seen.contact) == ("ns1.business.example", "hostmaster@business.example")
    assert said(seen.exchanges) == expected


def test_a_change_shows_at_the_authority_while_the_recursor_still_has_the_old_one(servers: Servers) -> None:
    """What `wait` rests on: the new record at the source, the old one in the cache with a TTL that falls."""
    question = Question(name=reverse("198.51.100.4"), rdtype="PTR")
    (before,) = asyncio.run(resolver(servers).ask_each(question))
    servers.nsd.reload(
        PARENT, zone_text(PARENT, "4 PTR mail.business.example.\n32-63 NS ns2.business.example.\n", serial=2)
    )
    try:
        until = time.monotonic() + 15
        while True:
            source = said(view(servers, question.name).exchanges).get("ns1.business.example@192.0.2.53:53", [])
            if source == ["mail.business.example."] or time.monotonic() > until:
                break
            time.sleep(0.2)
        assert source == ["mail.business.example."]
        time.sleep(1.1)
        (cached,) = asyncio.run(resolver(servers).ask_each(question))
        assert [record.data for record in cached.records] == ["198-51-100-4.dynamic.cloudhost.example."]
        assert cached.records[0].ttl < before.records[0].ttl
    finally:
        servers.nsd.reload(PARENT, zone_text(PARENT, serial=3))


def test_the_guard_keeps_a_name_server_that_has_no_route_from_being_contacted(servers: Servers) -> None:
    """Without a route the name servers of the zones are at documentation addresses, which nobody may contact here."""
    asks = DnsResolver(
        [parse_resolver(servers.unbound.resolver)],
        routes=type(servers.routes)(loopback_only=True),
        vantage="test",
        clock=SystemClock(),
    )
    began = time.monotonic()
    seen = asyncio.run(asks.authoritative(Question(name=reverse("192.0.2.25"), rdtype="PTR")))
    assert {(x.outcome, x.detail) for x in seen.exchanges} == {("timeout", "not contacted: TRUEHELO_LOOPBACK_ONLY is set")}
    assert time.monotonic() - began < 2


NAMES = [f"{name}.business.example" for name in ("mail", "relay", "old", "ns1", "ns2", "ns3")]


def many(servers: Servers, text: str) -> list[tuple[str, str]]:
    """Ask for several names at once over one resolver, and close it."""

    async def run() -> list[tuple[str, str]]:
        asks = resolver(servers, text)
        try:
            found = await asyncio.gather(*(asks.lookup(Question(name=name, rdtype="A")) for name in NAMES))
        finally:
            await asks.aclose()
        return [(x.outcome, x.detail) for lookup in found for x in lookup.exchanges[-1:]]

    return asyncio.run(run())


@pytest.mark.parametrize(
    ("sentence", "text", "trusted", "outcome", "detail"),
    [
        ("TLS without a name takes any certificate", "tls://127.0.53.4:{tls}", False, "answer", ""),
        ("TLS with the name in a trusted certificate", "tls://127.0.53.4:{tls}#dns.example", True, "answer", ""),
        (
            "TLS with a name that the certificate does not hold",
            "tls://127.0.53.4:{tls}#other.example",
            True,
            "timeout",
            "the certificate was not accepted: Hostname mismatch",
        ),
        (
            "TLS with a certificate that nobody vouches for",
            "tls://127.0.53.4:{tls}#dns.example",
            False,
            "timeout",
            "the certificate was not accepted: self-signed certificate",
        ),
        ("HTTPS with a trusted certificate", "https://127.0.53.4:{https}/dns-query", True, "answer", ""),
        (
            "HTTPS with a certificate that nobody vouches for",
            "https://127.0.53.4:{https}/dns-query",
            False,
            "timeout",
            "no DNS reply",
        ),
        ("HTTPS at a path that is none", "https://127.0.53.4:{https}/nothing", True, "timeout", "no DNS reply over HTTPS"),
        (
            "HTTPS to a port where nobody listens",
            "https://127.0.53.4:1/dns-query",
            True,
            "timeout",
            "no DNS reply over HTTPS",
        ),
        ("TLS to a port where nobody listens", "tls://127.0.53.4:1", True, "timeout", "connection refused"),
        ("TLS to a port that does not speak it", "tls://{udp}", True, "timeout", ""),
    ],
)
def test_encrypted_ways_to_a_resolver(
    servers: Servers,
    monkeypatch: pytest.MonkeyPatch,
    sentence: str,
    text: str,
    trusted: bool,
    outcome: str,
    detail: str,
) -> None:
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(servers.trust))
    where = text.format(tls=servers.tls, https=servers.https, udp=servers.unbound.resolver)
    for found, said_so in many(servers, where):
        assert found == outcome, (sentence, said_so)
        assert said_so.startswith(detail), sentence
