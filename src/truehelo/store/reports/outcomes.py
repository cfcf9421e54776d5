"""How a report comes in, and what becomes of it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from truehelo.reports.model import AggregateHead, FailureReport, Fault, Record, Refused, ReportKind, TlsReport


class Outcome(StrEnum):
    """What became of a report."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


class Reading(Protocol):
    """An aggregate report while it is read; `head` and `digest` are whole after the last batch.

    `octets` are those of its records so far that do not share what was read before.
    """

    head: AggregateHead | None
    faults: Sequence[Fault]
    bad: int
    digest: str
    octets: int

    def batches(self) -> Iterator[list[Record]]:
        """Yield the records, some thousand at a time."""
        ...


Found = Reading | TlsReport | FailureReport | Refused
"""What a file holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """How something came in.

    Args:
        origin: The place ("folder", "imap: reports@example.com", "smtp"): reports are counted by it.
        name: The file, or the message and the part of it.
        at: When, in seconds since the epoch.
        sender: Who sent it, where that is known.
        digest: Of the octets of the whole file, where the intake knows it; a refused file is told again by it.
        kept: The file that the octets are put into, if they are refused; "" for nowhere.
    """

    origin: str
    name: str
    at: float
    sender: str = ""
    digest: str = ""
    kept: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What was done.

    Args:
        outcome: What became of it.
        kind: What it is; None for what is no report.
        number: The row in its table; None where there is none.
        reporter: Who reports.
        report_id: The name that the reporter gave it.
        domain: What it is about.
        records: How many records were read, and `bad`: how many could not be.
        messages: How many messages these are of (sessions, in a TLS report).
        reason: Why it was refused, in one sentence.
    """

    outcome: Outcome
    kind: ReportKind | None
    number: int | None = None
    reporter: str = ""
    report_id: str = ""
    domain: str = ""
    records: int = 0
    bad: int = 0
    messages: int = 0
    reason: str = ""
