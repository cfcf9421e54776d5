"""Apprise against a loopback hook: what arrives, what is told of a failure, and that the loop is never held up."""

import asyncio
import json
import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest

from support.alertservers import Asked, http_server, raw_server, reply
from support.messages import EVIL, KEY, OPENED
from support.notices import notices
from truehelo.alerts import Place
from truehelo.alerts.apprise_ import AppriseChannel, build
from truehelo.configuration.channels import AppriseSettings, Secret
from truehelo.monitoring import Message
from truehelo.ports import ChannelError
from truehelo.render.notice import message


def channel(*urls: str, timeout_s: float = 10.0) -> AppriseChannel:
    settings = AppriseSettings(name="chat", kind="apprise", timeout_s=timeout_s, urls=Secret(env="URLS"))
    return build(settings, Place(folder=Path(), environment={"URLS": "\n".join(urls)}))


def test_a_hook_gets_the_message() -> None:
    async def run() -> tuple[str, list[Asked]]:
        async with http_server(lambda _: reply("200 OK")) as (port, asked):
            chat = channel("# the chat of operations", f"json://127.0.0.1:{port}/t0ken-of-ours")
            told = await chat.send(OPENED, KEY)
            await chat.aclose()
            return told, asked

    told, (asked,) = asyncio.run(run())
    assert told == "taken by json 2"
    got = json.loads(asked.body)
    assert (got["title"], got["type"]) == (OPENED.subject, "failure")
    assert got["message"].split() == OPENED.text.split()


def test_what_a_service_finds_too_long_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins.custom_json import NotifyJSON

    monkeypatch.setattr(NotifyJSON, "body_maxlen", 300)

    async def run(url: str) -> list[str]:
        async with http_server(lambda _: reply("200 OK")) as (port, asked):
            chat = channel(url.format(port=port))
            await chat.send(OPENED, KEY)
            await chat.aclose()
            return [json.loads(each.body)["message"] for each in asked]

    parts = asyncio.run(run("json://127.0.0.1:{port}/"))
    assert len(parts) > 1
    assert max(map(len, parts)) <= 300
    assert "".join(parts).split()[-5:] == OPENED.text.split()[-5:]
    assert len(asyncio.run(run("json://127.0.0.1:{port}/?overflow=truncate"))) == 1


def test_what_was_not_seen_well_again_is_no_success() -> None:
    async def run(message: Message) -> str:
        async with http_server(lambda _: reply("200 OK")) as (port, asked):
            await channel(f"json://127.0.0.1:{port}/").send(message, KEY)
            return str(json.loads(asked[0].body)["type"])

    over = notices()["recovered"]
    assert asyncio.run(run(message(over))) == "success"
    assert asyncio.run(run(message(replace(over, ended="it was acknowledged by ann@vm")))) == "info"


def test_hostile_text_calls_nobody() -> None:
    async def run() -> list[Asked]:
        async with http_server(lambda _: reply("200 OK")) as (port, asked):
            await channel(f"json://127.0.0.1:{port}/").send(EVIL, KEY)
            return asked

    text = asyncio.run(run())[0].body.decode()
    assert "@here" not in text
    assert "<!everyone" not in text


def test_a_failure_is_told_with_its_reason_and_without_the_url(caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> ChannelError:
        async with http_server(lambda _: reply("403 Forbidden", b"t0ken-of-ours")) as (port, _):
            with pytest.raises(ChannelError) as raised:
                await channel(f"json://user:hunter2hunter2@127.0.0.1:{port}/t0ken-of-ours").send(OPENED, KEY)
            return raised.value

    with caplog.at_level(logging.DEBUG):
        error = asyncio.run(run())
    assert error.temporary
    assert error.detail.startswith("json 1: ")
    assert "403" in error.detail
    for text in (error.detail, caplog.text):
        assert "t0ken" not in text
        assert "hunter2" not in text


def test_whoever_has_got_it_is_not_sent_it_again() -> None:
    async def run() -> tuple[int, int]:
        down = True
        async with (
            http_server(lambda _: reply("200 OK")) as (well, taken),
            http_server(lambda _: reply("503 Service Unavailable" if down else "200 OK")) as (ill, asked),
        ):
            chat = channel(f"json://127.0.0.1:{well}/", f"json://127.0.0.1:{ill}/")
            with pytest.raises(ChannelError, match="json 2: "):
                await chat.send(OPENED, KEY)
            down = False
            assert await chat.send(OPENED, KEY) == "taken by json 2"
            return len(taken), len(asked)

    assert asyncio.run(run()) == (1, 2)


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read()


def test_a_slow_service_holds_neither_the_loop_nor_the_others_up() -> None:
    async def run() -> tuple[ChannelError, float, list[Asked]]:
        longest, last = 0.0, time.monotonic()

        async def watch() -> None:
            nonlocal longest, last
            while True:
                await asyncio.sleep(0.01)
                longest, last = max(longest, time.monotonic() - last), time.monotonic()

        async with raw_server(silent) as slow, http_server(lambda _: reply("200 OK")) as (port, asked):
            chat = channel(*[f"json://127.0.0.1:{slow}/?rto=3"] * 15, f"json://127.0.0.1:{port}/", timeout_s=1.0)
            last = time.monotonic()
            watching = asyncio.create_task(watch())
            began = time.monotonic()
            with pytest.raises(ChannelError) as raised:
                await chat.send(OPENED, KEY)
            assert time.monotonic() - began < 3
            watching.cancel()
            await chat.aclose()
            return raised.value, longest, asked

    error, longest, asked = asyncio.run(run())
    assert "json 1: did not answer in 1 s" in error.detail
    assert "json 16" not in error.detail
    assert len(asked) == 1
    assert longest < 0.7


def test_two_calls_at_once_do_not_hear_each_other() -> None:
    async def run() -> list[str]:
        async with (
            http_server(lambda _: reply("401 Unauthorized")) as (one, _),
            http_server(lambda _: reply("404 Not Found")) as (other, _),
        ):
            chats = [channel(f"json://127.0.0.1:{port}/") for port in (one, other)] * 5
            found = await asyncio.gather(*(chat.send(OPENED, KEY) for chat in chats), return_exceptions=True)
            return [str(error) for error in found]

    details = asyncio.run(run())
    assert all("401" in detail and "404" not in detail for detail in details[::2]), details
    assert all("404" in detail and "401" not in detail for detail in details[1::2]), details
