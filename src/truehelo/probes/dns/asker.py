"""One try: one question put to one server, by whatever transport it takes, as an exchange.

Truncated replies are fetched again over TCP (RFC 7766 §5), a server that does not know EDNS is asked again without it
(RFC 6891 §7), and an alias whose target the reply does not hold is asked on for at the same server. Does not decide whom to
ask, how often, or what is believed.
"""

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Protocol

from truehelo.facts.address import judgeable, scope
from truehelo.facts.dns import Exchange, Outcome, Question, Record
from truehelo.ports import NOT_CONTACTED, Clock
from truehelo.probes.dns.names import UnaskableNameError
from truehelo.probes.dns.slots import Slots
from truehelo.probes.dns.transports import NoReplyError, TlsStream, ask_tcp, ask_udp
from truehelo.probes.dns.upstream import Scheme, Upstream
from truehelo.probes.dns.wire import MAX_CHAIN, Query, Reply, build
from truehelo.probes.routes import Routes

WITH_AUTHORITY = "authoritative"
"""How all servers with authority are counted: there is no end of them, and their names are those of strangers."""
Heard = Callable[[str, str], None]
_MAX_FOLLOWED = 4
"""How often a server is asked on for the target of an alias."""


class Asker(Protocol):
    """Puts one question to one server once. Never raises for what the network does."""

    async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        """Return what came of it; `recursive` is False for a server that is asked for what it holds itself."""

    async def aclose(self) -> None:
        """Close connections that were kept open."""


class NetworkAsker:
    """The asker that uses the network. `timeout_s` is for each message; at most `max_in_flight` are under way at once.

    `heard` is told of each question: who was asked (a resolver, or `WITH_AUTHORITY`), and what came of it.
    """

    def __init__(
        self,
        *,
        timeout_s: float,
        routes: Routes,
        vantage: str,
        clock: Clock,
        max_in_flight: int,
        heard: Heard | None = None,
    ) -> None:
        """Keep the settings; nothing is opened yet."""
        self._heard = heard
        self._timeout_s, self._routes, self._vantage, self._clock = timeout_s, routes, vantage, clock
        self._slots = Slots(max_in_flight)
        self._streams: dict[Upstream, TlsStream] = {}
        self._plain: set[Upstream] = set()

    async def ask(self, upstream: Upstream, question: Question, *, recursive: bool = True) -> Exchange:
        """Return what came of one question to one server."""
        async with self._slots:
            at, began = self._clock.now(), monotonic()
            transport: str = upstream.scheme
            try:
                transport, reply = await self._followed(upstream, question, recursive)
            except NoReplyError as error:
                reply = Reply(Outcome.TIMEOUT, detail=str(error))
            except (UnaskableNameError, ValueError) as error:
                reply = Reply(Outcome.MALFORMED, detail=f"not asked: {error}")
            if self._heard is not None:
                self._heard(upstream.text if recursive else WITH_AUTHORITY, reply.outcome)
            return Exchange(
                server=upstream.text,
                transport=str(transport),
                vantage=self._vantage,
                at=at,
                took_s=round(monotonic() - began, 6),
                outcome=reply.outcome,
                rcode=reply.rcode,
                flags=reply.flags,
                chain=reply.chain,
                records=reply.records,
                soa=reply.soa,
                detail=reply.detail,
            )

    async def aclose(self) -> None:
        """Close the TLS connections."""
        streams, self._streams = list(self._streams.values()), {}
        for stream in streams:
            await stream.aclose()

    async def _followed(self, upstream: Upstream, question: Question, recursive: bool) -> tuple[str, Reply]:
        """Ask, and ask on for the target of an alias that the reply does not hold."""
        transport, reply = await self._edns(upstream, question, recursive)
        chain: tuple[Record, ...] = reply.chain
        followed = 0
        # Only a resolver is asked on: a server with authority has said all that it holds.
        while recursive and reply.follow is not None and followed < _MAX_FOLLOWED:
            followed += 1
            try:
                transport, reply = await self._edns(upstream, replace(question, name=reply.follow), recursive)
            except NoReplyError as error:
                return transport, Reply(Outcome.TIMEOUT, chain=chain, detail=str(error))
            owners = {record.owner for record in chain}
            if len(chain) + len(reply.chain) > MAX_CHAIN or any(record.owner in owners for record in reply.chain):
                return transport, Reply(Outcome.MALFORMED, reply.rcode, reply.flags, chain, detail="endless CNAME records")
            chain += reply.chain
            reply.chain = chain
        return transport, reply

    async def _edns(self, upstream: Upstream, question: Question, recursive: bool) -> tuple[str, Reply]:
        plain = upstream in self._plain
        transport, reply = await self._message(upstream, build(question, recursive=recursive, edns=not plain))
        if reply.declines_edns:
            declined = reply.rcode
            transport, reply = await self._message(upstream, build(question, recursive=recursive, edns=False))
            if reply.rcode in ("NOERROR", "NXDOMAIN"):
                self._plain.add(upstream)
            reply.detail = "; ".join(filter(None, (f"asked without EDNS after {declined}", reply.detail)))
        return transport, reply

    async def _message(self, upstream: Upstream, query: Query) -> tuple[str, Reply]:
        if upstream.scheme is Scheme.HTTPS:
            from truehelo.probes.dns.https import ask_https  # late: it brings an HTTP stack

            return Scheme.HTTPS, _whole(await ask_https(upstream, self._routes, query, self._timeout_s))
        if upstream.ip is None:
            raise NoReplyError("the server has no address")
        ip, port = self._routes.to(upstream.ip, upstream.port)
        if not self._routes.allowed(ip):
            raise NoReplyError(NOT_CONTACTED)
        # A stranger's NS record must not send us into our own network; a resolver is of the user's own choosing.
        if not query.recursive and (ip, port) == (upstream.ip, upstream.port) and not judgeable(ip):
            raise NoReplyError(f"not contacted: {ip} is {scope(ip)}, not public")
        if upstream.scheme is Scheme.TLS:
            stream = self._streams.get(upstream)
            if stream is None:
                stream = self._streams[upstream] = TlsStream(ip, port, upstream.name)
            return Scheme.TLS, _whole(await stream.ask(query, self._timeout_s))
        reply = await ask_udp(ip, port, query, self._timeout_s)
        if not reply.truncated:
            return Scheme.UDP, reply
        try:
            reply = _whole(await ask_tcp(ip, port, query, self._timeout_s))
        except NoReplyError as error:
            raise NoReplyError(f"truncated over UDP, and over TCP: {error}") from error
        reply.detail = "; ".join(filter(None, ("truncated over UDP", reply.detail)))
        return "tcp", reply


def _whole(reply: Reply) -> Reply:
    """A stream carries any reply whole; one that claims to be truncated there has nothing to rely on."""
    if reply.truncated:
        reply.detail = "the reply is truncated although it came over a stream"
    return reply
