"""Runs the watch through a script, kills it now and then, and holds what it told against what happened.

`python -m simulation --help` (with `tests` on the path), or `./simulate`.
"""

import asyncio
import contextlib
import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, event, select

from simulation.clock import START, SimulatedClock, SimulatedLoop, run
from simulation.mail import Mail, ports_of
from simulation.script import DAY, Change, Script, write
from simulation.world import LIST, World, address, name
from truehelo.blocklists.catalogue import Subscription, catalogue
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.read import Configuration
from truehelo.configuration.routes import Route
from truehelo.configuration.watch import Watching, WatchSettings
from truehelo.drift.machine import RECHECKS_S, Thresholds
from truehelo.engine.blocklists import Blocklists
from truehelo.engine.judge import Judging
from truehelo.inventory.model import Line
from truehelo.monitor.incidents import TOLD_WITH
from truehelo.monitor.lists import BELIEVE_S, ListWatch
from truehelo.monitor.look import Looking
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.record import Writing
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.watch import Inline, Watch
from truehelo.monitoring import Message, Silence
from truehelo.ports import ChannelError, Ports
from truehelo.probes.dns.resolver import DnsResolver
from truehelo.probes.dns.upstream import Upstream
from truehelo.probes.routes import Routes
from truehelo.service.health import Health
from truehelo.store import inventory, migrate, tables, upkeep
from truehelo.store.database import Database, StoreError

WAY = "pager"


class TwoLabels:
    """`truehelo.ports.Suffixes`: every registered domain has two labels."""

    def organisation(self, name: str) -> str | None:
        labels = name.split(".")
        return ".".join(labels[-2:]) if len(labels) >= 2 else None


@dataclass
class Pager:
    """A channel whose other side keeps all it is handed; it fails now and then, before or after it has kept it."""

    chance: random.Random
    clock: SimulatedClock
    got: list[tuple[float, str, Message]] = field(default_factory=list)
    dying: bool = False

    @property
    def name(self) -> str:
        return WAY

    async def send(self, message: Message, key: str) -> str:
        luck = self.chance.random()
        if luck < 0.15:
            raise ChannelError("busy", temporary=True)
        self.got.append((self.clock.monotonic(), key, message))
        if luck < 0.2 or self.dying:
            raise ChannelError("the reply was lost", temporary=True)
        return "taken"

    async def aclose(self) -> None:
        """Nothing to close."""


class FailingDatabase(Database):
    """A database that fails at the end of a transaction when it is told to: nothing of it stands."""

    failing = False

    @contextlib.contextmanager
    def write(self) -> Iterator[Connection]:
        with super().write() as connection:
            yield connection
            if self.failing:
                raise StoreError("gone in the middle of a step")


@dataclass
class Outcome:
    """What the run showed."""

    seed: int
    subjects: int
    days: float
    looks: int = 0
    queries: int = 0
    kills: int = 0
    changes: int = 0
    expected: int = 0
    incidents: int = 0
    false: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    unended: list[str] = field(default_factory=list)
    messages: int = 0
    repeated: int = 0
    worst_intervals: float = 0.0

    @property
    def good(self) -> bool:
        return not (self.false or self.missed or self.doubled or self.unended)

    def line(self) -> str:
        """Return the outcome in one line."""
        return (
            f"seed {self.seed}: {self.subjects:,} subjects, {self.days:g} days, {self.looks:,} looks, {self.kills} kills; "
            f"{self.changes} true changes, {self.expected} to be told, {self.incidents} incidents opened, "
            f"false alarms {len(self.false)}, missed {len(self.missed)}, duplicates {len(self.doubled)}, "
            f"not ended {len(self.unended)}; {self.messages} messages delivered ({self.repeated} of them twice, with the "
            f"same key); worst delay {self.worst_intervals:.2f} intervals"
        )


