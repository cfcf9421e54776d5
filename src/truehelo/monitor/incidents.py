"""From failing tags to incidents: what joins what, what is told, when one ends. Called within the transaction of the check.

One change breaks one address in several tags, and a range of addresses alike: that is one incident, told once
(`drift/cause.py`). What flaps is told once, and again when it is stable. Under maintenance nothing is opened; what
still fails afterwards is. Does not decide what failed, and does not send anything (`pump.py`).
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from truehelo.drift.cause import absorbs, cause_key, locus, primary
from truehelo.drift.routing import deliveries
from truehelo.findings import Severity
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.quorum import agreed
from truehelo.monitoring import Notice, NoticeKind
from truehelo.store import incidents as rows
from truehelo.store import outbox
from truehelo.store.schedule import Watched
from truehelo.store.seats import incident_beside

FLAPPING = "flapping"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A tag in which a subject began to fail: since when, from what to what."""

    tag: str
    severity: Severity
    since: float
    old: str = ""
    new: str = ""


@dataclass(slots=True)
class Told:
    """What a transaction did, for the log and the metrics."""

    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


Story = Callable[[str], Mapping[str, Any]]
"""Returns what is to be kept with an incident whose story a tag tells."""


def fail(  # noqa: PLR0913  each is a part of what happened
    connection: Connection,
    subject: Watched,
    failures: Sequence[Failure],
    policy: Policy,
    now: float,
    *,
    from_the_start: bool,
    story: Story,
    told: Told,
) -> None:
    """Have failing tags of a subject join or open incidents."""
    if not failures or policy.maintenance(subject.ip, subject.groups, now) is not None:
        return
    rows.serialise(connection)
    told_of = agreed(connection, [(subject.id, failure.tag) for failure in failures], now)
    held = rows.of_subject(connection, subject.id)
    by_locus: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        if (subject.id, failure.tag) not in told_of:
            continue  # it stays untold until the other vantage points see it too (`untold.py`)
        by_locus[locus(failure.tag)].append(failure)
    for where in sorted(by_locus, key=lambda each: (each != "dns", each)):
        group = by_locus[where]
        flapping = any(_flaps(connection, subject, failure, policy, now) for failure in group)
        number = _of_same_change(held, where, group, policy, now)
        if number is None:
            number = incident_beside(connection, subject.id, subject.ip, [failure.tag for failure in group])
        if number is None:
            # What comes and goes is a story of its own: the others of its network must not wait until it is stable.
            key = f"{subject.ip} {where} {FLAPPING}" if flapping else ""
            number = _of_cause(
                connection, subject, group, policy, now, from_the_start=from_the_start, story=story, told=told, key=key
            )
        for failure in group:
            rows.add_member(
                connection,
                number,
                subject.id,
                failure.tag,
                since=failure.since,
                at=now,
                old=failure.old,
                new=failure.new,
            )
        if flapping:
            mark_flapping(connection, number, policy, now)
        held = rows.of_subject(connection, subject.id)


def _flaps(connection: Connection, subject: Watched, failure: Failure, policy: Policy, now: float) -> bool:
    """Tell whether a tag comes and goes: each time that it began to fail before was two changes, and this is one more."""
    again = rows.openings(connection, subject.id, failure.tag, now - policy.settings.flapping_within_s)
    return 2 * again + 1 > policy.settings.flapping_changes


def _of_same_change(
    held: Sequence[tuple[rows.IncidentRow, rows.MemberRow]],
    where: str,
    group: Sequence[Failure],
    policy: Policy,
    now: float,
) -> int | None:
    """Return the incident of the same subject that explains further failures at `where`.

    It does where they come soon after it, and where they were first seen when it was, however much longer it took until
    they were believed: of two tags that one look finds, one may need answers that get lost in the looks after it.
    """
    first = min(failure.since for failure in group)
    for incident, member in held:
        soon = now - member.joined <= policy.join_s or abs(first - member.since) <= policy.join_s
        if absorbs(locus(member.tag), where) and (soon or incident.details.get(FLAPPING)):
            return incident.id
    return None


def _of_cause(  # noqa: PLR0913  each is a part of what happened
    connection: Connection,
    subject: Watched,
    group: Sequence[Failure],
    policy: Policy,
    now: float,
    *,
    from_the_start: bool,
    story: Story,
    told: Told,
    key: str = "",
) -> int:
    """Return the incident of the cause: an open one that is young enough, else a new one, which is told."""
    tag = primary({failure.tag: failure.severity for failure in group})
    severity = min((failure.severity for failure in group), key=lambda each: each.rank)
    key = key or cause_key(tag, subject.network, from_the_start=from_the_start)
    young = rows.joinable(connection, key, now - policy.join_s)
    if young is not None:
        _tell_grown(connection, young, subject, policy, now)
        if Severity(young.severity).rank > severity.rank:
            rows.change_incident(connection, young.id, severity=severity)
        rows.change_incident(connection, young.id, joined_at=now)
        return young.id
    details = dict(story(tag))
    cause = _cause(tag, subject, from_the_start=from_the_start)
    number = rows.open_incident(connection, key=key, tag=tag, severity=severity, cause=cause, details=details, at=now)
    made = rows.incident(connection, number)
    if made is not None:
        _tell(connection, made, NoticeKind.OPENED, "", policy, now, whom=[(subject.groups, subject.owner)])
    told.opened.append(number)
    return number


