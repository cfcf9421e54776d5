"""Who is in an incident: subjects and things, as rows. Who joins is decided in `monitor/incidents.py`, not here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from truehelo.store.incidents import IncidentRow, incident
from truehelo.store.tables import members, schedule, states, subjects, things


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRow:
    """A member as it is kept, with what is known of its subject, or of its thing: then `ip` is the name of that.

    `kind` is "" for an address, else that of the thing; `domain` is whose key or source it is.
    """

    id: int
    incident_id: int
    subject_id: int | None
    tag: str
    since: float
    joined: float
    well_since: float | None
    closed: float | None
    old: str
    new: str
    ip: str
    network: str
    expected: tuple[str, ...]
    groups: tuple[str, ...]
    owner: str
    thing_id: int | None = None
    kind: str = ""
    domain: str = ""


NAME = func.coalesce(subjects.c.ip, things.c.name)
"""Whom a member is, for people: the address, or the name of the thing."""


def named(wanted: "Select[Any]") -> "Select[Any]":
    """Join what says who the members are that are selected."""
    return wanted.outerjoin(subjects, members.c.subject_id == subjects.c.id).outerjoin(
        things, members.c.thing_id == things.c.id
    )


def _members() -> "Select[Any]":
    return named(
        select(
            members,
            NAME.label("ip"),
            func.coalesce(subjects.c.network, "").label("network"),
            func.coalesce(subjects.c.expected, "[]").label("expected"),
            func.coalesce(subjects.c.groups, things.c.groups).label("groups"),
            func.coalesce(subjects.c.owner, things.c.owner).label("owner"),
            func.coalesce(things.c.kind, "").label("kind"),
            func.coalesce(things.c.domain, "").label("domain"),
        ).select_from(members)
    )


def _member(row: RowMapping) -> MemberRow:
    return MemberRow(
        id=row["id"],
        incident_id=row["incident_id"],
        subject_id=row["subject_id"],
        tag=row["tag"],
        since=row["since"],
        joined=row["joined"],
        well_since=row["well_since"],
        closed=row["closed"],
        old=row["old"],
        new=row["new"],
        ip=row["ip"],
        network=row["network"],
        expected=tuple(msgspec.json.decode(row["expected"], type=list[str])),
        groups=tuple(msgspec.json.decode(row["groups"], type=list[str])),
        owner=row["owner"],
        thing_id=row["thing_id"],
        kind=row["kind"],
        domain=row["domain"],
    )


_OF_THINGS = _members().where(members.c.thing_id.is_not(None), members.c.closed.is_(None))


def of_subject(connection: Connection, subject_id: int) -> list[tuple[IncidentRow, MemberRow]]:
    """Return the open memberships of a subject, each with its incident."""
    return _with_incidents(connection, members.c.subject_id == subject_id)


def of_thing(connection: Connection, thing_id: int) -> list[tuple[IncidentRow, MemberRow]]:
    """Return the open memberships of a thing, each with its incident."""
    return _with_incidents(connection, members.c.thing_id == thing_id)


def of_things(connection: Connection) -> list[MemberRow]:
    """Return the open memberships of all things."""
    return [_member(row) for row in connection.execute(_OF_THINGS).mappings()]


def _with_incidents(connection: Connection, whose: ColumnElement[bool]) -> list[tuple[IncidentRow, MemberRow]]:
    rows = connection.execute(_members().where(whose, members.c.closed.is_(None)))
    found = [_member(row) for row in rows.mappings()]
    result = []
    for each in found:
        held = incident(connection, each.incident_id)
        if held is not None:
            result.append((held, each))
    return result


def members_of(connection: Connection, number: int, most: int | None = None) -> list[MemberRow]:
    """Return the members of an incident in the order of joining."""
    wanted = _members().where(members.c.incident_id == number).order_by(members.c.joined, members.c.id)
    return [_member(row) for row in connection.execute(wanted if most is None else wanted.limit(most)).mappings()]


def counts(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return for each incident how many addresses (or things) it has, and how many of them are not well yet."""
    # One address may be watched from several vantage points.
    wanted = select(
        members.c.incident_id, func.count(NAME.distinct()), func.count(NAME.distinct()).filter(members.c.closed.is_(None))
    )
    rows = connection.execute(
        named(wanted.select_from(members)).where(members.c.incident_id.in_(numbers)).group_by(members.c.incident_id)
    )
    return {number: (whole, still) for number, whole, still in rows}


Whom = tuple[Sequence[str], str]
"""The groups and the owner of a member: whose routes a notice takes."""


def whom(connection: Connection, number: int) -> list[Whom]:
    """Return each combination of groups and owner that the members of an incident have, once."""
    groups, owner = func.coalesce(subjects.c.groups, things.c.groups), func.coalesce(subjects.c.owner, things.c.owner)
    wanted = named(select(groups, owner).select_from(members)).where(members.c.incident_id == number)
    found = connection.execute(wanted.distinct().order_by(groups, owner))
    return [(tuple(msgspec.json.decode(groups, type=list[str])), owner) for groups, owner in found]


