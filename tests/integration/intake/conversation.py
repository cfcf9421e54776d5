"""A client of our own that says to an SMTP server what a test has it say, octet for octet."""

import asyncio
import ssl
from types import TracebackType
from typing import Self


class Client:
    """One connection. Use it as a context."""

    def __init__(self, where: tuple[str, int], own_ip: str = "") -> None:
        self._where, self._own = where, (own_ip, 0) if own_ip else None

    async def __aenter__(self) -> Self:
        self.reader, self.writer = await asyncio.open_connection(*self._where, local_addr=self._own)
        self.greeting = await self.reply()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.transport.abort()

    async def reply(self, seconds: float = 5.0) -> str:
        """Return a reply, the lines of it joined by blanks; "" when the server has hung up."""
        lines = []
        async with asyncio.timeout(seconds):
            while line := (await self.reader.readline()).decode():
                lines.append(line.rstrip("\r\n"))
                if line[3:4] != "-":
                    break
        return " ".join(lines)

    def send(self, octets: bytes) -> None:
        self.writer.write(octets)

    async def say(self, line: str, seconds: float = 5.0) -> str:
        self.send(f"{line}\r\n".encode())
        return await self.reply(seconds)

    async def begin(self, sender: str = "a@reporter.example", recipient: str = "dmarc@example.com") -> list[str]:
        """Say everything up to DATA; return the codes."""
        lines = ("EHLO client.example", f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>", "DATA")
        return [(await self.say(line))[:3] for line in lines]

    async def deliver(self, octets: bytes, seconds: float = 5.0) -> str:
        """Say the octets of a message, which are dot-stuffed already, and return the reply."""
        self.send(octets + b"\r\n.\r\n")
        return await self.reply(seconds)

    async def start_tls(self, context: ssl.SSLContext, name: str) -> None:
        await self.writer.start_tls(context, server_hostname=name)
