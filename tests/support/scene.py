"""A whole watch over the simulated world and a clock that runs as fast as the work is done, with channels of the test."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import event

from simulation.clock import START, SimulatedClock, SimulatedLoop, run
from simulation.script import Change, Script, Trouble
from simulation.world import World, address, name
from simulation.year import FailingDatabase, TwoLabels
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.read import Configuration
from truehelo.configuration.routes import Route
from truehelo.configuration.watch import Watching, WatchSettings
from truehelo.engine.judge import Judging
from truehelo.inventory.model import Line
from truehelo.monitor.look import Looking
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.record import Writing
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.watch import Inline, Watch
from truehelo.monitoring import Message
from truehelo.ports import Ports
from truehelo.probes.dns.resolver import DnsResolver
from truehelo.probes.dns.upstream import Upstream
from truehelo.probes.routes import Routes
from truehelo.service.health import Health
from truehelo.store import inventory, migrate

__all__ = ["START", "Change", "Hand", "Scene", "Trouble", "address", "killed", "name", "played"]


@dataclass
class Hand:
    """A channel: keeps what it is handed, after `does` has had its turn (it may wait, or raise); then it lingers."""

    name: str
    clock: SimulatedClock
    does: Callable[[Message], Any] | None = None
    lingers_s: float = 0.0
    got: list[tuple[float, str, Message]] = field(default_factory=list)

    async def send(self, message: Message, key: str) -> str:
        if self.does is not None:
            await self.does(message)
        self.got.append((self.clock.monotonic(), key, message))
        await asyncio.sleep(self.lingers_s)
        return "taken"

    async def aclose(self) -> None:
        """Nothing to close."""


class SetClock:
    """The machine's clock, which somebody may set: `off` is by how many seconds it is wrong."""

    def __init__(self, clock: SimulatedClock) -> None:
        self._clock, self.off = clock, 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.seconds() + self.off, UTC)

    def monotonic(self) -> float:
        return self._clock.monotonic()


@dataclass
class Scene:
    """The world, the database and the channels; `watch` makes another watcher over them."""

    world: World
    clock: SimulatedClock
    machine: SetClock
    database: FailingDatabase
    hands: Mapping[str, Hand]
    settings: WatchSettings
    said: list[str] = field(default_factory=list)
    _running: list["asyncio.Task[None]"] = field(default_factory=list)

    def start(self, worker: str = "one") -> Watch:
        """Start a watcher; it runs until everything is killed."""
        watch = self.watch(worker)
        self._running.append(asyncio.ensure_future(watch.run()))
        return watch

    def watch(self, worker: str = "one") -> Watch:
        steady = SteadyClock(self.machine)
        resolver = DnsResolver(
            [Upstream(text=f"192.0.2.{53 + number}:{number}", ip=address(0), port=1000 + number) for number in range(2)],
            routes=Routes.parse(()),
            vantage="simulated",
            clock=steady,
            asker=self.world,
            remember_s=5.0,
        )
        alerting = Alerting(
            channels=tuple(CommandSettings(name=each, kind="command", argv=("true",)) for each in self.hands),
            routes=(Route(channels=tuple(self.hands)),),
        )
        configuration = Configuration(watching=Watching(watch=self.settings), alerting=alerting)
        policy = Policy(settings=self.settings, alerting=alerting, group_s=self.settings.group_s)
        stored, health = Inline(), Health(steady)
        return Watch(
            database=self.database,
            looking=Looking(ports=Ports(resolver=resolver, clock=steady, suffixes=TwoLabels())),
            writing=Writing(policy=policy, judging=Judging(receivers=())),
            pump=Pump(self.database, stored, self.hands, policy, steady, worker, lambda *_: None),
            clock=steady,
            health=health,
            configuration=configuration,
            worker=worker,
            stored=stored,
            log=self.said.append,
            idle_s=30.0,
            chores_s=30.0,
        )

    async def until(self, at: float) -> None:
        """Let time pass to `at` seconds since the start."""
        await asyncio.sleep(max(0.0, at - self.clock.monotonic()))

    async def when(self, holds: Callable[[], Any], every_s: float = 1.0) -> None:
        """Let time pass until something holds."""
        while not holds():  # noqa: ASYNC110  (there is no event for what a test waits for)
            await asyncio.sleep(every_s)


async def killed() -> None:
    """Everything of the process is gone: its tasks and its memory."""
    me = asyncio.current_task()
    everything = [task for task in asyncio.all_tasks() if task is not me]
    for task in everything:
        task.cancel()
    await asyncio.gather(*everything, return_exceptions=True)


def played(
    folder: Path,
    story: Callable[[Scene], Any],
    *,
    subjects: Sequence[int] = (0,),
    changes: tuple[Change, ...] = (),
    troubles: tuple[Trouble, ...] = (),
    hands: tuple[str, ...] = ("pager",),
    scene_of: Callable[..., "Scene"] | None = None,
    world_of: Callable[[Script, SimulatedClock, int], World] = World,
    **settings: Any,
) -> Scene:
    """Play a story over a fresh database with these subjects, by their index; `settings` are those of `[watch]`."""
    script = Script(max(subjects) + 1, 10 * 86_400.0, changes=list(changes), troubles=list(troubles))
    chosen = WatchSettings(**settings)
    database = FailingDatabase(str(folder / "watched.db"))
    migrate.upgrade(database)
    event.listen(database.engine, "connect", lambda held, _: held.execute("PRAGMA synchronous=OFF"))
    database.engine.dispose()
    scenes: list[Scene] = []

    async def main(loop: SimulatedLoop) -> None:
        clock = SimulatedClock(loop)
        channels = {each: Hand(each, clock) for each in hands}
        scene = (scene_of or Scene)(world_of(script, clock, 1), clock, SetClock(clock), database, channels, chosen)
        scenes.append(scene)
        lines = [
            Line(target=str(address(index)), expected=(name(index),), ports=(), managed_by="file:world")
            for index in subjects
        ]
        with database.write() as connection:
            inventory.update_inventory(
                connection, lines, "file:world", clock.seconds(), default_interval_s=chosen.interval_s
            )
        try:
            await story(scene)
        finally:
            await killed()

    try:
        run(main)
    finally:
        database.close()
    return scenes[0]
