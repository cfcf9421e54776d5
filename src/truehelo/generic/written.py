"""The ways to write an IPv4 address into a host name, looked for from the address itself.

Dotted, hyphenated, reversed, zero-padded, written together, hexadecimal, decimal; whole or in parts. Three octets in a row
are enough where nothing says mail. Two are for `half`, IPv6 is for `written6`.
"""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from itertools import pairwise

from truehelo.generic.reason import Reason

DIGITS = re.compile(r"[0-9]+")
TIGHT = frozenset({".", "-", "_", "x"})
MIN_DIGITS = 6
_HEX_DIGITS = frozenset("0123456789abcdef")
_LOOSE = 6
_MIN_THREE = 5
_MIN_SCATTERED = 8

Run = tuple[int, str, int, int]
"""A run of digits: its value, its text, where it starts and where it ends. A run of more than 3 digits has value -1."""


def written_address(host: str, ip: IPv4Address, *, runs: list[str], beside: str | None, mail: bool) -> Reason | None:
    """Return how `host` holds `ip`, None when it does not.

    Args:
        host: The name in lower case, without its last label.
        ip: The only address that counts.
        runs: The runs of digits in `host`, at least one.
        beside: An access word found in it.
        mail: A word of mail was found in it, so that three octets alone are no evidence.
    """
    octets = ip.packed
    if len(runs) >= 4 and (found := _plainly(host, octets)):
        return found
    if max(map(len, runs)) >= MIN_DIGITS:
        text = next((called for form, called in _numbers(octets) if form in runs), None)
        if text is not None:
            return Reason(rule="holds-address", detail=f"holds its own address {text}")
    if found := _hex(host, octets):
        return found
    if len(runs) >= (4 if mail else 3):
        values = {int(run) for run in runs if len(run) <= 3}
        a, b, c, d = octets
        if (a in values) + (b in values) + (c in values) + (d in values) >= 3:
            return _octets(host, list(octets), beside, mail=mail)
    return None


# Whole


def _plainly(host: str, octets: bytes) -> Reason | None:
    """The two forms of nearly all generated names, before anything that takes longer: hyphens or dots, either way round."""
    texts = [str(octet) for octet in octets]
    for order, called in ((texts, ""), (texts[::-1], " in reverse order")):
        for separator in "-.":
            text = separator.join(order)
            start = host.find(text)
            if start >= 0 and len(text) >= MIN_DIGITS + 3 and _bounded(host, start, start + len(text)):
                return Reason(rule="holds-address", detail=f"holds its own address{called}")
    return None


def _bounded(host: str, start: int, end: int) -> bool:
    return not (host[start - 1 : start].isdecimal() or host[end : end + 1].isdecimal())


def _numbers(octets: bytes) -> Iterator[tuple[str, str]]:
    """Yield the address as one number of six digits or more, and how it is called."""
    padded = [f"{octet:03d}" for octet in octets]
    yield "".join(padded), "zero-padded"
    yield "".join(reversed(padded)), "zero-padded and reversed"
    plain = [str(octet) for octet in octets]
    for text, called in (
        (str(int.from_bytes(octets)), "as a decimal number"),
        ("".join(plain), "written together"),
        ("".join(reversed(plain)), "written together and reversed"),
    ):
        if len(text) >= MIN_DIGITS:
            yield text, called


def _hex(host: str, octets: bytes) -> Reason | None:
    digits = octets.hex()
    if not (digits[6:] in host and digits[:2] in host and digits[2:4] in host and digits[4:6] in host):
        return None
    backward = octets[::-1]
    for form, called in ((octets, "in hex"), (backward, "in reversed hex")):
        if stands_alone(form.hex(), host) or any(stands_alone(form.hex(separator), host) for separator in "-."):
            return Reason(rule="holds-address-hex", detail=f"holds its own address {called}")
    if stands_alone(f"{backward[:1].hex()}.{backward[1:2].hex()}.{backward[2:].hex()}", host):
        return Reason(rule="holds-address-hex", detail="holds its own address in reversed hex")
    return None


def stands_alone(text: str, host: str) -> bool:
    """Not cut out of a longer number: a letter may stand before it (p5b0a...), no hexadecimal digit after it."""
    start = host.find(text)
    while start >= 0:
        end = start + len(text)
        before, after = host[start - 1 : start], host[end : end + 1]
        if not before.isdecimal() and after not in _HEX_DIGITS:
            return True
        start = host.find(text, start + 1)
    return False


# In parts


def _octets(host: str, octets: list[int], beside: str | None, *, mail: bool) -> Reason | None:
    runs: list[Run] = [
        (int(found.group()) if found.end() - found.start() <= 3 else -1, found.group(), found.start(), found.end())
        for found in DIGITS.finditer(host)
    ]
    values = [run[0] for run in runs]
    orders = ((octets, ""), (octets[::-1], " in reverse order"), (octets[3:] + octets[:3], " in parts"))
    for wanted, called in orders:
        for i in range(len(runs) - 3):
            if values[i : i + 4] == wanted and _together(host, four := runs[i : i + 4]):
                padded = ", zero-padded" if any(len(run[1]) > 1 and run[1][0] == "0" for run in four) else ""
                return Reason(rule="holds-address", detail=f"holds its own address{called}{padded}")
    return _three(host, octets, runs, beside, mail=mail) or (None if mail else _scattered(host, octets, runs))


def _together(host: str, runs: Sequence[Run]) -> bool:
    """The runs belong together: one separator between them, or, with digits enough to tell, a short word."""
    between = [host[one[3] : other[2]] for one, other in pairwise(runs)]
    if all(text in TIGHT for text in between):
        return True
    return sum(len(run[1]) for run in runs) >= MIN_DIGITS and all(len(text) <= _LOOSE for text in between)


def _three(host: str, octets: list[int], runs: list[Run], beside: str | None, *, mail: bool) -> Reason | None:
    """Three octets in a row, and the fourth elsewhere in the name, or an access word, or nothing that says mail."""
    for i, fourth in _threes(host, octets, runs):
        if any(run[0] == fourth for run in runs[:i] + runs[i + 3 :]):
            return Reason(rule="holds-address", detail="holds its own address in parts")
        if beside is not None:
            return Reason(rule="holds-octets", detail=f'holds three octets of its own address and the word "{beside}"')
        if not mail:
            return Reason(rule="holds-octets", detail="holds three octets of its own address in a row")
    return None


def _threes(host: str, octets: list[int], runs: list[Run]) -> Iterator[tuple[int, int]]:
    """Yield where three neighbouring octets stand, forward or reversed, and which octet is then missing."""
    wanted = ((octets[:3], octets[3]), (octets[1:], octets[0]))
    for i in range(len(runs) - 2):
        three = runs[i : i + 3]
        tight = all(host[one[3] : other[2]] in TIGHT for one, other in pairwise(three))
        if not tight or sum(len(run[1]) for run in three) < _MIN_THREE:
            continue
        values = [run[0] for run in three]
        yield from ((i, fourth) for order, fourth in wanted if values in (order, order[::-1]))


def _scattered(host: str, octets: list[int], runs: list[Run]) -> Reason | None:
    """All four octets in any order with digits enough to tell, or the third one masked (198-51-xxx-4)."""
    held = {run[0]: run[1] for run in runs}
    all_four = set(octets) <= held.keys() and sum(len(held[octet]) for octet in octets) >= _MIN_SCATTERED
    a, b, _, d = octets
    if all_four or f"{a}-{b}-xxx-{d}" in host:
        return Reason(rule="holds-address", detail="holds its own address in parts")
    return None
