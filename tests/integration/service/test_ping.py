"""The dead-man's ping against a real HTTP server and a real file: when it is sent, and what is said when it is not."""

import asyncio
import os
import socket
import ssl
import stat
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integration.servers.certificate import self_signed
from support.ports import FrozenClock
from truehelo.configuration.channels import Secret
from truehelo.configuration.service import PingSettings
from truehelo.findings import Severity
from truehelo.service import ping
from truehelo.service.health import Health, Part
from truehelo.service.ping import Ping, failing, touch

SECRET = "5f6c0b9e-1d"


@dataclass
class Receiver:
    """Somebody who waits for pings, and what he has heard: method, path, body."""

    answer: bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK"
    delay_s: float = 0.0
    heard: list[tuple[str, str, bytes]] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/ping/{SECRET}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next((int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")), 0)
            body = await reader.readexactly(length)
            method, path, _ = head.split("\r\n")[0].split()
            self.heard.append((method, path, body))
            await asyncio.sleep(self.delay_s)
            writer.write(self.answer)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def waiting(receiver: Receiver, tls: ssl.SSLContext | None = None) -> AsyncIterator[Receiver]:
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=tls)
    receiver.port, receiver.scheme = server.sockets[0].getsockname()[1], "https" if tls else "http"
    async with server:
        yield receiver


def well() -> Health:
    health = Health(FrozenClock())
    health.opened()
    health.batch_done()
    return health


def once(receiver: Receiver, health: Health, tls: ssl.SSLContext | None = None, **settings: object) -> bool:
    """Ping the receiver once, as `settings` say."""

    async def play() -> bool:
        async with waiting(receiver, tls):
            held = {"url": receiver.url, "interval_s": 60.0, **settings}
            return await Ping(PingSettings(**held), health, loopback_only=True).once()  # type: ignore[arg-type]

    return asyncio.run(asyncio.wait_for(play(), 30))


def said(health: Health) -> list[str]:
    return [each.what for each in health.problems if each.part is Part.PING]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_while_it_is_well_the_url_is_asked(method: str) -> None:
    receiver, health = Receiver(), well()
    assert once(receiver, health, method=method)
    assert receiver.heard == [(method, f"/ping/{SECRET}", b"")]
    assert said(health) == []


def test_while_it_is_not_well_nothing_is_said() -> None:
    receiver, health = Receiver(), well()
    health.trouble(Part.RESOLVER, "timed out")
    assert once(receiver, health)
    assert receiver.heard == []


def test_or_that_it_is_not_well_where_that_is_wished_for() -> None:
    receiver, health = Receiver(), well()
    health.trouble(Part.STORE, "locked")
    assert once(receiver, health, fail=True)
    assert receiver.heard == [("POST", f"/ping/{SECRET}/fail", b"store: locked (since 2026-11-23 16:00:00 UTC)")]


def test_before_it_is_ready_nothing_is_said() -> None:
    receiver = Receiver()
    assert once(receiver, Health(FrozenClock()))
    assert receiver.heard == []


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (
            b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n",
            "was answered by 127.0.0.1 with status 404, and 2xx counts",
        ),
        (b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n", "with status 500"),
        (b"HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", "with status 302"),
        (b"", "did not arrive at 127.0.0.1: "),
        (b"\x00\xff\x1b[2Jnonsense\r\n\r\n", "did not arrive at 127.0.0.1: "),
        (b"HTTP/1.1 200 " + b"a" * 500_000, "did not arrive at 127.0.0.1: "),
    ],
    ids=["404", "500", "302", "nothing", "garbage", "a status line without end"],
)
def test_a_ping_that_fails_is_a_warning_of_the_watch_and_keeps_the_secret(answer: bytes, what: str) -> None:
    receiver, health = Receiver(answer), well()
    assert not once(receiver, health)
    assert len(receiver.heard) == 1
    (problem,) = health.problems
    assert (problem.part, problem.name, problem.severity) == (Part.PING, "url", Severity.WARNING)
    assert what in problem.what
    assert SECRET not in problem.what
    assert problem.what.isprintable()
    assert health.good().ok, "or it would never be sent again"
    receiver.answer = Receiver.answer
    assert once(receiver, health)
    assert health.problems == ()


def test_a_body_without_end_is_not_read() -> None:
    receiver, health = Receiver(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * 1_000_000), well()
    assert once(receiver, health)


def test_a_receiver_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, "TIMEOUT_S", 0.3)
    receiver, health = Receiver(delay_s=20), well()
    began = time.monotonic()
    assert not once(receiver, health)
    assert time.monotonic() - began < 5
    assert said(health) == ["had no reply from 127.0.0.1 in 0.3 s"]


def test_a_proxy_that_needs_what_is_not_installed_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    health = well()
    settings = PingSettings(url=f"http://127.0.0.1:1/{SECRET}", interval_s=60)
    assert not asyncio.run(Ping(settings, health).once())
    (sentence,) = said(health)
    assert sentence.startswith(("cannot reach 127.0.0.1: ", "did not arrive at 127.0.0.1: "))
    assert SECRET not in sentence


