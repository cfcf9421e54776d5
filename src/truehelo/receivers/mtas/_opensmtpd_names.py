"""What OpenSMTPD takes for a HELO, for a name and for no reverse DNS: util.c, to.c, its libasr (6.8)."""

from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address
from string import digits, hexdigits, whitespace

from truehelo.receivers.mtas._glibc_names import is_hostname, is_ipv6, unescaped

KEPT = 64
"""So much of a PTR name is kept (HOST_NAME_MAX); the rest is cut off before it is looked up."""
LOOPBACK = ("127.0.0.1", "::1")
_DIGITS = frozenset(digits)
_HEX_DIGITS = frozenset(hexdigits)


@lru_cache(maxsize=8192)
def is_helo(text: str) -> bool:
    """Tell whether the argument of EHLO passes (`valid_domainpart`): a literal, or a host name without a final dot."""
    said = text.lstrip(whitespace)
    if said[:1] == "[":
        return said[-1] == "]" and _is_address(said[6:-1] if said[:6].lower() == "[ipv6:" else said[1:-1])
    if not said or said[-1] == ".":
        return False
    return is_hostname(unescaped(said) or "-")


def _is_address(text: str) -> bool:
    """Either family, whatever the tag says."""
    return is_ipv4(text) or is_ipv6(text)


@lru_cache(maxsize=8192)
def is_ipv4(text: str) -> bool:
    """Tell whether inet_pton reads an IPv4 address: four numbers, none with a zero in front."""
    try:
        IPv4Address(text)
    except AddressValueError:
        return False
    return True


@lru_cache(maxsize=8192)
def kept(ptr_name: str) -> str | None:
    """Return what is kept of a PTR name; None where it is no host name, and the next one counts.

    A dot within a label is taken for one between two. The name may be that of the root, which is "".
    """
    name = ptr_name.replace("\\.", ".")
    return name[:KEPT] if is_hostname(name) else None


def is_localhost(name: str) -> bool:
    """Tell whether a kept name is one of the machine's own (RFC 6761 §6.3), which 7.6 does not look up."""
    return name[-9:].lower() == "localhost" and name[-10:-9] in ("", ".")


@lru_cache(maxsize=8192)
def is_network(name: str) -> bool:
    """Tell whether a kept name reads as an IPv4 network (inet_net_pton): `rdns` takes it for no name then."""
    if name[:2] == "0x":
        return 0 < len(name) - 2 <= 8 and _HEX_DIGITS.issuperset(name[2:])
    parts = name.split(".")
    return len(parts) <= 4 and all(part and _DIGITS.issuperset(part) and int(part) <= 255 for part in parts)
