"""What must hold in the store whatever happened: incidents have members, what fails has an incident, messages can go.

The watch keeps all of it in its transactions, and restores some of it by itself. This looks whether it does hold, for
`truehelo db check`, and changes nothing.
"""

from collections.abc import Collection, Iterator
from typing import Any

from msgspec.json import decode
from sqlalchemy import Connection, Select, exists, func, select

from truehelo.facts.text import visible
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.quorum import agreed
from truehelo.monitor.sources.incidents import is_told
from truehelo.monitor.upkeep import CANNOT_SEE
from truehelo.store import membership
from truehelo.store import schedule as plan
from truehelo.store.tables import incidents, members, outbox, schedule, subjects, unseen
from truehelo.store.things import rows as things

MOST = 20
"""Of each kind of trouble that are named; the others are counted."""
_LEASE_S = 3600.0
"""Longer than any lease: one that ends later was written by a clock that was wrong."""


def inconsistencies(connection: Connection, policy: Policy, channels: Collection[str] | None, now: float) -> list[str]:
    """Return what does not hold, in sentences; nothing when all is well.

    Args:
        connection: To read from.
        policy: What is under maintenance fails without an incident, and may.
        channels: The names of those in the configuration; None when that is not known.
        now: Seconds since the epoch.
    """
    return [
        *_named(connection, _empty(), "incident {} is open and has no open member"),
        *_named(connection, _seeing(), "incident {} is open, and nothing is blind for its cause"),
        *_named(connection, _unended(), "incident {} is closed, and {} is an open member of it in {}"),
        *_untold(connection, policy, now),
        *_things_untold(connection, policy, now),
        *_named(connection, _unscheduled(), "{} is watched, and has no place in the schedule"),
        *_named(connection, _ghosts(), "{} is no longer watched, and is in the schedule"),
        *_named(connection, _taken(now), "{} is taken until {}, longer than anybody takes one"),
        *_named(connection, _held(now), "message {} is taken until {}, longer than anybody takes one"),
        *_named(connection, _wordless(), "message {} is about no incident, and has no words"),
        *(() if channels is None else _named(connection, _lost(channels), "message {} waits for {}, which is no channel")),
    ]


def _named(connection: Connection, wanted: "Select[Any]", sentence: str) -> Iterator[str]:
    """Yield a sentence for each row of the first, and one for the rest of them."""
    found = connection.execute(wanted.limit(MOST)).all()
    yield from (sentence.format(*map(_shown, row)) for row in found)
    if len(found) == MOST:
        whole = connection.execute(select(func.count()).select_from(wanted.subquery())).scalar_one()
        if whole > MOST:
            yield f"and {whole - MOST:,} more of the same"


def _shown(value: object) -> str:
    return f"{moment(value):%Y-%m-%d %H:%M} UTC" if isinstance(value, float) else visible(str(value), 200)


def _open_member() -> Any:
    return exists(select(members.c.id).where(members.c.incident_id == incidents.c.id, members.c.closed.is_(None)))


def _empty() -> "Select[Any]":
    return select(incidents.c.id).where(incidents.c.closed.is_(None), incidents.c.tag != CANNOT_SEE, ~_open_member())


def _seeing() -> "Select[Any]":
    blind = exists(select(unseen.c.cause).where(unseen.c.incident_id == incidents.c.id))
    return select(incidents.c.id).where(incidents.c.closed.is_(None), incidents.c.tag == CANNOT_SEE, ~blind)


def _unended() -> "Select[Any]":
    return membership.named(
        select(incidents.c.id, membership.NAME, members.c.tag).join_from(
            members, incidents, incidents.c.id == members.c.incident_id
        )
    ).where(incidents.c.closed.is_not(None), members.c.closed.is_(None))


def _untold(connection: Connection, policy: Policy, now: float) -> Iterator[str]:
    """What fails without an incident, is not under maintenance, and not seen otherwise by other vantage points."""
    failing = membership.failing_untold(connection, None)
    agreed_on = agreed(connection, failing, now) if failing else set()
    found = [each for each in failing if each in agreed_on]
    ids = sorted({number for number, _ in found})
    known: dict[int, tuple[str, list[str]]] = {}
    for start in range(0, len(ids), plan.BATCH):
        part = select(subjects.c.id, subjects.c.ip, subjects.c.groups).where(
            subjects.c.id.in_(ids[start : start + plan.BATCH])
        )
        known.update({row.id: (row.ip, decode(row.groups, type=list[str])) for row in connection.execute(part)})
    untold = [(known[number][0], tag) for number, tag in found if policy.maintenance(*known[number], now) is None]
    yield from (f"{visible(ip)} fails in {visible(tag)}, and has no incident" for ip, tag in untold[:MOST])
    if len(untold) > MOST:
        yield f"and {len(untold) - MOST:,} more of the same"


def _things_untold(connection: Connection, policy: Policy, now: float) -> Iterator[str]:
    """Domains, keys, sources and reporters that are not well, and have no incident."""
    held = {(member.thing_id, member.tag) for member in membership.of_things(connection)}
    standing = {(thing.id, state.tag): (thing, state) for thing, state in things.states(connection)}
    for key, (thing, state) in standing.items():
        if key not in held and thing.removed_at is None and is_told(thing, state, policy, now):
            yield f"{thing.kind} {visible(thing.name)} fails in {visible(state.tag)}, and has no incident"
    for member in membership.of_things(connection):
        if (member.thing_id, member.tag) not in standing and member.well_since is None:
            name = f"{member.kind} {visible(member.ip)}"
            yield f"{name} is well in {visible(member.tag)}, and in incident {member.incident_id}"


def _unscheduled() -> "Select[Any]":
    return (
        select(subjects.c.ip)
        .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id, isouter=True)
        .where(subjects.c.removed_at.is_(None), schedule.c.next_run_at.is_(None))
    )


def _ghosts() -> "Select[Any]":
    return (
        select(subjects.c.ip)
        .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
        .where(subjects.c.removed_at.is_not(None), schedule.c.next_run_at.is_not(None))
    )


def _taken(now: float) -> "Select[Any]":
    return (
        select(subjects.c.ip, schedule.c.claimed_until)
        .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
        .where(schedule.c.claimed_until > now + _LEASE_S)
    )


def _held(now: float) -> "Select[Any]":
    return select(outbox.c.id, outbox.c.claimed_until).where(
        outbox.c.state == "pending", outbox.c.claimed_until > now + _LEASE_S
    )


def _wordless() -> "Select[Any]":
    return select(outbox.c.id).where(outbox.c.incident_id.is_(None), outbox.c.notice.is_(None))


def _lost(channels: Collection[str]) -> "Select[Any]":
    return select(outbox.c.id, outbox.c.channel).where(
        outbox.c.state == "pending", outbox.c.channel.not_in(sorted(channels))
    )
