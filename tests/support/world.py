"""A small world in memory: a table of records, what fails in it, and what its servers say over SMTP.

`World.facts` gives the facts that a full audit of one address would gather there, without an engine and without a
network, so that checks and verdicts can be tested as tables. `FakeResolver` and `ScriptedSmtp` show the same world
through the ports, for tests of the engine. The table's form is told in tests/scenarios/README.md.
"""

import asyncio
from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import IPv4Address
from typing import Any

from support.lists import looks
from support.talk import AT, Script, ScriptedSmtp, session, stated_names
from support.zone import Zone, question
from truehelo.facts.address import Address, forward_type, judgeable, parse_address, reverse_name
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, NameServer, Outcome, Question, Record
from truehelo.facts.names import canonical, is_fqdn
from truehelo.facts.subject import Sibling, Source, SpfQuestion, SubjectFacts
from truehelo.identity import JUDGED_NAMES, addresses
from truehelo.receivers.client import key
from truehelo.receivers.sight import can_be_asked

__all__ = ["FakeResolver", "ScriptedSmtp", "World"]

Failing = str | Sequence[str]
"""An outcome word for every resolver, or one word for each of them ("answer": as the table says)."""


class World:
    """The world of one scenario.

    Args:
        table: Zone-like lines, such as "mail.example.com A 192.0.2.25".
        fail: Question ("192.0.2.25 PTR") to what comes of it instead.
        smtp: Address to port to what is said there.
        authority: Server name to the PTR names that it gives for the audited address, or to an outcome word.
        resolvers: How many resolvers are asked, one after the other, before a denial or failure is believed.
    """

    def __init__(
        self,
        table: str,
        *,
        fail: Mapping[str, Failing] | None = None,
        smtp: Mapping[str, Mapping[int, Script]] | None = None,
        authority: Mapping[str, Failing] | None = None,
        resolvers: int = 1,
    ) -> None:
        self.zone = Zone.parse(table)
        self.fail: dict[Question, Failing] = {question(text): how for text, how in (fail or {}).items()}
        self.smtp = dict(smtp or {})
        self.authority = dict(authority or {})
        lengths = [len(how) for how in self.fail.values() if not isinstance(how, str)]
        self.servers = tuple(f"192.0.2.{53 + i}:53" for i in range(max([resolvers, *lengths])))

    def exchange(self, asked: Question, index: int = 0) -> Exchange:
        """Return what one resolver says to a question."""
        how = self.fail.get(asked, "answer")
        word = how if isinstance(how, str) else how[min(index, len(how) - 1)]
        return self._said(asked, self.servers[index], None if word == "answer" else Outcome(word))

    def _said(self, asked: Question, server: str, instead: Outcome | None) -> Exchange:
        found = self.zone.resolve(asked)
        outcome = instead or found.outcome
        answered = outcome is Outcome.ANSWER
        heard = answered or outcome.is_denial
        return Exchange(
            server=server,
            transport="udp",
            vantage="test",
            at=AT,
            took_s=0.01,
            outcome=outcome,
            rcode={Outcome.ANSWER: "NOERROR", Outcome.NODATA: "NOERROR", Outcome.TIMEOUT: None}.get(
                outcome, outcome.upper()
            ),
            flags=("RD", "RA") if heard else (),
            chain=found.chain if heard else (),
            records=found.records if answered else (),
            soa=found.soa if outcome.is_denial else None,
        )

    def lookup(self, asked: Question) -> Lookup:
        """Return all that the resolvers say, asked in order until one answers."""
        said: list[Exchange] = []
        for index in range(len(self.servers)):
            said.append(self.exchange(asked, index))
            if said[-1].outcome is Outcome.ANSWER:
                break
        return Lookup(question=asked, exchanges=tuple(said))

    def view(self, asked: Question) -> AuthoritativeView:
        """Return what the authoritative servers say of a PTR; nothing is known of them where the world names none."""
        if not self.authority or asked.rdtype != "PTR":
            return AuthoritativeView(question=asked, apex=None, detail="no authoritative servers in this world")
        owner = self.zone.resolve(asked).end or asked.name
        soa = self.zone.enclosing_soa(owner)
        return AuthoritativeView(
            question=asked,
            apex=soa.owner if soa else owner.partition(".")[2],
            soa=soa,
            servers=tuple(NameServer(name=name, addresses=("192.0.2.153",)) for name in self.authority),
            exchanges=tuple(self._direct(asked, owner, name, says) for name, says in self.authority.items()),
        )

    def _direct(self, asked: Question, owner: str, name: str, says: Failing) -> Exchange:
        server = f"{name}@192.0.2.153:53"
        if isinstance(says, str):
            said = self._said(asked, server, Outcome(says))
            records: tuple[Record, ...] = ()
        else:
            said = self._said(asked, server, None)
            records = tuple(Record(owner=owner, ttl=86400, rdtype="PTR", data=f"{each}.") for each in says)
        heard = bool(records) or said.outcome.is_denial
        return Exchange(
            server=server,
            transport="udp",
            vantage="test",
            at=AT,
            took_s=0.01,
            outcome=Outcome.ANSWER if records else said.outcome,
            rcode="NOERROR" if records else said.rcode,
            flags=("AA",) if heard else (),
            records=records,
            soa=said.soa,
        )

    def facts(
        self,
        ip: str,
        *,
        helo: str | None = None,
        expect: str | None = None,
        smtp: Mapping[int, Script] | None = None,
        spf: Iterable[str] = (),
        sources: Iterable[str] = ("argument",),
        dnsbl: Iterable[str] = (),
    ) -> SubjectFacts:
        """Return the facts that a full audit of `ip` gathers here.

        `smtp` (or the world's own for this address) absent means --no-smtp. `spf` holds "organisation example.com" or
        "helo mail.example.com". `sources` are kinds of `truehelo.facts.subject.Source`. `dnsbl` are ids of blocklists.
        """
        address = parse_address(ip)
        if address is None:
            raise ValueError(f"{ip} is no address")
        facts = _Gathering(self, address).facts(
            helo=helo,
            expect=expect,
            smtp=smtp if smtp is not None else self.smtp.get(str(address)),
            spf=tuple(SpfQuestion(identity=line.split()[0], domain=line.split()[1]) for line in spf),
            sources=tuple(Source(kind=kind, asked=ip) for kind in sources),
        )
        return replace(facts, blocklists=looks(self, address, tuple(dnsbl)) if judgeable(address) else ())


