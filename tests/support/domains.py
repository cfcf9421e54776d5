"""Worlds of domains: zones in master-file form, what is dead or forged in them, and the policies that hosts serve.

A scenario (tests/scenarios/domains) is told once and shown twice: here in memory, through the ports of the engine, and by
real servers in tests/integration/domain. `s.example` in its text stands for the domain; each scenario has its own there.
"""

import asyncio
import base64
import re
import tomllib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdatatype
import dns.zone

from truehelo.engine.domain import DomainWishes, gather
from truehelo.facts.address import Address, parse_address
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, NameServer, Outcome, Question, Record
from truehelo.facts.domain import DomainFacts, Fetched, PolicyFetch
from truehelo.ports import Ports
from truehelo.probes.suffixes import PublicSuffixes

FOLDER = Path(__file__).parent.parent / "scenarios" / "domains"
AT = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
KEYS = frozenset(
    {"name", "asked", "zone", "beside", "signed", "dead", "policy", "selectors", "ips"}
    | {"expect", "forbid", "message", "fix", "only"}
)
PARENT = """$ORIGIN example.
$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 60
@ NS ns1
ns1 A 192.0.2.53
"""
HEAD = """$ORIGIN {domain}.
$TTL 300
@ SOA ns1 hostmaster 1 3600 900 604800 60
"""
SERVERS = """@ NS ns1
@ NS ns2
ns1 A 192.0.2.53
ns2 A 198.51.100.53
"""
LAME, SILENT, OLD = "192.0.2.153", "192.0.2.99", "192.0.2.155"
"""Addresses of name servers: one without the zone, one that is not there, one with an older copy."""
Scenario = dict[str, Any]


def load() -> list[Scenario]:
    """Return every scenario of every file."""
    return [table for path in sorted(FOLDER.glob("*.toml")) for table in tomllib.loads(path.read_text("utf-8"))["scenario"]]


def placed(scenario: Scenario, domain: str) -> Scenario:
    """Return a scenario with its domain in the place of s.example."""

    def put(value: Any) -> Any:
        if isinstance(value, str):
            return value.replace("s.example", domain)
        if isinstance(value, list):
            return [put(each) for each in value]
        return {key: put(each) for key, each in value.items()} if isinstance(value, dict) else value

    placed: Scenario = put(scenario)
    return placed


def zone_text(scenario: Scenario, domain: str) -> str:
    """Return the zone of a scenario as a master file; its own name servers where it names none."""
    text = scenario.get("zone", "")
    own = any(line.split()[1:2] == ["NS"] and line.startswith("@") for line in text.splitlines())
    dead = "".join(f"{name} NS dead\n" for name in scenario.get("dead", ()))
    whole = (
        HEAD.format(domain=domain) + ("" if own else SERVERS) + text + "\n" + dead + ("dead A 192.0.2.99\n" if dead else "")
    )
    whole = re.sub(r"RSA\((\d+)\)", lambda found: _strings(rsa_key(int(found[1]))), whole)
    return whole.replace("p=ED25519", f"p={base64.b64encode(bytes(range(32))).decode()}")


def old_text(domain: str) -> str:
    """Return an older copy of a zone, which names other servers."""
    return HEAD.format(domain=domain) + "@ NS ns1\n@ NS before\nns1 A 192.0.2.53\nbefore A 192.0.2.54\n"


