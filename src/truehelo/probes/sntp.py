"""Another clock, asked over SNTP (RFC 4330 §5). Implements `ports.TimeServer`."""

import asyncio
import socket
import struct
import time

from truehelo.facts.address import Address, parse_address
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
        try:
            async with asyncio.timeout(self._timeout):
                found = await self._address()
                if found is None:
                    return None
                ip, port = self._routes.to(found, 123)
                return await self._ask(ip, port) if self._routes.allowed(ip) else None
        except (OSError, TimeoutError):
            return None

    async def _address(self) -> Address | None:
        ip = parse_address(self.name)
        if ip is not None or self._routes.loopback_only:  # under the guard not even the name is looked up
            return ip
        found = await asyncio.get_running_loop().getaddrinfo(self.name, 123, type=socket.SOCK_DGRAM)
        return parse_address(str(found[0][4][0]))

    @staticmethod
    async def _ask(ip: Address, port: int) -> float | None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET if ip.version == 4 else socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.setblocking(False)
            await loop.sock_connect(sock, (str(ip), port))
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
