"""One domain to its facts: its records, those they lead to, its zone, and its MTA-STS policy; each question asked once.

What does not depend on each other is asked side by side. `facts` gives what is known at any moment, so that an interrupted
run still shows it; what was asked and not answered is then an undetermined fact. Judges nothing (`domains`).
"""

import asyncio
import secrets
from collections.abc import Coroutine, Generator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from truehelo.domains import DomainView
from truehelo.engine.belief import confirmed
from truehelo.facts.address import Address
from truehelo.facts.dns import AuthoritativeView, Lookup, Outcome, Question
from truehelo.facts.domain import DomainFacts, PolicyFetch, Selector, SelectorSource, validation_failed
from truehelo.facts.names import canonical
from truehelo.identity import addresses
from truehelo.ports import Ports
from truehelo.records import bimi, caa, dkim, mta_sts, tls_rpt, tlsa
from truehelo.records.dkim import KNOWN_SELECTORS
from truehelo.records.dmarc import discover, discover_psl, external
from truehelo.records.spf import evaluate, expand
from truehelo.records.spf.survey import survey
from truehelo.records.talk import can_be_asked

MAX_SERVERS = 20
"""So many name servers of a zone have their addresses looked up."""
MAX_SELECTORS = 200
T = TypeVar("T")
Talk = Generator[Question, Lookup, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainWishes:
    """What the operator wants to have looked at.

    `selectors` are those that were named, `reported` those that receivers saw. `fetch` allows fetching the MTA-STS policy,
    `authoritative` asking a zone's own servers, `well_known` trying selectors that many senders use.
    """

    selectors: tuple[str, ...] = ()
    reported: tuple[str, ...] = ()
    ips: tuple[Address, ...] = ()
    fetch: bool = True
    authoritative: bool = True
    well_known: bool = True


async def gather(domain: str, wishes: DomainWishes, ports: Ports) -> DomainFacts:
    """Look at one domain and return its facts."""
    return await DomainGathering(name=canonical(domain), wishes=wishes, ports=ports).run()


@dataclass(slots=True, repr=False)
class DomainGathering:
    """The facts of one domain in the making."""

    name: str
    wishes: DomainWishes
    ports: Ports
    _asked: dict[Question, asyncio.Task[Lookup]] = field(default_factory=dict)
    _zone: AuthoritativeView | None = None
    _policy: PolicyFetch | None = None
    _selectors: dict[str, Selector] = field(default_factory=dict)

    async def run(self) -> DomainFacts:
        """Ask everything and return the facts."""
        parts: list[Coroutine[Any, Any, Any]] = [
            self._zone_of(),
            self._mail(),
            self._spf(),
            self._dkim(),
            self._dmarc(),
            self._transport(),
            self._drive(caa.relevant(self.name), sure=False),
            self._ask_all((bimi.name(self.name), "TXT")),
            self._ask_all(("arpa", "SOA"), sure=False),  # signed everywhere: it shows whether a resolver validates
        ]
        running = [asyncio.ensure_future(part) for part in parts]
        try:
            await asyncio.gather(*running)
            while pending := [task for task in self._asked.values() if not task.done()]:
                await asyncio.gather(*pending)
        finally:
            for task in [*running, *self._asked.values()]:
                task.cancel()
        return self.facts()

    def facts(self) -> DomainFacts:
        """Return what is known now."""
        lookups = {question: _result(question, task) for question, task in self._asked.items()}
        for lookup in () if self._zone is None else self._zone.lookups:
            lookups.setdefault(lookup.question, lookup)
        return DomainFacts(
            name=self.name,
            organisation=self.ports.suffixes.organisation(self.name),
            lookups=tuple(lookups[question] for question in sorted(lookups)),
            zone=self._zone,
            policy=self._policy,
            selectors=tuple(self._selectors.values()),
            ips=self.wishes.ips,
        )

    # Asking

    def _put(self, question: Question, *, sure: bool = True) -> "asyncio.Task[Lookup]":
        """Ask a question, unless it was asked already; `sure` puts a denial or a failure to the zone's own servers."""
        task = self._asked.get(question)
        if task is None:
            wanted = sure and self.wishes.authoritative
            task = asyncio.ensure_future(self._sure(question) if wanted else self.ports.resolver.lookup(question))
            self._asked[question] = task
        return task

    async def _sure(self, question: Question) -> Lookup:
        lookup = await self.ports.resolver.lookup(question)
        # Most names have no AAAA record, and a second voice on that is not worth the wait.
        usual = question.rdtype == "AAAA" and lookup.outcome is Outcome.NODATA
        # The zone's servers do not validate: their answer says nothing against a resolver that found it forged or expired.
        return lookup if usual or validation_failed(lookup) else await confirmed(self.ports.resolver, lookup)

    async def _ask(self, name: str, rdtype: str, *, sure: bool = True) -> Lookup:
        return await self._put(Question(name=canonical(name), rdtype=rdtype), sure=sure)

    async def _ask_all(self, *wanted: tuple[str, str], sure: bool = True) -> None:
        await asyncio.gather(*(self._ask(name, rdtype, sure=sure) for name, rdtype in wanted))

    async def _drive(self, talk: "Talk[T]", *, sure: bool = True) -> T:
        """Answer the questions of an evaluation to its end."""
        try:
            question = next(talk)
            while True:
                question = talk.send(await self._put(question, sure=sure))
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _view(self) -> DomainView:
        """Return what the records say as far as they are known by now."""
        return DomainView(self.facts())

    # Parts

    async def _zone_of(self) -> None:
        """The cut and its servers; then what DNSSEC needs at its top."""
        if self.wishes.authoritative:
            self._zone = await self.ports.resolver.authoritative(Question(name=self.name, rdtype="NS"))
        else:
            await self._ask(self.name, "SOA", sure=False)  # whatever the reply is, it names the zone
        apex = self.facts().apex
        await self._ask_all((apex, "SOA"), (apex, "NS"), (apex, "DS"), (apex, "DNSKEY"), sure=False)
        servers = (await self._ask(apex, "NS", sure=False)).records
        names = [name for name in dict.fromkeys(canonical(record.data) for record in servers) if can_be_asked(name)]
        await self._ask_all(*((name, rdtype) for name in names[:MAX_SERVERS] for rdtype in ("A", "AAAA")), sure=False)

    async def _mail(self) -> None:
        await self._ask_all((self.name, "MX"), (self.name, "A"), (self.name, "AAAA"))
        view = self._view()
        hosts = [host for _, host in view.mx_hosts if can_be_asked(host)]
        await self._ask_all(*((host, rdtype) for host in hosts for rdtype in ("A", "AAAA")))
        await self._ask_all(*((tlsa.name(host), "TLSA") for host in hosts), sure=False)

    async def _spf(self) -> None:
        await asyncio.gather(
            self._drive(survey(self.name)),
            self._drive(expand(self.name, lambda _: True)),
            *(self._drive(evaluate(ip, self.name)) for ip in self.wishes.ips),
        )

    async def _dkim(self) -> None:
        wishes = self.wishes
        wanted = [(name, SelectorSource.OPTION) for name in wishes.selectors]
        wanted += [(name, SelectorSource.REPORTS) for name in wishes.reported]
        if wishes.well_known:
            wanted += [(known.selector, SelectorSource.WELL_KNOWN) for known in KNOWN_SELECTORS]
            # A wildcard would make every selector exist: one that nobody can have chosen shows it.
            wanted.append((secrets.token_hex(8), SelectorSource.PROBE))
        for name, source in wanted[:MAX_SELECTORS]:
            if can_be_asked(dkim.key_name(name, self.name)):
                self._selectors.setdefault(canonical(name), Selector(name=canonical(name), source=source))
        sure = (SelectorSource.OPTION, SelectorSource.REPORTS)
        await asyncio.gather(
            *(
                self._ask(dkim.key_name(each.name, self.name), "TXT", sure=each.source in sure)
                for each in self._selectors.values()
            )
        )

    async def _transport(self) -> None:
        """MTA-STS with its policy, and TLS reports (RFC 8461 §3, RFC 8460 §3)."""
        host = f"{mta_sts.POLICY_HOST}.{self.name}"
        await self._ask_all((f"{mta_sts.PREFIX}.{self.name}", "TXT"), (f"{tls_rpt.PREFIX}.{self.name}", "TXT"))
        if not self._view().mta_sts.texts or not self.wishes.fetch or self.ports.policies is None:
            return
        four, six = await asyncio.gather(self._ask(host, "A"), self._ask(host, "AAAA"))
        found = [*addresses(four), *addresses(six)]
        if found:
            self._policy = await self.ports.policies.fetch(host, found)

    async def _dmarc(self) -> None:
        """Both ways to a record, then whoever is to get reports and is of another organisation (RFC 9989, RFC 9990)."""
        organisation = self.ports.suffixes.organisation(self.name)
        await asyncio.gather(self._drive(discover(self.name)), self._drive(discover_psl(self.name, organisation)))
        view = self._view()
        found = view.dmarc.found
        others = [host for host in view.report_hosts if not view.is_own(host)]
        if found is not None:
            await asyncio.gather(*(self._drive(external(found.domain, host)) for host in others))


def _result(question: Question, task: "asyncio.Task[Lookup]") -> Lookup:
    if task.done() and not task.cancelled() and task.exception() is None:
        return task.result()
    return Lookup(question=question, exchanges=())
