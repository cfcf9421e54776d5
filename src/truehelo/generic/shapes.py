"""Shapes that tell of a generator without telling which address: serial numbers, long hex numbers, placeholders.

And, where no address is at hand to compare with, shapes that look like an address. A name with a word of mail is not for
these rules (`rules`). Decides nothing about words.
"""

import re

from truehelo.generic.reason import Reason
from truehelo.generic.words import generated_zone

# Six digits and more after any word, five after a letter at most: vps12345 may be the name that its owner chose.
_SERIAL = re.compile(
    "[a-z]{0,8}-?[0-9]{6,}(?:[a-z]{3,4})?"
    "|[a-z0-9-]+-[0-9]{6,}"
    "|[a-z]?[0-9]{5}"
    "|[a-z]{1,3}[0-9]{5}-?[a-z]"
    "|[a-z]{1,8}-?0[0-9]{4,}"
    "|ip-?[0-9]{5,}-?[a-z]{0,4}"
)
_UNITS = re.compile(r"(?:[a-z]{1,3}[0-9]{1,4}){3,}|[0-9]{1,4}[a-z]{1,5}[0-9]{1,4}(?:[a-z]{1,5}[0-9]{1,4})*")
_LONG_HEX = re.compile(r"[0-9a-f]{12,}")
_HARDWARE = re.compile(r"(?<![0-9a-f])(?:[0-9a-f]{2}-){5}[0-9a-f]{2}(?![0-9a-f])")
_THREE = re.compile(r"(?<![0-9])[0-9]{1,4}([-_])[0-9]{1,4}\1[0-9]{1,4}(?![0-9])")
_PLACEHOLDERS = frozenset(
    "hosted-by hostedby unassigned unallocated unused unused-ip unknown-host no-rdns no-reverse no-ptr norevdns noptr"
    " not-assigned notassigned no-reverse-dns reverse-not-set undefined".split()
)
# In a look-ahead, so that 2-192-0-2-25 is tried from each of its numbers.
_FOUR = re.compile(r"(?<![0-9])(?=(([0-9]{1,3})([.\-_x])([0-9]{1,3})\3([0-9]{1,3})\3([0-9]{1,3}))(?![0-9]))")
_TWELVE = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
_HEX_HEAD = re.compile(r"(?:[g-z]|ip|ool-|0x|d|c|host)?([0-9a-f]{8})")
_NIBBLES = re.compile(
    r"(?<![0-9a-z])(?:[0-9a-f]{32}|[0-9a-f](?:[.-][0-9a-f]){7,}|[0-9a-f]{1,4}(?:-[0-9a-f]{0,4}){5,7})(?![0-9a-z])"
)


def placeholder(name: str) -> Reason | None:
    """Return the placeholder that a provider put where its customer has given no name yet, as a whole label; or None."""
    head, _, rest = name.partition(".")
    if head not in _PLACEHOLDERS and "hosted" not in rest:
        return None
    found = next((label for label in (head, *rest.split(".")) if label in _PLACEHOLDERS), None)
    return None if found is None else Reason(rule="placeholder", detail=f'holds the placeholder "{found}"')


def generated_shape(host: str, longest: int) -> Reason | None:
    """Return the shape by which a host part without a word of mail looks generated; `longest`: its longest number."""
    head = host.partition(".")[0]
    if longest >= 5 and _SERIAL.fullmatch(head):
        return Reason(rule="serial-number", detail=f"is a serial number of {longest} digits")
    if len(head) >= 6 and _UNITS.fullmatch(head) and sum(map(str.isdecimal, head)) >= 4:
        return Reason(rule="serial-number", detail="is a string of numbered units")
    if (found := _long_number(head)) is not None:
        return found
    zone = generated_zone(host)
    return None if zone is None else Reason(rule="generated-zone", detail=f'is a numbered name in a zone "{zone}"')


def _long_number(head: str) -> Reason | None:
    if len(head) >= 12 and any(sum(map(str.isdecimal, found)) >= 4 for found in _LONG_HEX.findall(head)):
        return Reason(rule="hex-number", detail="holds a long hexadecimal number")
    if "-" not in head and "_" not in head:
        return None
    if _HARDWARE.search(head):
        return Reason(rule="hex-number", detail="holds what looks like a hardware address")
    return Reason(rule="serial-number", detail="holds three numbers in a row") if _THREE.search(head) else None


def address_shape(host: str) -> Reason | None:
    """Return the shape by which a host part looks as if an address were written in it, whichever it is."""
    if (four := _four_numbers(host)) is not None:
        return Reason(rule="looks-like-address", detail=f'holds "{four}", which looks like an address')
    for found in _TWELVE.finditer(host):
        text = found.group()
        if all(int(text[i : i + 3]) < 256 for i in range(0, 12, 3)):
            return Reason(rule="looks-like-address", detail=f'holds "{text}", which looks like a zero-padded address')
    if found6 := _NIBBLES.search(host):
        return Reason(rule="looks-like-address", detail=f'holds "{found6.group()}", which looks like an IPv6 address')
    head = _HEX_HEAD.fullmatch(host.partition(".")[0])
    if head and 2 <= sum(map(str.isdecimal, head.group(1))) <= 7:
        return Reason(rule="looks-like-address", detail=f'holds "{head.group(1)}", which looks like an address in hex')
    return None


def _four_numbers(host: str) -> str | None:
    """Return four numbers up to 255; of several those that stand apart from letters (ec2-192-0-2-25: not 2-192-0-2)."""
    glued = None
    for found in _FOUR.finditer(host):
        octets = found.group(2, 4, 5, 6)
        if sum(map(len, octets)) >= 6 and all(int(octet) < 256 for octet in octets):
            if not host[: found.start()][-1:].isalpha():
                return found.group(1)
            glued = glued or found.group(1)
    return glued
