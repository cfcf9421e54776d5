"""MTA-STS: the TXT record at _mta-sts.DOMAIN that announces a policy, and the policy file (RFC 8461 §3).

A host of the policy is compared with an MX host by `covers`. The file is not fetched here, and whether the certificate of
its host is right is not decided here.
"""

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from truehelo.facts.names import canonical, name_fault
from truehelo.facts.text import visible
from truehelo.records.errors import MAX_FAULTS, Flaw, RecordError
from truehelo.records.tags import Tag, bad_value, read_tags, second

VERSION = "STSv1"
PREFIX = "_mta-sts"
"""The label before the domain at which the record stands."""
POLICY_HOST = "mta-sts"
"""The label before the domain of the host that serves the policy."""
POLICY_PATH = "/.well-known/mta-sts.txt"
MOST_AGE = 31_557_600
"""The greatest max_age, in seconds (RFC 8461 §3.2)."""
MOST_TEXT = 65_536
"""Characters of a policy that are read; senders may stop there too (RFC 8461 §3.2)."""
_RECORD, _POLICY = ("RFC 8461 §3.1",), ("RFC 8461 §3.2",)
_BEGINS = re.compile(r"v=STSv1[ \t]*(?:;|\Z)", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9]{1,32}", re.ASCII)
_FIELD = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31})[ \t]*:[ \t]*(.*)", re.ASCII | re.DOTALL)
_AGE = re.compile(r"[0-9]{1,10}", re.ASCII)


