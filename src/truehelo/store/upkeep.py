"""What the watch does now and then over the whole store: blindness, reminders, silences, retention, heartbeats."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
from sqlalchemy import Connection, case, delete, exists, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from truehelo.monitoring import Silence
from truehelo.store.tables import (
    acts,
    days,
    deliveries,
    flips,
    gaps,
    incidents,
    listings,
    members,
    meta,
    observations,
    outbox,
    schedule,
    silences,
    unseen,
)

DAY_S = 86_400.0
_CHORES = 0x7472_7566
"""The number of the advisory lock of the chores on PostgreSQL."""


def get(connection: Connection, key: str) -> str | None:
    """Return a small fact about the store."""
    found: str | None = connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar()
    return found


def put(connection: Connection, key: str, value: str) -> None:
    """Keep a small fact about the store."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    connection.execute(
        dialect.insert(meta)
        .values(key=key, value=value)
        .on_conflict_do_update(index_elements=[meta.c.key], set_={"value": value})
    )


def alone(connection: Connection) -> bool:
    """Tell whether this transaction alone does the chores of the store: another that asks meanwhile is told no."""
    if connection.dialect.name != "postgresql":
        return True  # a file has one writer at a time
    return bool(connection.execute(select(func.pg_try_advisory_xact_lock(_CHORES))).scalar())


def add_gap(connection: Connection, vantage: str, since: float, until: float, reason: str) -> None:
    """Keep that nobody watched."""
    connection.execute(insert(gaps).values(vantage=vantage, since=since, until=until, reason=reason))


def act(connection: Connection, at: float, by: str, what: str, detail: str) -> None:
    """Keep what an operator did."""
    connection.execute(insert(acts).values(at=at, by=by[:200], what=what, detail=detail[:2000]))


@dataclass(frozen=True, slots=True)
class Blind:
    """A cause for which nothing could be seen: since when, of how many subjects, and the incident that told it."""

    cause: str
    since: float
    count: int
    incident_id: int | None = None


def blind_now(connection: Connection, before: float) -> list[Blind]:
    """Return the causes for which subjects could not be seen since `before` or longer."""
    rows = connection.execute(
        select(schedule.c.undetermined_cause, func.min(schedule.c.undetermined_since), func.count())
        .where(schedule.c.undetermined_since <= before, schedule.c.next_run_at.is_not(None))
        .group_by(schedule.c.undetermined_cause)
    )
    return [Blind(cause or "", since, count) for cause, since, count in rows]


def still_blind(connection: Connection, cause: str) -> int:
    """Return how many subjects cannot be seen for a cause."""
    found: int = connection.execute(
        select(func.count()).where(
            schedule.c.undetermined_cause == cause,
            schedule.c.undetermined_since.is_not(None),
            schedule.c.next_run_at.is_not(None),
        )
    ).scalar_one()
    return found


def told_blind(connection: Connection) -> list[Blind]:
    """Return the causes that were told and are not over."""
    rows = connection.execute(select(unseen.c.cause, unseen.c.since, unseen.c.count, unseen.c.incident_id))
    return [Blind(cause, since, count, number) for cause, since, count, number in rows]


def tell_blind(connection: Connection, blind: Blind, number: int) -> None:
    """Keep that a cause was told."""
    connection.execute(insert(unseen).values(cause=blind.cause, since=blind.since, count=blind.count, incident_id=number))


def rename_blind(connection: Connection, told: str, cause: str) -> None:
    """What was told for one cause goes on for another."""
    connection.execute(update(unseen).where(unseen.c.cause == told).values(cause=cause))


def forget_blind(connection: Connection, cause: str) -> None:
    """A cause is over."""
    connection.execute(delete(unseen).where(unseen.c.cause == cause))


def last_told(connection: Connection, incident_id: int) -> dict[str, float]:
    """Return when each channel was last told of an incident; one that knows of it counts what it refused since, too."""
    tried = case((outbox.c.state == "delivered", outbox.c.delivered), else_=outbox.c.attempt_at)
    rows = connection.execute(
        select(outbox.c.channel, func.max(tried))
        .where(outbox.c.incident_id == incident_id, outbox.c.state.in_(("delivered", "failed")))
        .group_by(outbox.c.channel)
        .having(func.max(outbox.c.delivered).is_not(None))
    )
    return {channel: at for channel, at in rows if at is not None}


