"""Haraka's plugin fcrdns with its rejects: reverse and forward, answered in place of the greeting.

haraka-plugin-fcrdns 1.2.1 (`index.js`), run under Haraka 3.3.4. RFC 8601 §3 with all PTR names, both families, and the
same /24 as good as the address. Does not decide what HELO is worth.
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address

from truehelo.facts.address import Address
from truehelo.facts.dns import Outcome
from truehelo.generic.haraka import haraka_generic
from truehelo.generic.registered import registered
from truehelo.receivers.client import Client, once
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SOURCE = "haraka-plugin-fcrdns 1.2.1, run under Haraka 3.3.4"
FCRDNS = {
    "reject.no_rdns": "fcrdns: refuse an address without PTR record",
    "reject.no_fcrdns": "fcrdns: refuse when no PTR name leads to the address or its /24",
    "reject.invalid_tld": "fcrdns: refuse a PTR name without a top-level name of the public suffix list",
    "reject.generic_rdns": "fcrdns: refuse a PTR name that holds two octets of the address",
}


def _rule(key: str, words: str) -> Rule:
    return Rule(id=key, words=words, grade=Grade.SOURCE, source=_SOURCE, seen="2026-11")


_NO_RDNS = _rule("reject.no_rdns", "the address has no PTR record")
_ERROR = _rule("reject.no_rdns (lookup error)", "the PTR query fails, which Node.js does not tell from no record")
_TIMEOUT = _rule("reject.no_rdns (timeout)", "the PTR query is not given up before the plugin's own timeout of 29 seconds")
_NO_FCRDNS = _rule(
    "reject.no_fcrdns", "no PTR name has the address, or one of its /24; a forward lookup that fails counts as no address"
)
_TLD = _rule("reject.invalid_tld", "a PTR name has no top-level name of the public suffix list")
_GENERIC = _rule("reject.generic_rdns", "a PTR name holds two octets of the address below the registered domain")
FCRDNS_RULES = (_NO_RDNS, _ERROR, _TIMEOUT, _NO_FCRDNS, _TLD, _GENERIC)

ASKED = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-._/*")
"""The characters of names that its resolver, c-ares, asks for; a name with any other has no addresses for it."""
_NOT_CONFIRMED = Judgement(Reception.REFUSE, _NO_FCRDNS, "554 Sorry, no FCrDNS match found")
_LOST = either((_NOT_CONFIRMED, Judgement(Reception.ACCEPT, _NO_FCRDNS)), "which DNS reply comes first")
"""An unreadable reply to another question swallows the good one, or comes after it."""


class Fcrdns:
    """The plugin in one configuration."""

    def __init__(self, on: frozenset[str]) -> None:
        self.on = bool(on & FCRDNS.keys())
        self.no_rdns, self.no_fcrdns = "reject.no_rdns" in on, "reject.no_fcrdns" in on
        self.tld, self.generic = "reject.invalid_tld" in on, "reject.generic_rdns" in on

    def judge(self, client: Client) -> Judgement | None:
        """Return the refusal, None when there is none."""
        if client.ptr.outcome.is_undetermined:
            return _lookup_error(client) if self.no_rdns else None
        names = client.ptr.names
        if not names:
            reply = f"554 client [{client.address}] rejected; no rDNS"
            return Judgement(Reception.REFUSE, _NO_RDNS, reply) if self.no_rdns else None
        listed = _listed(client)
        if self.tld and len(listed) < len(set(names)):
            name = next(name for name in names if name not in listed)
            reply = f"554 client [{client.address}] rejected; invalid TLD in rDNS ({name})"
            return Judgement(Reception.REFUSE, _TLD, reply)
        if self.generic:
            for name in listed:
                if haraka_generic(name, client.ip):
                    reply = f"554 client {name} [{client.ip}] rejected; generic rDNS, please use your ISPs SMTP relay"
                    return Judgement(Reception.REFUSE, _GENERIC, reply)
        if self.no_fcrdns and not any(is_near(client.ip, address) for address in found(client, listed)):
            lost = any(is_near(client.ip, each) for name in listed for each in client.hosts(name, client.family).addresses)
            return _LOST if lost and all(map(ASKED.issuperset, listed)) else _NOT_CONFIRMED
        return None


@once
def _listed(client: Client) -> tuple[str, ...]:
    """The PTR names, each once, whose top-level name is in the list."""
    return tuple([name for name in dict.fromkeys(client.ptr.names) if registered(name) is not None])


def _lookup_error(client: Client) -> Judgement:
    refused = Judgement(Reception.REFUSE, _ERROR, f"554 client [{client.ip}] rejected; no rDNS")
    if client.ptr.outcome is not Outcome.TIMEOUT:
        return refused
    # One resolver is given up after 15 seconds or so, three of them later than the plugin waits.
    delayed = Judgement(Reception.TEMPFAIL, _TIMEOUT, f"421 client [{client.ip}] rDNS lookup timeout")
    return either((refused, delayed), "how many resolvers it has")


def found(client: Client, names: Iterable[str]) -> Iterator[Address]:
    """Yield the addresses that Haraka finds of some names that it asks for at once, AAAA before A.

    All questions go over one socket, which c-ares closes at a reply that it cannot read: what comes after that is lost.
    """
    for name in names:
        if not ASKED.issuperset(name):
            continue
        for family in (6, 4):
            hosts = client.hosts(name, family)
            if hosts.outcome is Outcome.MALFORMED:
                return
            yield from hosts.addresses


def is_near(ip: Address, other: Address) -> bool:
    """Tell whether an address is another one, or in its /24."""
    if isinstance(ip, IPv4Address) and isinstance(other, IPv4Address):
        return int(ip) >> 8 == int(other) >> 8
    return ip == other
