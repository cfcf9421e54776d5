"""How each subject stands now, for metrics that have a series for each. Reads only."""

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
from sqlalchemy import Connection, func, select, text

from truehelo.store.tables import UNWELL, incidents, listings, members, schedule, states, subjects

MOST = 50_000
"""Of more subjects only those are told that are not well."""


@dataclass(slots=True)
class Targets:
    """The state of each (target, address), the tags in which it fails, and the lists that list an address."""

    states: dict[tuple[str, str], str] = field(default_factory=dict)
    findings: dict[tuple[str, str], dict[str, str]] = field(default_factory=dict)
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)


def targets(connection: Connection, most: int = MOST) -> Targets:
    """Return how each subject stands that was looked at; seen from several vantage points it stands as from the worst."""
    wanted = (
        select(subjects.c.id, subjects.c.ip, subjects.c.expected, schedule.c.worst, schedule.c.overlay)
        .join_from(schedule, subjects, schedule.c.subject_id == subjects.c.id)
        .where(schedule.c.next_run_at.is_not(None), schedule.c.worst != "new")
    )
    whole = connection.scalar(select(func.count()).select_from(schedule)) or 0
    if whole > most:
        wanted = wanted.where(text(UNWELL)).limit(most)
    over = _overlays(connection)
    found = Targets()
    names: dict[int, tuple[str, str]] = {}
    for number, ip, expected, worst, overlay in connection.execute(wanted):
        key = names[number] = (_target(expected) or ip, ip)
        state = overlay or over.get(number) or worst
        held = found.states.get(key)
        found.states[key] = state if held is None or held == "ok" else held
    failing = select(states.c.subject_id, states.c.tag, states.c.severity).where(
        states.c.state.in_(("failing", "recovering"))
    )
    for number, tag, severity in connection.execute(failing.limit(most)):
        if number in names:
            found.findings.setdefault(names[number], {})[tag] = severity
    found.listed = _listed(connection, most)
    return found


@lru_cache(maxsize=MOST)
def _target(expected: str) -> str:
    """Return the first expected name, "" for none: it stands as JSON in the row, and hardly ever changes."""
    names = msgspec.json.decode(expected, type=list[str])
    return names[0] if names else ""


def _overlays(connection: Connection) -> dict[int, str]:
    """Return of whom it is known that somebody is on it, or that it comes and goes."""
    still = incidents.c.closed.is_(None)
    words = {}
    for number, acknowledged, details in connection.execute(
        select(incidents.c.id, incidents.c.acknowledged, incidents.c.details).where(still)
    ):
        if msgspec.json.decode(details).get("flapping"):
            words[number] = "flapping"
        elif acknowledged is not None:
            words[number] = "acknowledged"
    if not words:
        return {}
    rows = connection.execute(
        select(members.c.subject_id, members.c.incident_id)
        .join_from(members, incidents, incidents.c.id == members.c.incident_id)
        .where(members.c.closed.is_(None), still)
        .order_by(members.c.incident_id.desc())
    )
    return {subject: words[number] for subject, number in rows if number in words}


def _listed(connection: Connection, most: int) -> dict[str, tuple[str, ...]]:
    rows = connection.execute(
        select(subjects.c.ip, listings.c.list)
        .join_from(listings, subjects, subjects.c.id == listings.c.subject_id)
        .where(listings.c.until.is_(None), listings.c.state == "listed", subjects.c.removed_at.is_(None))
        .distinct()
        .order_by(subjects.c.ip, listings.c.list)
        .limit(most)
    )
    found: dict[str, list[str]] = defaultdict(list)
    for ip, name in rows:
        found[ip].append(name)
    return {ip: tuple(names) for ip, names in found.items()}
