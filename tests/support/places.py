"""Watchers at several vantage points over one database, each of which is shown a world of its own; time stands still."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from support.ports import FrozenClock, TwoLabels
from support.world import FakeResolver, World
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.read import Configuration
from truehelo.configuration.routes import Route
from truehelo.configuration.watch import Watching, WatchSettings
from truehelo.drift.machine import Thresholds
from truehelo.inventory.model import Line
from truehelo.monitor.incidents import Told
from truehelo.monitor.look import Looking
from truehelo.monitor.policy import Policy
from truehelo.monitor.pump import Pump
from truehelo.monitor.record import Writing
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.stored import Inline
from truehelo.monitor.untold import tell_untold
from truehelo.monitor.watch import Role, Watch
from truehelo.ports import Ports
from truehelo.service.health import Health
from truehelo.store import incidents, inventory, membership, migrate, schedule, tables
from truehelo.store.database import Database

IP, NAME = "192.0.2.25", "mail.business.example"
WELL = World(f"{IP} PTR {NAME}\n{NAME} A {IP}", resolvers=2)
GONE = World(f"{NAME} A {IP}", resolvers=2)
BLIND = World("", fail={f"{IP} PTR": "timeout"}, resolvers=2)
STATES = {"ok": WELL, "gone": GONE, "blind": BLIND}


@dataclass
class Places:
    """A watcher at each of some vantage points, over one database and one clock; `sees` what each of them is shown."""

    database: Database
    clock: FrozenClock = field(default_factory=FrozenClock)
    sees: dict[str, World] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    told: Told = field(default_factory=Told)

    def open(self, vantages: tuple[str, ...], **line: Any) -> None:
        migrate.upgrade(self.database)
        lines = [Line(target=IP, ports=(), managed_by="file:t", vantage=place, **line) for place in vantages]
        with self.database.write() as connection:
            inventory.update_inventory(connection, lines, "file:t", self.now, default_interval_s=300.0)
        for place in vantages:
            self.sees[place] = WELL
            self.watches[place] = self.watch(place)

    @property
    def now(self) -> float:
        return self.clock.now().timestamp()

    def watch(self, place: str, role: Role = Role.ALL) -> Watch:
        settings = WatchSettings(vantage=place, failing=2, recovering=2, unsure=2)
        alerting = Alerting(
            channels=(CommandSettings(name="pager", kind="command", argv=("true",)),), routes=(Route(channels=("pager",)),)
        )
        policy, steady, stored = Policy(settings=settings, alerting=alerting), SteadyClock(self.clock), Inline()
        return Watch(
            database=self.database,
            looking=Looking(
                ports=Ports(resolver=FakeResolver(WELL, 0.0), clock=steady, suffixes=TwoLabels()),
                thresholds=Thresholds(failing=2, recovering=2, unsure=2),
            ),
            writing=Writing(policy=policy),
            pump=Pump(self.database, stored, {}, policy, steady, place, lambda *_: None),
            clock=steady,
            health=Health(steady),
            configuration=Configuration(watching=Watching(watch=settings), alerting=alerting),
            worker=place,
            stored=stored,
            role=role,
        )

    def look(self, *places: str) -> None:
        """Look from these places, one after the other; what is due or not."""
        for place in places:
            watch = self.watches[place]
            watch.looking.ports.resolver.world = self.sees[place]  # type: ignore[attr-defined]
            with self.database.write() as connection:
                connection.execute(
                    tables.schedule.update()
                    .where(tables.schedule.c.vantage == place, tables.schedule.c.next_run_at.is_not(None))
                    .values(next_run_at=self.now)
                )
                dues = schedule.take_due(
                    connection, schedule.Subjects(), vantage=place, worker=place, now=self.now, lease_s=180.0
                )
            asyncio.run(watch.checked(dues))
            self.clock.step(1.0)

    def again(self, place: str) -> None:
        """Do what a watcher does every quarter of a minute."""
        watch = self.watches[place]
        watch.looking.ports.resolver.world = self.sees[place]  # type: ignore[attr-defined]
        asyncio.run(tell_untold(self.database, watch.stored, watch.looking, watch.writing, self.now, self.told))

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Have one of a watcher's rounds run."""
        return asyncio.run(work)

    def incidents(self) -> list[tuple[str, int, bool]]:
        """The tag of each incident, its addresses, and whether it is open."""
        with self.database.read() as connection:
            found = incidents.listed_incidents(connection, everything=True, since=None, most=100)
            counts = membership.counts(connection, [each.id for each in found])
        return [(each.tag, counts.get(each.id, (0, 0))[0], each.closed is None) for each in found]

    def due_at(self, place: str) -> float:
        with self.database.read() as connection:
            found: float = connection.execute(
                select(tables.schedule.c.next_run_at).where(tables.schedule.c.vantage == place)
            ).scalar_one()
        return found

    def messages(self) -> list[str]:
        with self.database.read() as connection:
            return list(connection.scalars(select(tables.outbox.c.kind).order_by(tables.outbox.c.id)))
