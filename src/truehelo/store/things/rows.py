"""Things and how they stand, as rows. What a state means for people is decided in `monitor/sources/incidents.py`."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, and_, delete, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from truehelo.store.tables import incidents, members, things
from truehelo.store.things.tables import domain_flips, domain_records, thing_states

DOMAIN, KEY, SOURCE, REPORTER = "domain", "key", "source", "reporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """A thing as it is kept; `domain` is "" for one that belongs to none. Times in seconds since the epoch."""

    id: int
    kind: str
    name: str
    domain: str = ""
    groups: tuple[str, ...] = ()
    owner: str = ""
    removed_at: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ThingState:
    """A tag in which a thing is not well, and what is told of it. `key` is of the cause: equal ones are one incident."""

    tag: str
    since: float
    severity: str
    key: str
    cause: str
    message: str
    old: str = ""
    new: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    changed_at: float = 0.0


def thing(
    connection: Connection,
    kind: str,
    name: str,
    domain: str = "",
    *,
    now: float,
    groups: Sequence[str] | None = None,
    owner: str | None = None,
) -> Thing:
    """Return the thing of that name, made if there is none; given groups and owner are kept, and it is not removed."""
    found = find(connection, kind, name, domain)
    if found is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(things).values(kind=kind, name=name, domain=domain, added_at=now).on_conflict_do_nothing()
        )
        found = find(connection, kind, name, domain)
        if found is None:
            raise LookupError(f"{kind} {name!r} was made, and is not there")
    values: dict[str, Any] = {}
    if groups is not None and tuple(groups) != found.groups:
        values["groups"] = msgspec.json.encode(list(groups)).decode()
    if owner is not None and owner != found.owner:
        values["owner"] = owner
    if found.removed_at is not None:
        values["removed_at"] = None
    if not values:
        return found
    connection.execute(update(things).where(things.c.id == found.id).values(**values))
    again = find(connection, kind, name, domain)
    return found if again is None else again


def find(connection: Connection, kind: str, name: str, domain: str = "") -> Thing | None:
    """Return a thing by its name; None when there is none."""
    wanted = select(things).where(things.c.kind == kind, things.c.name == name, things.c.domain == domain)
    row = connection.execute(wanted).mappings().first()
    return None if row is None else thing_of(row)


def thing_of(row: RowMapping) -> Thing:
    """Return the thing of a row that holds its columns."""
    return Thing(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        domain=row["domain"],
        groups=tuple(msgspec.json.decode(row["groups"], type=list[str])),
        owner=row["owner"],
        removed_at=row["removed_at"],
    )


def remove(connection: Connection, ids: Collection[int], now: float) -> None:
    """Say that things are no longer watched."""
    connection.execute(update(things).where(things.c.id.in_(ids), things.c.removed_at.is_(None)).values(removed_at=now))


def put_state(connection: Connection, thing_id: int, state: ThingState, now: float) -> None:
    """Keep how a thing stands in a tag; since when it does stays as it was kept first."""
    values = {
        "severity": state.severity,
        "key": state.key,
        "cause": state.cause,
        "message": state.message,
        "old": state.old,
        "new": state.new,
        "details": msgspec.json.encode(state.details).decode(),
        "changed_at": now,
    }
    mine = and_(thing_states.c.thing_id == thing_id, thing_states.c.tag == state.tag)
    if connection.execute(update(thing_states).where(mine).values(**values)).rowcount == 0:
        connection.execute(insert(thing_states).values(thing_id=thing_id, tag=state.tag, since=state.since, **values))


def drop_state(connection: Connection, thing_id: int, tag: str) -> bool:
    """Forget a tag in which a thing stands well again; False when it did not stand otherwise."""
    mine = and_(thing_states.c.thing_id == thing_id, thing_states.c.tag == tag)
    return connection.execute(delete(thing_states).where(mine)).rowcount > 0


# Asked several times a minute: the building of a statement takes longer than the answer.
_STATES = (
    select(
        things,
        *(thing_states.c[each] for each in ("tag", "since", "severity", "key", "cause", "message", "old", "new")),
        thing_states.c.details,
        thing_states.c.changed_at,
    )
    .join_from(things, thing_states, thing_states.c.thing_id == things.c.id)
    .order_by(thing_states.c.since, things.c.id, thing_states.c.tag)
)


def states(connection: Connection, tags: Collection[str] | None = None) -> list[tuple[Thing, ThingState]]:
    """Return what is not well, in some tags or in any, the oldest first."""
    wanted = _STATES if tags is None else _STATES.where(thing_states.c.tag.in_(tags))
    rows = connection.execute(wanted).mappings()
    return [(thing_of(row), _state(row)) for row in rows]


def state_of(connection: Connection, thing_id: int, tag: str) -> ThingState | None:
    """Return how a thing stands in a tag; None when it is well."""
    mine = and_(thing_states.c.thing_id == thing_id, thing_states.c.tag == tag)
    row = connection.execute(select(thing_states).where(mine)).mappings().first()
    return None if row is None else _state(row)


def _state(row: RowMapping) -> ThingState:
    return ThingState(
        tag=row["tag"],
        since=row["since"],
        severity=row["severity"],
        key=row["key"],
        cause=row["cause"],
        message=row["message"],
        old=row["old"],
        new=row["new"],
        details=msgspec.json.decode(row["details"], type=dict[str, Any]),
        changed_at=row["changed_at"],
    )


def open_of_key(connection: Connection, key: str, tag: str) -> int | None:
    """Return the open incident of a cause, the newest where there are several."""
    found: int | None = connection.scalar(
        select(incidents.c.id)
        .where(incidents.c.key == key, incidents.c.tag == tag, incidents.c.closed.is_(None))
        .order_by(incidents.c.id.desc())
        .limit(1)
    )
    return found


def acknowledged_members(connection: Connection, tags: Collection[str]) -> list[tuple[int, str, int]]:
    """Return the things whose open incident somebody has acknowledged: thing, tag and incident."""
    rows = connection.execute(
        select(members.c.thing_id, members.c.tag, members.c.incident_id)
        .join_from(members, incidents, incidents.c.id == members.c.incident_id)
        .where(
            members.c.thing_id.is_not(None),
            members.c.closed.is_(None),
            members.c.tag.in_(tags),
            incidents.c.acknowledged.is_not(None),
        )
    )
    return [(row[0], row[1], row[2]) for row in rows]


def add_flip(connection: Connection, thing_id: int, what: str, *, old: str, new: str, at: float, reason: str) -> None:
    """Keep a confirmed change of a thing."""
    connection.execute(
        insert(domain_flips).values(thing_id=thing_id, what=what, old=old, new=new, at=at, reason=reason[:2000])
    )


def prune(connection: Connection, history_before: float) -> int:
    """Remove flips and records that are older than they are to be kept, and things that nothing holds any more.

    Returns how many rows. What stands there now, what is not well, and what an incident is about stay.
    """
    held = select(members.c.thing_id).where(members.c.thing_id.is_not(None))
    standing = select(thing_states.c.thing_id)
    gone = or_(things.c.removed_at < history_before, and_(things.c.kind != DOMAIN, things.c.added_at < history_before))
    statements = (
        delete(domain_flips).where(domain_flips.c.at < history_before),
        delete(domain_records).where(domain_records.c.until < history_before),
        delete(things).where(gone, things.c.id.not_in(held), things.c.id.not_in(standing)),
    )
    return sum(connection.execute(statement).rowcount for statement in statements)
