"""What it means that a record of a domain changed: what is told, with what was there before, and when it is over.

A record that changed is told once. It is over when somebody acknowledges it, when what was there before is back, or after
some days (`changed_for`); a weaker policy only when it is acknowledged, or as strong again. Does not decide what is
believed (`monitor/domains.py`), and says nothing of what never was otherwise.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from truehelo.drift import records
from truehelo.facts.dns import Question
from truehelo.findings import Tag
from truehelo.monitor.incidents import Told
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.sources.incidents import settle, well
from truehelo.sources import tags
from truehelo.store import incidents as incident_rows
from truehelo.store.things import rows
from truehelo.store.things.rows import Thing, ThingState

AGAIN = "it has changed again"
BACK = "what was there before is back"
_TAGS = {
    records.SPF: tags.SPF_RECORD_CHANGED,
    records.DMARC: tags.DMARC_RECORD_CHANGED,
    records.MX: tags.MX_RECORD_CHANGED,
    records.NS: tags.NS_RECORD_CHANGED,
    records.MTA_STS: tags.MTA_STS_RECORD_CHANGED,
    records.TLS_RPT: tags.TLS_RPT_RECORD_CHANGED,
}
CHANGED = frozenset({*(tag.name for tag in _TAGS.values()), tags.DKIM_KEY_CHANGED.name})
_ENDED_BY_HAND = CHANGED | {tags.DMARC_POLICY_WEAKENED.name}
_MAX_SHOWN = 1000
_MAX_LINES = 20
_WAS = "was"
"""In the details of a state: the value before the change, whole."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A record that is believed to be another one. Values as `drift/records.py` writes them; times and TTLs in seconds."""

    what: str
    question: Question
    old: str
    new: str
    at: float
    old_ttl: int
    served_by: tuple[str, ...]
    sure: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Who is told, when, and what was told in this transaction."""

    policy: Policy
    now: float
    told: Told


def changed(connection: Connection, domain: Thing, change: Change, telling: Telling) -> None:
    """Keep a change, and what is to be told of it."""
    reason = "the authoritative servers, or two resolvers, say so" if change.sure else "seen several times"
    old, new = records.shown(change.old)[:_MAX_SHOWN], records.shown(change.new)[:_MAX_SHOWN]
    rows.add_flip(connection, domain.id, change.what, old=old, new=new, at=change.at, reason=reason)
    if change.what.startswith(records.KEY):
        _key(connection, domain, change, telling)
        return
    tag = _TAGS[change.what]
    _tell(connection, domain, tag, {"domain": domain.name}, change, telling)
    if change.what == records.DMARC:
        _weakened(connection, domain, change, telling.now)


def _key(connection: Connection, domain: Thing, change: Change, telling: Telling) -> None:
    """A key that was replaced; one that is gone is told only if mail still needs it (`reported.py`)."""
    if records.key_trouble(change.old) or records.key_trouble(change.new):
        return
    name = change.what.removeprefix(records.KEY)
    thing = rows.thing(connection, rows.KEY, name, domain.name, now=telling.now, groups=domain.groups, owner=domain.owner)
    args = {"selector": name.partition("._domainkey.")[0], "domain": domain.name}
    _tell(connection, thing, tags.DKIM_KEY_CHANGED, args, change, telling)


def _tell(
    connection: Connection, thing: Thing, tag: Tag, args: Mapping[str, str], change: Change, telling: Telling
) -> None:
    held = rows.state_of(connection, thing.id, tag.name)
    if held is not None:
        is_back = held.details.get(_WAS) == change.new
        well(connection, thing.id, tag.name, BACK if is_back else AGAIN)
        # At once: the next change is a story of its own.
        settle(connection, telling.policy, telling.now, telling.told)
        if is_back:
            return
    rows.put_state(connection, thing.id, _state(tag, args, change, telling.now), telling.now)


def _state(tag: Tag, args: Mapping[str, str], change: Change, now: float, fix: list[str] | None = None) -> ThingState:
    old, new = records.shown(change.old)[:_MAX_SHOWN], records.shown(change.new)[:_MAX_SHOWN]
    digest = hashlib.blake2b(f"{change.old}\0{change.new}".encode("utf-8", "backslashreplace"), digest_size=8)
    return ThingState(
        tag=tag.name,
        since=change.at,
        severity=tag.severity,
        key=f"{tag.name} {digest.hexdigest()}",  # the same change of many domains is one
        cause=f"{tag.name}: {old[:100] or 'nothing'} became {new[:100] or 'nothing'}",
        message=tags.told(tag, args),
        old=old,
        new=new,
        details={
            _WAS: change.old,
            "served_by": list(change.served_by),
            "caches_until": moment(now + change.old_ttl).isoformat() if change.old_ttl else "",
            "fix": _fix(change) if fix is None else fix,
        },
    )


def _fix(change: Change) -> list[str]:
    lines = records.to_publish(change.question, change.old)[:_MAX_LINES]
    fix = ["If this was meant, acknowledge it: that ends it."]
    if lines:
        fix += ["If it was not, find out who can change the zone, and have what stood there before published again:"]
        fix += [f"    {line}" for line in lines]
    else:
        fix += [f"If it was not, find out who can change the zone, and have this removed: {change.question}"]
    return fix


def _weakened(connection: Connection, domain: Thing, change: Change, now: float) -> None:
    tag = tags.DMARC_POLICY_WEAKENED
    held = rows.state_of(connection, domain.id, tag.name)
    was = change.old if held is None else str(held.details.get(_WAS, ""))
    how = records.weakened(was, change.new)
    if not how:
        well(connection, domain.id, tag.name)
        return
    told = replace(change, old=was, at=change.at if held is None else held.since)
    fix = ["If this was meant, acknowledge it: that ends it."]
    fix += ["If it was not, publish the policy that was asked for before:"]
    fix += [f"    {line}" for line in records.to_publish(change.question, was)[:_MAX_LINES]]
    rows.put_state(connection, domain.id, _state(tag, {"domain": domain.name, "how": how}, told, now, fix), now)


def expire(connection: Connection, changed_for_s: float, now: float) -> None:
    """End what was acknowledged, and changes that have stood for so long."""
    standing = [(thing, state) for thing, state in rows.states(connection) if state.tag in _ENDED_BY_HAND]
    if not standing:
        return
    incident_rows.serialise(connection)
    for thing_id, tag, number in rows.acknowledged_members(connection, _ENDED_BY_HAND):
        incident = incident_rows.incident(connection, number)
        by = "" if incident is None else f" by {incident.acknowledged_by}"
        well(connection, thing_id, tag, f"it was acknowledged{by}")
    for thing, state in standing:
        if state.tag in CHANGED and now - state.since >= changed_for_s:
            well(connection, thing.id, state.tag, f"it has stood for {int(changed_for_s // 3600)} hours")
