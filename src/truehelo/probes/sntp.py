"""Another clock, asked over SNTP (RFC 4330 §5). Implements `ports.TimeServer`."""

import asyncio
import socket
import struct
import time

from truehelo.facts.address import parse_address
from truehelo.probes.routes import Routes

_EPOCH = 2208988800
"""Seconds from 1900, where NTP begins, to 1970."""


class SntpServer:
    """A time server by name. `timeout` in seconds."""

    def __init__(self, name: str = "pool.ntp.org", *, routes: Routes, timeout: float = 3.0) -> None:
        """Remember whom to ask; nothing is sent yet."""
        self.name, self._routes, self._timeout = name, routes, timeout

    async def offset(self) -> float | None:
        """Return how many seconds our clock is behind the server's; None without a usable answer."""
        if self._routes.loopback_only:
            return None
        loop = asyncio.get_running_loop()
        try:
            found = await asyncio.wait_for(loop.getaddrinfo(self.name, 123, type=socket.SOCK_DGRAM), self._timeout)
            ip = parse_address(str(found[0][4][0]))
            if ip is None:
                return None
            return await asyncio.wait_for(self._ask(str(ip), found[0][0]), self._timeout)
        except (OSError, TimeoutError):
            return None

    @staticmethod
    async def _ask(ip: str, family: int) -> float | None:
        loop = asyncio.get_running_loop()
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (ip, 123))
            sent = time.time()
            await loop.sock_sendall(sock, bytes([0x23]) + bytes(47))  # version 4, client
            return read_offset(await loop.sock_recv(sock, 512), sent, time.time())


def read_offset(reply: bytes, sent: float, received: float) -> float | None:
    """Return the offset that a reply tells, in seconds; None for a reply that tells none (RFC 4330 §5)."""
    if len(reply) < 48 or reply[0] & 7 != 4 or not 1 <= reply[1] <= 15:
        return None
    seconds, fraction = struct.unpack("!II", reply[40:48])
    if seconds == 0:
        return None
    theirs = seconds - _EPOCH + fraction / 2**32
    return float(theirs - (sent + received) / 2)
