"""The database is the schedule: which subjects are due, who has taken them, and when they are due again.

A subject is taken by a lease, so that several watchers share the work, and a dead one's work is taken over. What was
seen is recorded only if the subject still waits for that very tick (compare and set), so that no tick is recorded
twice.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Integer,
    RowMapping,
    Text,
    bindparam,
    cast,
    func,
    or_,
    select,
    update,
)

from truehelo.facts.text import storable
from truehelo.store.tables import schedule, states, subjects

BATCH = 500
LONGEST_LEASE_S = 3600.0
SLACK_S = 60.0
"""By so much the clocks of watchers that share a database may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A subject as it is kept. Times in seconds since the epoch."""

    id: int
    ip: str
    network: str
    expected: tuple[str, ...]
    helo: str | None
    domains: tuple[str, ...]
    groups: tuple[str, ...]
    owner: str
    ports: tuple[int, ...]
    interval_s: float
    added_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """How a subject stands in a tag, as it is kept."""

    tag: str
    state: str
    count: int
    since: float
    turned: float
    severity: str
    old: str = ""
    new: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """A subject that is to be checked now. `tick` is the time it was due at, and names the check."""

    subject: Watched
    tick: float
    due_at: float
    checked_at: float | None
    determined_at: float | None
    undetermined_since: float | None
    began_at: float | None
    fingerprint: int | None
    steady: int | None
    worst: str
    overlay: str
    listed_at: float | None = None
    held: tuple[Held, ...] = ()
    hidden: Mapping[str, float] = field(default_factory=dict)
    """Since when what tags rest on is hidden, as `drift.hidden` has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What becomes of the schedule after a check. `took` is whose lease it was."""

    subject_id: int
    tick: float
    next_run_at: float
    due_at: float
    checked_at: float
    determined_at: float | None
    undetermined_since: float | None
    undetermined_cause: str | None
    began_at: float | None
    fingerprint: int | None
    steady: int | None
    worst: str
    overlay: str
    listed_at: float | None = None
    unseen: str = ""
    hidden: Mapping[str, float] = field(default_factory=dict)


class Subjects:
    """Reads subjects, and remembers them: most of a row never changes."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._known: dict[int, tuple[int, Watched]] = {}

    def read(self, row: RowMapping) -> Watched:
        """Return the subject of a row that holds its columns."""
        known = self._known.get(row["id"])
        if known is not None and known[0] == row["revision"]:
            return known[1]
        watched = watched_of(row)
        self._known[row["id"]] = (row["revision"], watched)
        return watched


def watched_of(row: RowMapping) -> Watched:
    """Return the subject of a row that holds its columns."""
    return Watched(
        id=row["id"],
        ip=row["ip"],
        network=row["network"],
        expected=tuple(msgspec.json.decode(row["expected"], type=list[str])),
        helo=row["helo"],
        domains=tuple(msgspec.json.decode(row["domains"], type=list[str])),
        groups=tuple(msgspec.json.decode(row["groups"], type=list[str])),
        owner=row["owner"],
        ports=tuple(msgspec.json.decode(row["ports"], type=list[int])),
        interval_s=row["interval_s"],
        added_at=row["added_at"],
    )


