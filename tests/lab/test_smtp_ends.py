"""Each way in which a conversation of the SMTP probe can end, and what it says and does not say before that."""

import asyncio

import pytest
from talking import GREETING, IP, client, converse

from truehelo.facts.smtp import Ended, SmtpSession
from truehelo.lab import Lab, parse
from truehelo.probes.clock import SystemClock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp import Limits, SmtpClient

ENDINGS = [
    ("a whole conversation", GREETING, Ended.QUIT, 220, True),
    ("a greeting of several lines", 'greeting = ["wait", "mail.good.example ESMTP"]', Ended.QUIT, 220, True),
    ("a masked greeting", GREETING + "masked = true", Ended.QUIT, 220, True),
    ("a greeting without a name", 'greeting = "ready"\nehlo_reply = "mail.good.example"', Ended.QUIT, 220, True),
    ("EHLO refused, HELO taken", GREETING + "ehlo_code = 502", Ended.QUIT, 220, True),
    ("EHLO and HELO refused", GREETING + "ehlo_code = 502\nhelo_code = 504", Ended.QUIT, 220, True),
    ("EHLO put off", GREETING + "ehlo_code = 421", Ended.QUIT, 220, True),
    ("a greeting of 421", GREETING + "code = 421", Ended.REFUSED, 421, False),
    ("a greeting of 554", GREETING + "code = 554", Ended.REFUSED, 554, False),
    ("a greeting of 250", GREETING + "code = 250", Ended.NOT_SMTP, 250, False),
    ("silence", 'speaks = "nothing"', Ended.SILENCE, None, False),
    ("a greeting that comes too late", GREETING + "delay = 5", Ended.SILENCE, None, False),
    ("a greeting that drips too slowly", GREETING + "tarpit = 0.2", Ended.SILENCE, None, False),
    ("a web server", 'speaks = "http"', Ended.HTTP, None, False),
    ("a TLS record", 'speaks = "tls"', Ended.BINARY, None, False),
    ("NULs", 'speaks = "binary"', Ended.BINARY, None, False),
    ("another protocol", 'speaks = "text"', Ended.NOT_SMTP, None, False),
    ("text without end", 'speaks = "flood"', Ended.TOO_MUCH, None, False),
    ("a line without end", f'raw = "220 {"x" * 5000}"', Ended.TOO_MUCH, None, False),
    ("too many lines", f"raw = {['220-x'] * 150}", Ended.TOO_MUCH, None, False),
    ("a connection closed at once", 'hang_up = "connect"', Ended.CLOSED, None, False),
    ("a connection closed after the greeting", GREETING + 'hang_up = "greeting"', Ended.CLOSED, 220, False),
    ("a connection closed at EHLO", GREETING + 'hang_up = "ehlo"', Ended.CLOSED, 220, False),
    ("a connection closed at QUIT", GREETING + 'hang_up = "quit"', Ended.QUIT, 220, True),
    ("an EHLO reply that does not come", GREETING + "ehlo_delay = 5", Ended.TIMEOUT, 220, False),
    ("a malformed EHLO reply", GREETING + 'ehlo_reply = ["x", "y\\nrubbish", "z"]', Ended.NOT_SMTP, 220, False),
    ("STARTTLS", GREETING + "starttls = true", Ended.QUIT, 220, True),
    ("STARTTLS declined", GREETING + 'starttls = "refuse"', Ended.TLS_FAILED, 220, True),
    ("STARTTLS that is none", GREETING + 'starttls = "broken"', Ended.TLS_FAILED, 220, True),
    ("STARTTLS and gone", GREETING + 'starttls = true\nhang_up = "starttls"', Ended.CLOSED, 220, True),
]


@pytest.mark.parametrize(("what", "keys", "ended", "code", "greeted"), ENDINGS, ids=[row[0] for row in ENDINGS])
def test_each_course_has_its_own_end(what: str, keys: str, ended: Ended, code: int | None, greeted: bool) -> None:
    session, _, conversations = converse(keys)
    assert session.ended is ended, session
    assert (session.greeting.code if session.greeting else None) == code
    assert (session.ehlo is not None) is greeted
    assert session.detail or ended is Ended.QUIT, "every other end says why"
    assert session.took_s < 3
    assert [talk.early for talk in conversations] == [b""] * len(conversations), "nothing was said before the greeting"
    said = [line for talk in conversations for line in talk.received]
    assert not any(line.upper().startswith(("MAIL", "RCPT", "DATA", "AUTH")) for line in said)
    before_greeting = session.greeting is None
    assert bool(said) is not before_greeting or ended is Ended.CLOSED or code in (421, 554, 250)


@pytest.mark.parametrize(
    "keys",
    [
        GREETING,
        GREETING + "code = 421",
        GREETING + "code = 554",
        GREETING + "ehlo_code = 421",
        GREETING + "ehlo_delay = 5",
        GREETING + "ehlo_delay = 0\nehlo_code = 502\nhelo_code = 504",
        GREETING + "starttls = true",
        GREETING + 'starttls = "refuse"',
    ],
)
def test_quit_is_said_whenever_a_greeting_came_and_the_connection_lives(keys: str) -> None:
    session, _, _ = converse(keys, timeout=0.3)
    assert [line.text for line in session.transcript if line.who == "C"][-1] == "QUIT"


def test_a_port_where_nobody_listens_is_unreachable() -> None:
    async def run() -> SmtpSession:
        async with Lab(parse("")) as lab:
            return await client(lab).converse(IP, 25)

    session = asyncio.run(run())
    assert (session.ended, session.detail) == (Ended.UNREACHABLE, "connection refused")


def test_nothing_but_loopback_is_contacted_under_the_guard() -> None:
    lone = SmtpClient(routes=Routes.parse((), loopback_only=True), clock=SystemClock(), vantage="here")
    session = asyncio.run(lone.converse(IP, 25))
    assert session.ended is Ended.UNREACHABLE
    assert session.detail == "not contacted: TRUEHELO_LOOPBACK_ONLY is set"


def test_a_connection_that_does_not_come_about_is_its_own_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        await asyncio.sleep(60)

    monkeypatch.setattr(asyncio, "open_connection", never)
    lone = SmtpClient(routes=Routes.parse((":25:127.0.0.1:9",)), clock=SystemClock(), connect_timeout=0.05)
    session = asyncio.run(lone.converse(IP, 25))
    assert (session.ended, session.detail) == (Ended.CONNECT_TIMEOUT, "no connection within 0.05 s")


def test_the_whole_conversation_is_bounded_in_time() -> None:
    session, _, _ = converse(GREETING + "delay = 5", greeting_timeout=60.0, limits=Limits(total_s=0.2))
    assert (session.ended, session.detail) == (Ended.SILENCE, "not over after 0.2 s")
    session, _, _ = converse(GREETING + "ehlo_delay = 5", timeout=60.0, limits=Limits(total_s=0.2))
    assert (session.ended, session.greeting is not None) == (Ended.TIMEOUT, True)
