"""A mailbox on a real Dovecot: every way to log in, nothing put away before it is stored, every report once."""

import asyncio
import functools
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from integration.intake.kept import Remembered, counts, made, mail, numbered
from integration.servers.dovecot import IP, PASSWORD, TOKEN, USER, Dovecot, dovecot
from truehelo.app import receiving
from truehelo.app.receiving import Receiving
from truehelo.configuration.channels import Secret
from truehelo.configuration.mailboxes import ImapSettings
from truehelo.configuration.reports import ReportSettings
from truehelo.intake.bell import Bell, Stopped
from truehelo.intake.imap import ImapMailbox, trusting
from truehelo.intake.item import IntakeError, Item, Outcome
from truehelo.probes.clock import SystemClock
from truehelo.service.health import Health

pytestmark = pytest.mark.integration
STORED, REFUSED = Outcome.STORED, Outcome.REFUSED


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with dovecot() as started:
        yield started


@pytest.fixture
def box(server: Dovecot) -> Dovecot:
    """The server, with three messages in its inbox and nothing anywhere else."""
    for folder in server.inbox.glob("**/*"):
        if folder.is_file() and folder.parent.name in ("cur", "new"):
            folder.unlink()
    for name in ("one", "two", "three"):
        server.deliver(name, f"Subject: {name}\r\n\r\nx\r\n".encode())
    return server


def settings(server: Dovecot, **more: object) -> ImapSettings:
    return replace(
        ImapSettings(name="box", host=IP, port=server.tls_port, user=USER, ca_file=server.ca_file, timeout_s=60.0),
        **more,  # type: ignore[arg-type]
    )


def mailbox(held: ImapSettings, memory: Remembered | None = None, secret: str | None = None) -> ImapMailbox:
    login = secret or (PASSWORD if held.auth == "password" else TOKEN)
    return ImapMailbox(held, lambda: login, Remembered() if memory is None else memory, _trusting(held.ca_file))


_trusting = functools.cache(trusting)


def taken(found: Iterator[Item], outcome: Outcome = STORED) -> list[str]:
    """Take all of it; return the subjects."""
    subjects = []
    for item in found:
        with item.open() as stream:
            subjects.append(stream.readline().decode().partition(": ")[2].strip())
        item.done(outcome)
    return subjects


@pytest.mark.parametrize("auth", ["password", "oauthbearer", "xoauth2"])
@pytest.mark.parametrize("tls", ["tls", "starttls", "none"])
def test_every_way_to_log_in(box: Dovecot, auth: str, tls: str) -> None:
    port = box.tls_port if tls == "tls" else box.port
    held = settings(box, auth=auth, tls=tls, port=port)
    assert sorted(taken(mailbox(held).items(Bell()))) == ["one", "three", "two"]


def test_a_login_that_is_refused_is_told_without_the_password(box: Dovecot) -> None:
    with pytest.raises(IntakeError, match=r"Authentication failed") as caught:
        taken(mailbox(settings(box, auth="xoauth2"), secret="wrong-token").items(Bell()))  # noqa: S106
    assert "wrong-token" not in str(caught.value)


def test_a_certificate_of_nobody_known_is_refused(box: Dovecot) -> None:
    with pytest.raises(IntakeError, match="certificate verify failed"):
        taken(mailbox(settings(box, ca_file="")).items(Bell()))


@pytest.mark.parametrize(
    ("after", "inbox", "done"),
    [
        ("leave", {"one": "", "two": "", "three": ""}, 0),
        ("seen", {"one": "S", "two": "S", "three": "S"}, 0),
        ("move", {}, 3),
        ("delete", {}, 0),
    ],
)
def test_messages_are_put_away_once_they_are_stored_and_not_before(
    box: Dovecot, after: str, inbox: dict[str, str], done: int
) -> None:
    memory = Remembered()
    made_of = mailbox(settings(box, after=after, folder_done="Reports & more" if after == "move" else ""), memory)
    before = []
    for item in made_of.items(Bell()):
        before.append(box.messages())
        assert memory == {}
        item.done(STORED)
    assert before == [{"one": "", "two": "", "three": ""}] * 3
    assert box.messages() == inbox
    assert len(box.messages("Reports &- more")) == done
    assert taken(made_of.items(Bell())) == []
    box.deliver("four", b"Subject: four\r\n\r\nx\r\n")
    assert taken(made_of.items(Bell())) == ["four"]


def test_what_is_refused_goes_where_it_is_to_go_and_is_read_once(box: Dovecot) -> None:
    made_of = mailbox(settings(box, after="delete", folder_refused="Refused"), Remembered())
    assert len(taken(made_of.items(Bell()), REFUSED)) == 3
    assert (box.messages(), len(box.messages("Refused"))) == ({}, 3)
    assert taken(made_of.items(Bell())) == []


