"""What is back as it was before is judged by what happened in between: hidden in part, not watched, under maintenance."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from simulation.mail import Mail
from support.scene import START, Change, Scene, Trouble, address, name, played
from truehelo.inventory.model import Line
from truehelo.monitor.watch import Watch
from truehelo.monitoring import Silence
from truehelo.store import inventory, tables, upkeep

HOUR = 3600.0


def incidents_of(
    folder: Path, dark: tuple[float, float], gone: Sequence[tuple[float, float]], kind: str = "ptr removed"
) -> list[tuple[float, float | None]]:
    """Play 9 hours: the PTR of one address is gone (or what `kind` says) at times, and port 25 silent for a while.

    Return when incidents were.
    """

    class WithMail(Scene):
        def watch(self, worker="one"):  # type: ignore[no-untyped-def]
            made = super().watch(worker)
            ports = replace(made.looking.ports, smtp=Mail(self.world.script, self.clock))
            made.looking = replace(made.looking, ports=ports)
            made.idle_s = made.chores_s = 300.0
            return made

    async def story(scene: Scene) -> None:
        with scene.database.write() as connection:
            connection.execute(update(tables.subjects).values(ports="[25]", revision=9))
        scene.start()
        await scene.until(9 * HOUR)

    changes = tuple(Change(kind, (0,), begin * HOUR, end * HOUR) for begin, end in gone)
    silent = (Trouble("silent", "mail 0", *dark),)
    scene = played(folder, story, scene_of=WithMail, changes=changes, troubles=silent, interval_s=300.0)
    with scene.database.read() as connection:
        rows = connection.execute(tables.incidents.select().order_by(tables.incidents.c.id)).all()
    return [(hours(row.opened), None if row.closed is None else hours(row.closed)) for row in rows]


def hours(at: float) -> float:
    return round((at - START) / HOUR, 1)


@pytest.mark.parametrize(
    ("sentence", "dark", "gone", "told"),
    [
        ("the PTR goes and comes back, and is told", (0, 0), [(2, 5)], [(2.0, 5.0)]),
        ("with port 25, and all is as before: it is over", (2, 5), [(2, 5)], [(2.0, 5.0)]),
        ("with port 25, which comes back later: it is over", (2, 6), [(2, 5)], [(2.0, 5.0)]),
        (
            "and is repaired while port 25 is silent, and goes again: both are told",
            (2.9, 6),
            [(1, 3), (6, 99)],
            [(1.0, 3.0), (6.0, None)],
        ),
        ("and goes again while port 25 is silent: both are told", (2.9, 7), [(1, 3), (6, 99)], [(1.0, 3.0), (6.0, None)]),
    ],
)
def test_what_moved_while_part_was_hidden_is_judged_when_all_is_as_before(
    tmp_path: Path,
    sentence: str,
    dark: tuple[float, float],
    gone: list[tuple[float, float]],
    told: list[tuple[float, float | None]],
) -> None:
    found = incidents_of(tmp_path, (dark[0] * HOUR, dark[1] * HOUR), gone)
    assert found == told, sentence


@pytest.mark.parametrize(
    ("sentence", "kind", "dark", "gone", "told"),
    [
        ("port 25 is silent with it, and comes back while it lasts", "renumbered", (2, 4), (2, 8), [(2.0, 8.0)]),
        ("port 25 was silent before", "renumbered", (1, 4), (2, 8), [(2.0, 8.0)]),
        (
            "port 25 became silent soon after the last look that found all well",
            "renumbered",
            (2.05, 4),
            (2, 8),
            [(2.0, 8.0)],
        ),
        ("the PTR leads elsewhere, and port 25 is silent with it", "ptr moved", (2, 4), (2, 8), [(2.0, 8.0)]),
        ("the forward record is gone, and port 25 is silent with it", "forward removed", (2, 4), (2, 8), [(2.0, 8.0)]),
        ("a provider's name stands in the PTR, and port 25 is silent with it", "ptr reset", (2, 4), (2, 8), [(2.0, 8.0)]),
    ],
)
def test_a_change_of_which_a_part_was_hidden_is_told_once(
    tmp_path: Path, sentence: str, kind: str, dark: tuple[float, float], gone: tuple[float, float], told: list[Any]
) -> None:
    found = incidents_of(tmp_path, (dark[0] * HOUR, dark[1] * HOUR), [gone], kind)
    assert found == told, sentence


def test_what_becomes_worse_takes_the_milder_part_along(tmp_path: Path) -> None:
    """A name loses its address while the PTR is hidden: first the greeting leads nowhere, and then the PTR, with others."""

    class WithMail(Scene):
        def watch(self, worker: str = "one") -> Watch:
            made = super().watch(worker)
            made.looking = replace(
                made.looking, ports=replace(made.looking.ports, smtp=Mail(self.world.script, self.clock))
            )
            made.idle_s = made.chores_s = 300.0
            return made

    async def story(scene: Scene) -> None:
        with scene.database.write() as connection:
            mine = tables.subjects.c.ip == str(address(0))
            connection.execute(update(tables.subjects).where(mine).values(ports="[25]", revision=9))
        scene.start()
        await scene.until(9 * HOUR)

    gone = [Change("forward removed", (index,), begin * HOUR, 8 * HOUR) for index, begin in ((0, 2), (1, 3), (2, 3))]
    hidden = (Trouble("silent", "zone 0", HOUR, 4 * HOUR),)
    scene = played(
        tmp_path,
        story,
        subjects=(0, 1, 2),
        scene_of=WithMail,
        changes=tuple(gone),
        troubles=hidden,
        interval_s=300.0,
    )
    with scene.database.read() as connection:
        found = connection.execute(tables.incidents.select().order_by(tables.incidents.c.id)).all()
        told = [
            (row.incident_id, row.kind) for row in connection.execute(tables.outbox.select().order_by(tables.outbox.c.id))
        ]
        members = connection.execute(
            select(tables.members.c.incident_id, tables.members.c.subject_id, tables.members.c.tag)
        ).all()
    assert [(row.tag, hours(row.opened), hours(row.closed)) for row in found] == [
        ("GREETING_FORWARD_MISSING", 2.0, 4.0),
        ("IPREV_FORWARD_MISSING", 4.0, 8.0),
    ]
    assert '"ended":"told with incident 2"' in found[0].details
    assert sorted(tuple(each) for each in members) == [
        (1, 1, "GREETING_FORWARD_MISSING"),
        (2, 1, "GREETING_FORWARD_MISSING"),
        *((2, number, "IPREV_FORWARD_MISSING") for number in (1, 2, 3)),
    ]
    assert set(told) - {(2, "grown")} == {(1, "opened"), (1, "recovered"), (2, "opened"), (2, "recovered")}


def test_what_was_repaired_while_nobody_watched_is_not_told_when_it_is_watched_again(tmp_path: Path) -> None:
    def put(scene: Scene, lines: Sequence[Line]) -> None:
        with scene.database.write() as connection:
            inventory.update_inventory(connection, lines, "file:world", scene.clock.seconds(), default_interval_s=300.0)

    async def story(scene: Scene) -> None:
        line = Line(target=str(address(0)), expected=(name(0),), ports=(), managed_by="file:world")
        scene.start()
        await scene.until(1.5 * HOUR)
        put(scene, [])
        await scene.until(6 * HOUR)
        put(scene, [line])
        await scene.until(7 * HOUR)

    scene = played(tmp_path, story, changes=(Change("ptr removed", (0,), HOUR, 3 * HOUR),), interval_s=300.0)
    assert opened(scene) == [1.0]


@pytest.mark.parametrize(
    ("sentence", "back", "told"),
    [
        ("it fails still when the maintenance is over", 2.5, [2.0]),
        ("it is well again, and was seen once", 1.95, []),
        ("it is well again, and nobody has looked yet", 1.999, []),
    ],
)
def test_what_is_well_when_a_maintenance_ends_is_not_told(
    tmp_path: Path, sentence: str, back: float, told: list[float]
) -> None:
    async def story(scene: Scene) -> None:
        since, until = (datetime.fromtimestamp(START + hour * HOUR, UTC) for hour in (1, 2))
        silence = Silence(id=0, reason="new routers", by="me", since=since, until=until)
        with scene.database.write() as connection:
            upkeep.add_silence(connection, "maintenance", silence, START)
        scene.start()
        await scene.until(3 * HOUR)

    scene = played(tmp_path, story, changes=(Change("ptr removed", (0,), 1.1 * HOUR, back * HOUR),), interval_s=300.0)
    assert opened(scene) == told, sentence


def opened(scene: Scene) -> list[float]:
    with scene.database.read() as connection:
        return [hours(at) for at in connection.scalars(select(tables.incidents.c.opened).order_by(tables.incidents.c.id))]
