"""What the watch says of its resolvers: silent and lying ones are warnings, until none is of any use."""

import asyncio
from dataclasses import dataclass

import pytest

from support.ports import FrozenClock
from support.world import FakeResolver, World
from truehelo.findings import Severity
from truehelo.monitor.resolvers import Resolvers
from truehelo.service.health import Health, Part

ONE, TWO = "192.0.2.53:53", "192.0.2.54:53"
SILENT, LIES = "it does not answer", "it answers for names that cannot exist, or denies what must, and is not asked"


@dataclass
class Two(FakeResolver):
    """Two resolvers, some of which lie."""

    lying: tuple[str, ...] = ()

    async def examine(self) -> tuple[str, ...]:
        return self.lying


@dataclass
class Told:
    """A health, and how it came about."""

    clock: FrozenClock
    health: Health
    resolvers: Resolvers
    two: Two

    def after(self, seconds: float, *heard: str, lying: tuple[str, ...] = ()) -> dict[str, tuple[str, Severity]]:
        """Let time pass, then hear "SERVER OUTCOME" each; return what is told now."""
        self.clock.step(seconds)
        for each in heard:
            self.resolvers.heard(*each.split())
        self.two.lying = lying
        self.health.ticked()
        assert asyncio.run(self.resolvers.turn()) > 0
        return {each.name: (each.what, each.severity) for each in self.health.problems if each.part is Part.RESOLVER}


@pytest.fixture
def told() -> Told:
    clock = FrozenClock()
    health = Health(clock)
    health.opened()
    health.batch_done()
    made = Told(clock, health, Resolvers(health, clock), Two(World("", resolvers=2)))
    made.resolvers.over(made.two)
    return made


def test_while_all_of_them_answer_nothing_is_told(told: Told) -> None:
    assert told.after(0, f"{ONE} answer", f"{TWO} nxdomain", f"{ONE} servfail", "authoritative timeout") == {}
    assert told.health.queries[ONE, "servfail"] == 1


def test_one_that_is_silent_for_a_minute_is_a_warning_until_it_speaks(told: Told) -> None:
    assert told.after(0, f"{ONE} timeout") == {}
    assert told.after(59, f"{ONE} timeout", f"{TWO} answer") == {}
    assert told.after(2) == {ONE: (SILENT, Severity.WARNING)}
    assert told.after(3600, f"{ONE} timeout", f"{TWO} answer") == {ONE: (SILENT, Severity.WARNING)}
    assert told.health.good().ok
    assert told.after(1, f"{ONE} refused") == {}


def test_one_that_lies_is_a_warning_until_it_no_longer_does(told: Told) -> None:
    assert told.after(0, lying=(TWO,)) == {TWO: (LIES, Severity.WARNING)}
    assert told.after(3600, f"{ONE} answer", lying=(TWO,)) == {TWO: (LIES, Severity.WARNING)}
    assert told.after(15) == {}


def test_when_none_is_of_use_for_five_minutes_the_watch_is_not_well(told: Told) -> None:
    told.after(0, f"{ONE} timeout", lying=(TWO,))
    assert told.after(299, lying=(TWO,)) == {ONE: (SILENT, Severity.WARNING), TWO: (LIES, Severity.WARNING)}
    assert told.health.good().ok
    assert told.after(2, lying=(TWO,)) == {ONE: (SILENT, Severity.ERROR), TWO: (LIES, Severity.ERROR)}
    assert not told.health.good().ok
    assert told.after(1, f"{ONE} answer", lying=(TWO,)) == {TWO: (LIES, Severity.WARNING)}
    assert told.health.good().ok


def test_strangers_take_no_room(told: Told) -> None:
    told.after(0, *(f"ns{number}.example@192.0.2.9:53 timeout" for number in range(1000)))
    assert len(told.resolvers._silent) <= 3
    assert told.after(3600, "authoritative timeout") == {}
