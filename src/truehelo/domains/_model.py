"""What a check of a domain is, and what judging domains yields. No check, and judges nothing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from truehelo.facts.domain import DomainFacts
from truehelo.findings import Finding, Severity, Step, Tag

if TYPE_CHECKING:
    from truehelo.domains._view import DomainView


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainCheck:
    """One check of a domain: a pure function from its facts to findings, and all it may say.

    `run` gets the view (the facts, and what the records in them say) and yields findings whose tags are among `tags`. A
    file in `domains/` exposes one of these as `CHECK`; so does an entry point of the group `truehelo.domains`.
    """

    id: str
    title: str
    cites: tuple[str, ...]
    tags: tuple[Tag, ...]
    run: "Callable[[DomainView], Iterator[Finding]]"


class State(StrEnum):
    """What follows for a domain as a whole, worst first. Undetermined is neither good nor bad."""

    ERROR = "error"
    WARNING = "warning"
    UNDETERMINED = "undetermined"
    GOOD = "good"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainAudit:
    """One domain, judged."""

    facts: DomainFacts
    findings: tuple[Finding, ...]
    advice: tuple[Step, ...] = ()

    @property
    def state(self) -> State:
        """The worst that was found; a missing fact weighs less than a warning, and more than nothing."""
        seen = {finding.severity for finding in self.findings if not finding.tag.undetermined}
        if Severity.ERROR in seen:
            return State.ERROR
        if Severity.WARNING in seen:
            return State.WARNING
        return State.UNDETERMINED if any(finding.tag.undetermined for finding in self.findings) else State.GOOD


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)  # asyncio formats the result of a task, which may be huge
class DomainRun:
    """One run over domains: what was asked, what was seen, what follows. `elapsed_s` in seconds."""

    asked: tuple[str, ...]
    started: datetime
    elapsed_s: float
    resolvers: tuple[str, ...]
    domains: tuple[DomainAudit, ...]
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    def counts(self) -> dict[State, int]:
        """How many domains there are of each state."""
        states = [domain.state for domain in self.domains]
        return {state: states.count(state) for state in State}
