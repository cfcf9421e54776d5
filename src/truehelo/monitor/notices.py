"""Notices from what is kept of an incident: everything that a message needs, frozen before the first try.

A channel is told of those members alone whose routes lead to it: what one incident holds may belong to several customers.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from truehelo.configuration.alerting import Alerting
from truehelo.drift.routing import leads_to
from truehelo.errors import FileError
from truehelo.findings import Severity
from truehelo.monitor.incidents import FLAPPING
from truehelo.monitor.policy import moment
from truehelo.monitor.telling import brief
from truehelo.monitoring import ADDRESSES, Member, Notice, NoticeKind
from truehelo.store import membership
from truehelo.store.incidents import IncidentRow
from truehelo.store.membership import MemberRow

MAX_MEMBERS = 50
_BEFORE = {
    NoticeKind.RECOVERED: "well again",
    NoticeKind.STABLE: "stable again",
    NoticeKind.SEEN: "it can be seen again",
    NoticeKind.FLAPPING: "it comes and goes",
}


def member_of(row: MemberRow) -> Member:
    """Return a member as people are told of it."""
    return Member(
        ip=row.ip,
        since=moment(row.since),
        expected=", ".join(row.expected),
        groups=row.groups,
        owner=row.owner,
        old=row.old,
        new=row.new,
        closed=None if row.closed is None else moment(row.closed),
    )


def notice_of(
    connection: Connection,
    incident: IncidentRow,
    kind: NoticeKind,
    now: float,
    url: str = "",
    alerting: Alerting | None = None,
    channel: str = "",
) -> Notice:
    """Return the notice of an incident as it stands now.

    Args:
        connection: Where it is kept.
        incident: What is told.
        kind: Why it is told.
        now: When, in Unix seconds.
        url: The address of the dashboard, "" for no link.
        alerting: With `channel`: the notice is of those members alone whose routes lead to it.
        channel: Who is told, "" for whoever may see the whole.
    """
    everyone = membership.members_of(connection, incident.id)
    found = everyone if alerting is None or not channel else heard_by(everyone, incident, alerting, channel, now)
    one_each = _one_each(found)
    told = _told_of(found, incident, one_each)
    details = incident.details if len(found) == len(everyone) else _details_for(told, everyone, incident)
    until = str(details.get("caches_until") or "")
    message = str(details.get("message") or incident.cause)
    ending = kind in (NoticeKind.RECOVERED, NoticeKind.STABLE, NoticeKind.SEEN)
    about = about_of(incident)
    lines = [f"also: {tag}" for tag in sorted({member.tag for member in found} - {incident.tag})]
    return Notice(
        kind=kind,
        tag=incident.tag,
        severity=Severity(incident.severity),
        at=moment(now),
        summary=summary(incident, kind, told, len(one_each), about, message),
        incident=incident.id,
        opened=moment(incident.opened),
        closed=None if incident.closed is None else moment(incident.closed),
        cause=incident.cause,
        members=tuple(member_of(each) for each in told[:MAX_MEMBERS]),
        count=len(one_each) or int(details.get("count", 0)),
        served_by=tuple(details.get("served_by", ())),
        caches_until=datetime.fromisoformat(until) if until and not ending else None,
        receivers=() if ending else tuple(details.get("receivers", ())),
        fix=() if ending else tuple(details.get("fix", ())),
        lines=tuple(lines),
        groups=tuple(dict.fromkeys(group for each in found for group in each.groups)),
        owners=tuple(dict.fromkeys(each.owner for each in found if each.owner)),
        url=f"{url.rstrip('/')}/incidents/{incident.id}" if url else "",
        about=about,
        ended=str(details.get("ended") or "") if kind is NoticeKind.RECOVERED else "",
    )


def about_of(incident: IncidentRow) -> str:
    """Return what the members of an incident are, in the plural."""
    return str(incident.details.get("about") or ADDRESSES)


def heard_by(
    members: Sequence[MemberRow], incident: IncidentRow, alerting: Alerting, channel: str, now: float
) -> list[MemberRow]:
    """Return the members of an incident of which a channel is told: those whose routes lead to it.

    All of them where none does: then the routes were changed after it was decided who is told, or somebody chose the
    channel by hand.
    """
    leads: dict[membership.Whom, bool] = {}
    for member in members:
        whose = (member.groups, member.owner)
        if whose not in leads:
            leads[whose] = leads_to(brief(incident, NoticeKind.OPENED, now, whose), alerting, channel)
    return [member for member in members if leads[member.groups, member.owner]] or list(members)


def _details_for(told: list[MemberRow], everyone: list[MemberRow], incident: IncidentRow) -> dict[str, Any]:
    """Return the details of an incident for those who are told of a part of it.

    What is kept was worked out for the first member. Where that is none of theirs, its message, its fix and the reasons of
    receivers name an address that is none of their business.
    """
    first = _told_of(everyone, incident, _one_each(everyone))[0]
    if any(member.ip == first.ip for member in told):
        return incident.details
    hidden = {"message", "fix", "receivers"}
    if all(member.network != first.network for member in told):
        hidden |= {"served_by", "caches_until"}
    details = {key: value for key, value in incident.details.items() if key not in hidden}
    named = f"{told[0].ip}: {incident.tag}"
    changed = f" ({told[0].old or 'nothing'}, now {told[0].new or 'nothing'})" if told[0].old or told[0].new else ""
    details["message"] = named + changed
    if about_of(incident) == ADDRESSES:
        details["fix"] = [f"truehelo check {told[0].ip} tells what to do, and for whom."]
    return details


def _one_each(members: Sequence[MemberRow]) -> list[MemberRow]:
    return list({member.ip: member for member in reversed(members)}.values())[::-1]


def _told_of(found: Sequence[MemberRow], incident: IncidentRow, one_each: list[MemberRow]) -> list[MemberRow]:
    """Of each address the membership in the tag that tells the story, else any."""
    story = {member.ip: member for member in found if member.tag == incident.tag}
    return [story.get(member.ip, member) for member in one_each]


def summary(
    incident: IncidentRow,
    kind: NoticeKind,
    members: Sequence[MemberRow],
    count: int,
    about_what: str = ADDRESSES,
    message: str = "",
) -> str:
    """Say in one sentence what it is about; `message` in place of the one that is kept."""
    about = message or str(incident.details.get("message") or incident.cause)
    if kind in (NoticeKind.UNSEEN, NoticeKind.SEEN):
        about = incident.cause
    elif count > 1 and about_what != ADDRESSES:
        about = f"{count} {about_what}: {incident.cause}"
    elif count > 1:
        networks = sorted({member.network for member in members})
        where = f" in {networks[0]}" if len(networks) == 1 else f" in {len(networks)} networks"
        about = f"{count} addresses{where}: {incident.tag}"
    before = _BEFORE.get(kind, "")
    if kind is NoticeKind.RECOVERED and incident.details.get("ended"):
        before = str(incident.details["ended"])
    elif not before and incident.details.get(FLAPPING):
        before = _BEFORE[NoticeKind.FLAPPING]
    return f"{before}: {about}" if before else about


def freeze(notice: Notice) -> bytes:
    """Return a notice as it is kept in the outbox."""
    return msgspec.json.encode(notice)


def thaw(kept: bytes) -> Notice:
    """Return a notice that was kept.

    Raises:
        FileError: It cannot be read: another version wrote it.
    """
    try:
        return msgspec.json.decode(kept, type=Notice)
    except msgspec.MsgspecError as error:
        raise FileError("a kept notice", f"cannot be read ({error})") from None
