"""Stories in which something is killed again and again while incidents are opened and told."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from support.hooks import Hook
from support.names import Names
from support.watchers import Process, addresses, configure, running, until, watch_these
from truehelo.store import tables
from truehelo.store.database import Database, StoreError

INTERVAL_S = 2.0
EACH = 4
"""Addresses that one cause breaks."""
SLOW_S = 0.7
"""How long the other side takes to answer: long enough to be killed meanwhile."""
_MIGRATING = threading.Lock()
"""Alembic keeps what it works on in a module."""


@dataclass
class Story:
    """What is watched, by whom, who is told, and what the kills hit."""

    names: Names
    hook: Hook
    database: Database
    networks: list[list[str]]
    processes: tuple[Process, ...]
    opening: list[str] = field(default_factory=list)
    """Of each kill while incidents were opened: what the store held then."""
    delivering: list[str] = field(default_factory=list)
    broken: int = 0
    _killed_at: float = 0.0
    _chance: random.Random = field(default_factory=lambda: random.Random(4))  # noqa: S311  the same run again

    def count(self, table: object, *where: object) -> int:
        """Count rows; -1 while the database is away."""
        try:
            with self.database.read() as connection:
                found: int = connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()  # type: ignore[arg-type]
        except StoreError:
            return -1
        return found

    def incidents(self) -> int:
        return self.count(tables.incidents)

    def begun(self) -> int:
        return self.count(tables.schedule, tables.schedule.c.began_at.is_not(None))

    def suspected(self) -> int:
        return self.count(tables.states, tables.states.c.state == "suspect")

    def waiting(self) -> int:
        """How many messages are owed now: that an incident has grown once more waits for whoever else joins it."""
        grown = (tables.outbox.c.kind == "grown") & (tables.outbox.c.attempts == 0)
        return self.count(tables.outbox, (tables.outbox.c.state == "pending") & ~grown)

    def break_some(self, count: int) -> None:
        """Take away the PTR records of some networks, all at once."""
        chosen = self.networks[self.broken : self.broken + count]
        assert len(chosen) == count
        self.broken += count
        self.names.take_away(ip for network in chosen for ip in network)

    def fresh(self) -> bool:
        """A message is on its way, and none is owed a second time."""
        return (
            any(request.at > self._killed_at and not request.answered for request in list(self.hook.requests))
            and self.calm()
        )

    def calm(self) -> bool:
        """What was handed over before the last kill is noted by now: one more kill has nothing come for the third time.

        That it was answered is not enough: between the answer and its being noted a kill has it come again.
        """
        return self._noted(self._killed_at)

    def _noted(self, until_at: float) -> bool:
        before = {request.key for request in list(self.hook.requests) if request.at <= until_at}
        try:
            with self.database.read() as connection:
                pending = connection.scalars(select(tables.outbox.c.key).where(tables.outbox.c.state == "pending")).all()
        except StoreError:
            return False
        return before.isdisjoint(pending)

    def _kill(self, kill: Callable[[], None]) -> None:
        self._killed_at = time.time()
        kill()

    def kill_while_opening(self, kill: Callable[[], None]) -> None:
        """Break networks, and kill when the first incident is there, or at a moment after the first suspicion."""
        before = self.incidents()
        self.break_some(2)
        until("something is suspected", lambda: self.suspected() > 0, every_s=0.01)
        if len(self.opening) % 2:
            until("the first incident is there", lambda: self.incidents() > before, every_s=0.002)
        else:
            time.sleep(self._chance.uniform(0.0, INTERVAL_S))
        # Looked up first, as that takes its time: the kill follows at once.
        self.opening.append(f"{self.incidents() - before} of 2 opened, {self.suspected()} suspected")
        until("nothing is owed a second time", self.calm, every_s=0.01)
        self._kill(kill)

    def kill_while_delivering(self, kill: Callable[[], None]) -> None:
        """Break a network, and kill while the other side has the message and has not answered yet."""
        until("nothing is owed a second time", self.calm, every_s=0.01)
        self.break_some(1)
        until("a message comes for the first time", self.fresh, every_s=0.005)
        self.delivering.append(f"{sum(not request.answered for request in self.hook.requests)} not answered yet")
        self._kill(kill)

    def finish(self) -> None:
        """Wait until everything was told."""
        until("an incident for each network", lambda: self.incidents() >= self.broken, 120)
        until("every address in one", lambda: self.count(tables.members) >= self.broken * EACH, 240)
        until("every message delivered", lambda: self.waiting() == 0, 120)
        until("the last answer", lambda: not self.hook.unanswered)
        until("it is noted that it was delivered", lambda: self._noted(time.time()))
        until("the one that was killed last can be asked to stop", lambda: all(each.stoppable for each in self.processes))


@contextmanager
def told(folder: Path, url: str, roles: Sequence[str], networks: int) -> Iterator[Story]:
    """Have networks watched by processes in these roles."""
    folder.mkdir()
    database = Database(url, pooled=False)
    with ExitStack() as stack:
        names, hook = stack.enter_context(Names()), stack.enter_context(Hook(delay_s=SLOW_S))
        stack.callback(database.close)
        everyone = addresses(networks, EACH)
        with _MIGRATING:
            watch_these(database, names, [ip for network in everyone for ip in network], INTERVAL_S)
        configuration = configure(folder, names, hook.url, batch=10)
        processes = tuple(
            Process(configuration, url, folder / f"{role}{number}.log", role) for number, role in enumerate(roles)
        )
        stack.enter_context(running(*processes))
        story = Story(names, hook, database, everyone, processes)
        until("everything was seen", lambda: story.begun() == networks * EACH)
        yield story


def in_threads(tales: dict[str, Callable[[], None]]) -> dict[str, BaseException]:
    """Tell several stories at once; return what went wrong, by story."""
    failed: dict[str, BaseException] = {}

    def tell(name: str, tale: Callable[[], None]) -> None:
        try:
            tale()
        except BaseException as error:  # noqa: BLE001  a test tells it
            failed[name] = error

    threads = [threading.Thread(target=tell, args=item, name=item[0]) for item in tales.items()]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed
