"""The simulated world as it answers: `truehelo.probes.dns.asker.Asker` over a script and a clock.

Addresses are of the documentation ranges: 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, and 2001:db8::/32 beyond.
Each has the name `mNN.example.net`, which leads back to it; its PTR zone has two servers, and so has example.net. Two
resolvers stand between.
"""

import asyncio
import random
from bisect import bisect_right
from collections import defaultdict
from datetime import UTC, datetime
from ipaddress import ip_address

from simulation.clock import START, SimulatedClock
from simulation.script import Change, Script, Trouble
from truehelo.facts.address import Address
from truehelo.facts.dns import Exchange, Outcome, Question, Record
from truehelo.probes.dns.upstream import Upstream

TTL = 300
LIST = "dnsbl.example.org"
_V4 = ("192.0.2", "198.51.100", "203.0.113")
_SERVERS = {"ns1": "192.0.2.251", "ns2": "192.0.2.252"}


def address(index: int) -> Address:
    """The address of a subject."""
    block, host = divmod(index, 240)
    if block < len(_V4):
        return ip_address(f"{_V4[block]}.{host + 1}")
    return ip_address(f"2001:db8:{block:x}::{host + 1:x}")


def name(index: int) -> str:
    """The name that a subject should have."""
    return f"m{index}.example.net"


