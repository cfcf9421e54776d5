"""Watches as processes of their own, which can be killed; what they watch, and the configuration that they read."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import update

from support.hooks import SECRET
from support.names import Names
from truehelo.inventory.model import Line
from truehelo.store import inventory, migrate, tables
from truehelo.store.database import Database

START_S = 60.0


def addresses(networks: int, each: int, first: int = 0) -> list[list[str]]:
    """Addresses by network: as many /64 as there are causes to be told apart."""
    return [[f"2001:db8:{net + first:x}::{host + 1:x}" for host in range(each)] for net in range(networks)]


def watch_these(
    database: Database, names: Names, ips: Sequence[str], interval_s: float, *, vantages: Sequence[str] = ("",)
) -> None:
    """Give these addresses names, and put them into an empty inventory, spread over an interval that begins now."""
    migrate.upgrade(database)
    for number, ip in enumerate(ips):
        names.add(ip, name_of(number))
    lines = [
        Line(target=ip, ports=(), managed_by="file:test", vantage=vantages[number % len(vantages)])
        for number, ip in enumerate(ips)
    ]
    with database.write() as connection:
        inventory.update_inventory(connection, lines, "file:test", time.time(), default_interval_s=interval_s)
        connection.execute(update(tables.subjects).values(interval_s=interval_s))


def name_of(number: int) -> str:
    """A name that nobody takes for a provider's default."""
    words = "amber birch cedar delta ember fjord grove heron inlet jetty".split()
    return f"mail.{''.join(words[int(digit)] for digit in str(number))}.example"


def configure(
    folder: Path, names: Names, hook: str = "", vantage: str = "local", name: str = "truehelo", **more: object
) -> Path:
    """Write a configuration for quick tests: looks that agree within seconds, and no loss that would ask twice."""
    settings = {
        "interval": "10s",
        "resolvers": list(names.resolvers),
        "connect_to": list(names.routes),
        "timeout": "20s",
        "retries": 0,
        "failing": 3,
        "recovering": 3,
        "unsure": 2,
        "rechecks": ["5s", "10s", "15s"],
        "group": "1s",
        "vantage": vantage,
        **more,
    }
    text = "[watch]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    if hook:
        text += f'[[channel]]\nname = "hook"\nkind = "webhook"\nurl = "{hook}"\nsecret_env = "HOOK_SECRET"\n'
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


@dataclass
class Process:
    """`truehelo watch` in one role. `log` is all that it has said, over all its lives."""

    configuration: Path
    database: str
    log: Path
    role: str = "all"
    kills: int = 0
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        environment = {**os.environ, "TRUEHELO_LOOPBACK_ONLY": "1", "HOOK_SECRET": SECRET}
        environment.pop("TRUEHELO_DATABASE", None)
        words = ["watch", "-c", str(self.configuration), "-d", self.database, "--role", self.role]
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "-m", "truehelo", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def stoppable(self) -> bool:
        """It has begun, and hears SIGTERM: before that the signal ends it as it ends any program that starts."""
        if not self.running:
            return False
        assert self._running is not None
        status = Path(f"/proc/{self._running.pid}/status").read_text()
        caught = next(line.split()[1] for line in status.splitlines() if line.startswith("SigCgt:"))
        return bool(int(caught, 16) >> (signal.SIGTERM - 1) & 1)

    def kill(self) -> None:
        """End it as a power cut would: nothing is finished, nothing is said."""
        assert self._running is not None
        assert self.running, self.said()
        self._running.send_signal(signal.SIGKILL)
        self._running.wait(10)
        self.kills += 1

    def ask_to_stop(self) -> None:
        assert self._running is not None
        self._running.send_signal(signal.SIGTERM)

    def stopped(self) -> int:
        """Wait until it has stopped; return its exit code."""
        assert self._running is not None
        try:
            return self._running.wait(60)
        except subprocess.TimeoutExpired:
            self._running.kill()
            raise AssertionError(f"it did not stop: {self.said()}") from None

    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""


@contextlib.contextmanager
def running(*processes: Process) -> Iterator[None]:
    """Have processes run; whatever happens, none is left."""
    try:
        for process in processes:
            process.start()
        yield
    finally:
        for process in processes:
            if process.running:
                assert process._running is not None
                process._running.kill()
                process._running.wait(10)


def until(what: str, holds: Callable[[], object], within_s: float = START_S, every_s: float = 0.02) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"not within {within_s:g} s: {what}"
        time.sleep(every_s)
