"""What is back as it was before is judged by what happened in between: hidden in part, not watched, under maintenance."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from support.scene import START, Change, Scene, address, name, played
from support.talk import session
from truehelo.inventory.model import Line
from truehelo.monitoring import Silence
from truehelo.store import inventory, tables, upkeep

HOUR = 3600.0


class SilentAtTimes:
    """Mail servers that say their names, but for a time in which no connection can be made."""

    def __init__(self, scene: Scene, dark: tuple[float, float]) -> None:
        self._clock, self._dark = scene.clock, dark

    async def converse(self, ip, port, on_name=None):  # type: ignore[no-untyped-def]
        if self._dark[0] <= self._clock.monotonic() < self._dark[1]:
            return session(ip, port, {"ended": "unreachable", "detail": "no route"})
        said = next(name(number) for number in range(3) if address(number) == ip)
        if on_name:
            on_name(said)
        return session(ip, port, said)


def incidents_of(
    folder: Path, dark: tuple[float, float], gone: Sequence[tuple[float, float]]
) -> list[tuple[float, float | None]]:
    """Play 9 hours: the PTR of one address is gone at times, and port 25 silent for a while. Return when incidents were."""

    class Mail(Scene):
        def watch(self, worker="one"):  # type: ignore[no-untyped-def]
            made = super().watch(worker)
            ports = replace(made.looking.ports, smtp=SilentAtTimes(self, dark))
            made.looking = replace(made.looking, ports=ports)
            return made

    async def story(scene: Scene) -> None:
        with scene.database.write() as connection:
            connection.execute(update(tables.subjects).values(ports="[25]", revision=9))
        scene.start()
        await scene.until(9 * HOUR)

    changes = tuple(Change("ptr removed", (0,), begin * HOUR, end * HOUR) for begin, end in gone)
    scene = played(folder, story, scene_of=Mail, changes=changes, interval_s=300.0)
    with scene.database.read() as connection:
        rows = connection.execute(tables.incidents.select().order_by(tables.incidents.c.id)).all()
    return [(hours(row.opened), None if row.closed is None else hours(row.closed)) for row in rows]


def hours(at: float) -> float:
    return round((at - START) / HOUR, 1)


@pytest.mark.parametrize(
    ("sentence", "dark", "gone", "told"),
    [
        ("the PTR goes and comes back, and is told", (0, 0), [(2, 5)], [(2.0, 5.1)]),
        ("with port 25, and all is as before: it is over", (2, 5), [(2, 5)], [(2.0, 5.1)]),
        ("with port 25, which comes back later: it is over", (2, 6), [(2, 5)], [(2.0, 5.1)]),
        (
            "and is repaired while port 25 is silent, and goes again: both are told",
            (2.9, 6),
            [(1, 3), (6, 99)],
            [(1.0, 3.1), (6.0, None)],
        ),
        ("and goes again while port 25 is silent: both are told", (2.9, 7), [(1, 3), (6, 99)], [(1.0, 3.1), (6.0, None)]),
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
