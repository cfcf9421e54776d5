"""`truehelo watch` as a process of its own, and how a test asks it, its database and its listener."""

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from integration.watching.told import KEY

PATIENCE = 6
"""How many times longer than usual anything may take: a busy machine is no finding, and what never comes still fails."""


@dataclass
class Watcher:
    """`truehelo watch` in a process of its own, over a database and a configuration of its own."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def config(self) -> Path:
        return self.folder / "truehelo.toml"

    @property
    def database(self) -> Path:
        return self.folder / "truehelo.db"

    def configure(self, text: str) -> None:
        self.config.write_text(text)

    def _environment(self) -> dict[str, str]:
        held = {key: value for key, value in os.environ.items() if not key.startswith("TRUEHELO_DATABASE")}
        fixed = {"TRUEHELO_LOOPBACK_ONLY": "1", "HOOK_KEY": KEY, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
        return {**held, **fixed, **self.environment}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "truehelo", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120 * PATIENCE,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
        )

    def cli(self, *arguments: str, code: int | None = 0) -> str:
        """Run another command over the same configuration and database; return what it says."""
        done = self.run(*arguments, "-c", str(self.config), "-d", str(self.database))
        assert code is None or done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def import_(self, inventory: str) -> None:
        (self.folder / "inventory.toml").write_text(inventory)
        self.cli("inventory", "import", str(self.folder / "inventory.toml"))

    def start(self, *, wait: bool = True) -> None:
        words = [*self.before, sys.executable, "-m", "truehelo", "watch", "-c", str(self.config), "-d", str(self.database)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            until("it says that it watches", lambda: f"{self.said()} ".rpartition("watching, with")[2], within_s=60)

    def said(self) -> str:
        """What it has logged, over all its lives."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.runs, self.said()
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10 * PATIENCE)

    def stop(self) -> int:
        """Ask it to stop; return its exit code."""
        if self.runs:
            self.signal(signal.SIGTERM)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended; return its exit code."""
        assert self.process is not None
        return self.process.wait(60 * PATIENCE)

    def end(self) -> None:
        if self.runs:
            self.kill()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database; it may not be there yet."""
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as held:
            return held.execute(query, values).fetchall()

    def state(self, ip: str) -> str:
        """How an address stands; "" if it is not known. Somebody has to watch it."""
        assert self.runs, self.said()
        found = self.rows("SELECT worst FROM schedule JOIN subjects ON id = subject_id WHERE ip = ?", ip)
        return found[0][0] if found else ""

    def overlay(self, ip: str) -> str:
        """What lies over how an address stands; "" if nothing does."""
        found = self.rows("SELECT overlay FROM schedule JOIN subjects ON id = subject_id WHERE ip = ?", ip)
        return found[0][0] if found else ""

    def seen(self, ip: str) -> dict[str, str]:
        """What is seen of an address."""
        query = "SELECT what, value FROM observations JOIN subjects s ON s.id = subject_id WHERE ip = ? AND until IS NULL"
        return dict(self.rows(query, ip))

    def causes(self) -> list[str]:
        """Why addresses cannot be seen now."""
        query = "SELECT DISTINCT undetermined_cause FROM schedule WHERE overlay = 'undetermined'"
        return [row[0] for row in self.rows(query)]

    def history(self, ip: str) -> dict[str, Any]:
        """How an address stood, as `truehelo history` tells it."""
        (found,) = json.loads(self.cli("history", ip, "--json"))["subjects"]
        return dict(found)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.cli("status", "--json", code=None))
        return found


def ask(port: int, path: str) -> tuple[int, str]:
    """Ask the listener of a watch; return the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def until(what: str, holds: Callable[[], object], within_s: float = 60.0, every_s: float = 0.1) -> None:
    """Wait until something holds: `within_s` on a machine that is free, longer on one that is not."""
    began = time.monotonic()
    while not holds():
        took = time.monotonic() - began
        assert took < within_s * PATIENCE, f"not within {took:.0f} s (usually {within_s:g} s at most): {what}"
        time.sleep(every_s)
