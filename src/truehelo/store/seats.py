"""One address, watched from several vantage points: how it stood at each when it was last looked at there.

Does not decide who has a vote, nor how many are enough (`drift/quorum.py`).
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import Connection, and_, bindparam, func, select

from truehelo.store.tables import listings, members, schedule, states, subjects


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A subject beside others of the same address. Times in seconds (since the epoch).

    `states` holds the tags in which it does not stand well, `unseen` the parts of the facts that its last look could not
    see, `unknown` the blocklists that gave no answer that can be believed.
    """

    subject_id: int
    interval_s: float
    checked_at: float | None
    listed_at: float | None
    unseen: frozenset[str]
    smtp: bool
    states: dict[str, str]
    unknown: frozenset[str]


_other = subjects.alias("other")
# Who expects something else of the address answers another question.
_SEATS = (
    select(
        subjects.c.id.label("of"),
        _other.c.id,
        _other.c.interval_s,
        _other.c.ports,
        schedule.c.checked_at,
        schedule.c.listed_at,
        schedule.c.unseen,
    )
    .join_from(
        subjects,
        _other,
        and_(
            _other.c.ip == subjects.c.ip,
            _other.c.expected == subjects.c.expected,
            _other.c.domains == subjects.c.domains,
            func.coalesce(_other.c.helo, "") == func.coalesce(subjects.c.helo, ""),
        ),
    )
    .join(schedule, schedule.c.subject_id == _other.c.id)
    .where(
        subjects.c.id.in_(bindparam("ids", expanding=True)),
        _other.c.removed_at.is_(None),
        schedule.c.next_run_at.is_not(None),
    )
)
_STATES = select(states.c.subject_id, states.c.tag, states.c.state).where(
    states.c.subject_id.in_(bindparam("ids", expanding=True))
)
_UNKNOWN = select(listings.c.subject_id, listings.c.list).where(
    listings.c.subject_id.in_(bindparam("ids", expanding=True)),
    listings.c.until.is_(None),
    listings.c.state == "unknown",
)


def seats_of(connection: Connection, ids: Collection[int]) -> dict[int, list[Seat]]:
    """Return for each of these subjects all that are watched for the same, itself among them, if there are others."""
    beside: dict[int, list[int]] = {}
    rows = {}
    for row in connection.execute(_SEATS, {"ids": list(ids)}).mappings():
        beside.setdefault(row["of"], []).append(row["id"])
        rows[row["id"]] = row
    beside = {subject_id: others for subject_id, others in beside.items() if len(others) > 1}
    everyone = sorted({each for others in beside.values() for each in others})
    if not everyone:
        return {}
    held: dict[int, dict[str, str]] = {}
    for subject_id, tag, state in connection.execute(_STATES, {"ids": everyone}):
        held.setdefault(subject_id, {})[tag] = state
    unknown: dict[int, set[str]] = {}
    for subject_id, name in connection.execute(_UNKNOWN, {"ids": everyone}):
        unknown.setdefault(subject_id, set()).add(name)
    made = {
        number: Seat(
            subject_id=number,
            interval_s=rows[number]["interval_s"],
            checked_at=rows[number]["checked_at"],
            listed_at=rows[number]["listed_at"],
            unseen=frozenset(part for part in rows[number]["unseen"].split(",") if part),
            smtp=rows[number]["ports"] != "[]",
            states=held.get(number, {}),
            unknown=frozenset(unknown.get(number, ())),
        )
        for number in everyone
    }
    return {subject_id: [made[each] for each in others] for subject_id, others in beside.items()}


def incident_beside(connection: Connection, subject_id: int, ip: str, tags: Collection[str]) -> int | None:
    """Return the open incident that holds the same address for one of these tags, as seen from another vantage point."""
    found: int | None = connection.scalar(
        select(members.c.incident_id)
        .join(subjects, subjects.c.id == members.c.subject_id)
        .where(
            subjects.c.ip == ip,
            subjects.c.id != subject_id,
            members.c.tag.in_(list(tags)),
            members.c.closed.is_(None),
        )
        .order_by(members.c.incident_id)
        .limit(1)
    )
    return found
