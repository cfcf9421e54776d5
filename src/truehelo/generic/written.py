"""The ways to write an address into a host name, looked for from the address itself.

IPv4: dotted, hyphenated, reversed, zero-padded, written together, hexadecimal, decimal. IPv6: runs of nibbles, groups,
forward and reversed. One or two octets that happen to stand in a name are no evidence (mta-100-25.example.com may well be
the hundredth), so all four are asked for, or three beside an access-network word.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from itertools import pairwise

from truehelo.facts.address import Address
from truehelo.generic.reason import Reason

_DIGITS = re.compile(r"[0-9]+")
_GROUPS = re.compile(r"(?<![0-9a-z])[0-9a-f]{1,4}(?:(?:-[0-9a-f]{1,4}){3,7}|(?:\.[0-9a-f]{1,4}){3,7})(?![0-9a-z])")
_HEX = re.compile(r"[0-9a-f]{8}|[0-9a-f]{2}(?:-[0-9a-f]{2}){3}|[0-9a-f]{2}(?:\.[0-9a-f]{2}){3}")
_SEPARATORS = str.maketrans("", "", ".-_")
_TIGHT = frozenset({".", "-", "_", "x"})
_HEX_DIGITS = frozenset("0123456789abcdef")
_LOOSE = 6
_NIBBLES = 8
_MIN_DIGITS = 6
_MIN_TELLING = 4

Run = tuple[int, str, int, int]
"""A run of digits: its value, its text, where it starts and where it ends. A run of more than 3 digits has value -1."""


def written_address(host: str, ip: Address, *, beside: str | None) -> Reason | None:
    """Return how `host` (lower case, without its last label) holds `ip`; `beside` is an access word found in it."""
    if isinstance(ip, IPv6Address):
        return _v6(host, ip)
    runs = _DIGITS.findall(host)
    if max(map(len, runs), default=0) >= _MIN_DIGITS and (found := _number(runs, ip)):
        return found
    if _HEX.search(host) and (found := _hex(host, ip)):
        return found
    return _octets(host, ip, beside) if len(runs) >= 3 else None


# IPv4


def _numbers(ip: IPv4Address) -> tuple[tuple[str, str], ...]:
    """The address as one number, and how each of these is called."""
    octets = list(ip.packed)
    padded = [f"{octet:03d}" for octet in octets]
    forms = (
        ("".join(padded), "zero-padded"),
        ("".join(reversed(padded)), "zero-padded and reversed"),
        (str(int(ip)), "as a decimal number"),
        ("".join(map(str, octets)), "written together"),
        ("".join(map(str, reversed(octets))), "written together and reversed"),
    )
    return tuple((text, called) for text, called in forms if len(text) >= _MIN_DIGITS)


def _number(runs: list[str], ip: IPv4Address) -> Reason | None:
    for text, called in _numbers(ip):
        if text in runs:
            return Reason(rule="holds-address", detail=f"holds its own address {called}")
    return None


def _hex(host: str, ip: IPv4Address) -> Reason | None:
    for octets, called in ((ip.packed, "in hex"), (ip.packed[::-1], "in reversed hex")):
        if _stands_alone(octets.hex(), host) or any(_stands_alone(octets.hex(sep), host) for sep in "-."):
            return Reason(rule="holds-address-hex", detail=f"holds its own address {called}")
    return None


def _stands_alone(text: str, host: str) -> bool:
    """Not cut out of a longer number: a letter may stand before it (p5b0a...), no hexadecimal digit after it."""
    start = host.find(text)
    while start >= 0:
        end = start + len(text)
        before, after = host[start - 1 : start], host[end : end + 1]
        if not before.isdecimal() and after not in _HEX_DIGITS:
            return True
        start = host.find(text, start + 1)
    return False


def _octets(host: str, ip: IPv4Address, beside: str | None) -> Reason | None:
    runs: list[Run] = [
        (int(found.group()) if found.end() - found.start() <= 3 else -1, found.group(), found.start(), found.end())
        for found in _DIGITS.finditer(host)
    ]
    values = [run[0] for run in runs]
    octets = list(ip.packed)
    orders = ((octets, ""), (octets[::-1], " in reverse order"), (octets[3:] + octets[:3], " in parts"))
    for wanted, called in orders:
        for i in range(len(runs) - 3):
            if values[i : i + 4] == wanted and _together(host, four := runs[i : i + 4]):
                padded = ", zero-padded" if any(len(run[1]) > 1 and run[1][0] == "0" for run in four) else ""
                return Reason(rule="holds-address", detail=f"holds its own address{called}{padded}")
    return _three(host, octets, runs, beside)


def _together(host: str, runs: list[Run]) -> bool:
    """The runs belong together: one separator between them, or, with digits enough to tell, a short word."""
    between = [host[one[3] : other[2]] for one, other in pairwise(runs)]
    if all(text in _TIGHT for text in between):
        return True
    return sum(len(run[1]) for run in runs) >= _MIN_DIGITS and all(len(text) <= _LOOSE for text in between)


def _three(host: str, octets: list[int], runs: list[Run], beside: str | None) -> Reason | None:
    """Three octets in a row, and either an access word beside them or the fourth elsewhere in the name."""
    for i, fourth in _threes(host, octets, runs):
        if any(run[0] == fourth for run in runs[:i] + runs[i + 3 :]):
            return Reason(rule="holds-address", detail="holds its own address in parts")
        if beside is not None:
            return Reason(rule="holds-octets", detail=f'holds three octets of its own address and the word "{beside}"')
    return None


def _threes(host: str, octets: list[int], runs: list[Run]) -> Iterator[tuple[int, int]]:
    """Yield where three neighbouring octets stand, forward or reversed, and which octet is then missing."""
    wanted = ((octets[:3], octets[3]), (octets[1:], octets[0]))
    for i in range(len(runs) - 2):
        three = runs[i : i + 3]
        tight = all(host[one[3] : other[2]] in _TIGHT for one, other in pairwise(three))
        if not tight or sum(len(run[1]) for run in three) < _MIN_DIGITS - 1:
            continue
        values = [run[0] for run in three]
        yield from ((i, fourth) for order, fourth in wanted if values in (order, order[::-1]))


# IPv6


@lru_cache(maxsize=256)
def _windows(ip: IPv6Address) -> tuple[frozenset[str], frozenset[str]]:
    """Every run of eight nibbles, forward and reversed, that tells something: runs of mere zeros do not."""
    nibbles = ip.packed.hex()
    runs = [nibbles[i : i + _NIBBLES] for i in range(len(nibbles) - _NIBBLES + 1)]
    telling = [run for run in runs if _NIBBLES - run.count("0") >= _MIN_TELLING]
    return frozenset(telling), frozenset(run[::-1] for run in telling)


def _v6(host: str, ip: IPv6Address) -> Reason | None:
    plain = host.translate(_SEPARATORS)
    forward, backward = _windows(ip)
    found = [plain[i : i + _NIBBLES] for i in range(len(plain) - _NIBBLES + 1)]
    if any(run in forward for run in found):
        return Reason(rule="holds-address-hex", detail="holds a part of its own address in hex")
    if any(run in backward for run in found):
        return Reason(rule="holds-address-hex", detail="holds a part of its own address in reversed hex")
    compressed = str(ip).replace(":", "-")
    if len(compressed) >= _NIBBLES and _stands_alone(compressed, host):
        return Reason(rule="holds-address", detail="holds its own address")
    return _groups(host, ip)


def _groups(host: str, ip: IPv6Address) -> Reason | None:
    """Four groups of the address in a row, leading zeros left out or not."""
    groups = [int(group, 16) for group in ip.exploded.split(":")]
    fours = [groups[start : start + 4] for start in range(5)]
    telling = [four for four in fours if sum(1 for value in four if value) >= 3]
    for found in _GROUPS.finditer(host):
        values = [int(part, 16) for part in re.split(r"[.-]", found.group())]
        in_a_row = [values[i : i + 4] for i in range(len(values) - 3)]
        if values in (groups, groups[::-1]) or any(four in (want, want[::-1]) for four in in_a_row for want in telling):
            return Reason(rule="holds-address", detail="holds groups of its own address")
    return None
