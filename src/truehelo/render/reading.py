"""What the reading commands of the watch show: the status of now, the history of one address, the report on many.

Frozen data, filled from the store by `monitor/reading/`; how it looks is decided by the files beside (`status.py`,
`history.py`, `report.py`). What is undetermined has a place of its own: it is counted neither as good nor as bad.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from truehelo.findings import Severity
from truehelo.monitoring import ADDRESSES, Dossier, Silence

STATES = ("failing", "suspect", "recovering", "undetermined", "new", "ok")
"""In which one of these an address stands, worst first: as in the worst of its tags, unless it cannot be seen now
("undetermined"), or nothing was seen of it yet ("new")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked for: patterns of groups and tags, and owners. Each that is given must fit; () fits everything."""

    groups: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether anything was asked for in particular."""
        return bool(self.groups or self.owners or self.tags)


# Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Why addresses cannot be seen: the cause, how many, since when."""

    cause: str
    count: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UnseenDomain:
    """A domain whose records cannot all be seen: why, and since when."""

    name: str
    cause: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How many addresses a list lists, against how many of them it speaks, and of how many it could not say (`reason`)."""

    list: str
    listed: int
    against: int
    unknown: int
    since: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """What a channel has not delivered: how many are late, since when, how many were given up lately, and why."""

    channel: str
    waiting: int
    failed: int
    oldest: datetime | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Watcher:
    """Who watches from a vantage point: its last sign of life, and whether that is recent."""

    vantage: str
    seen: datetime
    alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How everything stands.

    `states` hold every address that was asked for once, of which `maintenance` are under maintenance. `incidents` are the
    worst first; all members are under maintenance where `planned` holds the number.
    """

    at: datetime
    database: str
    asked: Asked
    subjects: int
    states: Mapping[str, int]
    maintenance: int
    incidents: tuple[Dossier, ...]
    planned: frozenset[int]
    unknown: tuple[Unknown, ...]
    blocklists: tuple[Listing, ...]
    deliveries: tuple[Deliveries, ...]
    watchers: tuple[Watcher, ...]
    last_check: datetime | None
    lag_s: float
    silences: tuple[Silence, ...] = ()
    windows: tuple[Silence, ...] = ()
    warnings: tuple[str, ...] = ()
    unseen_domains: tuple[UnseenDomain, ...] = ()

    @property
    def blind(self) -> int:
        """How many addresses cannot be seen, or were not looked at yet."""
        return self.states.get("undetermined", 0) + self.states.get("new", 0)

    @property
    def alive(self) -> bool:
        """Tell whether somebody watches: what is shown is of now."""
        return any(watcher.alive for watcher in self.watchers)


# History


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in one state: "ok", "failing", "undetermined", "unwatched" or "maintenance"."""

    state: str
    since: float
    until: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day of which only the sums are kept: when it began, and for how long what (seconds)."""

    since: float
    failing_s: float
    undetermined_s: float
    unwatched_s: float
    flips: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How an address stood from `since` to `until` (seconds since the epoch): spans without holes, and days before them."""

    since: float
    until: float
    spans: tuple[Span, ...]
    days: tuple[Day, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A flip: in what, from what to what, when, why; `id` leads to its evidence where that is kept."""

    id: int
    what: str
    old: str
    new: str
    at: datetime
    reason: str
    has_evidence: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """Something that is seen now, and since when. `severity` is of a tag in which the address is not well."""

    what: str
    value: str
    since: datetime
    state: str = ""
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """One address as seen from one vantage point ("": any).

    `courses` are by their name ("24 h"). There are `total` changes in the time that was asked for, of which `changes` are
    the newest; `days` are those of that time of which only sums are kept. `since` is when the present state began.
    """

    ip: str
    vantage: str
    expected: tuple[str, ...]
    groups: tuple[str, ...]
    owner: str
    state: str
    overlay: str
    since: datetime | None
    added: datetime
    removed: datetime | None
    checked: datetime | None
    next_check: datetime | None
    cause: str
    courses: Mapping[str, Course]
    tags: tuple[Now, ...]
    seen: tuple[Now, ...]
    listings: tuple[Now, ...]
    changes: tuple[Change, ...]
    total: int
    days: tuple[Day, ...] = ()
    incidents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What is kept of a target: from each vantage point apart, and how many addresses were left out."""

    at: datetime
    asked: str
    since: datetime
    pasts: tuple[Past, ...]
    left_out: int = 0


# Report


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident of the period with what was worked out when it opened."""

    id: int
    tag: str
    severity: Severity
    what: str
    opened: datetime
    closed: datetime | None
    count: int
    unwell: int
    addresses: tuple[str, ...] = ()
    acknowledged_by: str = ""
    receivers: tuple[str, ...] = ()
    served_by: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    about: str = ADDRESSES


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A line of a checklist: "done", "not done" or "could not be determined"."""

    text: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An address that is not well, or was not in the period; or `count` of a network that stood alike (`addresses`).

    `checklist` is as of `checked_at`: so old is the evidence of `ip`, the first of them.
    """

    ip: str
    addresses: tuple[str, ...]
    count: int
    vantage: str
    expected: str
    state: str
    since: datetime | None
    tags: tuple[str, ...]
    course: Course
    seen: Mapping[str, str] = field(default_factory=dict)
    checklist: tuple[Item, ...] = ()
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """The addresses of one /24 or /64: how many in each state. `rows` are those worth a line, `more` are left out."""

    network: str
    subjects: int
    states: Mapping[str, int]
    rows: tuple[Row, ...]
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The regular audit of what is watched, from `since` to `at`. `seconds` are of all addresses together, by state.

    `incidents` are those that were open at some time, but for `incidents_more`. Those that tell that nothing can be seen
    are in no count.
    """

    at: datetime
    since: datetime
    asked: Asked
    targets: tuple[str, ...]
    subjects: int
    states: Mapping[str, int]
    seconds: Mapping[str, float]
    always_well: int
    networks: tuple[Network, ...]
    networks_well: int
    networks_more: int
    incidents: tuple[Told, ...]
    incidents_open: int
    incidents_ended: int
    incidents_more: int
    blocklists: tuple[Listing, ...]
    unknown: tuple[Unknown, ...]
    watchers: tuple[Watcher, ...] = ()
    warnings: tuple[str, ...] = ()
