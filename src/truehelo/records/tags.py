"""Tag-lists, "name=value; name=value": the form of DKIM keys, DMARC records and their kin (RFC 6376 §3.2).

Reads a text into tags with their places, and names what is no tag; which tags there are, and what their values mean, is for
the parser of each kind of record.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from truehelo.facts.text import visible
from truehelo.records.errors import MAX_FAULTS, Flaw, RecordError

WHITE = " \t\r\n"
"""White space that may stand around names and values; folding does not survive in a TXT record, but some paste it there."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_STRANGE = re.compile(r"[^ -~\t\r\n]")
_RUN_ON = re.compile(r"[ \t\r\n]([A-Za-z][A-Za-z0-9_]*)[ \t]?=", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One tag: its name as written, its value without white space around it, and the places of both."""

    name: str
    value: str
    position: int
    value_position: int

    @property
    def length(self) -> int:
        """The characters from the beginning of the name to the end of the value."""
        return self.value_position + len(self.value) - self.position


@dataclass(frozen=True, slots=True, kw_only=True)
class TagList:
    """The tags of a text in their order, and what in it is no tag (at most MAX_FAULTS of those)."""

    tags: tuple[Tag, ...]
    faults: tuple[RecordError, ...] = ()


def read_tags(text: str) -> TagList:
    """Split a text into its tags. Total: what is no tag is named and passed over (RFC 6376 §3.2)."""
    tags: list[Tag] = []
    faults: list[RecordError] = []
    position = 0
    pieces = text.split(";")
    for number, piece in enumerate(pieces, 1):
        read = _tag(piece, position, last=number == len(pieces))
        if isinstance(read, Tag):
            tags.append(read)
            strange = _STRANGE.search(read.value)
            if strange is not None:
                faults.append(_strange(strange, read))
        elif read is not None:
            faults.append(read)
        position += len(piece) + 1
    return TagList(tags=tuple(tags), faults=tuple(faults[:MAX_FAULTS]))


def _tag(piece: str, position: int, *, last: bool) -> Tag | RecordError | None:
    """Read one piece between semicolons; None for the nothing behind the last one."""
    bare = piece.strip(WHITE)
    if not bare:
        return None if last else RecordError(position=position, length=1, reason="there is nothing between two semicolons")
    start = position + len(piece) - len(piece.lstrip(WHITE))
    name, equals, value = bare.partition("=")
    if not equals:
        reason = f'"{visible(bare, 60)}" is not a tag with a value'
        return RecordError(position=start, length=len(bare), reason=reason, cites=("RFC 6376 §3.2",))
    name = name.rstrip(WHITE)
    if not _NAME.fullmatch(name):
        reason = f'"{visible(name, 60)}" cannot be the name of a tag'
        return RecordError(position=start, length=len(bare), reason=reason, cites=("RFC 6376 §3.2",))
    inner = value.strip(WHITE)
    at = start + len(bare) - len(value.lstrip(WHITE)) if inner else start + len(bare)
    return Tag(name=name, value=inner, position=start, value_position=at)


def _strange(found: re.Match[str], tag: Tag) -> RecordError:
    return RecordError(
        position=tag.value_position + found.start(),
        length=1,
        reason=f'the tag {tag.name} holds "{visible(found.group())}", a character outside of printable ASCII',
        cites=("RFC 6376 §3.2",),
    )


def second(tags: Iterable[Tag]) -> RecordError | None:
    """Return the error of the first tag whose name came before: such a list is invalid as a whole (RFC 6376 §3.2)."""
    seen: set[str] = set()
    for tag in tags:
        if tag.name in seen:
            reason = f"the tag {tag.name} stands there a second time"
            return RecordError(
                position=tag.position, length=tag.length, reason=reason, kind=Flaw.DUPLICATE, cites=("RFC 6376 §3.2",)
            )
        seen.add(tag.name)
    return None


def run_on(value: str) -> str:
    """Return the name of the tag that a value swallowed for want of a semicolon before it; "" where none did."""
    found = _RUN_ON.search(value)
    return found[1] if found else ""


def bad_value(tag: Tag, wanted: str, cites: tuple[str, ...], kind: Flaw = Flaw.BAD_VALUE) -> RecordError:
    """Return the error of a value that is not what it should be: `wanted` is words that follow "not"."""
    reason = f'the tag {tag.name} holds "{visible(tag.value, 60)}", not {wanted}'
    swallowed = run_on(tag.value)
    if swallowed:
        reason += f"; a semicolon is missing before {swallowed}"
    return RecordError(position=tag.value_position, length=len(tag.value), reason=reason, kind=kind, cites=cites)
