"""Listener and ping together, begun and ended as the configuration says."""

import asyncio
from ipaddress import ip_address
from pathlib import Path

import pytest

from support.ports import FrozenClock
from truehelo.configuration.service import MetricsSettings, PingSettings, ServiceSettings
from truehelo.errors import InputError
from truehelo.service.health import Health
from truehelo.service.serving import serving


def well() -> Health:
    health = Health(FrozenClock())
    health.opened()
    health.batch_done()
    return health


def test_both_run_while_the_watch_does_and_end_with_it(tmp_path: Path) -> None:
    settings = ServiceSettings(
        metrics=MetricsSettings(ip=ip_address("127.0.0.1"), port=0),
        ping=PingSettings(interval_s=60, file=str(tmp_path / "alive")),
    )

    async def play() -> None:
        async with serving(settings, well()) as listener:
            assert listener is not None
            place = listener.place
            _, writer = await asyncio.open_connection(*place)
            writer.close()
            async with asyncio.timeout(10):
                while not (tmp_path / "alive").exists():  # noqa: ASYNC110  (a file has no event)
                    await asyncio.sleep(0.02)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(*place)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(play())


def test_without_tables_nothing_runs() -> None:
    async def play() -> None:
        async with serving(ServiceSettings(), well()) as listener:
            assert listener is None
            assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(play())


def test_a_listener_that_cannot_listen_leaves_no_ping_behind(tmp_path: Path) -> None:
    settings = ServiceSettings(
        metrics=MetricsSettings(ip=ip_address("192.0.2.1"), port=1),
        ping=PingSettings(interval_s=60, file=str(tmp_path / "alive")),
    )

    async def play() -> None:
        with pytest.raises(InputError, match="no token"):
            async with serving(settings, well()):
                raise AssertionError("it has begun")
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(play())
    assert not (tmp_path / "alive").exists()
