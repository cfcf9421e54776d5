"""What the reading commands ask of many subjects at once: counts, causes, listings, what waits.

Made for fifty thousand subjects: what is well is counted, and only what is not is read. Reads only.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Connection,
    Text,
    and_,
    any_,
    func,
    literal,
    or_,
    select,
    text,
)

from truehelo.store.membership import NAME, named
from truehelo.store.spans import UNDETERMINED
from truehelo.store.tables import incidents, listings, members, outbox, schedule, states, subjects

_THERE = schedule.c.next_run_at.is_not(None)
# As the partial index has it: the database uses an index for the very words that it was made with.
_UNWELL = text("(schedule.worst <> 'ok' OR schedule.overlay <> '')")
LISTED = "DNSBL_LISTED:"


def within(connection: Connection, column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition that a column is one of many values, handed over as one."""
    if connection.dialect.name == "postgresql":
        return column == any_(literal(list(values), ARRAY(Text)))
    each = func.json_each(msgspec.json.encode(list(values)).decode()).table_valued("value")
    return column.in_(select(each.c.value))


def holds(connection: Connection, column: ColumnElement[str], word: str) -> ColumnElement[bool]:
    """Return the condition that a list in JSON holds a word: between its quotes it can be nothing else."""
    find = func.strpos if connection.dialect.name == "postgresql" else func.instr
    return find(column, msgspec.json.encode(word).decode()) > 0


def distinct(connection: Connection, column: ColumnElement[str]) -> list[str]:
    """Return what a column of the watched subjects holds, each once."""
    return list(connection.scalars(select(column).where(subjects.c.removed_at.is_(None)).distinct()))


def any_watched(connection: Connection, where: ColumnElement[bool]) -> bool:
    """Tell whether a watched subject fulfils a condition."""
    wanted = select(subjects.c.id).where(subjects.c.removed_at.is_(None), where).limit(1)
    return connection.execute(wanted).first() is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many subjects stand how (worst state, overlay), when the last check was, and since when the oldest is due."""

    by: dict[tuple[str, str], int]
    last_check: float | None
    oldest_due: float | None


def counted(connection: Connection, where: ColumnElement[bool] | None = None) -> Counted:
    """Count the subjects that fulfil a condition; last check and schedule are of all."""
    unwell = select(schedule.c.worst, schedule.c.overlay, func.count()).where(_UNWELL, _THERE)
    if where is None:
        whole = select(func.count()).select_from(schedule).where(_THERE)
    else:
        unwell = unwell.join(subjects, subjects.c.id == schedule.c.subject_id).where(where)
        whole = select(func.count()).select_from(subjects).where(subjects.c.removed_at.is_(None), where)
    rows = connection.execute(unwell.group_by(schedule.c.worst, schedule.c.overlay))
    by = {(row[0], row[1]): row[2] for row in rows}
    by["ok", ""] = connection.execute(whole).scalar_one() - sum(by.values())
    return Counted(
        by={key: count for key, count in by.items() if count},
        last_check=connection.execute(select(func.max(schedule.c.checked_at))).scalar(),
        oldest_due=connection.execute(select(func.min(schedule.c.next_run_at))).scalar(),
    )


def by_tags(connection: Connection, tags: Sequence[str], where: ColumnElement[bool] | None) -> dict[str, int]:
    """Return how many subjects stand in which state in one of these tags; those that cannot be seen now are left out."""
    wanted = (
        select(states.c.subject_id, states.c.state)
        .join(schedule, schedule.c.subject_id == states.c.subject_id)
        .where(within(connection, states.c.tag, tags), _THERE, schedule.c.overlay != UNDETERMINED)
    )
    if where is not None:
        wanted = wanted.join(subjects, subjects.c.id == states.c.subject_id).where(where)
    worst: dict[int, set[str]] = defaultdict(set)
    for number, state in connection.execute(wanted):
        worst[number].add(state)
    found: dict[str, int] = defaultdict(int)
    for held in worst.values():
        found[next(state for state in ("failing", "recovering", "suspect", "ok") if state in held)] += 1
    return dict(found)


def tags_held(connection: Connection) -> list[str]:
    """Return every tag in which a subject is not well."""
    return list(connection.scalars(select(states.c.tag).distinct()))


def unknown(
    connection: Connection, where: ColumnElement[bool] | None = None, most: int = 200
) -> list[tuple[str, int, float]]:
    """Return why subjects cannot be seen now: cause, how many, since when; the largest first."""
    count = func.count().label("count")
    wanted = select(schedule.c.undetermined_cause, count, func.min(schedule.c.undetermined_since)).where(
        _UNWELL, schedule.c.overlay == UNDETERMINED, _THERE
    )
    if where is not None:
        wanted = wanted.join(subjects, subjects.c.id == schedule.c.subject_id).where(where)
    rows = connection.execute(
        wanted.group_by(schedule.c.undetermined_cause).order_by(count.desc(), schedule.c.undetermined_cause).limit(most)
    )
    return [(cause or "", number, since) for cause, number, since in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """What one list says: how many it lists, against how many it speaks, of how many it cannot say, why, and since when."""

    list: str
    listed: int
    against: int
    unknown: int
    since: float
    reason: str


def lists(connection: Connection, where: ColumnElement[bool] | None = None) -> list[ListRow]:
    """Return what the lists say now, where that is anything but clean."""
    wanted = select(
        listings.c.list, listings.c.state, func.count(), func.min(listings.c.since), func.max(listings.c.reason)
    ).where(listings.c.until.is_(None))
    bad = select(states.c.tag, func.count()).where(states.c.tag.startswith(LISTED, autoescape=True))
    there = subjects.c.removed_at.is_(None) if where is None else and_(where, subjects.c.removed_at.is_(None))
    wanted = wanted.join(subjects, subjects.c.id == listings.c.subject_id).where(there)
    bad = bad.join(subjects, subjects.c.id == states.c.subject_id).where(there)
    against = {row[0].removeprefix(LISTED): row[1] for row in connection.execute(bad.group_by(states.c.tag))}
    found: dict[str, dict[str, tuple[int, float, str]]] = defaultdict(dict)
    for name, state, count, since, reason in connection.execute(wanted.group_by(listings.c.list, listings.c.state)):
        found[name][state] = (count, since, reason)
    nothing = (0, float("inf"), "")
    return [
        ListRow(
            list=name,
            listed=by.get("listed", nothing)[0],
            against=min(against.get(name, 0), by.get("listed", nothing)[0]),
            unknown=by.get("unknown", nothing)[0],
            since=min(each[1] for each in by.values()),
            reason=by.get("unknown", nothing)[2],
        )
        for name, by in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What a channel has not delivered: how many are late or were tried in vain, since when, how many given up, and why."""

    channel: str
    waiting: int
    oldest: float | None
    failed: int
    detail: str


