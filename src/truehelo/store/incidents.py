"""Incidents and their members, as rows. What makes an incident is decided in `monitor/incidents.py`, not here."""

from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, RowMapping, insert, or_, select, update

from truehelo.store.tables import incidents, meta


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """An incident as it is kept; times in seconds since the epoch."""

    id: int
    key: str
    tag: str
    severity: str
    cause: str
    details: dict[str, Any]
    opened: float
    joined_at: float
    closed: float | None
    acknowledged: float | None
    acknowledged_by: str
    note: str
    reminded_at: float | None


def serialise(connection: Connection) -> None:
    """Let one transaction at a time open, join and close incidents: two that see no incident must not open two."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(meta.c.value).where(meta.c.key == "incidents").with_for_update())


def incident_of(row: RowMapping) -> IncidentRow:
    """Return the incident of a row that holds its columns."""
    return IncidentRow(
        id=row["id"],
        key=row["key"],
        tag=row["tag"],
        severity=row["severity"],
        cause=row["cause"],
        details=msgspec.json.decode(row["details"], type=dict[str, Any]),
        opened=row["opened"],
        joined_at=row["joined_at"],
        closed=row["closed"],
        acknowledged=row["acknowledged"],
        acknowledged_by=row["acknowledged_by"],
        note=row["note"],
        reminded_at=row["reminded_at"],
    )


def incident(connection: Connection, number: int) -> IncidentRow | None:
    """Return one incident; None when there is none of that number."""
    row = connection.execute(select(incidents).where(incidents.c.id == number)).mappings().first()
    return None if row is None else incident_of(row)


def open_incidents(connection: Connection) -> list[IncidentRow]:
    """Return every open incident, the oldest first."""
    rows = connection.execute(
        select(incidents).where(incidents.c.closed.is_(None)).order_by(incidents.c.opened, incidents.c.id)
    )
    return [incident_of(row) for row in rows.mappings()]


def listed_incidents(connection: Connection, *, everything: bool, since: float | None, most: int) -> list[IncidentRow]:
    """Return incidents, the newest first: the open ones, or `everything`, opened at `since` or later."""
    wanted = select(incidents).order_by(incidents.c.opened.desc(), incidents.c.id.desc()).limit(most)
    if not everything:
        wanted = wanted.where(incidents.c.closed.is_(None))
    if since is not None:
        wanted = wanted.where(incidents.c.opened >= since)
    return [incident_of(row) for row in connection.execute(wanted).mappings()]


def incidents_between(connection: Connection, since: float, until: float) -> list[IncidentRow]:
    """Return the incidents that were open at some time between two."""
    wanted = select(incidents).where(
        incidents.c.opened < until, or_(incidents.c.closed.is_(None), incidents.c.closed >= since)
    )
    return [incident_of(row) for row in connection.execute(wanted.order_by(incidents.c.id)).mappings()]


def opened_within(connection: Connection, since: float, until: float, most: int) -> list[IncidentRow]:
    """Return the incidents that were opened at `since` or later and before `until`, the newest first."""
    return _within(connection, incidents.c.opened, since, until, most)


def closed_within(connection: Connection, since: float, until: float, most: int) -> list[IncidentRow]:
    """Return the incidents that ended at `since` or later and before `until`, the newest end first."""
    return _within(connection, incidents.c.closed, since, until, most)


def _within(connection: Connection, when: Column[Any], since: float, until: float, most: int) -> list[IncidentRow]:
    wanted = select(incidents).where(when >= since, when < until)
    found = connection.execute(wanted.order_by(when.desc(), incidents.c.id.desc()).limit(most))
    return [incident_of(row) for row in found.mappings()]


def joinable(connection: Connection, key: str, opened_after: float, opened_before: float) -> IncidentRow | None:
    """Return the open incident of a cause that was opened late enough for one more to join.

    One that was opened later than `opened_before` was so while the clock was ahead: it must not take in what comes until
    then.
    """
    row = (
        connection.execute(
            select(incidents)
            .where(
                incidents.c.key == key,
                incidents.c.closed.is_(None),
                incidents.c.opened.between(opened_after, opened_before),
            )
            .order_by(incidents.c.opened.desc())
            .limit(1)
        )
        .mappings()
        .first()
    )
    return None if row is None else incident_of(row)


def open_incident(
    connection: Connection, *, key: str, tag: str, severity: str, cause: str, details: dict[str, Any], at: float
) -> int:
    """Open an incident and return its number."""
    made = connection.execute(
        insert(incidents)
        .values(
            key=key,
            tag=tag,
            severity=severity,
            cause=cause,
            details=msgspec.json.encode(details).decode(),
            opened=at,
            joined_at=at,
        )
        .returning(incidents.c.id)
    )
    number: int = made.scalar_one()
    return number


def change_incident(connection: Connection, number: int, **values: Any) -> None:
    """Change columns of an incident."""
    if "details" in values:
        values["details"] = msgspec.json.encode(values["details"]).decode()
    connection.execute(update(incidents).where(incidents.c.id == number).values(**values))


def add_details(connection: Connection, number: int, **more: Any) -> None:
    """Add to the details of an incident, and leave the rest as somebody else may have written it meanwhile."""
    held = connection.scalar(select(incidents.c.details).where(incidents.c.id == number).with_for_update())
    if held is not None:
        change_incident(connection, number, details={**msgspec.json.decode(held, type=dict[str, Any]), **more})


def close_incident(connection: Connection, number: int, at: float) -> bool:
    """Close an incident; False when it was closed before."""
    done = connection.execute(
        update(incidents).where(incidents.c.id == number, incidents.c.closed.is_(None)).values(closed=at)
    )
    return done.rowcount == 1
