"""The SMTP listener: whom it takes mail for, when it says 250, and what bounds it."""

import asyncio
import contextlib
import gc
import socket
import ssl
import struct
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from integration.intake.conversation import Client
from integration.servers.certificate import self_signed
from truehelo.configuration.reports import ListenSettings
from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.intake import smtp
from truehelo.intake.item import IntakeError, Item
from truehelo.intake.smtp import Listener, certified

LOOPBACK = parse_address("127.0.0.1")
assert LOOPBACK is not None
SETTINGS = ListenSettings(ip=LOOPBACK, port=0, name="reports.example.com", recipients=("dmarc@example.com", "@rua.example"))


_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: a connection ends with a reset."""


class Kept:
    """Takes what comes, as it is told to."""

    def __init__(self) -> None:
        self.items: list[tuple[str, bytes]] = []
        self.error = ""
        self.go_on = asyncio.Event()
        self.go_on.set()
        self.began = asyncio.Event()

    async def __call__(self, item: Item) -> None:
        self.began.set()
        await self.go_on.wait()
        if self.error:
            raise IntakeError(self.error)
        with item.open() as stream:
            self.items.append((item.sender, stream.read()))


@asynccontextmanager
async def listening(
    kept: Kept, settings: ListenSettings = SETTINGS, context: ssl.SSLContext | None = None
) -> AsyncIterator[Listener]:
    log: list[str] = []
    listener = Listener(settings, kept, context, log.append)
    await listener.start()
    try:
        yield listener
    finally:
        await listener.aclose(patience_s=2.0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def bounded() -> None:
        async with asyncio.timeout(30):
            await test()

    asyncio.run(bounded())


def test_a_message_arrives_octet_for_octet_and_with_its_sender() -> None:
    async def test() -> None:
        kept = Kept()
        async with listening(kept) as listener, Client(listener.place) as client:
            assert client.greeting == "220 reports.example.com ESMTP"
            assert await client.begin() == ["250", "250", "250", "354"]
            reply = await client.deliver(b"Subject: x\r\n\r\n..dot\r\n\xff\x00\r\nFrom x\r\n" + b"y" * 5000)
            assert reply == "250 2.6.0 It is stored"
            assert await client.begin("") == ["250", "250", "250", "354"]
            assert (await client.deliver(b"second"))[:3] == "250"
            assert (await client.say("QUIT"))[:3] == "221"
        long = b"y" * 5000
        assert kept.items == [
            ("a@reporter.example", b"Subject: x\r\n\r\n.dot\r\n\xff\x00\r\nFrom x\r\n" + long + b"\r\n"),
            ("", b"second\r\n"),
        ]

    run(test)


@pytest.mark.parametrize(
    ("recipient", "code"),
    [
        ("dmarc@example.com", "250"),
        ("DMARC@EXAMPLE.COM", "250"),
        ("anything+x@rua.example", "250"),
        ("postmaster", "250"),
        ("PostMaster", "250"),
        ("postmaster@example.com", "250"),
        ("Postmaster@REPORTS.example.com", "250"),
        ("postmaster@other.example", "550"),
        ("postmaster@sub.example.com", "550"),
        ("abuse@reports.example.com", "550"),
        ("dmarc@other.example", "550"),
        ("x@sub.rua.example", "550"),
        ("dmarc@example.com@evil.example", "553"),
        ("dmarc", "550"),
    ],
)
def test_mail_is_taken_for_the_recipients_and_the_postmaster_alone(recipient: str, code: str) -> None:
    async def test() -> None:
        async with listening(Kept()) as listener, Client(listener.place) as client:
            assert (await client.begin(recipient=recipient))[2:] == [code, "354" if code == "250" else "503"]

    run(test)


def test_250_is_said_when_it_is_stored_and_not_before() -> None:
    async def test() -> None:
        kept = Kept()
        kept.go_on.clear()
        async with listening(kept) as listener, Client(listener.place) as client:
            await client.begin()
            client.send(b"x\r\n.\r\n")
            await kept.began.wait()
            with pytest.raises(TimeoutError):
                await client.reply(0.3)
            kept.go_on.set()
            assert (await client.reply())[:3] == "250"

    run(test)


def test_a_store_that_is_down_means_try_again_and_the_connection_goes_on() -> None:
    async def test() -> None:
        kept = Kept()
        kept.error = "truehelo.db: the disk is full"
        async with listening(kept) as listener, Client(listener.place) as client:
            await client.begin()
            assert await client.deliver(b"x") == "451 4.3.0 It cannot be stored now, try again later"
            kept.error = ""
            await client.begin()
            assert (await client.deliver(b"x"))[:3] == "250"
        assert len(kept.items) == 1

    run(test)


def test_a_store_that_takes_too_long_means_try_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "STORE_S", 0.1)

    async def test() -> None:
        kept = Kept()
        kept.go_on.clear()
        async with listening(kept) as listener, Client(listener.place) as client:
            await client.begin()
            assert (await client.deliver(b"x"))[:3] == "451"

    run(test)


def test_a_client_that_hangs_up_has_delivered_nothing() -> None:
    async def test() -> None:
        kept = Kept()
        async with listening(kept) as listener:
            async with Client(listener.place) as client:
                await client.begin()
                client.send(b"half a message\r\n")
                await client.writer.drain()
            async with Client(listener.place) as client:
                await client.begin()
                await client.deliver(b"whole")
        assert [octets for _, octets in kept.items] == [b"whole\r\n"]

    run(test)


def test_a_stop_lets_what_is_being_stored_end_and_be_said() -> None:
    async def test() -> None:
        kept = Kept()
        kept.go_on.clear()
        async with listening(kept) as listener, Client(listener.place) as client:
            where = listener.place
            await client.begin()
            client.send(b"x\r\n.\r\n")
            await kept.began.wait()
            closing = asyncio.create_task(listener.aclose())
            await asyncio.sleep(0.1)
            kept.go_on.set()
            assert (await client.reply())[:3] == "250"
            await closing
            with pytest.raises(ConnectionError):
                await asyncio.open_connection(*where)

    run(test)


def test_a_message_that_is_too_large_is_refused_by_what_it_says_and_by_what_it_is() -> None:
    async def test() -> None:
        kept = Kept()
        async with listening(kept, replace(SETTINGS, max_octets=1000)) as listener, Client(listener.place) as client:
            assert "SIZE 1000" in await client.say("EHLO client.example")
            assert (await client.say("MAIL FROM:<a@b.example> SIZE=1001"))[:3] == "552"
            await client.begin()
            assert (await client.deliver(b"x" * 500 + b"\r\n" + b"y" * 600))[:3] == "552"
            await client.begin()
            assert (await client.deliver(b"x"))[:3] == "250"
        assert len(kept.items) == 1

    run(test)


def test_connections_are_bounded_of_one_client_and_of_all() -> None:
    async def test() -> None:
        for settings in (replace(SETTINGS, per_client=2), replace(SETTINGS, connections=2)):
            async with (
                listening(Kept(), settings) as listener,
                Client(listener.place) as one,
                Client(listener.place) as two,
                Client(listener.place) as three,
            ):
                assert [client.greeting[:3] for client in (one, two, three)] == ["220", "220", "421"]
                assert await three.reply() == ""
                await one.say("QUIT")
                assert await one.reply() == ""
                await asyncio.sleep(0.05)
                async with Client(listener.place) as four:
                    assert four.greeting[:3] == "220"

    run(test)


def test_messages_within_a_minute_are_bounded() -> None:
    async def test() -> None:
        async with listening(Kept(), replace(SETTINGS, per_minute=2)) as listener, Client(listener.place) as client:
            for code in ("250", "250", "451"):
                assert (await client.begin())[1] == code
                await client.say("." if code == "250" else "RSET")

    run(test)


@pytest.mark.parametrize(("networks", "code"), [(("192.0.2.0/24",), "554"), (("192.0.2.0/24", "127.0.0.0/8"), "220")])
def test_only_configured_networks_may_connect(networks: tuple[str, ...], code: str) -> None:
    async def test() -> None:
        async with listening(Kept(), replace(SETTINGS, networks=networks)) as listener, Client(listener.place) as client:
            assert client.greeting[:3] == code

    run(test)


@pytest.mark.parametrize(
    "said", [b"", b"EHLO x\r\n", b"EHLO x\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<dmarc@example.com>\r\nDATA\r\nx"]
)
def test_a_client_that_is_silent_is_hung_up_on(said: bytes) -> None:
    async def test() -> None:
        kept = Kept()
        async with listening(kept, replace(SETTINGS, timeout_s=0.3)) as listener, Client(listener.place) as client:
            client.send(said)
            async with asyncio.timeout(5):
                await client.reader.read()
        assert kept.items == []

    run(test)


def test_a_client_that_drips_is_hung_up_on() -> None:
    async def test() -> None:
        kept = Kept()
        async with listening(kept, replace(SETTINGS, timeout_s=0.5)) as listener, Client(listener.place) as client:
            await client.begin()
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(5):
                    while not client.reader.at_eof():
                        client.send(b"x\r\n")
                        await client.writer.drain()
                        await asyncio.sleep(0.05)
        assert kept.items == []

    run(test)


def test_messages_that_are_received_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "AT_ONCE", 1)

    async def test() -> None:
        async with listening(Kept()) as listener, Client(listener.place) as one, Client(listener.place) as two:
            assert (await one.begin())[3] == "354"
            assert (await two.begin())[3] == "451"
            assert (await one.deliver(b"x"))[:3] == "250"
            assert (await two.say("DATA"))[:3] == "354"

    run(test)


def test_one_client_leaves_room_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of its own that are too many wait for a while, so that a mail server in front is not put off at once."""
    monkeypatch.setattr(smtp, "TURN_S", 0.3)

    async def test() -> None:
        async with contextlib.AsyncExitStack() as stack:
            listener = await stack.enter_async_context(listening(Kept()))
            clients = [await stack.enter_async_context(Client(listener.place)) for _ in range(10)]
            said = [await client.begin() for client in clients[:4]]
            assert [codes[3] for codes in said] == ["354", "354", "451", "451"]
            other = await stack.enter_async_context(Client(listener.place, "127.0.0.2"))
            assert (await other.begin())[3] == "354"
            waits = asyncio.create_task(clients[5].begin())
            await asyncio.sleep(0.1)
            assert (await clients[0].deliver(b"x"))[:3] == "250"
            assert (await waits)[3] == "354"
            clients[1].writer.transport.abort()
            assert (await clients[6].begin())[3] == "354"

    run(test)


