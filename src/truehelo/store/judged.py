"""What is kept of answers that were judged, so that they can be judged anew: of what is looked at from one vantage point.

Does not decide when (`monitor/judged.py`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, case, select, text, tuple_, update

from truehelo.store.schedule import looked_at_from
from truehelo.store.tables import schedule, states

MOMENT_S = 0.001


@dataclass(frozen=True, slots=True)
class Standing:
    """A tag in which a subject does not stand well."""

    subject_id: int
    tag: str
    state: str


def hold(connection: Connection) -> None:
    """Let running watchers finish what they are recording, and wait: rows locked in two orders would be a deadlock."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE schedule IN EXCLUSIVE MODE"))


def forget_answers(connection: Connection, place: str) -> int:
    """Have answers that are the same as before judged again; return of how many subjects.

    `place` is a vantage point, whose own subjects these are, or "": those that any may look at.

    A look that began before is not recorded after it: the tick of what is taken moves by a moment, and the lease ends.
    """
    taken = schedule.c.claimed_by.is_not(None)
    done = connection.execute(
        update(schedule)
        .where(schedule.c.vantage == place, schedule.c.fingerprint.is_not(None) | schedule.c.steady.is_not(None) | taken)
        .values(
            fingerprint=None,
            steady=None,
            next_run_at=case((taken, schedule.c.next_run_at + MOMENT_S), else_=schedule.c.next_run_at),
            claimed_by=None,
            claimed_until=None,
        )
    )
    return done.rowcount


def kinds(connection: Connection, vantage: str) -> list[tuple[str, str]]:
    """Return each combination of tag and severity in which a subject does not stand well, once."""
    wanted = select(states.c.tag, states.c.severity).join(schedule, schedule.c.subject_id == states.c.subject_id)
    return [(row[0], row[1]) for row in connection.execute(wanted.where(looked_at_from(vantage)).distinct())]


def standings(connection: Connection, vantage: str, of: Sequence[tuple[str, str]]) -> list[Standing]:
    """Return who does not stand well in these tags and severities."""
    if not of:
        return []
    rows = connection.execute(
        select(states.c.subject_id, states.c.tag, states.c.state)
        .join(schedule, schedule.c.subject_id == states.c.subject_id)
        .where(looked_at_from(vantage), tuple_(states.c.tag, states.c.severity).in_(of))
        .order_by(states.c.subject_id, states.c.tag)
    )
    return [Standing(*row) for row in rows]
