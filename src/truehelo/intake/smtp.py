"""The SMTP listener for reports (RFC 5321): no mailbox is needed, a domain's MX or a mail server in front hands them over.

It takes mail for the configured recipients and the postmaster alone, so that nobody can relay or store anything else
through it, and says 250 once what a message holds has been committed, 451 when it cannot be kept now. A message that is no
report is taken, too: refused, it would be returned to a sender that is as a rule forged or nobody's (RFC 5321 §6.1); who
calls keeps it aside.
aiosmtpd speaks the protocol, but for what comes after DATA (`content`). Does not look into messages (`reports.read`).
"""

import asyncio
import contextlib
import logging
import os
import socket
import ssl
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from truehelo.configuration.reports import ListenSettings
from truehelo.errors import InputError
from truehelo.facts.address import fold, parse_address
from truehelo.facts.names import is_fqdn
from truehelo.facts.text import visible
from truehelo.intake.content import Content
from truehelo.intake.item import IntakeError, Item, held

LINE = 65_536
"""The longest line of a message that is taken; 998 are allowed (RFC 5321 §4.5.3.1.6), and some send more."""
STORE_S = 540.0
"""How long a client waits at most while its message is stored: it may give up after ten minutes (RFC 5321 §4.5.3.2.6)."""
AT_ONCE = 8
"""Messages that are received at the same time; more would be more memory than reports need."""
OF_ONE = 2
"""So many of them may be of one client, which could hold all of them by saying nothing after DATA."""
TURN_S = 60.0
"""How long a client waits for its turn, when as many of its messages come in: it may give up after two minutes
(RFC 5321 §4.5.3.2.4)."""
GRACE_S, RATE = 30.0, 1024
"""A message comes at so many octets a second at least, but for so many seconds that it is behind."""
_BEYOND = 2
"""A client that sends so many times what a message may have is hung up on, instead of being heard to the end."""
_BLOCK = 2**20
"""More than the library holds of what came, so that all of it is taken."""
_REMEMBERED = 10_000
_REPLY_S = 0.1
Log = Callable[[str], None]
Take = Callable[[Item], Awaitable[None]]
"""Stores an item; returns once it is committed, raises `IntakeError` when it cannot be kept now."""


