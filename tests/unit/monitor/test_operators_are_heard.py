"""What operators say by command reaches a watch that runs: silences and their end, maintenance; and its store is sound."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from support.scene import Change, Scene, played
from truehelo.cli import acting
from truehelo.cli.main import run
from truehelo.monitoring import NoticeKind

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
