"""The outbox: what is still to be delivered, by whom it is being tried, and what came of it.

A message is delivered at least once: a crash between the sending and the noting of it sends it again, with the same
idempotency key and the same content. Messages of one incident to one channel go in their order.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from sqlalchemy import (
    Connection,
    Double,
    RowMapping,
    and_,
    bindparam,
    case,
    exists,
    func,
    insert,
    or_,
    select,
    true,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from truehelo.store.tables import deliveries, incidents, outbox

_SLACK_S = 60.0
"""By so much the clocks of watchers that share a database may differ."""

LONGEST_LEASE_S = 3600.0
"""Nobody holds a message for longer: one that is held until later was taken while the clock was ahead."""

SILENCED = "silenced"
"""The detail of a message that waits until a silence ends."""
ACKNOWLEDGED = "acknowledged by "
"""How the detail of a message begins that was dropped since somebody was on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to one channel; times in seconds since the epoch. `notice` is frozen (JSON) before the first try."""

    id: int
    key: str
    incident_id: int | None
    kind: str
    sequence: str
    channel: str
    state: str
    created: float
    attempt_at: float
    attempts: int
    notice: bytes | None
    delivered: float | None
    detail: str
    claimed_by: str | None = None


def letter_of(row: RowMapping) -> Letter:
    """Return the message of a row that holds its columns."""
    return Letter(
        id=row["id"],
        key=row["key"],
        incident_id=row["incident_id"],
        kind=row["kind"],
        sequence=row["sequence"],
        channel=row["channel"],
        state=row["state"],
        created=row["created"],
        attempt_at=row["attempt_at"],
        attempts=row["attempts"],
        notice=row["notice"],
        delivered=row["delivered"],
        detail=row["detail"],
        claimed_by=row["claimed_by"],
    )


def enqueue(  # noqa: PLR0913  each is a column
    connection: Connection,
    *,
    key: str,
    number: int | None,
    kind: str,
    sequence: str,
    channel: str,
    now: float,
    attempt_at: float,
    notice: bytes | None = None,
) -> bool:
    """Put a message into the outbox; False when the same one is there (incident, kind, sequence, channel)."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    done = connection.execute(
        dialect.insert(outbox)
        .values(
            key=key,
            incident_id=number,
            kind=kind,
            sequence=sequence,
            channel=channel,
            state="pending",
            created=now,
            attempt_at=attempt_at,
            notice=notice,
        )
        .on_conflict_do_nothing()
    )
    return done.rowcount == 1


