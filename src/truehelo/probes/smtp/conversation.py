"""The course of one SMTP conversation: connect, wait for the greeting, EHLO, perhaps STARTTLS, QUIT.

RFC 5321 §3.1, §4.3.1 (nothing is said before the greeting is complete), §4.1.1.1 (EHLO, and HELO where it is refused),
RFC 3207 §4. Each way in which it can end is a fact. Whether a name is right is not decided here.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from truehelo.facts.address import Address
from truehelo.facts.smtp import Ended, Line, Reply, SmtpSession, ehlo_reply_name, greeting_name
from truehelo.facts.tls import TlsSession
from truehelo.ports import NOT_CONTACTED, Clock
from truehelo.probes.routes import Routes
from truehelo.probes.smtp.lines import Heard, Limits, ReplyLines
from truehelo.probes.smtp.machine import own_name, why
from truehelo.probes.smtp.tls import reading_context, tls_facts

QUIT_PATIENCE = 0.5
"""Seconds that the reply to QUIT is waited for. Nothing depends on it, so it must not make a check slow."""
_CHUNK = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How conversations are held; `SmtpClient` explains each. Times are in seconds."""

    routes: Routes
    clock: Clock
    vantage: str
    timeout: float
    greeting_timeout: float
    connect_timeout: float
    starttls: bool
    ehlo_name: str | None
    implicit_tls: frozenset[int]
    limits: Limits


class _Over(Exception):  # noqa: N818  # the end of a conversation, no error
    """The conversation ends here, in this way."""

    def __init__(self, ended: Ended, detail: str = "") -> None:
        super().__init__(ended, detail)
        self.ended, self.detail = ended, detail


