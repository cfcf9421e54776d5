"""The watch: takes what is due, looks, records, delivers, and looks after itself. One process needs nothing else.

Several may share one database: what is due is taken by lease, and recorded only once. What could not be recorded, since the
database is gone, is kept and recorded later; what the database does not tell is not looked at. Does not decide
anything about addresses (`look.py`, `incidents.py`); knows no adapter but the store.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from truehelo.configuration.read import Configuration
from truehelo.engine.discover import discover
from truehelo.facts.address import Address
from truehelo.findings import Severity
from truehelo.inventory.discovered import Merge
from truehelo.monitor import upkeep as chores
from truehelo.monitor.incidents import Told
from truehelo.monitor.look import Look, Looking, look
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.record import Writing, after, is_plain, write
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.untold import tell_untold
from truehelo.service.health import Gauges, Health, Part
from truehelo.store import history, inventory, outbox, schedule, upkeep
from truehelo.store.database import Database, StoreError
from truehelo.store.schedule import Checked, Due, Subjects

T = TypeVar("T")
LEASE_S = 180.0
"""How long a subject is taken for: longer than any look, shorter than anybody's patience."""
LOOK_S = 150.0
FLUSH_S = 0.2
FLUSH_MANY = 250
MAX_UNWRITTEN = 20_000
RETAIN_S = 3600.0
RETRY_S = 5.0
GAP = timedelta(minutes=10)


