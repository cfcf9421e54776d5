"""Asks blocklists about addresses, and believes a list only after its own test entries were seen (RFC 5782 §5).

The test is made once for a list, a family and a set of resolvers, and holds for an hour: a list that is dead, that lists
everything, that refuses a resolver, or in whose place a resolver answers, is found out before any address is judged by it.
Where only some of the resolvers are good, the others are not heard. An address then costs one A query a list, and a TXT
query where it is listed.
"""

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from truehelo.blocklists.catalogue import Subscription
from truehelo.blocklists.keys import hide
from truehelo.blocklists.query import entry_name, question
from truehelo.blocklists.read import Listing, listing
from truehelo.blocklists.trial import Trial, answers_for_nothing, weigh
from truehelo.facts.address import Address, judgeable
from truehelo.facts.blocklist import BlocklistLook
from truehelo.facts.dns import Exchange, Lookup, Outcome, Question
from truehelo.ports import Clock, Resolver

T = TypeVar("T")
BELIEVE_S = 3600.0
"""How long a test that was passed holds, in seconds."""
DOUBT_S = 300.0
"""How long until a list that failed its test is tested again, in seconds."""
PER_ZONE = 20
"""So many questions are put to one zone at once."""


@dataclass(slots=True)
class _Held:
    """A test under way or done, and until when it holds (on the monotonic clock)."""

    task: "asyncio.Task[Any]"
    until: float | None = None


