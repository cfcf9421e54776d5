"""What an SPF evaluation comes to, and the limits that it keeps (RFC 7208 §2.6, §4.6.4)."""

from dataclasses import dataclass
from enum import StrEnum

from truehelo.facts.dns import Question


class SpfWord(StrEnum):
    """The result words of check_host (RFC 7208 §2.6)."""

    PASS = "pass"
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class Why(StrEnum):
    """The reason for a result, for programs; `SpfResult.detail` says it to people."""

    MATCHED = "matched"
    NO_MATCH = "no-match"
    NO_RECORD = "no-record"
    BAD_DOMAIN = "bad-domain"
    DNS = "dns"
    MULTIPLE_RECORDS = "multiple-records"
    SYNTAX = "syntax"
    TOO_MANY_LOOKUPS = "too-many-lookups"
    TOO_MANY_VOIDS = "too-many-voids"
    TOO_MANY_MX = "too-many-mx"
    INCLUDE_NONE = "include-none"
    REDIRECT_NONE = "redirect-none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much one evaluation may cost (RFC 7208 §4.6.4).

    `lookups` counts include, a, mx, ptr, exists and redirect; `voids` are denials that are borne; `names` is how many
    MX hosts and PTR names are followed.
    """

    lookups: int = 10
    voids: int = 2
    names: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A term that decided, and the domain in whose record it stands."""

    domain: str
    term: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfResult:
    """The outcome of one evaluation.

    `domain` and `record` are those that decided: behind a redirect they are the target's. `path` are the terms that
    matched, from the record that was asked for down to the one that matched inside includes; empty when none did.
    `questions` are all questions asked, each once. `unsure` names what the outcome would hang on if it could be known:
    a question that RFC 7208 passes over when it fails (§5.5), or the HELO while it is not known. The result word is
    then what a receiver would say that knew as little.
    """

    result: SpfWord
    why: Why
    domain: str
    detail: str = ""
    record: str | None = None
    path: tuple[Match, ...] = ()
    lookups: int = 0
    voids: int = 0
    questions: tuple[Question, ...] = ()
    unsure: tuple[str, ...] = ()

    @property
    def mechanism(self) -> str | None:
        """The term that matched in `record`; None when none did."""
        return self.path[0].term if self.path else None
