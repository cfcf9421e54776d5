"""Lists that reports give: who reports, how mail fared over time, who is missing in the inventory. Frozen data, no rules.

Days are days since the epoch in UTC, as in `model`.
"""

from dataclasses import dataclass
from datetime import datetime

from truehelo.sources.change import Change
from truehelo.sources.classes import Sign
from truehelo.sources.model import Names, Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterRow:
    """Who reports, how much, from when until when; `silent_since` is the day of its last report if that is unlike it."""

    name: str
    email: str
    reports: int
    records: int
    days: int
    first_day: int
    last_day: int
    sums: Sums
    silent_since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporters:
    """All who report about a domain ("" for all), the ones with the most messages first."""

    at: datetime
    domain: str
    since: int
    until: int
    rows: tuple[ReporterRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendRow:
    """What all receivers told of a day, or of the week that begins on it."""

    day: int
    reports: int
    reporters: int
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """How a domain's mail fared over time ("" for all domains), by days or by weeks; changes of the aligned share."""

    at: datetime
    domain: str
    since: int
    until: int
    weekly: bool
    rows: tuple[TrendRow, ...]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """An address that sends for domains and is missing in the inventory, with the evidence for it.

    `names` are the confirmed names of it, that it could be expected to have.
    """

    ip: str
    sums: Sums
    share: float
    reporters: int
    first_day: int
    last_day: int
    domains: tuple[str, ...]
    names: Names
    signs: tuple[Sign, ...]
