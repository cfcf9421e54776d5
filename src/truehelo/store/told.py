"""What the channels know of an incident, or are about to: read from the outbox, whose messages `outbox.py` moves."""

from sqlalchemy import Connection, and_, exists, func, or_, select

from truehelo.store.tables import outbox


def told(connection: Connection, incident_id: int, channel: str) -> bool:
    """Tell whether a channel was told of an incident in any way but that it is over."""
    return (
        connection.execute(
            select(outbox.c.id)
            .where(
                outbox.c.incident_id == incident_id,
                outbox.c.channel == channel,
                outbox.c.kind.not_in(("recovered", "stable", "seen")),
                outbox.c.state == "delivered",
            )
            .limit(1)
        ).first()
        is not None
    )


def last_notice(connection: Connection, incident_id: int, channel: str) -> bytes | None:
    """Return what a channel was last told of an incident, frozen; None when that is nothing, or no longer kept."""
    wanted = select(outbox.c.notice).where(
        outbox.c.incident_id == incident_id,
        outbox.c.channel == channel,
        outbox.c.state == "delivered",
        outbox.c.notice.is_not(None),
    )
    return connection.scalar(wanted.order_by(outbox.c.id.desc()).limit(1))


def told_channels(connection: Connection, incident_id: int) -> list[str]:
    """Return the channels that were told of an incident, or are about to be."""
    return list(
        connection.scalars(
            select(outbox.c.channel)
            .where(outbox.c.incident_id == incident_id, outbox.c.state.in_(("pending", "delivered")))
            .distinct()
            .order_by(outbox.c.channel)
        )
    )


def waiting_channels(connection: Connection, incident_id: int) -> frozenset[str]:
    """Return the channels that wait to be told of an incident as it is, in words that are not yet frozen.

    An escalation counts where nothing was told before: another may be dropped, since somebody is on it.
    """
    mine = outbox.c.incident_id == incident_id
    told = outbox.alias("told")
    knows = exists(
        select(told.c.id).where(
            told.c.incident_id == incident_id, told.c.channel == outbox.c.channel, told.c.state == "delivered"
        )
    )
    wanted = select(outbox.c.channel).where(
        mine,
        or_(
            outbox.c.kind.in_(("opened", "flapping", "unseen", "grown")),
            and_(outbox.c.kind == "escalated", ~knows),
        ),
        outbox.c.state == "pending",
        outbox.c.notice.is_(None),
    )
    return frozenset(connection.scalars(wanted))


def growth(connection: Connection, incident_id: int) -> dict[str, tuple[int, float]]:
    """Return for each channel how often it was, or is to be, told that an incident has grown, and when last."""
    when = func.coalesce(outbox.c.delivered, outbox.c.attempt_at)
    rows = connection.execute(
        select(outbox.c.channel, func.count(), func.max(when))
        .where(outbox.c.incident_id == incident_id, outbox.c.kind == "grown")
        .group_by(outbox.c.channel)
    )
    return {channel: (count, last) for channel, count, last in rows}
