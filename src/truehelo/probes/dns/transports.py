"""Octets to a server and back: UDP, TCP, TLS and HTTPS, each bounded in size and time.

RFC 5452 §9 (a new random port and identifier for each question over UDP), RFC 7766 (TCP), RFC 7858 (TLS), RFC 8484 (HTTPS).
Replies that are not to our question are passed over and waiting goes on. Nothing here decides what a reply means.

UDP and streams are our own on asyncio, because the asynchronous half of dnspython brings an HTTP stack along; HTTPS is
dnspython's, imported when it is asked for (docs/adr/0004-dns-transport.md). Needs an event loop that watches file
descriptors, as every loop outside Windows does.
"""

import asyncio
import errno
import os
import socket
import ssl

from truehelo.facts.address import Address
from truehelo.probes.dns.wire import Query, Reply, read

_MAX_DATAGRAM = 65535
_STRANGE_MESSAGES = 8
"""How many replies to other questions a stream may carry before it is given up."""


class NoReplyError(Exception):
    """No usable reply came; the text says why, in words for the detail of a fact."""


async def ask_udp(ip: Address, port: int, query: Query, timeout_s: float) -> Reply:
    """Send one datagram from a port of its own, and wait for the reply to it.

    Raises:
        NoReplyError: Nothing came in time, or the host or its network said that nobody is there.
    """
    loop = asyncio.get_running_loop()
    try:
        with socket.socket(socket.AF_INET if ip.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            # Connected: the kernel picks a random port, drops what comes from elsewhere, and reports ICMP errors to us.
            try:
                sock.connect((str(ip), port))
            except OSError as error:
                raise NoReplyError(f"not contacted: {reason(error)}") from error  # such as IPv6 where there is none
            sock.send(query.wire)
            waiting = _Datagram(sock, query, loop.create_future())
            # By number: given the socket itself, asyncio builds its repr for an error that it then discards.
            number = sock.fileno()
            loop.add_reader(number, waiting.readable)
            timer = loop.call_later(timeout_s, waiting.expire, timeout_s)
            try:
                return await waiting.done
            finally:
                timer.cancel()
                loop.remove_reader(number)
    except OSError as error:
        raise NoReplyError(reason(error)) from error


class _Datagram:
    """One question under way over UDP."""

    __slots__ = ("done", "ignored", "query", "sock")

    def __init__(self, sock: socket.socket, query: Query, done: asyncio.Future[Reply]) -> None:
        self.sock, self.query, self.done, self.ignored = sock, query, done, 0

    def readable(self) -> None:
        if self.done.done():
            return
        try:
            reply = read(self.sock.recv(_MAX_DATAGRAM), self.query)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self.done.set_exception(NoReplyError(reason(error)))
            return
        if reply is None:
            self.ignored += 1
        else:
            self.done.set_result(reply)

    def expire(self, timeout_s: float) -> None:
        if not self.done.done():
            strange = f"; {self.ignored} replies were not to our question" if self.ignored else ""
            self.done.set_exception(NoReplyError(f"no reply in {timeout_s:g} s{strange}"))


async def ask_tcp(ip: Address, port: int, query: Query, timeout_s: float) -> Reply:
    """Ask over a TCP connection of its own.

    Raises:
        NoReplyError: The connection or the reply did not come, or came apart.
    """
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_connection(str(ip), port)
            try:
                return await _converse(reader, writer, query)
            finally:
                writer.transport.abort()
    except TimeoutError as error:
        raise NoReplyError(f"no reply in {timeout_s:g} s") from error
    except asyncio.IncompleteReadError as error:
        raise NoReplyError("the connection was closed before the reply was whole") from error
    except OSError as error:
        raise NoReplyError(reason(error)) from error


async def _converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, query: Query) -> Reply:
    writer.write(len(query.wire).to_bytes(2, "big") + query.wire)
    for _ in range(_STRANGE_MESSAGES):
        size = int.from_bytes(await reader.readexactly(2), "big")
        reply = read(await reader.readexactly(size), query)
        if reply is not None:
            return reply
    raise NoReplyError(f"{_STRANGE_MESSAGES} replies, none of them to our question")


class TlsStream:
    """A TLS connection to one resolver, kept open, with many questions under way on it (RFC 7858 §3.4).

    With `name`, the certificate is verified against it (the strict profile of RFC 8310 §5); without, any certificate is
    taken: that hides questions from those who merely listen, and proves nothing about who answers.
    """

    def __init__(self, ip: Address, port: int, name: str) -> None:
        """Remember whom to connect to; the connection is made with the first question."""
        self._where, self._name = (ip, port), name
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._opening = asyncio.Lock()
        self._waiting: dict[int, tuple[Query, asyncio.Future[Reply]]] = {}

    async def ask(self, query: Query, timeout_s: float) -> Reply:
        """Ask over the connection, opening it when there is none.

        Raises:
            NoReplyError: The connection or the reply did not come, or the certificate is not for the name.
        """
        done: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                writer = await self._connected()
                if query.id in self._waiting:
                    raise NoReplyError("two questions under way had the same identifier")
                self._waiting[query.id] = query, done
                try:
                    writer.write(len(query.wire).to_bytes(2, "big") + query.wire)
                    return await done
                finally:
                    del self._waiting[query.id]
        except TimeoutError as error:
            raise NoReplyError(f"no reply in {timeout_s:g} s") from error
        except OSError as error:
            raise NoReplyError(reason(error)) from error

    async def aclose(self) -> None:
        """Close the connection; questions under way get no reply."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    async def _connected(self) -> asyncio.StreamWriter:
        async with self._opening:
            if self._writer is None or self._writer.is_closing() or self._reading is None or self._reading.done():
                ip, port = self._where
                reader, self._writer = await asyncio.open_connection(
                    str(ip), port, ssl=self._context(), server_hostname=self._name or None
                )
                self._reading = asyncio.create_task(self._read(reader, self._writer))
            return self._writer

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context()
        context.set_alpn_protocols(["dot"])
        if not self._name:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        why = "the connection was closed before the reply"
        try:
            while True:
                octets = await reader.readexactly(int.from_bytes(await reader.readexactly(2), "big"))
                query, done = self._waiting.get(int.from_bytes(octets[:2], "big"), (None, None))
                reply = read(octets, query) if query else None
                if reply is not None and done is not None and not done.done():
                    done.set_result(reply)
        except asyncio.IncompleteReadError:
            pass
        except OSError as error:
            why = reason(error)
        finally:
            writer.transport.abort()
            for _, done in self._waiting.values():
                if not done.done():
                    done.set_exception(NoReplyError(why))


def reason(error: OSError) -> str:
    """Return why the network failed, in a few words without addresses."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was not accepted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason or 'no reason given'}"
    if isinstance(error, socket.gaierror):
        return f"the host name could not be looked up: {error.strerror}"
    if error.errno == errno.ECONNREFUSED:
        return "connection refused"
    # asyncio puts the address into the message of its own errors; the system's words alone are the same everywhere.
    return os.strerror(error.errno).lower() if error.errno else str(error) or type(error).__name__