def undelivered(connection: Connection, now: float, failed_since: float) -> list[Late]:
    """Return what should have been delivered by `now`, and what was given up since a time."""
    late = and_(outbox.c.state == "pending", or_(outbox.c.attempts > 0, outbox.c.attempt_at <= now))
    lost = and_(outbox.c.state == "failed", outbox.c.created >= failed_since)
    rows = connection.execute(
        select(
            outbox.c.channel,
            func.count().filter(late),
            func.min(outbox.c.created).filter(late),
            func.count().filter(lost),
            func.max(outbox.c.id),
        )
        .where(outbox.c.state.in_(("pending", "failed")), or_(late, lost))
        .group_by(outbox.c.channel)
        .order_by(outbox.c.channel)
    ).all()
    said = {
        row[0]: row[1]
        for row in connection.execute(select(outbox.c.id, outbox.c.detail).where(outbox.c.id.in_([row[4] for row in rows])))
    }
    return [
        Late(channel=channel, waiting=waiting, oldest=oldest, failed=failed, detail=said.get(last, ""))
        for channel, waiting, oldest, failed, last in rows
    ]


def incidents_of(connection: Connection, where: ColumnElement[bool], numbers: Sequence[int]) -> set[int]:
    """Return those of these incidents that have an address which fulfils a condition, and is not well again."""
    rows = connection.scalars(
        select(members.c.incident_id)
        .join(subjects, subjects.c.id == members.c.subject_id)
        .join(incidents, incidents.c.id == members.c.incident_id)
        .where(
            members.c.incident_id.in_(numbers),
            or_(members.c.closed.is_(None), incidents.c.closed.is_not(None)),
            where,
        )
        .distinct()
    )
    return set(rows)


def only_members(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, str, str]]:
    """Return the address (or thing), the old and the new value of incidents that have one each."""
    rows = connection.execute(
        named(select(members.c.incident_id, NAME, members.c.old, members.c.new).select_from(members))
        .where(members.c.incident_id.in_(numbers))
        .order_by(members.c.id.desc())
    )
    return {number: (ip, old, new) for number, ip, old, new in rows}


def open_tags(connection: Connection) -> dict[int, set[str]]:
    """Return in which tags the addresses of each open incident fail."""
    found: dict[int, set[str]] = defaultdict(set)
    rows = connection.execute(
        select(members.c.incident_id, members.c.tag)
        .join(incidents, incidents.c.id == members.c.incident_id)
        .where(incidents.c.closed.is_(None))
        .distinct()
    )
    for number, tag in rows:
        found[number].add(tag)
    return found


def ips_of_name(connection: Connection, name: str) -> list[str]:
    """Return the addresses that are, or were, expected to have a name, those that are watched first."""
    wanted = select(subjects.c.ip, subjects.c.removed_at).where(holds(connection, subjects.c.expected, name))
    rows = sorted(connection.execute(wanted).all(), key=lambda row: row[1] is not None)
    return list(dict.fromkeys(row[0] for row in rows))


def watched_hosts(connection: Connection, hosts: Iterable[str]) -> set[str]:
    """Return those of some names and addresses that are watched."""
    return {
        host
        for host in hosts
        if connection.execute(
            select(subjects.c.id)
            .where(
                subjects.c.removed_at.is_(None), or_(subjects.c.ip == host, holds(connection, subjects.c.expected, host))
            )
            .limit(1)
        ).first()
        is not None
    }