@dataclass
class _Gathering:
    """Asks what a full audit asks, one question after the other."""

    world: World
    ip: Address
    lookups: dict[Question, Lookup] = field(default_factory=dict)
    siblings: dict[Address, Sibling] = field(default_factory=dict)

    def ask(self, name: str, rdtype: str) -> Lookup:
        asked = Question(name=canonical(name), rdtype=rdtype)
        return self.lookups.setdefault(asked, self.world.lookup(asked))

    def facts(
        self,
        *,
        helo: str | None,
        expect: str | None,
        smtp: Mapping[int, Script] | None,
        spf: tuple[SpfQuestion, ...],
        sources: tuple[Source, ...],
    ) -> SubjectFacts:
        public = judgeable(self.ip)
        sessions = tuple(session(self.ip, port, script) for port, script in (smtp or {}).items()) if public else ()
        view = None
        if public:
            view = self._reverse()
            stated = [name for said in sessions for name in stated_names(said)]
            for name in (*stated, *(each for each in (helo, expect) if each is not None and is_fqdn(each))):
                self.ask(name, "A")
                self.ask(name, "AAAA")
            if helo is not None and can_be_asked(key(helo)):
                for rdtype in ("A", "AAAA", "MX"):
                    self.ask(helo, rdtype)
            for each in spf:
                self._evaluate(each, helo)
        return SubjectFacts(
            ip=self.ip,
            sources=sources,
            expected_name=expect,
            helo=helo,
            smtp_asked=smtp is not None and public,
            lookups=tuple(self.lookups[asked] for asked in sorted(self.lookups)),
            sessions=sessions,
            reverse_zone=view,
            siblings=tuple(self.siblings.values()),
            spf=spf if public else (),
        )

    def _reverse(self) -> AuthoritativeView | None:
        ptr = self.ask(reverse_name(self.ip), "PTR")
        view = self.world.view(ptr.question) if self.world.authority else None
        if view is not None and ptr.outcome is not Outcome.ANSWER:
            # As the engine does: a denial or failure is put to the authoritative servers before it is believed.
            ptr = Lookup(question=ptr.question, exchanges=ptr.exchanges + view.exchanges)
            self.lookups[ptr.question] = ptr
        for name in _names(ptr):
            own, other = self.ask(name, "A"), self.ask(name, "AAAA")
            if not isinstance(self.ip, IPv4Address):
                own, other = other, own
            if self.ip in addresses(own):
                self._other_family(name, other)
        return view

    def _other_family(self, name: str, other: Lookup) -> None:
        for ip in addresses(other):
            if judgeable(ip):
                sibling = self.ask(reverse_name(ip), "PTR")
                self.siblings.setdefault(ip, Sibling(ip=ip, name=name, ptr=sibling))
                for each in _names(sibling):
                    self.ask(each, forward_type(ip))

    def _evaluate(self, asked: SpfQuestion, helo: str | None) -> None:
        from truehelo.records.spf import evaluate

        evaluation: Generator[Question, Lookup, Any] = evaluate(self.ip, asked.domain, helo=helo)
        try:
            wanted = next(evaluation)
            while True:
                wanted = evaluation.send(self.ask(wanted.name, wanted.rdtype))
        except StopIteration:
            return


def _names(ptr: Lookup) -> list[str]:
    return list(dict.fromkeys(canonical(record.data) for record in ptr.records))[:JUDGED_NAMES]


@dataclass
class FakeResolver:
    """`truehelo.ports.Resolver` over a world. `delay_s` (seconds) is waited before each answer; `asked` keeps count."""

    world: World
    delay_s: float = 0.0
    asked: list[Question] = field(default_factory=list)

    @property
    def servers(self) -> tuple[str, ...]:
        return self.world.servers

    async def lookup(self, question: Question) -> Lookup:
        self.asked.append(question)
        await asyncio.sleep(self.delay_s)
        return self.world.lookup(question)

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        await asyncio.sleep(self.delay_s)
        return tuple(self.world.exchange(question, index) for index in range(len(self.world.servers)))

    def forget(self) -> None:
        self.asked.clear()

    async def aclose(self) -> None:
        return

    async def examine(self) -> tuple[str, ...]:
        return ()

    async def authoritative(self, question: Question) -> AuthoritativeView:
        await asyncio.sleep(self.delay_s)
        return self.world.view(question)
