"""Questions to octets, and octets to what they say: pure, and total over any octets.

RFC 1035 §4 (messages), RFC 6891 (EDNS), RFC 2308 §2 (denials), RFC 6604 §2 (the response code at the end of an alias
chain), RFC 8914 (extended errors). Does not decide whom to ask next, nor what is believed.

A reader of our own and not dnspython's, because it pays several times over in CPU (docs/adr/0004-dns-transport.md); the
tests hold it against dnspython.
"""

import os
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from truehelo.facts.dns import Outcome, Question, Record
from truehelo.facts.text import decode, visible
from truehelo.probes.dns.names import BadMessageError, is_plain, read_name, skip_name, write_name
from truehelo.probes.dns.rdata import CNAME, NS, OPT, SOA, present, type_number

PAYLOAD = 1232
"""The UDP size that we announce: no fragments on any usual path (the size of DNS Flag Day 2020)."""
MAX_CHAIN = 12
"""How many CNAMEs are followed."""
MAX_WRITTEN_OUT = 1 << 19
"""Octets of the names and data that are read of one message, without compression: eight times the largest message."""

_HEADER = Struct("!HHHHHH")
_FIXED = Struct("!HHIH")
_EDNS = b"\0" + _FIXED.pack(OPT, PAYLOAD, 0, 0)
_QR, _AA, _TC, _RD, _RA, _AD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0020
_FLAGS = (("AA", _AA), ("TC", _TC), ("RD", _RD), ("RA", _RA), ("AD", _AD))
_RCODES = (
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
)
_BADVERS = 16
_OUTCOMES = {1: Outcome.MALFORMED, _BADVERS: Outcome.MALFORMED, 2: Outcome.SERVFAIL, 3: Outcome.NXDOMAIN}
_HEADER_ONLY = frozenset({1, 2, 4, 5, 9})
"""Codes with which servers send the bare header back, without the question."""
_DECLINES_EDNS = frozenset({"FORMERR", "NOTIMP", "BADVERS"})
_EXTENDED_ERRORS = {
    3: "Stale Answer",
    4: "Forged Answer",
    6: "DNSSEC Bogus",
    7: "Signature Expired",
    9: "DNSKEY Missing",
    10: "RRSIGs Missing",
    15: "Blocked",
    16: "Censored",
    17: "Filtered",
    18: "Prohibited",
    19: "Stale NXDOMAIN Answer",
    20: "Not Authoritative",
    22: "No Reachable Authority",
    23: "Network Error",
    24: "Invalid Data",
}


class Query(NamedTuple):
    """A question as it is sent.

    `name` and `tail` (type and class) are how a reply must echo it; `key` is the name as text, without the final dot, as
    `read_name` gives it.
    """

    id: int
    wire: bytes
    name: bytes
    tail: bytes
    key: str
    number: int
    rdtype: str
    recursive: bool
    edns: bool


@dataclass(slots=True)
class Reply:
    """What a reply says. `follow` is the end of an alias chain that the reply does not hold, to be asked for next."""

    outcome: Outcome
    rcode: str | None = None
    flags: tuple[str, ...] = ()
    chain: tuple[Record, ...] = ()
    records: tuple[Record, ...] = ()
    soa: Record | None = None
    detail: str = ""
    truncated: bool = False
    follow: str | None = None
    declines_edns: bool = False


def build(question: Question, *, recursive: bool = True, edns: bool = True, ident: int | None = None) -> Query:
    """Write a question: recursion and AD asked for when `recursive`, EDNS without the DO flag.

    Raises:
        UnaskableNameError: The name is no DNS name.
        ValueError: There is no such record type.
    """
    name = write_name(question.name).lower()
    number = type_number(question.rdtype)
    ident = int.from_bytes(os.urandom(2), "big") if ident is None else ident
    tail = number.to_bytes(2, "big") + b"\0\1"
    bits = _RD | _AD if recursive else 0
    wire = _HEADER.pack(ident, bits, 1, 0, 0, 1 if edns else 0) + name + tail + (_EDNS if edns else b"")
    # A name may be typed in several ways, with escapes and without. Replies are held against the one way in which
    # `read_name` writes it: a server may write an owner out, instead of a pointer to the question (RFC 1035 §4.1.4).
    key = question.name.lower().removesuffix(".") if is_plain(question.name) else read_name(name, 0)[0]
    return Query(ident, wire, name, tail, key, number, question.rdtype, recursive, edns)


