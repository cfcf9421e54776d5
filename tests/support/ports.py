"""Ports for tests of the engine: a clock that stands still, and suffixes by counting labels."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from support.talk import ScriptedSmtp
from support.world import FakeResolver, World
from truehelo.ports import Ports


@dataclass
class FrozenClock:
    """`truehelo.ports.Clock` that moves only when told to (`step` in seconds)."""

    at: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 11, 23, 16, 0, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    def step(self, seconds: float) -> None:
        self.at += seconds


class TwoLabels:
    """`truehelo.ports.Suffixes` for a world in which every registered domain has two labels."""

    def organisation(self, name: str) -> str | None:
        labels = name.split(".")
        return ".".join(labels[-2:]) if len(labels) >= 2 else None


@dataclass
class FakePorts:
    """All ports over one world."""

    world: World
    delay_s: float = 0.0
    clock: FrozenClock = field(default_factory=FrozenClock)

    def ports(self, *, smtp: bool = True) -> Ports:
        return Ports(
            resolver=FakeResolver(self.world, self.delay_s),
            clock=self.clock,
            suffixes=TwoLabels(),
            smtp=ScriptedSmtp(self.world.smtp) if smtp else None,
        )
