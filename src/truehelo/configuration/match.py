"""Whether patterns, networks and names fit: "customers-*" fits "customers-north". Case matters."""

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from functools import lru_cache
from ipaddress import ip_network

from truehelo.facts.address import Address, Network


def any_match(patterns: Iterable[str], words: Collection[str]) -> bool:
    """Tell whether one of the patterns (`*`, `?`, `[a-z]`) fits one of the words."""
    return any(fnmatchcase(word, pattern) for pattern in patterns for word in words)


def fits_tag(patterns: Iterable[str], tags: Collection[str]) -> bool:
    """Tell whether one of the patterns fits a tag; `DNSBL_LISTED` fits that of each list (`DNSBL_LISTED:spamcop`)."""
    return any_match(patterns, {word for tag in tags for word in (tag, tag.partition(":")[0])})


def in_any_network(ip: Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address is in one of the networks; one of another family never is."""
    return any(ip in network for network in networks)


@lru_cache(maxsize=4096)
def read_network(text: str) -> Network | None:
    """Read an address or a network; None when it is none. Bits behind the prefix are ignored."""
    try:
        return ip_network(text.strip(), strict=False)
    except ValueError:
        return None
