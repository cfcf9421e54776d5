"""How the resolvers do that the watch asks: which of them say nothing, and which tell lies. The watch's health tells it.

One that is silent or lies is a warning as long as another is left. When none is, for long enough, the watch cannot watch,
and is not well. What that means for the addresses is decided elsewhere (`drift/sighting.py`): nothing.
"""

from collections.abc import Sequence

from truehelo.facts.dns import Outcome
from truehelo.findings import Severity
from truehelo.ports import Clock, Resolver
from truehelo.service.health import Health, Part

SILENT_S = 60.0
"""How long a resolver must have said nothing, when it was asked, until that is told."""
BLIND_S = 300.0
"""How long none of them must have been of use until the watch is not well for it."""
EVERY_S = 15.0


class Resolvers:
    """Hears of each question, and now and then says how the resolvers do."""

    def __init__(self, health: Health, clock: Clock) -> None:
        """Tell `health`; nobody was asked yet."""
        self._health, self._clock = health, clock
        self._resolver: Resolver | None = None
        self._silent: dict[str, float] = {}
        self._lying: dict[str, float] = {}

    def over(self, resolver: Resolver) -> None:
        """Say how the servers behind `resolver` do."""
        self._resolver = resolver

    def heard(self, server: str, outcome: str) -> None:
        """A question was put to a server, and this came of it."""
        self._health.queried(server, outcome)
        if outcome != Outcome.TIMEOUT:
            self._silent.pop(server, None)
        elif server not in self._silent and len(self._silent) < self._most:
            self._silent[server] = self._clock.monotonic()

    @property
    def _most(self) -> int:
        """Servers with authority are heard of under one name."""
        return 1 if self._resolver is None else len(self._resolver.servers) + 1

    async def turn(self) -> float:
        """Look for liars, and tell how each of them does; return in how many seconds to do so again."""
        if self._resolver is not None:
            liars = await self._resolver.examine()
            now = self._clock.monotonic()
            self._lying = {server: self._lying.get(server, now) for server in liars}
            self._tell(self._resolver.servers, now)
        return EVERY_S

    def _tell(self, servers: Sequence[str], now: float) -> None:
        useless = {server: since for held in (self._silent, self._lying) for server, since in held.items()}
        useless = {server: since for server, since in useless.items() if server in servers}
        blind = len(useless) == len(set(servers)) and now - max(useless.values(), default=now) >= BLIND_S
        severity = Severity.ERROR if blind else Severity.WARNING
        for server in servers:
            if server in self._lying:
                what = "it answers for names that cannot exist, or denies what must, and is not asked"
            elif server in self._silent and now - self._silent[server] >= SILENT_S:
                what = "it does not answer"
            else:
                self._health.well(Part.RESOLVER, server)
                continue
            self._health.trouble(Part.RESOLVER, what, name=server, severity=severity)
