"""Mail over a real SMTP server: what is taken, what may be tried again, and what is said of it."""

import asyncio
import email
import email.policy
import time
from pathlib import Path
from typing import Any

import pytest

from support.alertservers import Mailbox, certificate, raw_server, smtp_server
from support.messages import EVIL, KEY, OPENED
from truehelo.alerts import Place
from truehelo.alerts.email import EmailChannel, build
from truehelo.configuration.channels import EmailSettings, Secret
from truehelo.ports import ChannelError

BOTH = ("a@example.net", "b@example.net")


def channel(port: int, folder: Path = Path(), **changed: Any) -> EmailChannel:
    settings: dict[str, Any] = {
        "name": "ops",
        "kind": "email",
        "timeout_s": 5.0,
        "host": "127.0.0.1",
        "port": port,
        "tls": "none",
        "sender": "alerts@example.net",
        "sender_name": "truehelo",
        "recipients": BOTH,
        "envelope": "bounces@example.net",
        "helo": "watch.example.net",
    }
    return build(
        EmailSettings(**settings | changed), Place(folder=folder, environment={"P": "hunter2", "WRONG": "hunter3"})
    )


def sent(port: int, **changed: Any) -> str:
    return asyncio.run(channel(port, **changed).send(OPENED, KEY))


def refused(port: int, **changed: Any) -> ChannelError:
    with pytest.raises(ChannelError) as raised:
        sent(port, **changed)
    assert "hunter" not in raised.value.detail
    assert raised.value.detail.isprintable()
    return raised.value


def test_a_message_is_taken_once_for_all_recipients() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        assert sent(port) == f"127.0.0.1:{port}: queued as 4F2A"
    (envelope,) = mailbox.envelopes
    assert (envelope.mail_from, tuple(envelope.rcpt_tos)) == ("bounces@example.net", BOTH)
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)  # type: ignore[arg-type]
    assert mail["Subject"] == OPENED.subject
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


def test_hostile_text_arrives_as_text() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        asyncio.run(channel(port).send(EVIL, KEY))
    mail = email.message_from_bytes(mailbox.envelopes[0].content, policy=email.policy.default)  # type: ignore[arg-type]
    assert "Bcc" not in mail
    assert set(mailbox.envelopes[0].rcpt_tos) == set(BOTH)


def test_the_null_sender_may_be_used() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        sent(port, envelope="")
    assert mailbox.envelopes[0].mail_from == "<>"  # as aiosmtpd tells the empty one


def test_the_same_key_makes_the_same_message_id_on_every_try() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        sent(port)
        sent(port)
    ids = {email.message_from_bytes(envelope.content)["Message-ID"] for envelope in mailbox.envelopes}  # type: ignore[arg-type]
    assert len(mailbox.envelopes) == 2
    assert len(ids) == 1


@pytest.mark.parametrize(
    ("why", "answers", "temporary"),
    [
        ("the sender is refused for now", {"mail": "450 4.7.1 later"}, True),
        ("the sender is refused", {"mail": "550 5.7.1 go away"}, False),
        ("the message is refused for now", {"data": "451 4.3.0 later"}, True),
        ("the message is refused", {"data": "554 5.7.1 no"}, False),
        ("all recipients are refused for now", {"rcpt": dict.fromkeys(BOTH, "450 4.2.0 greylisted")}, True),
        ("all recipients are refused", {"rcpt": dict.fromkeys(BOTH, "550 5.1.1 unknown")}, False),
        ("one for now, the other for good", {"rcpt": {BOTH[0]: "450 4.2.0 x", BOTH[1]: "550 5.1.1 y"}}, True),
    ],
)
def test_a_refusal(why: str, answers: dict[str, Any], temporary: bool) -> None:
    with smtp_server(Mailbox(**answers)) as port:
        error = refused(port)
    assert error.temporary is temporary, why
    assert any(code in error.detail for code in ("450", "451", "550", "554"))


def test_whoever_has_got_it_is_not_sent_it_again_on_the_next_try() -> None:
    mailbox = Mailbox(rcpt={BOTH[1]: "450 4.2.0 greylisted"})

    async def twice(port: int) -> None:
        ops = channel(port)
        with pytest.raises(ChannelError, match=r"refused b@example\.net: 450 .* \(others have got it: a@example\.net\)"):
            await ops.send(OPENED, KEY)
        mailbox.rcpt.clear()
        await ops.send(OPENED, KEY)
        await ops.send(OPENED, KEY)  # a redelivery

    with smtp_server(mailbox) as port:
        asyncio.run(twice(port))
    assert [envelope.rcpt_tos for envelope in mailbox.envelopes] == [[BOTH[0]], [BOTH[1]], list(BOTH)]