@dataclass(slots=True)
class Blocklists:
    """The lists that are asked, over one set of resolvers. Use it within one event loop.

    Args:
        resolver: Who asks. Its cache makes a second look at the same address free of questions.
        clock: Tells for how long a test holds.
        lists: The lists to ask (`truehelo.blocklists.subscribe`).
        believe_s: How long a passed test holds, in seconds.
        doubt_s: When a list that failed is tested again, in seconds.
        per_zone: How many questions may be put to one zone at once.
    """

    resolver: Resolver = field(repr=False)  # the names that it was asked for hold the keys
    clock: Clock
    lists: Sequence[Subscription]
    believe_s: float = BELIEVE_S
    doubt_s: float = DOUBT_S
    per_zone: int = PER_ZONE
    _tests: dict[tuple[str, int], _Held] = field(default_factory=dict, repr=False)
    _gates: dict[str, asyncio.Semaphore] = field(default_factory=dict, repr=False)

    async def look(self, ip: Address) -> tuple[Listing, ...]:
        """Return what each list that holds addresses of this family says of one. Never raises for what the network does."""
        lists = self.lists_for(ip)
        looks = await asyncio.gather(*(self.ask(each, ip) for each in lists))
        return tuple(listing(look, each.entry, ip) for look, each in zip(looks, lists, strict=True))

    def lists_for(self, ip: Address) -> tuple[Subscription, ...]:
        """Return the lists that are asked about an address; none about one that nobody outside can see."""
        return tuple(each for each in self.lists if ip.version in each.entry.families) if judgeable(ip) else ()

    def unasked(self, wanted: Subscription) -> BlocklistLook:
        """Return the fact that a list was not asked to the end."""
        return BlocklistLook(list=wanted.entry.id, zone=wanted.shown)

    async def ask(self, wanted: Subscription, ip: Address) -> BlocklistLook:
        """Test a list where it has to be, ask it about an address, and return what was seen, without any key."""
        trial = await self.trial(wanted, ip.version)
        if trial.doubt is not None:
            return BlocklistLook(
                list=wanted.entry.id, zone=wanted.shown, lookups=trial.lookups, doubt=trial.doubt, detail=trial.detail
            )
        lookups = await self._lookups(wanted, ip, trial)
        return BlocklistLook(list=wanted.entry.id, zone=wanted.shown, lookups=lookups, by_text=trial.by_text)

    async def trial(self, wanted: Subscription, family: int) -> Trial:
        """Return whether a list is believed for a family, and through which resolvers; tested anew after a time."""
        known = self._tests.get((wanted.entry.id, family))
        if known is not None and known.until is not None and known.until > self.clock.monotonic():
            return known.task.result()  # type: ignore[no-any-return]  # by far the most frequent
        held = self._held((wanted.entry.id, family), lambda: self._test(wanted, family))
        # Shielded: whoever else waits for this test still gets it when this caller gives up.
        trial: Trial = await asyncio.shield(held.task)
        if held.until is None:
            held.until = self.clock.monotonic() + (self.believe_s if trial.doubt is None else self.doubt_s)
        return trial

    async def _rewriters(self) -> frozenset[str]:
        """Return the servers that answer for a name that cannot exist; asked once for all lists."""
        held = self._held(("", 0), self._nothing)
        rewriters: frozenset[str] = await asyncio.shield(held.task)
        if held.until is None:
            held.until = self.clock.monotonic() + self.doubt_s
        return rewriters

    async def _nothing(self) -> frozenset[str]:
        nothing = Question(name=f"{secrets.token_hex(12)}.invalid", rdtype="A")
        return answers_for_nothing(await self.resolver.ask_each(nothing))

    def _held(self, key: tuple[str, int], test: Callable[[], Coroutine[Any, Any, Any]]) -> _Held:
        held = self._tests.get(key)
        broken = held is not None and held.task.done() and (held.task.cancelled() or held.task.exception() is not None)
        if held is None or broken or (held.until is not None and held.until <= self.clock.monotonic()):
            held = self._tests[key] = _Held(asyncio.ensure_future(test()))
        return held

    async def _test(self, wanted: Subscription, family: int) -> Trial:
        tests, zone = wanted.entry.tests, wanted.zone
        # A list that is known to have no entry for IPv6 is taken at the word of its entries for IPv4.
        listed, clean = tests.listed(family) or tests.listed4, tests.clean(family) or tests.clean4
        there = Question(name=entry_name(listed, zone), rdtype="A")
        # Where no address is known that it must not hold, a name that is no address at all is asked for.
        missing = Question(name=entry_name(clean, zone) if clean else f"{secrets.token_hex(12)}.{zone}", rdtype="A")
        rewriters = await self._rewriters()
        heard = dict(zip((there, missing), await self._each((there, missing), wanted), strict=True))
        if any(exchange.outcome is Outcome.NODATA for exchange in heard[there]):
            text = Question(name=there.name, rdtype="TXT")
            heard[text] = (await self._each((text,), wanted))[0]
        texts = next((said for each, said in heard.items() if each.rdtype == "TXT"), ())
        trial = weigh(wanted.entry, rewriters, heard[there], heard[missing], texts)
        if trial.doubt is None:
            return trial
        kept = (Lookup(question=each, exchanges=said) for each, said in heard.items())
        return trial.with_lookups(tuple(_hidden(each, wanted) for each in kept))

    async def _each(self, asked: Sequence[Question], wanted: Subscription) -> list[tuple[Exchange, ...]]:
        return list(await asyncio.gather(*(self._gated(wanted, self.resolver.ask_each(each)) for each in asked)))

    async def _lookups(self, wanted: Subscription, ip: Address, trial: Trial) -> tuple[Lookup, ...]:
        rdtype = "TXT" if trial.by_text else "A"
        first = await self._lookup(wanted, question(ip, wanted.zone, rdtype), trial)
        if rdtype == "TXT" or first.outcome not in (Outcome.ANSWER, Outcome.NODATA):
            return (_hidden(first, wanted),)
        # What the list says in words; and a name without an A record may have a TXT record alone.
        text = await self._lookup(wanted, question(ip, wanted.zone, "TXT"), trial)
        return _hidden(first, wanted), _hidden(text, wanted)

    async def _lookup(self, wanted: Subscription, asked: Question, trial: Trial) -> Lookup:
        if not trial.bad:
            return await self._gated(wanted, self.resolver.lookup(asked))
        exchanges = await self._gated(wanted, self.resolver.ask_each(asked))
        return Lookup(question=asked, exchanges=tuple(each for each in exchanges if each.server not in trial.bad))

    async def _gated(self, wanted: Subscription, asking: Coroutine[Any, Any, T]) -> T:
        gate = self._gates.get(wanted.entry.id)
        if gate is None:
            gate = self._gates[wanted.entry.id] = asyncio.Semaphore(self.per_zone)
        async with gate:
            return await asking


def _hidden(lookup: Lookup, wanted: Subscription) -> Lookup:
    return lookup if wanted.key is None else hide(lookup, wanted.key)