SPEEDS = [
    ("one that stops is hung up on", 0, 0.0, False),
    ("one that drips is hung up on", 1, 0.02, False),
    ("one that is slow, but not as slow as that, is heard", 100, 0.02, True),
]


@pytest.mark.parametrize(("why", "octets", "every_s", "heard"), SPEEDS, ids=[row[0] for row in SPEEDS])
def test_a_message_comes_at_a_least_rate(
    why: str, octets: int, every_s: float, heard: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smtp, "GRACE_S", 0.4)

    async def test() -> None:
        kept = Kept()
        async with listening(kept) as listener, Client(listener.place) as client:
            await client.begin()

            async def send() -> None:
                for _ in range(40 if octets else 0):
                    client.send(b"x" * octets)
                    await asyncio.sleep(every_s)

            if heard:
                await send()
                assert (await client.deliver(b""))[:3] == "250", why
                return
            sending = asyncio.create_task(send())
            assert await client.reply() == "421 4.4.2 The message comes too slowly, try again later"
            sending.cancel()
            with contextlib.suppress(ConnectionError):
                assert await client.reply() == ""
        assert kept.items == []

    run(test)


def test_a_line_feed_alone_ends_no_message() -> None:
    """RFC 5321 §4.1.1.4: what looks like the end to a careless server would smuggle a second message."""

    async def test() -> None:
        kept = Kept()
        smuggled = b"x\n.\nMAIL FROM:<c@d.example>\nRCPT TO:<dmarc@example.com>\nDATA\ny"
        async with listening(kept) as listener, Client(listener.place) as client:
            await client.begin()
            assert (await client.deliver(smuggled))[:3] == "250"
        assert [octets for _, octets in kept.items] == [smuggled + b"\r\n"]

    run(test)


