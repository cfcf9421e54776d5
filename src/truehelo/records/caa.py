"""CAA: which authorities may issue certificates for a name (RFC 8659), and marks for mail by S/MIME (RFC 9495).

Reads records in presentation form, and finds the set that counts for a name by climbing the tree (RFC 8659 §3). Whether a
certificate that is there was rightly issued is not decided here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.facts.names import canonical, name_fault
from truehelo.facts.text import decode, visible
from truehelo.records.errors import Flaw, RecordError
from truehelo.records.talk import Talk, can_be_asked
from truehelo.records.txt import escaped, unescaped

ISSUE, ISSUE_WILD, ISSUE_MAIL, IODEF = "issue", "issuewild", "issuemail", "iodef"
ISSUING = frozenset({ISSUE, ISSUE_WILD, ISSUE_MAIL, "issuevmc"})
"""Properties whose value names an authority (RFC 8659 §4.2 and §4.3, RFC 9495 §3; issuevmc is of the BIMI requirements)."""
DEFINED = ISSUING | {IODEF, "contactemail", "contactphone"}
CRITICAL = 128
"""The flag that forbids an authority to issue when it does not know the property (RFC 8659 §4.1)."""
_FORM = re.compile(r'([0-9]{1,3})[ \t]+([A-Za-z0-9]+)[ \t]+(?:"((?:[^"\\]|\\.)*)"|(\S+))[ \t]*', re.ASCII | re.DOTALL)
_GENERIC = re.compile(r"\\#[ \t]+([0-9]{1,5})[ \t]+([0-9A-Fa-f \t]*)", re.ASCII)
_PARAMETER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?[ \t]*=[ \t]*[!-:<-~]*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaaRecord:
    """One property.

    `tag` is in lower case. `issuer` is the domain of the authority that may issue, "" for "nobody"; it is "" for other
    properties too. `parameters` are what the authority is told, each as written. `faults` are what is wrong in a value that
    then stands for nobody (RFC 8659 §4.2).
    """

    flags: int
    tag: str
    value: str
    issuer: str = field(default="", compare=False)
    parameters: tuple[str, ...] = field(default=(), compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)

    @property
    def critical(self) -> bool:
        """An authority that does not know the property must not issue."""
        return bool(self.flags & CRITICAL)

    @property
    def issues(self) -> bool:
        """The property names who may issue."""
        return self.tag in ISSUING


def parse(text: str) -> CaaRecord | RecordError:
    r"""Read a record as it is shown, such as `0 issue "ca.example"`, or as `\# LENGTH HEX` (RFC 8659 §4.1, RFC 3597 §5)."""
    generic = _GENERIC.fullmatch(text)
    if generic is not None:
        return _from_wire(generic)
    found = _FORM.fullmatch(text)
    if found is None or int(found[1]) > 255:
        reason = f'"{visible(text, 60)}" is not a flag from 0 to 255, a tag and a value'
        return RecordError(position=0, length=len(text), reason=reason, kind=Flaw.NOT_ONE, cites=("RFC 8659 §4.1.1",))
    group = 3 if found[3] is not None else 4
    return _property(int(found[1]), found[2], decode(unescaped(found[group])), found.start(group))


def _from_wire(found: re.Match[str]) -> CaaRecord | RecordError:
    digits = "".join(found[2].split())
    octets = bytes.fromhex(digits) if len(digits) % 2 == 0 else b""
    size = octets[1] if len(octets) > 1 else 0
    tag = octets[2 : 2 + size]
    if len(octets) != int(found[1]) or not size or len(tag) != size or not tag.isalnum():
        reason = "the octets are no CAA record"
        return RecordError(position=0, length=len(found[0]), reason=reason, kind=Flaw.NOT_ONE, cites=("RFC 8659 §4.1",))
    return _property(octets[0], tag.decode("ascii"), decode(octets[2 + size :]), 0)


def _property(flags: int, tag: str, value: str, position: int) -> CaaRecord:
    tag = tag.lower()
    if tag not in DEFINED:
        reason = f"the property {visible(tag, 40)} is not defined"
        reason += ", and is critical, so that nobody may issue" if flags & CRITICAL else ", and is passed over"
        fault = RecordError(
            position=0, length=position, reason=reason, kind=Flaw.UNKNOWN, cites=("RFC 8659 §4.1", "RFC 8659 §4.5")
        )
        return CaaRecord(flags=flags, tag=tag, value=value, faults=(fault,))
    if tag not in ISSUING:
        return CaaRecord(flags=flags, tag=tag, value=value)
    issuer, *parameters = (piece.strip(" \t") for piece in value.split(";"))
    parameters = [each for each in parameters if each]
    wrong = ""
    if issuer and name_fault(issuer) is not None:
        wrong = f'"{visible(issuer, 60)}" {name_fault(issuer)}'
    strange = next((each for each in parameters if not _PARAMETER.fullmatch(each)), None)
    if not wrong and strange is not None:
        wrong = f'"{visible(strange, 60)}" is not a parameter with a value'
    if wrong:
        fault = RecordError(
            position=position,
            length=len(value),
            reason=f"{wrong}: the value then stands for nobody",
            kind=Flaw.BAD_VALUE,
            cites=("RFC 8659 §4.2",),
        )
        return CaaRecord(flags=flags, tag=tag, value=value, faults=(fault,))
    return CaaRecord(flags=flags, tag=tag, value=value, issuer=canonical(issuer), parameters=tuple(parameters))


def format_record(record: CaaRecord) -> str:
    """Return a record in presentation form, to publish."""
    return f'{record.flags} {record.tag} "{escaped(record.value.encode("utf-8", "backslashreplace"))}"'


@dataclass(frozen=True, slots=True, kw_only=True)
class CaaSet:
    """The records that count for a name: those at `owner`, the nearest name above it that has any.

    `owner` is "" where none has, so that anybody may issue. `unsure` are lookups that failed below the owner: an authority
    must not issue while it cannot know (RFC 8659 §3). `errors` are records that cannot be read.
    """

    domain: str
    owner: str
    records: tuple[CaaRecord, ...] = ()
    errors: tuple[RecordError, ...] = ()
    asked: tuple[Question, ...] = ()
    unsure: tuple[Question, ...] = ()

    def issuers(self, tag: str = ISSUE) -> tuple[str, ...] | None:
        """Return who may issue by a property: None for anybody, no one in an empty tuple (RFC 8659 §4.2, §4.3).

        Where no issuewild stands there, issue counts for wildcards too (RFC 8659 §4.3).
        """
        held = [record for record in self.records if record.tag == tag]
        if not held and tag == ISSUE_WILD:
            return self.issuers(ISSUE)
        return tuple(dict.fromkeys(record.issuer for record in held if record.issuer)) if held else None


def relevant(domain: str) -> Talk[CaaSet]:
    """Find the records that count for a name, climbing from it to the top (RFC 8659 §3)."""
    domain = canonical(domain)
    labels = domain.split(".")
    asked: list[Question] = []
    unsure: list[Question] = []
    for at in range(len(labels)):
        name = ".".join(labels[at:])
        if not can_be_asked(name):
            continue
        asked.append(Question(name=name, rdtype="CAA"))
        lookup = yield asked[-1]
        if lookup.outcome.is_undetermined:
            unsure.append(asked[-1])
        elif lookup.outcome is Outcome.ANSWER:
            records, errors = _read(lookup)
            return CaaSet(
                domain=domain, owner=name, records=records, errors=errors, asked=tuple(asked), unsure=tuple(unsure)
            )
    return CaaSet(domain=domain, owner="", asked=tuple(asked), unsure=tuple(unsure))


def _read(lookup: Lookup) -> tuple[tuple[CaaRecord, ...], tuple[RecordError, ...]]:
    read: Iterable[CaaRecord | RecordError] = [parse(record.data) for record in lookup.records]
    records = tuple(each for each in read if isinstance(each, CaaRecord))
    return records, tuple(each for each in read if isinstance(each, RecordError))
