"""Work that one process shares out and others do: what is due is taken for a queue, and claimed by whoever gets it.

The claim is a compare-and-set on who holds the lease and on the tick: what was recorded, removed, changed or taken over
meanwhile is passed over, and a share that was handed out twice is done once. Does not carry the shares (`jobs.py`).
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, Double, Integer, Text, and_, bindparam, or_, select, true, update

from truehelo.store.schedule import Due, Subjects, taken
from truehelo.store.tables import schedule, subjects

QUEUED = "queue:"
"""How the name begins under which a share waits in a queue: no process holds it, so no process's death gives it up."""

_FREE = or_(schedule.c.claimed_until.is_(None), schedule.c.claimed_until <= bindparam("now", type_=Double))
_DUE = (
    select(schedule.c.subject_id)
    .where(
        schedule.c.vantage == bindparam("vantage", type_=Text),
        schedule.c.next_run_at <= bindparam("now", type_=Double),
        _FREE,
    )
    .limit(1)
)
_WAITING = (
    select(schedule.c.subject_id, schedule.c.next_run_at)
    .where(
        schedule.c.vantage == bindparam("vantage", type_=Text),
        schedule.c.next_run_at <= bindparam("now", type_=Double),
        _FREE,
    )
    .order_by(schedule.c.next_run_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)
_CLAIM = (
    update(schedule)
    .where(schedule.c.subject_id.in_(bindparam("ids", expanding=True)))
    .values(claimed_by=bindparam("holder"), claimed_until=bindparam("until"))
)
_STANDING = (
    select(schedule.c.subject_id, schedule.c.next_run_at)
    .where(schedule.c.claimed_by == bindparam("holder"), schedule.c.subject_id.in_(bindparam("ids", expanding=True)))
    .order_by(schedule.c.subject_id)
    .with_for_update()
)


def vantages(connection: Connection) -> list[str]:
    """Return the vantage points that something is to be watched from; "" stands for any."""
    return list(
        connection.scalars(
            select(schedule.c.vantage).where(schedule.c.next_run_at.is_not(None)).distinct().order_by(schedule.c.vantage)
        )
    )


def take(
    connection: Connection, *, vantage: str, holder: str, now: float, lease_s: float, most: int
) -> list[tuple[int, float]]:
    """Take up to `most` subjects of one vantage point that are due, the longest waiting first; return each with its tick.

    They are held by `holder` for `lease_s` seconds. Several callers at once get different ones.
    """
    found = connection.execute(_WAITING, {"vantage": vantage, "now": now, "most": most}).all()
    if found:
        ids = [row[0] for row in found]
        connection.execute(_CLAIM, {"ids": ids, "holder": holder, "until": now + lease_s})
    return [(row[0], row[1]) for row in found]


def is_due(connection: Connection, vantage: str, now: float) -> bool:
    """Tell whether anything waits to be taken for a vantage point."""
    return connection.execute(_DUE, {"vantage": vantage, "now": now}).first() is not None


def claim(
    connection: Connection, known: Subjects, ticks: Mapping[int, float], *, holder: str, worker: str, until: float
) -> list[Due]:
    """Take over from `holder` those subjects that still wait for these ticks, for `worker`, `until` (seconds, epoch)."""
    rows = connection.execute(_STANDING, {"holder": holder, "ids": list(ticks)})
    ids = [subject_id for subject_id, tick in rows if tick == ticks[subject_id]]
    if not ids:
        return []
    connection.execute(_CLAIM, {"ids": ids, "holder": worker, "until": until})
    return taken(connection, known, ids)


def give_back(connection: Connection, ids: Collection[int], holder: str) -> None:
    """Give back subjects that a holder has not got round to: they are due again at once."""
    mine = and_(schedule.c.claimed_by == holder, schedule.c.subject_id.in_(ids))
    connection.execute(update(schedule).where(mine).values(claimed_by=None, claimed_until=None))


def give_up_queued(connection: Connection) -> int:
    """Give up everything that waits in queues: they were made anew, and are empty. Returns how many subjects that was."""
    done = connection.execute(
        update(schedule)
        .where(schedule.c.claimed_by.startswith(QUEUED, autoescape=True))
        .values(claimed_by=None, claimed_until=None)
    )
    return done.rowcount


def look_beside(connection: Connection, ids: Collection[int], now: float, *, lists: bool = False) -> int:
    """Have addresses looked at now from their other vantage points too; return at how many of those.

    With `lists` their blocklists are to be asked as well, whenever they were asked last.

    What somebody is busy with is left alone: waiting for it here could be waiting for each other.
    """
    other = subjects.alias("other")
    found = list(
        connection.scalars(
            select(schedule.c.subject_id)
            .join(other, other.c.id == schedule.c.subject_id)
            .join(subjects, and_(subjects.c.ip == other.c.ip, subjects.c.id != other.c.id))
            .where(
                subjects.c.id.in_(ids),
                schedule.c.claimed_until.is_(None),
                true() if lists else schedule.c.next_run_at > now,
                schedule.c.next_run_at.is_not(None),
            )
            .with_for_update(skip_locked=True, of=schedule)
        )
    )
    if found:
        wanted = schedule.c.subject_id.in_(found)
        connection.execute(update(schedule).where(wanted, schedule.c.next_run_at > now).values(next_run_at=now))
        if lists:
            connection.execute(update(schedule).where(wanted).values(listed_at=None))
    return len(found)
