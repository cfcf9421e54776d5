"""The watch: takes what is due, looks, records, delivers, and looks after itself. One process needs nothing else.

Several may share one database: what is due is taken by lease, and recorded only once. They may also share the work by role:
then a scheduler hands out what is due, and workers look and deliver (`app/sharing.py`). What could not be recorded, since
the database is gone, is kept and recorded later; what the database does not tell is not looked at. Does not decide anything
about addresses (`look.py`, `incidents.py`); knows no adapter but the store.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from truehelo.configuration.read import Configuration
from truehelo.findings import Severity
from truehelo.monitor import upkeep as chores
from truehelo.monitor.attend import Attendance
from truehelo.monitor.discovering import discover_due
from truehelo.monitor.gauges import gauge
from truehelo.monitor.incidents import Told
from truehelo.monitor.judged import judge_anew
from truehelo.monitor.look import Looking, look
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.record import Writing, after
from truehelo.monitor.roles import Role, beat
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.stored import Inline, Stored
from truehelo.monitor.untold import tell_untold
from truehelo.monitor.unwritten import Unwritten
from truehelo.service.health import Health, Part
from truehelo.store import outbox, schedule, upkeep
from truehelo.store.database import Database, StoreError, UnfitError
from truehelo.store.presence import Held, Presence
from truehelo.store.schedule import Due, Subjects

LEASE_S = 180.0
"""How long a subject is taken for: longer than any look, shorter than anybody's patience."""
LOOK_S = 150.0
FLUSH_S = 0.2
FLUSH_MANY = 250
MAX_UNWRITTEN = 20_000
RETAIN_S = 3600.0
REPORTS_AT_ONCE = 200_000
"""How many records of reports retention removes at once: some seconds."""
RETRY_S = 5.0
Turn = Callable[[], Awaitable[float]]
"""One round of a kind of work; returns for how many seconds there is nothing of it to do."""


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
    stored: Stored
    log: Callable[[str], None] = lambda _: None
    on_turn: Callable[[], None] = lambda: None
    idle_s: float = 1.0
    """How long is slept at most when nothing is due: another process may have changed the inventory, or the outbox."""
    chores_s: float = 15.0
    together_s: float = 0.05
    """What is due within so many seconds is taken in one transaction."""
    role: Role = Role.ALL
    turns: tuple[Turn, ...] = ()
    """Kinds of work that somebody else adds."""
    presence: Presence | None = None
    """Has others know that this process lives, and gives up the work of those that do not."""
    halted: asyncio.Event = field(default_factory=asyncio.Event)
    """Is set by `stop`."""
    _subjects: Subjects = field(default_factory=Subjects)
    _unstored: set[str] = field(default_factory=set)
    """The kinds of work that the store kept from being done when they were tried last."""
    _in_flight: dict[asyncio.Task[None], int] = field(default_factory=dict)
    _attendance: Attendance = field(default_factory=Attendance)
    _filled: asyncio.Event = field(default_factory=asyncio.Event)
    _room: asyncio.Event = field(default_factory=asyncio.Event)
    _sooner: asyncio.Event = field(default_factory=asyncio.Event)
    _posted: asyncio.Event = field(default_factory=asyncio.Event)
    _retained_at: float = 0.0
    _unwritten: Unwritten = field(init=False)

    def __post_init__(self) -> None:
        """Begin without anything that is to be written."""
        self._unwritten = Unwritten(
            database=self.database,
            stored=self.stored,
            writing=self.writing,
            clock=self.clock,
            health=self.health,
            vantage=self.vantage,
            log=self._say,
        )

    def _say(self, line: str) -> None:
        self.log(line)  # whoever made this watch may have it log elsewhere since

    @property
    def policy(self) -> Policy:
        """Who is told of what, now."""
        return self.writing.policy

    @property
    def stopping(self) -> bool:
        """Whether `stop` was called."""
        return self.halted.is_set()

    @property
    def vantage(self) -> str:
        """Where this watcher looks from."""
        return self.configuration.watching.watch.vantage

    async def run(self) -> None:
        """Watch until `stop` is called."""
        if self.role is not Role.SCHEDULER:
            await self._judge_anew()
        loops: list[Turn] = [self._look_after, *self.turns]
        if self.role is not Role.WORKER:
            loops.append(self._catch_up)
        if self.role is Role.ALL:
            loops.insert(0, self._take)
        if self.role is not Role.SCHEDULER:
            loops += [self._flush, self._deliver]
        if self.presence is not None:
            with contextlib.suppress(StoreError):  # it is tried again
                await self._attend()
            loops.append(self._attend)
        self.pump.freed = self._posted.set
        tasks = [asyncio.ensure_future(self._forever(turn)) for turn in loops]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.pump.aclose()

    async def _judge_anew(self) -> None:
        """Before the first look: have judged again what is judged otherwise than before. A look would keep it as it was."""
        told = Told()
        while not self.stopping:
            self.health.ticked()
            try:
                count = await self.stored(lambda: self._judged_anew(told))
            except StoreError as error:
                self._store_failed("_judge_anew", error)
                await _wait(self.halted, RETRY_S)
                continue
            self._store_is_well("_judge_anew")
            if count:
                self.log(f"the program or what it watches for has changed: {count} subjects are judged anew")
            for number in told.closed:
                self.log(f"incident {number} closed")
            return

    def _judged_anew(self, told: Told) -> int:
        with self.database.write() as connection:
            return judge_anew(connection, self.looking, self.policy, self.vantage, self.clock.seconds(), told)

    def stop(self) -> None:
        """Stop when what is in flight is done and recorded."""
        for event in (self.halted, self._filled, self._room, self._sooner, self._posted):
            event.set()

    async def _forever(self, turn: Callable[[], Awaitable[float]]) -> None:
        """Repeat one kind of work. A database that is gone is waited for, and that is told."""
        while True:
            try:
                wait = await turn()
                self._store_is_well(turn.__name__)
            except StoreError as error:
                wait = RETRY_S
                self._store_failed(turn.__name__, error)
            if self.stopping and await self._wound_up():
                return
            if wait > 0:
                await _wait(self.halted, wait)

    def _store_failed(self, turn: str, error: StoreError) -> None:
        """One kind of work could not use the store, and is tried again."""
        self.doubt()
        self._unstored.add(turn)
        if self.health.trouble(Part.STORE, str(error)):
            self.log(f"the database cannot be used, and is tried again: {error}")

    def _store_is_well(self, turn: str) -> None:
        """One kind of work has used the store; that it can be read is no sign that it can be written to."""
        self._unstored.discard(turn)
        if not self._unstored and self.health.well(Part.STORE):
            self.log("the database can be used again")

    async def _wound_up(self) -> bool:
        """Wait for what is in flight; True when this loop may end."""
        if self._in_flight:
            await asyncio.wait(set(self._in_flight), timeout=LOOK_S)
        await self.pump.finish(LOOK_S)
        if self._unwritten:
            with contextlib.suppress(StoreError):
                await self._write_down()
        return True

    # What is due

    async def _take(self) -> float:
        now = self.clock.seconds()
        room = self.configuration.watching.watch.concurrency - len(self._in_flight)
        self.health.ticked()
        self.on_turn()
        if self.stopping:
            return 0.0
        if room <= 0 or len(self._unwritten) >= MAX_UNWRITTEN:
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

    def _start(self, due: Due) -> "asyncio.Task[None]":
        task = asyncio.ensure_future(self._look(due))
        self._in_flight[task] = due.subject.id
        task.add_done_callback(self._landed)
        return task

    def _landed(self, task: "asyncio.Task[None]") -> None:
        self._in_flight.pop(task, None)
        if len(self._in_flight) < self.configuration.watching.watch.concurrency // 2:
            self._room.set()

    async def _look(self, due: Due) -> None:
        at, began = self.clock.seconds(), self.clock.monotonic()
        try:
            async with asyncio.timeout(LOOK_S):
                found = await look(due, self.looking, at)
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
        self._unwritten.add(found, after(found, self.policy))
        self._filled.set()

    # What was found

    async def _flush(self) -> float:
        if not self._unwritten:
            self._filled.clear()
            await _wait(self._filled, self.idle_s)
        if self._unwritten and len(self._unwritten) < FLUSH_MANY and not self.stopping:
            await asyncio.sleep(FLUSH_S)
        await self._write_down()
        return 0.0

    async def _write_down(self) -> None:
        if not self._unwritten:
            return
        told, sooner = await self._unwritten.write()
        self.health.batch_done()
        if sooner:
            self._sooner.set()
        if told.opened or told.closed:
            self._posted.set()
        for number in told.opened:
            self.log(f"incident {number} opened")
        for number in told.closed:
            self.log(f"incident {number} closed")

    async def checked(self, dues: Sequence[Due], until: float | None = None) -> list[Due]:
        """Look at these subjects and record what was found: the same tick, for work that somebody else has shared out.

        Returns those that could not be begun by `until` (seconds since the epoch), or before a stop.

        Raises:
            StoreError: The database failed; it is recorded later if this process lives, else due again.
        """
        tasks = []
        for due in dues:
            while len(self._in_flight) >= self.configuration.watching.watch.concurrency and not self.stopping:
                self._room.clear()
                await _wait(self._room, self.idle_s)
            if self.stopping or (until is not None and self.clock.seconds() > until):
                break
            tasks.append(self._start(due))
        if tasks:
            await asyncio.wait(tasks)
        await self._write_down()
        return list(dues[len(tasks) :])

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
            return self.pump.next_attempt(connection)

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
        return 0.0 if self.stopping else self.chores_s

    async def _catch_up(self) -> float:
        """Look at what fails untold, and look names up: by itself, since slow servers must not stop the heart."""
        await self._kept_going("what fails untold", self._tell_untold)
        await self._kept_going("names of the inventory", self._discover)
        return 0.0 if self.stopping else self.chores_s

    async def _kept_going(self, name: str, work: Callable[[], Awaitable[Sequence[str]]]) -> None:
        """Do what looks at several; what went wrong in it ends neither the watch nor what comes after it, and is told."""
        try:
            faults = await work()
        except UnfitError as error:
            faults = [f"the database does not take what was seen: {error.reason}"]
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  a fault must not end the watch, and is told
            faults = [f"a fault of truehelo in {name}: {type(error).__name__}: {error}"]
        if not faults:
            self.health.well(Part.SCHEDULE, name)
        elif self.health.trouble(Part.SCHEDULE, faults[0], name=name):
            for fault in faults:
                self.log(fault)

    async def _tell_untold(self) -> Sequence[str]:
        told = Told()
        faults = await tell_untold(self.database, self.stored, self.looking, self.writing, self.clock.seconds(), told)
        if told.opened:
            self._posted.set()
        return faults

    async def _discover(self) -> Sequence[str]:
        watching, faults = self.configuration.watching.watch, dict[str, str]()
        notes = await discover_due(
            self.database,
            self.stored,
            self.looking.ports,
            self.clock.seconds(),
            every_s=watching.discovery_s,
            interval_s=watching.interval_s,
            faults=faults,
        )
        for note in notes:
            self.log(note)
        for target, fault in faults.items():
            # Each for itself: one that is not due now is as it was.
            if not fault:
                self.health.well(Part.INVENTORY, target)
            elif self.health.trouble(Part.INVENTORY, fault, name=target):
                self.log(fault)
        return ()

    async def _attend(self) -> float:
        assert self.presence is not None  # noqa: S101
        if await self._attendance.turn(self.presence, self.stored, self._holds, self.log):
            self._sooner.set()
            self._posted.set()
        return 0.0 if self.stopping else self.presence.every_s

    def _holds(self) -> Held:
        return Held(subjects=frozenset({*self._in_flight.values(), *self._unwritten.subjects}), letters=self.pump.holds)

    def doubt(self) -> None:
        """Say that the database failed: what was taken then may be ours without our knowing it."""
        self._attendance.doubted = True

    def _chores(self) -> float | None:
        now, told = self.clock.seconds(), Told()
        with self.database.write() as connection:
            gap = beat(connection, self.role, self.vantage, now)
            self.policy.silences = upkeep.silences_now(connection, "silence", now)
            self.policy.windows = upkeep.silences_now(connection, "maintenance", now)
            # Several do not do it at once: each of these jobs reads, decides and writes.
            if self.role is not Role.WORKER and upkeep.alone(connection):
                self._chores_of_all(connection, now, told)
        # Later than now it was done only if the clock was ahead then.
        if self.role is not Role.WORKER and not 0.0 <= now - self._retained_at < RETAIN_S:
            self._retained_at = now
            with self.database.write() as connection:
                if upkeep.alone(connection):
                    chores.retain(connection, self.configuration.watching.retention, now, reports_at_once=REPORTS_AT_ONCE)
        with self.database.read() as connection:
            metrics = self.configuration.service.metrics
            wanted = metrics is not None and metrics.per_target
            gauge(connection, self.health, self.clock.seconds(), per_target=wanted)
        return gap

    def _chores_of_all(self, connection: Any, now: float, told: Told) -> None:
        schedule.clamp(connection, None if self.role is Role.SCHEDULER else self.vantage, now)
        schedule.free(connection, now)
        outbox.clamp(connection, now)
        chores.end_stable(connection, self.policy, now, told)
        chores.end_removed(connection, self.policy, now, told)
        chores.tell_blindness(connection, self.policy, now, told)
        chores.remind(connection, self.policy, now)
        chores.digest(connection, self.policy, now)


async def _wait(event: asyncio.Event, most: float) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(event.wait(), most)


__all__ = ["Inline", "Role", "Stored", "Watch", "replace"]
