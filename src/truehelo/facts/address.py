"""Addresses: reading them, folding mapped ones, their reverse name, and who can see them.

RFC 4291 §2.5.5.2 (IPv4-mapped), RFC 1035 §3.5 and RFC 3596 §2.5 (reverse names), RFC 6890 (special purposes), RFC 6052
§2.1 and RFC 8215 (NAT64).
"""

from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class Scope(StrEnum):
    """From where an address can be seen."""

    PUBLIC = "public"
    DOCUMENTATION = "documentation"
    """RFC 5737, RFC 3849, RFC 9637: judged like a public one, so that examples and laboratories can be judged."""
    PRIVATE = "private"
    LOOPBACK = "loopback"
    LINK_LOCAL = "link-local"
    CGNAT = "shared (carrier-grade NAT)"
    NAT64 = "translated (NAT64)"
    RESERVED = "reserved"


_SCOPES: tuple[tuple[Scope, tuple[Network, ...]], ...] = tuple(
    (scope, tuple(ip_network(text) for text in networks.split()))
    for scope, networks in (
        (Scope.DOCUMENTATION, "192.0.2.0/24 198.51.100.0/24 203.0.113.0/24 2001:db8::/32 3fff::/20"),
        (Scope.PRIVATE, "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7 fec0::/10"),
        (Scope.LOOPBACK, "127.0.0.0/8 ::1/128"),
        (Scope.LINK_LOCAL, "169.254.0.0/16 fe80::/10"),
        (Scope.CGNAT, "100.64.0.0/10"),
        (Scope.NAT64, "64:ff9b::/96 64:ff9b:1::/48"),
        (Scope.RESERVED, "0.0.0.0/8 192.0.0.0/24 198.18.0.0/15 224.0.0.0/3 ::/128 100::/64 ff00::/8"),
    )
)


@lru_cache(maxsize=8192)
def parse_address(text: str) -> Address | None:
    """Read an IPv4 or IPv6 address, an IPv4-mapped one folded to IPv4; None when it is none (a scope id counts as none)."""
    if "%" in text:
        return None
    try:
        return fold(ip_address(text))
    except ValueError:
        return None


def names_loopback(host: str) -> bool:
    """Tell whether a host as it is configured, an address or a name, is this machine for certain (RFC 6761 §6.3)."""
    ip = parse_address(host.strip("[]"))
    return ip.is_loopback if ip is not None else host.lower() == "localhost"


def fold(ip: Address) -> Address:
    """Return an IPv4-mapped IPv6 address as the IPv4 address that receivers see (RFC 4291 §2.5.5.2)."""
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    return ip


@lru_cache(maxsize=8192)
def scope(ip: Address) -> Scope:
    """Return from where `ip` can be seen (RFC 6890)."""
    for found, networks in _SCOPES:
        if any(ip in network for network in networks):
            return found
    return Scope.PUBLIC


def judgeable(ip: Address) -> bool:
    """Tell whether somebody outside can see, and so judge, this address."""
    return scope(ip) in (Scope.PUBLIC, Scope.DOCUMENTATION)


@lru_cache(maxsize=8192)
def reverse_name(ip: Address) -> str:
    """Return the name that holds the PTR of `ip`, without a final dot (RFC 1035 §3.5, RFC 3596 §2.5)."""
    return ip.reverse_pointer


def forward_type(ip: Address) -> str:
    """Return the record type that leads forward to this family: A or AAAA."""
    return "A" if ip.version == 4 else "AAAA"
