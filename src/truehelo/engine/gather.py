"""One subject to its facts: everything independent is asked at once, and each question once.

The order of waits is the longest chain of questions that truly depend on each other: PTR -> its names -> their
addresses, greeting -> its name -> that name's address, and so on, side by side. `facts` gives what is known at any
moment, so that an interrupted run still shows it; what was asked and not answered is then an undetermined fact.
"""

import asyncio
from collections.abc import Coroutine, Generator, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from truehelo.engine.belief import confirmed
from truehelo.engine.subjects import Subject
from truehelo.facts.address import Address, forward_type, judgeable, reverse_name
from truehelo.facts.blocklist import BlocklistLook
from truehelo.facts.dns import AuthoritativeView, Lookup, Question
from truehelo.facts.holder import Holder
from truehelo.facts.names import canonical, is_fqdn
from truehelo.facts.smtp import Ended, SmtpSession
from truehelo.facts.subject import Sibling, SpfQuestion, SubjectFacts
from truehelo.generic import classify
from truehelo.identity import JUDGED_NAMES, addresses
from truehelo.ports import Ports
from truehelo.receivers.client import key
from truehelo.receivers.sight import can_be_asked
from truehelo.records.spf import evaluate

if TYPE_CHECKING:
    from truehelo.blocklists import Subscription
    from truehelo.engine.blocklists import Blocklists

