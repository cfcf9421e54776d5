"""Which servers are not contacted although somebody's NS record names them. Sockets are blocked here: one would fail."""

import asyncio

import pytest
from pytest_socket import SocketBlockedError

from support.scripteddns import PTR
from truehelo.facts.dns import Exchange, Outcome
from truehelo.probes.clock import SystemClock
from truehelo.probes.dns.asker import NetworkAsker
from truehelo.probes.dns.upstream import parse_resolver
from truehelo.probes.routes import Routes

INSIDE = [
    ("this machine", "127.0.0.1"),
    ("any address of this machine", "0.0.0.0"),
    ("this machine over IPv6", "::1"),
    ("this machine, mapped into IPv6", "::ffff:127.0.0.1"),
    ("this machine behind NAT64", "64:ff9b::7f00:1"),
    ("a private network", "10.0.0.53"),
    ("a private network of IPv6", "fd00::53"),
    ("where clouds keep their metadata", "169.254.169.254"),
    ("a link", "fe80::53"),
    ("carrier-grade NAT", "100.64.0.53"),
    ("a group of machines", "224.0.0.251"),
    ("everybody on the link", "255.255.255.255"),
]


def ask(where: str, *routes: str) -> Exchange:
    asker = NetworkAsker(timeout_s=0.1, routes=Routes.parse(routes), vantage="test", clock=SystemClock(), max_in_flight=1)
    return asyncio.run(asker.ask(parse_resolver(where), PTR, recursive=False))


@pytest.mark.parametrize(("what", "ip"), INSIDE, ids=[row[0] for row in INSIDE])
def test_a_strangers_name_server_inside_our_own_network_is_not_contacted(what: str, ip: str) -> None:
    said = ask(ip)
    assert (said.outcome, said.unsent) == (Outcome.TIMEOUT, True)
    assert said.detail.startswith("not contacted: ")
    assert said.detail.endswith(", not public")


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_a_server_that_the_user_routed_elsewhere_is_contacted_there() -> None:
    """Contacted, and so stopped by the block on sockets; the way in is the user's own."""
    with pytest.raises(SocketBlockedError):
        ask("10.0.0.53", "10.0.0.53:53:127.0.0.1:9")
