"""The webhook against a real HTTP endpoint: what it gets, how it verifies it, and what each answer means."""

import asyncio
import hashlib
import hmac
import json
import logging
import time
from base64 import b64decode, b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from support.alertservers import Asked, certificate, http_server, raw_server, reply
from support.messages import EVIL, KEY, OPENED
from truehelo.alerts import Place
from truehelo.alerts.webhook import WebhookChannel, build
from truehelo.configuration.channels import Secret, WebhookSettings
from truehelo.ports import ChannelError

NEW, OLD = bytes(range(32)), bytes(range(100, 140))
ENVIRONMENT = {name: "whsec_" + b64encode(key).decode() for name, key in (("NEW", NEW), ("OLD", OLD))}


def channel(port: int, folder: Path = Path(), scheme: str = "http", **changed: Any) -> WebhookChannel:
    settings: dict[str, Any] = {
        "name": "hook",
        "kind": "webhook",
        "timeout_s": 3.0,
        "url": f"{scheme}://127.0.0.1:{port}/hooks/t0ken-of-ours?also=secret",
        "secret": Secret(env="NEW"),
    }
    return build(WebhookSettings(**settings | changed), Place(folder=folder, environment=ENVIRONMENT))


def verified(asked: Asked, key: bytes, now: float) -> bool:
    """Verify as a receiver does, from the text of the specification alone."""
    if abs(now - int(asked.headers["webhook-timestamp"])) > 300:
        return False
    content = b".".join([asked.headers["webhook-id"].encode(), asked.headers["webhook-timestamp"].encode(), asked.body])
    expected = hmac.digest(key, content, hashlib.sha256)
    each = [part.split(",", 1) for part in asked.headers["webhook-signature"].split(" ")]
    return any(version == "v1" and hmac.compare_digest(b64decode(text), expected) for version, text in each)


def posted(
    answer: Callable[[Asked], bytes | Awaitable[bytes]], message: Any = OPENED, **changed: Any
) -> tuple[str, list[Asked]]:
    async def run() -> tuple[str, list[Asked]]:
        async with http_server(answer) as (port, asked):
            return await channel(port, **changed).send(message, KEY), asked

    return asyncio.run(run())


def refused(answer: Callable[[Asked], bytes | Awaitable[bytes]], **changed: Any) -> ChannelError:
    with pytest.raises(ChannelError) as raised:
        posted(answer, **changed)
    assert raised.value.detail.isprintable()
    assert len(raised.value.detail) <= 300
    assert "t0ken-of-ours" not in raised.value.detail
    return raised.value


def test_the_endpoint_gets_the_notice_signed_with_the_present_key() -> None:
    told, (asked,) = posted(lambda _: reply("200 OK", b"thanks"))
    assert told == "200 thanks"
    assert (asked.method, asked.path) == ("POST", "/hooks/t0ken-of-ours?also=secret")
    assert json.loads(asked.body) == json.loads(json.dumps(OPENED.data))
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == KEY
    assert verified(asked, NEW, time.time())
    assert not verified(asked, OLD, time.time())
    assert not verified(asked, NEW, time.time() + 400)


def test_while_keys_are_changed_either_verifies() -> None:
    _, (asked,) = posted(lambda _: reply("204 No Content"), old_secret=Secret(env="OLD"))
    assert asked.headers["webhook-signature"].count("v1,") == 2
    assert verified(asked, NEW, time.time())
    assert verified(asked, OLD, time.time())


