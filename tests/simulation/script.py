"""What happens in the simulated world, by seed: true changes of addresses, and troubles of those who tell of them.

A true change is a `Change`: these addresses, from when to when, in what way. Whatever the watch tells must be one of
them, and whatever is one of them, and lasts long enough, must be told once. Troubles are resolvers and zones that are
silent, fail, lose, truncate or lie; they are never a reason to tell that an address is broken. Neither is a mail server
that takes no connection, which one in `MAIL_EACH` addresses has: then only a part of it cannot be seen.
"""

import random
from dataclasses import dataclass, field

HOUR, DAY = 3600.0, 86_400.0

MAIL_EACH = 4
KINDS = ("ptr removed", "ptr reset", "ptr moved", "forward removed", "renumbered", "listed")


@dataclass(frozen=True, slots=True)
class Change:
    """A true change for the worse; times in seconds since the start."""

    kind: str
    indexes: tuple[int, ...]
    since: float
    until: float
    maintenance: bool = False
    flapping: bool = False

    def covers(self, index: int, at: float) -> bool:
        return self.since <= at < self.until and index in self.indexes


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something is wrong with those who tell: `who` is "resolver 0", "zone N", "list", "mail N"."""

    kind: str
    who: str
    since: float
    until: float


@dataclass(slots=True)
class Script:
    """All that happens, in the order of its beginning."""

    subjects: int
    seconds: float
    changes: list[Change] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    windows: list[tuple[float, float, tuple[int, ...]]] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)


def write(seed: int, subjects: int, days: float, interval_s: float) -> Script:
    """Write a script."""
    chance = random.Random(seed)
    seconds = days * DAY
    script = Script(subjects, seconds)
    shortest = max(3 * interval_s, 2 * HOUR)
    busy: dict[int, list[tuple[float, float]]] = {}

    def free(indexes: tuple[int, ...], since: float, until: float) -> bool:
        """Keep the changes of one address a day apart, so that it is plain which of them an incident tells."""
        return all(until + DAY < a or since - DAY > b for index in indexes for a, b in busy.get(index, []))

    def add(change: Change) -> bool:
        if change.since < 2 * DAY or change.until > seconds - DAY or not free(change.indexes, change.since, change.until):
            return False
        for index in change.indexes:
            busy.setdefault(index, []).append((change.since, change.until))
        script.changes.append(change)
        return True

    for _ in range(max(1, int(days / 45))):  # a range is reset by its provider
        first = chance.randrange(0, max(1, subjects - 40)) // 32 * 32
        since = chance.uniform(2 * DAY, max(3 * DAY, seconds - 6 * DAY))
        indexes = tuple(range(first, min(first + chance.randrange(8, 32), subjects)))
        add(Change(chance.choice(("ptr reset", "ptr removed")), indexes, since, since + chance.uniform(shortest, 4 * DAY)))
    for index in range(subjects):
        for _ in range(_count(chance, days / 120)):
            since = chance.uniform(0, seconds)
            lasts = chance.uniform(shortest, 6 * DAY)
            add(Change(chance.choice(KINDS), (index,), since, since + lasts))
    for _ in range(max(1, int(subjects * days / 20_000))):  # it comes and goes
        index, since = chance.randrange(subjects), chance.uniform(2 * DAY, seconds - 4 * DAY)
        period = max(2.5 * interval_s, HOUR)
        if since + 14 * period < seconds - DAY and free((index,), since, since + 14 * period + DAY):
            busy.setdefault(index, []).append((since, since + 14 * period + DAY))
            for number in range(7):
                start = since + 2 * number * period
                script.changes.append(Change("ptr removed", (index,), start, start + period, flapping=True))
    for _ in range(max(1, int(days / 30))):  # an announced rebuild, that is over before its window is
        first = chance.randrange(0, max(1, subjects - 10))
        indexes = tuple(range(first, min(first + 5, subjects)))
        since = chance.uniform(2 * DAY, seconds - 2 * DAY)
        if add(Change("ptr removed", indexes, since + 600, since + 6 * HOUR, maintenance=True)):
            # Long enough for what is well again to have been believed.
            script.windows.append((since, since + 6 * HOUR + 4 * interval_s + HOUR, indexes))
    _troubles(script, chance, days)
    _mail_troubles(script, random.Random(f"{seed} mail"), days)
    script.kills = sorted(chance.uniform(0, seconds) for _ in range(max(3, int(days / 4))))
    script.changes.sort(key=lambda each: each.since)
    return script


def _mail_troubles(script: Script, chance: random.Random, days: float) -> None:
    """Mail servers are silent at any time, and when something else changes: what takes away a name takes more with it."""
    for index in range(0, script.subjects, MAIL_EACH):
        begins = [chance.uniform(0, script.seconds) for _ in range(_count(chance, days / 90))]
        begins += [
            chance.choice((change.since, change.until)) + chance.uniform(-3 * HOUR, HOUR)
            for change in script.changes
            if index in change.indexes and chance.random() < 0.5
        ]
        for since in begins:
            lasts = chance.choice((600.0, 2 * HOUR, 12 * HOUR)) * chance.uniform(0.5, 2.0)
            script.troubles.append(Trouble("silent", f"mail {index}", since, since + lasts))


def _count(chance: random.Random, mean: float) -> int:
    """A number of events of this mean (Poisson, by counting waits)."""
    count, total = 0, chance.expovariate(1.0)
    while total < mean:
        count, total = count + 1, total + chance.expovariate(1.0)
    return count


def _troubles(script: Script, chance: random.Random, days: float) -> None:
    for kind, who, each_days, longest in (
        ("silent", "resolver 0", 6, 8 * HOUR),
        ("silent", "resolver 1", 9, 12 * HOUR),
        ("refusing", "resolver 0", 20, 6 * HOUR),
        ("servfail", "resolver 0", 8, 5 * HOUR),
        ("lying nxdomain", "resolver 0", 12, 9 * HOUR),
        ("lying nxdomain", "resolver 1", 25, 9 * HOUR),
        ("rewriting", "resolver 1", 15, 20 * HOUR),
        ("truncating", "resolver 0", 15, 10 * HOUR),
        ("loss", "resolver 0", 5, 20 * HOUR),
        ("loss", "resolver 1", 5, 20 * HOUR),
        ("silent", "every server", 20, 3 * HOUR),
        ("silent", "zone", 10, 30 * HOUR),
        ("servfail", "zone", 8, 40 * HOUR),
        ("slow", "zone", 6, 12 * HOUR),
        ("lagging", "zone", 10, 4 * HOUR),
        ("refusing", "list", 9, 30 * HOUR),
        ("error code", "list", 9, 30 * HOUR),
        ("lists everything", "list", 30, 20 * HOUR),
        ("dead", "list", 30, 20 * HOUR),
        ("silent", "list", 12, 10 * HOUR),
    ):
        for _ in range(max(1, _count(chance, days / each_days))):
            since = chance.uniform(0, script.seconds)
            name = f"zone {chance.randrange(0, 1 + (script.subjects - 1) // 128)}" if who == "zone" else who
            script.troubles.append(Trouble(kind, name, since, since + chance.uniform(600.0, longest)))
