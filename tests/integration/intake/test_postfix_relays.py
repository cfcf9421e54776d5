"""A real Postfix hands reports to `reports listen`: every report once, whatever stops in between.

The listener is a process of its own. Its database lies on a small file system that is filled up meanwhile, and the process
is killed and started again: Postfix keeps what was put off, and delivers it later.
"""

import contextlib
import os
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

import pytest

from integration.intake.kept import mail, numbered
from integration.servers.certificate import self_signed
from integration.servers.relays import Before, relay
from support.freeport import free_port
from truehelo.findings import Way

pytestmark = pytest.mark.integration
IP = "127.0.77.40"
HASTY = (
    "queue_run_delay = 1s",
    "minimal_backoff_time = 1s",
    "maximal_backoff_time = 2s",
    "smtp_tls_security_level = may",
    "smtp_destination_concurrency_limit = 3",
    "default_destination_concurrency_failed_cohort_limit = 0",
)
"""A Postfix that tries again at once: what is put off in earnest waits for minutes."""


class Listener:
    """The process, in a mount namespace with a small file system of its own."""

    def __init__(self, folder: Path, holder: int) -> None:
        self.folder, self.holder, self.port = folder, holder, free_port(IP)
        self.inside = Path(f"/proc/{holder}/root{folder / 'small'}")
        self.process: subprocess.Popen[bytes] | None = None
        pem, key = self_signed(folder, ["reports.example.com"], [])
        (folder / "truehelo.toml").write_text(
            f'[store]\ndatabase = "small/truehelo.db"\n[reports.listen]\nlisten = "{IP}:{self.port}"\n'
            f'name = "reports.example.com"\nrecipients = ["dmarc@example.com"]\n'
            f'certificate = "{pem.name}"\nkey = "{key.name}"\n'
        )

    def start(self) -> None:
        words = ["-m", "truehelo", "reports", "listen", "--config", str(self.folder / "truehelo.toml")]
        with (self.folder / "said").open("ab") as said:
            self.process = subprocess.Popen([*self.within, *words], stderr=said, stdout=said)
        until(self._greets)

    def _greets(self) -> bool:
        with contextlib.suppress(OSError, smtplib.SMTPException), smtplib.SMTP(IP, self.port, timeout=10) as client:
            return client.noop()[0] == 250
        return False

    def stop(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(120)

    @property
    def within(self) -> list[str]:
        """How a Python is run that sees the small file system."""
        there = f"/proc/{self.holder}"
        return ["nsenter", f"--mount={there}/ns/mnt", f"--root={there}/root", sys.executable]

    def counts(self) -> tuple[int, int, int]:
        """Look into the database: SQLite would not find it from out here, whose links it follows."""
        script = (
            f"from integration.intake.kept import *; print(*counts(Database({str(self.folder / 'small/truehelo.db')!r})))"
        )
        seen = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
        done = subprocess.run(
            [*self.within, "-c", script], env=seen, capture_output=True, text=True, check=True, timeout=120
        )
        reports, messages, refused = map(int, done.stdout.split())
        return reports, messages, refused


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[Listener]:
    (tmp_path / "small").mkdir()
    script = f"mount -t tmpfs -o size=12m tmpfs {tmp_path / 'small'} && echo ready && exec sleep 3600"
    with subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script], stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"ready\n"
        made = Listener(tmp_path, holder.pid)
        try:
            made.start()
            yield made
        finally:
            if made.process is not None and made.process.poll() is None:
                made.stop(signal.SIGKILL)
            holder.kill()


def until(true: Callable[[], bool], seconds: float = 300.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to it"
        time.sleep(0.1)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill a file system to its last octet."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    assert shutil.disk_usage(folder).free == 0
    try:
        yield
    finally:
        filler.unlink()


def send(where: tuple[str, int], *messages: bytes) -> None:
    with smtplib.SMTP(*where, timeout=60) as client:
        for octets in messages:
            client.sendmail("noreply@reporter.example", ["dmarc@example.com"], octets)


def test_every_report_once(listener: Listener) -> None:
    files = [numbered(100 + number) for number in range(24)]
    letter = EmailMessage()
    letter["Subject"], letter["From"] = "Hello", "spam@example.net"
    letter.set_content("Buy this.")
    way = Way(kind="config", where="main.cf", lines=HASTY)
    with relay("postfix", Before(host="relay.example.com"), [way], (IP, listener.port)) as postfix:
        log = postfix.folder / "maillog"

        def delivered(number: int) -> bool:
            return log.read_text().count("status=sent (250 2.6.0 It is stored)") >= number

        send(postfix.where, *(mail(file) for file in files[:8]), letter.as_bytes())
        until(lambda: delivered(9))
        assert listener.counts()[::2] == (8, 1)

        with full(listener.inside):
            send(postfix.where, *(mail(file) for file in files[8:12]))
            until(lambda: log.read_text().count("451 4.3.0 It cannot be stored now") >= 4)
        until(lambda: delivered(13))
        assert listener.counts()[::2] == (12, 1)

        send(postfix.where, *(mail(file) for file in files[12:20]))
        until(lambda: delivered(15))
        listener.stop(signal.SIGKILL)
        send(postfix.where, *(mail(file) for file in files[20:]))
        until(lambda: "Connection refused" in log.read_text())
        listener.start()
        until(lambda: delivered(1 + len(files)))

        assert listener.counts() == (len(files), sum(file.truth.messages for file in files), 1)
        assert "status=bounced" not in log.read_text()
    kept = list((listener.inside / "refused").glob("*.bin"))
    assert len(kept) == 1
    assert b"Buy this." in kept[0].read_bytes()
    assert listener.stop(signal.SIGTERM) == 0
