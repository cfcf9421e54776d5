"""What fails without an incident: a maintenance has ended, others see it fail too by now, or a watcher died half-way.

It is looked at again, and told.

That a failing tag has an open incident is an invariant of the store; this is what restores it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from truehelo.drift.hidden import may_have_begun
from truehelo.findings import Severity
from truehelo.monitor import incidents
from truehelo.monitor.incidents import Failure, Told
from truehelo.monitor.lists import PREFIX
from truehelo.monitor.look import Look, Looking, sure_look
from truehelo.monitor.quorum import agreed
from truehelo.monitor.record import Writing, story_of
from truehelo.store import incidents as rows
from truehelo.store import membership, schedule
from truehelo.store.database import Database
from truehelo.store.schedule import Due, Subjects

MOST = 500
LOOK_S = 150.0
T = TypeVar("T")


class Stored(Protocol):
    """Runs a function over the database, outside the event loop."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """Return what `work` returns."""


async def tell_untold(
    database: Database, stored: Stored, looking: Looking, writing: Writing, now: float, told: Told
) -> list[str]:
    """Open incidents for what fails without one, and is not under maintenance; return which looks failed, and why."""
    faults: list[str] = []
    found = await stored(lambda: _untold(database, writing, now))
    looks: dict[str, Look] = {}
    for due in found:
        # One look for each network tells the story of all of them.
        if due.subject.network not in looks:
            looks[due.subject.network] = await _look(due, looking, now, faults)
    if found:
        await stored(lambda: _tell(database, found, looks, writing, now, told))
    return faults


async def _look(due: Due, looking: Looking, now: float, faults: list[str]) -> Look:
    """Look for the story. Without one, what fails is told all the same."""
    try:
        async with asyncio.timeout(LOOK_S):
            return await sure_look(due, looking, now)
    except TimeoutError:
        faults.append(f"a look at {due.subject.ip} took longer than {LOOK_S:.0f} s")
    except Exception as error:  # noqa: BLE001  a fault in one subject must not end the watch, and is told
        faults.append(f"a fault of truehelo in a look at {due.subject.ip}: {type(error).__name__}: {error}")
    return Look(due=due, at=now, fingerprint=None)


def _untold(database: Database, writing: Writing, now: float) -> list[Due]:
    found: list[Due] = []
    after = 0
    with database.read() as connection:
        # Page by page: what stays untold for long must not hide what need not.
        while len(found) < MOST and (page := membership.failing_untold(connection, MOST, after)):
            after = page[-1][0]
            ids = sorted({subject_id for subject_id, _ in agreed(connection, page, now)})
            dues = schedule.taken(connection, Subjects(), ids) if ids else []
            found += [due for due in dues if writing.policy.maintenance(due.subject.ip, due.subject.groups, now) is None]
    return found[:MOST]


def _tell(database: Database, found: list[Due], looks: dict[str, Look], writing: Writing, now: float, told: Told) -> None:
    with database.write() as connection:
        # First: what another transaction ends now must not be read as failing, and then be opened.
        rows.serialise(connection)
        untold = set(membership.failing_untold(connection, None, of=[due.subject.id for due in found]))
        for due in found:
            failures = [
                Failure(
                    tag=held.tag,
                    severity=Severity(held.severity),
                    since=held.since,
                    earliest=may_have_begun(held.tag, held.since, due.hidden),
                    old=held.old,
                    new=held.new,
                )
                for held in due.held
                if (due.subject.id, held.tag) in untold and not _is_well(looks[due.subject.network], held.tag)
            ]
            _open(connection, due, failures, looks[due.subject.network], writing, now, told)


def _is_well(look: Look, tag: str) -> bool:
    """Tell whether a look just now saw that a tag does not fail any more: its next regular look will keep that.

    It may be that of a neighbour. What fails by itself is then told when the neighbour does not count as failing any more.
    """
    return look.sure and look.determined and not tag.startswith(PREFIX) and tag not in look.findings


def _open(
    connection: Connection,
    due: Due,
    failures: list[Failure],
    look: Look,
    writing: Writing,
    now: float,
    told: Told,
) -> None:
    def story(tag: str) -> dict[str, Any]:
        return story_of(look, tag, writing, 0)

    incidents.fail(
        connection,
        due.subject,
        failures,
        writing.policy,
        now,
        from_the_start=bool(failures) and due.began_at is not None and failures[0].since <= due.began_at,
        story=story,
        told=told,
    )