def take(
    connection: Connection,
    worker: str,
    now: float,
    lease_s: float,
    *,
    longer: Mapping[str, float] = MappingProxyType({}),
    busy: Collection[str] = (),
    most: int = 100,
) -> list[Letter]:
    """Take messages that are due, for `lease_s` seconds; of one incident and channel the first that is not done yet.

    Those of `busy` channels are left; those of the channels in `longer` are taken for so many seconds.
    """
    waiting = (
        select(outbox.c.id)
        .where(
            outbox.c.state == "pending",
            outbox.c.attempt_at <= now,
            or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
            outbox.c.channel.not_in(list(busy)),
            ~_BEFORE,
        )
        .order_by(outbox.c.attempt_at, outbox.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    ids = list(connection.scalars(waiting))
    if not ids:
        return []
    connection.execute(update(outbox).where(outbox.c.id.in_(ids)).values(claimed_by=worker, claimed_until=now + lease_s))
    for channel, seconds in longer.items():
        mine = and_(outbox.c.id.in_(ids), outbox.c.channel == channel)
        connection.execute(update(outbox).where(mine).values(claimed_until=now + seconds))
    rows = connection.execute(select(outbox).where(outbox.c.id.in_(ids)).order_by(outbox.c.id)).mappings()
    return [letter_of(row) for row in rows]


def freeze(connection: Connection, number: int, notice: bytes) -> bytes:
    """Keep what a message says, once; return what is kept."""
    connection.execute(update(outbox).where(outbox.c.id == number, outbox.c.notice.is_(None)).values(notice=notice))
    kept: bytes = connection.execute(select(outbox.c.notice).where(outbox.c.id == number)).scalar_one()
    return kept


def settle(
    connection: Connection, letter: Letter, *, state: str, now: float, detail: str, again_at: float | None = None
) -> None:
    """Note what came of a try: "delivered", "failed", "dropped", or "pending" with the time of the next try.

    Of a message that somebody else has taken over meanwhile only that it was delivered counts: the rest is up to them.
    """
    tried = state != "dropped"
    mine = outbox.c.claimed_by.is_(None) if letter.claimed_by is None else outbox.c.claimed_by == letter.claimed_by
    connection.execute(
        update(outbox)
        .where(outbox.c.id == letter.id, true() if state == "delivered" else mine & (outbox.c.state == "pending"))
        .values(
            state=state,
            attempts=outbox.c.attempts + (1 if tried else 0),
            attempt_at=letter.attempt_at if again_at is None else again_at,
            claimed_by=None,
            claimed_until=None,
            delivered=now if state == "delivered" else None,
            detail=detail[:500],
        )
    )
    if tried:
        before = connection.scalar(select(func.max(deliveries.c.attempt)).where(deliveries.c.outbox_id == letter.id))
        connection.execute(
            insert(deliveries).values(
                outbox_id=letter.id,
                at=now,
                attempt=max(letter.attempts, before or 0) + 1,
                ok=state == "delivered",
                detail=detail[:500],
            )
        )


def postpone(connection: Connection, letter: Letter, until: float, detail: str) -> None:
    """Put a message off, without having tried: its incident is silenced until then."""
    connection.execute(
        update(outbox)
        .where(outbox.c.id == letter.id)
        .values(attempt_at=until, claimed_by=None, claimed_until=None, detail=detail[:500])
    )


def give_back(connection: Connection, worker: str, numbers: Sequence[int]) -> None:
    """Give back messages that a worker has not got round to: they are due again at once."""
    mine = and_(outbox.c.claimed_by == worker, outbox.c.id.in_(numbers), outbox.c.state == "pending")
    connection.execute(update(outbox).where(mine).values(claimed_by=None, claimed_until=None))


def drop_pending(connection: Connection, incident_id: int, kinds: Sequence[str], detail: str) -> None:
    """Drop messages of an incident that have not been tried, nor taken to be tried."""
    connection.execute(
        update(outbox)
        .where(
            outbox.c.incident_id == incident_id,
            outbox.c.kind.in_([str(kind) for kind in kinds]),
            outbox.c.state == "pending",
            outbox.c.attempts == 0,
            outbox.c.claimed_until.is_(None),
        )
        .values(state="dropped", detail=detail)
    )


def clamp(connection: Connection, now: float) -> int:
    """Bring back what was written or tried later than now, since the clock was set back; return how many messages."""
    late = now + _SLACK_S
    ahead = outbox.c.created - now
    made = connection.execute(
        update(outbox)
        .where(outbox.c.state == "pending", outbox.c.created > late)
        .values(created=now, attempt_at=outbox.c.attempt_at - ahead, claimed_by=None, claimed_until=None)
    )
    tried = select(outbox.c.id).where(outbox.c.state == "pending", outbox.c.attempts > 0, outbox.c.attempt_at > late)
    numbers = set(
        connection.scalars(
            select(deliveries.c.outbox_id).where(deliveries.c.outbox_id.in_(tried), deliveries.c.at > late).distinct()
        )
    )
    if numbers:
        mine = outbox.c.id.in_(numbers)
        connection.execute(update(outbox).where(mine).values(attempt_at=now, claimed_by=None, claimed_until=None))
        # What is kept of the tries too: else they would count again the next time.
        connection.execute(
            update(deliveries).where(deliveries.c.outbox_id.in_(numbers), deliveries.c.at > late).values(at=now)
        )
    connection.execute(
        update(outbox)
        .where(outbox.c.state == "pending", outbox.c.claimed_until > now + LONGEST_LEASE_S)
        .values(claimed_by=None, claimed_until=None)
    )
    # Reminders are counted from when something was told last.
    still = select(incidents.c.id).where(incidents.c.closed.is_(None))
    connection.execute(
        update(outbox).where(outbox.c.incident_id.in_(still), outbox.c.delivered > late).values(delivered=now)
    )
    return made.rowcount + len(numbers)


def letter(connection: Connection, number: int) -> Letter | None:
    """Return one message."""
    row = connection.execute(select(outbox).where(outbox.c.id == number)).mappings().first()
    return None if row is None else letter_of(row)


def letters(connection: Connection, *, state: str | None, most: int) -> list[Letter]:
    """Return messages, the newest first."""
    wanted = select(outbox).order_by(outbox.c.id.desc()).limit(most)
    if state is not None:
        wanted = wanted.where(outbox.c.state == state)
    return [letter_of(row) for row in connection.execute(wanted).mappings()]


def tries(connection: Connection, number: int) -> list[tuple[float, int, bool, str]]:
    """Return the tries of a message: when, which, whether it was taken, and what the other side said."""
    rows = connection.execute(
        select(deliveries.c.at, deliveries.c.attempt, deliveries.c.ok, deliveries.c.detail)
        .where(deliveries.c.outbox_id == number)
        .order_by(deliveries.c.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def unsilence(connection: Connection, now: float) -> int:
    """Have messages looked at again that were put off for silences, one of which has ended early; return how many."""
    done = connection.execute(
        update(outbox)
        .where(outbox.c.state == "pending", outbox.c.attempts == 0, outbox.c.detail == SILENCED, outbox.c.attempt_at > now)
        .values(attempt_at=now)
    )
    return done.rowcount


def revive(connection: Connection, incident_id: int, now: float) -> int:
    """Take back that reminders and escalations were dropped for an acknowledgement; return how many were."""
    done = connection.execute(
        update(outbox)
        .where(
            outbox.c.incident_id == incident_id,
            outbox.c.state == "dropped",
            outbox.c.detail.startswith(ACKNOWLEDGED, autoescape=True),
        )
        .values(state="pending", attempt_at=now, detail="")
    )
    return done.rowcount


def redeliver(connection: Connection, number: int, now: float) -> bool:
    """Have a message tried again, with its key and content; False when there is none, or somebody is trying it now.

    It may be tried as often as one that was tried once: what was given up is not given up again at once.
    """
    once = case((outbox.c.attempts > 1, 1), else_=outbox.c.attempts)
    done = connection.execute(
        update(outbox)
        .where(
            outbox.c.id == number,
            or_(outbox.c.state != "pending", outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= now),
        )
        .values(state="pending", attempt_at=now, attempts=once, claimed_by=None, claimed_until=None)
    )
    return done.rowcount == 1


def waiting(connection: Connection, now: float) -> tuple[int, float | None]:
    """Return how many messages wait, and since when the oldest one that is due does."""
    row = connection.execute(
        select(
            func.count(outbox.c.id),
            func.min(outbox.c.attempt_at).filter(and_(outbox.c.attempt_at <= now)),
        ).where(outbox.c.state == "pending")
    ).one()
    return row[0], row[1]


def next_attempt(connection: Connection, busy: Collection[str] = ()) -> float | None:
    """Return when the next message that nobody has taken is to be tried, `busy` channels left out; None: there is none."""
    found: float | None = connection.execute(_NEXT, {"busy": list(busy)}).scalar()
    return found


_FREE = outbox.c.channel.not_in(bindparam("busy", expanding=True))
_EARLIER = outbox.alias("earlier")
_BEFORE = exists(
    select(_EARLIER.c.id).where(
        _EARLIER.c.channel == outbox.c.channel,
        _EARLIER.c.incident_id == outbox.c.incident_id,
        _EARLIER.c.state == "pending",
        _EARLIER.c.id < outbox.c.id,
    )
)
"""Another message of the same incident is to go to the same channel first."""
_NEXT = select(func.min(outbox.c.attempt_at)).where(
    outbox.c.state == "pending", outbox.c.claimed_until.is_(None), _FREE, ~_BEFORE
)
_DUE = (
    select(outbox.c.id)
    .where(
        outbox.c.state == "pending",
        outbox.c.attempt_at <= bindparam("now", type_=Double),
        or_(outbox.c.claimed_until.is_(None), outbox.c.claimed_until <= bindparam("now", type_=Double)),
        _FREE,
        ~_BEFORE,
    )
    .limit(1)
)


def is_due(connection: Connection, now: float, busy: Collection[str] = ()) -> bool:
    """Tell whether a message is to be tried now that nobody is trying; those of `busy` channels are not."""
    return connection.execute(_DUE, {"now": now, "busy": list(busy)}).first() is not None
