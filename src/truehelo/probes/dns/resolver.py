"""The Resolver port over configured resolvers: fail-over, retries, and the second source that a denial needs.

Resolvers are asked in the order given. An answer is believed at once; a denial or a failure is put to the next resolver
first. All tries are kept; which of them is believed is the rule of `facts.dns.Lookup` and is not repeated here.
"""

import asyncio
import secrets
from collections.abc import Sequence

from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome, Question
from truehelo.ports import Clock
from truehelo.probes.dns import authority
from truehelo.probes.dns.asker import Asker, Heard, NetworkAsker
from truehelo.probes.dns.upstream import Upstream
from truehelo.probes.routes import Routes

_AGAIN = frozenset({Outcome.TIMEOUT, Outcome.SERVFAIL, Outcome.MALFORMED})
"""Outcomes after which the same server may say something else on the next try."""
_FAILED = frozenset({Outcome.SERVFAIL, Outcome.MALFORMED})
_SILENT_AFTER = 3
"""After so many tries in a row without a reply a server is asked last, and once."""
_SILENT_FOR_S = 30.0
_EXAMINED_FOR_S = 60.0
_FAILURE_LASTS_S = 5.0
"""RFC 9520 §3.2 asks for one second at least; a watch asks again by its own schedule."""


class DnsResolver:
    """Asks the configured resolvers, and the authoritative servers that they lead to.

    Args:
        servers: The resolvers in the order in which to ask them.
        timeout: Seconds that one message may take.
        retries: How many more times a server is asked after silence or a failure.
        routes: Where to reach an address, and which may be reached.
        vantage: Who is asking, as facts name it.
        clock: Tells when an exchange took place.
        max_in_flight: How many questions are on the wire at once; each holds a socket.
        asker: Puts one question to one server; the network unless a test brings another.
        heard: Is told of each question to the network, as `NetworkAsker` has it.
        remember_s: For how long an answer is remembered at most, and never beyond its TTL; None: as long as this
        object lives.

    However often a question is asked while its answer is remembered, it is looked up once. Use it within one event loop.
    """

    def __init__(  # noqa: PLR0913  each is a setting of its own
        self,
        servers: Sequence[Upstream],
        *,
        timeout: float = 3.0,
        retries: int = 2,
        routes: Routes,
        vantage: str,
        clock: Clock,
        max_in_flight: int = 256,
        asker: Asker | None = None,
        remember_s: float | None = None,
        heard: Heard | None = None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        # One server written in two ways ("192.0.2.1", "192.0.2.1:53") is one voice: it cannot confirm itself.
        voices: dict[object, Upstream] = {}
        for server in servers:
            voices.setdefault(server.endpoint, server)
        self._upstreams = tuple(voices.values())
        self._retries = max(0, retries)
        self._pause_s = timeout / 20
        self._monotonic = clock.monotonic
        self._asker = asker or NetworkAsker(
            timeout_s=timeout, routes=routes, vantage=vantage, clock=clock, max_in_flight=max_in_flight, heard=heard
        )
        self._known: dict[Question, Lookup] = {}
        self._remember_s = remember_s
        self._expires: dict[Question, float] = {}
        self._swept = 0.0
        self._liars: frozenset[str] = frozenset()
        self._examined = -_EXAMINED_FOR_S
        self._examining: asyncio.Task[tuple[str, ...]] | None = None
        self._running: dict[Question, asyncio.Task[Lookup]] = {}
        self._silence: dict[str, tuple[int, float]] = {}

    @property
    def servers(self) -> tuple[str, ...]:
        """The configured resolvers, in the order in which they are asked, as the user wrote them."""
        return tuple(upstream.text for upstream in self._upstreams)

    async def lookup(self, question: Question) -> Lookup:
        """Ask the resolvers in order until one answers, or until a denial or a failure has been confirmed."""
        known = self._known.get(question)
        if known is not None and (self._remember_s is None or self._expires[question] > self._monotonic()):
            return known
        running = self._running.get(question)
        if running is None:
            running = self._running[question] = asyncio.create_task(self._look_up(question))
            running.add_done_callback(lambda _: self._running.pop(question, None))
        # Shielded: whoever else waits for this question still gets it when this caller gives up.
        return await asyncio.shield(running)

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        """Ask every resolver, all at once: what each of them has cached now."""
        return tuple(await asyncio.gather(*(self.persist(upstream, question) for upstream in self._in_order())))

    async def examine(self) -> tuple[str, ...]:
        """Find out which resolvers answer for what cannot exist, or deny what must: they are not asked again for a while.

        A name below .invalid exists nowhere (RFC 6761 §6.4), and arpa everywhere (RFC 3172 §2), be it only for what is
        below it, as in a network with a root of its own. One that fails, or says nothing, is no liar for that.
        """
        if self._monotonic() - self._examined < _EXAMINED_FOR_S:
            return tuple(sorted(self._liars))
        if self._examining is None:
            self._examining = asyncio.ensure_future(self._examine())
        try:
            return await asyncio.shield(self._examining)
        finally:
            if self._examining is not None and self._examining.done():
                self._examining = None

    async def _examine(self) -> tuple[str, ...]:
        nothing = Question(name=f"{secrets.token_hex(12)}.invalid", rdtype="A")
        there = Question(name="arpa", rdtype="SOA")
        found = await asyncio.gather(
            *(asyncio.gather(self.persist(each, nothing), self.persist(each, there)) for each in self._upstreams)
        )
        liars = frozenset(
            upstream.text
            for upstream, (one, other) in zip(self._upstreams, found, strict=True)
            if one.outcome is Outcome.ANSWER or _denies(other)
        )
        if liars - self._liars:
            self.forget()  # what they said is not to be believed either
        self._liars, self._examined = liars, self._monotonic()
        return tuple(sorted(liars))

    async def authoritative(self, question: Question) -> AuthoritativeView:
        """Find the zone cut above the name (at the end of its CNAME chain) and ask each of its servers directly."""
        return await authority.view(self, question)

    def forget(self) -> None:
        """Look everything up anew from now on; for whoever watches a change for a long time."""
        self._known.clear()
        self._expires.clear()

    async def aclose(self) -> None:
        """Close connections that were kept open (`tls://`)."""
        await self._asker.aclose()

    async def persist(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        """Ask one server until it speaks, at most once and `retries` times more; return what it said last."""
        exchange = await self._asker.ask(upstream, question, recursive=recursive)
        for number in range(self._retries):
            if exchange.outcome not in _AGAIN or exchange.unsent:
                break
            await self._pause(number, exchange)
            exchange = await self._asker.ask(upstream, question, recursive=recursive)
        return exchange

    async def _look_up(self, question: Question) -> Lookup:
        exchanges: list[Exchange] = []
        last: dict[str, Exchange] = {}
        # In rounds, so that a second resolver is heard before a silent first one is asked again.
        for number in range(self._retries + 1):
            for upstream in self._in_order():
                held = last.get(upstream.text)
                if held is not None and (held.outcome not in _AGAIN or held.unsent or self._is_silent(upstream)):
                    continue
                if held is not None:
                    await self._pause(number - 1, held)
                exchange = await self._asker.ask(upstream, question)
                self._heard(upstream, exchange)
                last[upstream.text] = exchange
                exchanges.append(exchange)
                if exchange.outcome is Outcome.ANSWER or _denied_twice(last):
                    return self._settle(question, exchanges)
        return self._settle(question, exchanges)

    def _settle(self, question: Question, exchanges: list[Exchange]) -> Lookup:
        lookup = self._known[question] = Lookup(question=question, exchanges=tuple(exchanges))
        if self._remember_s is not None:
            now = self._monotonic()
            self._expires[question] = now + min(self._remember_s, _lasts(lookup))
            self._sweep(now, self._remember_s)
        return lookup

    def _sweep(self, now: float, every: float) -> None:
        """Drop what has expired, now and then, so that a watch of years does not grow."""
        if now - self._swept < every:
            return
        self._swept = now
        for question in [question for question, until in self._expires.items() if until <= now]:
            del self._expires[question], self._known[question]

    async def _pause(self, number: int, before: Exchange) -> None:
        """Give a server that failed a moment to recover; one that kept silent has had its time already."""
        if before.outcome in _FAILED:
            await asyncio.sleep(self._pause_s * 2**number)

    def _in_order(self) -> tuple[Upstream, ...]:
        upstreams = self._upstreams
        if self._liars:
            upstreams = tuple(each for each in upstreams if each.text not in self._liars)
        if not self._silence or len(upstreams) < 2:
            return upstreams
        return tuple(sorted(upstreams, key=self._is_silent))

    def _is_silent(self, upstream: Upstream) -> bool:
        """Tell whether a server has been silent so long that the others are asked first; never of an only one."""
        count, since = self._silence.get(upstream.text, (0, 0.0))
        return count >= _SILENT_AFTER and len(self._upstreams) > 1 and self._monotonic() - since < _SILENT_FOR_S

    def _heard(self, upstream: Upstream, exchange: Exchange) -> None:
        if exchange.outcome is not Outcome.TIMEOUT:
            self._silence.pop(upstream.text, None)
        else:
            self._silence[upstream.text] = (self._silence.get(upstream.text, (0, 0.0))[0] + 1, self._monotonic())


def _denies(exchange: Exchange) -> bool:
    """An empty reply without the SOA of its zone is no denial that a server has worked out (RFC 2308 §2.2)."""
    empty = exchange.outcome is Outcome.NODATA and exchange.soa is None
    return exchange.outcome is Outcome.NXDOMAIN or empty


def _lasts(lookup: Lookup) -> float:
    """For how many seconds a lookup holds: the smallest TTL in it.

    A failure holds for a moment, so that it is not asked a thousand times at once (RFC 9520 §3.2).
    """
    if lookup.outcome.is_undetermined:
        return _FAILURE_LASTS_S
    believed = lookup.believed
    if believed is None:
        return 0.0
    ttls = [record.ttl for record in (*believed.chain, *believed.records)]
    if believed.soa is not None:
        ttls.append(believed.soa.ttl)
    return float(min(ttls, default=0))


def _denied_twice(last: dict[str, Exchange]) -> bool:
    return sum(exchange.outcome.is_denial for exchange in last.values()) > 1
