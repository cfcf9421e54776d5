"""What is wrong with a record: where, why, and by which clause. Whether it matters is for whoever judges the record.

An error that leaves nothing of a record to use is returned in its place; one that leaves the rest in force stands among
the record's `faults`.
"""

from dataclasses import dataclass
from enum import StrEnum


class Flaw(StrEnum):
    """The kind of an error, for programs; `RecordError.reason` says it to people."""

    NOT_ONE = "not-one"
    """The text is no record of this kind at all."""
    SYNTAX = "syntax"
    DUPLICATE = "duplicate"
    MISSING = "missing"
    """Something that the record must have is not there."""
    BAD_VALUE = "bad-value"
    BAD_URI = "bad-uri"
    UNKNOWN = "unknown"
    """A tag, a flag or a word that nobody has defined; it is passed over."""
    OBSOLETE = "obsolete"
    """It meant something in an earlier edition."""
    USELESS = "useless"
    """It has no effect where it stands."""
    ORDER = "order"
    CASE = "case"
    WEAK = "weak"
    """A key that verifiers may not, or should not, trust."""


MAX_FAULTS = 50
"""How many faults of one record are kept: a TXT record can hold thirty thousand of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordError:
    """One thing that is wrong with a record.

    `position` (0-based) and `length` are characters of the record's text, its strings joined; `length` is 0 where something
    is missing at that place. `reason` is one clause without a full stop, safe to print; `cites` are clauses.
    """

    position: int
    length: int
    reason: str
    kind: Flaw = Flaw.SYNTAX
    cites: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.reason
