"""The services: `reports listen`, and `watch` beside its own work; and the `Keeper` that both and the import store by."""

import asyncio
import io
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from integration.intake.kept import counts, made, mail, numbered
from support.freeport import free_port
from support.ports import FrozenClock
from support.reportmail import ODD_HEADERS
from truehelo.app.receiving import receiving
from truehelo.app.reporting import MAX_TOLD, Keeper, Refusal
from truehelo.cli.main import run
from truehelo.configuration.mailboxes import MaildirSettings
from truehelo.configuration.reports import ReportSettings
from truehelo.intake.aside import Aside
from truehelo.intake.item import IntakeError, Item, Outcome, held
from truehelo.service.health import Health
from truehelo.store.database import Database, StoreError

IP = "127.0.77.41"


class Service:
    """A command that runs until it is stopped, and what it says to the service manager."""

    def __init__(self, folder: Path, *command: str) -> None:
        self.port, self.folder = free_port(IP), folder
        (folder / "truehelo.toml").write_text(
            '[store]\ndatabase = "truehelo.db"\n[watch]\nresolvers = ["127.0.0.1:9"]\n[reports.listen]\n'
            f'listen = "{IP}:{self.port}"\nname = "reports.example.com"\nrecipients = ["dmarc@example.com"]\n'
        )
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(folder / "notify"))
        self.socket.setblocking(False)
        words = [sys.executable, "-m", "truehelo", *command, "--config", str(folder / "truehelo.toml")]
        seen = {**os.environ, "NOTIFY_SOCKET": str(folder / "notify")}
        self.process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True, env=seen)

    def told(self) -> str:
        said = []
        with suppress(BlockingIOError):
            while True:
                said.append(self.socket.recv(4096).decode())
        return "\n".join(said)

    def deliver(self, octets: bytes) -> None:
        end = time.monotonic() + 60
        while True:
            try:
                with smtplib.SMTP(IP, self.port, timeout=20) as client:
                    client.sendmail("noreply@reporter.example", ["dmarc@example.com"], octets)
            except OSError:
                assert time.monotonic() < end, "it never listened"
                assert self.process.poll() is None, self.process.communicate()[1]
                time.sleep(0.1)
            else:
                return


@contextmanager
def running(folder: Path, *command: str) -> Iterator[Service]:
    service = Service(folder, *command)
    try:
        yield service
    finally:
        if service.process.poll() is None:
            service.process.kill()
        service.process.communicate()
        service.socket.close()


@pytest.mark.parametrize("command", [("reports", "listen"), ("watch",)])
def test_a_report_that_is_delivered_is_stored_and_a_stop_is_a_stop(tmp_path: Path, command: tuple[str, ...]) -> None:
    with running(tmp_path, *command) as service:
        service.deliver(mail(numbered(1)))
        service.deliver(mail(numbered(1)))
        service.deliver(mail(numbered(2)))
        database = Database(str(tmp_path / "truehelo.db"))
        assert counts(database)[0] == 2
        database.close()
        assert "READY=1" in service.told()
        service.process.send_signal(signal.SIGTERM)
        _, err = service.process.communicate(timeout=40)
        assert service.process.returncode == 0, err
        assert "STOPPING=1" in service.told()
    assert f"taking reports by SMTP on {IP} port {service.port}, as reports.example.com" in err
    assert err.rstrip().endswith("stopped")


def test_nothing_to_listen_to_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "truehelo.toml").write_text("")
    code = run(["reports", "listen", "-c", str(tmp_path / "truehelo.toml"), "-d", str(tmp_path / "x.db")])
    assert code == 2
    said = capsys.readouterr().err
    assert "the configuration: names no way for reports to come; add a table [reports.listen]" in said


def test_a_place_that_is_taken_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server((IP, 0)) as taken:
        place = f"{IP}:{taken.getsockname()[1]}"
        words = ["--on", place, "--recipient", "dmarc@example.com", "--name", "reports.example.com"]
        code = run(["reports", "listen", *words, "-d", str(tmp_path / "x.db")])
    assert code == 2
    assert f"[reports.listen] listen {place}: cannot be used (address already in use)" in capsys.readouterr().err


# What stores


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = made(str(tmp_path / "truehelo.db"))
    yield opened
    opened.close()


class Waiting:
    """Whoever waits to hear what became of an item."""

    def __init__(self) -> None:
        self.heard: list[Outcome] = []

    def item(self, octets: bytes | Exception, *, by_mail: bool = True) -> Item:
        def fail() -> io.BytesIO:
            assert isinstance(octets, Exception)
            raise octets

        opened = held(octets) if isinstance(octets, bytes) else fail
        return Item(name="x", origin="test", open=opened, done=self.heard.append, by_mail=by_mail)


