"""Texts of reports on their way into the database: what a column or an index takes, digests of what is longer, networks."""

from hashlib import blake2b
from socket import AF_INET6, inet_ntop, inet_pton

from truehelo.facts.text import storable

_LONGEST = 1000


def clean(text: str, longest: int = _LONGEST) -> str:
    """Return a text without what no database takes (NUL, halves of surrogate pairs), cut where it would be too long.

    Indexes count octets, so that `longest` is in octets of UTF-8; no character is cut in two.
    """
    text = storable(text[:longest])
    if text.isascii():
        return text
    return text.encode()[:longest].decode("utf-8", "ignore")


def digest_of(*parts: str) -> bytes:
    """Return 16 octets that stand for these texts, however long they are."""
    digest = blake2b(digest_size=16)
    for part in parts:
        octets = part.encode("utf-8", "surrogatepass")
        digest.update(len(octets).to_bytes(4, "big") + octets)
    return digest.digest()


def family_of(ip: str) -> int:
    """Return 4 or 6 for an address in canonical form."""
    return 6 if ":" in ip else 4


def network_of(ip: str) -> str:
    """Return the /24 or the /64 of an address in canonical form: neighbours, mostly in one hand."""
    if ":" not in ip:
        return f"{ip.rpartition('.')[0]}.0/24"
    return f"{inet_ntop(AF_INET6, inet_pton(AF_INET6, ip)[:8] + bytes(8))}/64"
