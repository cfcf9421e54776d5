"""Evidence as a document: an audit's facts out, and in again for a replay. No judgement is saved, only facts.

The document has a version of its own; what cannot be read is refused with the place where it is wrong.
"""

import json
from dataclasses import dataclass, fields, make_dataclass
from datetime import datetime
from typing import Any, get_type_hints

import msgspec

from truehelo import __version__
from truehelo.engine.judge import AS_USUAL, Judging, judge
from truehelo.errors import FileError
from truehelo.facts.address import Address, parse_address
from truehelo.facts.subject import Sibling, SubjectFacts
from truehelo.findings import Audit, Unresolved

SCHEMA = "truehelo/evidence/1"


def _as_text(cls: type, replaced: dict[str, Any]) -> type:
    """Return `cls` with some fields of another type: msgspec cannot read a union of two address classes."""
    hints = get_type_hints(cls) | replaced
    return make_dataclass(
        f"Saved{cls.__name__}", [(field.name, hints[field.name], field) for field in fields(cls)], kw_only=True, frozen=True
    )


_SavedSibling: Any = _as_text(Sibling, {"ip": str})
_SavedSubject: Any = _as_text(SubjectFacts, {"ip": str, "siblings": tuple[_SavedSibling, ...]})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Saved:
    """The parts of the document beside its subjects."""

    asked: tuple[str, ...]
    started: datetime
    elapsed_s: float
    resolvers: tuple[str, ...]
    notes: tuple[str, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    interrupted: bool = False


def dump(audit: Audit) -> bytes:
    """Return the evidence of an audit as a JSON document (UTF-8)."""
    head = {field.name: getattr(audit, field.name) for field in fields(_Saved)}
    document = {
        "schema": SCHEMA,
        "tool": {"name": "truehelo", "version": __version__},
        **head,
        "subjects": [subject.facts for subject in audit.subjects],
    }
    return msgspec.json.format(msgspec.json.encode(document, enc_hook=encode_address), indent=1) + b"\n"


def encode_address(value: object) -> str:
    """Encode what msgspec does not know: an address, as its text.

    Raises:
        NotImplementedError: The value is something else.
    """
    if isinstance(value, Address):
        return str(value)
    raise NotImplementedError(f"no encoding for {type(value)}")


def load(document: bytes, path: str, judging: Judging = AS_USUAL) -> Audit:
    """Read evidence and judge it again. `path` names the document in errors.

    Raises:
        FileError: It is not JSON, not evidence of a version that this program reads, or a value in it is wrong.
    """
    try:
        data = json.loads(document)
    except RecursionError:
        raise FileError(path, "is nested too deeply", "give a file written by truehelo check --save") from None
    except ValueError as error:
        raise FileError(path, f"is not JSON ({error})", "give a file written by truehelo check --save") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        seen = data.get("schema") if isinstance(data, dict) else None
        problem = f"has the schema {seen!r}, not {SCHEMA!r}" if isinstance(seen, str) else "is not evidence of truehelo"
        raise FileError(path, problem, "give a file written by truehelo check --save")
    try:
        head = msgspec.convert({key: value for key, value in data.items() if key != "subjects"}, _Saved)
        saved = msgspec.convert(data.get("subjects"), list[_SavedSubject])
        subjects = tuple(judge(_facts(subject), judging) for subject in saved)
    except (msgspec.ValidationError, ValueError) as error:
        raise FileError(path, f"is damaged: {error}", "save the evidence anew with truehelo check --save") from None
    return Audit(subjects=subjects, **{field.name: getattr(head, field.name) for field in fields(_Saved)})


def _facts(saved: Any) -> SubjectFacts:
    values = {field.name: getattr(saved, field.name) for field in fields(SubjectFacts)}
    values["ip"] = _address(saved.ip)
    values["siblings"] = tuple(Sibling(ip=_address(each.ip), name=each.name, ptr=each.ptr) for each in saved.siblings)
    return SubjectFacts(**values)


def _address(text: str) -> Address:
    ip = parse_address(text)
    if ip is None:
        raise ValueError(f"{text!r} is not an address")
    return ip
