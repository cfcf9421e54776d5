"""The URIs of records that ask for reports (RFC 9989 §4.6 and §4.8, RFC 7489 §6.2, RFC 8460 §3; RFC 6068 for mailto).

Commas separate them, so that a comma within one is written %2C, and an exclamation mark %21. Whether the other side wants
the reports is not decided here.
"""

import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote

from truehelo.facts.names import canonical, name_fault
from truehelo.facts.text import visible
from truehelo.records.errors import Flaw, RecordError

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):((?:[A-Za-z0-9._~:/?#\[\]@$&'()*+=-]|%[0-9A-Fa-f]{2})*)", re.ASCII)
_SIZE = re.compile(r"!([0-9]{1,20})([kmgt]?)\Z", re.ASCII | re.IGNORECASE)
_AUTHORITY = re.compile(r"//(?:[^/?#@]*@)?([^:/?#\[\]@]*)(?::[0-9]*)?(?:[/?#]|\Z)")
_UNITS = {"": 1, "k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportUri:
    """Where reports are to go.

    `scheme` is in lower case. `address` is the mail address of a mailto, decoded, and "" for other schemes; `host` is the
    domain of the address, or the host of another URI, as names compare. `size` is the greatest report in octets that an
    older edition of DMARC let the owner ask for (RFC 7489 §6.2), None where it is not written.
    """

    text: str
    scheme: str
    address: str = ""
    host: str = ""
    size: int | None = None
    position: int = field(default=0, compare=False)


def read_uris(value: str, position: int, tag: str, cites: tuple[str, ...]) -> tuple[list[ReportUri], list[RecordError]]:
    """Read a list of URIs, the value of a tag that begins at `position`: those that are valid, and what is wrong.

    A size behind a URI is read, and is no fault here.
    """
    uris: list[ReportUri] = []
    faults: list[RecordError] = []
    for piece in value.split(","):
        start = position + len(piece) - len(piece.lstrip(" \t"))
        read = read_uri(piece.strip(" \t"), start, tag, cites)
        if isinstance(read, ReportUri):
            uris.append(read)
        else:
            faults.append(read)
        position += len(piece) + 1
    return uris, faults


def read_uri(text: str, position: int, tag: str, cites: tuple[str, ...]) -> ReportUri | RecordError:
    """Read one URI. Total: any text gives the one or the other."""
    size = _SIZE.search(text)
    bare = text[: size.start()] if size else text
    found = _URI.fullmatch(bare)
    wrong = _why_no_uri(bare) if found is None else ""
    scheme, rest = (found[1].lower(), found[2]) if found else ("", "")
    address = host = ""
    if scheme == "mailto":
        address = unquote(rest.partition("?")[0].partition("#")[0], errors="backslashreplace")
        host = canonical(address.rpartition("@")[2])
        wrong = _why_no_address(address)
    elif found is not None:
        authority = _AUTHORITY.match(rest)
        host = canonical(authority[1]) if authority else ""
        wrong = "lacks its host" if scheme in ("http", "https") and name_fault(host) else ""
    if wrong:
        shown = f'"{visible(text, 80)}" in {tag} {wrong}' if text else f"{tag} {wrong}"
        return RecordError(position=position, length=len(text), reason=shown, kind=Flaw.BAD_URI, cites=cites)
    octets = int(size[1]) * _UNITS[size[2].lower()] if size else None
    return ReportUri(text=text, scheme=scheme, address=address, host=host, size=octets, position=position)


def _why_no_uri(text: str) -> str:
    if not text:
        return "names nothing where a URI should stand"
    if ":" not in text:
        return "lacks its scheme: a mail address is written mailto:..." if "@" in text else "is not a URI"
    if "!" in text:
        return "holds an exclamation mark, which is written %21"
    return "is not a URI: it holds a character that is written as % and two digits"


def _why_no_address(address: str) -> str:
    """Say why what a mailto names is not one plain mail address; "" when it is one (RFC 6068 §2)."""
    local, at, domain = address.rpartition("@")
    if not at or not local:
        return "is not a mail address"
    if visible(local) != local or any(char in ' ,<>"@' for char in local):
        return "is not one plain mail address"
    wrong = name_fault(domain)
    return "" if wrong is None else f"leads to a domain that {wrong}"


def mailto(address: str) -> ReportUri | RecordError:
    """Return the URI of a mail address, for a record to publish; an error where it is none that a record can name."""
    return read_uri("mailto:" + quote(address, safe="@+"), 0, "the record", ("RFC 6068 §2",))