def simulate(
    folder: Path,
    seed: int,
    subjects: int,
    days: float,
    interval_s: float,
    progress: Callable[[str], None] = lambda _: None,
    store: str | None = None,
) -> Outcome:
    """Run one simulation; the database is made in `folder`, unless `store` names an empty one."""
    script = write(seed, subjects, days, interval_s)
    outcome = Outcome(seed=seed, subjects=subjects, days=days)
    database = FailingDatabase(store or str(folder / f"year-{seed}.db"))
    migrate.upgrade(database)
    if database.is_sqlite:
        event.listen(database.engine, "connect", lambda held, _: held.execute("PRAGMA synchronous=OFF"))
        database.engine.dispose()

    async def main(loop: SimulatedLoop) -> None:
        clock = SimulatedClock(loop)
        world = World(script, clock, seed)
        chance = random.Random(seed ^ 0xA11)
        pager = Pager(chance, clock)
        _prepare(database, script, clock, interval_s)
        for number, until in enumerate([*script.kills, script.seconds]):
            until = max(until, clock.monotonic())
            watch = _watch(database, world, pager, clock, interval_s, f"worker-{number}", outcome)
            running = asyncio.ensure_future(watch.run())
            while clock.monotonic() < until - 60.0:
                await asyncio.sleep(min(DAY, until - 60.0 - clock.monotonic()))
                progress(f"day {clock.monotonic() / DAY:.0f} of {days:g}")
                if running.done():
                    running.result()
            # The end comes in the middle of something: first the transactions fail, or the replies of the channel are lost.
            database.failing, pager.dying = chance.random() < 0.5, chance.random() < 0.5
            await asyncio.sleep(chance.uniform(0.0, 60.0))
            await _kill(running)
            database.failing, pager.dying = False, False
            outcome.looks += sum(watch.health.checks.values())
            outcome.kills += 1
        outcome.queries = world.queries
        _judge(database, script, pager, outcome, interval_s)

    try:
        run(main)
    finally:
        database.close()
    return outcome


async def _kill(running: "asyncio.Future[None]") -> None:
    """Everything of the process is gone: its tasks, its memory; the database and the other side of the channel stay."""
    me = asyncio.current_task()
    everything = [task for task in asyncio.all_tasks() if task is not me]
    for task in everything:
        task.cancel()
    await asyncio.gather(*everything, return_exceptions=True)
    if running.done() and not running.cancelled() and running.exception() is not None:
        running.result()


def _prepare(database: Database, script: Script, clock: SimulatedClock, interval_s: float) -> None:
    lines = [
        Line(target=str(address(index)), expected=(name(index),), ports=ports_of(index), managed_by="file:world")
        for index in range(script.subjects)
    ]
    with database.write() as connection:
        inventory.update_inventory(connection, lines, "file:world", clock.seconds(), default_interval_s=interval_s)
        for since, until, indexes in script.windows:
            for index in indexes:
                window = Silence(
                    id=0,
                    reason="a rebuild",
                    by="simulation",
                    since=clock.now() + timedelta(seconds=since),
                    until=clock.now() + timedelta(seconds=until),
                    ip=str(address(index)),
                )
                upkeep.add_silence(connection, "maintenance", window, clock.seconds())


def _watch(
    database: Database,
    world: World,
    pager: Pager,
    clock: SimulatedClock,
    interval_s: float,
    worker: str,
    outcome: Outcome,
) -> Watch:
    steady = SteadyClock(clock)
    resolver = DnsResolver(
        [Upstream(text=f"192.0.2.{53 + number}:{number}", ip=address(0), port=1000 + number) for number in range(2)],
        timeout=3.0,
        retries=2,
        routes=Routes.parse(()),
        vantage="simulated",
        clock=steady,
        asker=world,
        remember_s=60.0,
    )
    settings = WatchSettings(interval_s=interval_s, concurrency=1000, unseen_after_s=10 * 365 * DAY)
    alerting = Alerting(
        channels=(CommandSettings(name=WAY, kind="command", argv=("true",)),), routes=(Route(channels=(WAY,)),)
    )
    configuration = Configuration(watching=Watching(watch=settings), alerting=alerting)
    policy = Policy(settings=settings, alerting=alerting)
    health = Health(steady)
    stored = Inline()
    entry = replace(catalogue()["spamhaus-zen"], zone=LIST, families=frozenset({4, 6}))
    lists = ListWatch(
        blocklists=Blocklists(resolver, steady, (Subscription(entry=entry),), believe_s=BELIEVE_S),
        interval_s=max(interval_s, DAY / 2),
    )
    looking = Looking(
        ports=Ports(resolver=resolver, clock=steady, suffixes=TwoLabels(), smtp=Mail(world.script, clock)),
        thresholds=Thresholds(),
        lists=lists,
    )
    writing = Writing(policy=policy, judging=Judging(receivers=()))
    pump = Pump(database, stored, {WAY: pager}, policy, steady, worker, lambda *_: None)
    return Watch(
        database=database,
        looking=looking,
        writing=writing,
        pump=pump,
        clock=steady,
        health=health,
        configuration=configuration,
        worker=worker,
        stored=stored,
        idle_s=900.0,
        chores_s=1800.0,
        together_s=120.0,
    )


