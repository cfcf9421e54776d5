"""How the watch itself is: its troubles, its heartbeats, its counts. The watch fills it in, the listener and the ping read.

Plain objects that cost next to nothing to update, on the loop's own thread. Two questions are answered here: whether the
watch is alive (its loop turns) and whether it is ready (its store is open and it has begun to check). Whether it is *well*
follows from both and from its troubles. What is wrong with the watched servers is not asked here: a watch that reports a
hundred incidents is in good health.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.ports import Clock

ALIVE_WITHIN_S = 60.0
"""How old the last turn of the loop may be, in seconds."""
MAX_PROBLEMS = 500
MAX_SERIES = 10_000
"""The most keys of one counter; what comes beyond is counted under "other"."""
STATES = ("ok", "suspect", "failing", "recovering", "undetermined", "maintenance", "acknowledged", "flapping")
"""The words for the state of a target: that of the worst of its tags, or what lies over it."""
LAG_BOUNDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
TOOK_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Part(StrEnum):
    """A part of the watch that can be in trouble."""

    STORE = "store"
    RESOLVER = "resolver"
    CHANNEL = "channel"
    CLOCK = "clock"
    DISK = "disk"
    SCHEDULE = "schedule"
    INVENTORY = "inventory"
    PING = "ping"
    REPORTS = "reports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A trouble of the watch. `name` tells apart two of the same part: which resolver, which channel."""

    part: Part
    name: str
    what: str
    since: datetime
    severity: Severity

    def __str__(self) -> str:
        """The trouble as a sentence."""
        where = f"{self.part} {self.name}" if self.name else str(self.part)
        return f"{where}: {self.what} (since {self.since:%Y-%m-%d %H:%M:%S} UTC)"


@dataclass(frozen=True, slots=True)
class Condition:
    """An answer to one of the questions, with the reasons for a no."""

    ok: bool
    reasons: tuple[str, ...] = ()


class Histogram:
    """Counts by upper bound, in seconds; the last count is of what exceeds all bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        """Begin with nothing counted. `bounds` rise."""
        self.bounds, self.counts, self.total = bounds, [0] * (len(bounds) + 1), 0.0

    def observe(self, value: float) -> None:
        """Count one value."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value


@dataclass(slots=True, kw_only=True)
class Gauges:
    """What is true now. The watch replaces each of these whole, whenever it has counted again.

    Args:
        states: Subjects by state ("ok", "failing", "undetermined"...).
        findings: Subjects by tag and severity.
        incidents: Open incidents by severity.
        listings: Listed addresses by blocklist.
        undetermined: Subjects of which nothing can be seen now.
        waiting: Messages in the outbox that are not delivered yet.
    """

    states: Mapping[str, int] = field(default_factory=dict)
    findings: Mapping[tuple[str, str], int] = field(default_factory=dict)
    incidents: Mapping[str, int] = field(default_factory=dict)
    listings: Mapping[str, int] = field(default_factory=dict)
    undetermined: int = 0
    waiting: int = 0


@dataclass(slots=True, kw_only=True)
class Targets:
    """What is true now of each subject, keyed by target (the expected name, or the address) and address.

    Args:
        states: The state of each, one of STATES.
        findings: The tags found at each, by severity: {(target, ip): {tag: severity}}.
        listed: The lists that list an address: {ip: (list, ...)}.
    """

    states: dict[tuple[str, str], str] = field(default_factory=dict)
    findings: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    listed: dict[str, tuple[str, ...]] = field(default_factory=dict)


