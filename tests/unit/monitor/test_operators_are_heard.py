"""What operators say by command reaches a watch that runs: silences and their end, maintenance; and its store is sound."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import insert, select

from support.scene import START, Change, Scene, killed, played
from truehelo.cli import acting
from truehelo.cli.main import run
from truehelo.findings import Severity
from truehelo.monitor import judged
from truehelo.monitor.watch import Watch
from truehelo.monitoring import NoticeKind
from truehelo.store import incidents as rows
from truehelo.store import membership, tables

Truehelo = Callable[..., int]
SILENCE = ("silence", "--tag", "IPREV_*", "--reason", "moving")


def kinds(scene: Scene) -> list[NoticeKind]:
    return [message.kind for _, _, message in scene.hands["pager"].got]


@pytest.fixture
def truehelo(monkeypatch: pytest.MonkeyPatch) -> Truehelo:
    """Run a command at the time of the scene, over its database."""

    def call(scene: Scene, *words: str) -> int:
        monkeypatch.setattr(acting, "time", SimpleNamespace(time=scene.clock.seconds))
        return run([*words, "--database", scene.database.name])

    return call


def test_a_silence_is_heard_and_so_is_its_end(tmp_path: Path, truehelo: Truehelo) -> None:
    async def story(scene: Scene) -> None:
        scene.start()
        await scene.until(110)
        assert truehelo(scene, *SILENCE, "--for", "10m") == 0
        await scene.until(700)
        assert truehelo(scene, "incidents") == 1
        assert kinds(scene) == []
        await scene.until(760)
        assert kinds(scene) == [NoticeKind.OPENED]
        assert truehelo(scene, "db", "check") == 0

    played(tmp_path, story, changes=(Change("ptr moved", (0,), 120, 9_000),), interval_s=60.0)


def test_a_silence_that_is_ended_by_hand_lets_go_within_seconds(tmp_path: Path, truehelo: Truehelo) -> None:
    async def story(scene: Scene) -> None:
        scene.start()
        await scene.until(110)
        truehelo(scene, *SILENCE, "--for", "2h")
        await scene.until(600)
        assert kinds(scene) == []
        assert truehelo(scene, "silence", "--end", "1") == 0
        await scene.until(640)
        assert kinds(scene) == [NoticeKind.OPENED]

    played(tmp_path, story, changes=(Change("ptr moved", (0,), 120, 9_000),), interval_s=60.0)


def test_what_is_over_within_a_silence_is_told_neither_way(tmp_path: Path, truehelo: Truehelo) -> None:
    async def story(scene: Scene) -> None:
        scene.start()
        await scene.until(110)
        truehelo(scene, *SILENCE, "--for", "30m")
        await scene.until(2100)
        assert kinds(scene) == []
        assert truehelo(scene, "incidents", "1") == 0

    played(tmp_path, story, changes=(Change("ptr moved", (0,), 120, 700),), interval_s=60.0)


def test_maintenance_opens_no_incident_until_it_is_over(tmp_path: Path, truehelo: Truehelo) -> None:
    async def story(scene: Scene) -> None:
        scene.start()
        words = ("--maintenance", "--yes", "--starts", "1m", "--for", "10m", "--reason", "new disks")
        assert truehelo(scene, "silence", *words) == 0
        await scene.until(650)
        assert truehelo(scene, "incidents", "--all") == 0
        assert truehelo(scene, "db", "check") == 0
        await scene.until(900)
        assert truehelo(scene, "incidents") == 1
        assert kinds(scene) == [NoticeKind.OPENED]

    played(tmp_path, story, changes=(Change("ptr moved", (0,), 120, 9_000),), interval_s=60.0)


HOUR = 3600.0
GONE = (Change("ptr removed", (0,), HOUR, 100 * HOUR),)


class Reconfigured(Scene):
    """A watch that is started anew with another configuration: how it looks is what `looks` makes of the usual."""

    looks: dict[str, Any] = {}  # noqa: RUF012  each scene sets its own

    def watch(self, worker: str = "one") -> Watch:
        made = super().watch(worker)
        made.looking = replace(made.looking, **self.looks)
        return made

    async def restarted(self, **looks: Any) -> None:
        """End the watch, and start it with another configuration."""
        await killed()
        self.looks = looks
        self.start("two")


def standing(scene: Scene) -> tuple[list[str], list[str]]:
    """The open incidents, and in what is failing or about to."""
    with scene.database.read() as connection:
        opened = [row.tag for row in rows.open_incidents(connection)]
        return opened, list(connection.scalars(select(tables.states.c.tag)))


@pytest.mark.parametrize(
    "looks", [{"ignored": frozenset({"PTR_MISSING"})}, {"watched": Severity.ERROR}], ids=["ignore", "severity"]
)
def test_what_is_watched_no_longer_is_over_at_the_next_start(tmp_path: Path, looks: dict[str, Any]) -> None:
    async def story(scene: Reconfigured) -> None:
        scene.start()
        await scene.until(3 * HOUR)
        assert standing(scene) == (["PTR_MISSING"], ["PTR_MISSING"])
        if "watched" in looks:  # as bad as a warning
            with scene.database.write() as connection:
                connection.execute(tables.states.update().values(severity="warning"))
        await scene.restarted(**looks)
        await scene.until(3 * HOUR + 5)
        assert standing(scene) == ([], [])
        await scene.until(3 * HOUR + 60)
        assert kinds(scene) == [NoticeKind.OPENED, NoticeKind.RECOVERED]
        assert "no longer watched" in scene.hands["pager"].got[-1][2].text

    played(tmp_path, story, scene_of=Reconfigured, changes=GONE, interval_s=300.0)


def test_what_is_ignored_no_longer_is_told_though_the_answers_stay_the_same(tmp_path: Path) -> None:
    async def story(scene: Reconfigured) -> None:
        scene.looks = {"ignored": frozenset({"PTR_MISSING"})}
        scene.start()
        await scene.until(3 * HOUR)
        assert standing(scene) == ([], [])
        await scene.restarted()
        await scene.until(4 * HOUR)
        assert standing(scene) == (["PTR_MISSING"], ["PTR_MISSING"])
        assert kinds(scene) == [NoticeKind.OPENED]

    played(tmp_path, story, scene_of=Reconfigured, changes=GONE, interval_s=300.0)


def test_another_version_judges_anew_and_the_same_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def printed(scene: Scene) -> list[int | None]:
        with scene.database.read() as connection:
            return list(connection.scalars(select(tables.schedule.c.fingerprint)))

    async def story(scene: Reconfigured) -> None:
        scene.start()
        await scene.until(HOUR)
        before = printed(scene)
        assert None not in before
        await scene.restarted()
        await scene.until(HOUR + 1)
        assert printed(scene) == before
        monkeypatch.setattr(judged, "__version__", "99.0")
        await scene.restarted()
        await scene.until(HOUR + 2)
        assert printed(scene) == [None]
        await scene.until(2 * HOUR)
        assert printed(scene) == before
        assert kinds(scene) == []

    played(tmp_path, story, scene_of=Reconfigured, interval_s=300.0)


def test_a_list_that_is_no_longer_asked_ends_what_it_said(tmp_path: Path) -> None:
    tag, at = "DNSBL_LISTED:old-list", START + HOUR

    def listed(scene: Scene) -> int:
        with scene.database.write() as connection:
            values = {"count": 0, "since": at, "changed_at": at, "severity": "error", "message": "", "old": "", "new": ""}
            connection.execute(insert(tables.states).values(subject_id=1, tag=tag, state="failing", **values))
            connection.execute(
                insert(tables.listings).values(
                    subject_id=1, list="old-list", state="listed", codes="127.0.0.2", reason="", since=at
                )
            )
            connection.execute(tables.schedule.update().values(worst="failing"))
            number = rows.open_incident(connection, key=tag, tag=tag, severity="error", cause="listed", details={}, at=at)
            membership.add_member(connection, number, 1, tag, since=at, at=at, old="", new="")
        return number

    async def story(scene: Reconfigured) -> None:
        scene.start()
        await scene.until(HOUR)
        await killed()
        number = listed(scene)
        scene.start("two")
        await scene.until(HOUR + 700)
        assert standing(scene) == ([], [])
        with scene.database.read() as connection:
            incident = rows.incident(connection, number)
            assert incident is not None
            assert incident.details["ended"] == "the list is no longer asked"
            assert list(connection.scalars(select(tables.listings.c.until))) != [None]
            assert list(connection.scalars(select(tables.schedule.c.worst))) == ["ok"]
            flips = connection.execute(select(tables.flips.c.what, tables.flips.c.new)).all()
        assert (tag, "ok") in [tuple(each) for each in flips]

    played(tmp_path, story, scene_of=Reconfigured, interval_s=300.0)
