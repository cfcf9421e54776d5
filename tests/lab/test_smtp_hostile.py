"""The SMTP probe against servers that say anything at all: whatever comes is a fact, and it ends in bounded time."""

import asyncio
import random
import time
from collections import Counter

from talking import IP

from truehelo.facts.smtp import Ended, SmtpSession
from truehelo.probes.clock import SystemClock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp import SmtpClient

SEED = 20240229
CONVERSATIONS = 300
PIECES = [
    *(
        b"220 mail.good.example ESMTP\r\n",
        b"220-wait\r\n",
        b"250-mail.good.example\r\n",
        b"250 STARTTLS\r\n",
        b"220 go\r\n",
    ),
    *(
        b"421 later\r\n",
        b"502 no\r\n",
        b"\r\n",
        b"\n",
        b"\x16\x03\x01\x00\x05",
        b"\x00\xff",
        b"HTTP/1.0 400\r\n",
        b"22",
        b"0 ",
    ),
    *(b"x" * 3000, "220 münchen.example ESMTP\r\n".encode(), b"220 \x1b[2J.example\r\n", b"250 [IPv6:zz]\r\n"),
]


async def against(script: list[list[bytes]], *, port: int = 25) -> SmtpSession:
    """Converse with a server that sends the next pieces of its script whenever it hears something, and then hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for pieces in script:
                for piece in pieces:
                    writer.write(piece)
                    await writer.drain()
                if not await reader.read(4096):
                    break
        except OSError:
            return
        finally:
            writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        place = server.sockets[0].getsockname()[1]
        client = SmtpClient(
            routes=Routes.parse([f"::127.0.0.1:{place}"], loopback_only=True),
            clock=SystemClock(),
            timeout=0.2,
            greeting_timeout=0.2,
        )
        return await client.converse(IP, port)


def test_random_servers_never_raise_and_never_hold_us_up() -> None:
    chance = random.Random(SEED)  # noqa: S311  # a test that is the same each time
    scripts = [
        [chance.choices(PIECES, k=chance.randint(0, 4)) for _ in range(chance.randint(1, 4))] for _ in range(CONVERSATIONS)
    ]

    async def main() -> list[SmtpSession]:
        gate = asyncio.Semaphore(20)

        async def one(script: list[list[bytes]]) -> SmtpSession:
            async with gate:
                return await against(script, port=chance.choice([25, 25, 25, 465]))

        return await asyncio.gather(*(one(script) for script in scripts))

    began = time.monotonic()
    sessions = asyncio.run(main())
    endings = Counter(session.ended for session in sessions)
    assert sum(endings.values()) == CONVERSATIONS
    assert Ended.INTERRUPTED not in endings
    assert len(endings) >= 6, endings
    assert all(session.took_s < 2 for session in sessions)
    assert time.monotonic() - began < 30


def test_words_put_between_starttls_and_tls_are_not_taken_for_the_servers() -> None:
    session = asyncio.run(
        against(
            [
                [b"220 mail.good.example ESMTP\r\n"],
                [b"250-mail.good.example\r\n250 STARTTLS\r\n"],
                [b"220 go\r\n250 injected.example\r\n"],
            ]
        )
    )
    assert (session.ended, session.detail) == (Ended.TLS_FAILED, "the server went on in plain text after STARTTLS")
    assert session.ehlo is not None
    assert session.ehlo.lines[0] == "mail.good.example"
    assert [line.text for line in session.transcript if line.who == "C"][-1] == "STARTTLS"


def test_a_reply_that_comes_in_single_octets_is_whole() -> None:
    session = asyncio.run(
        against(
            [
                [bytes([octet]) for octet in b"220 mail.good.example ESMTP\r\n"],
                [b"250 mail.good.example\r\n"],
                [b"221 bye\r\n"],
            ]
        )
    )
    assert session.ended is Ended.QUIT


def test_a_greeting_that_breaks_off_is_told_as_it_was() -> None:
    session = asyncio.run(against([[b"220-Welcome\r\n220 mail.goo"]]))
    assert (session.ended, session.greeting) == (Ended.SILENCE, None)
    assert session.detail == "no greeting within 0.2 s, but a part of it"
    assert [line.text for line in session.transcript if line.who == "S"] == ["220-Welcome", "220 mail.goo"]
