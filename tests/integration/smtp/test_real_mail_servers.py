"""The SMTP probe against Postfix, Exim and OpenSMTPD: it reads what they say, and none of them has a complaint."""

import asyncio
from ipaddress import ip_address
from typing import Any

import pytest

from integration.servers.smtp import Mta, mta
from truehelo.facts.smtp import Ended, SmtpSession, ehlo_reply_name, greeting_name
from truehelo.probes.clock import SystemClock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp import SmtpClient

pytestmark = pytest.mark.integration
IP = "192.0.2.25"


def converse(route: str, **settings: Any) -> tuple[SmtpSession, list[str]]:
    names: list[str] = []
    client = SmtpClient(routes=Routes.parse([route], loopback_only=True), clock=SystemClock(), vantage="test", **settings)
    return asyncio.run(client.converse(ip_address(IP), 25, names.append)), names


def test_greeting_and_ehlo_reply_are_read(server: Mta) -> None:
    session, names = converse(server.route(IP))
    assert session.ended is Ended.QUIT, session
    assert session.greeting is not None
    assert greeting_name(session.greeting).name == server.greeting_name
    assert ehlo_reply_name(session.ehlo) == server.name
    assert names == [server.greeting_name, server.name]


def test_starttls_is_spoken_where_it_is_offered_and_the_certificate_read(server: Mta) -> None:
    session, _ = converse(server.route(IP))
    assert ("STARTTLS" in session.extensions) is server.starttls
    if not server.starttls:
        assert session.tls is None
        return
    assert session.tls is not None, session.detail
    assert session.tls.version in ("TLSv1.2", "TLSv1.3")
    assert session.tls.names == (server.name,)


def test_quit_is_answered(server: Mta) -> None:
    session, _ = converse(server.route(IP), starttls=False)
    assert session.tls is None
    assert [line.text for line in session.transcript if line.who == "C"][-1] == "QUIT"
    assert session.transcript[-1].text.startswith("221 ")


def test_postscreen_is_waited_for_and_sees_no_early_talk() -> None:
    with mta("postfix", "mail.postscreen.example") as server:
        assert server.postscreen is not None
        session, names = converse(f"{IP}:25:{server.postscreen[0]}:{server.postscreen[1]}")
        log = (server.folder / "maillog").read_text()
    assert session.ended is Ended.QUIT, session
    assert session.greeting is not None
    assert session.greeting.lines == ("Welcome, please wait...", "mail.postscreen.example ESMTP Postfix")
    assert names[0] == "mail.postscreen.example"
    first_word = next(line for line in session.transcript if line.who == "C")
    assert first_word.at_s >= 2.0
    assert "PREGREET" not in log
    assert "postscreen" in log
