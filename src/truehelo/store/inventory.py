"""The inventory as it is kept: lines, what names lead to, and the subjects that follow from both.

A change of the inventory is one transaction: lines, subjects and schedule change together or not at all. Two changes
at once wait for each other. What changes is decided by `inventory.diff`, what follows from lines by
`inventory.expand`.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, bindparam, delete, func, insert, or_, select, update

from truehelo.facts.address import Address, parse_address
from truehelo.inventory.diff import Diff, after, diff
from truehelo.inventory.discovered import Merge
from truehelo.inventory.expand import expand
from truehelo.inventory.model import Entry, Line
from truehelo.store.entries import DEFAULT_INTERVAL_S, Progress, Synced, batches, sync
from truehelo.store.schedule import SLACK_S
from truehelo.store.tables import acts, lines

_NAMES = ("host:", "domain:")
_LOCK = 0x7468_0001
"""The number of the advisory lock that inventory changes hold on PostgreSQL."""


class Body(msgspec.Struct, frozen=True):
    """What a row of `lines` holds as JSON: the line, and the addresses that its name was found to lead to."""

    line: Line
    found: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What a change of the inventory did: to lines, and to the subjects that follow from them."""

    difference: Diff
    subjects: Synced


def lock(connection: Connection) -> None:
    """Let no other change of the inventory in until this transaction ends. On SQLite a writing transaction is enough."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def kept_lines(connection: Connection) -> list[Line]:
    """Return all lines, in the order in which they were added."""
    return [body.line for body in _bodies(connection)]


def kept_found(connection: Connection) -> dict[str, tuple[Address, ...]]:
    """Return what names were found to lead to, by the key of their line."""
    return {body.line.key: _addresses(body.found) for body in _bodies(connection) if body.found}


def _bodies(connection: Connection) -> list[Body]:
    decode = msgspec.json.Decoder(Body).decode
    return [decode(text) for text in connection.scalars(select(lines.c.body).order_by(lines.c.position, lines.c.id))]


def _addresses(texts: Iterable[str]) -> tuple[Address, ...]:
    return tuple(ip for ip in map(parse_address, texts) if ip is not None)


def _body(line: Line, found: Sequence[Address] = ()) -> str:
    return msgspec.json.encode(Body(line, tuple(map(str, found)))).decode()


def update_inventory(
    connection: Connection,
    wanted: Iterable[Line],
    managed_by: str,
    now: float,
    *,
    whole: bool = True,
    by: str = "",
    default_interval_s: float = DEFAULT_INTERVAL_S,
) -> Applied:
    """Hold what a file says against what is kept, and carry the difference out. Call it in a writing transaction.

    Args:
        connection: Of a writing transaction; nothing stands before it is committed.
        wanted: The lines of the file.
        managed_by: Who speaks, as in `Line`.
        now: Seconds since the epoch.
        whole: The file could be read to the end, so that what it does not name is gone.
        by: Who did it, for the record.
        default_interval_s: Seconds between checks for lines that do not say.

    Raises:
        InputError: The inventory would hold too many addresses.
    """
    lock(connection)
    kept = kept_lines(connection)
    return carry_out(
        connection, kept, diff(kept, wanted, managed_by, whole=whole), now, by=by, default_interval_s=default_interval_s
    )


def carry_out(
    connection: Connection,
    kept: Iterable[Line],
    difference: Diff,
    now: float,
    *,
    by: str = "",
    default_interval_s: float = DEFAULT_INTERVAL_S,
    progress: Progress | None = None,
) -> Applied:
    """Carry out a difference to what is kept, and write down who did.

    Raises:
        InputError: The inventory would hold too many addresses.
    """
    entries = expand(after(kept, difference), kept_found(connection), yes=True).entries
    synced = apply(connection, difference, entries, now, default_interval_s, progress)
    if not difference.is_empty:
        counts = f"{len(difference.added)} added, {len(difference.changed)} changed, {len(difference.removed)} removed"
        who = difference.managed_by or "by hand"
        connection.execute(insert(acts).values(at=now, by=by, what="inventory", detail=f"{who}: {counts}"))
    return Applied(difference=difference, subjects=synced)


def apply(
    connection: Connection,
    difference: Diff,
    entries: Iterable[Entry],
    now: float,
    default_interval_s: float = DEFAULT_INTERVAL_S,
    progress: Progress | None = None,
) -> Synced:
    """Change the lines by a difference, and make the subjects those of `entries`, which are all that there are to be."""
    for part in batches([line.key for line in difference.removed]):
        connection.execute(delete(lines).where(lines.c.key.in_(part)))
    _add(connection, difference.added, now)
    _change(connection, [change.new for change in difference.changed], now)
    return sync(connection, entries, now, default_interval_s, progress)


def _add(connection: Connection, added: Sequence[Line], now: float) -> None:
    first = (connection.scalar(select(func.max(lines.c.position))) or 0) + 1
    rows = [
        {
            "key": line.key,
            "managed_by": line.managed_by,
            "position": position,
            "target": line.target,
            "body": _body(line),
            "added_at": now,
            "changed_at": now,
        }
        for position, line in enumerate(added, start=first)
    ]
    for part in batches(rows):
        connection.execute(insert(lines), list(part))


_CHANGE = (
    update(lines)
    .where(lines.c.key == bindparam("b_key"))
    .values(body=bindparam("b_body"), changed_at=bindparam("b_at"), expanded_at=None)
)


def _change(connection: Connection, changed: Sequence[Line], now: float) -> None:
    found = kept_found(connection) if any(line.target.startswith(_NAMES) for line in changed) else {}
    for part in batches(changed):
        connection.execute(
            _CHANGE, [{"b_key": line.key, "b_body": _body(line, found.get(line.key, ())), "b_at": now} for line in part]
        )


# Names, whose addresses are kept up to date


def names_due(connection: Connection, before: float, most: int = 100, *, now: float = math.inf) -> list[Line]:
    """Return lines of names, last looked up before a time (seconds since the epoch) or never; the oldest first.

    What was looked up later than `now` was so while the clock was ahead: nobody knows when, and it is due.
    """
    looked_up = lines.c.expanded_at
    rows = connection.scalars(
        select(lines.c.body)
        .where(
            or_(*(lines.c.target.startswith(name, autoescape=True) for name in _NAMES)),
            or_(looked_up.is_(None), looked_up <= before, looked_up > now + SLACK_S),
        )
        .order_by(looked_up.is_not(None), looked_up, lines.c.id)
        .limit(most)
    )
    return [msgspec.json.decode(text, type=Body).line for text in rows]


def found_of(connection: Connection, key: str) -> tuple[Address, ...] | None:
    """Return what the name of a line was found to lead to; None when there is no such line any more."""
    text = connection.scalar(select(lines.c.body).where(lines.c.key == key))
    return None if text is None else _addresses(msgspec.json.decode(text, type=Body).found)


def put_found(
    connection: Connection,
    merges: Mapping[str, Merge],
    now: float,
    *,
    default_interval_s: float = DEFAULT_INTERVAL_S,
) -> Synced | None:
    """Keep what names lead to, by the key of their line, and expand anew where that has changed (else None).

    Call it in a writing transaction that has called `lock` and read `found_of` before it merged.
    """
    for key, merge in merges.items():
        text = connection.scalar(select(lines.c.body).where(lines.c.key == key))
        if text is not None:
            line = msgspec.json.decode(text, type=Body).line
            connection.execute(
                update(lines).where(lines.c.key == key).values(body=_body(line, merge.addresses), expanded_at=now)
            )
    if not any(merge.changed for merge in merges.values()):
        return None
    entries = expand(kept_lines(connection), kept_found(connection), yes=True).entries
    return sync(connection, entries, now, default_interval_s)
