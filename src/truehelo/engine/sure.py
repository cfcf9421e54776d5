"""A resolver that asks those who know, for a change that is suspected: the authoritative servers, then every resolver.

It stands before another resolver and answers every question by a vote of the servers that said something: the authoritative
ones where at least one of them spoke, else the resolvers. Servers that say different things are no answer, unless
more than half of them agree. Does not decide what the answer means.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome, Question
from truehelo.ports import Resolver


class SureResolver:
    """A `ports.Resolver` for one look at one subject; `unsure` holds the questions that only one resolver settled."""

    def __init__(self, resolver: Resolver) -> None:
        """Ask through `resolver`."""
        self._resolver = resolver
        self._asked: dict[Question, asyncio.Task[tuple[Lookup, AuthoritativeView]]] = {}
        self.unsure: set[Question] = set()

    @property
    def servers(self) -> tuple[str, ...]:
        """The resolvers that stand behind."""
        return self._resolver.servers

    async def lookup(self, question: Question) -> Lookup:
        """Return what most of those who know say."""
        return (await self._ask(question))[0]

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        """Ask every resolver."""
        return await self._resolver.ask_each(question)

    async def authoritative(self, question: Question) -> AuthoritativeView:
        """Return the authoritative servers' view; it was asked for the lookup anyway."""
        return (await self._ask(question))[1]

    async def examine(self) -> tuple[str, ...]:
        """Find out which resolvers tell lies."""
        return await self._resolver.examine()

    def forget(self) -> None:
        """Nothing is remembered beyond this look."""
        self._asked.clear()

    async def aclose(self) -> None:
        """The resolver behind is somebody else's."""

    def _ask(self, question: Question) -> "asyncio.Task[tuple[Lookup, AuthoritativeView]]":
        task = self._asked.get(question)
        if task is None:
            task = self._asked[question] = asyncio.ensure_future(self._settle(question))
        return task

    async def _settle(self, question: Question) -> tuple[Lookup, AuthoritativeView]:
        await self._resolver.examine()
        view = await self._resolver.authoritative(question)
        # A server that answers without authority (a lame delegation, a referral) says nothing of its own.
        knowing = [exchange for exchange in view.exchanges if exchange.authoritative]
        believed = vote(knowing)
        if believed is not None:
            # The alias that led to the zone is not in what its servers say of the target.
            chain = next((each.chain for each in view.lookups if each.question == question and each.chain), ())
            if chain and not believed.chain:
                believed = replace(believed, chain=chain)
            return Lookup(question=question, exchanges=(believed,)), view
        each = await self._resolver.ask_each(question)
        if any(not exchange.outcome.is_undetermined for exchange in knowing):
            # Servers with authority spoke, and differ: a change is on its way, or one of them lags behind.
            return Lookup(question=question, exchanges=(_differing(knowing),)), view
        believed = vote(each)
        if believed is None:
            failed = next((x for x in (*each, *view.exchanges) if x.outcome.is_undetermined), None)
            spoke = [x for x in each if not x.outcome.is_undetermined]
            exchange = _differing(spoke) if spoke else failed
            return Lookup(question=question, exchanges=() if exchange is None else (exchange,)), view
        if sum(not exchange.outcome.is_undetermined for exchange in each) < 2:
            self.unsure.add(question)
        return Lookup(question=question, exchanges=(believed,)), view


def vote(exchanges: Sequence[Exchange]) -> Exchange | None:
    """Return what more than half of the servers that said something agree in; None when there is no such thing."""
    spoke = [exchange for exchange in exchanges if not exchange.outcome.is_undetermined]
    if not spoke:
        return None
    counted = Counter(_said(exchange) for exchange in spoke)
    most, count = counted.most_common(1)[0]
    return next(x for x in spoke if _said(x) == most) if 2 * count > len(spoke) else None


def _said(exchange: Exchange) -> tuple[bool, frozenset[str]]:
    """NXDOMAIN and NODATA deny the same record: servers differ in which of them an empty name gets (RFC 8020 §2)."""
    return exchange.outcome is Outcome.ANSWER, frozenset(data.lower() for data in exchange.data)


def _differing(exchanges: Sequence[Exchange]) -> Exchange:
    """Return an exchange that says that nothing is known, since those who know contradict each other."""
    spoke = next(x for x in exchanges if not x.outcome.is_undetermined)
    return replace(
        spoke,
        outcome=Outcome.SERVFAIL,
        records=(),
        chain=(),
        rcode=None,
        detail="the servers contradict each other, and no answer has a majority",
    )