@dataclass(frozen=True)
class Told:
    """One membership: which subject, in which incident, from when to when (seconds since the start)."""

    incident: int
    tag: str
    index: int
    since: float
    opened: float
    closed: float | None
    flapping: bool


_TOLD_WITH = re.compile(rf'"ended":"{TOLD_WITH}(\d+)"')


def _judge(database: Database, script: Script, pager: Pager, outcome: Outcome, interval_s: float) -> None:
    told = _told(database)
    outcome.changes = len(script.changes)
    outcome.incidents = len({each.incident for each in told})
    by_index: dict[int, list[Told]] = defaultdict(list)
    for each in told:
        by_index[each.index].append(each)
    _false(script, told, outcome)
    find_missed(script, by_index, outcome, interval_s)
    _doubled(pager, told, outcome)


def _told(database: Database) -> list[Told]:
    index_of = {str(address(index)): index for index in range(10_000)}
    with database.read() as connection:
        rows: Any = connection.execute(
            select(
                tables.members.c.incident_id,
                tables.members.c.tag,
                tables.subjects.c.ip,
                tables.members.c.since,
                tables.members.c.joined,
                tables.members.c.closed,
                tables.incidents.c.details,
            )
            .join(tables.subjects, tables.subjects.c.id == tables.members.c.subject_id)
            .join(tables.incidents, tables.incidents.c.id == tables.members.c.incident_id)
        ).all()
    # What became worse took its milder part along: that is one incident, told in two steps.
    went_on = {row[0]: int(found[1]) for row in rows if (found := _TOLD_WITH.search(row[6]))}
    return [
        Told(
            incident=went_on.get(row[0], row[0]),
            tag=row[1],
            index=index_of[row[2]],
            since=row[3] - START,
            opened=row[4] - START,
            closed=None if row[5] is None else row[5] - START,
            flapping='"flapping":true' in row[6],
        )
        for row in rows
    ]


def _false(script: Script, told: list[Told], outcome: Outcome) -> None:
    """An incident about an address that was well when it was first seen failing, or under maintenance all the while."""
    by_index: dict[int, list[Change]] = defaultdict(list)
    for change in script.changes:
        for index in change.indexes:
            by_index[index].append(change)
    for each in told:
        # A lagging secondary may tell of what was half an hour ago.
        true = [x for x in by_index[each.index] if x.since <= each.since < x.until + 1800.0]
        if not true:
            where = f"{each.tag} at {address(each.index)}, day {each.since / DAY:.2f}"
            outcome.false.append(f"incident {each.incident} {where}")
        elif all(x.maintenance for x in true):
            outcome.false.append(f"incident {each.incident} {each.tag} at {address(each.index)}: under maintenance")


