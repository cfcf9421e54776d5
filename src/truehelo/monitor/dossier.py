"""Incidents as people look at them: what is kept of one in full, and lists of many. Reads only."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from truehelo.configuration.match import any_match, fits_tag
from truehelo.findings import Severity
from truehelo.monitor.notices import about_of
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.silencing import silences_of
from truehelo.monitoring import Deed, Dispatch, Dossier, Incident, Member, Silence, Try
from truehelo.store import dossier as kept
from truehelo.store import incidents as rows
from truehelo.store import membership
from truehelo.store.incidents import IncidentRow
from truehelo.store.membership import MemberRow
from truehelo.store.outbox import Letter


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which incidents are wanted: the open ones alone, opened since (seconds since the epoch), how bad at least, how many.

    `tags` and `groups` are patterns, one of which fits; () for any.
    """

    closed: bool = False
    since: float | None = None
    severity: Severity = Severity.OK
    tags: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    most: int = 100


def listed(connection: Connection, wanted: Wanted, policy: Policy, now: float) -> tuple[list[Dossier], bool]:
    """Return incidents without their members and messages, the newest first, and whether there are more."""
    found: list[Dossier] = []
    for page in _pages(connection, wanted):
        numbers = [each.id for each in page]
        groups, counts = kept.groups_of(connection, numbers), membership.counts(connection, numbers)
        for row in page:
            if wanted.groups and not any_match(wanted.groups, groups.get(row.id, ())):
                continue
            if len(found) == wanted.most:
                return found, True
            found.append(
                Dossier(
                    incident=_incident(row, counts),
                    groups=groups.get(row.id, ()),
                    silence=_silence(connection, row, policy, now),
                )
            )
    return found, False


def _pages(connection: Connection, wanted: Wanted) -> Iterator[list[IncidentRow]]:
    severities = [str(each) for each in Severity if each.rank <= wanted.severity.rank]
    for page in kept.newest(connection, closed=wanted.closed, since=wanted.since, severities=severities):
        yield [each for each in page if not wanted.tags or fits_tag(wanted.tags, (each.tag,))]


def _silence(connection: Connection, row: IncidentRow, policy: Policy, now: float) -> Silence | None:
    if row.closed is not None or not policy.silences:
        return None
    found = silences_of(row, membership.members_of(connection, row.id), policy, now)
    return min(found, key=lambda each: each.until, default=None)


def dossier(connection: Connection, number: int, policy: Policy, now: float) -> Dossier | None:
    """Return one incident in full; None when there is none of that number."""
    row = rows.incident(connection, number)
    if row is None:
        return None
    members = membership.members_of(connection, number)
    return Dossier(
        incident=_incident(row, membership.counts(connection, [number]), _members(members, row)),
        groups=tuple(sorted({group for each in members for group in each.groups})),
        owners=tuple(sorted({each.owner for each in members if each.owner})),
        silence=_silence(connection, row, policy, now),
        dispatches=dispatches(connection, kept.letters_of(connection, number)),
        deeds=tuple(
            Deed(at=moment(act.at), by=act.by, what=act.what, note=act.note)
            for act in kept.acts_of(connection, number, row.opened)
        ),
    )


def _incident(row: IncidentRow, counts: Mapping[int, tuple[int, int]], members: tuple[Member, ...] = ()) -> Incident:
    # An incident about a resolver or a zone has no members: how many addresses could not be seen is kept with it.
    blind = int(row.details.get("count", 0))
    count, still = counts.get(row.id, (blind, blind if row.closed is None else 0))
    return Incident(
        id=row.id,
        key=row.key,
        tag=row.tag,
        severity=Severity(row.severity),
        cause=row.cause,
        opened=moment(row.opened),
        closed=None if row.closed is None else moment(row.closed),
        acknowledged=None if row.acknowledged is None else moment(row.acknowledged),
        acknowledged_by=row.acknowledged_by,
        note=row.note,
        count=count,
        open_count=still,
        members=members,
        details=row.details,
        about=about_of(row),
    )


def _members(found: Sequence[MemberRow], incident: IncidentRow) -> tuple[Member, ...]:
    """One for each address, as it stands in the tag that tells the story; it is well when it is so in every tag."""
    by_ip: dict[str, list[MemberRow]] = {}
    for each in found:
        by_ip.setdefault(each.ip, []).append(each)
    return tuple(_member(each, incident) for each in by_ip.values())


def _member(found: list[MemberRow], incident: IncidentRow) -> Member:
    told = next((each for each in reversed(found) if each.tag == incident.tag), found[0])
    ends = [each.closed for each in found if each.closed is not None]
    return Member(
        ip=told.ip,
        since=moment(min(each.since for each in found)),
        expected=", ".join(told.expected),
        groups=told.groups,
        owner=told.owner,
        old=told.old,
        new=told.new,
        closed=moment(max(ends)) if len(ends) == len(found) else None,
        tags=tuple(dict.fromkeys(each.tag for each in found)),
    )


def dispatches(connection: Connection, letters: Sequence[Letter]) -> tuple[Dispatch, ...]:
    """Return messages with each of their tries."""
    tries = kept.tries_of(connection, [each.id for each in letters])
    return tuple(
        Dispatch(
            id=each.id,
            key=each.key,
            incident=each.incident_id,
            kind=each.kind,
            channel=each.channel,
            state=each.state,
            made=moment(each.created),
            due=moment(each.attempt_at),
            delivered=None if each.delivered is None else moment(each.delivered),
            detail=each.detail,
            attempts=each.attempts,
            tries=tuple(
                Try(number=number, at=moment(at), taken=taken, said=said)
                for at, number, taken, said in tries.get(each.id, ())
            ),
        )
        for each in letters
    )
