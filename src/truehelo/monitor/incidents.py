"""From failing tags to incidents: what joins what, what is told, when one ends. Called within the transaction of the check.

One change breaks one address in several tags, and a range of addresses alike: that is one incident, told once
(`drift/cause.py`). What flaps is told once, and again when it is stable. Under maintenance nothing is opened; what
still fails afterwards is. Does not decide what failed, and does not send anything (`pump.py`).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from truehelo.drift.cause import absorbs, cause_key, locus, primary
from truehelo.findings import Severity
from truehelo.monitor.policy import Policy
from truehelo.monitor.quorum import agreed
from truehelo.monitor.telling import tell
from truehelo.monitoring import NoticeKind
from truehelo.store import incidents as rows
from truehelo.store import membership, outbox
from truehelo.store.schedule import Watched
from truehelo.store.seats import incident_beside

FLAPPING = "flapping"
SILENCED = "silenced"
TOLD_WITH = "told with incident "
"""Why an incident is over whose addresses are in another now; its number follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A tag in which a subject began to fail: since when, from what to what.

    Attributes:
        since: When it was first seen.
        earliest: When it may have begun, where what it rests on was hidden until then; None: as `since`.
    """

    tag: str
    severity: Severity
    since: float
    earliest: float | None = None
    old: str = ""
    new: str = ""


@dataclass(slots=True)
class Told:
    """What a transaction did, for the log and the metrics."""

    opened: list[int] = field(default_factory=list)
    closed: list[int] = field(default_factory=list)


_Membership = tuple[rows.IncidentRow, membership.MemberRow]
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
    held = membership.of_subject(connection, subject.id)
    by_locus: dict[str, list[Failure]] = defaultdict(list)
    for failure in failures:
        if (subject.id, failure.tag) not in told_of:
            continue  # it stays untold until the other vantage points see it too (`untold.py`)
        by_locus[locus(failure.tag)].append(failure)
    for where in sorted(by_locus, key=lambda each: (each != "dns", each)):
        group = by_locus[where]
        flapping = any(_flaps(connection, subject, failure, policy, now) for failure in group)
        key = cause_key(_tag_of(group), subject.network, from_the_start=from_the_start)
        if flapping:
            # What comes and goes is a story of its own: the others of its network must not wait until it is stable.
            key = f"{subject.ip} {where} {FLAPPING}"
        same = _of_same_change(connection, subject, held, group, policy, now, flapping=flapping)
        number = _explaining(connection, subject, [incident for incident, _ in same], group, policy, now, key=key)
        if number is None:
            number = incident_beside(connection, subject.id, subject.ip, [failure.tag for failure in group])
        if number is not None:
            _raise(connection, number, subject, group, policy, now, story=story, key=key)
        else:
            number = _of_cause(
                connection, subject, group, policy, now, from_the_start=from_the_start, story=story, told=told, key=key
            )
        for failure in group:
            membership.add_member(
                connection,
                number,
                subject.id,
                failure.tag,
                since=failure.since,
                at=now,
                old=failure.old,
                new=failure.new,
            )
        milder = [each for each in same if _is_worse(group, each[0])]
        _take_along(connection, number, subject, milder, policy, now, told)
        if flapping:
            mark_flapping(connection, number, policy, now)
        held = membership.of_subject(connection, subject.id)


def _flaps(connection: Connection, subject: Watched, failure: Failure, policy: Policy, now: float) -> bool:
    """Tell whether a tag comes and goes: each time that it began to fail before was two changes, and this is one more."""
    again = membership.openings(connection, subject.id, failure.tag, now - policy.settings.flapping_within_s)
    return 2 * again + 1 > policy.settings.flapping_changes


def _tag_of(group: Sequence[Failure]) -> str:
    """Return the tag that tells the story of failures."""
    return primary({failure.tag: failure.severity for failure in group})


def _severity_of(group: Sequence[Failure]) -> Severity:
    return min((failure.severity for failure in group), key=lambda each: each.rank)


def _is_worse(group: Sequence[Failure], incident: rows.IncidentRow) -> bool:
    return _severity_of(group).rank < Severity(incident.severity).rank


def _of_same_change(
    connection: Connection,
    subject: Watched,
    held: Sequence[_Membership],
    group: Sequence[Failure],
    policy: Policy,
    now: float,
    *,
    flapping: bool,
) -> list[_Membership]:
    """Return the memberships of the same subject that tell of the change of further failures, which live at one place.

    Failures are of the same change where they come soon after it, and where they were first seen when it was, however much
    longer it took until they were believed: of two tags that one look finds, one may need answers that get lost in the
    looks after it. So is what opened while that on which they rest was hidden: what took away a name may have silenced port
    25 too.
    """
    return [
        (incident, member)
        for incident, member in held
        if absorbs(locus(member.tag), locus(group[0].tag))
        and _is_same(connection, subject, incident, member, group, policy, now, flapping=flapping)
    ]


def _explaining(
    connection: Connection,
    subject: Watched,
    found: Sequence[rows.IncidentRow],
    group: Sequence[Failure],
    policy: Policy,
    now: float,
    *,
    key: str,
) -> int | None:
    """Return which of the incidents of the same change explains further failures; None: they need another.

    What is worse than it is a part of it only where it is about this address alone, is young, and where no other incident
    is of that cause: it would be told of addresses that are not so bad, or twice, or not join those that fail with it.
    """
    for incident in found:
        if not _is_worse(group, incident):
            return incident.id
    if not found or rows.joinable(connection, key, now - policy.join_s, now + policy.join_s) is not None:
        return None
    young = [each for each in found if now - each.opened <= policy.join_s or each.details.get(FLAPPING)]
    return next((each.id for each in young if not membership.holds_others(connection, each.id, subject.ip)), None)


def _take_along(
    connection: Connection,
    number: int,
    subject: Watched,
    milder: Sequence[_Membership],
    policy: Policy,
    now: float,
    told: Told,
) -> None:
    """Have milder failures of the same change move to the incident that tells of worse ones: nothing is told in two.

    What they leave empty ends, and says where it is told now.
    """
    for incident, member in milder:
        if incident.id == number or incident.details.get(FLAPPING):
            continue
        membership.change_member(connection, member.id, closed=now)
        membership.add_member(
            connection, number, subject.id, member.tag, since=member.since, at=now, old=member.old, new=member.new
        )
        if not membership.has_open_member(connection, incident.id):
            rows.add_details(connection, incident.id, ended=f"{TOLD_WITH}{number}")
        close_if_over(connection, rows.incident(connection, incident.id) or incident, policy, now, told)


def _is_same(  # noqa: PLR0913  each is a part of what happened
    connection: Connection,
    subject: Watched,
    incident: rows.IncidentRow,
    member: membership.MemberRow,
    group: Sequence[Failure],
    policy: Policy,
    now: float,
    *,
    flapping: bool,
) -> bool:
    """Tell whether failures are of the change that a member of an incident tells of, as far as time tells."""
    first = min(failure.since for failure in group)
    earliest = min(failure.since if failure.earliest is None else failure.earliest for failure in group)
    if not incident.details.get(FLAPPING):
        return abs(now - member.joined) <= policy.join_s or (
            earliest - policy.join_s <= member.since <= first + policy.join_s
        )
    # What lasts must not wait until what flaps is stable, unless each time that this fails that does too.
    if flapping:
        return True
    since = None if member.well_since is not None else membership.failing_since(connection, subject.id, member.tag)
    if _is_worse(group, incident) or since is None:
        return False
    return earliest - policy.join_s <= since <= first + policy.join_s


def _raise(  # noqa: PLR0913  each is a part of what happened
    connection: Connection,
    number: int,
    subject: Watched,
    group: Sequence[Failure],
    policy: Policy,
    now: float,
    *,
    story: Story,
    key: str = "",
) -> None:
    """Have an incident be as bad as what joins it. Whoever was told less of it is told anew, once for each severity.

    With `key` it becomes the story of what joins, where it is about one address alone.
    """
    incident = rows.incident(connection, number)
    if incident is None or not _is_worse(group, incident):
        return
    severity, tag = _severity_of(group), _tag_of(group)
    values: dict[str, Any] = {"severity": severity}
    if key and not membership.holds_others(connection, number, subject.ip):
        kept = {name: incident.details[name] for name in (FLAPPING, SILENCED) if name in incident.details}
        values |= {"tag": tag, "details": {**story(tag), **kept}, "cause": _cause(tag, subject, from_the_start=False)}
        if not incident.details.get(FLAPPING):
            values["key"] = key
    rows.change_incident(connection, number, **values)
    raised = rows.incident(connection, number)
    if raised is not None:
        kind = NoticeKind.FLAPPING if raised.details.get(FLAPPING) else NoticeKind.OPENED
        tell(connection, raised, kind, "", policy, now, anew=str(severity))


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
    key: str,
) -> int:
    """Return the incident of the cause: an open one that is young enough, else a new one, which is told."""
    tag, severity = _tag_of(group), _severity_of(group)
    young = rows.joinable(connection, key, now - policy.join_s, now + policy.join_s)
    if young is not None:
        _raise(connection, young.id, subject, group, policy, now, story=story)
        young = rows.incident(connection, young.id) or young
        _tell_grown(connection, young, subject, policy, now)
        rows.change_incident(connection, young.id, joined_at=now)
        return young.id
    details = dict(story(tag))
    cause = _cause(tag, subject, from_the_start=from_the_start)
    number = rows.open_incident(connection, key=key, tag=tag, severity=severity, cause=cause, details=details, at=now)
    made = rows.incident(connection, number)
    if made is not None:
        tell(connection, made, NoticeKind.OPENED, "", policy, now, whom=[(subject.groups, subject.owner)])
    told.opened.append(number)
    return number


def _tell_grown(connection: Connection, incident: rows.IncidentRow, subject: Watched, policy: Policy, now: float) -> None:
    """Tell that one more has joined, to whoever its own routes lead to: that it is open, or that it has grown.

    Whatever the incident has grown to, the work is the same: its members are not read.
    """
    whom = [(subject.groups, subject.owner)]
    tell(connection, incident, NoticeKind.OPENED, "", policy, now, whom=whom)
    tell(connection, incident, NoticeKind.GROWN, "", policy, now, whom=whom)


def _cause(tag: str, subject: Watched, *, from_the_start: bool) -> str:
    if from_the_start:
        return f"{tag} since the watch began"
    return f"{tag} in {subject.network}"


def mark_flapping(connection: Connection, number: int, policy: Policy, now: float) -> None:
    """From now on its changes are not told, until it is stable; that it flaps is told once."""
    incident = rows.incident(connection, number)
    if incident is None or incident.details.get(FLAPPING):
        return
    rows.add_details(connection, number, **{FLAPPING: True})
    outbox.drop_pending(connection, number, (NoticeKind.OPENED,), "it flaps, and that is told instead")
    tell(connection, incident, NoticeKind.FLAPPING, "", policy, now)


def fails_again(connection: Connection, subject_id: int, tags: Sequence[str]) -> list[str]:
    """Return those of the failing tags that are in an open incident already; one that seemed stable is not any more."""
    known = []
    for _, member in membership.of_subject(connection, subject_id):
        if member.tag not in tags:
            continue
        # Where it was ended as stable meanwhile, this is a new failure.
        if member.well_since is None or membership.fails_again(connection, member.id):
            known.append(member.tag)
    return known


def recover(connection: Connection, subject_id: int, tags: Sequence[str], policy: Policy, now: float, told: Told) -> None:
    """End the memberships of a subject in tags that are well again, and the incidents whose last one that was."""
    if not tags:
        return
    rows.serialise(connection)
    for incident, member in membership.of_subject(connection, subject_id):
        if member.tag not in tags:
            continue
        if incident.details.get(FLAPPING):
            membership.change_member(connection, member.id, well_since=now)
            continue
        membership.change_member(connection, member.id, closed=now)
        close_if_over(connection, incident, policy, now, told)


def close_if_over(connection: Connection, incident: rows.IncidentRow, policy: Policy, now: float, told: Told) -> None:
    """Close an incident that has no open member any more, and tell those who know of it."""
    if membership.has_open_member(connection, incident.id) or not rows.close_incident(connection, incident.id, now):
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
        tell(connection, ended, kind, "", policy, now)
