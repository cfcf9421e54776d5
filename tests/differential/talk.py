"""One SMTP dialogue from a chosen address: greeting, EHLO, MAIL, RCPT, QUIT, and the first refusal with its stage."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from differential.place import DOMAIN, HOST4, HOST6
from truehelo.receivers.client import Client

_IPV6_FREEBIND = 78
_MAX_REPLY = 64
SILENT = "no reply in time"
SENDER = "sender@sender.example"
RECIPIENT = f"user@{DOMAIN}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a mail server did: the first reply that refuses and the stage it came at; "" and "accepted" where none did."""

    reply: str = ""
    stage: str = "accepted"

    def __str__(self) -> str:
        return f"{self.reply or 'accepted'} ({self.stage})" if self.reply else "accepted"


class Dialogue:
    """An SMTP connection. Replies are as on the wire, the lines of one joined with " / "."""

    def __init__(self, connection: socket.socket) -> None:
        """Speak over a connection that stands."""
        self._connection = connection
        self._stream = connection.makefile("rb")

    def read(self) -> str:
        """Return one reply; "" when the other side has hung up."""
        lines: list[str] = []
        while len(lines) < _MAX_REPLY:
            try:
                line = self._stream.readline(4096).decode("utf-8", "replace").rstrip("\r\n")
            except TimeoutError:
                return SILENT
            except ConnectionResetError:
                break
            if not line:
                break
            lines.append(line)
            if line[3:4] != "-":
                break
        first, *others = lines or [""]
        return " / ".join([first.replace("-", " ", 1) if first[3:4] == "-" else first, *(line[4:] for line in others)])

    def leave(self) -> None:
        """Say good-bye and wait for nothing: Exim answers a fifth of a second later."""
        with suppress(OSError):
            self._connection.sendall(b"QUIT\r\n")

    def say(self, line: str) -> str:
        """Send one line, return the reply to it."""
        try:
            self._connection.sendall(line.encode("utf-8", "surrogateescape") + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            return ""
        return self.read()


@contextmanager
def connection(client: Client, port: int, seconds: float = 30) -> Iterator[Dialogue]:
    """Connect from the address of a client."""
    family = socket.AF_INET if client.family == 4 else socket.AF_INET6
    with socket.socket(family) as made:
        made.settimeout(seconds)
        if client.family == 6:
            made.setsockopt(socket.IPPROTO_IPV6, _IPV6_FREEBIND, 1)
        made.bind((str(client.ip), 0))
        made.connect((HOST4 if client.family == 4 else HOST6, port))
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Dialogue(made)


def steps(helo: str | None) -> Iterator[tuple[str, str]]:
    """Yield the stages and what is said at each; without a HELO none is said."""
    if helo is not None:
        yield "EHLO", f"EHLO {helo}" if helo else "EHLO"
    yield "MAIL", f"MAIL FROM:<{SENDER}>"
    yield "RCPT", f"RCPT TO:<{RECIPIENT}>"


def dialogue(client: Client, port: int, seconds: float = 30) -> Seen:
    """Offer a message up to the recipient; return the first refusal."""
    with connection(client, port, seconds) as talk:
        greeting = talk.read()
        seen = _refused(greeting, "connect")
        if seen is not None:
            return seen
        for stage, line in steps(client.helo):
            seen = _refused(talk.say(line), stage)
            if seen is not None:
                break
        talk.leave()
        return seen or Seen()


def _refused(reply: str, stage: str) -> Seen | None:
    if reply[:1] in ("2", "3"):
        return None
    return Seen(reply or "hung up", stage)
