"""rbldnsd, which most blocklists run: started with the zones that a test wants, on a loopback address of its own.

It refuses to run as root, and so runs as nobody; it speaks UDP alone. A zone is data in its own form: `ip4set`, `ip6trie`,
`generic` and the others (rbldnsd(8)).
"""

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.servers.fetch import fetch, libs
from support.freeport import free_port

IP = "127.0.77.57"
_SOA = "$SOA 60 ns.lists.example hostmaster.lists.example 1 600 300 86400 60\n$NS 60 ns.lists.example\n"

Data = Mapping[str, str]
"""Kind of data set to its lines."""


@dataclass(frozen=True)
class Rbldnsd:
    """A server that runs: where it listens, and the folder of its data."""

    where: tuple[str, int]
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def resolver(self) -> str:
        """The server as `--resolver` takes it."""
        return f"{self.where[0]}:{self.where[1]}"

    def change(self, zone: str, data: Data) -> None:
        """Put other data in place of a zone's and have it read; the kinds stay those that the zone had."""
        for kind, lines in data.items():
            file = self.folder / f"{zone}.{kind}"
            _write(file, lines)
            os.utime(file, (time.time() + 5, time.time() + 5))
        self.process.send_signal(signal.SIGHUP)
        time.sleep(0.5)

    @contextmanager
    def silent(self) -> Iterator[None]:
        """Let it neither hear nor say anything for a while."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


@contextmanager
def rbldnsd(zones: Mapping[str, Data]) -> Iterator[Rbldnsd]:
    """Start rbldnsd over these zones, and stop it at the end."""
    root = fetch("rbldnsd", ["rbldnsd"])
    with tempfile.TemporaryDirectory(prefix="truehelo-rbldnsd-", ignore_cleanup_errors=True) as path:
        folder = Path(path)
        folder.chmod(0o755)
        words = []
        for zone, data in zones.items():
            for kind, lines in data.items():
                _write(folder / f"{zone}.{kind}", lines)
                words.append(f"{zone}:{kind}:{zone}.{kind}")
        where = IP, free_port(IP)
        user = ["-u", "nobody:nogroup"] if os.geteuid() == 0 else []
        command = [str(root / "usr/sbin/rbldnsd"), "-n", *user, "-b", f"{where[0]}/{where[1]}", "-w", path, "-c", "0", "-q"]
        with (folder / "out").open("wb") as out:
            process = subprocess.Popen(
                [*command, *words], env=libs(root), stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        server = Rbldnsd(where, process, folder)
        try:
            _wait(server)
            yield server
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(10)


def _write(file: Path, lines: str) -> None:
    file.write_text(_SOA + lines + "\n", encoding="utf-8")
    file.chmod(0o644)


def _check(server: Rbldnsd) -> None:
    """A line that it cannot read is passed over by it, and would make a test of nothing."""
    said = (server.folder / "out").read_text(errors="replace")
    if "invalid" in said or "error" in said:
        raise RuntimeError(f"rbldnsd does not read its data: {said[-2000:]}")


def _wait(server: Rbldnsd, seconds: float = 10) -> None:
    """Wait until it answers anything at all, over UDP."""
    question = b"\x12\x34\x00\x00\x00\x01" + bytes(6) + b"\x04test\x00\x00\x01\x00\x01"
    until = time.monotonic() + seconds
    while server.process.poll() is None and time.monotonic() < until:
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.settimeout(0.2)
            probe.connect(server.where)
            try:
                probe.send(question)
                if probe.recv(512)[:2] == question[:2]:
                    return _check(server)
            except OSError:
                time.sleep(0.05)
    said = (server.folder / "out").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"rbldnsd did not start: {said}")
