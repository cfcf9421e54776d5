"""A run: so many worlds against one daemon in all its set-ups, what was reached, and what disagreed."""

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from differential.model import Daemon, Kind
from differential.place import Place
from differential.shrink import shrink
from differential.worlds import world
from support.clients import row
from truehelo.receivers.client import Client
from truehelo.receivers.selection import configured

MOST_SHOWN = 5
"""After so many disagreements a run ends: the rest would say the same."""
_PROGRESS_S = 5.0
_SLOW_S = 3.0

Say = Callable[[str], None]


def say(text: str) -> None:
    """Tell whoever waits."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A prediction that did not hold: where, in which smallest world, and what was seen there."""

    setup: str
    number: int
    client: Client
    why: str
    expectation: str

    def __str__(self) -> str:
        return (
            f"{self.setup}, world {self.number}: predicted {self.why}\n"
            f"    ({self.setup!r}, {row(self.client)}, {self.expectation}),"
        )


@dataclass(slots=True)
class Result:
    """What came of a run."""

    daemon: str
    version: str
    seed: int
    setups: tuple[str, ...] = ()
    worlds: int = 0
    held: int = 0
    seconds: float = 0.0
    reached: Counter[tuple[str, str]] = field(default_factory=Counter)
    disagreements: list[Disagreement] = field(default_factory=list)


def worlds_of(seed: int, kind: Kind) -> Iterator[Client]:
    """Yield the worlds of a seed, for one kind of daemon, without end."""
    number = 0
    while True:
        # Through a text: equal on every machine and in every Python.
        random = Random(f"{seed}/{number}")  # noqa: S311  # nothing is secret here
        number += 1
        client = kind.reshape(world(random, dropped=kind.dropped), random)
        if kind.suits(client):
            yield client


def run(kind: Kind, place: Place, seed: int, count: int, *, first: int = 0, only: str = "", tell: Say = say) -> Result:
    """Hold the predictions of `count` worlds, from number `first` on, against a daemon."""
    begun = time.monotonic()
    with kind.start(place) as daemon:
        setups = tuple(setup for setup in daemon.setups if only in setup)
        result = Result(kind.name, daemon.version, seed, setups)
        tell(f"{kind.name} {daemon.version}: {count} worlds in {len(setups)} set-ups, seed {seed}")
        told = time.monotonic()
        for number, client in enumerate(worlds_of(seed, kind)):
            if number < first:
                continue
            if number >= first + count or len(result.disagreements) >= MOST_SHOWN:
                break
            since = time.monotonic()
            _judge_one(daemon, place, result, number, client, tell)
            result.worlds += 1
            if time.monotonic() - since > _SLOW_S:
                tell(f"  world {number} took {time.monotonic() - since:.1f} s: {row(client)}")
            if time.monotonic() - told > _PROGRESS_S:
                told = time.monotonic()
                tell(f"  {result.worlds}/{count} worlds, {result.held} predictions held")
        result.seconds = time.monotonic() - begun
    return result


def _judge_one(daemon: Daemon, place: Place, result: Result, number: int, client: Client, tell: Say) -> None:
    place.dns.serve(client, shouted=True)
    daemon.settle(client)
    for setup in result.setups:
        if daemon.skips(setup, number):
            continue
        judgement = configured(setup).judge(client)
        seen = daemon.observe(setup, client)
        why = daemon.disagreement(setup, client, judgement, seen)
        result.reached[setup, f"{judgement.rule.id} -> {judgement.verdict.value}"] += 1
        if not why:
            result.held += 1
            continue
        tell(f"  world {number} disagrees ({setup}: {why}); looking for a smallest one")
        disagreement = smallest(daemon, place, setup, number, client)
        result.disagreements.append(disagreement)
        tell(str(disagreement))
        return


def smallest(daemon: Daemon, place: Place, setup: str, number: int, client: Client) -> Disagreement:
    """Return the disagreement in a smallest world."""

    def why(world: Client) -> tuple[str, str]:
        place.dns.serve(world, shouted=True)
        daemon.settle(world)
        judgement = configured(setup).judge(world)
        seen = daemon.observe(setup, world)
        return daemon.disagreement(setup, world, judgement, seen), daemon.expectation(setup, seen)

    small = shrink(client, lambda world: bool(why(world)[0]))
    text, expectation = why(small)
    if not text:
        # The daemon is not the same from time to time: the world as it was met says more than a smaller one.
        return Disagreement(setup, number, client, "something that held when it was asked again", "'not deterministic'")
    return Disagreement(setup, number, small, text, expectation)


def never_reached(result: Result) -> list[str]:
    """Return the rules of the receivers that no world of a run led to, as "receiver: rule"."""
    ids = dict.fromkeys(configured(setup).receiver.id for setup in result.setups)
    reached = {(setup.partition("@")[0].partition("+")[0], text.rpartition(" -> ")[0]) for setup, text in result.reached}
    missing = []
    for setup in dict.fromkeys(next(each for each in result.setups if configured(each).receiver.id == one) for one in ids):
        receiver = configured(setup).receiver
        missing += [f"{receiver.id}: {rule.id}" for rule in receiver.rules if (receiver.id, rule.id) not in reached]
    return missing
