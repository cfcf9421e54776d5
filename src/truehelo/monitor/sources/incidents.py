"""From how things stand to incidents about them: domains, DKIM keys, sources, reporters. In the caller's transaction.

Whoever judges keeps a state (`put_state`) while a thing is not well, and ends it (`well`) when that was seen; what could
not be seen changes nothing. That each state has an open incident, and no other thing has one, is an invariant of the
store, and `settle` is what holds it: it may run at any time, by any watcher, as often as it likes. Grouping, routes,
silences, acknowledgements, reminders, flapping and messages are those of addresses (`monitor/incidents.py`). Does not
decide what is well.
"""

from typing import Any

from sqlalchemy import Connection

from truehelo.findings import Severity
from truehelo.monitor.incidents import FLAPPING, Told, close_if_over, mark_flapping
from truehelo.monitor.policy import Policy
from truehelo.monitor.telling import tell
from truehelo.monitoring import NoticeKind
from truehelo.store import incidents as rows
from truehelo.store import membership
from truehelo.store.incidents import IncidentRow
from truehelo.store.membership import MemberRow
from truehelo.store.things import rows as things
from truehelo.store.things.rows import Thing, ThingState

NO_LONGER = "it is no longer watched"
ABOUT = {things.DOMAIN: "domains", things.KEY: "DKIM keys", things.SOURCE: "sources", things.REPORTER: "reporters"}
"""What the members of an incident are, in the plural."""
ABSORBED = {"DMARC_RECORD_CHANGED": "DMARC_POLICY_WEAKENED"}
"""A tag that tells less of the same change than another: together they are the other's incident."""
DAY_S = 86_400.0


def well(connection: Connection, thing_id: int, tag: str, ended: str = "") -> bool:
    """Keep that a thing is well again in a tag; False when it was. `ended` says why it is over where that was not seen."""
    if not things.drop_state(connection, thing_id, tag):
        return False
    for incident, member in membership.of_thing(connection, thing_id):
        if member.tag == tag:
            _say_ended(connection, incident, ended)
    return True


def _say_ended(connection: Connection, incident: IncidentRow, ended: str) -> None:
    """Keep why it is over, for the message that tells it; what is well again on its own takes that back."""
    if str(incident.details.get("ended") or "") != ended:
        rows.add_details(connection, incident.id, ended=ended)


def settle(connection: Connection, policy: Policy, now: float, told: Told) -> None:
    """Open incidents for what is not well and has none, and end those whose things are well."""
    rows.serialise(connection)
    standing: dict[tuple[int, str], tuple[Thing, ThingState]] = {}
    for thing, state in things.states(connection):
        if thing.removed_at is not None:
            well(connection, thing.id, state.tag, NO_LONGER)
        else:
            standing[thing.id, state.tag] = (thing, state)
    held = {(member.thing_id, member.tag): member for member in membership.of_things(connection)}
    for key, member in held.items():
        if key not in standing:
            _recover(connection, member, policy, now, told)
        elif member.well_since is not None:
            membership.change_member(connection, member.id, well_since=None)
    waiting = [each for key, each in standing.items() if key not in held]
    for thing, state in sorted(waiting, key=lambda each: (each[1].tag in ABSORBED, each[1].since, each[0].id)):
        if is_told(thing, state, policy, now):
            _fail(connection, thing, state, policy, now, told)


def is_told(thing: Thing, state: ThingState, policy: Policy, now: float) -> bool:
    """Tell whether a state is to have an incident now: it is watched for, and not under maintenance."""
    settings = policy.settings
    if state.tag in settings.ignore or Severity(state.severity).rank > settings.severity.rank:
        return False
    # A name is no address: windows that name addresses do not cover it.
    return policy.maintenance(thing.name, thing.groups, now) is None


def _recover(connection: Connection, member: MemberRow, policy: Policy, now: float, told: Told) -> None:
    incident = rows.incident(connection, member.incident_id)
    if incident is None:
        return
    if incident.details.get(FLAPPING):
        if member.well_since is None:
            membership.change_member(connection, member.id, well_since=now)
        return
    membership.change_member(connection, member.id, closed=now)
    close_if_over(connection, incident, policy, now, told)


def _fail(connection: Connection, thing: Thing, state: ThingState, policy: Policy, now: float, told: Told) -> None:
    flapping = _flaps(connection, thing, state, policy, now)
    number = _absorbing(connection, thing, state.tag)
    if number is None:
        number = _of_cause(connection, thing, state, policy, now, told, alone=flapping)
    membership.add_member(
        connection, number, None, state.tag, since=state.since, at=now, old=state.old, new=state.new, thing_id=thing.id
    )
    if flapping:
        mark_flapping(connection, number, policy, now)


def _flaps(connection: Connection, thing: Thing, state: ThingState, policy: Policy, now: float) -> bool:
    """Tell whether a tag comes and goes, by the measure of addresses."""
    since = now - policy.settings.flapping_within_s
    again = membership.openings(connection, None, state.tag, since, thing_id=thing.id)
    return 2 * again + 1 > policy.settings.flapping_changes


def _absorbing(connection: Connection, thing: Thing, tag: str) -> int | None:
    """Return the open incident of the same thing that tells more of the same change."""
    found = [
        incident.id for incident, member in membership.of_thing(connection, thing.id) if member.tag == ABSORBED.get(tag)
    ]
    return max(found, default=None)


def _of_cause(
    connection: Connection, thing: Thing, state: ThingState, policy: Policy, now: float, told: Told, *, alone: bool
) -> int:
    """Return the open incident of the cause, else a new one, which is told. One that flaps is a story of its own."""
    key = f"{state.key} {thing.kind} {thing.name} {FLAPPING}" if alone else state.key
    number = things.open_of_key(connection, key, state.tag)
    held = None if number is None else rows.incident(connection, number)
    if held is not None:
        _grown(connection, held, thing, policy, now)
        return held.id
    details = _details(thing, state)
    number = rows.open_incident(
        connection, key=key, tag=state.tag, severity=state.severity, cause=state.cause, details=details, at=now
    )
    made = rows.incident(connection, number)
    if made is not None:
        tell(connection, made, NoticeKind.OPENED, "", policy, now, whom=[(thing.groups, thing.owner)])
    told.opened.append(number)
    return number


def _grown(connection: Connection, incident: IncidentRow, thing: Thing, policy: Policy, now: float) -> None:
    """One more joins: told to whom its own routes lead, and to those who know at most once a day, unless all is said."""
    whom = [(thing.groups, thing.owner)]
    tell(connection, incident, NoticeKind.OPENED, "", policy, now, whom=whom)
    if now - incident.opened > policy.group_s:
        # Whoever joins until that day is over is in the message that ends it.
        tell(connection, incident, NoticeKind.GROWN, "", policy, now, whom=whom, apart=DAY_S)
    rows.change_incident(connection, incident.id, joined_at=now)


def _details(thing: Thing, state: ThingState) -> dict[str, Any]:
    return {**state.details, "message": state.message, "about": ABOUT.get(thing.kind, thing.kind)}