@pytest.mark.parametrize(
    "line",
    [b"x" * 65_536, b"\r\n" * 32_768, b"x\r\n." * 16_384],
    ids=["a line without end", "empty lines", "dots"],
)
def test_what_comes_beyond_a_message_is_not_held_and_ends_the_connection(line: bytes) -> None:
    async def test() -> None:
        kept = Kept()
        async with listening(kept, replace(SETTINGS, max_octets=2**20)) as listener, Client(listener.place) as client:
            await client.begin()
            tracemalloc.start()
            with contextlib.suppress(ConnectionError):
                for _ in range(512):
                    client.send(line)
                    await client.writer.drain()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert client.writer.transport.is_closing()
            assert listener.receiving._value == smtp.AT_ONCE
            assert peak < 6 * 2**20
        assert kept.items == []

    run(test)


def test_what_is_said_after_a_message_is_heard() -> None:
    """Also where it comes with the message in one packet, and after one that was too large."""

    async def test() -> None:
        kept = Kept()
        async with listening(kept, replace(SETTINGS, max_octets=1000)) as listener, Client(listener.place) as client:
            for octets, code in ((b"x", "250"), (b"y" * 1500, "552"), (b".." + b"z" * 997, "250"), (b"z" * 999, "552")):
                await client.begin()
                client.send(octets + b"\r\n.\r\nNOOP\r\nRSET\r\n")
                assert [(await client.reply())[:3] for _ in range(3)] == [code, "250", "250"]
        assert [octets for _, octets in kept.items] == [b"x\r\n", b"." + b"z" * 997 + b"\r\n"]

    run(test)


