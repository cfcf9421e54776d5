"""What the GNU C library takes for a host name, and for an address written in one (2.36, as in Debian 12).

`res_hnok` decides whether a PTR name is one at all, `inet_aton` what is read as an IPv4 address, and the same for what
`gethostbyname` answers by itself (nss/digits_dots.c).
"""

from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from string import ascii_letters, digits, hexdigits, octdigits

MAX_LABEL = 63
MAX_NAME = 253
_CHARACTERS = frozenset(ascii_letters + digits + "_-.")
_DIGITS_DOTS = frozenset(digits + ".")
_DIGITS = {10: frozenset(digits), 8: frozenset(octdigits), 16: frozenset(hexdigits)}
_NONE = 0xFFFFFFFF
"""255.255.255.255, which inet_addr returns for "no address" too."""
_ESCAPED_DOT = "\x00"


def is_ipv6(text: str) -> bool:
    """Tell whether inet_pton reads an IPv6 address."""
    if "%" in text:
        return False
    try:
        IPv6Address(text)
    except AddressValueError:
        return False
    return True


@lru_cache(maxsize=8192)
def is_hostname(name: str) -> bool:
    """Tell whether `name` is a host name: letters, digits, underscores, and hyphens anywhere but at the very beginning.

    The root ("") is one. A character that is written with a backslash is none of these.
    """
    if not name:
        return True
    if not _CHARACTERS.issuperset(name) or name[0] == "-" or len(name) > MAX_NAME:
        return False
    return all(0 < len(label) <= MAX_LABEL for label in name.split("."))


def unescaped(text: str) -> str | None:
    r"""Return a name with what its backslashes stand for ("\@", "\064"), None where they cannot be read.

    An escaped dot does not separate labels; it comes as a character that no host name has.
    """
    head, *others = text.split("\\")
    name = head
    while others:
        part = others.pop(0)
        if not part:  # a backslash that is escaped itself
            if not others:
                return None
            name += "\\" + others.pop(0)
        elif part[0] in digits:
            code = part[:3]
            if len(code) < 3 or not _DIGITS[10].issuperset(code) or int(code) > 255:
                return None
            name += _literal(chr(int(code))) + part[3:]
        else:
            name += _literal(part[0]) + part[1:]
    return name


def _literal(character: str) -> str:
    return _ESCAPED_DOT if character == "." else character


def ipv4_number(text: str) -> int | None:
    """Return the address that inet_aton reads: up to four numbers, decimal, octal or hexadecimal, the last one fills up."""
    parts = text.split(".")
    if len(parts) > 4:
        return None
    numbers = [_number(part) for part in parts]
    *first, last = numbers
    value = 0
    for number in first:
        if number is None or number > 255:
            return None
        value = value << 8 | number
    bits = 8 * (4 - len(first))
    if last is None or last >= 1 << bits:
        return None
    return value << bits | last


def _number(text: str) -> int | None:
    lower = text.lower()
    base, figures = (16, lower[2:]) if lower[:2] == "0x" else (8, lower) if lower[:1] == "0" else (10, lower)
    return int(figures, base) if figures and _DIGITS[base].issuperset(figures) else None


@lru_cache(maxsize=8192)
def is_address_to_inet_addr(name: str) -> bool:
    """Tell whether inet_addr finds an IPv4 address in `name`: "12345" and "1.2.3" are some too."""
    return name[:1].isdigit() and ipv4_number(name) not in (None, _NONE)


def is_never_asked(name: str) -> bool:
    """Tell whether gethostbyname answers `name` without DNS: digits and dots alone."""
    return name != "" and _DIGITS_DOTS.issuperset(name) and name[0] != "." and name[-1] != "."