class Health:
    """The health of one watch. Made when it starts; until the store is open and a first batch has run it is not ready."""

    def __init__(self, clock: Clock, *, alive_within_s: float = ALIVE_WITHIN_S) -> None:
        """Begin now: the start counts as the first turn of the loop."""
        self._clock = clock
        self.alive_within_s = alive_within_s
        self.started = clock.now()
        self._last_tick = clock.monotonic()
        self.last_tick = self.started
        self.last_check: datetime | None = None
        self.last_delivery: datetime | None = None
        self.store_open = self.schema_current = self.first_batch = False
        self.lag_s = 0.0
        self.lag, self.took = Histogram(LAG_BOUNDS), Histogram(TOOK_BOUNDS)
        self.checks: Counter[str] = Counter()
        self.queries: Counter[tuple[str, str]] = Counter()
        self.deliveries: Counter[tuple[str, str]] = Counter()
        self.gauges, self.targets = Gauges(), Targets()
        self._problems: dict[tuple[Part, str], Problem] = {}

    def ticked(self, overdue_s: float = 0.0) -> None:
        """Say that the loop has turned, and how late the subject is that is due the longest (seconds)."""
        self._last_tick, self.last_tick, self.lag_s = self._clock.monotonic(), self._clock.now(), max(0.0, overdue_s)

    def opened(self, *, schema_current: bool = True) -> None:
        """Say that the store is open, and whether its schema is this program's."""
        self.store_open, self.schema_current = True, schema_current

    def batch_done(self) -> None:
        """Say that a batch of due subjects has run, be it an empty one."""
        self.first_batch = True

    def checked(self, lag_s: float, took_s: float, verdict: str = "unknown") -> None:
        """Count one check: how late it began, how long it took (seconds), and what came of it."""
        self.lag.observe(max(0.0, lag_s))
        self.took.observe(took_s)
        self.checks[verdict] += 1
        self.last_check = self._clock.now()

    def queried(self, resolver: str, rcode: str, count: int = 1) -> None:
        """Count questions put to a resolver, by what came of them."""
        _count(self.queries, (resolver, rcode), count)

    def delivered(self, channel: str, result: str, *, ok: bool) -> None:
        """Count one try to deliver; `ok`: the message was taken."""
        _count(self.deliveries, (channel, result), 1)
        if ok:
            self.last_delivery = self._clock.now()

    def trouble(self, part: Part, what: str, *, name: str = "", severity: Severity = Severity.ERROR) -> bool:
        """Say that a part is in trouble, again if need be: `since` stays. True when it was not in trouble before.

        `what` may hold text from the network; it is made harmless here. It holds no secret: it is shown and sent.
        """
        held = self._problems.get((part, name))
        if held is None and len(self._problems) >= MAX_PROBLEMS:
            return False
        since = held.since if held else self._clock.now()
        self._problems[part, name] = Problem(part=part, name=name, what=visible(what, 300), since=since, severity=severity)
        return held is None

    def well(self, part: Part, name: str = "") -> Problem | None:
        """Say that a part is well; the trouble that has ended is returned, if there was one."""
        return self._problems.pop((part, name), None)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now, worst first, the oldest of equals first."""
        return tuple(sorted(self._problems.values(), key=lambda each: (each.severity.rank, each.since)))

    def alive(self) -> Condition:
        """Tell whether the loop turns."""
        age = self._clock.monotonic() - self._last_tick
        if age <= self.alive_within_s:
            return Condition(ok=True)
        return Condition(
            ok=False, reasons=(f"the loop has not turned for {age:.0f} s, {self.alive_within_s:g} s are allowed",)
        )

    def ready(self) -> Condition:
        """Tell whether it checks: it is alive, its store is open and in order, and a first batch has run."""
        reasons = list(self.alive().reasons)
        if not self.store_open:
            reasons.append("the store is not open yet")
        elif not self.schema_current:
            reasons.append("the schema of the store is not that of this program")
        elif not self.first_batch:
            reasons.append("the first batch has not run yet")
        reasons += [str(each) for each in self.problems if each.part is Part.STORE and each.severity is Severity.ERROR]
        return Condition(not reasons, tuple(reasons))

    def good(self) -> Condition:
        """Tell whether it is well: ready, and without a trouble that keeps it from watching or telling.

        The ping is left out: it is sent only while the watch is well, and would never get well again.
        """
        ready = self.ready()
        worse = [
            str(each)
            for each in self.problems
            if each.severity is Severity.ERROR and each.part not in (Part.PING, Part.STORE)
        ]
        return Condition(ready.ok and not worse, (*ready.reasons, *worse))

    def line(self) -> str:
        """Sum up in one line, for the status that systemd shows."""
        if not self.store_open:
            return "starting"
        subjects = sum(self.gauges.states.values())
        words = [
            f"{subjects:,} subjects",
            f"{self.gauges.undetermined:,} undetermined",
            f"{sum(self.gauges.incidents.values()):,} incidents open",
            f"{self.lag_s:.1f} s behind",
        ]
        problems = self.problems
        if problems:
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            words.append(f"trouble: {problems[0]}{more}")
        return ", ".join(words)


def _count(counter: Counter[tuple[str, str]], key: tuple[str, str], count: int) -> None:
    if key not in counter and len(counter) >= MAX_SERIES:
        key = ("other", "other")
    counter[key] += count
