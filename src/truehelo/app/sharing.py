"""The watch shared by several processes over PostgreSQL: schedulers hand out what is due, workers look and deliver.

The schedule in the database stays the truth. A scheduler takes what is due and puts it into the queue of its vantage point
in one transaction; a worker claims it by compare-and-set and runs the same tick as a watch that is alone. Procrastinate
carries the jobs, and is imported here alone. Why so: ADR 0013. Does not decide anything about addresses.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from truehelo import app
from truehelo.app import watching
from truehelo.configuration.read import Configuration
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.monitor.watch import LEASE_S, LOOK_S, RETRY_S, Role, Watch
from truehelo.service.health import Part
from truehelo.store import jobs, shares
from truehelo.store.database import Database, StoreError
from truehelo.store.schedule import Due, Subjects

if TYPE_CHECKING:
    import procrastinate

TASK = "truehelo.look"
TURN_S = 0.5
"""How often what is due is taken: what comes in between goes out together."""
MOST_WAITING = 20
"""So many jobs may wait in a queue. More would only grow old there: what is due waits in the schedule, the oldest first."""
STALLED_S = 30.0
"""A worker without a heartbeat for so long is gone, and its jobs are for others."""
TRIES = 3
"""How often a job is begun at most: one that kills its worker must not kill them all. Its subjects are due again anyway."""
POOL = 4
POOL_S = 3.0
"""How long a connection to the queues is waited for."""
STOP_S = 20.0
"""How long a stop waits for jobs in flight: less than `watching.DRAIN_S`."""
Log = Callable[[str], None]


def check(database: Database) -> None:
    """Make sure that work can be shared over this database, before anything is made in it.

    Raises:
        InputError: It is no PostgreSQL, or Procrastinate is missing.
    """
    if database.is_sqlite:
        accepted = (
            "name a database with -d postgresql://USER@HOST/NAME, or leave out --role: one process needs nothing else"
        )
        raise InputError("--role", "shares the work over PostgreSQL, and this database is SQLite", accepted)
    if not jobs.available():
        raise InputError(
            "--role", "needs Procrastinate", "install truehelo with its extra: pip install 'truehelo[postgres]'"
        )


def run(configuration: Configuration, path: Path | None, database: Database, role: str, log: Log) -> int:
    """Do one part of the work until it is stopped; return the exit code.

    Args:
        configuration: What and how to watch.
        path: Where it was read; None for the defaults.
        database: Open, and of this program's schema.
        role: "scheduler" or "worker".
        log: Is told what happens, a line each.

    Raises:
        InputError: The queues, a resolver, a channel or a secret cannot be used.
        StoreError: The database failed at the beginning.
    """
    check(database)
    problem = jobs.problem(database)
    if problem is not None:
        accepted = f"run truehelo db upgrade with an account that may make the schema {jobs.SCHEMA}, and one Procrastinate"
        raise InputError(database.name, problem, accepted)
    _quiet()
    folder = None if path is None else path.parent
    parts = watching.build_watch(configuration, database, folder=folder, log=log, role=Role(role))
    watch = parts.watch
    if watch.role is Role.SCHEDULER:
        scheduler = Scheduler(watch)
        watch.turns = (scheduler.share, scheduler.rescue)
        where = "every vantage point"
    else:
        worker = Worker(watch)
        watch.turns = (*watch.turns, worker.serve)
        where = watch.vantage
    for warning in watching.warnings(configuration, database):
        log(f"warning: {warning}")
    log(f"{role} for {where}, with the database {database.name}")
    app.run(watching.run_watch(parts, log=log))
    log("stopped")
    return 0


def _quiet() -> None:
    """Keep the libraries from writing to the terminal: what goes wrong is told once, by us."""
    for name in ("procrastinate", "psycopg", "psycopg.pool"):
        logger = logging.getLogger(name)
        logger.addHandler(logging.NullHandler())
        logger.propagate = False


@contextlib.asynccontextmanager
async def _opened(database: Database) -> AsyncIterator["procrastinate.App"]:
    """Open Procrastinate over the database, with the tables in the schema that is theirs."""
    import procrastinate
    from psycopg_pool import AsyncConnectionPool

    _, words = database.engine.dialect.create_connect_args(database.url)
    options = f"{words.get('options', '')} -c search_path={jobs.SCHEMA}".strip()
    words = {**words, "options": options, "connect_timeout": 10, "application_name": "truehelo jobs"}
    connector = procrastinate.PsycopgConnector(
        pool_factory=AsyncConnectionPool, kwargs=words, min_size=1, max_size=POOL, timeout=POOL_S
    )
    made = procrastinate.App(connector=connector)
    async with made.open_async():
        yield made


def _failures() -> tuple[type[Exception], ...]:
    import procrastinate.exceptions
    import psycopg

    return (procrastinate.exceptions.ProcrastinateException, psycopg.Error, OSError)


class Scheduler:
    """Hands out what is due, from every vantage point that anything is watched from."""

    def __init__(self, watch: Watch) -> None:
        """Keep the watch whose parts are used."""
        import procrastinate

        self._watch = watch
        # Jobs are put in over our own transaction: this one never opens a connection.
        self._app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector())

    async def share(self) -> float:
        """Take what is due, and put it into the queues. It is one transaction for each vantage point: all of it or nothing.

        Raises:
            StoreError: The database failed; what was not handed out is still due.
        """
        watch, left = self._watch, False
        watch.health.ticked()
        if watch.stopping:
            return 0.0
        for vantage in await watch.stored(self._vantages):
            left |= await self._share_of(vantage)
        watch.health.opened()
        watch.health.batch_done()
        return 0.0 if left else TURN_S

    def _vantages(self) -> list[str]:
        with self._watch.database.read() as connection:
            return shares.vantages(connection)

    async def _share_of(self, vantage: str) -> bool:
        """Hand out what is due from one vantage point; True when there may be more."""
        watch, now = self._watch, self._watch.clock.seconds()
        taken, room, waits = await watch.stored(lambda: self._hand_out(vantage, now))
        name = f"vantage point {vantage}" if vantage else "any vantage point"
        if not waits:
            watch.health.well(Part.SCHEDULE, name)
        elif watch.health.trouble(
            Part.SCHEDULE,
            "what is due waits: its workers are too few, or there is none",
            name=name,
            severity=Severity.ERROR,
        ):
            watch.log(f"what is due from {visible(name)} waits: its workers are too few, or there is none")
        return taken > 0 and taken == room

    def _hand_out(self, vantage: str, now: float) -> tuple[int, int, bool]:
        """Return how many subjects were handed out, for how many there was room, and whether others wait for some."""
        queue, size = jobs.queue_of(vantage), self._watch.configuration.watching.watch.batch
        with self._watch.database.write() as connection:
            room = max(0, MOST_WAITING - jobs.waiting(connection, queue)) * size
            if not room:
                return 0, 0, shares.is_due(connection, vantage, now)
            holder = f"{shares.QUEUED}{secrets.token_hex(8)}"
            due = shares.take(connection, vantage=vantage, holder=holder, now=now, lease_s=LEASE_S, most=room)
            if due:
                shared: list[dict[str, Any]] = [
                    {"holder": holder, "ticks": due[start : start + size]} for start in range(0, len(due), size)
                ]
                task = self._app.configure_task(TASK, queue=queue, connection=jobs.driver_of(connection))
                task.batch_defer(*shared)
            return len(due), room, False

    async def rescue(self) -> float:
        """Give the jobs of workers that are gone to others, and remove those that nobody will ever do.

        Raises:
            StoreError: The database failed.
        """
        watch = self._watch
        try:
            async with _opened(watch.database) as opened:
                while not watch.stopping:
                    await _rescue(opened.job_manager)
                    watch.health.well(Part.STORE, "queues")
                    await watch.stored(self._drop_stale)
                    await _halted(watch, STALLED_S / 3)
        except _failures() as error:
            return _trouble(watch, error)
        return 0.0

    def _drop_stale(self) -> None:
        with self._watch.database.write() as connection:
            jobs.drop_stale(connection)


async def _rescue(manager: "procrastinate.manager.JobManager") -> None:
    from procrastinate.exceptions import ConnectorException
    from procrastinate.jobs import Status
    from procrastinate.utils import utcnow

    for job in await manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_S):
        with contextlib.suppress(ConnectorException):  # another scheduler was quicker
            if job.attempts + 1 < TRIES:
                await manager.retry_job(job, retry_at=utcnow())
            else:
                await manager.finish_job(job, status=Status.FAILED, delete_job=True)


@dataclass(frozen=True, slots=True)
class _Share:
    """What a job says: subjects, each with the tick that it is due for, and who holds them until a worker claims them."""

    holder: str
    ticks: dict[int, float]


class Worker:
    """Serves the queue of its vantage point, and the one of what may be looked at from anywhere."""

    def __init__(self, watch: Watch) -> None:
        """Keep the watch that looks."""
        self._watch, self._subjects = watch, Subjects()
        self.queues = [jobs.queue_of(watch.vantage), jobs.queue_of("")]

    async def serve(self) -> float:
        """Do jobs until the watch is stopped, or the queues cannot be reached."""
        watch = self._watch
        asyncio.get_running_loop().set_exception_handler(_unheard)
        if watch.stopping:
            return 0.0
        try:
            async with _opened(watch.database) as opened:
                opened.task(name=TASK)(self._do)
                watch.health.well(Part.STORE, "queues")
                watch.health.opened()
                watch.health.batch_done()
                await self._serve(opened)
        except _failures() as error:
            return _trouble(watch, error)
        return 0.0

    async def _serve(self, opened: "procrastinate.App") -> None:
        settings = self._watch.configuration.watching.watch
        serving = asyncio.ensure_future(
            opened.run_worker_async(
                queues=self.queues,
                name=self._watch.worker,
                # A job is as slow as its slowest subject: while some wait for that, others must be able to begin.
                concurrency=min(100, max(4, 4 * settings.concurrency // settings.batch)),
                delete_jobs="always",
                shutdown_graceful_timeout=STOP_S,
                stalled_worker_timeout=STALLED_S,
                install_signal_handlers=False,
            )
        )
        halted = asyncio.ensure_future(self._watch.halted.wait())
        try:
            await asyncio.wait({serving, halted}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            halted.cancel()
            stopped = self._watch.stopping
            serving.cancel()  # it stops by itself then: no more jobs, and those in flight to their end
            with contextlib.suppress(asyncio.CancelledError):
                await serving
        if not stopped:
            raise ConnectionError("the connection to the queues was lost")

    async def _do(self, holder: str, ticks: list[tuple[int, float]]) -> None:
        watch = self._watch
        share = _Share(holder, {int(subject_id): float(tick) for subject_id, tick in ticks})
        now = watch.clock.seconds()
        try:
            dues = await watch.stored(lambda: self._claim(share, now))
        except StoreError:
            watch.doubt()  # the claim may stand all the same
            raise
        left = await watch.checked(dues, until=now + LEASE_S - LOOK_S)
        if left:
            await watch.stored(lambda: self._give_back([due.subject.id for due in left]))

    def _claim(self, share: _Share, now: float) -> list[Due]:
        with self._watch.database.write() as connection:
            return shares.claim(
                connection,
                self._subjects,
                share.ticks,
                holder=share.holder,
                worker=self._watch.worker,
                until=now + LEASE_S,
            )

    def _give_back(self, ids: list[int]) -> None:
        with self._watch.database.write() as connection:
            shares.give_back(connection, ids, self._watch.worker)


def _trouble(watch: Watch, error: Exception) -> float:
    """Tell that the queues cannot be used, once; return after how many seconds it is tried again."""
    said = " ".join(str(error.__cause__ or error).split())[:300] or type(error).__name__
    if watch.health.trouble(Part.STORE, said, name="queues"):
        watch.log(f"the queues cannot be used, and are tried again: {visible(said)}")
    return 0.0 if watch.stopping else RETRY_S


def _unheard(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Take no notice of a job whose end could not be noted, since the database was gone: it is found as stalled."""
    if not isinstance(context.get("exception"), _failures()):
        loop.default_exception_handler(context)


async def _halted(watch: Watch, most: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(watch.halted.wait(), most)


__all__ = ["Scheduler", "Worker", "check", "run"]
