"""The health check of a container, against a real listener and against things that are none."""

import asyncio
import contextlib
import subprocess
import sys
from ipaddress import ip_address

import pytest

from support.ports import FrozenClock
from truehelo.configuration.service import MetricsSettings
from truehelo.service import probe
from truehelo.service.health import Health
from truehelo.service.listener import Listener


def health(clock: FrozenClock) -> Health:
    made = Health(clock)
    made.opened()
    return made


async def asked(made: Health, *words: str) -> int:
    listener = Listener(made, MetricsSettings(ip=ip_address("127.0.0.1"), port=0))
    await listener.start()
    try:
        return await asyncio.to_thread(probe.main, [*words, str(listener.place[1])])
    finally:
        await listener.aclose()


def test_it_tells_alive_from_ready_and_from_dead(capsys: pytest.CaptureFixture[str]) -> None:
    clock = FrozenClock()
    made = health(clock)
    assert asyncio.run(asked(made)) == 0
    assert asyncio.run(asked(made, "--ready")) == 1
    assert "the first batch has not run yet" in capsys.readouterr().out
    made.batch_done()
    assert asyncio.run(asked(made, "--ready")) == 0
    clock.step(1000)
    assert asyncio.run(asked(made)) == 1


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\x00\xff\x1b[2J\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        b'HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{"alive":1}',
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]",
        b"220 mail ESMTP\r\n",
    ],
)
def test_what_is_no_watch_is_not_alive(octets: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    async def play() -> int:
        async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(octets)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            writer.close()

        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            return await asyncio.to_thread(probe.main, [str(server.sockets[0].getsockname()[1])])

    assert asyncio.run(play()) == 1
    heard = capsys.readouterr()
    assert ("no answer of a watch" in heard.err) is not bool(heard.out)


@pytest.mark.parametrize("words", [[], ["x"], ["0"], ["65536"], ["1", "2"], ["²"], ["--ready"], ["--help"]])
def test_usage(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert probe.main(words) == 2
    assert capsys.readouterr().err.startswith("usage: ")


def test_it_runs_as_a_module_and_imports_nothing_heavy() -> None:
    code = "import sys, truehelo.service.probe; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert not {"asyncio", "sqlalchemy", "prometheus_client", "dns", "click"} & set(done.stdout.split())
    command = [sys.executable, "-m", "truehelo.service.probe", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1
    assert "127.0.0.1:1: no answer of a watch (ConnectionRefusedError)" in done.stderr