class Mode(StrEnum):
    """What a sender is to do where the policy does not hold (RFC 8461 §3.2, §5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaStsRecord:
    """The announcement: `id` changes when the policy does."""

    id: str
    text: str = field(default="", compare=False)
    unknown: tuple[Tag, ...] = field(default=(), compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaStsPolicy:
    """The policy: `max_age` in seconds; `mx` are names, or `*.` and a name, as names compare."""

    mode: Mode
    max_age: int
    mx: tuple[str, ...] = ()
    text: str = field(default="", compare=False)
    faults: tuple[RecordError, ...] = field(default=(), compare=False)

    def covers(self, host: str) -> bool:
        """Tell whether an MX host is one of those that the policy allows (RFC 8461 §4.1)."""
        return covers(self.mx, host)

    def uncovered(self, hosts: Iterable[str]) -> tuple[str, ...]:
        """Return those of the hosts that the policy does not allow, in their order."""
        patterns = frozenset(self.mx)  # both may be there by the thousand
        return tuple(host for host in hosts if not covers(patterns, host))


def covers(patterns: Collection[str], host: str) -> bool:
    """Tell whether a host is named by one of the patterns; a wildcard stands for one label (RFC 8461 §4.1)."""
    name = canonical(host)
    return name in patterns or f"*.{name.partition('.')[2]}" in patterns


def is_mta_sts(text: str) -> bool:
    """Tell whether a TXT record is meant for this: others at the name are passed over (RFC 8461 §3.1)."""
    return _BEGINS.match(text) is not None


def parse_record(text: str) -> MtaStsRecord | RecordError:
    """Read the announcement. Total: any text gives a record, or why senders see none (RFC 8461 §3.1)."""
    if not is_mta_sts(text):
        reason = f'"{visible(text, 40)}" does not begin with v={VERSION} and a semicolon'
        length = len(text.partition(";")[0])
        return RecordError(position=0, length=length, reason=reason, kind=Flaw.NOT_ONE, cites=_RECORD)
    listed = read_tags(text)
    doubled = second(listed.tags)
    if doubled is not None:
        return doubled
    tag = next((tag for tag in listed.tags if tag.name == "id"), None)
    if tag is None:
        reason = "the tag id is absent, so that senders see no policy"
        return RecordError(position=len(text), length=0, reason=reason, kind=Flaw.MISSING, cites=_RECORD)
    if not _ID.fullmatch(tag.value):
        return bad_value(tag, "1 to 32 letters and digits", _RECORD)
    unknown = tuple(tag for tag in listed.tags if tag.name not in ("v", "id"))
    faults = sorted((*listed.faults, *map(_undefined, unknown)), key=lambda fault: fault.position)
    return MtaStsRecord(id=tag.value, text=text, unknown=unknown, faults=tuple(faults[:MAX_FAULTS]))


def _undefined(tag: Tag) -> RecordError:
    reason = f"the tag {visible(tag.name, 40)} is not defined, and is passed over"
    return RecordError(position=tag.position, length=tag.length, reason=reason, kind=Flaw.UNKNOWN, cites=_RECORD)


def format_record(record: MtaStsRecord) -> str:
    """Return the text of the announcement to publish."""
    return "; ".join([f"v={VERSION}", f"id={record.id}", *(f"{tag.name}={tag.value}" for tag in record.unknown)]) + ";"


# The policy

_NEEDED: tuple[tuple[str, Callable[[str], bool], str], ...] = (
    ("version", lambda value: value == VERSION, VERSION),
    ("mode", lambda value: value in set(Mode), "enforce, testing or none"),
    ("max_age", lambda value: _AGE.fullmatch(value) is not None, "a number of seconds"),
)
_DEFINED = frozenset({"version", "mode", "max_age", "mx"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    name: str
    value: str
    position: int
    value_position: int

    def error(self, reason: str, kind: Flaw = Flaw.BAD_VALUE) -> RecordError:
        length = self.value_position + len(self.value) - self.position
        return RecordError(position=self.position, length=length, reason=reason, kind=kind, cites=_POLICY)


def parse_policy(text: str) -> MtaStsPolicy | RecordError:
    """Read a policy file. Total: any text gives a policy, or why senders see none (RFC 8461 §3.2)."""
    if len(text) > MOST_TEXT:
        reason = f"the policy has more than {MOST_TEXT} characters"
        return RecordError(position=MOST_TEXT, length=len(text) - MOST_TEXT, reason=reason, cites=_POLICY)
    fields, faults = _fields(text)
    first: dict[str, _Field] = {}
    for each in fields:
        if each.name in first and each.name != "mx":
            faults.append(each.error(f"{each.name} stands there a second time, and the first counts", Flaw.DUPLICATE))
        elif each.name not in _DEFINED:
            faults.append(each.error(f"{visible(each.name, 40)} is not defined, and is passed over", Flaw.UNKNOWN))
        first.setdefault(each.name, each)
    mx, wrong = _patterns(each for each in fields if each.name == "mx")
    fatal = _fatal(first, mx, len(text))
    if fatal is not None:
        return fatal
    age = int(first["max_age"].value)
    if age > MOST_AGE:
        faults.append(first["max_age"].error(f"max_age is more than {MOST_AGE} seconds, which is the most"))
    return MtaStsPolicy(
        mode=Mode(first["mode"].value),
        max_age=min(age, MOST_AGE),
        mx=mx,
        text=text,
        faults=tuple(sorted((*faults, *wrong), key=lambda fault: fault.position)[:MAX_FAULTS]),
    )


def _fatal(first: dict[str, _Field], mx: tuple[str, ...], end: int) -> RecordError | None:
    """Return the error that makes the policy void: a field that is absent, or whose value is none that it can have."""
    for name, is_sound, wanted in _NEEDED:
        if name not in first:
            reason = f"the policy lacks {name}"
            return RecordError(position=end, length=0, reason=reason, kind=Flaw.MISSING, cites=_POLICY)
        if not is_sound(first[name].value):
            return first[name].error(f'{name} is "{visible(first[name].value, 40)}", not {wanted}')
    if not mx and first["mode"].value != Mode.NONE:
        reason = "the policy names no mx, so that no host of the domain could be delivered to"
        return RecordError(position=end, length=0, reason=reason, kind=Flaw.MISSING, cites=_POLICY)
    return None


def _fields(text: str) -> tuple[list[_Field], list[RecordError]]:
    """Split a policy into its lines; both LF and CRLF end one (RFC 8461 §3.2)."""
    fields: list[_Field] = []
    faults: list[RecordError] = []
    position = 0
    for line in text.split("\n"):
        bare = line.removesuffix("\r").rstrip(" \t")
        found = _FIELD.fullmatch(bare)
        if found is not None:
            begin, value = position + found.start(1), position + found.start(2)
            fields.append(_Field(name=found[1], value=found[2], position=begin, value_position=value))
        elif bare:
            reason = f'"{visible(bare, 60)}" is not a field with a value'
            faults.append(RecordError(position=position, length=len(bare), reason=reason, cites=_POLICY))
        position += len(line) + 1
    return fields, faults


def _patterns(fields: Iterable[_Field]) -> tuple[tuple[str, ...], list[RecordError]]:
    patterns: dict[str, None] = {}
    faults: list[RecordError] = []
    for each in fields:
        wildcard = each.value.startswith("*.")
        wrong = name_fault(each.value[2:] if wildcard else each.value)
        if wrong is None:
            patterns[canonical(each.value)] = None
        else:
            faults.append(each.error(f'mx "{visible(each.value, 60)}" {wrong}'))
    return tuple(patterns), faults


def format_policy(policy: MtaStsPolicy) -> str:
    """Return the policy file to serve."""
    lines = [f"version: {VERSION}", f"mode: {policy.mode}", *(f"mx: {name}" for name in policy.mx)]
    return "".join(f"{line}\r\n" for line in [*lines, f"max_age: {policy.max_age}"])
