"""Which addresses a domain's SPF record authorises, as far as they can be listed.

Follows terms in order with the limits of an evaluation (RFC 7208 §4.6.4). Only terms that say pass count; what hangs on
the sender (exists, ptr, most macros) cannot be listed and is named instead. Whether an address passes is for `evaluate`:
an earlier term can still refuse an address that a later one here lists.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from ipaddress import IPv6Network, ip_network

from truehelo.facts.address import Address, Network, parse_address
from truehelo.facts.dns import Lookup, Question, Record
from truehelo.facts.names import canonical
from truehelo.facts.text import visible
from truehelo.records.spf.evaluate import DEFAULT_LIMITS, mx_hosts
from truehelo.records.spf.macro import MacroString, shorten
from truehelo.records.spf.macro import expand as expand_macros
from truehelo.records.spf.parse import Kind, Mechanism, SpfRecord, SpfSyntaxError, parse, spf_texts
from truehelo.records.spf.result import Limits
from truehelo.records.spf.talk import Talk, can_be_asked, is_domain

_MAPPED = IPv6Network("::ffff:0:0/96")
MAX_SOURCES = 1000
"""How many networks one record may yield; a term can name a thousand addresses, and ten terms ten times as many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfSource:
    """A network that a record authorises, the term that does so as written, and the domain in whose record it stands.

    `via` are the domains whose records lead there by include or redirect, the one that was asked about first.
    """

    network: Network
    term: str
    domain: str
    via: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfExpansion:
    """What a domain's record authorises.

    `skipped` are domains of includes and redirects that were not followed because they are another organisation's;
    `unlisted` are terms whose addresses cannot be listed; `problem` says why the list is not whole, "" when it is.
    A domain without an SPF record has no sources and no problem.
    """

    sources: tuple[SpfSource, ...] = ()
    skipped: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()
    problem: str = ""


def _shown(term: str) -> str:
    """A term can be as long as a TXT record; people need its beginning."""
    return visible(term, 120)


class _FullError(Exception):
    """A limit is reached: what follows is not listed."""


def expand(
    domain: str, same_org: Callable[[str], bool], *, limits: Limits = DEFAULT_LIMITS
) -> Generator[Question, Lookup, SpfExpansion]:
    """List the networks that the SPF record of `domain` authorises.

    Args:
        domain: The domain whose record is read.
        same_org: Tells whether an included or redirected domain is to be followed.
        limits: How much it may cost.

    Yields:
        The questions, one at a time.

    Returns:
        The networks in the order of the terms, each once, and what was left out.
    """
    run = _Expansion(same_org=same_org, limits=limits)
    domain = canonical(domain)
    if is_domain(domain):
        try:
            yield from run.read(domain, top=True)
        except _FullError as full:
            run.problems[str(full)] = None
    return SpfExpansion(
        sources=tuple(run.sources.values()),
        skipped=tuple(run.skipped),
        unlisted=tuple(run.unlisted),
        problem="; ".join(run.problems),
    )


