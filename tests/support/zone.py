"""A zone-like table in memory: "owner [ttl] TYPE data" a line, and the answers that follow from it (RFC 1034 §4.3.2).

The owner of a PTR may be written as its address. Names are written in full, without a final dot. A name that has no
record, and none beneath it, is NXDOMAIN; one that has, but not of the asked type, is NODATA.
"""

import shlex
from dataclasses import dataclass, field
from ipaddress import ip_address

from truehelo.facts.address import reverse_name
from truehelo.facts.dns import Outcome, Question, Record
from truehelo.facts.names import canonical

TTL = 3600
TYPES = frozenset({"A", "AAAA", "PTR", "CNAME", "TXT", "MX", "NS", "SOA", "CAA", "TLSA"})
_NAMES = frozenset({"PTR", "CNAME", "NS"})
_MAX_CHAIN = 12


def owner_name(text: str) -> str:
    """Return an owner as a DNS name; an address stands for its reverse name."""
    try:
        return reverse_name(ip_address(text))
    except ValueError:
        return canonical(text)


def question(text: str) -> Question:
    """Read "192.0.2.25 PTR" or "PTR 192.0.2.25" (or any other owner and type)."""
    one, two = text.split()
    if two.upper() in TYPES:
        return Question(name=owner_name(one), rdtype=two.upper())
    if one.upper() in TYPES:
        return Question(name=owner_name(two), rdtype=one.upper())
    raise ValueError(f"{text!r} names no record type")


@dataclass(frozen=True)
class Found:
    """What the table says to one question; `end` is the last name of the CNAME chain."""

    outcome: Outcome
    chain: tuple[Record, ...] = ()
    records: tuple[Record, ...] = ()
    soa: Record | None = None
    end: str = ""


@dataclass
class Zone:
    """All records of a world by owner and type."""

    records: dict[Question, list[Record]] = field(default_factory=dict)

    @classmethod
    def parse(cls, table: str) -> "Zone":
        """Read a table. Empty lines and lines that begin with ";" or "#" are skipped."""
        zone = cls()
        for line in table.splitlines():
            if line.strip() and line.strip()[0] not in ";#":
                record = _record(line.strip())
                zone.records.setdefault(Question(name=record.owner, rdtype=record.rdtype), []).append(record)
        return zone

    def resolve(self, asked: Question) -> Found:
        """Answer a question, following CNAMEs; a loop is a SERVFAIL, as a resolver would say."""
        chain: list[Record] = []
        name = asked.name
        while asked.rdtype != "CNAME" and (alias := self.records.get(Question(name=name, rdtype="CNAME"))):
            if len(chain) == _MAX_CHAIN:
                return Found(Outcome.SERVFAIL)
            chain.append(alias[0])
            name = canonical(alias[0].data)
        records = tuple(self.records.get(Question(name=name, rdtype=asked.rdtype), ()))
        if records:
            return Found(Outcome.ANSWER, tuple(chain), records, end=name)
        outcome = Outcome.NODATA if self._exists(name) else Outcome.NXDOMAIN
        return Found(outcome, tuple(chain), soa=self.enclosing_soa(name), end=name)

    def _exists(self, name: str) -> bool:
        return any(each.name == name or each.name.endswith(f".{name}") for each in self.records)

    def enclosing_soa(self, name: str) -> Record | None:
        """Return the SOA of the nearest zone above a name that the table has one for."""
        while name:
            if found := self.records.get(Question(name=name, rdtype="SOA")):
                return found[0]
            name = name.partition(".")[2]
        return None


def _record(line: str) -> Record:
    owner, rest = line.split(maxsplit=1)
    first, rest = rest.split(maxsplit=1)
    ttl = TTL
    if first.isdigit():
        ttl = int(first)
        first, rest = rest.split(maxsplit=1)
    rdtype = first.upper()
    if rdtype not in TYPES:
        raise ValueError(f"{line!r} has an unknown record type")
    data, raw = _data(rdtype, rest.strip())
    return Record(owner=owner_name(owner), ttl=ttl, rdtype=rdtype, data=data, raw=raw)


def _data(rdtype: str, text: str) -> tuple[str, str]:
    if rdtype in _NAMES:
        return f"{text.removesuffix('.')}.", ""
    if rdtype in ("A", "AAAA"):
        return str(ip_address(text)), ip_address(text).packed.hex()
    if rdtype == "TXT":
        strings = [each.encode() for each in (shlex.split(text) if text.startswith('"') else [text])]
        shown = " ".join('"' + each.decode().replace("\\", "\\\\").replace('"', '\\"') + '"' for each in strings)
        return shown, b"".join(bytes([len(each)]) + each for each in strings).hex()
    if rdtype == "MX":
        preference, name = text.split()
        return f"{preference} {name.removesuffix('.')}.", ""
    return text, ""