def read(wire: bytes, query: Query) -> Reply | None:
    """Read a reply; None when it is not a reply to this query (RFC 5452 §9.1). Never raises."""
    pos = _answers(wire, query)
    if pos is None:
        return None
    bits = wire[2] << 8 | wire[3]
    flags = tuple([word for word, bit in _FLAGS if bits & bit])
    if bits & _TC:
        return Reply(Outcome.MALFORMED, _rcode(bits & 15), flags, detail="the reply is truncated", truncated=True)
    try:
        return _Body(wire, pos, query).reply(bits, flags)
    except BadMessageError as error:
        return Reply(Outcome.MALFORMED, _rcode(bits & 15), flags, detail=str(error))


def _answers(wire: bytes, query: Query) -> int | None:
    """Return where the answers begin in a reply to this query; None when it is no such reply."""
    if len(wire) < _HEADER.size:
        return None
    ident, bits, questions, *_ = _HEADER.unpack_from(wire)
    if ident != query.id or not bits & _QR or bits & 0x7800:
        return None
    if questions == 0 and bits & 15 in _HEADER_ONLY:
        return _HEADER.size
    middle = _HEADER.size + len(query.name)
    echoed = wire[_HEADER.size : middle].lower() == query.name and wire[middle : middle + 4] == query.tail
    return middle + 4 if questions == 1 and echoed else None


def _rcode(code: int) -> str:
    if code < len(_RCODES):
        return _RCODES[code]
    return "BADVERS" if code == _BADVERS else f"RCODE{code}"