def test_no_log_tells_the_url(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        posted(lambda _: reply("200 OK", b"thanks"))
        refused(lambda _: reply("500 Internal Server Error"))
    assert "t0ken-of-ours" not in caplog.text


def test_another_try_has_the_same_id() -> None:
    async def run() -> list[Asked]:
        async with http_server(lambda _: reply("200 OK")) as (port, asked):
            hook = channel(port)
            await hook.send(OPENED, KEY)
            await hook.send(OPENED, KEY)
            return asked

    first, second = asyncio.run(run())
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == KEY


def test_hostile_text_makes_no_header_and_is_read_back_as_text() -> None:
    _, (asked,) = posted(lambda _: reply("200 OK"), message=EVIL)
    assert "bcc" not in asked.headers
    assert json.loads(asked.body)["summary"] == EVIL.data["summary"]
    assert verified(asked, NEW, time.time())


@pytest.mark.parametrize(
    ("status", "temporary"),
    [
        ("400 Bad Request", False),
        ("401 Unauthorized", False),
        ("404 Not Found", False),
        ("410 Gone", False),
        ("422 Unprocessable Content", False),
        ("301 Moved Permanently", False),
        ("307 Temporary Redirect", False),
        ("408 Request Timeout", True),
        ("425 Too Early", True),
        ("429 Too Many Requests", True),
        ("500 Internal Server Error", True),
        ("502 Bad Gateway", True),
        ("503 Service Unavailable", True),
    ],
)
def test_a_status(status: str, temporary: bool) -> None:
    error = refused(lambda _: reply(status, headers="location: /elsewhere\r\n"))
    assert error.temporary is temporary
    assert status[:3] in error.detail


@pytest.mark.parametrize(("header", "seconds"), [("120", 120.0), ("99999999", 21600.0), ("soon", None)])
def test_the_endpoint_may_ask_for_time(header: str, seconds: float | None) -> None:
    assert refused(lambda _: reply("429 Too Many Requests", headers=f"retry-after: {header}\r\n")).retry_after_s == seconds


def test_a_redirect_is_not_followed() -> None:
    async def run() -> int:
        async with http_server(lambda _: reply("200 OK")) as (other, elsewhere):
            where = f"location: http://127.0.0.1:{other}/\r\n"
            async with http_server(lambda _: reply("302 Found", headers=where)) as (port, _):
                with pytest.raises(ChannelError, match="redirects are not followed"):
                    await channel(port).send(OPENED, KEY)
            return len(elsewhere)

    assert asyncio.run(run()) == 0


def test_the_reply_is_told_bounded_made_visible_and_without_the_url() -> None:
    body = b"\x1b[2J<b>no</b>\r\n/hooks/t0ken-of-ours " + b"x" * 100_000
    error = refused(lambda _: reply("400 Bad Request", body))
    assert r"\x1b[2J<b>no</b> *** xxx" in error.detail


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")


async def trickles(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Sends headers without end, one every tenth of a second."""
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(1000):
        writer.write(f"x-{number}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.1)


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"\x00\xff\x1b[2J hello\r\n\r\n")
    await writer.drain()


async def endless_header(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nx: ")
    for _ in range(500):
        writer.write(b"y" * 60_000)
        await writer.drain()


@pytest.mark.parametrize("talk", [silent, hangs_up, trickles, nonsense, endless_header], ids=lambda talk: talk.__name__)
def test_an_endpoint_that_fails_is_tried_again_and_holds_nobody_up(talk: Any) -> None:
    async def run() -> ChannelError:
        async with raw_server(talk) as port:
            with pytest.raises(ChannelError) as raised:
                await channel(port, timeout_s=1.0).send(OPENED, KEY)
            return raised.value

    began = time.monotonic()
    error = asyncio.run(run())
    assert error.temporary
    assert error.detail.isprintable()
    assert time.monotonic() - began < 3


def test_a_success_whose_body_never_ends_is_a_success() -> None:
    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
            await writer.drain()

    async def run() -> str:
        async with raw_server(endless) as port:
            return await channel(port).send(OPENED, KEY)

    assert asyncio.run(run()).startswith("200 xxx")


def test_nobody_listens() -> None:
    async def run() -> None:
        async with raw_server(silent) as port:
            pass
        await channel(port).send(OPENED, KEY)

    with pytest.raises(ChannelError, match="cannot be reached") as raised:
        asyncio.run(run())
    assert raised.value.temporary


def test_over_tls_the_certificate_counts(tmp_path: Path) -> None:
    context = certificate(tmp_path)

    async def run(**changed: Any) -> str:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(reply("200 OK", b"thanks"))
            await writer.drain()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        async with server:
            port = server.sockets[0].getsockname()[1]
            return await channel(port, tmp_path, "https", **changed).send(OPENED, KEY)

    assert asyncio.run(run(ca_file="cert.pem")) == "200 thanks"
    with pytest.raises(ChannelError, match=r"(?i)certificate") as raised:
        asyncio.run(run())
    assert raised.value.temporary


def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    assert posted(lambda _: reply("200 OK", b"direct"))[0] == "200 direct"


def test_a_proxy_is_used_where_it_is_configured() -> None:
    async def run() -> list[Asked]:
        async with http_server(lambda _: reply("200 OK")) as (port, asked):
            await channel(1, proxy=f"http://127.0.0.1:{port}").send(OPENED, KEY)
            return asked

    (asked,) = asyncio.run(run())
    assert asked.path == "http://127.0.0.1:1/hooks/t0ken-of-ours?also=secret"
