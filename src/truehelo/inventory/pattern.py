"""Names for a whole network: "out-{d}.example.com" stands for a name of each of its addresses.

{a} {b} {c} {d} are the octets of an IPv4 address, {ip} the address with dashes (an IPv6 one written out in full), {n}
its number in the network, from 0. Nothing else may stand in braces.
"""

import re
from collections.abc import Callable
from difflib import get_close_matches
from functools import lru_cache

from truehelo.errors import InputError
from truehelo.facts.address import Address, Network
from truehelo.facts.names import canonical
from truehelo.facts.text import visible
from truehelo.inventory.target import host_name

_MARK = re.compile(r"\{([^{}]*)\}")
_OCTETS = "abcd"
PLACES = ("a", "b", "c", "d", "ip", "n")
ACCEPTED = (
    "accepted are {a} {b} {c} {d} for the octets, {ip} for the address with dashes, {n} for its number in the network"
)


def is_pattern(text: str) -> bool:
    """Tell whether something in braces is to be filled in."""
    return "{" in text or "}" in text


def fill(pattern: str, ip: Address, network: Network) -> str:
    """Return the text for one address of a network; the pattern was read by `name_pattern` or `checked`."""
    if "{" not in pattern:
        return pattern
    return "".join(part if isinstance(part, str) else part(ip, network) for part in _parts(pattern))


def name_pattern(text: str, network: Network) -> str:
    """Return a pattern of host names in canonical form.

    Raises:
        InputError: What stands in braces is unknown, or the name of the first or last address is no host name.
    """
    if not is_pattern(text):
        return host_name(text)
    text = checked(text.strip(), network)
    labels = text.removesuffix(".").split(".")
    if any(is_pattern(label) and not label.isascii() for label in labels):
        # An A-label encodes the whole label, and so would be another one for each address.
        raise InputError(visible(text, 80), "has letters outside ASCII beside what is filled in", "put a dot between them")
    pattern = ".".join(label.lower() if is_pattern(label) else canonical(label) for label in labels)
    for ip in (network.network_address, network.broadcast_address):
        host_name(fill(pattern, ip, network))
    return pattern


def checked(text: str, network: Network) -> str:
    """Return a text whose braces can all be filled in for a network.

    Raises:
        InputError: They cannot; the error says which.
    """
    shown = visible(text, 80)
    if is_pattern(_MARK.sub("", text)):
        raise InputError(shown, "has a brace without its other half", ACCEPTED)
    for word in _MARK.findall(text):
        if word not in PLACES:
            near = get_close_matches(word, PLACES, n=1)
            meant = f"{{{near[0]}}} may be meant; " if near else ""
            raise InputError(shown, f"has an unknown {{{visible(word, 20)}}}", meant + ACCEPTED)
        if word in _OCTETS and network.version == 6:
            raise InputError(shown, f"has {{{word}}}, and an IPv6 address has no such octet", "use {ip} or {n}")
    return text


@lru_cache(maxsize=1024)
def _parts(pattern: str) -> tuple[str | Callable[[Address, Network], str], ...]:
    found = _MARK.split(pattern)
    return tuple(_FILLERS[part] if number % 2 else part for number, part in enumerate(found) if part)


def _octet(number: int) -> Callable[[Address, Network], str]:
    return lambda ip, _: str(ip.packed[number])


def _dashed(ip: Address, _: Network) -> str:
    return str(ip).replace(".", "-") if ip.version == 4 else ip.exploded.replace(":", "-")


_FILLERS: dict[str, Callable[[Address, Network], str]] = {
    **{letter: _octet(number) for number, letter in enumerate(_OCTETS)},
    "ip": _dashed,
    "n": lambda ip, network: str(int(ip) - int(network.network_address)),
}