def test_tls(tmp_path: Path) -> None:
    pem, key = self_signed(tmp_path, ["reports.example.com"], [])
    trusting = ssl.create_default_context(cafile=pem)

    async def test() -> None:
        kept = Kept()
        settings = replace(SETTINGS, certificate=str(pem), key=str(key), require_tls=True)
        async with listening(kept, settings, certified(str(pem), str(key))) as listener, Client(listener.place) as client:
            assert (await client.begin())[1:] == ["530", "530", "530"]
            assert (await client.say("STARTTLS"))[:3] == "220"
            await client.start_tls(trusting, "reports.example.com")
            assert await client.begin() == ["250", "250", "250", "354"]
            assert (await client.deliver(b"x"))[:3] == "250"
        assert len(kept.items) == 1

    run(test)


@pytest.mark.parametrize("options", ["AUTH=<>", "auth=<>", "SIZE=100 AUTH=dmarc+40reporter.example BODY=8BITMIME"])
@pytest.mark.parametrize("tls", [True, False])
def test_nobody_is_to_log_in_and_who_says_so_does_no_harm(tls: bool, options: str, tmp_path: Path) -> None:
    pem, key = self_signed(tmp_path, ["reports.example.com"], [])
    trusting = ssl.create_default_context(cafile=pem)

    async def test() -> None:
        kept = Kept()
        async with listening(kept, context=certified(str(pem), str(key))) as listener, Client(listener.place) as client:
            if tls:
                await client.say("STARTTLS")
                await client.start_tls(trusting, "reports.example.com")
            offered = await client.say("EHLO client.example")
            assert offered.startswith("250-reports.example.com 250-SIZE ")
            assert offered.endswith(" 250 HELP")
            assert ("AUTH" in offered, "STARTTLS" in offered) == (False, not tls)
            assert (await client.say("AUTH PLAIN AGEAYg=="))[:3] == "502"
            assert "AUTH" not in await client.say("HELP")
            assert (await client.say("MAIL FROM:<a@reporter.example> FLY=1"))[:3] == "555"
            assert (await client.say(f"MAIL FROM:<a@reporter.example> {options}"))[:3] == "250"
            assert (await client.say("RCPT TO:<dmarc@example.com>"))[:3] == "250"
            assert (await client.say("DATA"))[:3] == "354"
            assert (await client.deliver(b"x"))[:3] == "250"
        assert kept.items == [("a@reporter.example", b"x\r\n")]

    run(test)