def find_missed(script: Script, by_index: dict[int, list[Told]], outcome: Outcome, interval_s: float) -> None:
    for change in script.changes:
        if change.maintenance:
            continue
        blind = _blind(script, change)
        # Seen at the latest an interval after it began, and believed at the latest two rechecks later.
        needed = interval_s + RECHECKS_S[1] + 120.0 + blind
        if change.kind == "listed":
            needed += max(interval_s, DAY / 2)
        due = change.until - change.since > needed
        outcome.expected += due
        for index in change.indexes:
            mine = [x for x in by_index[index] if change.since <= x.since < change.until + 1800.0]
            if not mine and any(
                x.flapping and x.since < change.since and _after(x.closed, change.since) for x in by_index[index]
            ):
                continue  # it comes and goes, and that was told
            if not mine and _told_already(script, change, index, by_index[index], interval_s):
                continue
            if not mine and due:
                outcome.missed.append(f"{change.kind} of {address(index)}, day {change.since / DAY:.2f}")
            if not mine:
                continue
            incidents = {x.incident for x in mine}
            if len(incidents) > 1 and not change.flapping:
                outcome.doubled.append(f"{change.kind} of {address(index)} is in incidents {sorted(incidents)}")
            first = min(x.opened for x in mine)
            if due and not change.flapping and change.kind != "listed":
                delay = (first - change.since - blind) / interval_s
                outcome.worst_intervals = max(outcome.worst_intervals, delay)
            ended = change.until + interval_s + max(interval_s, DAY / 2) + DAY + blind
            if ended < script.seconds and any(x.closed is None for x in mine) and not change.flapping:
                outcome.unended.append(f"{change.kind} of {address(index)}, over on day {change.until / DAY:.2f}")
        whole = {x.incident for index in change.indexes for x in by_index[index] if change.since <= x.since < change.until}
        if len(change.indexes) > 1 and due and len(whole) > _networks(change):
            outcome.doubled.append(f"{change.kind} of {len(change.indexes)} addresses is in incidents {sorted(whole)}")


def _told_already(script: Script, change: Change, index: int, told: list[Told], interval_s: float) -> bool:
    """Tell whether nobody could see an address well before a change: what was told of the one before it still holds."""
    before = max(
        (each for each in script.changes if index in each.indexes and each.until <= change.since),
        key=lambda each: each.until,
        default=None,
    )
    if before is None or not any(x.since < change.since and _after(x.closed, change.since) for x in told):
        return False
    well = Change(before.kind, (index,), before.until, change.since)
    # Well again is seen at the latest an interval after it began, and believed two rechecks later.
    return well.until - well.since - _blind(script, well) <= interval_s + RECHECKS_S[1] + 120.0


def _after(closed: float | None, at: float) -> bool:
    return closed is None or closed > at


def _networks(change: Change) -> int:
    return len({str(address(index)).rpartition("." if "." in str(address(index)) else "::")[0] for index in change.indexes})


def _blind(script: Script, change: Change) -> float:
    """For how long nobody could see a change while it lasted: its zone, every server, or both resolvers were in trouble."""
    zones = {f"zone {index // 128}" for index in change.indexes}
    spans, first, second = [], [], []
    for each in script.troubles:
        if each.who in zones or each.who == "every server" or (each.who == "list" and change.kind == "listed"):
            spans.append((each.since, each.until))
        elif each.who == "resolver 0":
            first.append((each.since, each.until))
        elif each.who == "resolver 1":
            second.append((each.since, each.until))
    spans += [(max(a, c), min(b, d)) for a, b in first for c, d in second if max(a, c) < min(b, d)]
    # What a killed watcher had taken waits for its lease to end.
    spans += [(kill, kill + 300.0) for kill in script.kills]
    hidden, reached = 0.0, change.since
    for since, until in sorted(spans):
        since, until = max(since, reached), min(until, change.until)
        if until > since:
            hidden, reached = hidden + until - since, until
    return hidden


def _doubled(pager: Pager, told: list[Told], outcome: Outcome) -> None:
    keys: dict[tuple[int, str, str], set[str]] = defaultdict(set)
    per_key: dict[str, int] = defaultdict(int)
    for _, key, message in pager.got:
        per_key[key] += 1
        number = int(
            str(
                message.data.get("incident", {}).get("id", 0)
                if isinstance(message.data.get("incident"), dict)
                else message.data.get("incident") or 0
            )
        )
        keys[number, str(message.kind), str(message.severity)].add(key)
    outcome.messages = len(per_key)
    outcome.repeated = sum(count > 1 for count in per_key.values())
    # What has become worse is told anew.
    for (number, kind, _), each in keys.items():
        if kind in ("opened", "recovered", "flapping", "stable") and len(each) > 1:
            outcome.doubled.append(f"incident {number} was told {len(each)} times as {kind}")
    opened = {number for number, kind, _ in keys if kind in ("opened", "flapping")}
    for number in {each.incident for each in told} - opened:
        outcome.missed.append(f"incident {number} was opened, and nobody was told")
