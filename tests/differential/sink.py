"""A mail server that takes everything, at 127.0.0.1 port 9: daemons deliver to it what can then be read."""

import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

WHERE = ("127.0.0.1", 9)
_MAX_MESSAGE = 1 << 20


class Sink:
    """The messages that came, as they were sent."""

    def __init__(self) -> None:
        """Have none yet."""
        self._messages: queue.Queue[bytes] = queue.Queue()

    @contextmanager
    def listening(self) -> Iterator["Sink"]:
        """Take mail, in threads, until the end."""
        with socket.create_server(WHERE, backlog=64) as server:
            threading.Thread(target=self._accept, args=(server,), daemon=True).start()
            yield self

    def message(self, marker: bytes, seconds: float) -> bytes:
        """Return the message that holds `marker`; b"" when none comes in time."""
        while True:
            try:
                message = self._messages.get(timeout=seconds)
            except queue.Empty:
                return b""
            if marker in message:
                return message

    def _accept(self, server: socket.socket) -> None:
        with suppress(OSError):  # closed at the end
            while True:
                threading.Thread(target=self._take, args=(server.accept()[0],), daemon=True).start()

    def _take(self, connection: socket.socket) -> None:
        with suppress(OSError), connection, connection.makefile("rb") as lines:
            connection.settimeout(60)
            connection.sendall(b"220 sink.example ESMTP\r\n")
            for line in lines:
                word = line[:4].upper()
                if word == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    self._messages.put(_until_dot(lines))
                    connection.sendall(b"250 taken\r\n")
                elif word == b"QUIT":
                    connection.sendall(b"221 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 sink.example\r\n")


def _until_dot(lines: object) -> bytes:
    message = b""
    for line in lines:  # type: ignore[attr-defined]
        if line in (b".\r\n", b".\n"):
            break
        if len(message) < _MAX_MESSAGE:
            message += line
    return message