def test_a_recipient_that_is_refused_for_good_is_named_and_the_others_count() -> None:
    with smtp_server(Mailbox(rcpt={BOTH[1]: "550 5.1.1 unknown"})) as port:
        assert "refused b@example.net: 550 5.1.1 unknown" in sent(port)


def test_starttls_and_login(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, tls_context=certificate(tmp_path), require_starttls=True, auth_required=True) as port:
        password = Secret(env="P")
        sent(port, folder=tmp_path, tls="starttls", ca_file="cert.pem", user="watch", password=password)
    assert mailbox.tls == [True]
    assert mailbox.logins == ["watch hunter2"]


def test_tls_from_the_first_octet(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, ssl_context=certificate(tmp_path)) as port:
        sent(port, folder=tmp_path, tls="tls", ca_file="cert.pem")
    assert len(mailbox.envelopes) == 1


def test_a_wrong_password_is_refused_and_not_told(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, tls_context=certificate(tmp_path), auth_required=True) as port:
        password = Secret(env="WRONG")
        error = refused(port, folder=tmp_path, tls="starttls", ca_file="cert.pem", user="watch", password=password)
    assert not error.temporary
    assert "535" in error.detail
    assert mailbox.envelopes == []


def test_a_certificate_that_nobody_vouches_for_is_no_way(tmp_path: Path) -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox, tls_context=certificate(tmp_path)) as port:
        error = refused(port, tls="starttls")
    assert error.temporary
    assert "certificate" in error.detail.lower()
    assert mailbox.envelopes == []


def test_a_server_without_starttls_gets_no_mail_in_clear() -> None:
    mailbox = Mailbox()
    with smtp_server(mailbox) as port:
        error = refused(port, tls="starttls")
    assert (error.temporary, error.tries) == (True, 6)
    assert "STARTTLS" in error.detail
    assert mailbox.envelopes == []


def test_nobody_listens() -> None:
    async def nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None: ...

    async def closed() -> int:
        async with raw_server(nothing) as port:
            return port

    assert refused(asyncio.run(closed())).temporary


GREETING = b"220 hidden.example ESMTP\r\n"


async def says(writer: asyncio.StreamWriter, octets: bytes) -> None:
    writer.write(octets)
    await writer.drain()


async def hangs_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Closes in the middle of the message."""
    await says(writer, GREETING)
    while line := await reader.readline():
        if line.upper().startswith(b"DATA"):
            await says(writer, b"354 go\r\n")
            await reader.readline()
            return
        await says(writer, b"250 ok\r\n")


async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Accepts the connection and says nothing."""
    await reader.read()


async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every command just in time, for ever."""
    await says(writer, GREETING)
    while await reader.readline():
        await asyncio.sleep(0.3)
        await says(writer, b"250-more\r\n")


async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await says(writer, b"\x00\xff\x1b[2J hello\r\n" * 50)
    await reader.read()


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A reply line that does not end."""
    for _ in range(200):
        await says(writer, b"220-" + b"x" * 60_000)


async def busy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await says(writer, b"421 4.3.2 too busy\r\n")


@pytest.mark.parametrize("talk", [hangs_up, silent, slow, nonsense, endless, busy], ids=lambda talk: talk.__name__)
def test_a_server_that_fails_is_tried_again_and_holds_nobody_up(talk: Any) -> None:
    async def run() -> ChannelError:
        async with raw_server(talk) as port:
            with pytest.raises(ChannelError) as raised:
                await channel(port, timeout_s=1.0).send(OPENED, KEY)
            return raised.value

    began = time.monotonic()
    error = asyncio.run(run())
    assert error.temporary
    assert error.detail.isprintable()
    assert len(error.detail) <= 300
    assert time.monotonic() - began < 5


def test_a_slow_server_that_takes_the_message_in_time_has_taken_it() -> None:
    mailbox = Mailbox(delay_s=1.0)
    with smtp_server(mailbox) as port:
        sent(port, timeout_s=4.0)
    assert len(mailbox.envelopes) == 1


def test_many_messages_at_once_go_through() -> None:
    mailbox = Mailbox()

    async def many(port: int) -> None:
        ops = channel(port)
        await asyncio.gather(*(ops.send(OPENED, f"{number}") for number in range(20)))

    with smtp_server(mailbox) as port:
        asyncio.run(many(port))
    assert len({email.message_from_bytes(each.content)["Message-ID"] for each in mailbox.envelopes}) == 20  # type: ignore[arg-type]