def test_a_place_that_is_taken_is_told() -> None:
    async def test() -> None:
        async with listening(Kept()) as listener:
            with pytest.raises(InputError, match=r"listen 127\.0\.0\.1:\d+: cannot be used \(address already in use\)"):
                await Listener(replace(SETTINGS, port=listener.place[1]), Kept()).start()

    run(test)


def test_a_name_that_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.getfqdn", lambda: "localhost")
    with pytest.raises(InputError, match="this machine calls itself 'localhost', which is no full name"):
        Listener(replace(SETTINGS, name=""), Kept())


@pytest.mark.parametrize(
    ("certificate", "key", "said"),
    [
        ("missing.pem", "key.pem", "cannot be read"),
        ("key.pem", "key.pem", "cannot be used"),
        ("certificate.pem", "x", "cannot be read"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_told(tmp_path: Path, certificate: str, key: str, said: str) -> None:
    self_signed(tmp_path, ["reports.example.com"], [])
    with pytest.raises(InputError, match=said):
        certified(str(tmp_path / certificate), str(tmp_path / key))


@pytest.mark.parametrize(
    "octets",
    [
        b"\r\n" * 50,
        b"\x00\xff\xfe\r\n",
        b"EHLO " + b"x" * 100_000 + b"\r\n",
        b"x" * 1_000_000,
        b"MAIL FROM:<\xff@\xff>\r\n",
        b"EHLO x\r\nMAIL FROM:<a@b> SIZE=99999999999999999999999\r\n",
        b"EHLO x\r\nRCPT TO:<>\r\nDATA\r\n.\r\n",
        b"EHLO x\r\nMAIL FROM:<" + b'"' * 400 + b">\r\n",
        b"AUTH PLAIN AAAA\r\nVRFY x\r\nHELP\r\nHELP DATA\r\nEXPN x\r\nSTARTTLS\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x1b[31mRED\x07\r\n" * 60,
        b"EHLO x\r\nSTARTTLS\r\n\x16\x03\x01garbage that is no TLS" + b"\xff" * 5000,
    ],
)
@pytest.mark.parametrize("reset", [False, True])
def test_nothing_that_a_client_says_stops_the_listener(
    octets: bytes, reset: bool, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Nor does it reach the terminal, as it is or in a traceback."""
    context = certified(*map(str, self_signed(tmp_path, ["reports.example.com"], [])))

    async def test() -> None:
        kept = Kept()
        async with listening(kept, context=context) as listener:
            async with Client(listener.place) as client:
                client.send(octets)
                if reset:
                    client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
                with contextlib.suppress(ConnectionError, TimeoutError):
                    async with asyncio.timeout(0.1):
                        await client.reader.read()
            async with Client(listener.place) as client:
                await client.begin()
                assert (await client.deliver(b"x"))[:3] == "250"
        assert len(kept.items) == 1

    run(test)
    gc.collect()
    assert capfd.readouterr() == ("", "")
