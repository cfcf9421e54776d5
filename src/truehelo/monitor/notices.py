"""Notices from what is kept of an incident: everything that a message needs, frozen before the first try."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from truehelo.errors import FileError
from truehelo.findings import Severity
from truehelo.monitor.incidents import FLAPPING
from truehelo.monitor.policy import moment
from truehelo.monitoring import ADDRESSES, Member, Notice, NoticeKind
from truehelo.store import incidents as rows
from truehelo.store.incidents import IncidentRow, MemberRow

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


def notice_of(connection: Connection, incident: IncidentRow, kind: NoticeKind, now: float, url: str = "") -> Notice:
    """Return the notice of an incident as it stands now."""
    found = rows.members_of(connection, incident.id)
    one_each = list({member.ip: member for member in reversed(found)}.values())[::-1]
    told = _told_of(found, incident, one_each)
    details = incident.details
    until = str(details.get("caches_until") or "")
    ending = kind in (NoticeKind.RECOVERED, NoticeKind.STABLE, NoticeKind.SEEN)
    about = about_of(incident)
    lines = [f"also: {tag}" for tag in sorted({member.tag for member in found} - {incident.tag})]
    return Notice(
        kind=kind,
        tag=incident.tag,
        severity=Severity(incident.severity),
        at=moment(now),
        summary=summary(incident, kind, told, len(one_each), about),
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


def _told_of(found: Sequence[MemberRow], incident: IncidentRow, one_each: list[MemberRow]) -> list[MemberRow]:
    """Of each address the membership in the tag that tells the story, else any."""
    story = {member.ip: member for member in found if member.tag == incident.tag}
    return [story.get(member.ip, member) for member in one_each]


def summary(
    incident: IncidentRow, kind: NoticeKind, members: Sequence[MemberRow], count: int, about_what: str = ADDRESSES
) -> str:
    """Say in one sentence what it is about."""
    about = str(incident.details.get("message") or incident.cause)
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