MAX_SIBLINGS = 4
MAX_DOMAINS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the operator wants to have asked of each subject. `helo` is the declared HELO, `expected` the right name."""

    ports: tuple[int, ...] = (25,)
    helo: str | None = None
    expected: str | None = None
    authoritative: bool = True
    families: frozenset[int] = frozenset({4, 6})
    also: tuple[str, ...] = ()
    """Further names whose addresses are wanted, such as those of a --what-if."""


@dataclass(slots=True, repr=False)
class Gathering:
    """The facts of one subject in the making."""

    subject: Subject
    wishes: Wishes
    ports: Ports
    blocklists: "Blocklists | None" = None
    _asked: dict[Question, asyncio.Task[Lookup]] = field(default_factory=dict)
    _decisive: set[Question] = field(default_factory=set)
    _sessions: dict[int, SmtpSession | None] = field(default_factory=dict)
    _zone: AuthoritativeView | None = None
    _holder: Holder | None = None
    _looks: dict[str, BlocklistLook] = field(default_factory=dict)
    _siblings: dict[Address, tuple[str, Question]] = field(default_factory=dict)
    _spf: dict[SpfQuestion, None] = field(default_factory=dict)
    _named: "asyncio.Future[str | None] | None" = None
    _zone_task: "asyncio.Task[AuthoritativeView] | None" = None

    @property
    def ip(self) -> Address:
        """The audited address."""
        return self.subject.ip

    @property
    def expected(self) -> str | None:
        """The name that the operator expects, of the target or of the option."""
        return self.subject.expected or self.wishes.expected

    @property
    def helo(self) -> str | None:
        """The HELO that is declared, by the target or by the option."""
        return self.subject.helo or self.wishes.helo

    async def run(self) -> SubjectFacts:
        """Ask everything and return the facts. Nothing is asked about an address that nobody outside can see."""
        if not judgeable(self.ip):
            return self.facts()
        self._named = asyncio.get_running_loop().create_future()
        if self.wishes.authoritative:
            self._zone_task = asyncio.ensure_future(self._reverse_zone())
        parts: list[Coroutine[Any, Any, None]] = [self._reverse(), self._stated(), self._organisation()]
        if self.ports.registry is not None:
            parts.append(self._holder_of())
        if self.blocklists is not None:
            parts += [self._listed_by(self.blocklists, each) for each in self.blocklists.lists_for(self.ip)]
        running: list[asyncio.Future[Any]] = [asyncio.ensure_future(part) for part in parts]
        if self._zone_task is not None:
            running.append(self._zone_task)
        try:
            await asyncio.gather(*running)
            while pending := [task for task in self._asked.values() if not task.done()]:
                await asyncio.gather(*pending)
        finally:
            for task in [*running, *self._asked.values()]:
                task.cancel()
        return self.facts()

    def facts(self) -> SubjectFacts:
        """Return what is known now."""
        public = judgeable(self.ip)
        lookups = {question: _result(question, task) for question, task in self._asked.items()}
        return SubjectFacts(
            ip=self.ip,
            sources=self.subject.sources,
            expected_name=self.expected,
            helo=self.helo,
            smtp_asked=self.ports.smtp is not None and public,
            lookups=tuple(lookups[question] for question in sorted(lookups)),
            sessions=tuple(session or self._unfinished(port) for port, session in self._sessions.items()),
            reverse_zone=self._zone,
            siblings=tuple(
                Sibling(ip=ip, name=name, ptr=lookups[question])
                for ip, (name, question) in sorted(self._siblings.items(), key=lambda item: int(item[0]))
                if question in lookups  # an interruption may come between the finding and the asking
            ),
            spf=tuple(self._spf),
            holder=self._holder,
            blocklists=tuple(self._looks.values()),
        )

    def _unfinished(self, port: int) -> SmtpSession:
        return SmtpSession(
            ip=str(self.ip),
            port=port,
            connected_to="",
            vantage="",
            at=self.ports.clock.now(),
            took_s=0.0,
            ended=Ended.INTERRUPTED,
        )

    def _ask(self, name: str, rdtype: str, *, decisive: bool = False) -> "asyncio.Task[Lookup]":
        return self._put(Question(name=canonical(name), rdtype=rdtype), decisive=decisive)

    def _put(self, question: Question, *, decisive: bool = False) -> "asyncio.Task[Lookup]":
        """Ask a question, unless it was asked already. The verdict rests on a `decisive` one."""
        task = self._asked.get(question)
        decisive = decisive and self.wishes.authoritative
        if task is None:
            task = asyncio.ensure_future(self._sure(question) if decisive else self.ports.resolver.lookup(question))
        elif decisive and question not in self._decisive:
            task = asyncio.ensure_future(self._sure(question, task))  # SPF may have asked it first, where it decides less
        else:
            return task
        if decisive:
            self._decisive.add(question)
        self._asked[question] = task
        return task

    async def _sure(self, question: Question, heard: "asyncio.Task[Lookup] | None" = None) -> Lookup:
        """Look up, unless that is under way, and put a denial or failure that decides to the authoritative servers."""
        lookup = await (self.ports.resolver.lookup(question) if heard is None else heard)
        if self._zone_task is not None and question == self._ptr_question:
            return await confirmed(self.ports.resolver, lookup, asyncio.shield(self._zone_task))
        return await confirmed(self.ports.resolver, lookup)

    @property
    def _ptr_question(self) -> Question:
        return Question(name=reverse_name(self.ip), rdtype="PTR")

    def _ask_addresses(self, name: str) -> "list[asyncio.Task[Lookup]]":
        """Ask for both families of a name that is held against the address: our own family decides."""
        own = forward_type(self.ip)
        return [self._ask(name, rdtype, decisive=rdtype == own) for rdtype in ("A", "AAAA")]

    # The reverse side: PTR, the addresses of its names, and the PTRs of the other family's addresses.

    async def _reverse(self) -> None:
        ptr = await self._put(self._ptr_question, decisive=True)
        names = _ptr_names(ptr)
        await asyncio.gather(*(self._follow(name) for name in names))

    async def _follow(self, name: str) -> None:
        own, other = await asyncio.gather(*self._ask_addresses(name))
        if self.ip.version == 6:
            own, other = other, own
        if self.ip not in addresses(own):
            return
        wanted = [ip for ip in addresses(other) if judgeable(ip) and ip.version in self.wishes.families]
        new = [ip for ip in dict.fromkeys(wanted) if ip not in self._siblings][: MAX_SIBLINGS - len(self._siblings)]
        for ip in new:
            self._siblings[ip] = name, Question(name=reverse_name(ip), rdtype="PTR")
        await asyncio.gather(*(self._reverse_of(ip) for ip in new))

    async def _reverse_of(self, sibling: Address) -> None:
        ptr = await self._ask(reverse_name(sibling), "PTR", decisive=True)
        await asyncio.gather(*(self._ask(each, forward_type(sibling), decisive=True) for each in _ptr_names(ptr)))

    async def _reverse_zone(self) -> AuthoritativeView:
        self._zone = await self.ports.resolver.authoritative(self._ptr_question)
        return self._zone

    # The stated side: what the server says of itself.

    async def _stated(self) -> None:
        for name in (self.expected, self.helo):
            if name is not None:
                self._saw_name(name)
        for name in self.wishes.also:
            self._ask_sent(name)
        if self.helo is not None:
            self._ask_sent(key(self.helo))
        if self.ports.smtp is not None:
            await asyncio.gather(*(self._converse(port) for port in self.wishes.ports))
        if self._named is not None and not self._named.done():
            self._named.set_result(None)

    async def _converse(self, port: int) -> None:
        if self.ports.smtp is None:
            return
        self._sessions[port] = None
        self._sessions[port] = await self.ports.smtp.converse(self.ip, port, self._saw_name)

    def _ask_sent(self, name: str) -> None:
        """Ask what a receiver asks about a HELO: its addresses, and its MX; also where it is no well-formed host name."""
        if can_be_asked(name):
            self._ask_addresses(name)
            self._ask(name, "MX")

    def _saw_name(self, name: str) -> None:
        """Start the forward lookups of a stated name the moment it is seen."""
        if not is_fqdn(name):
            return
        self._ask_addresses(name)
        if self._named is not None and not self._named.done() and not classify(canonical(name), self.ip):
            self._named.set_result(canonical(name))

    # SPF: of the domains that led here, else of the organisation of the name that the server states; and of the HELO.

    async def _organisation(self) -> None:
        questions = [SpfQuestion(identity="organisation", domain=domain) for domain in self.subject.domains[:MAX_DOMAINS]]
        helo = self.helo
        if helo is not None and is_fqdn(helo):
            questions.append(SpfQuestion(identity="helo", domain=canonical(helo)))
        parts = [self._evaluate(question) for question in questions]
        if not self.subject.domains:
            parts.append(self._own_organisation())
        await asyncio.gather(*parts)

    async def _own_organisation(self) -> None:
        name = await self._own_name()
        if name is not None:
            domain = self.ports.suffixes.organisation(name) or name
            await self._evaluate(SpfQuestion(identity="organisation", domain=domain))

    async def _own_name(self) -> str | None:
        """The name whose organisation answers for this server: expected, declared or stated, else a confirmed PTR name."""
        name = await self._named if self._named is not None else None
        if name is not None:
            return name
        ptr = await self._put(self._ptr_question, decisive=True)
        for name in _ptr_names(ptr):
            forward = await self._ask(name, forward_type(self.ip), decisive=True)
            if self.ip in addresses(forward) and is_fqdn(name) and not classify(name, self.ip):
                return name
        return None

    async def _evaluate(self, question: SpfQuestion) -> None:
        self._spf[question] = None
        evaluation: Generator[Question, Lookup, Any] = evaluate(self.ip, question.domain, helo=self.helo)
        try:
            wanted = next(evaluation)
            while True:
                wanted = evaluation.send(await self._put(wanted))
        except StopIteration:
            return  # the result is judged by the check, from the same lookups

    async def _listed_by(self, blocklists: "Blocklists", wanted: "Subscription") -> None:
        self._looks[wanted.entry.id] = blocklists.unasked(wanted)
        self._looks[wanted.entry.id] = await blocklists.ask(wanted, self.ip)

    async def _holder_of(self) -> None:
        if self.ports.registry is not None:
            self._holder = await self.ports.registry.holder(self.ip)


def _result(question: Question, task: "asyncio.Task[Lookup]") -> Lookup:
    if task.done() and not task.cancelled() and task.exception() is None:
        return task.result()
    return Lookup(question=question, exchanges=())


def _ptr_names(ptr: Lookup) -> list[str]:
    names: Iterable[str] = (canonical(record.data) for record in ptr.records)
    return list(dict.fromkeys(names))[:JUDGED_NAMES]
