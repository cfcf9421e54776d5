"""What is kept of incidents for people to read: messages with their tries, what operators did, groups. Reads only."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import Connection, func, select

from truehelo.store.incidents import IncidentRow, incident_of
from truehelo.store.membership import named
from truehelo.store.outbox import Letter, letter_of
from truehelo.store.tables import acts, deliveries, incidents, members, outbox, subjects, things

ACK, UNACK, NOTE = "ack", "unack", "note"
"""What operators do about an incident, as `acts` has it; `detail` begins with the number of the incident and a colon."""
_PAGE = 500


@dataclass(frozen=True, slots=True)
class ActRow:
    """What an operator did; `at` in seconds since the epoch."""

    at: float
    by: str
    what: str
    note: str


def detail_of(number: int, note: str) -> str:
    """Return how `acts` keeps what was done about an incident."""
    return f"{number}: {note}"


def acts_of(connection: Connection, number: int, since: float) -> list[ActRow]:
    """Return what operators did about an incident that was opened at `since`, the first first."""
    head = f"{number}:"
    rows = connection.execute(
        select(acts.c.at, acts.c.by, acts.c.what, acts.c.detail)
        .where(acts.c.at >= since, acts.c.what.in_((ACK, UNACK, NOTE)), acts.c.detail.startswith(head, autoescape=True))
        .order_by(acts.c.at, acts.c.id)
    )
    return [ActRow(row.at, row.by, row.what, row.detail.removeprefix(head).strip()) for row in rows]


def letters_of(connection: Connection, number: int) -> list[Letter]:
    """Return the messages of an incident, the first first."""
    wanted = select(outbox).where(outbox.c.incident_id == number).order_by(outbox.c.id)
    return [letter_of(row) for row in connection.execute(wanted).mappings()]


def letters(
    connection: Connection, *, state: str | None, channel: str | None, incident: int | None, most: int
) -> list[Letter]:
    """Return messages, the newest first: in that state, through that channel, of that incident."""
    wanted = select(outbox).order_by(outbox.c.id.desc()).limit(most)
    for column, value in ((outbox.c.state, state), (outbox.c.channel, channel), (outbox.c.incident_id, incident)):
        if value is not None:
            wanted = wanted.where(column == value)
    return [letter_of(row) for row in connection.execute(wanted).mappings()]


def tries_of(connection: Connection, numbers: Sequence[int]) -> dict[int, list[tuple[float, int, bool, str]]]:
    """Return the tries of messages: when, which, whether it was taken, and what the other side said."""
    found: dict[int, list[tuple[float, int, bool, str]]] = defaultdict(list)
    for start in range(0, len(numbers), _PAGE):
        rows = connection.execute(
            select(deliveries.c.outbox_id, deliveries.c.at, deliveries.c.attempt, deliveries.c.ok, deliveries.c.detail)
            .where(deliveries.c.outbox_id.in_(numbers[start : start + _PAGE]))
            .order_by(deliveries.c.id)
        )
        for number, *rest in rows:
            found[number].append((rest[0], rest[1], rest[2], rest[3]))
    return dict(found)


def groups_of(connection: Connection, numbers: Sequence[int]) -> dict[int, tuple[str, ...]]:
    """Return the groups of the members of incidents."""
    rows = connection.execute(
        named(select(members.c.incident_id, func.coalesce(subjects.c.groups, things.c.groups)).select_from(members))
        .where(members.c.incident_id.in_(numbers))
        .distinct()
    )
    found: dict[int, dict[str, None]] = defaultdict(dict)
    for number, groups in rows:
        found[number] |= dict.fromkeys(msgspec.json.decode(groups, type=list[str]))
    return {number: tuple(sorted(groups)) for number, groups in found.items()}


def newest(
    connection: Connection, *, closed: bool, since: float | None, severities: Sequence[str]
) -> Iterator[list[IncidentRow]]:
    """Yield incidents in pages, the newest first: the open ones, with `closed` all; opened at `since` or later."""
    wanted = select(incidents).where(incidents.c.severity.in_(severities))
    wanted = wanted.order_by(incidents.c.opened.desc(), incidents.c.id.desc())
    if not closed:
        wanted = wanted.where(incidents.c.closed.is_(None))
    if since is not None:
        wanted = wanted.where(incidents.c.opened >= since)
    offset = 0
    while True:
        page = [incident_of(row) for row in connection.execute(wanted.limit(_PAGE).offset(offset)).mappings()]
        if not page:
            return
        yield page
        offset += len(page)


def still_open(connection: Connection) -> int:
    """Return how many incidents are open."""
    found: int = connection.execute(select(func.count()).where(incidents.c.closed.is_(None))).scalar_one()
    return found
