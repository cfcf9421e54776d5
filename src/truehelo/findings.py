"""What judging yields: tags, findings, a verdict, steps of advice, and the audit that holds them.

A finding is a tag, an RFC result word, arguments and evidence: never prose. The wording lives beside the declaration
of the tag, in the check that may give it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from truehelo.facts.subject import SubjectFacts
from truehelo.facts.text import visible
from truehelo.reception import Opinion

if TYPE_CHECKING:
    from truehelo.identity import Identity


class Result(StrEnum):
    """The outcome in the words of the RFCs (RFC 8601 §2.7)."""

    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"
    POLICY = "policy"
    """Well formed and true, but a local policy may mind (RFC 8601 §2.4)."""


class Severity(StrEnum):
    """Our weight, worst first. A profile can change it."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    OK = "ok"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A thing that a check can find.

    `message` is a `str.format` template over the arguments of the finding. `undetermined` marks tags that say that a
    fact is missing, and so never pass or fail. `cites` are clauses ("RFC 8601 §3") or sources.
    """

    name: str
    severity: Severity
    message: str
    cites: tuple[str, ...] = ()
    undetermined: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A tag that was found. `args` fill the tag's message; `evidence` holds the keys of the facts it rests on.

    `severity_override` is the weight of this one finding where the facts make it another than the tag's.
    """

    tag: Tag
    result: Result
    args: Mapping[str, str] = field(default_factory=dict)
    evidence: tuple[str, ...] = ()
    severity_override: Severity | None = None

    @property
    def severity(self) -> Severity:
        """The weight of this finding: the default severity of the tag, unless the check overrides it."""
        return self.tag.severity if self.severity_override is None else self.severity_override

    @property
    def message(self) -> str:
        """The sentence for people, with text from the network made visible."""
        return self.tag.message.format_map({key: visible(value, 200) for key, value in self.args.items()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: a pure function from facts to findings, and all it may say.

    `run` gets the identity (the facts and the three relations between names) and yields findings whose tags are among
    `tags`. A file in `checks/` exposes one of these as `CHECK`; so does an entry point of the group `truehelo.checks`.
    """

    id: str
    title: str
    cites: tuple[str, ...]
    tags: tuple[Tag, ...]
    run: "Callable[[Identity], Iterator[Finding]]"


class Verdict(StrEnum):
    """Whether the names of a server agree (the table is in docs/reference/verdicts.md)."""

    MATCH = "match"
    DIFFERS = "differs"
    MISMATCH = "mismatch"
    UNDETERMINED = "undetermined"


class Sureness(StrEnum):
    """How sure the choice of a guide is."""

    CERTAIN = "certain"
    """The reader named it."""
    LIKELY = "likely"
    POSSIBLE = "possible"
    """One clue among several readings, or clues that contradict each other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """What a step is to bring about, for those who know how: `kind` is "ptr" or "says".

    "ptr": the PTR of each of `ips` becomes `name`. "says": the mail server at `ips` calls itself `name` in `where`
    ("greeting", "ehlo_reply", "helo"). `name` is a well-formed host name, or None while the reader has to choose one.
    """

    kind: str
    ips: tuple[str, ...]
    name: str | None
    where: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to do it: `kind` is "panel", "cli", "api", "powershell", "config" or "ticket".

    `where` is the path in a panel, the file that `lines` belong into, or whom to write to. `commands` are for a shell.
    """

    kind: str
    where: str = ""
    commands: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guidance:
    """How a step is taken at one provider or with one mail server; `guide` is the id of the guide, `name` for people.

    `sureness` and `why` tell how it was chosen. `take` is "one" (each of `ways` is enough) or "all" (each is needed, then
    the commands in `then`). `self_service`: the reader can take the step alone. `notes` are limits that matter here,
    `details` what is worth knowing besides.
    """

    guide: str
    name: str
    sureness: Sureness
    why: str
    take: str
    self_service: bool
    ways: tuple[Way, ...]
    then: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of advice: who does what, the exact records and commands, and how to verify it.

    `owner` is "reverse zone", "dns zone" or "mail server"; `who` names that owner as far as known. `ask` is the exact
    question to put to an owner other than the reader. `leave` says what not to touch. `guidance` tells how it is done at
    this provider or with this mail server, the best guess first; `hint` what to name where that could not be told.
    """

    step: int
    owner: str
    who: str
    what: str
    records: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    ask: str = ""
    verify: str = ""
    leave: str = ""
    resolves: tuple[str, ...] = ()
    aim: Aim | None = None
    guidance: tuple[Guidance, ...] = ()
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAudit:
    """One address, judged."""

    facts: SubjectFacts
    identity: "Identity"
    findings: tuple[Finding, ...]
    verdict: Verdict
    receivers: tuple[Opinion, ...] = ()
    advice: tuple[Step, ...] = ()
    what_if: "WhatIf | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """The same address judged on changed facts: the changes as the operator wrote them, and what would be said then.

    `idle` are those that had nothing to apply to, each with the reason.
    """

    changes: tuple[str, ...]
    after: SubjectAudit
    idle: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unresolved:
    """A target that led to no address, or perhaps not to all: `undetermined` tells "not looked up" from "there is none"."""

    asked: str
    undetermined: bool
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)  # asyncio formats the result of a task, which may be huge
class Audit:
    """One run: what was asked, what was seen, what follows. `elapsed_s` in seconds; `notes` say what was left out."""

    asked: tuple[str, ...]
    started: datetime
    elapsed_s: float
    resolvers: tuple[str, ...]
    subjects: tuple[SubjectAudit, ...]
    notes: tuple[str, ...] = ()
    unresolved: tuple[Unresolved, ...] = ()
    interrupted: bool = False

    def counts(self) -> dict[Verdict, int]:
        """How many subjects there are of each verdict."""
        verdicts = [subject.verdict for subject in self.subjects]
        return {verdict: verdicts.count(verdict) for verdict in Verdict}