class Conversation:
    """One conversation; `hold` is called once."""

    def __init__(self, settings: Settings, ip: Address, port: int, on_name: Callable[[str], None] | None) -> None:
        """Look up where to go; nothing is contacted yet."""
        self.settings, self.ip, self.port = settings, ip, port
        self.on_name = on_name or _ignore
        self.at, self.began = settings.clock.now(), settings.clock.monotonic()
        self.to_ip, self.to_port = settings.routes.to(ip, port)
        self.transcript: list[Line] = []
        self.lines = ReplyLines(settings.limits)
        self.heard: deque[Heard] = deque()
        self.streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.greeting: Reply | None = None
        self.ehlo: Reply | None = None
        self.tls: TlsSession | None = None

    async def hold(self) -> SmtpSession:
        """Hold it to its end, and return what was seen; a cancelled one returns what it has."""
        try:
            async with asyncio.timeout(self.settings.limits.total_s):
                ended, detail = await self._to_the_end()
        except TimeoutError:
            ended = Ended.SILENCE if self.greeting is None else Ended.TIMEOUT
            detail = f"not over after {self.settings.limits.total_s:g} s"
        except asyncio.CancelledError:
            ended, detail = Ended.INTERRUPTED, ""
            _cancel_later()
        finally:
            self._close()
        return self._session(ended, detail)

    async def _to_the_end(self) -> tuple[Ended, str]:
        try:
            await self._talk()
        except _Over as over:
            self._note("*", f"{over.ended}: {over.detail}" if over.detail else str(over.ended))
            # Before the greeting is complete nothing may be said, not even QUIT (RFC 5321 §4.3.1).
            if self.greeting is not None and over.ended not in (Ended.CLOSED, Ended.TLS_FAILED):
                await self._quit()
            return over.ended, over.detail
        return Ended.QUIT, ""

    async def _talk(self) -> None:
        await self._connect()
        if self.port in self.settings.implicit_tls:
            await self._start_tls()
        await self._greet()
        await self._hello()
        declined = ""
        if self.settings.starttls and self.tls is None and "STARTTLS" in self._offered():
            declined = await self._ask_for_tls()
        await self._quit()
        if declined:
            raise _Over(Ended.TLS_FAILED, declined)

    async def _connect(self) -> None:
        if not self.settings.routes.allowed(self.to_ip):
            raise _Over(Ended.UNREACHABLE, NOT_CONTACTED)
        seconds = self.settings.connect_timeout
        try:
            async with asyncio.timeout(seconds):
                self.streams = await asyncio.open_connection(str(self.to_ip), self.to_port)
        except TimeoutError as error:
            raise _Over(Ended.CONNECT_TIMEOUT, f"no connection within {seconds:g} s") from error
        except OSError as error:
            raise _Over(Ended.UNREACHABLE, why(error)) from error
        self._note("*", "connected")

    async def _greet(self) -> None:
        reply = await self._reply(self.settings.greeting_timeout, Ended.SILENCE, "no greeting")
        self.greeting = reply
        if reply.code >= 400:
            raise _Over(Ended.REFUSED, f"the greeting is {reply.code}")
        if reply.code != 220:
            raise _Over(Ended.NOT_SMTP, f"the greeting is {reply.code}, not 220")
        self._tell(greeting_name(reply).name)

    async def _hello(self) -> None:
        name = self._own_name()
        reply = await self._command(f"EHLO {name}")
        while reply.code == 220 and self.greeting is not None:
            # The greeting went on in a second reply: its last 220 line is the one that counts.
            self.greeting = Reply(code=220, lines=self.greeting.lines + reply.lines)
            self._tell(greeting_name(self.greeting).name)
            reply = await self._reply(self.settings.timeout, Ended.TIMEOUT, "no reply to EHLO")
        if reply.code >= 500:
            reply = await self._command(f"HELO {name}")
        self.ehlo = reply
        self._tell(ehlo_reply_name(reply))

    def _own_name(self) -> str:
        if self.settings.ehlo_name is not None:
            return self.settings.ehlo_name
        return own_name(None if self.streams is None else self.streams[1].get_extra_info("sockname"))

    def _offered(self) -> tuple[str, ...]:
        return self._session(Ended.QUIT, "").extensions

    async def _ask_for_tls(self) -> str:
        """Say STARTTLS (RFC 3207 §4). Return why it was declined, or "" when TLS is up."""
        reply = await self._command("STARTTLS")
        if reply.code != 220:
            return f"STARTTLS was declined with {reply.code}"
        if self.heard or self.lines.pending:
            # What stands between that reply and TLS could be anybody's: RFC 3207 §4.2 has it discarded.
            raise _Over(Ended.TLS_FAILED, "the server went on in plain text after STARTTLS")
        await self._start_tls()
        return ""

    async def _start_tls(self) -> None:
        if self.streams is None:
            return
        writer = self.streams[1]
        seconds = self.settings.timeout
        try:
            async with asyncio.timeout(seconds):
                await writer.start_tls(reading_context())
        except TimeoutError as error:
            raise _Over(Ended.TLS_FAILED, f"no TLS within {seconds:g} s") from error
        except ssl.SSLError as error:
            raise _Over(Ended.TLS_FAILED, (error.reason or "unknown").lower().replace("_", " ")) from error
        except (OSError, EOFError) as error:
            raise _Over(Ended.TLS_FAILED, why(error) or "connection closed") from error
        connection = writer.get_extra_info("ssl_object")
        if isinstance(connection, ssl.SSLObject):
            self.tls = self._tls_facts(connection)
        self.lines = ReplyLines(self.settings.limits)

    def _tls_facts(self, connection: ssl.SSLObject) -> TlsSession:
        try:
            facts = tls_facts(connection)
        except Exception as error:  # noqa: BLE001  what TLS shows must not cost the names, for which all this is done
            self._note("*", f"TLS, of which nothing could be read ({type(error).__name__})")
            return TlsSession(version="", cipher="")
        self._note("*", f"TLS {facts.version} {facts.cipher}")
        return facts

    async def _command(self, text: str) -> Reply:
        await self._say(text)
        return await self._reply(self.settings.timeout, Ended.TIMEOUT, f"no reply to {text.partition(' ')[0]}")

    async def _say(self, text: str) -> None:
        if self.streams is None:
            return
        self._note("C", text)
        try:
            self.streams[1].write(text.encode("ascii") + b"\r\n")
            await self.streams[1].drain()
        except OSError as error:
            raise _Over(Ended.CLOSED, why(error)) from error

    async def _reply(self, seconds: float, late: Ended, what: str) -> Reply:
        """Read until a reply is complete; `late` is how the conversation ends when `seconds` are over."""
        try:
            async with asyncio.timeout(seconds):
                while True:
                    reply = self._next_reply()
                    if reply is not None:
                        return reply
                    await self._read()
        except TimeoutError as error:
            began = self.lines.pending
            self.heard.extend(self.lines.end())
            self._next_reply()
            raise _Over(late, f"{what} within {seconds:g} s" + (", but a part of it" if began else "")) from error

    async def _read(self) -> None:
        octets, lost = b"", ""
        if self.streams is not None:
            try:
                octets = await self.streams[0].read(_CHUNK)
            except OSError as error:
                lost = why(error)
        if octets:
            self.heard.extend(self.lines.feed(octets))
            return
        self.heard.extend(self.lines.end())
        self._next_reply()
        raise _Over(Ended.CLOSED, lost or "closed by the server")

    def _next_reply(self) -> Reply | None:
        while self.heard:
            heard = self.heard.popleft()
            self._note("S", heard.text)
            if heard.ended is not None:
                raise _Over(heard.ended, heard.detail)
            if heard.reply is not None:
                return heard.reply
        return None

    async def _quit(self) -> None:
        """Say QUIT and give its reply a moment; whatever comes of it changes nothing."""
        try:
            await self._say("QUIT")
            await self._reply(min(QUIT_PATIENCE, self.settings.timeout), Ended.TIMEOUT, "no reply to QUIT")
        except _Over as over:
            self._note("*", over.detail)

    def _tell(self, name: str | None) -> None:
        if name is not None:
            self.on_name(name)

    def _note(self, who: str, text: str) -> None:
        at = round(self.settings.clock.monotonic() - self.began, 6)
        self.transcript.append(Line(at_s=at, who=who, text=text))

    def _close(self) -> None:
        if self.streams is None:
            return
        writer = self.streams[1]
        if self.tls is None:
            writer.close()
        else:
            # The farewell of TLS could take as long as the server likes; all has been said.
            writer.transport.abort()

    def _session(self, ended: Ended, detail: str) -> SmtpSession:
        ip = self.to_ip
        return SmtpSession(
            ip=str(self.ip),
            port=self.port,
            connected_to=f"[{ip}]:{self.to_port}" if ip.version == 6 else f"{ip}:{self.to_port}",
            vantage=self.settings.vantage,
            at=self.at,
            took_s=round(self.settings.clock.monotonic() - self.began, 6),
            ended=ended,
            transcript=tuple(self.transcript),
            greeting=self.greeting,
            ehlo=self.ehlo,
            tls=self.tls,
            detail=detail,
        )


def _ignore(_name: str) -> None:
    """Take no notice."""


def _cancel_later() -> None:
    """Hand a cancellation on to the next await of this task, so that what was learned can be returned first."""
    task = asyncio.current_task()
    if task is not None:
        # One request was taken in, one is made: whoever counts them (asyncio.timeout) still gets its own.
        task.uncancel()
        task.cancel()