def has_open_member(connection: Connection, number: int) -> bool:
    """Tell whether an address of an incident is not well yet."""
    found = select(members.c.id).where(members.c.incident_id == number, members.c.closed.is_(None)).limit(1)
    return connection.execute(found).first() is not None


def holds_others(connection: Connection, number: int, ip: str) -> bool:
    """Tell whether an incident is about more than one address."""
    wanted = named(select(members.c.id).select_from(members)).where(
        members.c.incident_id == number, NAME.is_distinct_from(ip)
    )
    return connection.execute(wanted.limit(1)).first() is not None


def failing_since(connection: Connection, subject_id: int, tag: str) -> float | None:
    """Return when a subject was first seen failing in a tag, this time; None when it does not fail."""
    wanted = select(states.c.since).where(
        states.c.subject_id == subject_id, states.c.tag == tag, states.c.state.in_(("failing", "recovering"))
    )
    found: float | None = connection.scalar(wanted)
    return found


def add_member(  # noqa: PLR0913  each is a column
    connection: Connection,
    number: int,
    subject_id: int | None,
    tag: str,
    *,
    since: float,
    at: float,
    old: str,
    new: str,
    thing_id: int | None = None,
) -> bool:
    """Add a subject, or a thing, to an incident; False when it is in an open one for this tag already."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    whom = {"subject_id": subject_id} if thing_id is None else {"thing_id": thing_id}
    done = connection.execute(
        dialect.insert(members)
        .values(incident_id=number, tag=tag, since=since, joined=at, old=old, new=new, **whom)
        .on_conflict_do_nothing()
    )
    return done.rowcount == 1


def change_member(connection: Connection, number: int, **values: Any) -> None:
    """Change columns of a member."""
    connection.execute(update(members).where(members.c.id == number).values(**values))


def end_stable_member(connection: Connection, number: int, before: float, at: float) -> bool:
    """End a membership that has been well since `before` or longer; False when it failed again meanwhile."""
    mine = and_(members.c.id == number, members.c.closed.is_(None), members.c.well_since <= before)
    return connection.execute(update(members).where(mine).values(closed=at)).rowcount == 1


def fails_again(connection: Connection, number: int) -> bool:
    """Keep that a member is not well any more; False when it was ended meanwhile."""
    mine = and_(members.c.id == number, members.c.closed.is_(None))
    return connection.execute(update(members).where(mine).values(well_since=None)).rowcount == 1


def openings(connection: Connection, subject_id: int | None, tag: str, since: float, *, thing_id: int | None = None) -> int:
    """Return how often a subject, or a thing, began to fail in a tag since a time.

    What went on from one incident to another began once.
    """
    whose = members.c.subject_id == subject_id if thing_id is None else members.c.thing_id == thing_id
    found: int = connection.execute(
        select(func.count(members.c.since.distinct())).where(whose, members.c.tag == tag, members.c.joined >= since)
    ).scalar_one()
    return found


def failing_untold(
    connection: Connection, most: int | None, after: int = 0, *, of: Sequence[int] | None = None
) -> list[tuple[int, str]]:
    """Return subjects and tags that fail without an incident: about `most`, of subjects behind `after`, or only `of`.

    A maintenance has ended, other vantage points did not agree so far, or one went wrong half-way.
    """
    wanted = (
        select(states.c.subject_id, states.c.tag)
        .join(schedule, schedule.c.subject_id == states.c.subject_id)
        .outerjoin(
            members,
            and_(members.c.subject_id == states.c.subject_id, members.c.tag == states.c.tag, members.c.closed.is_(None)),
        )
        .where(
            states.c.state == "failing",  # what recovers may be well already
            members.c.id.is_(None),
            schedule.c.next_run_at.is_not(None),
            schedule.c.fingerprint.is_not(None),  # since it was added again, or judged by other rules, it was looked at
            states.c.subject_id > after,
        )
        .order_by(states.c.subject_id, states.c.tag)
        .limit(most)
    )
    if of is not None:
        wanted = wanted.where(states.c.subject_id.in_(of))
    found = [(row[0], row[1]) for row in connection.execute(wanted)]
    # A subject of which only some tags fitted is left to the next page.
    whole = [each for each in found if each[0] != found[-1][0]] if most is not None and len(found) == most else found
    return whole or found


def stable_members(connection: Connection, before: float) -> list[MemberRow]:
    """Return members of flapping incidents that have been well since `before` or longer."""
    rows = connection.execute(_members().where(members.c.closed.is_(None), members.c.well_since <= before))
    return [_member(row) for row in rows.mappings()]


def removed_members(connection: Connection) -> list[MemberRow]:
    """Return open members whose subject is no longer watched."""
    rows = connection.execute(
        _members()
        .join(schedule, schedule.c.subject_id == members.c.subject_id)
        .where(members.c.closed.is_(None), schedule.c.next_run_at.is_(None))
    )
    return [_member(row) for row in rows.mappings()]
