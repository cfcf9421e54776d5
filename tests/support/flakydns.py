"""A DNS server on loopback that misbehaves by a seed: it drops, lies about the id, truncates, fails, and is spoofed.

Over UDP only; over TCP it is honest, as a truncated reply must be fetched there.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Zone = Mapping[tuple[str, str], str]
"""(name, type) to data; a name that is nowhere in it does not exist."""
SOA = "ns1.zone.example. hostmaster.zone.example. 1 3600 900 604800 60"


@dataclass(frozen=True, slots=True, kw_only=True)
class Temper:
    """How often, of 1, the server does each thing to a question that came over UDP."""

    drop: float = 0.0
    servfail: float = 0.0
    truncate: float = 0.0
    wrong_id: float = 0.0
    """A lie under another id goes first."""
    spoof: float = 0.0
    """A lie under the right id goes first, from another port."""


GOOD = Temper()
FLAKY = Temper(drop=0.2, servfail=0.5, truncate=0.2, wrong_id=0.3, spoof=0.3)


@dataclass
class FlakyServer(asyncio.DatagramProtocol):
    """Serves `zone` on a free port of 127.0.0.1, UDP and TCP. `did` counts what was done."""

    zone: Zone
    temper: Temper
    seed: int
    did: Counter[str] = field(default_factory=Counter)
    port: int = 0

    def __post_init__(self) -> None:
        self.random = Random(self.seed)  # noqa: S311  the same run again is the point
        self.names = {name for name, _ in self.zone}

    async def __aenter__(self) -> "FlakyServer":
        loop = asyncio.get_running_loop()
        self.tcp = await asyncio.start_server(self._stream, "127.0.0.1", 0)
        self.port = self.tcp.sockets[0].getsockname()[1]
        self.udp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        self.stranger, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.tcp.close()
        self.udp.close()
        self.stranger.close()
        await self.tcp.wait_closed()

    @property
    def text(self) -> str:
        """The server as `--resolver` takes it."""
        return f"127.0.0.1:{self.port}"

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        query = dns.message.from_wire(data)
        if self._chance("spoof"):
            self.stranger.sendto(self._lie(query).to_wire(), addr)
        if self._chance("wrong_id"):
            lie = self._lie(query)
            lie.id = query.id ^ 0x0101
            self.udp.sendto(lie.to_wire(), addr)
        if self._chance("drop"):
            return
        if self._chance("servfail"):
            reply = self._reply(query)
            reply.set_rcode(dns.rcode.SERVFAIL)
        elif self._chance("truncate"):
            reply = self._reply(query)
            reply.flags |= dns.flags.TC
        else:
            self.did["honest"] += 1
            reply = self.honest(query)
        self.udp.sendto(reply.to_wire(), addr)

    def _chance(self, what: str) -> bool:
        happens = bool(self.random.random() < getattr(self.temper, what))
        self.did[what] += happens
        return happens

    @staticmethod
    def _reply(query: dns.message.Message) -> dns.message.Message:
        reply = dns.message.make_response(query)
        reply.flags |= dns.flags.RA
        return reply

    def honest(self, query: dns.message.Message) -> dns.message.Message:
        """The true reply."""
        reply, question = self._reply(query), query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        rdtype = dns.rdatatype.to_text(question.rdtype)
        data = self.zone.get((name, rdtype))
        if data is not None:
            reply.answer.append(dns.rrset.from_text(question.name, 300, "IN", rdtype, data))
            return reply
        reply.authority.append(dns.rrset.from_text(question.name.parent(), 60, "IN", "SOA", SOA))
        if name not in self.names:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def _lie(self, query: dns.message.Message) -> dns.message.Message:
        """The contrary of the truth: a denial of what is there, a record where there is none."""
        true, lie, question = self.honest(query), self._reply(query), query.question[0]
        if true.answer:
            lie.set_rcode(dns.rcode.NXDOMAIN)
        else:
            rdtype = dns.rdatatype.to_text(question.rdtype)
            data = {"AAAA": "2001:db8:ffff::66", "PTR": "spoofed.example."}[rdtype]
            lie.answer.append(dns.rrset.from_text(question.name, 300, "IN", rdtype, data))
        return lie

    async def _stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            size = int.from_bytes(await reader.readexactly(2), "big")
            reply = self.honest(dns.message.from_wire(await reader.readexactly(size))).to_wire()
            self.did["tcp"] += 1
            writer.write(len(reply).to_bytes(2, "big") + reply)
            await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            self.did["tcp gone"] += 1
        finally:
            writer.close()
