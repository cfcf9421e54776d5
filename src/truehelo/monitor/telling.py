"""Whom a notice of an incident is for, and when: its messages go into the outbox, one for each channel it is routed to.

Called within the transaction that opens, changes or ends the incident, so that none is lost and none is told twice. What
it says is written when it is sent (`notices.py`), and sent by `pump.py`.
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection

from truehelo.drift.routing import deliveries
from truehelo.findings import Severity
from truehelo.monitor.policy import Policy, moment
from truehelo.monitoring import Notice, NoticeKind
from truehelo.store import membership, outbox, told
from truehelo.store.incidents import IncidentRow

GROWN_AT_MOST = 3
"""So often a channel is told that an incident has grown while others may join it, or once more."""


def notice_key(number: int | None, kind: NoticeKind, sequence: str, channel: str, opened: float) -> str:
    """Return the idempotency key of a message: the same for the same message, whoever makes it, and for no other."""
    text = f"{number}\n{kind}\n{sequence}\n{channel}\n{opened!r}"
    return "msg_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def tell(  # noqa: PLR0913  each is a part of the notice
    connection: Connection,
    incident: IncidentRow,
    kind: NoticeKind,
    sequence: str,
    policy: Policy,
    now: float,
    *,
    whom: Sequence[membership.Whom] | None = None,
    at: float | None = None,
    anew: str = "",
    apart: float | None = None,
) -> None:
    """Put the messages of a notice into the outbox, one for each channel that a route leads to.

    `whom` is whose routes are taken: those of all members where it is None. `anew` is the sequence under which it is told
    once more to those who were told before; whoever still waits to be told hears it as it is then. What has grown has a
    sequence by itself where none is given, and is told `apart` seconds after the last time at the soonest.
    """
    if not policy.alerting.channels:
        return
    apart = policy.join_s / GROWN_AT_MOST if apart is None else apart
    wait = policy.group_s if kind in (NoticeKind.OPENED, NoticeKind.GROWN) else 0.0
    knowing = (
        None
        if kind in (NoticeKind.OPENED, NoticeKind.FLAPPING, NoticeKind.UNSEEN)
        else told.told_channels(connection, incident.id)
    )
    # Who is about to be told of it will hear the whole then.
    waiting = told.waiting_channels(connection, incident.id) if anew or kind is NoticeKind.GROWN else frozenset()
    growth = told.growth(connection, incident.id) if kind is NoticeKind.GROWN and not sequence else {}
    soonest: dict[str, float] = {}
    for notice in briefs(connection, incident, kind, now, whom):
        for delivery in deliveries(notice, policy.alerting, acknowledged=incident.acknowledged is not None, told=knowing):
            after = delivery.after.total_seconds()
            soonest[delivery.channel] = min(after, soonest.get(delivery.channel, after))
    for channel, later in soonest.items():
        if channel in waiting and kind is NoticeKind.GROWN:
            continue
        what = NoticeKind.ESCALATED if later else kind
        due = (now if at is None else at) + max(wait, later)
        if kind is NoticeKind.GROWN and not sequence:
            told_times, last = growth.get(channel, (0, None))
            sequences: tuple[str, ...] = (f"#{told_times}",)
            # Few messages, however many join one after another: whoever joins until then is in this one.
            due = due if last is None else min(max(due, last + apart), now + apart * GROWN_AT_MOST)
        else:
            sequences = (sequence, anew) if anew and channel not in waiting else (sequence,)
        for each in sequences:
            made = outbox.enqueue(
                connection,
                key=notice_key(incident.id, what, each, channel, incident.opened),
                number=incident.id,
                kind=what,
                sequence=each,
                channel=channel,
                now=now,
                attempt_at=due,
            )
            if made:
                break


def briefs(
    connection: Connection,
    incident: IncidentRow,
    kind: NoticeKind,
    now: float,
    whom: Sequence[membership.Whom] | None = None,
) -> list[Notice]:
    """Return as much of a notice as its routing needs, one for each kind of member: those of a customer, of an owner.

    The first route that matches ends the search, so that each kind must be led on its own: else one customer's route would
    keep the message from another's.
    """
    kinds = membership.whom(connection, incident.id) if whom is None else whom
    return [brief(incident, kind, now, each) for each in kinds or [((), "")]]


def brief(incident: IncidentRow, kind: NoticeKind, now: float, whose: membership.Whom) -> Notice:
    """Return as much of a notice as the routing of one kind of member needs."""
    groups, owner = whose
    return Notice(
        kind=kind,
        tag=incident.tag,
        severity=Severity(incident.severity),
        at=moment(now),
        summary="",
        incident=incident.id,
        opened=moment(incident.opened),
        closed=None if incident.closed is None else moment(incident.closed),
        groups=tuple(groups),
        owners=(owner,) if owner else (),
    )
