"""An IMAP connection that is bounded in octets and in time, and that can be woken up.

IMAPClient speaks the protocol (RFC 3501, RFC 2177, RFC 6851). `imaplib` below it has `read` and `readline` made to be
replaced, and they are: what its own read is bounded by nothing but what the server says. Does not know any command.
"""

import contextlib
import logging
import select
import socket
import ssl
import time
from typing import Any

from imapclient import IMAPClient
from imapclient.imap4 import IMAP4WithTimeout
from imapclient.tls import IMAP4_TLS

from truehelo.intake.bell import Bell, Stopped
from truehelo.intake.item import IntakeError

MAX_LINE = 2**18
"""Of one line, in octets."""
SMALL = 2**20
"""The most octets that a command may be answered with that fetches no message."""
_RECEIVE = 2**16


class _Bounded:
    """What takes the place of the library's reading. `allow` comes before each command."""

    sock: socket.socket
    bell: Bell
    timeout_s = 60.0

    def allow(self, octets: int, seconds: float) -> None:
        """Bound what comes next."""
        self._left, self._until = octets, time.monotonic() + seconds

    def begin(self, bell: Bell, timeout_s: float) -> None:
        self.bell, self.timeout_s = bell, timeout_s
        self._held, self._from = bytearray(), None
        self.allow(SMALL, timeout_s)

    _from: socket.socket | None
    _held: bytearray
    _left: int
    _until: float

    def readline(self) -> bytes:
        """Read a line, "" at the end of all."""
        start = 0
        while (end := self._held.find(b"\n", start)) < 0:
            start = len(self._held)
            if start > MAX_LINE:
                raise IntakeError(f"sent a line of more than {MAX_LINE // 2**10} KiB")
            if not self._more():
                break
        return self._take(end + 1 if end >= 0 else len(self._held))

    def read(self, size: int) -> bytes:
        """Read so many octets, fewer at the end of all."""
        if size > self._left + len(self._held):
            raise IntakeError(f"announced {size:,} octets where {self._left:,} may come")
        while len(self._held) < size and self._more():
            pass
        return self._take(min(size, len(self._held)))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._held[:size])
        del self._held[:size]
        return taken

    def _more(self) -> bool:
        """Receive what there is; False at the end."""
        if self._from is not self.sock:
            if self._held:  # it came before TLS, and would be taken for what comes within it
                raise IntakeError("sent something before TLS began that it was not asked for")
            self._from = self.sock
        self._ready(self._until - time.monotonic())
        octets = self.sock.recv(_RECEIVE)
        self._left -= len(octets)
        if self._left < 0:
            raise IntakeError("sent more than it was asked for")
        self._held += octets
        return bool(octets)

    def _ready(self, seconds: float) -> None:
        """Wait until something can be read.

        Raises:
            IntakeError: Nothing came in time.
            Stopped: The bell rang.
        """
        if isinstance(self.sock, ssl.SSLSocket) and self.sock.pending():
            return
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        poll.register(self.bell, select.POLLIN)
        ready = [number for number, _ in poll.poll(max(0.0, seconds) * 1000)]
        if self.bell.fileno() in ready:
            raise Stopped
        if not ready:
            raise IntakeError(f"did not answer in {self.timeout_s:g} s")

    def settle(self, seconds: float) -> None:
        """Wait until the server says something, or for so long."""
        if self._held:
            return
        with contextlib.suppress(IntakeError):  # nothing came: that is fine
            self._ready(seconds)


class _Plain(_Bounded, IMAP4WithTimeout):  # type: ignore[misc]  # the library has no types
    """Without TLS, or before STARTTLS."""

    def __init__(self, host: str, port: int, timeout_s: float, bell: Bell) -> None:
        self.begin(bell, timeout_s)
        super().__init__(host, port, timeout_s)


class _Tls(_Bounded, IMAP4_TLS):  # type: ignore[misc]  # as above
    """TLS from the first octet."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext, timeout_s: float, bell: Bell) -> None:
        self.begin(bell, timeout_s)
        super().__init__(host, port, context, timeout_s)


class Client(IMAPClient):  # type: ignore[misc]  # as above
    """The library's client over a bounded connection."""

    def __init__(self, host: str, port: int, context: ssl.SSLContext | None, timeout_s: float, bell: Bell) -> None:
        """Connect, and read the greeting."""
        logging.getLogger("imapclient").propagate = False  # what matters is told by us, and made harmless first
        self.bell, self.step_s = bell, timeout_s
        super().__init__(host, port, ssl=context is not None, ssl_context=context, timeout=timeout_s)

    def _create_IMAP4(self) -> Any:  # noqa: N802  (the library calls it so)
        if self.ssl:
            return _Tls(self.host, self.port, self.ssl_context, self.step_s, self.bell)
        return _Plain(self.host, self.port, self.step_s, self.bell)

    def allow(self, octets: int = SMALL, seconds: float | None = None) -> None:
        """Bound the answer of the next command, in octets and seconds."""
        self._imap.allow(octets, self.step_s if seconds is None else seconds)

    def settle(self, seconds: float) -> None:
        """Wait, between `idle` and `idle_done`, until the server says something, or for so long."""
        self._imap.settle(seconds)