@pytest.mark.parametrize(
    ("why", "octets", "by_mail", "heard", "stored"),
    [
        ("a report is stored", numbered(1).octets, True, [Outcome.STORED], (1, 0)),
        ("what is none is refused", b"Buy this.", True, [Outcome.REFUSED], (0, 1)),
        ("what is empty is refused", b"", True, [Outcome.REFUSED], (0, 1)),
        ("a file that cannot be read is refused", OSError(5, "Input/output error"), False, [Outcome.REFUSED], (0, 1)),
        *(
            (
                f"a mail with an odd header is refused, number {number}",
                header.lstrip() + b"\nBuy this.",
                True,
                [Outcome.REFUSED],
                (0, 1),
            )
            for number, header in enumerate(ODD_HEADERS, 1)
        ),
        ("what is too large is refused", IntakeError("is larger than 1 MiB"), True, [Outcome.REFUSED], (0, 1)),
    ],
)
def test_what_becomes_of_an_item(
    database: Database,
    tmp_path: Path,
    why: str,
    octets: bytes | Exception,
    by_mail: bool,
    heard: list[Outcome],
    stored: tuple[int, int],
) -> None:
    waiting, keeper = Waiting(), Keeper(database, aside=Aside(tmp_path / "refused"))
    keeper.take(waiting.item(octets, by_mail=by_mail))
    assert (waiting.heard, counts(database)[::2]) == (heard, stored), why


def test_a_mail_that_cannot_be_read_now_is_not_done(database: Database) -> None:
    waiting = Waiting()
    with pytest.raises(IntakeError, match=r"x: cannot be read \(input/output error\)"):
        Keeper(database).take(waiting.item(OSError(5, "Input/output error")))
    assert waiting.heard == []
    assert counts(database) == (0, 0, 0)


def test_a_mail_that_cannot_be_kept_aside_is_not_done(database: Database, tmp_path: Path) -> None:
    (tmp_path / "refused").write_text("in the way")
    waiting = Waiting()
    with pytest.raises(IntakeError, match="what was refused cannot be kept there"):
        Keeper(database, aside=Aside(tmp_path / "refused")).take(waiting.item(b"Buy this."))
    assert waiting.heard == []


def test_a_database_that_fails_leaves_the_item_undone(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting, keeper = Waiting(), Keeper(database)
    with monkeypatch.context() as broken:
        broken.setattr(database.engine, "connect", _gone)
        with pytest.raises(StoreError):
            keeper.take(waiting.item(numbered(1).octets))
    assert waiting.heard == []
    keeper.take(waiting.item(numbered(1).octets))
    assert (waiting.heard, counts(database)[0]) == ([Outcome.STORED], 1)


def _gone(*_: object) -> None:
    raise StoreError("truehelo.db: is gone")


def test_a_message_with_a_report_and_rubbish_is_stored_and_refused(database: Database, tmp_path: Path) -> None:
    good = mail(numbered(1))
    boundary = good.partition(b'boundary="')[2].partition(b'"')[0]
    end = b"--" + boundary + b"--"
    bad = b"--" + boundary + b"\r\nContent-Type: application/zip; name=x.zip\r\n\r\nPK\x03\x04 rubbish\r\n"
    waiting, keeper = Waiting(), Keeper(database, aside=Aside(tmp_path / "refused"))
    keeper.take(waiting.item(good.replace(end, bad + end)))
    assert waiting.heard == [Outcome.REFUSED]
    assert counts(database)[::2] == (1, 1)
    assert len(list((tmp_path / "refused").glob("*.bin"))) == 1


@pytest.mark.parametrize(
    ("why", "number", "remembered"),
    [
        ("the first that is refused", 0, 1),
        ("the last that is remembered", MAX_TOLD - 1, MAX_TOLD),
        ("the first that is only counted", MAX_TOLD, MAX_TOLD),
        ("one long after", MAX_TOLD + 500, MAX_TOLD),
    ],
)
def test_the_reason_is_that_of_the_message_however_many_were_refused_before(
    database: Database, tmp_path: Path, why: str, number: int, remembered: int
) -> None:
    keeper = Keeper(database, aside=Aside(tmp_path / "refused"))
    for earlier in range(number):
        keeper.summary.refuse(f"mail {earlier}", "an earlier reason")
    refusal = keeper.take(Item(name="this mail", origin="smtp", open=held(b"Buy this."), by_mail=True))
    assert refusal == Refusal("this mail", "it is no report: it is neither XML, JSON, a message, gzip nor zip"), why
    assert (keeper.summary.refused, len(keeper.summary.refusals)) == (number + 1, remembered)
    (words,) = (tmp_path / "refused").glob("*.txt")
    assert words.read_text() == f"this mail\nsmtp\n{refusal.reason}\n"


def test_the_log_tells_of_each_message_its_own_reason_whichever_mailbox_it_came_from(
    database: Database, tmp_path: Path
) -> None:
    boxes = []
    for which in ("a", "b", "c"):
        path = tmp_path / which
        for sub in ("cur", "new", "tmp"):
            (path / sub).mkdir(parents=True)
        for number in range(20):
            (path / "new" / f"{which}{number}").write_bytes(b"Subject: x\nContent-Type: text/%s\n\nx\n" % which.encode())
        boxes.append(MaildirSettings(name=which, path=str(path)))
    said: list[str] = []

    async def follow() -> None:
        settings, health = ReportSettings(mailboxes=tuple(boxes)), Health(FrozenClock())
        async with asyncio.timeout(60), receiving(settings, database, folder=tmp_path, health=health, log=said.append):
            while sum(": refused " in line for line in said) < 60:  # noqa: ASYNC110  (threads say it)
                await asyncio.sleep(0.02)

    asyncio.run(follow())
    told = sorted(line for line in said if ": refused " in line)
    assert told == sorted(
        f"maildir:{which}: refused {which}{number}: the message holds no report"
        for which in ("a", "b", "c")
        for number in range(20)
    )