@dataclass(slots=True, kw_only=True)
class _Expansion:
    same_org: Callable[[str], bool]
    limits: Limits
    lookups: int = 0
    sources: dict[Network, SpfSource] = field(default_factory=dict)
    skipped: dict[str, None] = field(default_factory=dict)
    unlisted: dict[str, None] = field(default_factory=dict)
    problems: dict[str, None] = field(default_factory=dict)
    via: tuple[str, ...] = ()

    def read(self, domain: str, *, top: bool = False) -> Talk[None]:
        records = yield from self._ask(domain, "TXT")
        if records is None:
            return
        texts = spf_texts(records)
        if len(texts) != 1:
            if texts or not top:
                self.problems[f"{domain} has {len(texts) or 'no'} SPF record{'s' if len(texts) > 1 else ''}"] = None
            return
        record = parse(texts[0])
        if isinstance(record, SpfSyntaxError):
            self.problems[f"in the record of {domain}, {record}"] = None
            return
        yield from self._terms(record, domain)

    def _terms(self, record: SpfRecord, domain: str) -> Talk[None]:
        for mechanism in record.mechanisms:
            if mechanism.kind.looks_up:
                self._spend()
            if mechanism.qualifier == "+":
                yield from self._term(mechanism, domain)
            if mechanism.kind is Kind.ALL:
                return
        if record.redirect is not None:
            self._spend()
            target = self._name(record.redirect.value, domain, record.redirect.text)
            if target is not None:
                yield from self._follow(target, domain)

    def _term(self, mechanism: Mechanism, domain: str) -> Talk[None]:
        if mechanism.network is not None:
            self._add(mechanism.network, mechanism, domain)
            return
        if mechanism.kind in (Kind.ALL, Kind.PTR, Kind.EXISTS):
            self.unlisted[_shown(mechanism.text)] = None
            return
        target: str | None = domain
        if mechanism.domain is not None:
            target = self._name(mechanism.domain, domain, mechanism.text)
        if target is None:
            return
        if mechanism.kind is Kind.INCLUDE:
            yield from self._follow(target, domain)
            return
        hosts: tuple[str, ...] = (target,)
        if mechanism.kind is Kind.MX:
            found = yield from self._ask(target, "MX")
            hosts = () if found is None else mx_hosts(found)
            if len(hosts) > self.limits.names:
                self.problems[f"{_shown(mechanism.text)} names more than {self.limits.names} MX hosts"] = None
        for host in hosts[: self.limits.names]:
            yield from self._addresses(host, mechanism, domain)

    def _follow(self, target: str, domain: str) -> Talk[None]:
        if self.same_org(target):
            before, self.via = self.via, (*self.via, domain)
            yield from self.read(target)
            self.via = before
        else:
            self.skipped[target] = None

    def _addresses(self, host: str, mechanism: Mechanism, domain: str) -> Talk[None]:
        for rdtype, prefix in (("A", mechanism.prefix4), ("AAAA", mechanism.prefix6)):
            for record in (yield from self._ask(host, rdtype)) or ():
                ip: Address | None = parse_address(record.data)
                if ip is not None and (ip.version == 4) == (rdtype == "A"):
                    self._add(ip_network((ip, prefix), strict=False), mechanism, domain)

    def _add(self, network: Network, mechanism: Mechanism, domain: str) -> None:
        # An IPv4-mapped client is judged as IPv4 (RFC 7208 §5), so that no client is ever in a mapped network.
        if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
            return
        if len(self.sources) >= MAX_SOURCES:
            raise _FullError(f"it authorises more than {MAX_SOURCES} networks")
        self.sources.setdefault(
            network, SpfSource(network=network, term=_shown(mechanism.text), domain=domain, via=self.via)
        )

    def _name(self, spec: MacroString, domain: str, term: str) -> str | None:
        """Return the name that a domain-spec stands for; None where it hangs on who sends, or is no name."""
        if spec.letters - {"d"}:
            self.unlisted[_shown(term)] = None
            return None
        name = canonical(shorten(expand_macros(spec, {"d": domain})))
        if not can_be_asked(name):
            self.problems[f"{_shown(term)} does not lead to a name that can exist"] = None
            return None
        return name

    def _spend(self) -> None:
        self.lookups += 1
        if self.lookups > self.limits.lookups:
            raise _FullError(f"more than {self.limits.lookups} terms need the DNS")

    def _ask(self, name: str, rdtype: str) -> Talk[tuple[Record, ...] | None]:
        """Ask; None, and a problem, when it cannot be known. Voids are not counted: a list may go on past them."""
        if not can_be_asked(name):
            return ()
        lookup = yield Question(name=name, rdtype=rdtype)
        if lookup.outcome.is_undetermined:
            self.problems[f"{lookup.question} could not be looked up ({lookup.outcome})"] = None
            return None
        return lookup.records