class _Body:
    """The three sections of a reply, as far as they matter to the question."""

    __slots__ = ("aliases", "extended", "has_ns", "number", "query", "records", "room", "soa", "upper", "wire")

    def __init__(self, wire: bytes, pos: int, query: Query) -> None:
        self.wire, self.query, self.number = wire, query, query.number
        self.records: dict[str, list[Record]] = {}
        self.aliases: dict[str, Record] = {}
        self.soa: Record | None = None
        self.has_ns = False
        self.upper, self.extended = 0, ""
        self.room = MAX_WRITTEN_OUT
        *_, answers, authority, additional = _HEADER.unpack_from(wire)
        for _ in range(answers):
            pos = self._answer(pos)
        for _ in range(authority):
            pos = self._authority(pos)
        for _ in range(additional):
            pos = self._additional(pos)

    def _fixed(self, pos: int) -> tuple[int, int, int, int, int]:
        """Return type, class, TTL, and where the data begins and ends."""
        begin = pos + _FIXED.size
        if begin > len(self.wire):
            raise BadMessageError("a record is cut off")
        number, klass, ttl, size = _FIXED.unpack_from(self.wire, pos)
        if begin + size > len(self.wire):
            raise BadMessageError("a record is cut off")
        return number, klass, ttl, begin, begin + size

    def _record(self, owner: str, rdtype: str, number: int, ttl: int, span: tuple[int, int]) -> Record:
        data, raw = present(number, self.wire, *span)
        self._written_out(raw)
        # A TTL with the highest bit set counts as zero (RFC 2181 §8).
        return Record(owner=owner or ".", ttl=ttl if ttl < 1 << 31 else 0, rdtype=rdtype, data=data, raw=raw.hex())

    def _written_out(self, octets: bytes) -> None:
        """Count what has been read: two octets can stand for a name of 255, and cost as much to read (RFC 1035 §4.1.4)."""
        self.room -= len(octets)
        if self.room < 0:
            raise BadMessageError("its names are far larger than the message")

    def _answer(self, pos: int) -> int:
        wire = self.wire
        if wire[pos : pos + 2] == b"\xc0\x0c":  # by far the most frequent owner: the name in the question
            owner, pos = self.query.key, pos + 2
        else:
            owner, octets, pos = read_name(wire, pos)
            self._written_out(octets)
            owner = owner.lower()
        number, klass, ttl, begin, end = self._fixed(pos)
        if klass != 1:
            return end
        if number == self.number:
            record = self._record(owner, self.query.rdtype, number, ttl, (begin, end))
            self.records.setdefault(owner, []).append(record)
        elif number == CNAME:
            alias = self._record(owner, "CNAME", number, ttl, (begin, end))
            if self.aliases.setdefault(owner, alias).data.lower() != alias.data.lower():
                raise BadMessageError("a name has two different CNAME records")
        return end

    def _authority(self, pos: int) -> int:
        start, pos = pos, skip_name(self.wire, pos)
        number, klass, ttl, begin, end = self._fixed(pos)
        if klass == 1 and number == SOA and self.soa is None:
            owner = read_name(self.wire, start)[0].lower()
            self.soa = self._record(owner, "SOA", number, ttl, (begin, end))
        elif klass == 1 and number == NS:
            self.has_ns = True
        return end

    def _additional(self, pos: int) -> int:
        pos = skip_name(self.wire, pos)
        number, _, ttl, begin, end = self._fixed(pos)
        if number == OPT:
            self.upper = ttl >> 24
            self.extended = _extended_error(self.wire[begin:end])
        return end

    def reply(self, bits: int, flags: tuple[str, ...]) -> Reply:
        """Judge what the sections say together with the flags and the response code."""
        code = self.upper << 4 | bits & 15
        rcode = _rcode(code)
        if code not in (0, 3):
            outcome = _OUTCOMES.get(code, Outcome.REFUSED)
            declines = self.query.edns and rcode in _DECLINES_EDNS
            return Reply(outcome, rcode, flags, detail=self.extended, declines_edns=declines)
        chain, end = self._chain()
        records = tuple(self.records.get(end, ()))
        found = Reply(Outcome.ANSWER, rcode, flags, chain, records, self.soa, self.extended)
        if code == 3:
            if records:
                raise BadMessageError("NXDOMAIN together with the records that it denies")
            found.outcome = Outcome.NXDOMAIN
        elif not records:
            self._without_records(found, bits, end)
        return found

    def _without_records(self, found: Reply, bits: int, end: str) -> None:
        """Tell a denial from an alias that leads out of the message, and from a server that merely points elsewhere."""
        denied_by_zone = self.soa is not None and is_below(end, self.soa.owner)
        if found.chain and not denied_by_zone:
            # Undetermined as it stands: whoever reads this may ask on for the target.
            found.outcome, found.follow = Outcome.REFUSED, end
            found.detail = f"the alias leads to {visible(end, 255)}, of which the reply says nothing"
            return
        # A resolver that recurses for us may leave out the SOA; a server that does not must speak with authority.
        recursed = self.query.recursive and bits & _RA
        if self.soa is None and not bits & _AA and not recursed:
            found.outcome = Outcome.REFUSED
            found.detail = "referral" if self.has_ns else "neither an answer, nor authority, nor recursion"
            return
        found.outcome = Outcome.NODATA

    def _chain(self) -> tuple[tuple[Record, ...], str]:
        """Return the CNAMEs from the name in the question on, and the name at their end."""
        name, chain = self.query.key, list[Record]()
        seen = {name}
        while name not in self.records and (alias := self.aliases.get(name)) is not None:
            chain.append(alias)
            name = alias.data[:-1].lower()
            if name in seen:
                raise BadMessageError("the CNAME records lead in a circle")
            if len(chain) > MAX_CHAIN:
                raise BadMessageError(f"more than {MAX_CHAIN} CNAME records in a row")
            seen.add(name)
        return tuple(chain), name


def is_below(name: str, zone: str) -> bool:
    """Tell whether `name` is `zone` or stands below it (both lower case; the root is "" or ".")."""
    return zone in ("", ".") or name == zone or name.endswith("." + zone)


def _extended_error(options: bytes) -> str:
    """Return the first extended DNS error in words (RFC 8914 §2); its text is a stranger's."""
    pos = 0
    while pos + 4 <= len(options):
        code, size = int.from_bytes(options[pos : pos + 2], "big"), int.from_bytes(options[pos + 2 : pos + 4], "big")
        value = options[pos + 4 : pos + 4 + size]
        if code == 15 and len(value) >= 2:
            number = int.from_bytes(value[:2], "big")
            words = _EXTENDED_ERRORS.get(number)
            said = visible(decode(value[2:]).rstrip("\0"), 200)
            return f"extended error {number}" + (f" ({words})" if words else "") + (f": {said}" if said else "")
        pos += 4 + size
    return ""