class Listener:
    """The listener. Use `start` and `aclose`."""

    def __init__(
        self,
        settings: ListenSettings,
        take: Take,
        context: ssl.SSLContext | None = None,
        log: Log = lambda _: None,
    ) -> None:
        """Take the settings, who stores what comes, the certificate for STARTTLS, and whom to tell of trouble.

        Raises:
            InputError: There is no full name to greet with.
        """
        _quiet()
        self.settings, self._take, self._context, self._log = settings, take, context, log
        self.name = _own_name(settings)
        self._domains = {self.name.lower(), *(each.rpartition("@")[2] for each in settings.recipients)}
        self.receiving = asyncio.Semaphore(AT_ONCE)
        self._server: asyncio.Server | None = None
        self._idle, self._storing = asyncio.Event(), 0
        self._idle.set()
        self._sessions: dict[_Session, str] = {}
        self._of_client: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._recent: dict[str, deque[float]] = {}
        self._networks = [ip_network(each) for each in settings.networks]

    async def start(self) -> None:
        """Listen.

        Raises:
            InputError: The place is taken, or is none of this machine.
        """
        settings, loop = self.settings, asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Session(self), str(settings.ip), settings.port)
        except OSError as error:
            cause = os.strerror(error.errno).lower() if error.errno else visible(str(error), 120)
            raise InputError(
                f"[reports.listen] listen {settings.place}", f"cannot be used ({cause})", "choose another port or address"
            ) from None

    @property
    def place(self) -> tuple[str, int]:
        """Where it really listens."""
        if self._server is None:
            raise RuntimeError("it does not listen")
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def aclose(self, patience_s: float = 5.0) -> None:
        """Take no more connections, let what is being stored end, and hang up."""
        if self._server is None:
            return
        self._server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                await self._idle.wait()
                await asyncio.sleep(_REPLY_S)  # what is stored by now is still to be said
        for each in tuple(self._sessions):
            each.hang_up()
        self._server = None

    # What the sessions ask.

    def admit(self, session: "_Session", peer: str) -> str:
        """Let a client in, and return ""; else return what to tell it."""
        if self._networks and not _within(peer, self._networks):
            return f"554 5.7.1 {self.name} takes no mail from you"
        full = len(self._sessions) >= self.settings.connections or self._of_client[peer] >= self.settings.per_client
        if full or self._server is None:
            return f"421 4.7.0 {self.name} has too many connections, try again later"
        self._sessions[session] = peer
        self._of_client[peer] += 1
        return ""

    def leave(self, session: "_Session") -> None:
        """Forget a connection that is over."""
        peer = self._sessions.pop(session, None)
        if peer is not None:
            self._of_client[peer] -= 1
            if not self._of_client[peer]:
                del self._of_client[peer]
                self._turns.pop(peer, None)

    @asynccontextmanager
    async def turn(self, peer: str) -> AsyncIterator[bool]:
        """Wait until a message of a client may come in, and hold its place; False when it is not to come now."""
        own = self._turns.setdefault(peer, asyncio.Semaphore(OF_ONE))
        try:
            async with asyncio.timeout(TURN_S):
                await own.acquire()
        except TimeoutError:
            yield False
            return
        try:
            if self.receiving.locked():
                yield False
                return
            async with self.receiving:
                yield True
        finally:
            own.release()

    def too_many(self, peer: str) -> bool:
        """Count a message of a client; True when it has sent as many within a minute as it may."""
        now = asyncio.get_running_loop().time()
        recent = self._recent.setdefault(peer, deque())
        while recent and recent[0] <= now - 60:
            recent.popleft()
        if len(recent) >= self.settings.per_minute:
            return True
        recent.append(now)
        if len(self._recent) > _REMEMBERED:
            self._recent = {each: times for each, times in self._recent.items() if times and times[-1] > now - 60}
        return False

    def knows(self, address: str) -> bool:
        """Tell whether it takes mail for an address: a recipient, or the postmaster of its domains (RFC 5321 §4.5.1)."""
        whole = address.lower()
        local, _, domain = whole.rpartition("@")
        if whole in self.settings.recipients or f"@{domain}" in self.settings.recipients:
            return True
        return whole == "postmaster" or (local == "postmaster" and domain in self._domains)

    async def store(self, peer: str, envelope: Envelope) -> str:
        """Have a message stored; return the reply."""
        self._storing += 1
        self._idle.clear()
        try:
            return await self._store(peer, envelope)
        finally:
            self._storing -= 1
            if not self._storing:
                self._idle.set()

    async def _store(self, peer: str, envelope: Envelope) -> str:
        octets = envelope.content if isinstance(envelope.content, bytes) else b""
        sender = "" if envelope.mail_from in (None, "<>") else str(envelope.mail_from)[:320]
        name = f"mail from {visible(sender, 100) or '<>'} by {peer}"
        try:
            async with asyncio.timeout(STORE_S):
                await self._take(Item(name=name, origin="smtp", open=held(octets), sender=sender, by_mail=True))
        except IntakeError as error:
            self._log(f"{name}: put off, {error}")
        except TimeoutError:
            self._log(f"{name}: put off, it was not stored within {STORE_S:g} s")
        else:
            return "250 2.6.0 It is stored"
        return "451 4.3.0 It cannot be stored now, try again later"

    def troubled(self, peer: str, error: Exception) -> str:
        """Tell of an error that nobody expected; return the reply."""
        self._log(f"the connection of {peer} failed: {type(error).__name__}: {error}")
        return "451 4.3.0 Something is wrong here, try again later"

    def options(self) -> dict[str, Any]:
        """Return what the library wants to know."""
        settings = self.settings
        return {
            "data_size_limit": settings.max_octets,
            "enable_SMTPUTF8": True,
            "hostname": self.name,
            "ident": "ESMTP",
            "tls_context": self._context,
            "require_starttls": settings.require_tls,
            "timeout": settings.timeout_s,
        }


