"""DS and DNSKEY records: which key of a zone its parent vouches for, and by which algorithms (RFC 4034, RFC 8624).

Reads the presentation form, and the key tag from the data. Validates nothing: whether signatures hold is for a resolver.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from truehelo.facts.dns import Record

ALGORITHMS = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    8: "RSASHA256",
    10: "RSASHA512",
    12: "ECC-GOST",
    13: "ECDSAP256SHA256",
    14: "ECDSAP384SHA384",
    15: "ED25519",
    16: "ED448",
}
"""Numbers of DNSSEC algorithms and their names (RFC 8624 §3.1)."""
WEAK = frozenset({1, 3, 5, 6, 7, 12})
"""Not to be used for signing, or not recommended for it (RFC 8624 §3.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ds:
    """A DS record (RFC 4034 §5): the tag and the algorithm of a key, and the kind of the digest (1 is SHA-1)."""

    tag: int
    algorithm: int
    digest: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsKey:
    """A DNSKEY record (RFC 4034 §2): its tag (None where the data is not known), algorithm and flags."""

    tag: int | None
    algorithm: int
    flags: int

    @property
    def signs_zone(self) -> bool:
        """It is a zone key, and not revoked (RFC 4034 §2.1.1, RFC 5011 §7)."""
        return bool(self.flags & 0x0100) and not self.flags & 0x0080


def algorithm_name(number: int) -> str:
    """Return the name of an algorithm, with its number where it has none."""
    return ALGORITHMS.get(number, f"algorithm {number}")


def read_ds(records: Iterable[Record]) -> tuple[Ds, ...]:
    """Read DS records; what is none is passed over."""
    found = []
    for record in records:
        words = record.data.split()
        if len(words) >= 4 and all(word.isdecimal() and len(word) <= 5 for word in words[:3]):
            found.append(Ds(tag=int(words[0]), algorithm=int(words[1]), digest=int(words[2])))
    return tuple(dict.fromkeys(found))


def read_keys(records: Iterable[Record]) -> tuple[DnsKey, ...]:
    """Read DNSKEY records; what is none is passed over."""
    found = []
    for record in records:
        words = record.data.split()
        if len(words) >= 4 and all(word.isdecimal() and len(word) <= 5 for word in words[:3]):
            found.append(DnsKey(tag=_tag(record.raw), algorithm=int(words[2]), flags=int(words[0])))
    return tuple(dict.fromkeys(found))


def _tag(raw: str) -> int | None:
    """The key tag: the sum of the data as numbers of 16 bits (RFC 4034, appendix B)."""
    try:
        octets = bytes.fromhex(raw)
    except ValueError:
        return None
    if len(octets) < 5:
        return None
    total = sum(octet << 8 if number % 2 == 0 else octet for number, octet in enumerate(octets))
    return (total + (total >> 16 & 0xFFFF)) & 0xFFFF


def ds_records(zone: str, records: Iterable[Record]) -> tuple[str, ...]:
    """Return the data of the DS records with SHA-256 for the keys that enter the zone (RFC 4034 §5.1.4, RFC 4509 §2.1)."""
    labels = [label.encode("ascii", "ignore") for label in zone.lower().removesuffix(".").split(".") if label]
    owner = b"".join(bytes([len(label) & 63]) + label for label in labels) + b"\0"
    found = []
    for record in records:
        for key in read_keys([record]):
            if key.tag is not None and key.signs_zone and key.flags & 1:
                digest = hashlib.sha256(owner + bytes.fromhex(record.raw)).hexdigest().upper()
                found.append(f"{key.tag} {key.algorithm} 2 {digest}")
    return tuple(dict.fromkeys(found))


def vouched(ds: Iterable[Ds], keys: Iterable[DnsKey]) -> bool:
    """Tell whether some DS fits a key of the zone, by tag and algorithm (RFC 4035 §5.2)."""
    held = {(key.tag, key.algorithm) for key in keys if key.signs_zone}
    held |= {(None, key.algorithm) for key in keys if key.signs_zone and key.tag is None}
    return any((each.tag, each.algorithm) in held or (None, each.algorithm) in held for each in ds)
