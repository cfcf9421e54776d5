"""What the SMTP probe learns in a conversation: names and when, TLS, the transcript; and that it waits its turn."""

import asyncio
import time
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
from talking import GREETING, IP, client, converse

from truehelo.errors import InputError
from truehelo.facts.smtp import Ended, GreetingForm, Line, SmtpSession, greeting_name
from truehelo.facts.tls import TlsSession
from truehelo.lab import Lab, parse
from truehelo.ports import SmtpProbe
from truehelo.probes.clock import SystemClock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp import SmtpClient


def test_a_slow_greeting_of_several_lines_is_waited_for_without_a_word() -> None:
    session, names, (talk,) = converse(
        'greeting = ["Welcome, please wait...", "mail.good.example ESMTP"]\nstrict = true\ndelay = 0.3\nline_delay = 0.5',
        greeting_timeout=5.0,
    )
    assert session.ended is Ended.QUIT
    assert session.greeting is not None
    assert greeting_name(session.greeting).name == "mail.good.example"
    assert names[0] == "mail.good.example"
    assert talk.early == b""
    first_word = next(line for line in session.transcript if line.who == "C")
    assert first_word.at_s >= 0.8


def test_the_lab_notices_a_client_that_talks_early() -> None:
    async def run() -> tuple[bytes, bytes]:
        text = f'[[smtp]]\nip = "192.0.2.25"\n{GREETING}delay = 0.2\nstrict = true\n'
        async with Lab(parse(text)) as lab:
            host, port = lab.connect_to[0].split(":", 2)[2].rsplit(":", 1)
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(b"EHLO hasty.example\r\n")
            reply = await reader.read()
            writer.close()
            return reply, lab.conversations[0].early

    assert asyncio.run(run()) == (b"550 5.5.1 Protocol error\r\n", b"EHLO hasty.example\r\n")


def test_names_are_told_the_moment_they_are_seen() -> None:
    async def run() -> list[tuple[str, float]]:
        told: list[tuple[str, float]] = []
        text = f'[[smtp]]\nip = "192.0.2.25"\n{GREETING}ehlo_reply = "other.good.example"\nehlo_delay = 0.3\n'
        async with Lab(parse(text)) as lab:
            began = time.monotonic()
            await client(lab).converse(IP, 25, lambda name: told.append((name, time.monotonic() - began)))
        return told

    (first, first_at), (second, second_at) = asyncio.run(run())
    assert (first, second) == ("mail.good.example", "other.good.example")
    assert first_at < 0.2
    assert second_at >= 0.3


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (GREETING, ["mail.good.example", "mail.good.example"]),
        (GREETING + 'masked = true\nehlo_reply = "mail.good.example"', ["mail.good.example"]),
        ('greeting = "ready"\nehlo_reply = "mail.good.example"', ["mail.good.example"]),
        ('greeting = "mailhost ESMTP"\nehlo_reply = "mailhost"', ["mailhost", "mailhost"]),
        (GREETING + "code = 554", []),
        (GREETING + "ehlo_code = 502\nhelo_code = 504", ["mail.good.example"]),
        (
            'raw = ["220 teaser.example", "220 mail.good.example ESMTP"]',
            ["teaser.example", "mail.good.example", "localhost"],
        ),
    ],
)
def test_the_names_told_are(keys: str, names: list[str]) -> None:
    session, told, _ = converse(keys)
    assert told == names, session.transcript


def test_of_two_greetings_in_a_row_the_last_counts() -> None:
    session, _, _ = converse(
        'raw = ["220 teaser.example", "220 mail.good.example ESMTP"]\nehlo_reply = "mail.good.example"'
    )
    assert session.greeting is not None
    assert session.greeting.lines == ("teaser.example", "mail.good.example ESMTP")
    assert session.ehlo is not None
    assert session.ehlo.lines == ("mail.good.example",)