def _tell_grown(connection: Connection, incident: rows.IncidentRow, subject: Watched, policy: Policy, now: float) -> None:
    """Tell that one more has joined: whoever its own routes lead to, of the incident; all who know, now and then.

    Whatever the incident has grown to, the work is the same: its members are read once in a while alone.
    """
    begins = incident.opened + policy.group_s
    _tell(connection, incident, NoticeKind.OPENED, "", policy, now, whom=[(subject.groups, subject.owner)])
    if now <= begins:
        return
    turn = int((now - incident.opened) // policy.join_s)
    if incident.joined_at > begins and int((incident.joined_at - incident.opened) // policy.join_s) == turn:
        return  # told when the one before joined
    _tell(connection, incident, NoticeKind.GROWN, str(turn), policy, now)


def _cause(tag: str, subject: Watched, *, from_the_start: bool) -> str:
    if from_the_start:
        return f"{tag} since the watch began"
    return f"{tag} in {subject.network}"


def notice_key(number: int | None, kind: NoticeKind, sequence: str, channel: str, opened: float) -> str:
    """Return the idempotency key of a message: the same for the same message, whoever makes it, and for no other."""
    text = f"{number}\n{kind}\n{sequence}\n{channel}\n{opened!r}"
    return "msg_" + hashlib.sha256(text.encode()).hexdigest()[:32]


def _tell(  # noqa: PLR0913  each is a part of the notice
    connection: Connection,
    incident: rows.IncidentRow,
    kind: NoticeKind,
    sequence: str,
    policy: Policy,
    now: float,
    *,
    whom: Sequence[rows.Whom] | None = None,
    at: float | None = None,
) -> None:
    """Put the messages of a notice into the outbox, one for each channel that a route leads to.

    `whom` is whose routes are taken: those of all members where it is None.
    """
    if not policy.alerting.channels:
        return
    wait = policy.group_s if kind in (NoticeKind.OPENED, NoticeKind.GROWN) else 0.0
    told = (
        None
        if kind in (NoticeKind.OPENED, NoticeKind.FLAPPING, NoticeKind.UNSEEN)
        else outbox.told_channels(connection, incident.id)
    )
    # Who is about to be told of it for the first time will hear the whole then.
    skipped = outbox.waiting_channels(connection, incident.id) if kind is NoticeKind.GROWN else frozenset()
    soonest: dict[str, float] = {}
    for notice in briefs(connection, incident, kind, now, whom):
        for delivery in deliveries(notice, policy.alerting, acknowledged=incident.acknowledged is not None, told=told):
            after = delivery.after.total_seconds()
            soonest[delivery.channel] = min(after, soonest.get(delivery.channel, after))
    for channel, later in ((each, soonest[each]) for each in soonest if each not in skipped):
        what = NoticeKind.ESCALATED if later else kind
        rows.enqueue(
            connection,
            key=notice_key(incident.id, what, sequence, channel, incident.opened),
            number=incident.id,
            kind=what,
            sequence=sequence,
            channel=channel,
            now=now,
            attempt_at=(now if at is None else at) + max(wait, later),
        )


tell = _tell


def briefs(
    connection: Connection,
    incident: rows.IncidentRow,
    kind: NoticeKind,
    now: float,
    whom: Sequence[rows.Whom] | None = None,
) -> list[Notice]:
    """Return as much of a notice as its routing needs, one for each kind of member: those of a customer, of an owner.

    The first route that matches ends the search, so that each kind must be led on its own: else one customer's route would
    keep the message from another's.
    """
    kinds = rows.whom(connection, incident.id) if whom is None else whom
    return [brief(incident, kind, now, each) for each in kinds or [((), "")]]


def brief(incident: rows.IncidentRow, kind: NoticeKind, now: float, whose: rows.Whom) -> Notice:
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


def mark_flapping(connection: Connection, number: int, policy: Policy, now: float) -> None:
    """From now on its changes are not told, until it is stable; that it flaps is told once."""
    incident = rows.incident(connection, number)
    if incident is None or incident.details.get(FLAPPING):
        return
    rows.change_incident(connection, number, details={**incident.details, FLAPPING: True})
    outbox.drop_pending(connection, number, (NoticeKind.OPENED,), "it flaps, and that is told instead")
    _tell(connection, incident, NoticeKind.FLAPPING, "", policy, now)


def fails_again(connection: Connection, subject_id: int, tags: Sequence[str]) -> list[str]:
    """Return those of the failing tags that are in an open incident already; one that seemed stable is not any more."""
    known = []
    for _, member in rows.of_subject(connection, subject_id):
        if member.tag in tags:
            known.append(member.tag)
            if member.well_since is not None:
                rows.change_member(connection, member.id, well_since=None)
    return known


def recover(connection: Connection, subject_id: int, tags: Sequence[str], policy: Policy, now: float, told: Told) -> None:
    """End the memberships of a subject in tags that are well again, and the incidents whose last one that was."""
    if not tags:
        return
    rows.serialise(connection)
    for incident, member in rows.of_subject(connection, subject_id):
        if member.tag not in tags:
            continue
        if incident.details.get(FLAPPING):
            rows.change_member(connection, member.id, well_since=now)
            continue
        rows.change_member(connection, member.id, closed=now)
        close_if_over(connection, incident, policy, now, told)


def close_if_over(connection: Connection, incident: rows.IncidentRow, policy: Policy, now: float, told: Told) -> None:
    """Close an incident that has no open member any more, and tell those who know of it."""
    if rows.has_open_member(connection, incident.id) or not rows.close_incident(connection, incident.id, now):
        return
    told.closed.append(incident.id)
    outbox.drop_pending(
        connection,
        incident.id,
        (NoticeKind.REMINDER, NoticeKind.ESCALATED, NoticeKind.GROWN),
        "it was over before it was told",
    )
    kind = NoticeKind.STABLE if incident.details.get(FLAPPING) else NoticeKind.RECOVERED
    ended = rows.incident(connection, incident.id)
    if ended is not None:
        _tell(connection, ended, kind, "", policy, now)
