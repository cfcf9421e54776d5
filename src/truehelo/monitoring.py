"""What the watch keeps and says: states, flips, incidents, notices, messages. Frozen data, no rules.

The rules are in `drift/` (what a sighting does to a state, which failures are one incident, who is told), the rows in
`store/`, the sentences in `render/notice.py`, and the ways to send them in `alerts/`. All times are aware and in UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from truehelo.findings import Severity

ADDRESSES = "addresses"
"""What the members of an incident are, unless it is about something else."""


class State(StrEnum):
    """How a subject stands in one tag."""

    OK = "ok"
    SUSPECT = "suspect"
    """Seen failing, not yet often enough to be believed."""
    FAILING = "failing"
    RECOVERING = "recovering"
    """Seen well again, not yet often enough to be believed."""

    @property
    def is_open(self) -> bool:
        """An incident of it is open: failing, until well is believed."""
        return self in (State.FAILING, State.RECOVERING)


class Seen(StrEnum):
    """What one look says of one tag. Only an answer counts: silence is neither good nor bad."""

    GOOD = "good"
    BAD = "bad"
    UNDETERMINED = "undetermined"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flip:
    """A confirmed change of a subject: in what (a tag, or "ptr", "greeting"...), from what, to what, when, and why.

    `evidence` is the evidence of the look that confirmed it, as `truehelo check --save` writes it (JSON), or empty.
    """

    ip: str
    what: str
    old: str
    new: str
    at: datetime
    reason: str = ""
    evidence: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One address in an incident: the name that it should have, its groups, what changed from what to what, since when.

    Where an incident is about something else, such as a domain, `ip` is the name of that.

    `since` is when it was first seen, `closed` when it was confirmed well. `tags` are all that it fails in, where they are
    told apart.
    """

    ip: str
    since: datetime
    expected: str = ""
    groups: tuple[str, ...] = ()
    owner: str = ""
    old: str = ""
    new: str = ""
    closed: datetime | None = None
    tags: tuple[str, ...] = ()


class NoticeKind(StrEnum):
    """Why people are told."""

    OPENED = "opened"
    GROWN = "grown"
    """Further addresses failed for the same cause."""
    REMINDER = "reminder"
    ESCALATED = "escalated"
    RECOVERED = "recovered"
    FLAPPING = "flapping"
    """It changes so often that further changes will not be told until it is stable."""
    STABLE = "stable"
    UNSEEN = "unseen"
    """Nothing can be seen since a long time: about a resolver or a zone, not about the addresses."""
    SEEN = "seen"
    """It can be seen again."""
    DIGEST = "digest"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is to be told: everything that a message needs, frozen, so that a repeated delivery says the same.

    Args:
        kind: Why people are told.
        tag: The finding that it is about; "" for a digest or a test.
        severity: Of the finding.
        at: When this notice was made.
        summary: One sentence, such as "214 addresses in 203.0.113.0/24 have no PTR record".
        incident: The number of the incident; None for a digest or a test.
        opened: When the incident was opened, `closed` when it ended.
        cause: What the members have in common, as a sentence.
        members: The first of the addresses (at most 50); `count` how many there are.
        served_by: The name servers that serve the changed record.
        caches_until: Until when caches may hold the old record (its TTL).
        receivers: Who will mind, a line each: "gmail: refuse, 550 5.7.25".
        fix: What to do, a line each; commands and records stand alone on their line, which begins with two blanks: it is
            shown as it is, and never wrapped.
        lines: Further lines, such as those of a digest.
        groups: The groups of all members.
        owners: The owners of all members.
        url: Where more is to be seen, or "".
        about: What the members are, in the plural.
        ended: Why it is over where it was not seen well again, as words behind "this is over".
    """

    kind: NoticeKind
    tag: str
    severity: Severity
    at: datetime
    summary: str
    incident: int | None = None
    opened: datetime | None = None
    closed: datetime | None = None
    cause: str = ""
    members: tuple[Member, ...] = ()
    count: int = 0
    served_by: tuple[str, ...] = ()
    caches_until: datetime | None = None
    receivers: tuple[str, ...] = ()
    fix: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    url: str = ""
    about: str = ADDRESSES
    ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notice in words, ready for any channel. `thread` is the same for all messages of one incident.

    `subject` is one line without control characters; `text` plain, `html` whole and self-contained; `data` is
    JSON-able, the body of a webhook, of the schema "truehelo/notice/1".
    """

    subject: str
    text: str
    html: str
    data: Mapping[str, object]
    kind: NoticeKind
    severity: Severity
    thread: str
    tag: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A confirmed change for the worse, open until it is confirmed well. `key` tells equal causes apart from others."""

    id: int
    key: str
    tag: str
    severity: Severity
    cause: str
    opened: datetime
    closed: datetime | None = None
    acknowledged: datetime | None = None
    acknowledged_by: str = ""
    note: str = ""
    count: int = 0
    open_count: int = 0
    members: tuple[Member, ...] = ()
    details: Mapping[str, object] = field(default_factory=dict)
    about: str = ADDRESSES
    """What the members are, in the plural."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """Somebody wants to hear nothing about something for a while. What it names must all match; what it does not, any does.

    Args:
        id: Its number.
        reason: Why, in the words of whoever asked for it.
        by: Who asked for it.
        until: When it ends.
        since: When it begins; None for at once.
        ip: An address or a network in CIDR notation, or "".
        groups: Patterns, one of which a group of the subject matches; `tags` likewise for the tag.
    """

    id: int
    reason: str
    by: str
    until: datetime
    since: datetime | None = None
    ip: str = ""
    groups: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One try to hand a message over: which one it was (from 1 on), whether it was taken, and what the other side said."""

    number: int
    at: datetime
    taken: bool
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """One message to one channel, and what became of it.

    `state` is "pending", "delivered", "failed" (given up) or "dropped" (nobody needed to hear it any more); `due` is when
    it is tried next while it is pending; `detail` is what was said last, or why it was put off or dropped.
    """

    id: int
    key: str
    incident: int | None
    kind: str
    channel: str
    state: str
    made: datetime
    due: datetime
    delivered: datetime | None = None
    detail: str = ""
    attempts: int = 0
    tries: tuple[Try, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What an operator did about an incident: `what` is "ack", "unack" or "note"."""

    at: datetime
    by: str
    what: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dossier:
    """An incident with all that is kept of it; `silence` covers it now."""

    incident: Incident
    groups: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    silence: Silence | None = None
    dispatches: tuple[Dispatch, ...] = ()
    deeds: tuple[Deed, ...] = ()
