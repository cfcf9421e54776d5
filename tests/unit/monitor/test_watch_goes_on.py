"""The watch goes on, loses nothing and says so: a dead watcher's work, a full disk, a channel that hangs, a set clock."""

import asyncio
from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select

from support.scene import START, Change, Scene, Trouble, address, killed, name, played
from truehelo.inventory.discovered import Merge
from truehelo.inventory.model import Line
from truehelo.monitor import discovering, untold
from truehelo.monitor import upkeep as chores
from truehelo.monitor import watch as watch_module
from truehelo.monitor.lists import ListWatch
from truehelo.monitoring import Message, NoticeKind
from truehelo.ports import ChannelError
from truehelo.service.health import Part
from truehelo.store import inventory, results, schedule, tables

DAY = 86_400.0


def kinds(scene: Scene, hand: str = "pager") -> list[NoticeKind]:
    return [message.kind for _, _, message in scene.hands[hand].got]


def checked_at(scene: Scene) -> float:
    with scene.database.read() as connection:
        found = connection.scalar(select(func.max(tables.schedule.c.checked_at)))
    return -1.0 if found is None else found - START


def has_incident(scene: Scene) -> bool:
    with scene.database.read() as connection:
        return bool(connection.scalar(select(func.count()).select_from(tables.incidents)))


