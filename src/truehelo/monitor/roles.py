"""Which part of the work a process does, and by what it is seen that somebody watches."""

from datetime import timedelta
from enum import StrEnum

from sqlalchemy import Connection

from truehelo.monitor import upkeep as chores
from truehelo.store import upkeep

GAP = timedelta(minutes=10)
SHARED = "shared out"
"""The key of the last sign of life of any scheduler."""


class Role(StrEnum):
    """Which part of the work a process does."""

    ALL = "all"
    SCHEDULER = "scheduler"
    """Looks after the whole, and hands out what is due."""
    WORKER = "worker"
    """Looks at what it is handed, and delivers."""


def beat(connection: Connection, role: Role, vantage: str, now: float) -> float | None:
    """Keep that somebody watches; return since when nobody did (seconds since the epoch), if that is long ago.

    Only who looks keeps it of its vantage point, and a worker only while a scheduler has work for it.
    """
    if role is Role.SCHEDULER:
        upkeep.put(connection, SHARED, repr(now))
        return None
    shared = upkeep.get(connection, SHARED) if role is Role.WORKER else repr(now)
    if shared is None or now - float(shared) > GAP.total_seconds():
        return None
    return chores.note_gap(connection, vantage, now, GAP)
