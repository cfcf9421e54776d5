"""TLSA: which certificate a server must show (RFC 6698 §2), and which of these records count for SMTP (RFC 7672 §3.1).

A record counts only in a zone that DNSSEC vouches for, and the server must really show such a certificate: neither is
decided here.
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from truehelo.facts.text import visible
from truehelo.records.errors import Flaw, RecordError


class Usage(IntEnum):
    """What the record is about (RFC 6698 §2.1.1, names by RFC 7218 §2.1)."""

    PKIX_TA = 0
    PKIX_EE = 1
    DANE_TA = 2
    DANE_EE = 3


class Selector(IntEnum):
    """Which part of the certificate is compared (RFC 6698 §2.1.2)."""

    CERT = 0
    SPKI = 1


class Matching(IntEnum):
    """How it is compared (RFC 6698 §2.1.3)."""

    FULL = 0
    SHA2_256 = 1
    SHA2_512 = 2


_DIGEST = {Matching.SHA2_256: 32, Matching.SHA2_512: 64}
_NAMES: tuple[dict[str, int], ...] = tuple(
    {member.name.replace("_", "-"): int(member) for member in kind} for kind in (Usage, Selector, Matching)
)
_PARTS = ("the usage", "the selector", "the matching type")
_FORM = re.compile(r"[ \t]*(\S+)[ \t]+(\S+)[ \t]+(\S+)[ \t]+([0-9A-Fa-f][0-9A-Fa-f \t()]*)")
_GENERIC = re.compile(r"\\#[ \t]+([0-9]{1,5})[ \t]+([0-9A-Fa-f \t]+)", re.ASCII)
_CITES = ("RFC 6698 §2.2",)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsaRecord:
    """One record; the numbers are kept where nobody has defined them. `data` are the octets to compare with."""

    usage: int
    selector: int
    matching: int
    data: bytes

    @property
    def fault(self) -> str:
        """Why senders of mail pass the record over, in words behind "the record"; "" when it counts (RFC 7672 §3.1)."""
        if self.usage in (Usage.PKIX_TA, Usage.PKIX_EE):
            return f"has usage {self.usage}, which does not count for SMTP: 2 and 3 do"
        for value, kind, what in zip(
            (self.usage, self.selector, self.matching), (Usage, Selector, Matching), _PARTS, strict=True
        ):
            if value not in set(kind):
                return f"has a number for {what.removeprefix('the ')} that is not defined: {value}"
        wanted = _DIGEST.get(Matching(self.matching))
        if wanted is not None and len(self.data) != wanted:
            return f"holds {len(self.data)} octets, and a digest of its kind has {wanted}"
        if wanted is None and self.data[:1] != b"\x30":
            return "holds neither a certificate nor a key"
        return ""

    @property
    def usable(self) -> bool:
        """Senders of mail compare the server's certificate with it (RFC 7672 §3.1)."""
        return not self.fault

    @property
    def advised(self) -> bool:
        """It is of one of the two forms that are advised: 3 1 1 and 2 0 1 (RFC 7672 §3.1)."""
        return self.usable and (self.usage, self.selector, self.matching) in ((3, 1, 1), (2, 0, 1))


def name(host: str, port: int = 25) -> str:
    """Return the name at which the records of a server stand (RFC 6698 §3)."""
    return f"_{port}._tcp.{host}"


def parse(text: str) -> TlsaRecord | RecordError:
    r"""Read a record as it is shown: three numbers (or names of RFC 7218) and hexadecimal digits, or `\# LENGTH HEX`."""
    generic = _GENERIC.fullmatch(text)
    if generic is not None:
        octets = _octets(generic[2])
        if octets is None or len(octets) != int(generic[1]) or len(octets) < 4:
            reason = "the octets are no TLSA record"
            return RecordError(position=0, length=len(text), reason=reason, kind=Flaw.NOT_ONE, cites=("RFC 6698 §2.1",))
        return TlsaRecord(usage=octets[0], selector=octets[1], matching=octets[2], data=octets[3:])
    found = _FORM.fullmatch(text)
    if found is None:
        reason = f'"{visible(text, 60)}" is not three numbers and hexadecimal digits'
        return RecordError(position=0, length=len(text), reason=reason, kind=Flaw.NOT_ONE, cites=_CITES)
    numbers: list[int] = []
    for group, (names, what) in enumerate(zip(_NAMES, _PARTS, strict=True), 1):
        word = found[group]
        number = int(word) if re.fullmatch(r"[0-9]{1,3}", word, re.ASCII) else names.get(word.upper(), 256)
        if number > 255:
            reason = f'{what} is "{visible(word, 40)}", not a number from 0 to 255'
            return RecordError(
                position=found.start(group), length=len(word), reason=reason, kind=Flaw.BAD_VALUE, cites=_CITES
            )
        numbers.append(number)
    data = _octets(found[4])
    if data is None:
        reason = "the data has half an octet too much or too little"
        return RecordError(position=found.start(4), length=len(found[4]), reason=reason, kind=Flaw.BAD_VALUE, cites=_CITES)
    return TlsaRecord(usage=numbers[0], selector=numbers[1], matching=numbers[2], data=data)


def _octets(digits: str) -> bytes | None:
    bare = re.sub(r"[ \t()]", "", digits)
    return bytes.fromhex(bare) if len(bare) % 2 == 0 else None


def format_record(record: TlsaRecord) -> str:
    """Return a record in presentation form, to publish."""
    return f"{record.usage} {record.selector} {record.matching} {record.data.hex()}"
