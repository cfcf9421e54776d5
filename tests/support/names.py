"""A small internet of names for watches that run as processes: two resolvers on loopback that keep what they are asked.

One of them answers with authority too, when it is asked so. Every address has a PTR record and a forward record that leads
back, until a test takes its PTR record away. TTLs are 0, so that each look asks. It runs in a thread of its own.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_address

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SERVER = "192.0.2.53"
"""The address of the name server that has authority over all zones; `routes` leads to it."""
_NS = "ns1.names.example"
_SOA = f"{_NS}. hostmaster.names.example. 1 3600 900 604800 0"


def reverse(ip: str) -> str:
    return ip_address(ip).reverse_pointer


def zone_of(name: str) -> str:
    """The reverse zone of a /64, or else the last label."""
    labels = name.split(".")
    return ".".join(labels[-18:]) if name.endswith(".ip6.arpa") else labels[-1]


@dataclass
class Names:
    """`asked` holds the PTR questions: when (seconds since the epoch), and the name."""

    asked: list[tuple[float, str]] = field(default_factory=list)
    delay_s: float = 0.0
    """How long a question waits for its answer."""
    resolvers: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    _data: dict[tuple[str, str], str] = field(default_factory=lambda: {(_NS, "A"): SERVER, ("arpa", "SOA"): _SOA})
    _names: set[str] = field(default_factory=lambda: {_NS, "arpa"})
    _gone: set[str] = field(default_factory=set)

    def add(self, ip: str, name: str) -> None:
        zone = zone_of(reverse(ip))
        self._data |= {(zone, "SOA"): _SOA, (zone, "NS"): f"{_NS}."}
        self._data[reverse(ip), "PTR"] = f"{name}."
        self._data[name, "AAAA" if ":" in ip else "A"] = ip
        self._names |= {zone, reverse(ip), name}

    def take_away(self, ips: Iterable[str]) -> None:
        """From now on these addresses have no PTR record."""
        self._gone |= {reverse(ip) for ip in ips}

    def put_back(self, ips: Iterable[str]) -> None:
        self._gone -= {reverse(ip) for ip in ips}

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        reply, question = dns.message.make_response(query), query.question[0]
        reply.flags |= dns.flags.RA if query.flags & dns.flags.RD else dns.flags.AA
        name, rdtype = question.name.to_text(omit_final_dot=True).lower(), dns.rdatatype.to_text(question.rdtype)
        if rdtype == "PTR":
            self.asked.append((time.time(), name))
        data = None if name in self._gone else self._data.get((name, rdtype))
        if data is not None:
            reply.answer.append(dns.rrset.from_text(question.name, 0, "IN", rdtype, data))
            return reply
        reply.authority.append(dns.rrset.from_text(f"{zone_of(name)}.", 0, "IN", "SOA", _SOA))
        if name in self._gone or name not in self._names:
            reply.set_rcode(dns.rcode.NXDOMAIN)
        return reply

    def __enter__(self) -> Names:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        ports = asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(10)
        self.resolvers = tuple(f"127.0.0.1:{port}" for port in ports)
        self.routes = (f"{SERVER}:53:127.0.0.1:{ports[0]}",)
        return self

    async def _open(self) -> list[int]:
        ports, self._transports = [], []
        for _ in range(2):
            held = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            # A busy machine must not lose questions: each would be a look that waits for its timeout.
            held.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
            held.bind(("127.0.0.1", 0))
            held.setblocking(False)
            transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: _Socket(self), sock=held)
            self._transports.append(transport)
            ports.append(transport.get_extra_info("sockname")[1])
        return ports

    def __exit__(self, *_: object) -> None:
        for transport in self._transports:
            self._loop.call_soon_threadsafe(transport.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, names: Names) -> None:
        self._names = names

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        reply = self._names.answer(dns.message.from_wire(data)).to_wire()
        asyncio.get_running_loop().call_later(self._names.delay_s, self._transport.sendto, reply, addr)  # type: ignore[attr-defined]
