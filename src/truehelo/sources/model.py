"""What is known of sources once reports and identity are joined: frozen data for whoever shows it. No rules.

Days are days since the epoch in UTC, as reports are counted (`reports.model.Metadata.day`); other times are aware.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from truehelo.sources.change import Change
from truehelo.sources.classes import SourceClass, Suggestion

EVERY = 10_000
"""So many sources are told of at most, the largest, where all are asked for."""


class Origin(StrEnum):
    """From where it is known what an address was called."""

    WATCH = "watch"
    """The watch looked at it on that day."""
    OBSERVED = "observed"
    """It was looked at when reports of it came in, at another time perhaps."""
    NOT_KNOWN = "not known"


class Named(StrEnum):
    """Whether the name of an address leads back to it (iprev, RFC 8601 §3)."""

    CONFIRMED = "confirmed"
    UNCONFIRMED = "not confirmed"
    UNDETERMINED = "undetermined"
    """It was looked at, and could not be seen: neither good nor bad."""
    NOT_KNOWN = "not known"
    """Nobody looked."""


@dataclass(frozen=True, slots=True)
class Failing:
    """A tag that was failing on a day, and for how many seconds of it."""

    tag: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What an address was called on a day, how far that was true, and from where it is known.

    `at` is when it was observed (None where the watch knew it all day long). `iprev` is the result word, "" where only sums
    of the day are kept. `ptr`, `confirmed` and `generic` are names. `failing` are the tags of that day with their seconds,
    `failing_s` and `undetermined_s` those in which anything failed or could not be seen. `listed` are blocklists.
    """

    origin: Origin = Origin.NOT_KNOWN
    state: Named = Named.NOT_KNOWN
    at: datetime | None = None
    iprev: str = ""
    ptr: tuple[str, ...] = ()
    confirmed: tuple[str, ...] = ()
    generic: tuple[str, ...] = ()
    greeting: str = ""
    helo: str = ""
    failing: tuple[Failing, ...] = ()
    failing_s: float = 0.0
    undetermined_s: float = 0.0
    listed: tuple[str, ...] = ()
    organisation: str = ""
    detail: str = ""
    vantage: str = ""


NOTHING = Names()
"""What is known of an address that nobody looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spf:
    """What the SPF record of a domain says of an address, as asked `at` (RFC 7208 §2.6). `sure`: nothing passed over."""

    domain: str
    word: str
    at: datetime
    detail: str = ""
    sure: bool = True

    @property
    def undetermined(self) -> bool:
        """Whether it could not be told: temperror says nothing of the record."""
        return self.word == "temperror" or not self.sure


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a source is: the operator's word with who said it and why, or else the suggestion alone."""

    kind: SourceClass
    suggestion: Suggestion
    by: str = ""
    reason: str = ""
    at: datetime | None = None
    target: str = ""
    """What the operator said it of: the address, or a network that holds it."""

    @property
    def said(self) -> bool:
        """Whether an operator said so."""
        return bool(self.by)


