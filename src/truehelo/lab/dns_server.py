"""The DNS servers of the laboratory: a resolver or an authoritative server, over UDP and TCP (RFC 1035 §4.2, RFC 7766).

`DnsService` turns the octets of a query into those of a reply, with the faults of the scenario; the two protocols carry
them. A reply may be wrong on purpose, and then it is wrong in exactly the way that the scenario says.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import cast

from truehelo.lab.dns_wire import (
    MAX_TCP,
    Query,
    Rrset,
    UnreadableQueryError,
    build_reply,
    parse_query,
    udp_limit,
)
from truehelo.lab.read_zones import parent
from truehelo.lab.scenario import Fault, Held
from truehelo.lab.zones import Answer, World

Source = Callable[[str, str], Answer]
_KEPT_REPLIES = 50_000
_TCP_IDLE = 30.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is to go wrong with one reply. `counted`: another time it may not."""

    seconds: float = 0.0
    kind: str = ""
    counted: bool = False


@dataclass(slots=True)
class _Counted:
    fault: Fault
    left: int | None


class FaultBook:
    """The faults of a scenario as one server has them, with its own count of how often each came about."""

    def __init__(self, faults: dict[tuple[str, str], tuple[Fault, ...]], labels: set[str]) -> None:
        """Keep those that are meant for everybody or for one of `labels`."""
        self._faults = {
            question: mine
            for question, several in faults.items()
            if (mine := [_Counted(fault, fault.times) for fault in several if not fault.where or fault.where in labels])
        }

    def meet(self, names: tuple[str, ...], rdtype: str) -> Trouble:
        """Return what goes wrong with a question that leads over `names`, and count it."""
        if not self._faults:
            return Trouble()
        seconds, kind, counted = 0.0, "", False
        for name in names:
            for key in _keys(name, rdtype):
                for entry in self._faults.get(key, ()):
                    fault = entry.fault
                    counted = counted or entry.left is not None
                    if entry.left == 0 or (kind and fault.kind != "delay"):
                        continue
                    if entry.left is not None:
                        entry.left -= 1
                    seconds, kind = seconds + fault.seconds, kind or ("" if fault.kind == "delay" else fault.kind)
        return Trouble(seconds, kind, counted)


def _keys(name: str, rdtype: str) -> list[tuple[str, str]]:
    """Return the keys under which a fault for a question may stand, the closest first."""
    patterns, above = [name], name
    while above:
        above = parent(above)
        if above:
            patterns.append(f"*.{above}")
    patterns.append("*")
    return [(pattern, kind) for pattern in patterns for kind in (rdtype, "*")]


class Memory:
    """What one server knows better or worse than the world: values it holds, and a resolver's cache."""

    def __init__(self, holds: dict[tuple[str, str], Held], *, cache: bool, resolver: bool, started: float) -> None:
        """Begin at the time `started`, in seconds of the loop's clock."""
        self.holds, self.resolver, self.started = holds, resolver, started
        self.cached: dict[tuple[str, str], tuple[float, Answer]] | None = {} if cache else None

    def knows(self, name: str, rdtype: str, now: float, world: World) -> Answer | None:
        """Return the answer that stands in for the world's, with its TTL run down; None when there is none."""
        held = self.holds.get((name, rdtype))
        age = now - self.started
        until = None if held is None else held.ttl if self.resolver else held.seconds
        if held is not None and (until is None or age < until):
            ttl = held.ttl - int(age) if self.resolver else held.ttl
            if held.rrset is not None:
                return Answer("NOERROR", (name,), answers=(replace(held.rrset, ttl=ttl),), aa=not self.resolver)
            rcode = "NXDOMAIN" if held.outcome == "nxdomain" else "NOERROR"
            denial = world.negative(name, rcode, aa=not self.resolver)
            return replace(denial, authority=tuple(replace(soa, ttl=ttl) for soa in denial.authority))
        if self.cached is None or (name, rdtype) not in self.cached:
            return None
        since, answer = self.cached[name, rdtype]
        if now - since >= _lifetime(answer):
            del self.cached[name, rdtype]
            return None
        return replace(answer, answers=_aged(answer.answers, now - since), authority=_aged(answer.authority, now - since))

    def keep(self, name: str, rdtype: str, now: float, answer: Answer) -> None:
        """Cache an answer or a denial, if this server caches at all."""
        if self.cached is not None and answer.rcode in ("NOERROR", "NXDOMAIN"):
            self.cached[name, rdtype] = (now, answer)

    @property
    def empty(self) -> bool:
        """Replies never change with time."""
        return self.cached is None and not self.holds


def _lifetime(answer: Answer) -> int:
    return min((rrset.ttl for rrset in (*answer.answers, *answer.authority)), default=0)


