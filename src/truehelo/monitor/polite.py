"""Politeness towards the servers that are watched: few SMTP conversations at once with one network."""

import asyncio
from collections.abc import Callable

from truehelo.drift.cause import neighbourhood
from truehelo.facts.address import Address
from truehelo.facts.smtp import SmtpSession
from truehelo.ports import SmtpProbe

_MAX_KEPT = 10_000


class PoliteSmtp:
    """A `ports.SmtpProbe` before another: at most `per_network` conversations at once with a /24 or /64."""

    def __init__(self, probe: SmtpProbe, per_network: int) -> None:
        """Hold conversations through `probe`."""
        self._probe, self._most = probe, per_network
        self._gates: dict[str, asyncio.Semaphore] = {}

    async def converse(self, ip: Address, port: int, on_name: Callable[[str], None] | None = None) -> SmtpSession:
        """Wait for a place, then converse."""
        network = neighbourhood(str(ip))
        gate = self._gates.get(network)
        if gate is None:
            if len(self._gates) >= _MAX_KEPT:
                self._gates = {key: held for key, held in self._gates.items() if held.locked()}
            gate = self._gates[network] = asyncio.Semaphore(self._most)
        async with gate:
            return await self._probe.converse(ip, port, on_name)
