"""An SMTP sink: a receiver of the test's own, on loopback, that takes every message and remembers the HELO of each."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

ADDRESS = "127.0.77.1"


@dataclass
class Sink:
    """Where it listens, and the arguments of every EHLO or HELO so far."""

    where: tuple[str, int]
    heard: list[str] = field(default_factory=list)

    def first(self, seconds: float = 20.0) -> str:
        """Return the first HELO, once there is one."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.heard:
                return self.heard[0]
            time.sleep(0.02)
        raise AssertionError("nobody delivered anything to the sink")


@contextmanager
def sink() -> Iterator[Sink]:
    """Listen until the end."""
    with socket.create_server((ADDRESS, 0)) as server:
        made = Sink(server.getsockname()[:2])
        stopping = threading.Event()
        server.settimeout(0.1)
        thread = threading.Thread(target=_serve, args=(server, made, stopping), daemon=True)
        thread.start()
        try:
            yield made
        finally:
            stopping.set()
            thread.join(10)


def _serve(server: socket.socket, made: Sink, stopping: threading.Event) -> None:
    while not stopping.is_set():
        with suppress(TimeoutError):
            connection, _ = server.accept()
            with connection, suppress(OSError):
                connection.settimeout(10)
                _receive(connection, made)


def _receive(connection: socket.socket, made: Sink) -> None:
    with connection.makefile("rb") as lines:
        connection.sendall(b"220 sink.example ESMTP\r\n")
        body = False
        for raw in lines:
            line = raw.rstrip(b"\r\n")
            if body and line != b".":
                continue
            verb, _, argument = line.partition(b" ")
            reply = b"250 fine"
            if body:
                body = False
            elif verb.upper() in (b"EHLO", b"HELO"):
                made.heard.append(argument.decode("ascii"))
                reply = b"250 sink.example"
            elif verb.upper() == b"DATA":
                body, reply = True, b"354 go on"
            elif verb.upper() == b"QUIT":
                reply = b"221 bye"
            connection.sendall(reply + b"\r\n")
