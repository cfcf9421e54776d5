"""A look at sources that nobody watches: PTR, iprev, generic names, and whether SPF authorises them. Few, and politely.

By volume, the largest first; an address that was seen is not asked for again for a week, one that could not be seen for an
hour. What is asked is the DNS alone: nobody asked for a conversation with these servers. Does not decide what they are.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from truehelo.engine.belief import confirmed
from truehelo.facts.address import Address, forward_type, judgeable, parse_address, reverse_name
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.facts.names import canonical
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Result
from truehelo.identity import JUDGED_NAMES, Identity
from truehelo.ports import Resolver, Suffixes
from truehelo.records.spf import evaluate
from truehelo.records.spf.result import SpfResult, SpfWord
from truehelo.records.talk import Talk
from truehelo.store.sources.standings import Authorised, Standing

AGAIN_S = 7 * 86_400.0
"""How long what was seen of an address is good enough."""
RETRY_S = 3600.0
"""How long an address is left alone that could not be seen."""
AT_ONCE = 5
"""How many addresses are looked at side by side."""
LOOK_S = 15.0
"""How long one of them may take."""
TOO_LATE = "no answer came in time"


@dataclass(slots=True)
class Observer:
    """Looks at sources through a resolver. `now` is the time of the looks, in seconds since the epoch."""

    resolver: Resolver
    suffixes: Suffixes
    now: float
    _asked: dict[Question, "asyncio.Future[Lookup]"] = field(default_factory=dict)
    _gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))

    async def names_of(self, ips: Iterable[str]) -> list[Standing]:
        """Look at the names of addresses; those that nobody outside can see are left out."""
        wanted = [ip for ip in map(parse_address, ips) if ip is not None and judgeable(ip)]
        return list(await asyncio.gather(*(self._names(ip) for ip in wanted)))

    async def authorised(self, pairs: Iterable[tuple[str, str]]) -> list[Authorised]:
        """Ask what the SPF records of domains say of addresses; `pairs` are address and domain."""
        wanted = [(ip, domain) for text, domain in pairs if (ip := parse_address(text)) is not None]
        return list(await asyncio.gather(*(self._evaluate(ip, domain) for ip, domain in wanted)))

    def drop(self) -> None:
        """Let go of questions that nobody waits for any more."""
        for held in self._asked.values():
            held.cancel()

    async def _names(self, ip: Address) -> Standing:
        async with self._gate:
            try:
                async with asyncio.timeout(LOOK_S):
                    return await self._seen(ip)
            except TimeoutError:
                return Standing(ip=str(ip), at=self.now, iprev=str(Result.TEMPERROR), detail=TOO_LATE)

    async def _seen(self, ip: Address) -> Standing:
        ptr = await confirmed(self.resolver, await self._ask(Question(name=reverse_name(ip), rdtype="PTR")))
        names = [canonical(record.data) for record in ptr.records] if ptr.outcome is Outcome.ANSWER else []
        names = list(dict.fromkeys(names))[:JUDGED_NAMES]
        forwards = [await self._ask(Question(name=name, rdtype=forward_type(ip))) for name in names]
        seen = Identity(SubjectFacts(ip=ip, smtp_asked=False, lookups=(ptr, *forwards)))
        true = seen.confirmed_names
        unseen = [lookup for lookup in (ptr, *forwards) if lookup.outcome.is_undetermined]
        return Standing(
            ip=str(ip),
            at=self.now,
            iprev=str(seen.iprev),
            ptr=seen.ptr_names,
            confirmed=true,
            generic=tuple(seen.generic),
            organisation=next((found for name in true if (found := self.suffixes.organisation(name))), ""),
            detail="; ".join(f"{each.question}: {each.outcome}" for each in unseen[:3]),
        )

    async def _evaluate(self, ip: Address, domain: str) -> Authorised:
        async with self._gate:
            try:
                async with asyncio.timeout(LOOK_S):
                    result = await self._told(evaluate(ip, domain))
            except TimeoutError:
                word = str(SpfWord.TEMPERROR)
                return Authorised(domain=domain, ip=str(ip), at=self.now, word=word, detail=TOO_LATE, sure=False)
        said = result.detail or ", ".join(f"{match.term} in the record of {match.domain}" for match in result.path)
        sure = not result.unsure or result.result is SpfWord.PASS
        return Authorised(domain=domain, ip=str(ip), at=self.now, word=str(result.result), detail=said, sure=sure)

    async def _told(self, talk: Talk[SpfResult]) -> SpfResult:
        try:
            question = next(talk)
            while True:
                question = talk.send(await self._ask(question))
        except StopIteration as stop:
            result: SpfResult = stop.value
            return result

    async def _ask(self, question: Question) -> Lookup:
        """Ask each question once: many sources hang on the same records."""
        held = self._asked.get(question)
        if held is None:
            held = self._asked[question] = asyncio.ensure_future(self.resolver.lookup(question))
        # Whoever gives up waiting for an answer leaves it to the others that wait for the same.
        return await asyncio.shield(held)


def due(ips: Sequence[str], looks: dict[str, tuple[float, str]], now: float, most: int) -> list[str]:
    """Return which of these addresses are to be looked at now, in their order, `most` of them.

    Args:
        ips: Addresses, the one with the most mail first.
        looks: When each was looked at last, and the result word of that.
        now: Seconds since the epoch.
        most: How many at most.
    """
    found = []
    for ip in ips:
        address, (at, word) = parse_address(ip), looks.get(ip, (None, ""))
        if address is None or not judgeable(address):
            continue
        if at is None or now - at >= (RETRY_S if word == "temperror" else AGAIN_S):
            found.append(ip)
        if len(found) >= most:
            break
    return found