@dataclass(slots=True, kw_only=True)
class Watch:
    """One watcher. `worker` names it among several; `inline`: the store is asked on the loop itself, as simulations do."""

    database: Database
    looking: Looking
    writing: Writing
    pump: Pump
    clock: SteadyClock
    health: Health
    configuration: Configuration
    worker: str
    stored: "Stored"
    log: Callable[[str], None] = lambda _: None
    on_turn: Callable[[], None] = lambda: None
    idle_s: float = 1.0
    """How long is slept at most when nothing is due: another process may have changed the inventory, or the outbox."""
    chores_s: float = 15.0
    together_s: float = 0.05
    """What is due within so many seconds is taken in one transaction."""
    schedules: bool = True
    """Whether this process takes what is due itself; one that is handed its work does not."""
    _subjects: Subjects = field(default_factory=Subjects)
    _in_flight: set[asyncio.Task[None]] = field(default_factory=set)
    _done: list[tuple[Look, Checked]] = field(default_factory=list)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _sooner: asyncio.Event = field(default_factory=asyncio.Event)
    _posted: asyncio.Event = field(default_factory=asyncio.Event)
    _stopping: bool = False
    _retained_at: float = 0.0
    _hurried: dict[str, float] = field(default_factory=dict)

    @property
    def policy(self) -> Policy:
        """Who is told of what, now."""
        return self.writing.policy

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self._stopping

    @property
    def vantage(self) -> str:
        """Where this watcher looks from."""
        return self.configuration.watching.watch.vantage

    async def run(self) -> None:
        """Watch until `stop` is called."""
        loops: list[Callable[[], Awaitable[float]]] = [self._flush, self._deliver, self._look_after]
        if self.schedules:
            loops.insert(0, self._take)
        tasks = [asyncio.ensure_future(self._forever(turn)) for turn in loops]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def stop(self) -> None:
        """Stop when what is in flight is done and recorded."""
        self._stopping = True
        for event in (self._filled, self._room, self._sooner, self._posted):
            event.set()

    async def _forever(self, turn: Callable[[], Awaitable[float]]) -> None:
        """Repeat one kind of work. A database that is gone is waited for, and that is told."""
        while True:
            try:
                wait = await turn()
                self.health.well(Part.STORE)
            except StoreError as error:
                wait = RETRY_S
                if self.health.trouble(Part.STORE, str(error)):
                    self.log(f"the database cannot be used, and is tried again: {error}")
            if self._stopping and await self._wound_up():
                return
            if wait > 0:
                await asyncio.sleep(wait)

    async def _wound_up(self) -> bool:
        """Wait for what is in flight; True when this loop may end."""
        if self._in_flight:
            await asyncio.wait(set(self._in_flight), timeout=LOOK_S)
        if self._done:
            with contextlib.suppress(StoreError):
                await self._write_down()
        return True

    # What is due

    async def _take(self) -> float:
        now = self.clock.seconds()
        room = self.configuration.watching.watch.concurrency - len(self._in_flight)
        self.health.ticked()
        self.on_turn()
        if self._stopping:
            return 0.0
        if room <= 0 or len(self._done) >= MAX_UNWRITTEN:
            self._room.clear()
            await _wait(self._room, self.idle_s)
            return 0.0
        when = await self.stored(self._next_due)
        self.health.opened()
        if when is None or when > now:
            self.health.batch_done()
            wait = self.idle_s if when is None else min(self.idle_s, when - now)
            # What is due within a moment is taken together: a transaction for each would be waste.
            await asyncio.sleep(self.together_s)
            if wait > self.together_s:
                await _wait(self._sooner, wait - self.together_s)
            self._sooner.clear()
            return 0.0
        most = min(room, schedule.BATCH)
        due = await self.stored(lambda: self._take_due(now, most))
        for each in due:
            self._start(each)
        return 0.0 if len(due) >= most else self.together_s

    def _take_due(self, now: float, most: int) -> list[Due]:
        with self.database.write() as connection:
            return schedule.take_due(
                connection, self._subjects, vantage=self.vantage, worker=self.worker, now=now, lease_s=LEASE_S, most=most
            )

    def _next_due(self) -> float | None:
        with self.database.read() as connection:
            return schedule.next_due(connection, self.vantage)

    def _start(self, due: Due) -> None:
        task = asyncio.ensure_future(self._look(due))
        self._in_flight.add(task)
        task.add_done_callback(self._landed)

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.discard(task)
        if len(self._in_flight) < self.configuration.watching.watch.concurrency // 2:
            self._room.set()

    async def _look(self, due: Due) -> None:
        at, began = self.clock.seconds(), self.clock.monotonic()
        try:
            found = await asyncio.wait_for(look(due, self.looking, at), LOOK_S)
        except TimeoutError:
            self.health.trouble(
                Part.SCHEDULE, f"a look at {due.subject.ip} took longer than {LOOK_S:.0f} s", name=due.subject.ip
            )
            return  # the lease ends, and the subject is looked at again
        except Exception as error:  # noqa: BLE001  a fault in one subject must not end the watch, and is told
            fault = f"a fault of truehelo in a look at {due.subject.ip}: {type(error).__name__}: {error}"
            if self.health.trouble(Part.SCHEDULE, fault, name=due.subject.ip):
                self.log(fault)
            return
        self.health.well(Part.SCHEDULE, due.subject.ip)
        took = self.clock.monotonic() - began
        self.health.checked(at - due.tick, took, "undetermined" if not found.determined else "determined")
        self._done.append((found, after(found, self.policy)))
        self._filled.set()

    # What was found

    async def _flush(self) -> float:
        if not self._done:
            self._filled.clear()
            await _wait(self._filled, self.idle_s)
        if self._done and len(self._done) < FLUSH_MANY and not self._stopping:
            await asyncio.sleep(FLUSH_S)
        await self._write_down()
        return 0.0

    async def _write_down(self) -> None:
        if not self._done:
            return
        batch, self._done = self._done, []
        told = Told()
        try:
            await self.stored(lambda: self._record(batch, told))
        except StoreError:
            self._done = batch + self._done
            raise
        self.health.batch_done()
        if any(checked.next_run_at < checked.due_at for _, checked in batch):
            self._sooner.set()
        if told.opened or told.closed:
            self._posted.set()
        for number in told.opened:
            self.log(f"incident {number} opened")
        for number in told.closed:
            self.log(f"incident {number} closed")

    def _record(self, batch: Sequence[tuple[Look, Checked]], told: Told) -> None:
        plain = [checked for found, checked in batch if is_plain(found, checked)]
        others = [(found, checked) for found, checked in batch if not is_plain(found, checked)]
        with self.database.write() as connection:
            schedule.record_unchanged(connection, plain)
            for found, checked in others:
                write(connection, found, checked, self.writing, told)
            now = self.clock.seconds()
            for network in {found.due.subject.network for found, _ in others if _is_new_suspicion(found)}:
                if now - self._hurried.get(network, 0.0) > self.policy.group_s:
                    self._hurried[network] = now
                    schedule.hurry(connection, network, self.vantage, now)
        if len(self._hurried) > 10_000:
            self._hurried.clear()

    async def checked(self, dues: Sequence[Due]) -> None:
        """Look at these subjects and record what was found: the same tick, for work that somebody else has shared out.

        Raises:
            StoreError: The database failed; what was not recorded will be due again.
        """
        for due in dues:
            self._start(due)
        while self._in_flight:
            await asyncio.wait(set(self._in_flight))
        await self._write_down()

    # What is to be told

    async def _deliver(self) -> float:
        count = await self.pump.run_once()
        if count:
            return 0.0
        self._posted.clear()
        when, now = await self.stored(self._next_letter), self.clock.seconds()
        await _wait(self._posted, self.idle_s if when is None else min(self.idle_s, max(0.05, when - now)))
        return 0.0

    def _next_letter(self) -> float | None:
        with self.database.read() as connection:
            return outbox.next_attempt(connection)

    # What is done now and then

    async def _look_after(self) -> float:
        jump = self.clock.follow()
        if jump:
            self.log(f"the clock of this machine was set by {jump:+.1f} s; the schedule follows it")
            self.health.trouble(Part.CLOCK, f"the clock was set by {jump:+.1f} s", severity=Severity.WARNING)
        else:
            self.health.well(Part.CLOCK)
        gap = await self.stored(self._chores)
        if gap is not None:
            self.log("nobody watched for a while; that is kept as a gap in the history")
        told = Told()
        await tell_untold(self.database, self.stored, self.looking, self.writing, self.clock.seconds(), told)
        if told.opened:
            self._posted.set()
        await self._discover()
        return 0.0 if self._stopping else self.chores_s

    def _chores(self) -> float | None:
        now, told = self.clock.seconds(), Told()
        watching = self.configuration.watching
        with self.database.write() as connection:
            gap = chores.note_gap(connection, self.vantage, now, GAP)
            schedule.clamp(connection, self.vantage, now)
            self.policy.silences = upkeep.silences_now(connection, "silence", now)
            self.policy.windows = upkeep.silences_now(connection, "maintenance", now)
            chores.end_stable(connection, self.policy, now, told)
            chores.tell_blindness(connection, self.policy, now, told)
            chores.remind(connection, self.policy, now)
            chores.digest(connection, self.policy, now)
        if now - self._retained_at >= RETAIN_S:
            self._retained_at = now
            with self.database.write() as connection:
                chores.retain(connection, watching.retention, now)
        with self.database.read() as connection:
            self._gauge(connection)
        return gap

    def _gauge(self, connection: Any) -> None:
        seen = history.overview(connection)
        counted = history.counted(connection)
        now = self.clock.seconds()
        self.health.ticked(max(0.0, now - seen.oldest_due) if seen.oldest_due is not None else 0.0)
        states = {**seen.by_state}
        if seen.undetermined:
            states["undetermined"] = seen.undetermined
        if seen.maintenance:
            states["maintenance"] = seen.maintenance
        self.health.gauges = Gauges(
            states=states,
            findings=counted.findings,
            incidents=counted.incidents,
            listings=counted.listings,
            undetermined=seen.undetermined,
            waiting=counted.waiting,
        )

    async def _discover(self) -> None:
        """Look up what the names of the inventory lead to now, a few at a time."""
        watching = self.configuration.watching.watch
        before = self.clock.seconds() - watching.discovery_s
        lines = await self.stored(lambda: self._names_due(before))
        for line in lines:
            held = await self.stored(partial(self._held, line.key))
            if held is None:
                continue
            ports = self.looking.ports
            merged = await discover(line, held, ports.resolver, ports.suffixes)
            await self.stored(partial(self._found, line.key, held, merged))
            for note in merged.notes[:3]:
                self.log(note)

    def _held(self, key: str) -> "tuple[Address, ...] | None":
        with self.database.read() as connection:
            return inventory.found_of(connection, key)

    def _names_due(self, before: float) -> list[Any]:
        with self.database.read() as connection:
            return inventory.names_due(connection, before, 5)

    def _found(self, key: str, held: "tuple[Address, ...]", merged: Merge) -> None:
        with self.database.write() as connection:
            inventory.lock(connection)
            # Somebody else may have changed the line meanwhile: then it is looked up again.
            if inventory.found_of(connection, key) == held:
                interval = self.configuration.watching.watch.interval_s
                inventory.put_found(connection, {key: merged}, self.clock.seconds(), default_interval_s=interval)


def _is_new_suspicion(found: Look) -> bool:
    """A subject that has just begun to be suspected: its neighbours may be next."""
    known = {held.tag for held in found.due.held}
    return any(tag not in known for tag in found.standings)


async def _wait(event: asyncio.Event, most: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), most)


class Stored:
    """Runs work over the store one piece at a time beside the loop, so that a slow disk holds up nothing else."""

    def __init__(self) -> None:
        """Begin with one thread; SQLite has one writer anyway."""
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="store")

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=True)


class Inline(Stored):
    """Runs work over the store on the loop itself: a simulation's time stands still meanwhile."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what `work` returns."""
        return work()


__all__ = ["Inline", "Stored", "Watch", "replace"]