class _Session(SMTP):
    """One connection."""

    line_length_limit = LINE

    def __init__(self, listener: Listener) -> None:
        self.listener, self.peer, self._admitted = listener, "", False
        super().__init__(_Handler(self), loop=asyncio.get_running_loop(), **listener.options())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not self._admitted:  # STARTTLS makes the connection a second time
            self.peer = _peer(transport)
            refusal = self.listener.admit(self, self.peer)
            if refusal and isinstance(transport, asyncio.Transport):
                transport.write(f"{refusal}\r\n".encode())
                transport.close()
                return
            self._admitted = True
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.listener.leave(self)
        if self._admitted:
            super().connection_lost(error)

    async def smtp_AUTH(self, _arg: str) -> None:  # noqa: N802  (the library finds it by this name)
        await self.push("502 5.5.1 Nobody is to log in here")

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        """Read parameters; who says for whom it sends (RFC 4954 §5) is not asked to, and does no harm."""
        found: dict[str, str | bool] | None = super()._getparams(params)
        if found is not None:
            found.pop("AUTH", None)
        return found

    @syntax("DATA")
    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  (the library finds it by this name)
        if await self.check_helo_needed() or self.envelope is None:
            return
        if not self.envelope.rcpt_tos:
            await self.push("503 Error: need RCPT command")
        elif arg:
            await self.push("501 Syntax: DATA")
        else:
            self._reset_timeout(TURN_S + self.listener.settings.timeout_s)
            async with self.listener.turn(self.peer) as may_come:
                self._reset_timeout()
                if may_come:
                    await self._receive(self.envelope)
                else:
                    await self.push("451 4.3.2 Too much comes in at once, try again later")

    async def _receive(self, envelope: Envelope) -> None:
        """Take a message, have it stored, and reply."""
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = Content(self.listener.settings.max_octets, LINE)
        after: bytes | None = None
        due = self.loop.time() + GRACE_S
        slow = False
        while not slow and after is None and content.octets <= _BEYOND * self.listener.settings.max_octets:
            try:
                async with asyncio.timeout_at(due + content.octets / RATE):
                    after = content.feed(await self._reader.read(_BLOCK))  # cancelled when the client is gone
            except TimeoutError:
                slow = True
        if after:  # the next commands: nothing else is waiting, and nothing came since
            self._reader.feed_data(after)
        if slow:
            status = "421 4.4.2 The message comes too slowly, try again later"
        elif content.too_large:  # said at the end, where the client listens (RFC 1870 §6)
            status = f"552 5.3.4 The message has more than {self.listener.settings.max_octets} octets"
        elif content.too_long:
            status = "500 Line too long (see RFC5321 4.5.3.1.6)"
        else:
            envelope.content = envelope.original_content = content.take()
            status = await self.store(envelope)
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        await self.push(status)
        if after is None:  # the library closes the connection, and takes nothing of the message for a command
            raise asyncio.CancelledError

    async def store(self, envelope: Envelope) -> str:
        """Store a message; meanwhile the client is not held to its own time."""
        self._reset_timeout(STORE_S + self.listener.settings.timeout_s)
        try:
            return await self.listener.store(self.peer, envelope)
        finally:
            self._reset_timeout()

    def hang_up(self) -> None:
        """End the connection."""
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()


class _Handler:
    """What the library asks of us."""

    def __init__(self, connection: _Session) -> None:
        self._connection = connection

    async def handle_EHLO(  # noqa: N802  (as above)
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        # With TLS the library offers AUTH, whether or not anybody could log in: clients that have a login would try it.
        return [each for each in responses if not each.startswith("250-AUTH ")]

    async def handle_MAIL(  # noqa: N802  (as above)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._connection.listener.too_many(self._connection.peer):
            return "451 4.7.0 Too many messages within a minute, try again later"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802  (as above)
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if not self._connection.listener.knows(address):
            return "550 5.1.1 Nobody here has this address"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_exception(self, error: Exception) -> str:
        return self._connection.listener.troubled(self._connection.peer, error)


def _quiet() -> None:
    """Keep the library from writing to the terminal what clients say, as they say it: what matters is told by us."""
    logger = logging.getLogger("mail.log")
    if not logger.handlers:
        logger.addHandler(logging.NullHandler())
    logger.propagate = False


def _own_name(settings: ListenSettings) -> str:
    name = settings.name or socket.getfqdn()
    if not is_fqdn(name):
        raise InputError(
            "[reports.listen] name",
            f"is not given, and this machine calls itself {visible(name, 80)!r}, which is no full name",
            'write name = "reports.example.com"',
        )
    return name


def _peer(transport: asyncio.BaseTransport) -> str:
    ip = parse_address(str((transport.get_extra_info("peername") or ("",))[0]).partition("%")[0])
    return "an unknown place" if ip is None else str(fold(ip))


def _within(peer: str, networks: list[IPv4Network | IPv6Network]) -> bool:
    ip = parse_address(peer)
    return ip is not None and any(ip in network for network in networks)


def certified(certificate: str, key: str) -> ssl.SSLContext:
    """Return what STARTTLS is offered with.

    Raises:
        InputError: A file cannot be read, or the two do not belong together.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key, password="")
    except ssl.SSLError as error:
        problem = f"cannot be used with {key} ({error.reason or 'no certificate in PEM'})"
        raise InputError(certificate, problem, "give a chain in PEM, and its key without a passphrase") from None
    except OSError as error:
        raise InputError(certificate, f"cannot be read, or {key} ({(error.strerror or str(error)).lower()})") from None
    return context