def test_what_is_refused_stays_where_nothing_is_said(box: Dovecot) -> None:
    made_of = mailbox(settings(box, after="delete"), Remembered())
    assert len(taken(made_of.items(Bell()), REFUSED)) == 3
    assert box.messages() == {"one": "", "two": "", "three": ""}
    assert taken(made_of.items(Bell())) == []


def test_where_it_breaks_off_what_is_stored_is_put_away_and_the_rest_is_read_again(box: Dovecot) -> None:
    made_of = mailbox(settings(box, after="delete"), Remembered())
    with closing(made_of.items(Bell())) as items:
        for number, item in enumerate(items):
            if number == 2:
                break  # the store has failed: this one is not done
            item.done(STORED)
    assert len(box.messages()) == 1
    assert len(taken(made_of.items(Bell()))) == 1
    assert box.messages() == {}


def test_a_message_that_is_too_large_is_refused(box: Dovecot) -> None:
    box.deliver("large", b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" * 40_000)
    found = {}
    for item in mailbox(settings(box, max_octets=2**16)).items(Bell()):
        try:
            item.open().close()
            item.done(STORED)
        except IntakeError as error:
            found[item.name] = str(error)
            item.done(REFUSED)
    assert list(found.values()) == ["is larger than 0 MiB"]
    assert box.messages()["large"] == ""


def test_a_folder_with_new_numbers_is_read_from_its_beginning(box: Dovecot) -> None:
    """UIDVALIDITY has changed: what the numbers meant is lost (RFC 9051 §2.3.1.1)."""
    memory = Remembered()
    made_of = mailbox(settings(box, after="leave"), memory)
    assert len(taken(made_of.items(Bell()))) == 3
    ((key, value),) = memory.items()
    memory[key] = f"1{value}"
    assert len(taken(made_of.items(Bell()))) == 3


@pytest.mark.parametrize("idle", [True, False])
def test_new_mail_is_told_by_the_server_and_a_stop_ends_the_wait(box: Dovecot, idle: bool) -> None:
    made_of = mailbox(settings(box, idle=idle, interval_s=300.0 if idle else 0.2))
    bell, found, quiet, ended = Bell(), list[str](), threading.Event(), threading.Event()

    def follow() -> None:
        try:
            for item in made_of.follow(bell):
                if item is None:
                    quiet.set()
                else:
                    found.extend(taken(iter([item])))
        except Stopped:
            ended.set()

    thread = threading.Thread(target=follow, daemon=True)
    thread.start()
    assert quiet.wait(60)
    for name in ("four", "five"):
        time.sleep(0.2)
        box.deliver(name, f"Subject: {name}\r\n\r\nx\r\n".encode())
        _until(lambda name=name: name in found)  # type: ignore[misc]
    bell.ring()
    assert ended.wait(60), "sooner than the next time it would have looked by itself"
    assert sorted(found) == ["five", "four", "one", "three", "two"]
    thread.join(60)


def _until(true: "object", seconds: float = 120.0) -> None:
    assert callable(true)
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to it"
        time.sleep(0.02)


def test_every_report_once_though_the_server_is_killed_in_the_middle(
    box: Dovecot, tmp_path: Path, store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiving, "FIRST_S", 0.1)
    monkeypatch.setattr(receiving, "LONGEST_S", 0.5)
    (tmp_path / "password").write_text(PASSWORD)
    held = settings(box, after="move", folder_done="Stored", folder_refused="Refused", secret=Secret(file="password"))
    database = made(store_url)
    reports = [numbered(number) for number in range(24)]
    messages = sum(file.truth.messages for file in reports)

    async def test() -> None:
        made_of = Receiving(
            ReportSettings(mailboxes=(held,), refused=str(tmp_path / "refused")),
            database,
            folder=tmp_path,
            health=Health(SystemClock()),
            log=print,
        )
        await made_of.start()
        try:
            for number, file in enumerate(reports):
                box.deliver(f"r{number}", mail(file))
                await asyncio.sleep(0.03)
                if number in (5, 11):
                    box.hang_up()
                if number == 17:
                    await asyncio.to_thread(box.stop, signal.SIGKILL)
                    await asyncio.to_thread(box.start)
            await asyncio.to_thread(_until, lambda: counts(database)[0] == len(reports) and not box.messages(), 240.0)
        finally:
            await made_of.aclose()

    asyncio.run(test())
    assert counts(database)[:2] == (len(reports), messages)
    # The three messages of the fixture hold no report: refused, kept aside, and moved. A server that dies while it moves a
    # message may have copied it, and not yet taken it out of the inbox: then it is moved again.
    assert len(box.messages("Stored")) >= len(reports)
    assert len(list((tmp_path / "refused").glob("*.bin"))) == 3 <= len(box.messages("Refused"))
    database.close()
