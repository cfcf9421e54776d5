"""What an import would do: the lines of a file held against those that are kept. Pure; `store.inventory` carries it out.

A file speaks for its own lines alone. What it no longer names is removed, but only where it could be read to the end:
a broken line may be the one that is missed. Lines that somebody else manages are never touched; naming one is a
conflict, and is told.
"""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from truehelo.inventory.model import Line


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One value of a line that changes; `name` is the attribute of `Line`."""

    name: str
    old: object
    new: object


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A line that changes, and in what."""

    old: Line
    new: Line
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A line that the file names although somebody else manages it; it stays as it is."""

    line: Line
    kept: Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """The difference; each part in the order of the file, or for what goes of what is kept.

    `withheld` are lines that would be removed if the file had been read to the end.
    """

    managed_by: str
    added: tuple[Line, ...] = ()
    removed: tuple[Line, ...] = ()
    changed: tuple[Change, ...] = ()
    unchanged: tuple[Line, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    withheld: tuple[Line, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is to be done."""
        return not (self.added or self.removed or self.changed)


def diff(kept: Iterable[Line], wanted: Iterable[Line], managed_by: str, *, whole: bool = True) -> Diff:
    """Hold what a file says against what is kept.

    Args:
        kept: All lines that are kept, whoever manages them.
        wanted: The lines of the file, each place once; who manages them does not matter.
        managed_by: Who speaks: `model.file_manager(name)`, or `BY_HAND`.
        whole: The file was read to the end, so that what it does not name is gone.
    """
    here = {line.place: line for line in kept}
    named = {line.place: line if line.managed_by == managed_by else replace(line, managed_by=managed_by) for line in wanted}
    added: list[Line] = []
    changed: list[Change] = []
    unchanged: list[Line] = []
    conflicts: list[Conflict] = []
    for place, line in named.items():
        old = here.get(place)
        if old is None:
            added.append(line)
        elif old.managed_by != managed_by:
            conflicts.append(Conflict(line=line, kept=old))
        elif old == line:
            unchanged.append(line)
        else:
            changed.append(Change(old=old, new=line, fields=_changes(old, line)))
    gone = tuple(line for place, line in here.items() if line.managed_by == managed_by and place not in named)
    return Diff(
        managed_by=managed_by,
        added=tuple(added),
        removed=gone if whole else (),
        changed=tuple(changed),
        unchanged=tuple(unchanged),
        conflicts=tuple(conflicts),
        withheld=() if whole else gone,
    )


def after(kept: Iterable[Line], difference: Diff) -> list[Line]:
    """Return the lines that are kept once a difference has been carried out."""
    gone = {line.key for line in difference.removed}
    new = {change.new.key: change.new for change in difference.changed}
    return [new.get(line.key, line) for line in kept if line.key not in gone] + list(difference.added)


def _changes(old: Line, new: Line) -> tuple[FieldChange, ...]:
    pairs = ((each.name, getattr(old, each.name), getattr(new, each.name)) for each in fields(Line))
    return tuple(FieldChange(name=name, old=before, new=now) for name, before, now in pairs if before != now)
