"""A mail server of the laboratory: greets, answers EHLO, perhaps speaks TLS, and misbehaves as the scenario says.

RFC 5321 §3.1, §4.2, §4.5.3.2; RFC 3207. It takes no mail. It notes what it was told, and what it was told too early.
"""

import asyncio
import socket
from dataclasses import dataclass, field

from truehelo.lab.scenario import SmtpSpec

MAX_LINES = 1000
MAX_EARLY = 65536
_HTTP = b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>400</html>\r\n"
_TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"
_BINARY = b"\x00\x00\x00\x2e\xff\x53\x4d\x42\x72\x00\x00\x00\x00\x88\x01\xc8"
_TEXT = b"SSH-2.0-Example_1.0\r\n"
_FLOOD = b"x" * 8192


@dataclass(slots=True)
class Conversation:
    """What one client said: `received` lines as they came, and `early` the octets that came before the greeting was out."""

    ip: str
    received: list[str] = field(default_factory=list)
    early: bytes = b""
    tls: bool = False


class _HangUp(Exception):  # noqa: N818  # the end of a conversation, no error
    """The server closes the connection now."""


class MailServer:
    """One `[[smtp]]` of a scenario. `spec` may be exchanged while it runs."""

    def __init__(self, spec: SmtpSpec, log: "list[Conversation] | None" = None) -> None:
        """Serve `spec`; conversations are appended to `log`."""
        self.spec = spec
        self._log = log if log is not None else []

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Hold one conversation to its end."""
        talk = Conversation(self.spec.ips[0])
        self._log.append(talk)
        del self._log[:-MAX_LINES]
        try:
            await _Session(self.spec, reader, writer, talk).hold()
        except _HangUp:
            return


class _Session:
    def __init__(
        self, spec: SmtpSpec, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, talk: Conversation
    ) -> None:
        self.spec, self.reader, self.writer, self.talk = spec, reader, writer, talk
        self.first: asyncio.Task[bytes] | None = None

    async def hold(self) -> None:
        if self.spec.hang_up == "connect":
            raise _HangUp
        if self.spec.tls:
            await self._start_tls()
        self.first = asyncio.create_task(self.reader.read(4096))
        try:
            await self._greet()
            await self._obey()
        finally:
            if self.first is not None:
                self.first.cancel()

    async def _greet(self) -> None:
        if self.spec.delay:
            await asyncio.sleep(self.spec.delay)
        blob = {"http": _HTTP, "tls": _TLS_ALERT, "binary": _BINARY, "text": _TEXT, "flood": _FLOOD}.get(self.spec.speaks)
        if blob is not None:
            self.writer.write(blob)
            while self.spec.speaks == "flood":
                await self.writer.drain()
                self.writer.write(blob)
            await self.writer.drain()
        if self.spec.speaks != "smtp":
            while len(self.talk.early) < MAX_EARLY and (octets := await self._read()):
                self.talk.early += octets
            raise _HangUp
        lines = _greeting_lines(self.spec)
        for number, line in enumerate(lines):
            if number:
                await asyncio.sleep(self.spec.line_delay)
            if number == len(lines) - 1:
                await self._note_early()
            await self._write(line.encode("utf-8", "surrogateescape") + b"\r\n")
        if self.spec.hang_up == "greeting":
            raise _HangUp

    async def _note_early(self) -> None:
        """What came before the last line of the greeting was sent came too early (RFC 5321 §4.3.1)."""
        await asyncio.sleep(0)
        if self.first is None or not self.first.done() or self.first.cancelled() or not self.first.result():
            return
        self.talk.early = self.first.result()
        if self.spec.strict:
            await self._write(b"550 5.5.1 Protocol error\r\n")
            raise _HangUp

    async def _obey(self) -> None:
        waiting = b""
        for _ in range(MAX_LINES):
            while b"\n" not in waiting:
                octets = await self._read()
                if not octets or len(waiting) > 4096:
                    raise _HangUp
                waiting += octets
            line, _, waiting = waiting.partition(b"\n")
            text = line.decode("utf-8", "backslashreplace").rstrip("\r")
            self.talk.received.append(text)
            await self._answer((text.split() or [""])[0].upper())

    async def _read(self) -> bytes:
        if self.first is None:
            return await self.reader.read(4096)
        first, self.first = self.first, None
        return await first

    async def _answer(self, verb: str) -> None:
        spec = self.spec
        if verb in ("EHLO", "HELO"):
            if spec.hang_up == "ehlo":
                raise _HangUp
            await asyncio.sleep(spec.ehlo_delay)
            code = spec.ehlo_code if verb == "EHLO" else spec.helo_code
            await self._reply(code, self._hello(verb, code))
        elif verb == "STARTTLS" and spec.starttls and not self.talk.tls:
            await self._answer_starttls()
        elif verb == "QUIT":
            if spec.hang_up != "quit":
                await self._reply(221, ("2.0.0 Bye",))
            raise _HangUp
        elif verb in ("NOOP", "RSET"):
            await self._reply(250, ("2.0.0 Ok",))
        else:
            await self._reply(502, ("5.5.2 Command not recognized",))

    def _hello(self, verb: str, code: int) -> tuple[str, ...]:
        if code != 250:
            return ("5.5.1 Not here",) if code >= 500 else ("4.3.2 Try again later",)
        if verb == "HELO":
            return self.spec.ehlo_reply[:1]
        offered = self.spec.ehlo_reply
        if self.spec.starttls and not self.talk.tls:
            offered = (*offered, "XXXXXXXA" if self.spec.masked else "STARTTLS")
        return offered

    async def _answer_starttls(self) -> None:
        if self.spec.hang_up == "starttls":
            raise _HangUp
        if self.spec.starttls == "refuse":
            await self._reply(454, ("4.7.0 TLS not available due to local problem",))
            return
        await self._reply(220, ("2.0.0 Ready to start TLS",))
        if self.spec.starttls == "broken":
            await self._write(b"no TLS here\r\n")
            raise _HangUp
        await self._start_tls()

    async def _start_tls(self) -> None:
        from truehelo.lab.certificates import server_context  # late: ssl and cryptography

        await self.writer.start_tls(server_context(self.spec.certificate))
        self.talk.tls = True

    async def _reply(self, code: int, lines: tuple[str, ...]) -> None:
        await self._write("".join(f"{line}\r\n" for line in _reply_lines(code, lines)).encode("utf-8", "surrogateescape"))

    async def _write(self, octets: bytes) -> None:
        if not self.spec.tarpit:
            self.writer.write(octets)
            await self.writer.drain()
            return
        for octet in octets:
            self.writer.write(bytes([octet]))
            await self.writer.drain()
            await asyncio.sleep(self.spec.tarpit)


def _greeting_lines(spec: SmtpSpec) -> tuple[str, ...]:
    if spec.raw is not None:
        return spec.raw
    lines = _reply_lines(spec.code, spec.greeting)
    if not spec.masked:
        return lines
    # What the SMTP inspection of some firewalls leaves of a greeting: the characters 2, 0 and blank.
    return tuple(line[:4] + "".join(char if char in "20 " else "*" for char in line[4:]) for line in lines)


def _reply_lines(code: int, lines: tuple[str, ...]) -> tuple[str, ...]:
    lines = lines or ("",)
    return (*(f"{code}-{line}" for line in lines[:-1]), f"{code} {lines[-1]}")


def no_delay(writer: asyncio.StreamWriter) -> None:
    """Send each write at once, so that a tarpit drips and a test is not slowed down."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