# The statements that run with every batch are made once: making one takes longer than SQLite takes to run it.
_HERE = schedule.c.vantage.in_(("", bindparam("vantage", type_=Text)))
_FREE = or_(schedule.c.claimed_until.is_(None), schedule.c.claimed_until <= bindparam("now", type_=Double))
_WAITING = (
    select(schedule.c.subject_id)
    .where(_HERE, schedule.c.next_run_at <= bindparam("now", type_=Double), _FREE)
    .order_by(schedule.c.next_run_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(schedule)
    .where(schedule.c.subject_id == bindparam("b_id"))
    .values(claimed_by=bindparam("worker"), claimed_until=bindparam("until"))
)
_TAKEN = (
    select(subjects, schedule)
    .join_from(schedule, subjects, schedule.c.subject_id == subjects.c.id)
    .where(schedule.c.subject_id.in_(bindparam("ids", expanding=True)), schedule.c.next_run_at.is_not(None))
    .order_by(schedule.c.next_run_at)
)
_HELD = select(states).where(states.c.subject_id.in_(bindparam("ids", expanding=True))).order_by(states.c.tag)
_NEXT = select(func.min(schedule.c.next_run_at)).where(_HERE, schedule.c.claimed_until.is_(None))


def take_due(
    connection: Connection, known: Subjects, *, vantage: str, worker: str, now: float, lease_s: float, most: int = BATCH
) -> list[Due]:
    """Take up to `most` subjects that are due, the longest waiting first, for `lease_s` seconds.

    Call it in a writing transaction. Several callers at once get different subjects (`SKIP LOCKED` on PostgreSQL; on SQLite
    there is one writer at a time).
    """
    ids = list(connection.scalars(_WAITING, {"vantage": vantage, "now": now, "most": most}))
    if not ids:
        return []
    connection.execute(_CLAIM, [{"b_id": each, "worker": worker, "until": now + lease_s} for each in ids])
    return taken(connection, known, ids)


def looked_at_from(vantage: str) -> ColumnElement[bool]:
    """Return the condition of what is looked at from a vantage point: its own subjects, and those that any may look at."""
    return schedule.c.vantage.in_(("", vantage))


def taken(connection: Connection, known: Subjects, ids: Sequence[int]) -> list[Due]:
    """Return what is kept of subjects that were taken."""
    found = list(connection.execute(_TAKEN, {"ids": list(ids)}).mappings())
    unwell = [row["id"] for row in found if row["worst"] not in ("ok", "new")]
    held = held_of(connection, unwell) if unwell else {}
    return [
        Due(
            subject=known.read(row),
            tick=row["next_run_at"],
            due_at=row["due_at"] if row["due_at"] is not None else row["next_run_at"],
            checked_at=row["checked_at"],
            determined_at=row["determined_at"],
            undetermined_since=row["undetermined_since"],
            began_at=row["began_at"],
            fingerprint=row["fingerprint"],
            steady=row["steady"],
            worst=row["worst"],
            overlay=row["overlay"],
            listed_at=row["listed_at"],
            held=tuple(held.get(row["id"], ())),
            hidden=msgspec.json.decode(row["hidden"], type=dict[str, float]) if row["hidden"] else {},
        )
        for row in found
    ]


def held_of(connection: Connection, ids: Sequence[int]) -> dict[int, list[Held]]:
    """Return in what these subjects do not stand well."""
    found: dict[int, list[Held]] = {}
    for row in connection.execute(_HELD, {"ids": list(ids)}).mappings():
        found.setdefault(row["subject_id"], []).append(
            Held(
                tag=row["tag"],
                state=row["state"],
                count=row["count"],
                since=row["since"],
                turned=row["changed_at"],
                severity=row["severity"],
                old=row["old"],
                new=row["new"],
            )
        )
    return found


_RECORD = (
    update(schedule)
    .where(schedule.c.subject_id == bindparam("b_id"), schedule.c.next_run_at == bindparam("b_tick"))
    .values(
        next_run_at=bindparam("b_next"),
        due_at=bindparam("b_due"),
        tick=bindparam("b_tick"),
        claimed_by=None,
        claimed_until=None,
        checked_at=bindparam("b_at"),
        determined_at=bindparam("b_determined"),
        undetermined_since=bindparam("b_since"),
        undetermined_cause=bindparam("b_cause"),
        began_at=bindparam("b_began"),
        fingerprint=bindparam("b_print"),
        steady=bindparam("b_steady"),
        worst=bindparam("b_worst"),
        overlay=bindparam("b_overlay"),
        listed_at=bindparam("b_listed"),
        unseen=bindparam("b_unseen"),
        hidden=bindparam("b_hidden"),
    )
)


def _values(checked: Checked) -> dict[str, object]:
    return {
        "b_id": checked.subject_id,
        "b_tick": checked.tick,
        "b_next": checked.next_run_at,
        "b_due": checked.due_at,
        "b_at": checked.checked_at,
        "b_determined": checked.determined_at,
        "b_since": checked.undetermined_since,
        "b_cause": None if checked.undetermined_cause is None else storable(checked.undetermined_cause),
        "b_began": checked.began_at,
        "b_print": checked.fingerprint,
        "b_steady": checked.steady,
        "b_worst": checked.worst,
        "b_overlay": checked.overlay,
        "b_listed": checked.listed_at,
        "b_unseen": checked.unseen,
        "b_hidden": msgspec.json.encode(checked.hidden).decode() if checked.hidden else "",
    }


def record_unchanged(connection: Connection, done: Iterable[Checked]) -> None:
    """Record checks that found what was there before; those whose tick was recorded meanwhile are passed over."""
    values = [_values(each) for each in done]
    if values:
        connection.execute(_RECORD, values)


def record(connection: Connection, checked: Checked) -> bool:
    """Record one check; False when its tick was recorded before, or the subject was removed: nothing more may follow."""
    return connection.execute(_RECORD, _values(checked)).rowcount == 1


def give_back(connection: Connection, worker: str) -> None:
    """Give back what a worker had taken, so that others need not wait for its lease to end."""
    connection.execute(update(schedule).where(schedule.c.claimed_by == worker).values(claimed_by=None, claimed_until=None))


def hurry(connection: Connection, network: str, vantage: str, now: float) -> int:
    """Have the neighbours of an address checked now: they tend to fail together. Returns how many were waiting."""
    near = select(subjects.c.id).where(subjects.c.network == network)
    # What another transaction holds is left alone: it may wait for this one.
    ids = list(
        connection.scalars(
            select(schedule.c.subject_id)
            .where(
                looked_at_from(vantage),
                schedule.c.subject_id.in_(near),
                schedule.c.next_run_at > now,
                schedule.c.claimed_until.is_(None),
            )
            .with_for_update(skip_locked=True)
        )
    )
    if ids:
        connection.execute(update(schedule).where(schedule.c.subject_id.in_(ids)).values(next_run_at=now))
    return len(ids)


def next_due(connection: Connection, vantage: str) -> float | None:
    """Return when the next subject that nobody has taken is due; None when there is none."""
    found: float | None = connection.scalar(_NEXT, {"vantage": vantage})
    return found


def clamp(connection: Connection, vantage: str | None, now: float) -> int:
    """Bring back what is due later than its interval allows, since the clock was set back; return how many.

    Each keeps its place in the interval, so that they do not all come at once. `vantage` None: wherever it is to be looked
    at from.
    """
    interval = select(subjects.c.interval_s).where(subjects.c.id == schedule.c.subject_id).scalar_subquery()
    place = cast(schedule.c.next_run_at, BigInteger) % cast(interval, BigInteger)
    late = schedule.c.next_run_at > now + interval + SLACK_S
    done = connection.execute(
        update(schedule)
        .where(late if vantage is None else looked_at_from(vantage) & late)
        .values(next_run_at=now + place, due_at=now + place, claimed_by=None, claimed_until=None)
    )
    return done.rowcount


def free(connection: Connection, now: float) -> int:
    """Free what somebody had taken and has not recorded in time; return how many subjects those were.

    A lease that ends further away than any lasts was made before the clock was set back.
    """
    over = or_(schedule.c.claimed_until <= now, schedule.c.claimed_until > now + LONGEST_LEASE_S)
    # What another transaction holds is left alone: it may wait for this one.
    ids = list(connection.scalars(select(schedule.c.subject_id).where(over).with_for_update(skip_locked=True)))
    if ids:
        connection.execute(
            update(schedule).where(schedule.c.subject_id.in_(ids)).values(claimed_by=None, claimed_until=None)
        )
    return len(ids)
