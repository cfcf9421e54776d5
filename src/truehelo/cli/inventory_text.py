"""How the inventory and its changes look, as text and as JSON. Whatever stands in lines is made harmless to look at."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from truehelo.facts.text import visible

if TYPE_CHECKING:
    from truehelo.inventory.diff import Diff
    from truehelo.inventory.model import Line
    from truehelo.store.entries import Synced

_MOST = 10_000
"""Changes that are shown; of more nobody reads the rest."""


def counted(number: int, word: str) -> str:
    """Return "1 line" or "3 lines"."""
    return f"{number:,} {word}{'' if number == 1 else 's' if word != 'address' else 'es'}"


def summary(difference: "Diff", subjects: "Synced | None") -> str:
    """Return a line on what changed, or would change; `subjects`: what became of the addresses."""
    parts = [f"{len(getattr(difference, what)):,} {what}" for what in ("added", "changed", "removed", "unchanged")]
    if difference.conflicts:
        parts.append(f"{len(difference.conflicts):,} left to others")
    who = visible(difference.managed_by, 200) or "by hand"
    text = f"{who}: lines: {', '.join(parts)}"
    if subjects is not None:
        there = subjects.added + subjects.changed + subjects.unchanged
        text += f"; watched: {counted(there, 'address')} ({subjects.added:,} new, {len(subjects.removed):,} gone)"
    names = sum(line.target.startswith(("host:", "domain:")) for line in difference.added)
    if names and subjects is not None:
        text += f"; {counted(names, 'name')} to look up when the watch runs"
    return text + "\n"


def changes(difference: "Diff") -> str:
    """Return what would change, a line each: + added, - removed, ~ changed with its values below."""
    out = [f"+ {_line(line)}" for line in difference.added] + [f"- {_line(line)}" for line in difference.removed]
    for change in difference.changed:
        out.append(f"~ {visible(change.new.target)}{_at(change.new)}")
        out += [f"    {_key(each.name)}: {_value(each.old)} -> {_value(each.new)}" for each in change.fields]
    left = len(out) - _MOST
    return "".join(f"{text}\n" for text in [*out[:_MOST], *([f"... and {left:,} more"] if left > 0 else [])])


def _at(line: "Line") -> str:
    return f" from {visible(line.vantage)}" if line.vantage else ""


def _line(line: "Line") -> str:
    expected = f" expected {visible(' '.join(line.expected), 200)}" if line.expected else ""
    groups = f" in {visible(' '.join(line.groups), 200)}" if line.groups else ""
    return visible(line.target) + _at(line) + expected + groups


def _key(attribute: str) -> str:
    """Return the key that a file has for a value."""
    return "interval" if attribute == "interval_s" else attribute


def _value(value: object) -> str:
    if value in ("", (), None):
        return "nothing"
    return visible(" ".join(map(str, value)) if isinstance(value, tuple) else str(value), 120)


def changes_json(difference: "Diff") -> str:
    """Return what would change as JSON."""
    from truehelo.render.document import dumps

    changed = [
        {
            "target": change.new.target,
            "vantage": change.new.vantage,
            "fields": {_key(each.name): {"old": each.old, "new": each.new} for each in change.fields},
        }
        for change in difference.changed
    ]
    return dumps(
        {
            "schema": "truehelo/inventory-diff/1",
            "managed_by": difference.managed_by,
            "added": [_values(line) for line in difference.added],
            "removed": [_values(line) for line in difference.removed],
            "changed": changed,
            "unchanged": len(difference.unchanged),
            "conflicts": [
                {"target": each.line.target, "vantage": each.line.vantage, "managed_by": each.kept.managed_by}
                for each in difference.conflicts
            ],
            "withheld": [_values(line) for line in difference.withheld],
        },
        indent=2,
    )


def lines_json(lines: "Sequence[Line]") -> str:
    """Return lines as JSON, under the keys that a file has, and who manages each."""
    from truehelo.render.document import dumps

    return dumps({"schema": "truehelo/inventory/1", "lines": [_values(line) for line in lines]}, indent=2)


def _values(line: "Line") -> dict[str, object]:
    from truehelo.inventory.fields import values_of

    return {**values_of(line), "managed_by": line.managed_by}


_COLUMNS = ("target", "expected", "groups", "pool", "owner", "managed by")
_WIDEST = 44


def table(lines: "Sequence[Line]") -> str:
    """Return lines as a table, columns that say nothing left out."""
    if not lines:
        return "no lines\n"
    rows = [_COLUMNS, *(_row(line) for line in lines)]
    used = [number for number in range(len(_COLUMNS)) if any(row[number] for row in rows[1:])]
    widths = {number: max(len(row[number]) for row in rows) for number in used}
    out = ["  ".join(row[number].ljust(widths[number]) for number in used).rstrip() for row in rows]
    return "".join(f"{text}\n" for text in out)


def _row(line: "Line") -> tuple[str, ...]:
    cells = (
        line.target + (f" from {line.vantage}" if line.vantage else ""),
        " ".join(line.expected),
        " ".join(line.groups),
        line.pool,
        line.owner,
        line.managed_by or "hand",
    )
    return (visible(cells[0]), *(visible(cell, _WIDEST) for cell in cells[1:]))