class World:
    """Answers as the script says; `chance` decides what is lost."""

    def __init__(self, script: Script, clock: SimulatedClock, seed: int) -> None:
        self.script, self.clock, self.chance = script, clock, random.Random(seed ^ 0x5EED)
        self.by_index: dict[int, list[Change]] = defaultdict(list)
        for change in script.changes:
            for index in change.indexes:
                self.by_index[index].append(change)
        self.indexes = {address(index).reverse_pointer: index for index in range(script.subjects)}
        self.names = {name(index): index for index in range(script.subjects)}
        self.entries: dict[str, int] = {}
        for index in range(script.subjects):
            ip = address(index)
            labels = ip.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
            self.entries[f"{labels}.{LIST}"] = index
        self.queries = 0
        self._troubles = sorted(script.troubles, key=lambda each: each.since)
        self._starts = [each.since for each in self._troubles]
        self._now: list[Trouble] = []
        self._until = -1.0

    # The truth

    def change_of(self, index: int, at: float) -> Change | None:
        return next((each for each in self.by_index.get(index, ()) if each.since <= at < each.until), None)

    def truth(self, question: Question, at: float) -> tuple[Outcome, tuple[str, ...]]:
        """What the zone holds."""
        if question.name in self.indexes:
            return self._reverse(self.indexes[question.name], question.rdtype, at)
        if question.name in self.names:
            return self._forward(self.names[question.name], question.rdtype, at)
        if question.name.endswith(LIST):
            return self._list(question, at)
        if question.name == "arpa":
            return Outcome.ANSWER, ("a.example. b.example. 1 1 1 1 1",)
        first, _, rest = question.name.partition(".")
        if rest in ("provider.example", "nowhere.example"):
            return self._other(first, rest, question.rdtype)
        if first in _SERVERS and question.rdtype == "A":
            return Outcome.ANSWER, (_SERVERS[first],)
        if first in _SERVERS:
            return Outcome.NODATA, ()
        if question.rdtype in ("NS", "SOA") and question.name == apex(question.name):
            if question.rdtype == "NS":
                return Outcome.ANSWER, tuple(f"{each}.{question.name}." for each in _SERVERS)
            return Outcome.ANSWER, (f"ns1.{question.name}. hostmaster.{question.name}. 1 7200 900 1209600 300",)
        return Outcome.NXDOMAIN, ()

    def _reverse(self, index: int, rdtype: str, at: float) -> tuple[Outcome, tuple[str, ...]]:
        change = self.change_of(index, at)
        kind = "" if change is None else change.kind
        if rdtype != "PTR":
            return (Outcome.NXDOMAIN if kind == "ptr removed" else Outcome.NODATA), ()
        if kind == "ptr removed":
            return Outcome.NXDOMAIN, ()
        if kind == "ptr reset":
            return Outcome.ANSWER, (f"{generic(index)}.",)
        if kind == "ptr moved":
            return Outcome.ANSWER, (f"x{index}.nowhere.example.",)
        return Outcome.ANSWER, (f"{name(index)}.",)

    def _forward(self, index: int, rdtype: str, at: float) -> tuple[Outcome, tuple[str, ...]]:
        change, ip = self.change_of(index, at), address(index)
        kind = "" if change is None else change.kind
        if kind == "forward removed":
            return Outcome.NXDOMAIN, ()
        if rdtype != ("A" if ip.version == 4 else "AAAA"):
            return Outcome.NODATA, ()
        if kind == "renumbered":
            return Outcome.ANSWER, ("192.0.2.254" if ip.version == 4 else "2001:db8:ffff::1",)
        return Outcome.ANSWER, (str(ip),)

    def _other(self, first: str, rest: str, rdtype: str) -> tuple[Outcome, tuple[str, ...]]:
        if first in _SERVERS:
            return (Outcome.ANSWER, (_SERVERS[first],)) if rdtype == "A" else (Outcome.NODATA, ())
        if rest == "provider.example" and first.startswith("host-"):
            ip = address(int(first.rsplit("-", 1)[1]))
            same = rdtype == ("A" if ip.version == 4 else "AAAA")
            return (Outcome.ANSWER, (str(ip),)) if same else (Outcome.NODATA, ())
        return Outcome.NXDOMAIN, ()

    def _list(self, question: Question, at: float) -> tuple[Outcome, tuple[str, ...]]:
        labels = question.name.removesuffix(f".{LIST}")
        if labels in ("2.0.0.127",):
            return Outcome.ANSWER, ("127.0.0.2",)
        index = self.entries.get(question.name)
        change = None if index is None else self.change_of(index, at)
        if change is not None and change.kind == "listed":
            return (Outcome.ANSWER, ("127.0.0.2",)) if question.rdtype == "A" else (Outcome.ANSWER, ('"spam"',))
        return Outcome.NXDOMAIN, ()

    # Those who tell of it

    def troubles(self, at: float) -> list[Trouble]:
        """Return the troubles of now; worked out anew when one begins or ends."""
        if at >= self._until:
            begun = self._troubles[: bisect_right(self._starts, at)]
            self._now = [each for each in begun if each.until > at]
            ends = [each.until for each in self._now]
            starts = self._starts[bisect_right(self._starts, at) :][:1]
            self._until = min([*ends, *starts], default=float("inf"))
        return self._now

    async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        self.queries += 1
        at = self.clock.monotonic()
        who = f"resolver {upstream.text[-1]}" if recursive else "server"
        outcome, data, wait = self._told(who, question, at, recursive)
        if wait:
            await asyncio.sleep(wait)
        zone = apex(question.name)
        soa = Record(owner=zone, ttl=TTL, rdtype="SOA", data=f"ns1.{zone}. hostmaster.{zone}. 1 7200 900 1209600 300")
        return Exchange(
            server=upstream.text,
            transport="udp",
            vantage="simulated",
            at=datetime.fromtimestamp(START + at, UTC),
            took_s=wait,
            outcome=outcome,
            rcode=None,
            flags=("RA",) if recursive else ("AA",),
            records=tuple(Record(owner=question.name, ttl=TTL, rdtype=question.rdtype, data=each) for each in data),
            soa=soa if outcome.is_denial else None,
        )

    async def aclose(self) -> None:
        """Nothing is kept open."""

    def _told(self, who: str, question: Question, at: float, recursive: bool) -> tuple[Outcome, tuple[str, ...], float]:
        wait = 0.0
        for trouble in self.troubles(at):
            if trouble.who.startswith("zone"):
                if self._zone(question) != trouble.who:
                    continue
                if trouble.kind == "silent":
                    return (Outcome.SERVFAIL if recursive else Outcome.TIMEOUT), (), 3.0
                if trouble.kind == "servfail":
                    return Outcome.SERVFAIL, (), 0.0
                if trouble.kind == "slow":
                    wait = max(wait, 1.5)
                if trouble.kind == "lagging" and not recursive and self.chance.random() < 0.5:
                    at -= 1800.0  # a secondary that has not heard of it yet
            elif trouble.who == "list":
                if question.name.endswith(LIST):
                    told = self._list_trouble(trouble.kind, question)
                    if told is not None:
                        return told
            elif trouble.who in (who, "every server"):
                told = self._server_trouble(trouble.kind, question)
                if told is not None:
                    return told
        outcome, data = self.truth(question, at)
        return outcome, data, wait

    def _zone(self, question: Question) -> str:
        """Only reverse zones have troubles of their own: "zone 0" is that of the first 128 subjects."""
        index = self.indexes.get(question.name)
        return "" if index is None else f"zone {index // 128}"

    def _list_trouble(self, kind: str, question: Question) -> tuple[Outcome, tuple[str, ...], float] | None:
        if kind == "refusing":
            return Outcome.REFUSED, (), 0.0
        if kind == "silent":
            return Outcome.TIMEOUT, (), 3.0
        if kind == "error code":
            return Outcome.ANSWER, ("127.255.255.254",), 0.0
        if kind == "lists everything":
            return Outcome.ANSWER, ("127.0.0.2",), 0.0
        return (Outcome.NXDOMAIN, (), 0.0) if kind == "dead" else None

    def _server_trouble(self, kind: str, question: Question) -> tuple[Outcome, tuple[str, ...], float] | None:
        if kind in ("silent", "truncating"):
            return Outcome.TIMEOUT, (), 3.0
        if kind == "loss":
            return (Outcome.TIMEOUT, (), 3.0) if self.chance.random() < 0.2 else None
        if kind == "refusing":
            return Outcome.REFUSED, (), 0.0
        if kind == "servfail":
            return Outcome.SERVFAIL, (), 0.0
        if kind == "lying nxdomain":
            return Outcome.NXDOMAIN, (), 0.0
        if kind == "rewriting" and question.rdtype in ("A", "PTR"):
            lie = "203.0.113.250" if question.rdtype == "A" else "landing.nowhere.example."
            return Outcome.ANSWER, (lie,), 0.0
        return None


def generic(index: int) -> str:
    """A provider's default name, which leads back."""
    dashed = str(address(index)).replace(".", "-").replace(":", "-")
    return f"host-{dashed}-{index}.provider.example" if "." not in dashed else dashed


def apex(text: str) -> str:
    """The zone that a name is in."""
    if text.endswith(".in-addr.arpa"):
        return ".".join(text.split(".")[-5:]) if text.count(".") >= 4 else text
    if text.endswith(".ip6.arpa"):
        return ".".join(text.split(".")[-14:])
    for zone in ("example.net", "provider.example", "nowhere.example", LIST):
        if text == zone or text.endswith(f".{zone}"):
            return zone
    return text.rpartition(".")[2]
