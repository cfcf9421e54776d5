"""What the questions about reports are answered with: frozen rows, days as numbers since the epoch (UTC)."""

from dataclasses import dataclass
from typing import NamedTuple

from truehelo.reports.model import Policy, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Messages, and how they fared.

    Args:
        messages: All of them.
        passed: DMARC passed: DKIM or SPF was aligned.
        dkim: DKIM was aligned.
        spf: SPF was aligned.
        quarantined: Were put aside.
        rejected: Were refused.
    """

    messages: int = 0
    passed: int = 0
    dkim: int = 0
    spf: int = 0
    quarantined: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSums:
    """What an address sent for a domain (None: for all) within the days asked for.

    `first_day` is the first on which it ever did, `last_day` the last within them.
    """

    ip: str
    network: str
    domain: str | None
    sums: Sums
    first_day: int
    last_day: int


class SourceDay(NamedTuple):
    """One outcome of what an address sent for a domain (None: for all) on a day, as one reporter tells."""

    domain: str | None
    day: int
    reporter: str
    disposition: str
    dkim: bool
    spf: bool
    messages: int
    records: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShape:
    """How what an address sent looked to a reporter: from the records, as long as these are kept.

    `first_day` and `last_day` are those within the days asked for.
    """

    domain: str
    reporter: str
    shape: Shape
    messages: int
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterDay:
    """What one reporter tells of one day."""

    day: int
    reporter: str
    reports: int
    records: int
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterSums:
    """What one reporter tells of the days asked for. `days` is on how many of them it tells something."""

    reporter: str
    email: str
    first_day: int
    last_day: int
    days: int
    reports: int
    records: int
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySums:
    """What all reporters tell of one day."""

    day: int
    reporters: int
    reports: int
    records: int
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A reporter that has been silent for longer than was its habit.

    Args:
        reporter: Its name.
        last_day: The last day that it told of.
        silent_days: Whole days since then, the day asked about among them.
        days: On how many of the days of the window before that it told something.
        window: How long this window is, in days.
        longest_gap: The longest time in it between two days that it told of, in days: 1 where it never missed one.
        messages: What it told of in the window.
    """

    reporter: str
    last_day: int
    silent_days: int
    days: int
    window: int
    longest_gap: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorSums:
    """What was signed by one selector: messages by what receivers made of the signature, and how many passed by DKIM."""

    domain: str
    selector: str
    result: str
    messages: int
    aligned: int
    reporters: int
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectorReporter:
    """What one reporter makes of the signatures of one selector."""

    reporter: str
    result: str
    messages: int
    aligned: int
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSums:
    """A domain that reports are about: since when and until when, and how much."""

    domain: str
    first_day: int
    last_day: int
    reports: int
    messages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySeen:
    """A policy that reporters saw for a domain, and when. `reporters` is how many did."""

    policy: Policy
    first_day: int
    last_day: int
    reporters: int
    reports: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsDay:
    """Sessions of a day, as one reporter tells."""

    domain: str
    day: int
    reporter: str
    type: str
    successful: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFailureSums:
    """Failed sessions of one kind at one receiving host ("" where the reporter does not say)."""

    domain: str
    type: str
    result: str
    mx: str
    sessions: int
    reporters: int
    first_day: int
    last_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredReport:
    """A report as it came in."""

    id: int
    kind: str
    reporter: str
    report_id: str
    domain: str
    begin: int
    end: int
    day: int
    records: int
    messages: int
    bad: int
    received_at: float
    origin: str
    name: str
    sender: str
    flagged: bool
    pruned: bool
    seen_again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedFile:
    """What was refused, and why; `kept` is the file that its octets were put into, or "" ."""

    id: int
    at: float
    origin: str
    name: str
    reason: str
    where: str
    sender: str
    kept: str
    seen_again: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginCounts:
    """What came from one place: how many reports, the last time, and how much came again."""

    origin: str
    kind: str
    reports: int
    flagged: int
    seen_again: int
    last_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Messages of a domain, a reporter and a day, in one table ("facts", "days", "reporters", ...)."""

    table: str
    domain: str
    reporter: str
    day: int
    messages: int
