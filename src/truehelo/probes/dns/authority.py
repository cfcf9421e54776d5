"""The authoritative view: find the zone cut above a name, and ask each of its name servers directly.

RFC 1034 §4.2.1 (cuts), RFC 2308 §3 (a denial carries the SOA of its zone), RFC 2317 (a PTR may stand behind a CNAME: the
cut then is that of the alias target's zone, unless the CNAME itself is asked for). Does not decide what it means when the
servers differ.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Protocol

from truehelo.facts.address import parse_address
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, NameServer, Outcome, Question, Record
from truehelo.facts.text import visible
from truehelo.probes.dns.upstream import Upstream
from truehelo.probes.dns.wire import is_below

MAX_SERVERS = 8
MAX_ADDRESSES = 2
"""Of each name server: one of each family where it has both."""
_MAX_STEPS = 36
"""Labels that are walked up; a name under ip6.arpa has 34."""


class Asks(Protocol):
    """What is needed of the resolver."""

    async def lookup(self, question: Question) -> Lookup:
        """Ask the resolvers; the same question is asked once."""

    async def persist(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        """Ask one server until it speaks."""


@dataclass(slots=True)
class _Cut:
    """Where a name's zone begins, and the questions that led there.

    `target` is the end of the CNAME chain; the name itself where a CNAME is what is asked for (RFC 1034 §3.6.2).
    """

    target: str
    apex: str | None = None
    soa: Record | None = None
    detail: str = ""
    lookups: list[Lookup] = field(default_factory=list)


async def view(asks: Asks, question: Question) -> AuthoritativeView:
    """Return who serves a question with authority, and what each of those servers says."""
    cut = await _cut(asks, question)
    if cut.apex is None:
        return AuthoritativeView(question=question, apex=None, lookups=tuple(cut.lookups), detail=cut.detail)
    names = await asks.lookup(Question(name=cut.apex, rdtype="NS"))
    cut.lookups.append(names)
    servers = await _servers(asks, names, cut)
    target = Question(name=cut.target, rdtype=question.rdtype)
    upstreams = [_upstream(server.name, address) for server in servers for address in server.addresses]
    exchanges = await asyncio.gather(*(asks.persist(upstream, target, recursive=False) for upstream in upstreams))
    return AuthoritativeView(
        question=question,
        apex=cut.apex,
        soa=cut.soa,
        servers=servers,
        exchanges=tuple(exchanges),
        lookups=tuple(cut.lookups),
        detail=_detail(names, servers),
    )


async def _cut(asks: Asks, question: Question) -> _Cut:
    """Ask for the SOA of the name: whatever the reply is, it names the zone. Walk up where it does not."""
    cut, name, soa = await (_at_alias if question.rdtype == "CNAME" else _at_end)(asks, question)
    for _ in range(_MAX_STEPS):
        found = _zone_in(soa, name, cut.target)
        if found is not None:
            cut.apex, cut.soa = found.owner, found
            return cut
        if soa.outcome.is_undetermined:
            cut.detail = f"the zone of {visible(cut.target, 255)} could not be found: {soa.question} gave {soa.outcome}"
            return cut
        name = name.partition(".")[2]
        if not name:
            break
        soa = await asks.lookup(Question(name=name, rdtype="SOA"))
        cut.lookups.append(soa)
    cut.detail = f"the zone of {visible(cut.target, 255)} could not be found: no reply up to the root named one"
    return cut


async def _at_end(asks: Asks, question: Question) -> tuple[_Cut, str, Lookup]:
    """Begin at the end of the alias chain, where the records stand."""
    asked, soa = await asyncio.gather(asks.lookup(question), asks.lookup(Question(name=question.name, rdtype="SOA")))
    # The alias chain is the same for every type; either lookup may have failed.
    cut = _Cut(asked.owner if asked.chain else soa.owner, lookups=[asked, soa])
    if soa.owner != cut.target:
        soa = await asks.lookup(Question(name=cut.target, rdtype="SOA"))
        cut.lookups.append(soa)
    return cut, cut.target, soa


async def _at_alias(asks: Asks, question: Question) -> tuple[_Cut, str, Lookup]:
    """Begin at the alias itself, or above it: a lookup of its SOA is answered from the zone that it leads to."""
    asked = await asks.lookup(question)
    above = question.name.partition(".")[2]
    # No alias is the apex of a zone (RFC 1034 §3.6.2): an apex has an SOA beside it.
    begin = above if asked.outcome is Outcome.ANSWER and above else question.name
    soa = await asks.lookup(Question(name=begin, rdtype="SOA"))
    return _Cut(question.name, lookups=[asked, soa]), begin, soa


def _zone_in(lookup: Lookup, name: str, target: str) -> Record | None:
    """Return the SOA that a lookup shows, if it can be that of the target's zone: nothing that `name` is an alias to."""
    if lookup.owner != name:
        return None
    believed = lookup.believed
    if believed is None:
        return None
    soa = believed.records[0] if believed.outcome is Outcome.ANSWER else believed.soa
    return soa if soa is not None and is_below(target, soa.owner) else None


async def _servers(asks: Asks, names: Lookup, cut: _Cut) -> tuple[NameServer, ...]:
    """Look up the addresses of the name servers, both families at once; the lookups are added to those of the cut."""
    found = list(dict.fromkeys(record.data.removesuffix(".").lower() for record in names.records))[:MAX_SERVERS]
    questions = [Question(name=name, rdtype=rdtype) for name in found for rdtype in ("A", "AAAA")]
    lookups = await asyncio.gather(*(asks.lookup(question) for question in questions))
    cut.lookups.extend(lookups)
    return tuple(
        NameServer(name=name, addresses=_addresses(lookups[2 * i], lookups[2 * i + 1])) for i, name in enumerate(found)
    )


def _addresses(*lookups: Lookup) -> tuple[str, ...]:
    families = [[record.data for record in lookup.records] for lookup in lookups if lookup.records]
    share = MAX_ADDRESSES // len(families) if families else 0
    return tuple(address for family in families for address in family[:share])


def _upstream(name: str, address: str) -> Upstream:
    ip = parse_address(address)
    where = f"[{address}]:53" if ":" in address else f"{address}:53"
    return Upstream(text=f"{name}@{where}", ip=ip, port=53)


def _detail(names: Lookup, servers: tuple[NameServer, ...]) -> str:
    if names.outcome.is_undetermined:
        return f"the name servers could not be looked up: {names.question} gave {names.outcome}"
    if not servers:
        return f"the zone names no name servers: {names.question} gave {names.outcome}"
    if len({record.data.lower() for record in names.records}) > MAX_SERVERS:
        return f"only the first {MAX_SERVERS} name servers were asked"
    if not any(server.addresses for server in servers):
        return "none of the name servers has an address that could be looked up"
    return ""