def test_a_masked_greeting_is_seen_as_one() -> None:
    session, _, _ = converse(GREETING + "masked = true\nstarttls = true")
    assert session.greeting is not None
    assert greeting_name(session.greeting).form is GreetingForm.MASKED
    assert "XXXXXXXA" in session.extensions
    assert session.tls is None


def test_the_certificate_of_starttls_is_read() -> None:
    session, _, (talk,) = converse(GREETING + 'starttls = true\ncertificate = ["mail.good.example", "imap.good.example"]')
    assert session.tls is not None
    assert session.tls.version.startswith("TLSv1.")
    assert session.tls.cipher
    assert (session.tls.subject, session.tls.issuer) == ("mail.good.example", "CN=mail.good.example")
    assert session.tls.names == ("mail.good.example", "imap.good.example")
    assert session.tls.not_before is not None
    assert session.tls.not_after is not None
    assert session.tls.not_before < datetime.now(UTC) < session.tls.not_after
    assert talk.tls
    assert [line.split()[0] for line in talk.received] == ["EHLO", "STARTTLS", "QUIT"]


def test_starttls_is_left_alone_when_it_is_not_wanted() -> None:
    session, _, (talk,) = converse(GREETING + "starttls = true", starttls=False)
    assert session.tls is None
    assert "STARTTLS" in session.extensions
    assert [line.split()[0] for line in talk.received] == ["EHLO", "QUIT"]


def test_a_failure_of_tls_keeps_what_was_learned() -> None:
    session, names, _ = converse(GREETING + 'starttls = "broken"')
    assert session.ended is Ended.TLS_FAILED
    assert names == ["mail.good.example", "mail.good.example"]
    assert session.ehlo is not None


def test_port_465_speaks_tls_from_the_start() -> None:
    session, names, _ = converse(GREETING + "port = 465\ntls = true", port=465)
    assert session.ended is Ended.QUIT
    assert session.tls is not None
    assert names[0] == "mail.good.example"


@pytest.mark.parametrize(("keys", "port"), [("starttls = true", 25), ("port = 465\ntls = true", 465)])
def test_tls_of_which_nothing_can_be_read_costs_no_name(keys: str, port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreadable(_: object) -> TlsSession:
        raise RuntimeError("what nobody expected")

    monkeypatch.setattr("truehelo.probes.smtp.conversation.tls_facts", unreadable)
    session, names, _ = converse(GREETING + keys, port=port)
    assert session.ended is Ended.QUIT
    assert names == ["mail.good.example", "mail.good.example"]
    assert session.ehlo is not None
    assert session.tls == TlsSession(version="", cipher="")
    assert "TLS, of which nothing could be read (RuntimeError)" in [line.text for line in session.transcript]


def test_plain_text_on_port_465_is_a_failure_of_tls() -> None:
    session, _, _ = converse(GREETING + "port = 465", port=465)
    assert (session.ended, session.greeting) == (Ended.TLS_FAILED, None)
    assert "wrong version number" in session.detail


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("probe.example", "EHLO probe.example"),
        ("[192.0.2.1]", "EHLO [192.0.2.1]"),
        ("[IPv6:2001:db8::1]", "EHLO [IPv6:2001:db8::1]"),
    ],
)
def test_the_name_for_ehlo_can_be_chosen(name: str, said: str) -> None:
    _, _, (talk,) = converse(GREETING, ehlo_name=name)
    assert talk.received[0] == said


@pytest.mark.parametrize(
    ("host", "said"),
    [("mx.example", "EHLO mx.example"), ("laptop", "EHLO [127.0.0.1]"), ("bad_name.example", "EHLO [127.0.0.1]")],
)
def test_a_machine_without_a_full_name_says_its_address(monkeypatch: pytest.MonkeyPatch, host: str, said: str) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: host)
    _, _, (talk,) = converse(GREETING)
    assert talk.received[0] == said