# Silences and maintenance windows that were set by command.


def add_silence(connection: Connection, kind: str, silence: Silence, now: float) -> int:
    """Keep a silence ("silence") or a maintenance window ("maintenance"); its `id` is given by the store."""
    match = {"ip": silence.ip, "groups": list(silence.groups), "tags": list(silence.tags)}
    made: int = connection.execute(
        insert(silences)
        .values(
            kind=kind,
            match=msgspec.json.encode(match).decode(),
            reason=silence.reason,
            by=silence.by,
            created=now,
            starts=now if silence.since is None else silence.since.timestamp(),
            until=silence.until.timestamp(),
        )
        .returning(silences.c.id)
    ).scalar_one()
    return made


def silences_now(connection: Connection, kind: str, now: float, *, keep: bool = False) -> tuple[Silence, ...]:
    """Return the silences of a kind that are not over; with `keep` nobody ends one until this transaction is over."""
    wanted = select(silences).where(silences.c.kind == kind, silences.c.until > now).order_by(silences.c.id)
    rows = connection.execute(wanted.with_for_update(read=True) if keep else wanted).mappings()
    found = []
    for row in rows:
        match = msgspec.json.decode(row["match"], type=dict[str, str | list[str]])
        found.append(
            Silence(
                id=row["id"],
                reason=row["reason"],
                by=row["by"],
                since=datetime.fromtimestamp(row["starts"], UTC),
                until=datetime.fromtimestamp(row["until"], UTC),
                ip=str(match.get("ip", "")),
                groups=tuple(match.get("groups", ())),
                tags=tuple(match.get("tags", ())),
            )
        )
    return tuple(found)


def end_silence(connection: Connection, number: int, now: float) -> bool:
    """End a silence now; False when there is none of that number that is not over."""
    done = connection.execute(update(silences).where(silences.c.id == number, silences.c.until > now).values(until=now))
    return done.rowcount == 1


# Retention.


def roll_up(connection: Connection, rows: Iterable[dict[str, float | int]]) -> None:
    """Keep days in short; a day that is kept already stays as it is."""
    values = list(rows)
    if values:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(days).on_conflict_do_nothing(), values)


def prune(connection: Connection, *, history_before: float, incidents_before: float, deliveries_before: float) -> int:
    """Remove what is older than it is to be kept; return how many rows. Nothing that is still so, and nothing open.

    The last flip of a kind stays while it says that something fails or cannot be seen: it is still so. Gaps stay like days:
    there are few of them, and without them a day that nobody watched would look like a good one.
    """
    removed = 0
    later = flips.alias("later")
    over = exists(
        select(later.c.id).where(
            later.c.subject_id == flips.c.subject_id,
            later.c.what == flips.c.what,
            later.c.id > flips.c.id,
            later.c.at < history_before,
        )
    )
    statements = (
        delete(flips).where(flips.c.at < history_before, or_(flips.c.new.not_in(("failing", "undetermined")), over)),
        delete(observations).where(observations.c.until < history_before),
        delete(listings).where(listings.c.until < history_before),
        delete(deliveries).where(deliveries.c.at < deliveries_before),
        delete(outbox).where(
            outbox.c.incident_id.is_(None), outbox.c.state != "pending", outbox.c.created < deliveries_before
        ),
        delete(outbox).where(
            outbox.c.state != "pending",
            outbox.c.incident_id.in_(select(incidents.c.id).where(incidents.c.closed < incidents_before)),
        ),
        delete(members).where(
            members.c.incident_id.in_(select(incidents.c.id).where(incidents.c.closed < incidents_before))
        ),
        delete(incidents).where(incidents.c.closed < incidents_before),
        delete(silences).where(silences.c.until < history_before),
        delete(acts).where(acts.c.at < incidents_before),
    )
    for statement in statements:
        removed += connection.execute(statement).rowcount
    return removed
