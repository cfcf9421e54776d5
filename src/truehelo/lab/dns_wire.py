"""DNS messages of the laboratory: octets to a query, records to octets (RFC 1035 §4, RFC 6891 §6.1.2).

Our own small codec rather than a library: a lab has to be up at once, and what the probes are tested against must not
share a parser with them. It knows the record types that a scenario may hold. Which records are the right answer is
decided in `zones`.
"""

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "SRV": 33}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {"NOERROR": 0, "FORMERR": 1, "SERVFAIL": 2, "NXDOMAIN": 3, "NOTIMP": 4, "REFUSED": 5}

UDP_WITHOUT_EDNS = 512
UDP_WITH_EDNS = 1232
MAX_TCP = 65535

_HEADER = struct.Struct("!6H")
_QR, _AA, _TC, _RD, _RA = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080
_OPT = 41
_LABEL = re.compile(r"(?:[^.\\]|\\[0-9]{3}|\\[^0-9])*", re.DOTALL)
_PIECE = re.compile(r"\\([0-9]{3})|\\([^0-9])|[^\\]", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rrset:
    """Records of one name and type: `data` in presentation form, `wire` each as rdata; `ttl` in seconds."""

    name: str
    rdtype: str
    ttl: int
    data: tuple[str, ...]
    wire: tuple[bytes, ...]

    @classmethod
    def of(cls, name: str, rdtype: str, ttl: int, data: tuple[str, ...]) -> "Rrset":
        """Encode `data`.

        Raises:
            ValueError: A value is not one of this type; the message says what it is instead.
        """
        return cls(name, rdtype, ttl, data, tuple(encode_rdata(rdtype, value) for value in data))


@dataclass(frozen=True, slots=True)
class Query:
    """A question as it came. `question` are its octets, to be echoed as they are; `edns_size` is None without EDNS."""

    id: int
    rd: bool
    name: str
    rdtype: str
    question: bytes
    edns_size: int | None


class UnreadableQueryError(Exception):
    """The octets are no query with exactly one question in class IN."""


def parse_query(octets: bytes) -> Query:
    """Read a query.

    Raises:
        UnreadableQueryError: These octets cannot be answered.
    """
    try:
        query_id, flags, questions, answers, authorities, additional = _HEADER.unpack_from(octets)
        if flags & _QR or questions != 1 or answers or authorities or additional > 1:
            raise UnreadableQueryError
        name, end = _read_name(octets, _HEADER.size)
        number, rdclass = struct.unpack_from("!HH", octets, end)
        end += 4
        edns_size = None
        if additional and octets[end : end + 3] == b"\0" + struct.pack("!H", _OPT):
            (edns_size,) = struct.unpack_from("!H", octets, end + 3)
    except (struct.error, IndexError) as error:
        raise UnreadableQueryError from error
    if rdclass != 1:
        raise UnreadableQueryError
    rdtype = TYPE_NAMES.get(number, f"TYPE{number}")
    return Query(query_id, bool(flags & _RD), name, rdtype, octets[_HEADER.size : end], edns_size)


def build_reply(
    query: Query,
    *,
    rcode: str,
    aa: bool = False,
    ra: bool = False,
    tc: bool = False,
    sections: tuple[tuple[Rrset, ...], tuple[Rrset, ...], tuple[Rrset, ...]] = ((), (), ()),
) -> bytes:
    """Return the octets of a reply; `sections` are answer, authority, additional."""
    written = [_encode_rrset(rrset, query) for section in sections for rrset in section]
    counts = [sum(len(rrset.wire) for rrset in section) for section in sections]
    flags = _QR | RCODES[rcode] | (_AA if aa else 0) | (_TC if tc else 0) | (_RD if query.rd else 0) | (_RA if ra else 0)
    opt = b"" if query.edns_size is None else b"\0" + struct.pack("!HHIH", _OPT, UDP_WITH_EDNS, 0, 0)
    header = _HEADER.pack(query.id, flags, 1, counts[0], counts[1], counts[2] + (1 if opt else 0))
    return b"".join((header, query.question, *written, opt))


def udp_limit(query: Query) -> int:
    """Return how many octets a reply over UDP may have; a longer one is truncated (RFC 6891 §6.2.5)."""
    if query.edns_size is None:
        return UDP_WITHOUT_EDNS
    return max(UDP_WITHOUT_EDNS, min(query.edns_size, UDP_WITH_EDNS))


def _encode_rrset(rrset: Rrset, query: Query) -> bytes:
    # The question begins at octet 12, so a pointer to it spares repeating the name (RFC 1035 §4.1.4).
    owner = b"\xc0\x0c" if rrset.name == query.name else encode_name(rrset.name)
    number = TYPES[rrset.rdtype]
    return b"".join(owner + struct.pack("!HHIH", number, 1, rrset.ttl, len(wire)) + wire for wire in rrset.wire)


def _read_name(octets: bytes, offset: int) -> tuple[str, int]:
    """Read the name of a question: never compressed, since nothing stands before it."""
    labels: list[str] = []
    while length := octets[offset]:
        label = octets[offset + 1 : offset + 1 + length]
        if length > 63 or len(label) != length:
            raise UnreadableQueryError
        labels.append(_label_text(label))
        offset += 1 + length
    return ".".join(labels), offset + 1


def _label_text(label: bytes) -> str:
    text = "".join(
        f"\\{chr(octet)}" if octet in b'."\\' else chr(octet) if 0x20 < octet < 0x7F else f"\\{octet:03d}"
        for octet in label
    )
    return text.lower()


@lru_cache(maxsize=65536)
def encode_name(text: str) -> bytes:
    r"""Return a name as labels, uncompressed. `\.` and `\DDD` escape (RFC 1035 §5.1); "" or "." is the root.

    Raises:
        ValueError: It is no name.
    """
    if text in ("", "."):
        return b"\0"
    wire = b""
    for label in _labels(text):
        octets = _unescape(label)
        if not 1 <= len(octets) <= 63:
            raise ValueError("has an empty label or one of more than 63 octets")
        wire += bytes([len(octets)]) + octets
    if len(wire) > 254:
        raise ValueError("is longer than 253 characters")
    return wire + b"\0"


def split_labels(text: str) -> list[str]:
    """Return the labels of a name, still escaped; an escaped dot separates nothing.

    Raises:
        ValueError: A backslash escapes nothing.
    """
    if "\\" not in text:
        return text.split(".")
    labels, at = [], 0
    while (match := _LABEL.match(text, at)) is not None:
        labels.append(match[0])
        at = match.end() + 1
        if at > len(text):
            return labels
        if text[at - 1] != ".":
            break
    raise ValueError("holds a backslash that escapes nothing")


def _labels(text: str) -> list[str]:
    labels = split_labels(text)
    return labels[:-1] if len(labels) > 1 and not labels[-1] else labels


def plain_name(text: str) -> str:
    """Return a name as the lab keeps names: lower case, no final dot, one way of escaping.

    Raises:
        ValueError: It is no name; the message is made of words that follow it.
    """
    encode_name(text)
    if "\\" not in text:
        return text.lower().removesuffix(".")
    return ".".join(_label_text(_unescape(label)) for label in _labels(text))


def _unescape(label: str) -> bytes:
    try:
        if "\\" not in label:
            return label.encode("ascii")
        octets = "".join(chr(int(match[1])) if match[1] else match[2] or match[0] for match in _PIECE.finditer(label))
        return octets.encode("latin-1")
    except ValueError as error:  # an octet above 255, or a character outside ASCII
        raise ValueError("holds a character that needs to be escaped, or an escape above \\255") from error


def encode_rdata(rdtype: str, value: str) -> bytes:  # noqa: PLR0911  # one form per type
    """Return the rdata of a presentation form.

    Raises:
        ValueError: It is not one; the message is made of words that follow the value.
    """
    words = value.split()
    try:
        match rdtype, words:
            case "A", [ip]:
                return IPv4Address(ip).packed
            case "AAAA", [ip]:
                return IPv6Address(ip).packed
            case (("CNAME" | "NS" | "PTR"), [name]):
                return encode_name(name)
            case "MX", [preference, name]:
                return struct.pack("!H", int(preference)) + encode_name(name)
            case "SRV", [priority, weight, port, name]:
                return struct.pack("!3H", int(priority), int(weight), int(port)) + encode_name(name)
            case "SOA", [mname, rname, serial, refresh, retry, expire, minimum]:
                numbers = (int(word) for word in (serial, refresh, retry, expire, minimum))
                return encode_name(mname) + encode_name(rname) + struct.pack("!5I", *numbers)
            case "TXT", _:
                return _character_strings(value)
    except (ValueError, struct.error) as error:
        raise ValueError(f"is not a value of type {rdtype} ({error})") from error
    raise ValueError(f"is not a value of type {rdtype}")


def _character_strings(text: str) -> bytes:
    """Cut a text into strings of 255 octets at most, as those who publish long TXT records do (RFC 7208 §3.3)."""
    octets = text.encode()
    pieces = [octets[i : i + 255] for i in range(0, len(octets), 255)] or [b""]
    return b"".join(bytes([len(piece)]) + piece for piece in pieces)
