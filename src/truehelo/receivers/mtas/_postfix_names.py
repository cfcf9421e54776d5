"""What Postfix takes for a host name and for an address literal: valid_hostname.c, valid_mailhost_addr.c (3.7)."""

from functools import lru_cache
from string import ascii_letters, digits

from truehelo.receivers.mtas._glibc_names import is_ipv6

_CHARACTERS = frozenset(ascii_letters + digits + "_-.")
_NUMERIC = frozenset(digits + ".")
_NEUTERED = str.maketrans(dict.fromkeys(' <>()\\";@', "?"))
MAX_LABEL = 63
MAX_NAME = 255


@lru_cache(maxsize=8192)
def is_hostname(name: str) -> bool:
    """Tell whether Postfix takes `name` for a host name: letters, digits, hyphen and underscore, not all of it numeric."""
    if not _CHARACTERS.issuperset(name) or _NUMERIC.issuperset(name) or len(name) > MAX_NAME:
        return False
    if name[0] in ".-" or name[-1] in ".-" or ".." in name or ".-" in name or "-." in name:
        return False
    return len(name) <= MAX_LABEL or max(map(len, name.split("."))) <= MAX_LABEL


def is_askable(name: str) -> bool:
    """Tell whether Postfix asks DNS for `name`: a host name, one whose first label is an asterisk, or the root."""
    if name == ".":
        return True
    if name[:1] != "*":
        return is_hostname(name)
    return len(name) == 1 or (name[1] == "." and is_hostname("a" + name[1:]))


def is_ipv4(text: str) -> bool:
    """Tell whether Postfix takes `text` for an IPv4 address.

    Leading zeros are fine; a first octet of 0 is not, except in 0.0.0.0.
    """
    octets = text.split(".")
    if len(octets) != 4 or not all(octet.isascii() and octet.isdigit() and int(octet) <= 255 for octet in octets):
        return False
    return int(octets[0]) != 0 or not any(map(int, octets))


def is_address(text: str) -> bool:
    """Tell whether Postfix takes `text` for an address without brackets."""
    return is_ipv6(text) if ":" in text else is_ipv4(text)


def is_literal(text: str) -> bool:
    """Tell whether `text`, which begins with a bracket, is a well-formed address literal; the tag may be in any case."""
    if len(text) < 3 or text[-1] != "]":
        return False
    inner = text[1:-1]
    return is_ipv6(inner[5:]) if inner[:5].lower() == "ipv6:" else is_ipv4(inner)


@lru_cache(maxsize=8192)
def said(helo: str) -> str:
    """Return the HELO as Postfix keeps it: characters that mean something in a header or a table are question marks."""
    return helo.translate(_NEUTERED)
