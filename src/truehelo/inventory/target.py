"""What a line of the inventory names: an address, a network, `host:NAME` or `domain:NAME`. Read without asking anybody.

An inventory is kept for years, so a bare name is refused: whether it is a host or a domain is not left to the DNS of
the day. A target has one spelling, whatever the operator wrote, so that it can be told whether two lines name the
same.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from truehelo.errors import InputError
from truehelo.facts.address import Address, Network, fold, parse_address, scope
from truehelo.facts.address import Scope as AddressScope
from truehelo.facts.names import MAX_NAME, canonical, name_fault
from truehelo.facts.text import visible

ACCEPTED = "accepted are an address, a network such as 192.0.2.0/28, host:NAME and domain:NAME"
_SEEN_OUTSIDE = (AddressScope.PUBLIC, AddressScope.DOCUMENTATION)
_MAPPED = IPv6Network("::ffff:0:0/96")
# What most names look like, and what nothing is wrong with: lower case, two labels or more, the last one not a number.
_PLAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
MAX_TARGET = 300
"""Characters; a name has at most 253."""


class Kind(StrEnum):
    """What a target is; in the order in which lines are written."""

    ADDRESS = "address"
    HOST = "host"
    NETWORK = "network"
    DOMAIN = "domain"


_KINDS = {kind: number for number, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A target that was read: `ip` of an address, `network` of a network, `name` (canonical) of the others."""

    kind: Kind
    ip: Address | None = None
    network: Network | None = None
    name: str = ""

    def __str__(self) -> str:
        """Return its one spelling."""
        if self.kind is Kind.ADDRESS:
            return str(self.ip)
        return str(self.network) if self.kind is Kind.NETWORK else f"{self.kind}:{self.name}"

    @property
    def order(self) -> tuple[int, int, int, int, str]:
        """What targets are sorted by: kind, family, address, prefix length, name."""
        kind = _KINDS[self.kind]
        if self.ip is not None:
            return kind, self.ip.version, int(self.ip), 0, ""
        if self.network is not None:
            return kind, self.network.version, int(self.network.network_address), self.network.prefixlen, ""
        return kind, 0, 0, 0, self.name


def read_target(text: str) -> Target:
    """Read a target.

    Raises:
        InputError: It is none, or names addresses that nobody outside can judge; the error says why, and what to write.
    """
    text = text.strip()
    shown = visible(text, 80)
    if not text:
        raise InputError("an empty target", "names nothing to watch", ACCEPTED)
    if len(text) > MAX_TARGET:
        raise InputError(shown, f"is longer than {MAX_TARGET} characters", ACCEPTED)
    ip = parse_address(text[1:-1] if text.startswith("[") and text.endswith("]") else text)
    if ip is not None:
        _judgeable(ip, shown)
        return Target(kind=Kind.ADDRESS, ip=ip)
    word, colon, name = text.partition(":")
    if colon and word.strip().lower() in (Kind.HOST, Kind.DOMAIN):
        return Target(kind=Kind(word.strip().lower()), name=host_name(name))
    if "/" in text:
        network = _network(text, shown)
        _judgeable(network.network_address, shown)
        _judgeable(network.broadcast_address, shown)
        return Target(kind=Kind.NETWORK, network=network)
    raise _refused(text, shown)


def known_target(text: str) -> Target:
    """Return the target of a text that `read_target` has brought into its one spelling, without a check."""
    word, colon, name = text.partition(":")
    if colon and word in (Kind.HOST, Kind.DOMAIN):
        return Target(kind=Kind(word), name=name)
    if "/" in text:
        return Target(kind=Kind.NETWORK, network=ip_network(text))
    return Target(kind=Kind.ADDRESS, ip=ip_address(text))


def _refused(text: str, shown: str) -> InputError:
    """Say what a text that is no target may have been meant to be."""
    if "=" in text:
        return InputError(shown, "holds an equals sign", "give the address as target, and the name as expected")
    if "@" in text:
        return InputError(shown, "looks like a mail address", f"give domain:{visible(text.rpartition('@')[2], 80)}")
    if name_fault(text) is None and "." in text:
        name = canonical(text)
        return InputError(shown, "may be a host or a domain", f"write host:{name} or domain:{name}")
    return InputError(shown, "is neither an address nor a network", ACCEPTED)


def _network(text: str, shown: str) -> Network:
    given = parse_address(text.partition("/")[0].strip())
    try:
        meant = ip_network(text, strict=False)
    except ValueError:
        meant = None
    if given is None or meant is None:
        raise InputError(shown, "is not a network in CIDR form", ACCEPTED)
    network = _folded(meant)
    if given != network.network_address:
        raise InputError(
            shown, "has bits set behind its prefix", f"write {network}, or the single address without the prefix"
        )
    return network


def _folded(network: Network) -> Network:
    """Return a network of IPv4-mapped addresses as the IPv4 network that receivers see (RFC 4291 §2.5.5.2)."""
    if not isinstance(network, IPv6Network) or not network.subnet_of(_MAPPED):
        return network
    first = fold(network.network_address)
    return IPv4Network((int(first), network.prefixlen - _MAPPED.prefixlen))


def _judgeable(ip: Address, shown: str) -> None:
    seen = scope(ip)
    if seen not in _SEEN_OUTSIDE:
        raise InputError(shown, f"is {seen}, so that nobody outside can judge it", "give the address that receivers see")


def host_name(text: str) -> str:
    """Return a name in canonical form.

    Raises:
        InputError: It is not a fully qualified host name (RFC 1123 §2.1).
    """
    text = text.strip()
    if _PLAIN.fullmatch(text) and len(text) <= MAX_NAME:
        return text
    shown = visible(text, 80) or "an empty name"
    accepted = "accepted is a fully qualified name such as mail.example.com"
    fault = name_fault(text)
    if fault is not None:
        raise InputError(shown, f"as a name {fault}", accepted)
    name = canonical(text)
    if "." not in name:
        raise InputError(shown, "is a single label", accepted)
    return name
