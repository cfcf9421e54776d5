"""Starting daemons and stopping them, and holding what a mail server said against what was predicted of it."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from differential.model import Daemon, outcomes
from differential.place import HOST4, PlaceError
from differential.talk import RECIPIENT, SILENT, Seen, dialogue
from support.clients import row
from truehelo.receivers import all_receivers
from truehelo.receivers.client import Client
from truehelo.reception import Judgement, Reception

START_S = 30.0


class MailServer(Daemon):
    """A mail server with a port for each set-up; what it does is the first refusal of a dialogue."""

    def __init__(self, version: str, ports: Mapping[str, int], seconds: float = 30) -> None:
        """Know the daemon's version, the port of each set-up, and how long a reply may take."""
        self.version, self.setups = version, tuple(ports)
        self._ports, self._seconds = ports, seconds

    def port(self, setup: str) -> int:
        """Return where a set-up listens."""
        return self._ports[setup]

    def observe(self, setup: str, client: Client) -> Seen:
        """Offer a message from the client's address.

        Raises:
            PlaceError: The daemon says nothing: it has no verdict, and the run has no sense.
        """
        seen = dialogue(client, self._ports[setup], self._seconds)
        if seen.reply == SILENT:
            raise PlaceError(f"{setup} gave no reply in {self._seconds:.0f} s at {seen.stage} to {row(client)}")
        # A reply may name the recipient, whom no model knows.
        return Seen(seen.reply.replace(f"<{RECIPIENT}>", "<recipient>"), seen.stage)

    def disagreement(self, setup: str, client: Client, judgement: Judgement, seen: Any) -> str:
        """The reply is to be the one of the served order, word for word, and the verdict what its code says."""
        first, *others = outcomes(judgement)
        got = (verdict_of(seen), seen.reply)
        if first == got or (judgement.depends != "record order" and got in others):
            return ""
        return f"{_text(first)}{' or others' if others else ''} ({judgement.rule.id}), seen {seen}"

    def expectation(self, setup: str, seen: Any) -> str:
        """Verdict and reply."""
        return f"{verdict_of(seen).name}, {seen.reply!r}".replace("'", '"')


def verdict_of(seen: Seen) -> Reception:
    """Return what a reply means: 4xx is temporary, all else that refuses is for good."""
    if not seen.reply:
        return Reception.ACCEPT
    return Reception.TEMPFAIL if seen.reply.startswith("4") else Reception.REFUSE


def _text(outcome: tuple[Reception, str]) -> str:
    verdict, reply = outcome
    return f"{verdict.value} {reply!r}"


@contextmanager
def process(command: list[str], environment: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a daemon in a process group of its own, and end all of that group."""
    with log.open("wb") as out:
        started = subprocess.Popen(
            command, env=environment, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield started
    finally:
        stop(started)


def stop(started: "subprocess.Popen[bytes]") -> None:
    """End a process and its group."""
    started.terminate()
    try:
        started.wait(5)
    except subprocess.TimeoutExpired:
        os.killpg(started.pid, signal.SIGKILL)
        started.wait(10)


def await_port(port: int, logs: list[Path], started: "subprocess.Popen[bytes] | None" = None, host: str = HOST4) -> None:
    """Wait until somebody listens."""
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        try:
            with socket.create_connection((host, port), timeout=1):
                return
        except OSError:
            time.sleep(0.05)
        if started is not None and started.poll() is not None:
            break
    said = "\n".join(log.read_text(errors="replace")[-1500:] for log in logs if log.is_file())
    raise RuntimeError(f"nobody listens on port {port}: {said}")


def run(command: list[str], environment: Mapping[str, str], seconds: float = 60, folder: Path | None = None) -> str:
    """Run a command to its end; return what it printed."""
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False, timeout=seconds, cwd=folder
    )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}")
    return done.stdout


def model_of(receiver: str, version: str) -> str:
    """Return the receiver with the model that holds for a version of the daemon: "exim@4.96"."""
    versions = all_receivers()[receiver].versions
    # Newest first; a daemon that is older than every model is held against the oldest.
    fitting = next((each for each in versions if _numbers(each) <= _numbers(version)), versions[-1])
    return f"{receiver}@{fitting}" if fitting else receiver


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version))
