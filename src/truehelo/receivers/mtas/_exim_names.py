"""What Exim takes for a HELO, and which names it asks DNS for: smtp_in.c check_helo, dns.c (4.96)."""

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from string import ascii_letters, digits

_OCTETS = frozenset(map(str, range(256)))
_HELO = frozenset(ascii_letters + digits + ".-")
_ASKED = _HELO | frozenset("_/")


@lru_cache(maxsize=8192)
def is_helo(text: str, allowed: str = "") -> bool:
    """Tell whether Exim takes this argument of EHLO; `allowed` is helo_allow_chars."""
    if text[:1] != "[":
        return text != "" and (_HELO.issuperset(text) or (allowed != "" and _HELO.union(allowed).issuperset(text)))
    if text[-1] != "]" or len(text) < 2:
        return False
    tag, inner = text[1:6].lower(), text[6:-1]
    if tag == "ipv6:":
        return is_ipv6(inner)
    return is_ipv4(inner) if tag == "ipv4:" else is_ipv4(text[1:-1]) or is_ipv6(text[1:-1])


@lru_cache(maxsize=8192)
def is_asked(name: str) -> bool:
    """Tell whether Exim asks DNS for the addresses of a name: an address in place of a name is not asked for.

    dns_check_names_pattern: labels of letters, digits and underscores, with slashes and hyphens inside; a final dot.
    """
    if not _ASKED.issuperset(name):
        return False
    plain = name.removesuffix(".").replace("/", "-")
    if not plain or plain[0] in ".-" or plain[-1] in ".-" or ".." in plain or ".-" in plain or "-." in plain:
        return False
    return not is_ipv4(name)


def is_ipv4(text: str) -> bool:
    """Tell whether Exim takes `text` for an IPv4 address: no leading zeros."""
    octets = text.split(".")
    return len(octets) == 4 and all(octet in _OCTETS for octet in octets)


def is_ipv6(text: str) -> bool:
    """Tell whether Exim takes `text` for an IPv6 address."""
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


def holds_other_characters(name: str) -> bool:
    """Tell whether a PTR name holds something else than letters, digits, hyphens and dots (since 4.97 others go first)."""
    return not _HELO.issuperset(name)
