"""Name servers are asked directly while a change is fresh, and no longer for what has long been so."""

from pathlib import Path
from typing import Any

import pytest

from support.scene import Change, Scene, played

HOUR = 3600.0
ALWAYS = 100 * HOUR


@pytest.mark.parametrize(
    ("sentence", "since", "hour", "asked"),
    [
        ("what was broken from the start can wait for its caches", 0.0, 1, False),
        ("a change is followed closely in its first hour", HOUR, 1, True),
        ("and no more after that", HOUR, 3, False),
    ],
)
def test_the_servers_with_authority(tmp_path: Path, sentence: str, since: float, hour: int, asked: bool) -> None:
    direct: list[float] = []

    async def story(scene: Scene) -> None:
        ask = scene.world.ask

        async def counted(upstream: Any, question: Any, *, recursive: bool = True) -> Any:
            if not recursive:
                direct.append(scene.clock.monotonic())
            return await ask(upstream, question, recursive=recursive)

        scene.world.ask = counted  # type: ignore[method-assign]
        scene.start()
        await scene.until(since + (hour + 1) * HOUR)

    changes = (Change("ptr removed", (0,), since, ALWAYS),)
    played(tmp_path, story, changes=changes, interval_s=300.0)
    assert direct, "the change was confirmed by them"
    # The looks that settle it take a quarter of an hour; the hour that matters begins after them.
    begin = since + (hour - 1) * HOUR + HOUR / 3
    assert any(begin <= at < begin + HOUR / 2 for at in direct) is asked, sentence