@pytest.mark.parametrize("name", ["", "two words", "x\r\nMAIL FROM:<>", "[192.0.2.300]", "münchen.example"])
def test_a_name_that_cannot_stand_in_ehlo_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="is no name for EHLO"):
        SmtpClient(routes=Routes(), clock=SystemClock(), ehlo_name=name)


def test_a_transcript_says_who_spoke_and_when() -> None:
    session, _, _ = converse(GREETING)
    assert [(line.who, line.text) for line in session.transcript[:3]] == [
        ("*", "connected"),
        ("S", "220 mail.good.example ESMTP"),
        ("C", session.transcript[2].text),
    ]
    times = [line.at_s for line in session.transcript]
    assert times == sorted(times)
    assert all(isinstance(line, Line) and 0 <= line.at_s <= session.took_s for line in session.transcript)
    assert (session.ip, session.port, session.vantage) == ("192.0.2.25", 25, "here")
    assert session.connected_to.startswith("127.0.0.1:")


def test_a_hostile_greeting_is_kept_as_data() -> None:
    session, names, _ = converse('raw = "220 \\u001b[31mevil.example\\u0007 ESMTP"')
    assert session.greeting is not None
    assert session.greeting.lines == ("\x1b[31mevil.example\x07 ESMTP",)
    assert all("\x1b" not in name or name.startswith("\x1b") for name in names)


def test_a_cancelled_conversation_returns_what_it_has_and_the_cancellation_still_counts() -> None:
    async def run() -> tuple[list[SmtpSession], bool]:
        kept: list[SmtpSession] = []
        async with Lab(parse(f'[[smtp]]\nip = "192.0.2.25"\n{GREETING}ehlo_delay = 9\n')) as lab:

            async def keep() -> None:
                kept.append(await client(lab, timeout=9.0).converse(IP, 25))
                await asyncio.sleep(9)

            task = asyncio.create_task(keep())
            await asyncio.sleep(0.2)
            task.cancel()
            await asyncio.wait([task], timeout=1)
            return kept, task.cancelled()

    (session,), cancelled = asyncio.run(run())
    assert cancelled
    assert session.ended is Ended.INTERRUPTED
    assert session.greeting is not None


def test_a_timeout_around_a_conversation_still_times_out() -> None:
    async def run() -> SmtpSession | None:
        session = None
        async with Lab(parse('[[smtp]]\nip = "192.0.2.25"\nspeaks = "nothing"\n')) as lab:
            try:
                async with asyncio.timeout(0.1):
                    session = await client(lab, greeting_timeout=9.0).converse(IP, 25)
                    await asyncio.sleep(9)
            except TimeoutError:
                return session
        return None

    session = asyncio.run(run())
    assert session is not None
    assert session.ended is Ended.INTERRUPTED


def test_a_hundred_conversations_at_once_take_hardly_longer_than_one() -> None:
    async def run() -> tuple[float, list[SmtpSession]]:
        ips = [f"198.51.100.{n}" for n in range(1, 101)]
        text = f"[[smtp]]\nip = {ips}\n{GREETING}delay = 0.3\n"
        async with Lab(parse(text)) as lab:
            began = time.monotonic()
            probe = client(lab, greeting_timeout=9.0)
            sessions = await asyncio.gather(*(probe.converse(ip_address(ip), 25) for ip in ips))
            return time.monotonic() - began, sessions

    took, sessions = asyncio.run(run())
    assert all(session.ended is Ended.QUIT for session in sessions)
    assert took < 3


def test_an_address_of_one_family_is_told_when_the_machine_lacks_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none(*_: object) -> None:
        raise OSError(97, "Address family not supported by protocol")

    monkeypatch.setattr(asyncio, "open_connection", none)
    probe: SmtpProbe = SmtpClient(routes=Routes(), clock=SystemClock())
    session = asyncio.run(probe.converse(ip_address("2001:db8::25"), 25))
    assert (session.ended, session.detail) == (Ended.UNREACHABLE, "no address of this family here")
    assert session.connected_to == "[2001:db8::25]:25"
