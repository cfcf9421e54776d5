"""Record data in presentation form, for the types that this program asks for; dnspython presents all others.

RFC 1035 §3.3 and §3.4.1, RFC 3596 §2.2, RFC 4034 §2 and §5, RFC 6698 §2, RFC 8659 §4. A TLSA record with a digest of the
wrong length, or a CAA record with a strange tag, is shown as it is: what is wrong with it is for `records` to say. `raw` is
the data without compression, so that it can be read without the message.
Does not decide what a record means.
"""

import socket
from base64 import b64encode
from collections.abc import Callable
from struct import Struct

from truehelo.probes.dns.names import BadMessageError, read_name

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "OPT": 41}
TYPES |= {"DS": 43, "DNSKEY": 48, "TLSA": 52, "CAA": 257}
CNAME, SOA, NS, OPT = TYPES["CNAME"], TYPES["SOA"], TYPES["NS"], TYPES["OPT"]

_SOA_NUMBERS = Struct("!IIIII")
_TXT_PLAIN = bytes(octet for octet in range(0x20, 0x7F) if octet not in b'"\\')

Presented = tuple[str, bytes]


def type_number(rdtype: str) -> int:
    """Return the number of a record type.

    Raises:
        ValueError: There is no such type.
    """
    known = TYPES.get(rdtype)
    if known is not None:
        return known
    from dns import rdatatype  # late: 85 ms, for types that no check asks for

    try:
        return int(rdatatype.from_text(rdtype))
    except (rdatatype.UnknownRdatatype, ValueError) as error:
        raise ValueError(f"there is no record type {rdtype!r}") from error


def present(number: int, wire: bytes, pos: int, end: int) -> Presented:
    """Return the data of a record in presentation form, and its octets without compression.

    Raises:
        BadMessageError: The data is not of that type.
    """
    presenter = _PRESENT.get(number)
    return presenter(wire, pos, end) if presenter else _other(number, wire, pos, end)


def _a(wire: bytes, pos: int, end: int) -> Presented:
    raw = wire[pos:end]
    if len(raw) != 4:
        raise BadMessageError("an A record is not of four octets")
    return socket.inet_ntop(socket.AF_INET, raw), raw


def _aaaa(wire: bytes, pos: int, end: int) -> Presented:
    raw = wire[pos:end]
    if len(raw) != 16:
        raise BadMessageError("an AAAA record is not of sixteen octets")
    return socket.inet_ntop(socket.AF_INET6, raw), raw


def _name(wire: bytes, pos: int, end: int) -> Presented:
    text, raw, after = read_name(wire, pos)
    if after != end:
        raise BadMessageError("a name does not fill its record")
    return text + ".", raw


def _mx(wire: bytes, pos: int, end: int) -> Presented:
    if end - pos < 3:
        raise BadMessageError("an MX record is cut off")
    text, raw = _name(wire, pos + 2, end)
    return f"{wire[pos] << 8 | wire[pos + 1]} {text}", wire[pos : pos + 2] + raw


def _soa(wire: bytes, pos: int, end: int) -> Presented:
    primary, primary_raw, pos = read_name(wire, pos)
    contact, contact_raw, pos = read_name(wire, pos)
    if end - pos != _SOA_NUMBERS.size:
        raise BadMessageError("an SOA record is not of the right size")
    numbers = " ".join(map(str, _SOA_NUMBERS.unpack_from(wire, pos)))
    return f"{primary}. {contact}. {numbers}", primary_raw + contact_raw + wire[pos:end]


def _txt(wire: bytes, pos: int, end: int) -> Presented:
    raw, strings = wire[pos:end], []
    while pos < end:
        size = wire[pos]
        string = wire[pos + 1 : pos + 1 + size]
        pos += size + 1
        if pos > end:
            raise BadMessageError("a string of a TXT record is cut off")
        strings.append(f'"{_quoted(string)}"')
    return " ".join(strings), raw


def _quoted(string: bytes) -> str:
    if not string.translate(None, _TXT_PLAIN):
        return string.decode("ascii")
    return "".join(map(_escape, string))


def _escape(octet: int) -> str:
    if octet in b'"\\':
        return "\\" + chr(octet)
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03d}"


def _tlsa(wire: bytes, pos: int, end: int) -> Presented:
    """Three numbers and octets in hexadecimal, in pieces as dnspython has them (RFC 6698 §2.2)."""
    raw = wire[pos:end]
    if len(raw) < 4:
        raise BadMessageError("a TLSA record is cut off")
    return f"{raw[0]} {raw[1]} {raw[2]} {_pieces(raw[3:].hex(), 128)}", raw


def _ds(wire: bytes, pos: int, end: int) -> Presented:
    raw = wire[pos:end]
    if len(raw) < 5:
        raise BadMessageError("a DS record is cut off")
    return f"{raw[0] << 8 | raw[1]} {raw[2]} {raw[3]} {_pieces(raw[4:].hex(), 128)}", raw


def _dnskey(wire: bytes, pos: int, end: int) -> Presented:
    raw = wire[pos:end]
    if len(raw) < 5:
        raise BadMessageError("a DNSKEY record is cut off")
    return f"{raw[0] << 8 | raw[1]} {raw[2]} {raw[3]} {_pieces(b64encode(raw[4:]).decode('ascii'), 32)}", raw


def _pieces(text: str, size: int) -> str:
    return " ".join(text[at : at + size] for at in range(0, len(text), size))


def _caa(wire: bytes, pos: int, end: int) -> Presented:
    """A flag, a tag and a value; as bare octets where the tag is none (RFC 8659 §4.1.1, RFC 3597 §5)."""
    raw = wire[pos:end]
    size = raw[1] if len(raw) > 1 else 0
    tag = raw[2 : 2 + size]
    if not size or len(tag) != size:
        raise BadMessageError("a CAA record is cut off")
    if not tag.isalnum():
        return f"\\# {len(raw)} {raw.hex()}", raw
    return f'{raw[0]} {tag.decode("ascii")} "{_quoted(raw[2 + size :])}"', raw


def _other(number: int, wire: bytes, pos: int, end: int) -> Presented:
    from dns import exception, rdata, rdataclass, rdatatype  # late: 85 ms, for types that no check asks for

    try:
        record = rdata.from_wire(rdataclass.IN, rdatatype.RdataType.make(number), wire, pos, end - pos)
        return record.to_text(), record.to_wire() or b""
    except exception.DNSException as error:
        raise BadMessageError(f"a record of type {number} cannot be read") from error


_PRESENT: dict[int, Callable[[bytes, int, int], Presented]] = {
    TYPES["A"]: _a,
    TYPES["AAAA"]: _aaaa,
    TYPES["PTR"]: _name,
    TYPES["NS"]: _name,
    TYPES["CNAME"]: _name,
    TYPES["MX"]: _mx,
    TYPES["SOA"]: _soa,
    TYPES["TXT"]: _txt,
    TYPES["DS"]: _ds,
    TYPES["DNSKEY"]: _dnskey,
    TYPES["TLSA"]: _tlsa,
    TYPES["CAA"]: _caa,
}
