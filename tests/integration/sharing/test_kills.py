"""kill -9 in the middle of opening incidents and of delivering: one incident, told at least once, never under two keys.

A single watch on either database, a worker, and PostgreSQL itself. The stories run side by side; each is looked at by a
test of its own. `--minutes` has them go on longer.
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import select

from integration.servers.postgres import Postgres, running
from integration.sharing.stories import EACH, Story, in_threads, told
from truehelo.monitor.telling import GROWN_AT_MOST
from truehelo.store import tables

pytestmark = pytest.mark.integration
KINDS = ("watch on SQLite", "watch on PostgreSQL", "worker", "PostgreSQL")


@dataclass
class Ending:
    """What a story came to."""

    kills: int = 0
    broken: int = 0
    opening: list[str] = field(default_factory=list)
    delivering: list[str] = field(default_factory=list)
    incidents: list[tuple[str, int]] = field(default_factory=list)
    """The key of each, and how many addresses it holds."""
    outbox: list[tuple[int, str, str, int]] = field(default_factory=list)
    """Incident, kind, state, attempts."""
    keys: dict[tuple[int, str], dict[str, int]] = field(default_factory=dict)
    said: str = ""
    took_s: float = 0.0

    def line(self, name: str) -> str:
        seen = Counter(count for keys in self.keys.values() for count in keys.values())
        return (
            f"{name}: {self.kills} kills ({len(self.opening)} while opening, {len(self.delivering)} while delivering), "
            f"{self.broken} causes, {len(self.incidents)} incidents, {len(self.outbox)} messages; keys seen once "
            f"{seen[1]}, twice {seen[2]}, more often {sum(seen.values()) - seen[1] - seen[2]}; messages under two keys "
            f"{sum(len(keys) > 1 for keys in self.keys.values())}; {self.took_s:.0f} s"
        )


@pytest.fixture(scope="module")
def endings(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest, postgres_server: Postgres
) -> dict[str, Ending]:
    """All stories, told at once."""
    minutes: float | None = request.config.getoption("--minutes", default=None)
    rounds = 3 if minutes is None else max(3, int(minutes * 4))
    folder = tmp_path_factory.mktemp("kills")
    found = {name: Ending() for name in KINDS}
    with running() as mortal:
        roles = ("scheduler", "worker", "worker")
        urls = {
            "watch on SQLite": (f"sqlite:///{folder / 'watch.db'}", ("all",), None),
            "watch on PostgreSQL": (postgres_server.create_database("killed_watch"), ("all",), None),
            "worker": (postgres_server.create_database("killed_worker"), roles, None),
            "PostgreSQL": (mortal.create_database("all"), roles, mortal),
        }
        failed = in_threads(
            {
                name: partial(tell, found[name], folder / name.replace(" ", "-"), url, roles, server, rounds)
                for name, (url, roles, server) in urls.items()
            }
        )
    for name, error in failed.items():
        raise AssertionError(f"{name}: {error}\n{found[name].said}") from error
    return found


def tell(ending: Ending, folder: Path, url: str, roles: tuple[str, ...], server: Postgres | None, rounds: int) -> None:
    began = time.monotonic()
    with told(folder, url, roles, networks=3 * rounds) as story:
        try:
            for _ in range(rounds):
                story.kill_while_opening(partial(kill, story, server, ending))
                story.kill_while_delivering(partial(kill, story, server, ending))
            story.finish()
        finally:
            ending.said = "".join(process.said() for process in story.processes)
        for process in story.processes:
            process.ask_to_stop()
        assert [process.stopped() for process in story.processes] == [0] * len(roles)
        judge(ending, story)
    ending.took_s = time.monotonic() - began


def kill(story: Story, server: Postgres | None, ending: Ending) -> None:
    """Kill the server, or else the process whose turn it is; and start it again."""
    ending.kills += 1
    if server is not None:
        server.kill()
        server.start()
        return
    mortal = [process for process in story.processes if process.role != "scheduler"]
    victim = mortal[ending.kills % len(mortal)]
    victim.kill()
    victim.start()


def judge(ending: Ending, story: Story) -> None:
    ending.broken, ending.opening, ending.delivering = story.broken, story.opening, story.delivering
    ending.said = "".join(process.said() for process in story.processes)
    ending.keys = story.hook.keys()
    with story.database.read() as connection:
        members = Counter(
            {
                (row[0], row[1]): 1
                for row in connection.execute(select(tables.members.c.incident_id, tables.members.c.subject_id).distinct())
            }
        )
        sizes = Counter(incident for incident, _ in members)
        ending.incidents = [
            (row.key, sizes[row.id]) for row in connection.execute(select(tables.incidents.c.id, tables.incidents.c.key))
        ]
        ending.outbox = [
            (row.incident_id, row.kind, row.state, row.attempts)
            for row in connection.execute(
                select(tables.outbox.c.incident_id, tables.outbox.c.kind, tables.outbox.c.state, tables.outbox.c.attempts)
            )
        ]


@pytest.mark.parametrize("name", KINDS)
def test_after_kills_of(endings: dict[str, Ending], name: str) -> None:
    ending = endings[name]
    print("\n" + ending.line(name))  # noqa: T201  the counts are what this shows
    print("  " + "; ".join(ending.opening))  # noqa: T201
    assert len(ending.opening) >= 3
    assert len(ending.delivering) >= 3
    # One incident for each cause, with all its addresses.
    keys = [key for key, _ in ending.incidents]
    assert len(keys) == len(set(keys)) == ending.broken
    assert {size for _, size in ending.incidents} == {EACH}
    # Each was told, once and where it grew a few times more; every message of it under one key, which came once or twice.
    # What has grown again is told later, together with whatever joins until then.
    later = [each for each in ending.outbox if each[1:] == ("grown", "pending", 0)]
    told_of = Counter((incident, kind) for incident, kind, state, _ in ending.outbox if state != "pending")
    assert [each for each in ending.outbox if each[2] != "delivered" and each not in later] == []
    assert {count for (_, kind), count in told_of.items() if kind == "opened"} == {1}
    assert {count for (_, kind), count in told_of.items() if kind == "grown"} <= set(range(1, GROWN_AT_MOST + 2))
    assert sum(kind == "opened" for _, kind in told_of) == ending.broken
    assert {kind for _, kind in told_of} <= {"opened", "grown"}
    assert {which: len(keys) for which, keys in ending.keys.items()} == told_of
    assert {count for keys in ending.keys.values() for count in keys.values()} <= {1, 2}
    assert "Traceback" not in ending.said