class Sums(NamedTuple):
    """Messages, and how many of them were aligned (by either, by DKIM, by SPF), quarantined, rejected."""

    messages: int = 0
    passed: int = 0
    dkim: int = 0
    spf: int = 0
    quarantined: int = 0
    rejected: int = 0

    @property
    def refused(self) -> int:
        """Those that did not reach the inbox: quarantined and rejected."""
        return self.quarantined + self.rejected

    @staticmethod
    def of(parts: Iterable["Sums"]) -> "Sums":
        """Add many up, in one go."""
        held = [0] * 6
        for each in parts:
            held[0] += each.messages
            held[1] += each.passed
            held[2] += each.dkim
            held[3] += each.spf
            held[4] += each.quarantined
            held[5] += each.rejected
        return Sums(*held)

    def __add__(self, other: "Sums") -> "Sums":  # type: ignore[override]  # sums of messages, no longer tuple
        """Add up."""
        return Sums(
            messages=self.messages + other.messages,
            passed=self.passed + other.passed,
            dkim=self.dkim + other.dkim,
            spf=self.spf + other.spf,
            quarantined=self.quarantined + other.quarantined,
            rejected=self.rejected + other.rejected,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A signature that was seen: its domain, its selector, in how many messages, and in how many it was aligned."""

    domain: str
    selector: str
    messages: int
    aligned: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source of a domain's mail.

    `share` is its part of all messages of the answer; `refused_at` names receivers that quarantined or rejected, each with
    how many, the most first. `network_name` is the organisation of a confirmed name. `messages_read` is of how
    many messages the records were read, which `selectors` are of.
    """

    ip: str
    network: str
    sums: Sums
    share: float
    first_day: int | None
    last_day: int | None
    names: Names
    standing: Standing
    watched: bool = False
    spf: tuple[Spf, ...] = ()
    selectors: tuple[Selector, ...] = ()
    messages_read: int = 0
    refused_at: tuple[tuple[str, int], ...] = ()
    reporters: int = 0
    network_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where a domain's mail leaves from ("" for all domains), from `since` to `until` (days, both included).

    `total` are all messages; `by_name` tells how many left an address whose name was confirmed and so on, each source-day
    by what its address was called on that day. `left_out` is how many sources are not shown, `left_out_messages` theirs;
    with `at_least` there may be more than `sources`, and more left out, and they may have sent more.
    """

    at: datetime
    domain: str
    since: int
    until: int
    total: Sums
    by_name: dict[Named, int]
    by_class: dict[SourceClass, int]
    rows: tuple[SourceRow, ...]
    sources: int
    left_out: int = 0
    left_out_messages: int = 0
    at_least: bool = False


class DayRow(NamedTuple):
    """What one receiver did with the mail of a source on a day; `refused_aligned` it refused although DMARC passed."""

    day: int
    reporter: str
    sums: Sums
    refused_aligned: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A change that the watch saw of an address: what it is about, old and new, and when."""

    id: int
    what: str
    old: str
    new: str
    at: datetime
    reason: str = ""
    has_evidence: bool = False

    @property
    def is_tag(self) -> bool:
        """Whether it is about a tag, and not about a value."""
        return self.what[:1].isupper()


MISSING = "missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A receiver began, or ceased, to refuse the mail of a source, and the flips that may be why, the likeliest first.

    `refused` counts the messages that were refused while more were, `refused_aligned` those of them that passed DMARC: they
    were not refused for the sake of the policy. `disposition` is "quarantine", "reject", or `MISSING`: it tells of no mail
    of the source any more although it tells of others', as who refuses at the connection does; `change` is then of the
    share of its mail that is of others.
    """

    reporter: str
    change: Change
    disposition: str
    refused: int = 0
    refused_aligned: int = 0
    causes: tuple[Flip, ...] = ()

    @property
    def worse(self) -> bool:
        """Whether more is refused since."""
        return self.change.size > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReporterOf:
    """What one receiver did with the mail of a source in all; `refused_since` is the day since when it refuses, if any."""

    name: str
    sums: Sums
    first_day: int
    last_day: int
    refused_since: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """All that is known of one source: where it stands, day by day, at whom, what changed, why, and the fix."""

    at: datetime
    ip: str
    since: int
    until: int
    network: str
    network_name: str
    domains: tuple[tuple[str, int], ...]
    sums: Sums
    standing: Standing
    watched: bool
    names: Names
    names_by_day: dict[int, Names]
    reporters: tuple[ReporterOf, ...]
    days: tuple[DayRow, ...]
    turns: tuple[Turn, ...]
    flips: tuple[Flip, ...]
    spf: tuple[Spf, ...] = ()
    selectors: tuple[Selector, ...] = ()
    messages_read: int = 0
    expected: tuple[str, ...] = ()
    cause: Flip | None = None
    cause_still: bool = False
    fix: tuple[str, ...] = ()
    fix_from: str = ""
    trail: tuple["Said", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an operator said of a target, and until when (None: still)."""

    target: str
    kind: SourceClass
    reason: str
    by: str
    at: datetime
    ended: datetime | None = None
