"""The Resolver port over configured resolvers: fail-over, retries, and the second source that a denial needs.

Resolvers are asked in the order given. An answer is believed at once; a denial or a failure is put to the next resolver
first. All tries are kept; which of them is believed is the rule of `facts.dns.Lookup` and is not repeated here.
"""

import asyncio
from collections.abc import Sequence
from time import monotonic

from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome, Question
from truehelo.ports import Clock
from truehelo.probes.dns import authority
from truehelo.probes.dns.asker import Asker, NetworkAsker
from truehelo.probes.dns.upstream import Upstream
from truehelo.probes.routes import Routes

_AGAIN = frozenset({Outcome.TIMEOUT, Outcome.SERVFAIL, Outcome.MALFORMED})
"""Outcomes after which the same server may say something else on the next try."""
_FAILED = frozenset({Outcome.SERVFAIL, Outcome.MALFORMED})
_SILENT_AFTER = 3
"""After so many tries in a row without a reply a server is asked last, and once."""
_SILENT_FOR_S = 30.0


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

    A question is looked up once in the life of this object, however often it is asked. Use it within one event loop.
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
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        # One server written in two ways ("192.0.2.1", "192.0.2.1:53") is one voice: it cannot confirm itself.
        voices: dict[object, Upstream] = {}
        for server in servers:
            voices.setdefault(server.endpoint, server)
        self._upstreams = tuple(voices.values())
        self._retries = max(0, retries)
        self._pause_s = timeout / 20
        self._asker = asker or NetworkAsker(
            timeout_s=timeout, routes=routes, vantage=vantage, clock=clock, max_in_flight=max_in_flight
        )
        self._known: dict[Question, Lookup] = {}
        self._running: dict[Question, asyncio.Task[Lookup]] = {}
        self._silence: dict[str, tuple[int, float]] = {}

    @property
    def servers(self) -> tuple[str, ...]:
        """The configured resolvers, in the order in which they are asked, as the user wrote them."""
        return tuple(upstream.text for upstream in self._upstreams)

    async def lookup(self, question: Question) -> Lookup:
        """Ask the resolvers in order until one answers, or until a denial or a failure has been confirmed."""
        known = self._known.get(question)
        if known is not None:
            return known
        running = self._running.get(question)
        if running is None:
            running = self._running[question] = asyncio.create_task(self._look_up(question))
            running.add_done_callback(lambda _: self._running.pop(question, None))
        # Shielded: whoever else waits for this question still gets it when this caller gives up.
        return await asyncio.shield(running)

    async def ask_each(self, question: Question) -> tuple[Exchange, ...]:
        """Ask every resolver, all at once: what each of them has cached now."""
        return tuple(await asyncio.gather(*(self.persist(upstream, question) for upstream in self._upstreams)))

    async def authoritative(self, question: Question) -> AuthoritativeView:
        """Find the zone cut above the name (at the end of its CNAME chain) and ask each of its servers directly."""
        return await authority.view(self, question)

    def forget(self) -> None:
        """Look everything up anew from now on; for whoever watches a change for a long time."""
        self._known.clear()

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
        return lookup

    async def _pause(self, number: int, before: Exchange) -> None:
        """Give a server that failed a moment to recover; one that kept silent has had its time already."""
        if before.outcome in _FAILED:
            await asyncio.sleep(self._pause_s * 2**number)

    def _in_order(self) -> tuple[Upstream, ...]:
        if not self._silence or len(self._upstreams) == 1:
            return self._upstreams
        return tuple(sorted(self._upstreams, key=self._is_silent))

    def _is_silent(self, upstream: Upstream) -> bool:
        """Tell whether a server has been silent so long that the others are asked first; never of an only one."""
        count, since = self._silence.get(upstream.text, (0, 0.0))
        return count >= _SILENT_AFTER and len(self._upstreams) > 1 and monotonic() - since < _SILENT_FOR_S

    def _heard(self, upstream: Upstream, exchange: Exchange) -> None:
        if exchange.outcome is not Outcome.TIMEOUT:
            self._silence.pop(upstream.text, None)
        else:
            self._silence[upstream.text] = (self._silence.get(upstream.text, (0, 0.0))[0] + 1, monotonic())


def _denied_twice(last: dict[str, Exchange]) -> bool:
    return sum(exchange.outcome.is_denial for exchange in last.values()) > 1
