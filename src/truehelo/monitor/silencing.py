"""What a silence covers: incidents as a whole, and the subjects that it is about.

An incident is silenced when each of its members is, be it in the tag that the member fails in or in the tag that tells
the story of the incident: people silence what they were told of, and were told of one tag. Does not decide what becomes of
a message that is silenced (`pump.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec
from sqlalchemy import Connection, select

from truehelo.drift.routing import silenced
from truehelo.facts.address import parse_address
from truehelo.monitor.policy import Policy, moment
from truehelo.monitoring import Silence
from truehelo.store import incidents as rows
from truehelo.store import membership
from truehelo.store.incidents import IncidentRow
from truehelo.store.membership import MemberRow
from truehelo.store.tables import subjects


def silences_of(incident: IncidentRow, members: Sequence[MemberRow], policy: Policy, now: float) -> tuple[Silence, ...]:
    """Return the silences that cover an incident now, together; none when a part of it is not covered.

    What is well again does not keep the rest from being silenced. An incident without members, such as one about a
    resolver, is covered by a silence that names no address and no group.
    """
    if not policy.silences:
        return ()
    found: dict[int, Silence] = {}
    whom = [member for member in members if member.closed is None] or list(members)
    parts = {(member.tag, member.ip, member.groups) for member in whom} or {(incident.tag, "", ())}
    for tag, ip, groups in sorted(parts):
        silence = policy.silence(tag, ip, groups, now) or policy.silence(incident.tag, ip, groups, now)
        if silence is None:
            return ()
        found[silence.id] = silence
    return tuple(found[number] for number in sorted(found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """What a silence is about now: so many of `watched` addresses, and these of the open incidents as a whole."""

    addresses: int
    watched: int
    incidents: tuple[int, ...] = ()


def covered(connection: Connection, silence: Silence, now: float) -> Covered:
    """Return what a silence is about, whether it has begun or not; it must not be over."""
    begun = replace(silence, since=None)
    at, whole = moment(now), (replace(begun, tags=()),)
    watched: dict[str, bool] = {}
    for ip, groups in connection.execute(select(subjects.c.ip, subjects.c.groups).where(subjects.c.removed_at.is_(None))):
        fits = silenced(whole, "", parse_address(ip), msgspec.json.decode(groups, type=list[str]), at) is not None
        watched[ip] = fits or watched.get(ip, False)
    alone = Policy(silences=(begun,))
    numbers = [
        each.id
        for each in rows.open_incidents(connection)
        if silences_of(each, membership.members_of(connection, each.id), alone, now)
    ]
    return Covered(addresses=sum(watched.values()), watched=len(watched), incidents=tuple(numbers))
