"""Targets to subjects: the addresses to audit, each labelled with where it came from.

A domain stands for its MX hosts and for the addresses that its SPF record authorises. One address found in several ways
is one subject that names them all.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from truehelo.engine.belief import confirmed
from truehelo.engine.targets import Kind, Target
from truehelo.facts.address import Address, Network, fold
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.facts.names import canonical
from truehelo.facts.subject import Source
from truehelo.findings import Unresolved
from truehelo.identity import addresses
from truehelo.ports import Resolver, Suffixes
from truehelo.records.spf import SpfExpansion, expand

MAX_MX = 20
MAX_OF_NAME = 1024
"""Addresses that one name may lead to: a stranger's zone must not have us connect to half the internet."""
MAX_SPF_NETWORK = 64
"""A larger network in an SPF record is named, not walked: it is mostly space that sends nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An address to audit. `domains` are the domains that led here, whose SPF records should authorise it."""

    ip: Address
    sources: tuple[Source, ...]
    expected: str | None = None
    helo: str | None = None
    domains: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """What a run of expansion has found so far, merged by address in the order of finding."""

    subjects: dict[Address, Subject] = field(default_factory=dict)
    unresolved: list[Unresolved] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cut: bool = False
    """Something was left out on the way: too many hosts or addresses, an SPF record that cannot be read to its end."""

    def add(
        self,
        ip: Address,
        source: Source,
        *,
        expected: str | None = None,
        helo: str | None = None,
        domain: str | None = None,
    ) -> None:
        """Add an address, or a further way to an address that is known."""
        ip = fold(ip)
        held = self.subjects.get(ip, Subject(ip=ip, sources=()))
        sources = held.sources if source in held.sources else (*held.sources, source)
        domains = held.domains if domain is None or domain in held.domains else (*held.domains, domain)
        self.subjects[ip] = Subject(
            ip=ip, sources=sources, expected=held.expected or expected, helo=held.helo or helo, domains=domains
        )


async def find_subjects(
    targets: Sequence[Target], resolver: Resolver, suffixes: Suffixes, families: frozenset[int], *, authoritative: bool
) -> Found:
    """Expand targets into subjects, all names at once, results in the order of the targets.

    `authoritative` allows asking a zone's own servers where resolvers say that there is nothing.
    """
    asks = _Asks(resolver, suffixes, families, authoritative)
    parts = await asyncio.gather(*(_expand(target, asks) for target in targets))
    found = Found()
    for target, part in zip(targets, parts, strict=True):
        for subject in part.subjects.values():
            for source in subject.sources:
                found.add(subject.ip, source, expected=subject.expected, helo=target.helo)
            for domain in subject.domains:
                found.add(subject.ip, subject.sources[0], domain=domain)
        found.unresolved += part.unresolved
        found.notes += part.notes
        found.cut = found.cut or part.cut
    return found


@dataclass(frozen=True, slots=True)
class _Asks:
    """Whom to ask, and for what."""

    resolver: Resolver
    suffixes: Suffixes
    families: frozenset[int]
    authoritative: bool

    async def ask(self, name: str, rdtype: str) -> Lookup:
        return await self.resolver.lookup(Question(name=canonical(name), rdtype=rdtype))

    async def addresses(self, name: str) -> list[Lookup]:
        types = [rdtype for family, rdtype in ((4, "A"), (6, "AAAA")) if family in self.families]
        return list(await asyncio.gather(*(self.ask(name, rdtype) for rdtype in types)))

    async def sure(self, lookups: list[Lookup]) -> list[Lookup]:
        """Hear the authoritative servers before a failure, or a denial where nothing answers, is told."""
        answered = any(lookup.outcome is Outcome.ANSWER for lookup in lookups)
        if not self.authoritative:
            return lookups
        return list(await asyncio.gather(*(self._sure(lookup, answered) for lookup in lookups)))

    async def _sure(self, lookup: Lookup, answered: bool) -> Lookup:
        # A name has mostly one family, and no MX: denials beside an answer are not worth the wait.
        return lookup if answered and lookup.outcome.is_denial else await confirmed(self.resolver, lookup)


async def _expand(target: Target, asks: _Asks) -> Found:
    found = Found()
    if target.ip is not None:
        found.add(target.ip, Source(kind="argument", asked=target.text), expected=target.expected)
    elif target.network is not None:
        for ip in target.network:
            found.add(ip, Source(kind="network", asked=target.text))
    elif target.name is not None:
        await _Name(target, asks, found).expand()
    return found


