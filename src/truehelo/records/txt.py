"""TXT records: their strings as one text, and a text as the strings to publish (RFC 1035 §3.3.14, RFC 7208 §3.3).

Which of a name's TXT records is meant for what is decided by the parser of each kind of record.
"""

import re

from truehelo.facts.dns import Record
from truehelo.facts.text import decode

MAX_STRING = 255
"""Octets that one string of a TXT record holds (RFC 1035 §3.3)."""


def txt_text(record: Record) -> str:
    """Return a TXT record's strings joined without anything between (RFC 7208 §3.3).

    They are read from the rdata; where only the presentation form is known, from that. Octets outside of UTF-8 become
    escapes, so that a strange one cannot make a record of what is none.
    """
    octets = _strings_on_the_wire(record.raw)
    return decode(octets if octets is not None else _strings_as_shown(record.data))


def _strings_on_the_wire(raw: str) -> bytes | None:
    try:
        rdata = bytes.fromhex(raw)
    except ValueError:
        return None
    joined, position = b"", 0
    while position < len(rdata):
        end = position + 1 + rdata[position]
        if end > len(rdata):
            return None
        joined += rdata[position + 1 : end]
        position = end
    return joined if rdata else None


_SHOWN = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ALL_SHOWN = re.compile(rf"{_SHOWN.pattern}(?:\s+{_SHOWN.pattern})*", re.DOTALL)
_ESCAPED = re.compile(r"\\([0-9]{3}|.)", re.ASCII | re.DOTALL)


def _strings_as_shown(data: str) -> bytes:
    """Read the presentation form (RFC 1035 §5.1); text without quotes counts as one string."""
    return unescaped("".join(_SHOWN.findall(data)) if data.startswith('"') else data)


def unescaped(text: str) -> bytes:
    r"""Return the octets that a text with the escapes `\DDD` and `\X` stands for (RFC 1035 §5.1)."""
    octets, position = b"", 0
    for found in _ESCAPED.finditer(text):
        octets += text[position : found.start()].encode("utf-8", "backslashreplace")
        octets += bytes([int(found[1]) % 256]) if len(found[1]) == 3 else found[1].encode("utf-8", "backslashreplace")
        position = found.end()
    return octets + text[position:].encode("utf-8", "backslashreplace")


def quoted(text: str) -> str:
    r"""Return a text as the strings of a TXT record in a zone file, of 255 octets at most each (RFC 1035 §5.1).

    Quotes and backslashes are escaped, octets outside of printable ASCII written as `\DDD`.
    """
    octets = text.encode("utf-8", "backslashreplace")
    pieces = [octets[at : at + MAX_STRING] for at in range(0, len(octets), MAX_STRING)] or [b""]
    return " ".join(f'"{escaped(piece)}"' for piece in pieces)


def zone_file_form(text: str) -> str:
    """Return what somebody wrote for a TXT record as a zone file has it: strings in quotes stay (RFC 1035 §5.1)."""
    return text if _ALL_SHOWN.fullmatch(text) else quoted(text)


def escaped(octets: bytes) -> str:
    r"""Return octets as they stand between quotes in a zone file: `\"`, `\\`, and `\DDD` for what cannot be seen."""
    return "".join(
        "\\" + chr(octet) if octet in b'"\\' else chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"
        for octet in octets
    )
