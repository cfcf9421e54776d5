"""The standard worlds: the clients by which receivers are told apart, each with a name that reads as a sentence.

Every page of a receiver shows what it does with each of them, and a test holds the page to it. Facts are taken at their
face here: a lookup that fails has failed for the receiver.
"""

from dataclasses import replace
from functools import lru_cache

from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, Hosts, Names

_V4, _V6 = parse_address("203.0.113.25"), parse_address("2001:db8::25")
_OTHER4, _OTHER6 = parse_address("203.0.113.80"), parse_address("2001:db8::80")
GOOD = "mail.example.com"
_OWN = "smtp.example.com"
_DEFAULT = "203-0-113-25.dynamic.cloudhost.example"


def _hosts(*addresses: Address | None) -> Hosts:
    found = tuple(each for each in addresses if each is not None)
    return Hosts(Outcome.ANSWER, found) if found else Hosts(Outcome.NODATA)


def _named(*names: str) -> Names:
    return Names(Outcome.ANSWER, names)


def _client(
    ip: Address | None,
    ptr: Names,
    forwards: dict[str, tuple[Hosts, Hosts]],
    helo: str,
    mx: dict[str, Names] | None = None,
) -> Client:
    """One client; a name that `forwards` does not hold is in no DNS."""
    if ip is None:
        raise ValueError("a standard world has an address")
    known = {(name, family): hosts[i] for name, hosts in forwards.items() for i, family in enumerate((4, 6))}
    for name in (*ptr.names, helo.lower()):
        for family in (4, 6):
            known.setdefault((name, family), Hosts(Outcome.NXDOMAIN))
    return Client(ip=ip, ptr=ptr, forwards=known, mx={helo.lower(): Names(Outcome.NXDOMAIN)} | (mx or {}), helo=helo)


@lru_cache(maxsize=1)
def standard_worlds() -> dict[str, Client]:
    """Return the worlds by their names, the right one first."""
    none, fails = Hosts(Outcome.NODATA), Hosts(Outcome.SERVFAIL)
    right, elsewhere = (_hosts(_V4), none), (_hosts(_OTHER4), none)
    good = _client(_V4, _named(GOOD), {GOOD: right}, GOOD)
    mine = {GOOD: right, _OWN: right}
    default = {_DEFAULT: right, GOOD: right}
    two = {GOOD: right, "old.example.com": elsewhere}
    worlds = {
        "right in every name": good,
        "no PTR": replace(good, ptr=Names(Outcome.NXDOMAIN)),
        "the PTR name leads elsewhere": _client(_V4, _named("old.example.com"), two, GOOD),
        "the PTR name has no address": _client(_V4, _named("gone.example.com"), {GOOD: right}, GOOD),
        "the PTR cannot be looked up (SERVFAIL)": replace(good, ptr=Names(Outcome.SERVFAIL)),
        "the address of the PTR name cannot be looked up (SERVFAIL)": _client(
            _V4, _named("slow.example.com"), {"slow.example.com": (fails, fails), GOOD: right}, GOOD
        ),
        "two PTR names, the first leads elsewhere": _client(_V4, _named("old.example.com", GOOD), two, GOOD),
        "two PTR names, the second leads elsewhere": _client(_V4, _named(GOOD, "old.example.com"), two, GOOD),
        "the PTR name holds an underscore": _client(
            _V4, _named("mail_1.example.com"), {"mail_1.example.com": right, GOOD: right}, GOOD
        ),
        "a provider's default PTR that leads back, and a HELO of its own": _client(_V4, _named(_DEFAULT), default, GOOD),
        "a provider's default PTR that leads back, also as HELO": _client(_V4, _named(_DEFAULT), default, _DEFAULT),
        "the HELO is another name that leads back": _client(_V4, _named(GOOD), mine, _OWN),
        "the HELO leads elsewhere": _client(_V4, _named(GOOD), mine | {_OWN: elsewhere}, _OWN),
        "the HELO is in no DNS": _client(_V4, _named(GOOD), {GOOD: right}, "mail.nowhere.example"),
        "the HELO has an MX alone": _client(
            _V4, _named(GOOD), {GOOD: right, "example.com": (none, none)}, "example.com", {"example.com": _named(GOOD)}
        ),
        "the HELO cannot be looked up (SERVFAIL)": _client(
            _V4, _named(GOOD), {GOOD: right, _OWN: (fails, fails)}, _OWN, {_OWN: Names(Outcome.SERVFAIL)}
        ),
        "the HELO is a single label": _client(_V4, _named(GOOD), {GOOD: right}, "mail"),
        "the HELO is localhost": _client(_V4, _named(GOOD), {GOOD: right}, "localhost"),
        "the HELO is the bare address": _client(_V4, _named(GOOD), {GOOD: right}, str(_V4)),
        "the HELO is the address literal": _client(_V4, _named(GOOD), {GOOD: right}, f"[{_V4}]"),
        "the HELO is the literal of another address": _client(_V4, _named(GOOD), {GOOD: right}, f"[{_OTHER4}]"),
        "the HELO holds an underscore": _client(
            _V4, _named(GOOD), {GOOD: right, "mail_1.example.com": right}, "mail_1.example.com"
        ),
        "no PTR, and a single label as HELO": _client(_V4, Names(Outcome.NXDOMAIN), {}, "mail"),
    }
    return worlds | _over_ipv6(none)


def _over_ipv6(none: Hosts) -> dict[str, Client]:
    both, v4_alone = (_hosts(_V4), _hosts(_V6)), (_hosts(_V4), none)
    return {
        "over IPv6, right in every name": _client(_V6, _named(GOOD), {GOOD: both}, GOOD),
        "over IPv6, no PTR": _client(_V6, Names(Outcome.NXDOMAIN), {GOOD: both}, GOOD),
        "over IPv6, the PTR name has an A record alone": _client(_V6, _named(GOOD), {GOOD: v4_alone}, GOOD),
        "over IPv6, the HELO is the address literal": _client(_V6, _named(GOOD), {GOOD: both}, f"[IPv6:{_V6}]"),
    }