def test_a_fault_of_ours_is_a_warning_and_the_next_ping_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise LookupError(SECRET)

    receiver, health = Receiver(), well()
    with monkeypatch.context() as patched:
        patched.setattr(ping, "_http", broken)
        assert not once(receiver, health)
    assert said(health) == ["failed by a fault of this program (LookupError)"]
    assert once(receiver, health)
    assert health.problems == ()


def test_nobody_there_is_a_warning() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # taken, and not listened at
        health = well()
        settings = PingSettings(url=f"http://127.0.0.1:{held.getsockname()[1]}/{SECRET}", interval_s=60)
        assert not asyncio.run(Ping(settings, health).once())
    assert said(health)[0].startswith("did not arrive at 127.0.0.1: ")
    assert SECRET not in said(health)[0]


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    pem, key = self_signed(tmp_path, ["localhost"], ["127.0.0.1"])
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(pem, key)
    receiver, health = Receiver(), well()
    assert not once(receiver, health, tls)
    assert receiver.heard == []
    assert "certificate" in said(health)[0].lower()


@pytest.mark.parametrize("url", ["https://ping.example/x", "http://192.0.2.1/x", "http://[2001:db8::1]/x"])
def test_a_test_leaves_the_machine_alone(url: str) -> None:
    health = well()
    assert not asyncio.run(Ping(PingSettings(url=url, interval_s=60), health, loopback_only=True).once())
    assert said(health)[0].endswith("not contacted: TRUEHELO_LOOPBACK_ONLY is set")


def test_the_file_of_the_url_is_read_each_time(tmp_path: Path) -> None:
    path, health = tmp_path / "url", well()

    async def play(receiver: Receiver) -> list[bool]:
        sender = Ping(PingSettings(url_secret=Secret(file=str(path)), interval_s=60), health, loopback_only=True)
        async with waiting(receiver):
            results = [await sender.once()]
            path.write_text(f"{receiver.url}\n")
            results.append(await sender.once())
            path.write_text("gopher://elsewhere/secret-of-mine\n")
            results.append(await sender.once())
        return results

    receiver = Receiver()
    assert asyncio.run(play(receiver)) == [False, True, False]
    assert [path for _, path, _ in receiver.heard] == [f"/ping/{SECRET}"]
    assert said(health) == [f"has no URL that can be asked: what stands in {path} is no URL of http:// or https://"]


def test_a_file_is_touched_and_made_where_there_is_none(tmp_path: Path) -> None:
    path, health = tmp_path / "alive", well()
    sender = Ping(PingSettings(file=str(path), interval_s=60), health)
    assert asyncio.run(sender.once())
    assert path.read_bytes() == b""
    os.utime(path, (1, 1))
    inode = path.stat().st_ino
    assert asyncio.run(sender.once())
    assert abs(path.stat().st_mtime - time.time()) < 60
    assert path.stat().st_ino == inode
    os.utime(path, (1, 1))
    health.trouble(Part.DISK, "full")
    assert asyncio.run(sender.once())
    assert path.stat().st_mtime == 1


@pytest.mark.parametrize(
    ("name", "cause"), [("missing/alive", "no such file or directory"), ("link", "too many levels of symbolic links")]
)
def test_a_file_that_cannot_be_touched_is_a_warning(tmp_path: Path, name: str, cause: str) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    health = well()
    assert not asyncio.run(Ping(PingSettings(file=str(tmp_path / name), interval_s=60), health).once())
    assert said(health) == [f"cannot touch {tmp_path / name}: {cause}"]
    assert not (tmp_path / "elsewhere").exists()


def test_a_pipe_in_its_place_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="No such device"):
        touch(str(tmp_path / "pipe"))
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_it_goes_on_at_the_interval_and_sooner_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ping, "AGAIN_S", 0.05)
    receiver, health = Receiver(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), well()

    async def play() -> tuple[int, int]:
        async with waiting(receiver):
            task = asyncio.create_task(Ping(PingSettings(url=receiver.url, interval_s=30), health).run())
            await asyncio.sleep(1.5)
            failed = len(receiver.heard)
            receiver.answer = Receiver.answer
            await asyncio.sleep(1)
            after = len(receiver.heard)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return failed, after

    failed, after = asyncio.run(play())
    assert failed >= 2
    assert after in (failed + 1, failed + 2)
    assert health.problems == ()


@pytest.mark.parametrize(
    ("url", "then"),
    [
        ("https://hc.example/uuid", "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid/", "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid?rid=1", "https://hc.example/uuid/fail?rid=1"),
        ("https://hc.example", "https://hc.example/fail"),
    ],
)
def test_the_url_of_a_failure(url: str, then: str) -> None:
    assert failing(url) == then