def _aged(rrsets: tuple[Rrset, ...], age: float) -> tuple[Rrset, ...]:
    return tuple(replace(rrset, ttl=max(0, rrset.ttl - int(age))) for rrset in rrsets)


class DnsService:
    """One server's answers. `reply` is all there is to it; nothing here touches a socket."""

    def __init__(self, world: World, ask: Source, faults: FaultBook, memory: Memory) -> None:
        """Answer from `ask`, unless `memory` knows or `faults` say otherwise."""
        self._world, self._ask, self._faults, self.memory = world, ask, faults, memory
        # Most replies never change: they are kept as octets, whatever comes after the id of the query.
        self._kept: dict[tuple[bytes, bool], tuple[float, bytes]] = {}

    def reply(self, octets: bytes, *, tcp: bool, now: float) -> tuple[float, bytes | None]:
        """Return how long to wait, in seconds, and what to send then; None is silence."""
        kept = self._kept.get((octets[2:], tcp))
        if kept is not None:
            return kept[0], octets[:2] + kept[1]
        try:
            query = parse_query(octets)
        except UnreadableQueryError:
            is_query = len(octets) >= 12 and not octets[2] & 0x80
            return 0.0, octets[:2] + b"\x80\x01" + bytes(8) if is_query else None
        answer = self._answer(query, now)
        trouble = self._faults.meet(answer.names, query.rdtype)
        sent = self._spoil(query, answer, trouble.kind, tcp=tcp)
        if sent is not None and not trouble.counted and trouble.kind != "wrong-id" and self.memory.empty:
            if len(self._kept) >= _KEPT_REPLIES:
                self._kept.clear()
            self._kept[octets[2:], tcp] = trouble.seconds, sent[2:]
        return trouble.seconds, sent

    def _answer(self, query: Query, now: float) -> Answer:
        known = self.memory.knows(query.name, query.rdtype, now, self._world)
        if known is None:
            known = self._ask(query.name, query.rdtype)
            self.memory.keep(query.name, query.rdtype, now, known)
        return known

    def _spoil(self, query: Query, answer: Answer, kind: str, *, tcp: bool) -> bytes | None:
        match kind:
            case "drop":
                return None
            case "servfail" | "refused" | "formerr":
                answer = Answer(kind.upper(), answer.names)
            case "nxdomain" | "nodata":
                rcode = "NXDOMAIN" if kind == "nxdomain" else "NOERROR"
                answer = self._world.negative(query.name, rcode, aa=answer.aa)
            case "wrong-id":
                query = replace(query, id=query.id ^ 0x5555)
            case "garbage":
                # The header promises one answer; what follows the question is none.
                whole = build_reply(replace(query, edns_size=None), rcode="NOERROR", ra=self.memory.resolver)
                return whole[:6] + b"\0\1" + whole[8:] + b"\xff" * 16
        if kind == "truncate" and not tcp:
            return build_reply(query, rcode=answer.rcode, aa=answer.aa, ra=self.memory.resolver, tc=True)
        return self._write(query, answer, tcp=tcp)

    def _write(self, query: Query, answer: Answer, *, tcp: bool) -> bytes:
        ra = self.memory.resolver
        sections = (answer.answers, answer.authority, answer.additional)
        octets = build_reply(query, rcode=answer.rcode, aa=answer.aa, ra=ra, sections=sections)
        if len(octets) > (MAX_TCP if tcp else udp_limit(query)):
            return build_reply(query, rcode=answer.rcode, aa=answer.aa, ra=ra, tc=True)
        return octets


class DnsSocket(asyncio.DatagramProtocol):
    """A service over UDP, and `stream` for the same over TCP. `service` may be exchanged while it runs."""

    def __init__(self, service: DnsService) -> None:
        """Carry the queries of `service`."""
        self.service = service
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the socket."""
        # Not an isinstance: the transport of the selector loop is no subclass of DatagramTransport before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one query, now or after its delay."""
        if self._transport is None:
            return
        seconds, reply = self.service.reply(data, tcp=False, now=self._loop.time())
        if reply is None:
            return
        if seconds:
            self._loop.call_later(seconds, self._send, reply, addr)
        else:
            self._transport.sendto(reply, addr)

    def _send(self, reply: bytes, addr: tuple[str, int]) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.sendto(reply, addr)

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the queries of one TCP connection, one after the other."""
        while True:
            async with asyncio.timeout(_TCP_IDLE):
                size = int.from_bytes(await reader.readexactly(2))
                octets = await reader.readexactly(size)
            seconds, reply = self.service.reply(octets, tcp=True, now=self._loop.time())
            if seconds:
                await asyncio.sleep(seconds)
            if reply is not None:
                writer.write(len(reply).to_bytes(2) + reply)
                await writer.drain()
