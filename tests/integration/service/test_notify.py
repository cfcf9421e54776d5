"""sd_notify over real datagram sockets, one of them in the abstract namespace, and the watchdog's beat."""

import asyncio
import os
import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from truehelo.service.notify import Notifier


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, socket.socket]]:
    """A service manager's end of the line, and its NOTIFY_SOCKET."""
    name = str(tmp_path / "notify") if request.param == "path" else f"@truehelo-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        held.bind(name.replace("@", "\0", 1))
        held.settimeout(2)
        yield name, held


def test_each_message_is_one_datagram(manager: tuple[str, socket.socket]) -> None:
    name, held = manager
    notifier = Notifier(name)
    assert notifier.there
    for say, heard in (
        (notifier.ready, b"READY=1"),
        (notifier.stopping, b"STOPPING=1"),
        (notifier.beat, b"WATCHDOG=1"),
        (lambda: notifier.status("3 incidents open"), b"STATUS=3 incidents open"),
        (lambda: notifier.ready("begun"), b"READY=1\nSTATUS=begun"),
        (lambda: notifier.stopping("asked to"), b"STOPPING=1\nSTATUS=asked to"),
    ):
        assert say()
        assert held.recv(4096) == heard
    notifier.close()


def test_a_reload_tells_the_monotonic_time(manager: tuple[str, socket.socket]) -> None:
    name, held = manager
    with closing(Notifier(name)) as notifier:
        assert notifier.reloading()
    first, second = held.recv(4096).split(b"\n")
    assert first == b"RELOADING=1"
    assert second.startswith(b"MONOTONIC_USEC=")
    assert abs(int(second.partition(b"=")[2]) / 1e6 - time.clock_gettime(time.CLOCK_MONOTONIC)) < 10


def test_a_status_is_one_short_harmless_line(manager: tuple[str, socket.socket]) -> None:
    name, held = manager
    with closing(Notifier(name)) as notifier:
        assert notifier.status("a\nMAINPID=1\x1b" + "x" * 1000)
    heard = held.recv(4096)
    assert heard.startswith(b"STATUS=a\\x0aMAINPID=1\\x1bxxx")
    assert len(heard) <= 307


def test_a_manager_that_is_gone_is_no_error_and_one_that_is_back_is_heard(tmp_path: Path) -> None:
    name = str(tmp_path / "notify")
    notifier = Notifier(name)
    assert not notifier.ready()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as held:
        held.bind(name)
        assert notifier.ready()
        assert held.recv(100) == b"READY=1"
    assert not notifier.beat()
    notifier.close()


def test_a_manager_that_does_not_read_holds_nothing_up(manager: tuple[str, socket.socket]) -> None:
    name, _ = manager
    notifier = Notifier(name)
    sent = 0
    while notifier.beat():
        sent += 1
        assert sent < 100_000
    began = time.monotonic()
    assert not notifier.beat()
    assert time.monotonic() - began < 2
    notifier.close()


@pytest.mark.parametrize("address", ["", "/", "@", "vsock:2:1234", "relative", "/no/such/socket", "/" + "x" * 200, "/a\0b"])
def test_where_there_is_no_socket_nothing_is_said(address: str) -> None:
    notifier = Notifier(address, 10.0)
    assert not notifier.ready()
    assert not notifier.status("x")


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000"}, 30.0),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid())}, 30.0),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "²"}, None),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "0"}, None),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "-1"}, None),
        ({"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "9" * 5000}, None),
        ({"NOTIFY_SOCKET": "@x"}, None),
        ({"WATCHDOG_USEC": "30000000"}, None),
        ({}, None),
    ],
)
def test_the_environment_is_read_and_not_handed_down(environment: dict[str, str], watchdog_s: float | None) -> None:
    held = {**environment, "PATH": "/bin"}
    notifier = Notifier.from_environment(held)
    assert notifier.watchdog_s == watchdog_s
    assert notifier.there is ("NOTIFY_SOCKET" in environment)
    assert held == {"PATH": "/bin"}


def test_it_beats_while_alive_and_stops_when_not(manager: tuple[str, socket.socket]) -> None:
    name, held = manager
    lines = iter(["starting", "10 subjects"])
    alive = True

    async def scene() -> tuple[list[bytes], list[bytes]]:
        nonlocal alive
        said = ["starting"]

        def line() -> str:
            said[0] = next(lines, said[0])
            return said[0]

        notifier = Notifier(name, 0.2)
        task = asyncio.create_task(notifier.keep_beating(lambda: alive, line))
        await asyncio.sleep(0.55)
        before = drain(held)
        alive = False
        await asyncio.sleep(0.15)
        drain(held)
        await asyncio.sleep(0.4)
        after = drain(held)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        notifier.close()
        return before, after

    before, after = asyncio.run(scene())
    assert before.count(b"WATCHDOG=1") >= 3
    assert [each for each in before if each.startswith(b"STATUS")] == [b"STATUS=starting", b"STATUS=10 subjects"]
    assert after == []


def drain(held: socket.socket) -> list[bytes]:
    found = []
    held.setblocking(False)
    while True:
        try:
            found.append(held.recv(4096))
        except BlockingIOError:
            return found


def test_without_a_manager_the_beat_ends_by_itself() -> None:
    asyncio.run(asyncio.wait_for(Notifier().keep_beating(lambda: True, lambda: "x"), 1))
