"""What operators do: acknowledge, note, silence, announce maintenance. Each in one transaction, and written down.

An acknowledgement stops reminders and escalations of one incident, and goes with it when it ends: the next incident is
a new one. The watch reads all of this anew every few seconds. Does not decide what is told (`drift/routing.py`).
"""

from collections.abc import Sequence

from sqlalchemy import Connection

from truehelo.errors import InputError
from truehelo.monitor.policy import moment
from truehelo.monitoring import Silence
from truehelo.store import incidents as rows
from truehelo.store import outbox, upkeep
from truehelo.store.dossier import ACK, NOTE, UNACK, detail_of
from truehelo.store.incidents import IncidentRow

MAX_NOTE = 1000


def known(connection: Connection, numbers: Sequence[int]) -> list[IncidentRow]:
    """Return incidents by their numbers.

    Raises:
        InputError: There is none of one of them.
    """
    found = []
    for number in numbers:
        row = rows.incident(connection, number)
        if row is None:
            raise InputError(f"incident {number}", "there is none of that number", "truehelo incidents --all lists them")
        found.append(row)
    return found


def acknowledge(connection: Connection, incident: IncidentRow, *, by: str, note: str, now: float) -> bool:
    """Say that somebody is on it; False when somebody is already, whose acknowledgement stays (a note is added).

    Raises:
        InputError: It is over.
    """
    _open(incident)
    if incident.acknowledged is not None:
        if note:
            annotate(connection, incident, by=by, note=note, now=now)
        return False
    values: dict[str, object] = {"acknowledged": now, "acknowledged_by": by}
    rows.change_incident(connection, incident.id, **values, **({"note": note} if note else {}))
    upkeep.act(connection, now, by, ACK, detail_of(incident.id, note))
    return True


def withdraw(connection: Connection, incident: IncidentRow, *, by: str, note: str, now: float) -> bool:
    """Take an acknowledgement back: what it held up is told now. False when there is none.

    Raises:
        InputError: It is over.
    """
    _open(incident)
    if incident.acknowledged is None:
        return False
    rows.change_incident(connection, incident.id, acknowledged=None, acknowledged_by="", **({"note": note} if note else {}))
    outbox.revive(connection, incident.id, now)
    upkeep.act(connection, now, by, UNACK, detail_of(incident.id, note))
    return True


def annotate(connection: Connection, incident: IncidentRow, *, by: str, note: str, now: float) -> None:
    """Add a note, to one that is over as well."""
    rows.change_incident(connection, incident.id, note=note)
    upkeep.act(connection, now, by, NOTE, detail_of(incident.id, note))


def _open(incident: IncidentRow) -> None:
    if incident.closed is not None:
        ended = f"is over since {moment(incident.closed):%Y-%m-%d %H:%M} UTC"
        raise InputError(f"incident {incident.id}", ended, "--note still adds a note")


def silence(connection: Connection, kind: str, wanted: Silence, now: float) -> int:
    """Keep a silence ("silence") or a maintenance window ("maintenance"), and return its number."""
    number = upkeep.add_silence(connection, kind, wanted, now)
    upkeep.act(connection, now, wanted.by, kind, f"{number}: until {wanted.until.isoformat()}: {wanted.reason}")
    return number


def end_silence(connection: Connection, number: int, *, by: str, now: float) -> None:
    """End a silence or a maintenance window before its time; what waited for that is looked at again.

    Raises:
        InputError: There is none of that number that is not over.
    """
    if not upkeep.end_silence(connection, number, now):
        raise InputError(
            f"silence {number}", "there is none of that number that is not over", "see truehelo silence --list"
        )
    outbox.unsilence(connection, now)
    upkeep.act(connection, now, by, "end silence", str(number))