def test_an_only_subject_that_a_dead_watcher_had_taken_is_taken_over(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        with scene.database.write() as connection:
            known = schedule.Subjects()
            (due,) = schedule.take_due(
                connection, known, vantage="local", worker="dead", now=scene.clock.seconds() + 400, lease_s=180.0
            )
        assert due.subject.ip == str(address(0))
        scene.start()
        await scene.until(400 + 180 + 60)
        assert checked_at(scene) > 0

    played(tmp_path, story)


def test_a_full_disk_is_told_for_as_long_as_it_is_full_and_what_was_seen_is_recorded_afterwards(tmp_path: Path) -> None:
    """The disk fills up during the look that sees a change; the flip has the time of that look."""
    seen_at: list[float] = []

    async def story(scene: Scene) -> None:
        watch = scene.start()
        await scene.until(320)
        await scene.when(lambda: watch._in_flight, 0.1)
        seen_at.append(scene.clock.monotonic())
        scene.database.failing = True
        await scene.until(385)
        told = set()
        for second in range(385, 600):
            await scene.until(second)
            told.add(tuple(each.part for each in watch.health.problems))
            assert not watch.health.ready().ok
        assert told == {(Part.STORE,)}
        assert watch.health.alive().ok
        scene.database.failing = False
        await scene.until(620)
        assert watch.health.ready().ok
        await scene.until(1500)
        with scene.database.read() as connection:
            first = connection.scalar(select(func.min(tables.flips.c.at)).where(tables.flips.c.what == "PTR_UNEXPECTED"))
        assert first - START == pytest.approx(seen_at[0], abs=0.2)

    slow = Trouble("slow", "zone 0", 0, DAY)  # a look takes some seconds
    scene = played(tmp_path, story, changes=(Change("ptr moved", (0,), 310, DAY),), troubles=(slow,), interval_s=60.0)
    assert kinds(scene) == [NoticeKind.OPENED]
    assert [line for line in scene.said if "database" in line] == [
        "the database cannot be used, and is tried again: gone in the middle of a step",
        "the database can be used again",
    ]


def test_a_channel_that_hangs_does_not_hold_the_others(tmp_path: Path) -> None:
    async def hang(_: Message) -> None:
        await asyncio.sleep(3600)

    async def story(scene: Scene) -> None:
        scene.hands["stuck"].does = hang
        watch = scene.start()
        await scene.until(7200)
        watch.stop()
        await scene.until(7320)

    changes = (
        Change("ptr moved", (0,), 3600, 5400),  # two networks, whose incidents come some seconds apart
        Change("ptr moved", (240,), 3610, 5420),
    )
    scene = played(tmp_path, story, subjects=(0, 240), changes=changes, hands=("stuck", "pager"), interval_s=600.0)
    assert scene.hands["stuck"].got == []
    assert Counter(kinds(scene)) == {NoticeKind.OPENED: 2, NoticeKind.RECOVERED: 2}
    with scene.database.read() as connection:
        rows = connection.execute(select(tables.incidents.c.id, tables.incidents.c.opened, tables.incidents.c.closed)).all()
    for at, _, message in scene.hands["pager"].got:
        opened, closed = next((row[1] - START, row[2] - START) for row in rows if row[0] == message.data["incident"])
        due = opened + scene.settings.group_s if message.kind is NoticeKind.OPENED else closed
        assert at - due < 5


@pytest.mark.parametrize(
    ("jump", "sentence"),
    [
        (-7200.0, "set back by two hours"),
        (-400 * DAY, "set back by more than a year: the battery was empty"),
        (7200.0, "set forward by two hours"),
        (400 * DAY, "set forward by more than a year: it had been wrong since the start"),
    ],
)
def test_a_clock_that_is_set_delays_no_look_by_more_than_an_interval(tmp_path: Path, jump: float, sentence: str) -> None:
    looks: list[int] = []

    async def story(scene: Scene) -> None:
        watch = scene.start()
        await scene.until(900)
        scene.machine.off = jump
        for minute in range(16, 60):
            await scene.until(60 * minute)
            looks.append(sum(watch.health.checks.values()))

    moved = Change("ptr moved", (0,), 1000, DAY)
    scene = played(tmp_path, story, subjects=range(20), changes=(moved,), interval_s=300.0)
    for before, after in zip(looks, looks[6:], strict=False):
        assert after - before >= 15, sentence  # of twenty subjects in six minutes
    assert max(after - before for before, after in pairwise(looks)) <= 45, f"{sentence}: not all at once, again and again"
    assert kinds(scene) == [NoticeKind.OPENED], sentence
    assert scene.hands["pager"].got[0][0] < 1000 + 300 + 60 + 60 + 60, sentence
    assert any("clock of this machine was set" in line for line in scene.said)


class Lists:
    """Blocklists that keep when they were asked, in seconds since the start."""

    lists = ()

    def __init__(self, scene: Scene) -> None:
        self.scene, self.asked = scene, list[float]()

    async def look(self, ip: object) -> tuple[()]:
        self.asked.append(self.scene.clock.monotonic())
        return ()


def test_what_was_done_while_the_clock_was_ahead_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For its first hour the clock is a month ahead: blocklists, names of the inventory, retention."""
    looked_up: list[float] = []
    retained: list[float] = []
    asked: list[float] = []

    async def story(scene: Scene) -> None:
        async def discovered(line: Line, *others: object) -> Merge:
            looked_up.append(scene.clock.monotonic())
            return Merge(addresses=(address(0),))

        monkeypatch.setattr(discovering, "discover", discovered)
        monkeypatch.setattr(chores, "retain", lambda *_, **__: retained.append(scene.clock.monotonic()))
        lists: Any = Lists(scene)
        host = Line(target=f"host:{name(0)}", ports=(), managed_by="file:names")
        with scene.database.write() as connection:
            inventory.update_inventory(connection, [host], "file:names", scene.clock.seconds(), default_interval_s=300.0)
        scene.machine.off = 30 * DAY
        watch = scene.watch()
        watch.looking = replace(watch.looking, lists=ListWatch(blocklists=lists, interval_s=3600.0))
        running = asyncio.ensure_future(watch.run())
        await scene.until(3600)
        scene.machine.off = 0.0
        await scene.until(6 * 3600)
        running.cancel()
        asked.extend(lists.asked)

    played(tmp_path, story, interval_s=300.0, discovery_s=3600.0)
    for what, times in (("blocklists", asked), ("names", looked_up), ("retention", retained)):
        assert max(after - before for before, after in pairwise([*times, 6 * 3600.0])) <= 3600 + 300 + 60, what
        assert len(times) <= 8, f"{what}: not again and again"


def test_a_look_that_the_database_does_not_take_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = results.observe

    def observe(connection: Any, number: int, values: Any, ttl: int, at: float) -> None:
        # A number that is too large is what no database takes.
        real(connection, number, values, 2**70 if number == 1 and at < START + 1500 else ttl, at)

    def looked(scene: Scene) -> dict[int, tuple[float, bool]]:
        with scene.database.read() as connection:
            found = connection.execute(select(tables.schedule))
            return {row.subject_id: (row.determined_at or 0.0, row.undetermined_since is not None) for row in found}

    async def story(scene: Scene) -> None:
        monkeypatch.setattr(results, "observe", observe)
        watch = scene.start()
        await scene.until(1000)
        (one, two) = (looked(scene)[number] for number in (1, 2))
        assert one == (0.0, True), "it is not known how it is"
        assert two[0] > START + 600
        assert [problem.part for problem in watch.health.problems] == [Part.SCHEDULE]
        assert sum(watch.health.checks.values()) < 2 * (1000 / 300 + 2), "it is not tried again at once"
        await scene.until(2500)
        assert all(determined > START + 2000 and not blind for determined, blind in looked(scene).values())
        assert watch.health.problems == ()

    scene = played(tmp_path, story, subjects=(0, 1), interval_s=300.0)
    assert sum("too large" in line for line in scene.said) == 1


async def _fault(*_: object) -> Any:
    raise LookupError("no such thing")


async def _hangs(*_: object) -> Any:
    await asyncio.sleep(DAY)


@pytest.mark.parametrize(
    ("does", "said"), [(_fault, "LookupError: no such thing"), (_hangs, "took longer than 150 s")], ids=["fault", "hangs"]
)
def test_a_fault_in_what_is_looked_at_between_times_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: Any, said: str
) -> None:
    """One subject fails untold after a maintenance, and one of two names of the inventory cannot be looked up."""
    looked_up: list[str] = []

    async def discovered(line: Line, *others: object) -> Merge:
        if line.target == "host:odd.example":
            await does()
        looked_up.append(line.target)
        return Merge(addresses=())

    async def story(scene: Scene) -> None:
        monkeypatch.setattr(untold, "sure_look", does)
        monkeypatch.setattr(discovering, "discover", discovered)
        monkeypatch.setattr(discovering, "AT_ONCE", 1)
        hosts = [Line(target=f"host:{each}.example", ports=(), managed_by="file:names") for each in ("odd", "well")]
        with scene.database.write() as connection:
            inventory.update_inventory(connection, hosts, "file:names", scene.clock.seconds(), default_interval_s=60.0)
            where = {"match": "{}", "reason": "new disks", "by": "anna", "created": START}
            silence = insert(tables.silences).values(kind="maintenance", starts=START, until=START + 650, **where)
            connection.execute(silence)
        watch = scene.start()
        await scene.until(1300)
        assert [problem.name for problem in watch.health.problems] == ["host:odd.example"]
        await scene.until(2000)
        assert checked_at(scene) > 1900
        await scene.until(9000)
        watch.stop()

    scene = played(tmp_path, story, changes=(Change("ptr moved", (0,), 120, DAY),), interval_s=60.0, discovery_s=7200.0)
    assert kinds(scene) == [NoticeKind.OPENED], "it is told without its story"
    assert set(looked_up) == {"host:well.example"}
    assert sum(said in line and "odd.example" in line for line in scene.said) == 1, "it is told once"
    assert sum(said in line and str(address(0)) in line for line in scene.said) == 1, "it is told once"


def test_a_fault_while_that_is_written_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(scene: Scene) -> None:
        monkeypatch.setattr(watch_module, "tell_untold", _fault)
        watch = scene.start()
        await scene.until(500)
        assert ["no such thing" in problem.what for problem in watch.health.problems] == [True]
        monkeypatch.undo()
        await scene.until(600)
        assert watch.health.problems == ()

    scene = played(tmp_path, story, interval_s=60.0)
    assert sum("no such thing" in line for line in scene.said) == 1


def test_an_alert_that_waits_to_be_told_is_not_held_up_by_a_clock_that_is_set_back(tmp_path: Path) -> None:
    async def story(scene: Scene) -> None:
        scene.start()
        await scene.when(lambda: has_incident(scene))
        scene.machine.off = -7200.0
        await scene.until(scene.clock.monotonic() + 150)

    scene = played(tmp_path, story, changes=(Change("ptr moved", (0,), 1000, DAY),), interval_s=60.0)
    assert kinds(scene) == [NoticeKind.OPENED]


def test_a_killed_watcher_s_messages_are_sent_again_with_the_same_key(tmp_path: Path) -> None:
    """Killed after the channel has taken it and before that was noted."""

    async def story(scene: Scene) -> None:
        hand = scene.hands["pager"]
        hand.lingers_s = 5.0
        scene.start("one")
        await scene.when(lambda: hand.got)
        await killed()
        scene.start("two")
        await scene.until(scene.clock.monotonic() + 600)

    scene = played(tmp_path, story, changes=(Change("ptr moved", (0,), 1000, DAY),), interval_s=60.0)
    got = scene.hands["pager"].got
    assert len(got) == 2
    assert len({(key, message.text) for _, key, message in got}) == 1


def test_what_must_wait_for_an_earlier_message_is_not_asked_for_again_and_again(tmp_path: Path) -> None:
    """The first message is refused for hours, and the recovery may not overtake it: nothing is due meanwhile."""
    asked = 0

    async def refuse(_: Message) -> None:
        raise ChannelError("busy", temporary=True)

    async def story(scene: Scene) -> None:
        nonlocal asked
        scene.hands["pager"].does = refuse
        watch = scene.start()
        await scene.until(1500)
        run_once = watch.pump.run_once

        async def counted() -> int:
            nonlocal asked
            asked += 1
            return await run_once()

        watch.pump.run_once = counted  # type: ignore[method-assign]
        await scene.until(2000)

    played(tmp_path, story, changes=(Change("ptr moved", (0,), 300, 1200),), interval_s=60.0)
    assert asked < 500 / 30 * 2


def test_a_blindness_whose_cause_changes_is_one_and_told_once(tmp_path: Path) -> None:
    """First nobody answers; then the resolvers do, and say that the zone's servers do not."""

    async def story(scene: Scene) -> None:
        scene.start()
        await scene.until(16_000)

    troubles = (
        Trouble("silent", "every server", 1000, 8000),
        Trouble("silent", "resolver 0", 1000, 8000),
        Trouble("silent", "resolver 1", 1000, 8000),
        Trouble("servfail", "zone 0", 7990, 12_000),
    )
    scene = played(tmp_path, story, troubles=troubles, interval_s=300.0, unseen_after_s=3600.0)
    assert kinds(scene) == [NoticeKind.UNSEEN, NoticeKind.SEEN]
    assert 4600 < scene.hands["pager"].got[0][0] < 5000
    assert 12_000 < scene.hands["pager"].got[1][0] < 12_700
