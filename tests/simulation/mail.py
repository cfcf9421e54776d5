"""The mail servers of the simulated world: each says its name, but when it takes no connection."""

from collections import defaultdict
from collections.abc import Callable

from simulation.clock import SimulatedClock
from simulation.script import MAIL_EACH, Script
from simulation.world import address, name
from support.talk import session
from truehelo.facts.address import Address
from truehelo.facts.smtp import SmtpSession


def ports_of(index: int) -> tuple[int, ...]:
    """Where an address is asked for its greeting."""
    return (25,) if index % MAIL_EACH == 0 else ()


class Mail:
    """`truehelo.ports.SmtpProbe` over a script."""

    def __init__(self, script: Script, clock: SimulatedClock) -> None:
        """Prepare what each server says."""
        self._clock = clock
        self._names = {str(address(index)): name(index) for index in range(0, script.subjects, MAIL_EACH)}
        self._silent: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for trouble in script.troubles:
            kind, _, index = trouble.who.partition(" ")
            if kind == "mail":
                self._silent[str(address(int(index)))].append((trouble.since, trouble.until))

    async def converse(self, ip: Address, port: int, on_name: Callable[[str], None] | None = None) -> SmtpSession:
        """Connect, or not."""
        at = self._clock.monotonic()
        if any(since <= at < until for since, until in self._silent.get(str(ip), ())):
            return session(ip, port, {"ended": "unreachable", "detail": "no route"})
        said = self._names[str(ip)]
        if on_name is not None:
            on_name(said)
        return session(ip, port, said)