@dataclass(slots=True)
class _Name:
    """The expansion of one name."""

    target: Target
    asks: _Asks
    found: Found
    left_out: int = 0

    @property
    def name(self) -> str:
        return self.target.name or ""

    async def expand(self) -> None:
        await self._expand()
        if self.left_out:
            self.found.cut = True
            self.found.notes.append(
                f"{self.name}: leads to more than {MAX_OF_NAME:,} addresses; the others are not audited"
            )

    def _add(self, ip: Address, kind: str, detail: str, domain: str | None = None) -> None:
        if len(self.found.subjects) >= MAX_OF_NAME and fold(ip) not in self.found.subjects:
            self.left_out += 1
        else:
            self.found.add(ip, Source(kind=kind, asked=self.target.text, detail=detail), domain=domain)

    async def _expand(self) -> None:
        if self.target.kind is Kind.HOST:
            self._host(await self.asks.sure(await self.asks.addresses(self.name)))
            return
        mx, forward = await asyncio.gather(self.asks.ask(self.name, "MX"), self.asks.addresses(self.name))
        if self.target.kind is Kind.DOMAIN:
            [mx] = await self.asks.sure([mx])
        else:
            mx, *forward = await self.asks.sure([mx, *forward])
        if mx.outcome is Outcome.ANSWER or self.target.kind is Kind.DOMAIN:
            await self._domain(mx)
            return
        self._host(forward, mx)

    def _host(self, forward: Sequence[Lookup], *others: Lookup) -> None:
        before = len(self.found.subjects)
        for lookup in forward:
            for ip in addresses(lookup):
                self._add(ip, "host", f"{lookup.question.rdtype} of {self.name}")
        if len(self.found.subjects) == before:
            self._nothing(forward, "address")
        else:
            self._partly([*forward, *others])

    async def _domain(self, mx: Lookup) -> None:
        hosts = _mx_hosts(mx) if "mx" in self.target.discover else []
        if len(hosts) > MAX_MX:
            self.found.cut = True
            self.found.notes.append(f"{self.name}: {len(hosts)} MX records, the first {MAX_MX} are audited")
        forward, (spf, failed) = await asyncio.gather(
            asyncio.gather(*(self._exchanger(host) for _, host in hosts[:MAX_MX])), self._spf()
        )
        for (preference, host), lookups in zip(hosts, forward, strict=False):
            for lookup in lookups:
                for ip in addresses(lookup):
                    self._add(ip, "mx", f"MX {preference} {host}", self.name)
            if all(lookup.outcome.is_denial for lookup in lookups):
                self.found.notes.append(f"{self.name}: MX host {host} has no address ({_outcomes(lookups)})")
        self._authorised(spf)
        asked = [*(lookup for lookups in forward for lookup in lookups), *failed]
        asked = [mx, *asked] if "mx" in self.target.discover else asked
        if not self.found.subjects:
            null = mx.outcome is Outcome.ANSWER and not hosts
            what = "MX host (its null MX says that it takes no mail)" if null else "MX host"
            self._nothing(asked, f"{what} and no SPF-authorised address")
        else:
            self._partly(asked)

    async def _exchanger(self, host: str) -> list[Lookup]:
        return await self.asks.sure(await self.asks.addresses(host))

    async def _spf(self) -> tuple[SpfExpansion, list[Lookup]]:
        """Return what the SPF record authorises, and the lookups on the way that failed."""
        failed: list[Lookup] = []
        if "spf" not in self.target.discover:
            return SpfExpansion(), failed
        suffixes = self.asks.suffixes
        own = suffixes.organisation(self.name)
        questions = expand(self.name, lambda domain: suffixes.organisation(domain) == own)
        try:
            question = next(questions)
            while True:
                lookup = await self.asks.resolver.lookup(question)
                if lookup.outcome.is_undetermined:
                    [lookup] = await self.asks.sure([lookup])
                    failed += [lookup] if lookup.outcome.is_undetermined else []
                question = questions.send(lookup)
        except StopIteration as stop:
            expansion: SpfExpansion = stop.value
            return expansion, failed

    def _authorised(self, expansion: SpfExpansion) -> None:
        for entry in expansion.sources:
            if entry.network.version not in self.asks.families:
                continue
            if entry.network.num_addresses > MAX_SPF_NETWORK:
                self.found.notes.append(
                    f"{self.name}: SPF authorises {entry.network} ({_count(entry.network)} addresses), not audited; "
                    f"to do so: truehelo check {entry.network}"
                )
                continue
            for ip in entry.network:
                self._add(ip, "spf", entry.term, self.name)
        for skipped in expansion.skipped:
            self.found.notes.append(f"{self.name}: SPF includes {skipped}, another organisation's servers, not audited")
        for term in expansion.unlisted:
            self.found.notes.append(f"{self.name}: SPF term {term} authorises addresses that cannot be listed")
        if expansion.problem:
            self.found.cut = True
            self.found.notes.append(f"{self.name}: SPF record not read to the end: {expansion.problem}")

    def _partly(self, lookups: Iterable[Lookup]) -> None:
        """Beside the addresses that were found there may be others: nobody knows."""
        failed = {str(lookup.question): lookup.outcome for lookup in lookups if lookup.outcome.is_undetermined}
        if failed:
            said = ", ".join(f"{question}: {outcome}" for question, outcome in failed.items())
            detail = f"may lead to more addresses than were found, since not all could be looked up ({said})"
            self.found.unresolved.append(Unresolved(asked=self.target.text, undetermined=True, detail=detail))

    def _nothing(self, lookups: Sequence[Lookup], what: str) -> None:
        undetermined = any(lookup.outcome.is_undetermined for lookup in lookups)
        said = f"could not be looked up ({_outcomes(lookups)})" if undetermined else f"has no {what} ({_outcomes(lookups)})"
        self.found.unresolved.append(Unresolved(asked=self.target.text, undetermined=undetermined, detail=said))


def _mx_hosts(mx: Lookup) -> list[tuple[int, str]]:
    hosts: list[tuple[int, str]] = []
    for record in mx.records:
        preference, _, host = record.data.partition(" ")
        if preference.isdigit() and host.strip(". "):  # a null MX ("0 .", RFC 7505 §3) names no host
            hosts.append((int(preference), canonical(host.strip())))
    return sorted(dict.fromkeys(hosts))


def _outcomes(lookups: Sequence[Lookup]) -> str:
    return ", ".join(f"{lookup.question.rdtype}: {lookup.outcome}" for lookup in lookups) or "nothing was asked"


def _count(network: Network) -> str:
    return (
        f"{network.num_addresses:,}" if network.num_addresses < 10**9 else f"2^{network.max_prefixlen - network.prefixlen}"
    )