def rsa_key(bits: int) -> str:
    """Return an RSA public key of a size as a DKIM record has it (RFC 6376 §3.6.1); nobody has its other half."""
    modulus = (1 << (bits - 1) | 0x10001).to_bytes(bits // 8, "big")
    numbers = _der(0x30, _der(2, b"\0" + modulus) + _der(2, b"\x01\x00\x01"))
    algorithm = _der(0x30, bytes.fromhex("06092a864886f70d010101") + b"\x05\x00")
    return base64.b64encode(_der(0x30, algorithm + _der(3, b"\0" + numbers))).decode()


def _der(kind: int, content: bytes) -> bytes:
    size = len(content)
    if size < 128:
        return bytes([kind, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([kind, 0x80 | len(octets)]) + octets + content


def _strings(text: str) -> str:
    """A value within a quoted string, in pieces that a string of a TXT record can hold."""
    return '" "'.join(text[at : at + 200] for at in range(0, len(text), 200))


@dataclass
class DomainWorld:
    """A `Resolver` and a `PolicyFetcher` over zones in memory. `signed` are zones whose answers a resolver validates."""

    zones: dict[str, str]
    dead: tuple[str, ...] = ()
    forged: tuple[str, ...] = ()
    signed: tuple[str, ...] = ()
    policies: dict[str, PolicyFetch] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._records: dict[Question, list[Record]] = {}
        self._names: set[str] = set()
        for zone, text in self.zones.items():
            read = dns.zone.from_text(text, origin=zone + ".", relativize=False, check_origin=False)
            for name, ttl, rdata in read.iterate_rdatas():
                owner = name.to_text().removesuffix(".").lower()
                rdtype = dns.rdatatype.to_text(rdata.rdtype)
                raw = (rdata.to_wire() or b"").hex()
                record = Record(owner=owner, ttl=ttl, rdtype=rdtype, data=rdata.to_text(), raw=raw)
                self._records.setdefault(Question(name=owner, rdtype=rdtype), []).append(record)
                self._names.add(owner)

    @property
    def servers(self) -> tuple[str, ...]:
        return ("192.0.2.1:53",)

    async def lookup(self, question: Question) -> Lookup:
        await asyncio.sleep(0)
        return self.answer(question)

    def answer(self, question: Question) -> Lookup:
        return Lookup(question=question, exchanges=(self._exchange(question, "192.0.2.1:53", direct=False),))

    def _exchange(self, question: Question, server: str, *, direct: bool) -> Exchange:
        name, chain = question.name, list[Record]()
        failing, detail = self._fails(name), ""
        while not failing and question.rdtype != "CNAME" and (alias := self._at(name, "CNAME")) and len(chain) < 9:
            chain.append(alias[0])
            name = alias[0].data.removesuffix(".").lower()
            failing = self._fails(name)
        records = tuple(self._at(name, question.rdtype))
        outcome = Outcome.ANSWER if records else Outcome.NODATA if self._has(name) else Outcome.NXDOMAIN
        if failing:
            outcome, records, chain = Outcome.SERVFAIL, (), []
            detail = "extended error 9 (DNSKEY Missing): no key" if failing == "forged" else ""
        zone = self._zone(name)
        valid = not direct and outcome is not Outcome.SERVFAIL and zone in self.signed
        flags = ("AA",) if direct else (("RD", "RA", "AD") if valid else ("RD", "RA"))
        soa = self._at(zone, "SOA")
        return Exchange(
            server=server,
            transport="udp",
            vantage="test",
            at=AT,
            took_s=0.01,
            outcome=outcome,
            rcode=outcome.upper(),
            flags=flags,
            chain=tuple(chain),
            records=records,
            soa=soa[0] if soa and outcome.is_denial else None,
            detail=detail,
        )

    def _at(self, name: str, rdtype: str) -> list[Record]:
        found = self._records.get(Question(name=name, rdtype=rdtype), [])
        if found or self._has(name):
            return found
        parent = name.partition(".")[2]
        while parent and not self._has(parent):
            parent = parent.partition(".")[2]
        return self._records.get(Question(name=f"*.{parent}", rdtype=rdtype), []) if parent else []

    def _has(self, name: str) -> bool:
        return any(each == name or each.endswith(f".{name}") for each in self._names)

    def _fails(self, name: str) -> str:
        for word, names in (("dead", self.dead), ("forged", self.forged)):
            if any(name == each or name.endswith(f".{each}") for each in names):
                return word
        return ""

    def _zone(self, name: str) -> str:
        while name and name not in self.zones:
            name = name.partition(".")[2]
        return name

    async def authoritative(self, question: Question) -> AuthoritativeView:
        await asyncio.sleep(0)
        apex = self._zone(question.name)
        if not apex or self._fails(question.name):
            return AuthoritativeView(question=question, apex=None, detail="the zone could not be found")
        names = [record.data.removesuffix(".").lower() for record in self._at(apex, "NS")]
        servers = tuple(
            NameServer(
                name=name, addresses=tuple(record.data for record in self.answer(Question(name=name, rdtype="A")).records)
            )
            for name in names
        )
        said = tuple(self._ask(question, apex, server.name, ip) for server in servers for ip in server.addresses)
        lookups = tuple(self.answer(Question(name=apex, rdtype=rdtype)) for rdtype in ("SOA", "NS"))
        return AuthoritativeView(question=question, apex=apex, servers=servers, exchanges=said, lookups=lookups)

    def _ask(self, question: Question, apex: str, server: str, ip: str) -> Exchange:
        """What a server with authority says, asked directly."""
        where = f"{server}@{ip}:53"
        said = self._exchange(question, where, direct=True)
        if ip in (LAME, SILENT):
            outcome = Outcome.REFUSED if ip == LAME else Outcome.TIMEOUT
            return replace(said, outcome=outcome, rcode=None, flags=(), records=(), soa=None)
        if ip == OLD:
            return DomainWorld({apex: old_text(apex)})._exchange(question, where, direct=True)
        return said

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        return (await self.lookup(question)).exchanges

    async def examine(self) -> tuple[str, ...]:
        return ()

    def forget(self) -> None:
        return None

    async def aclose(self) -> None:
        return None

    async def fetch(self, host: str, ips: "list[Address]") -> PolicyFetch:
        await asyncio.sleep(0)
        refused = PolicyFetch(host=host, outcome=Fetched.REFUSED, at=AT, detail="connection refused")
        return self.policies.get(host, refused)


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return AT

    def monotonic(self) -> float:
        return 0.0


def policy(host: str, told: Scenario) -> PolicyFetch:
    """Return what a fetch comes to: `text`, or `status`, or `outcome` in a word."""
    outcome = Fetched(told.get("outcome", "status" if told.get("status", 200) != 200 else "answer"))
    status = told.get("status", 200) if outcome in (Fetched.ANSWER, Fetched.STATUS) else None
    text = told.get("text", "") if outcome is Fetched.ANSWER else ""
    detail = "" if outcome is Fetched.ANSWER else f"the fetch ended in {outcome}"
    return PolicyFetch(host=host, outcome=outcome, at=AT, status=status, text=text, detail=detail)


def world(scenario: Scenario, domain: str = "s.example") -> DomainWorld:
    """Return the world of a scenario in memory."""
    signed = scenario.get("signed", "no")
    host = f"mta-sts.{domain}"
    parent, keys = PARENT + scenario.get("beside", "") + "\n", ""
    if signed not in ("no", "bogus"):
        keys, ds = _keys(domain, weak=signed == "weak")
        parent += "" if signed == "no-ds" else f"{domain}. DS {'1 13 2 ' + '00' * 32 if signed == 'wrong-ds' else ds}\n"
    zones = {"example": parent}
    if scenario.get("zone") is not None:
        zones[domain] = zone_text(scenario, domain) + keys
    validated = {"yes": ("example", domain), "unseen": ()}.get(signed, ("example",))
    return DomainWorld(
        zones=zones,
        dead=tuple(domain if name == "@" else f"{name}.{domain}" for name in scenario.get("dead", ())),
        forged=(domain,) if signed == "bogus" else (),
        signed=validated,
        policies={host: policy(host, scenario["policy"])} if "policy" in scenario else {},
    )


def _keys(domain: str, *, weak: bool) -> tuple[str, str]:
    """The DNSKEY of a zone in memory, as a line, and the data of its DS."""
    algorithm = 7 if weak else 13
    key = dns.rdata.from_text("IN", "DNSKEY", f"257 3 {algorithm} {base64.b64encode(bytes(64)).decode()}")
    kind = "SHA1" if weak else "SHA256"
    ds = dns.dnssec.make_ds(dns.name.from_text(domain), key, kind, validating=True)  # type: ignore[arg-type]
    return f"@ DNSKEY {key.to_text()}\n", ds.to_text()


def wishes(scenario: Scenario) -> DomainWishes:
    """Return what the operator asks for in a scenario."""
    ips = tuple(ip for text in scenario.get("ips", ()) if (ip := parse_address(text)) is not None)
    return DomainWishes(selectors=tuple(scenario.get("selectors", ())), ips=ips)


def facts_of(seen: DomainWorld, domain: str, wanted: DomainWishes | None = None) -> DomainFacts:
    """Return what the engine sees of a domain in a world."""
    ports = Ports(resolver=seen, clock=Still(), suffixes=PublicSuffixes(), policies=seen)
    return asyncio.run(gather(domain, wanted or DomainWishes(), ports))


def facts(scenario: Scenario) -> DomainFacts:
    """Return what the engine sees of the domain of a scenario."""
    return facts_of(world(scenario), scenario.get("asked", "s.example"), wishes(scenario))
