"""Whether too many TLS sessions fail (RFC 8460 §4), so that a handful of them does not trip. Does not decide why."""

from dataclasses import dataclass
from enum import StrEnum

from truehelo.sources.drop import below

_PRIOR = 0.5


class Failing(StrEnum):
    """What is known of the sessions."""

    FAILING = "failing"
    WELL = "well"
    UNKNOWN = "unknown"
    """Neither is sure: too few sessions, or a share close to the bound."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """The share of sessions that may fail, how many must at least before it is told, and how sure it must be."""

    share: float = 0.02
    sessions: int = 10
    sure: float = 0.99


def failing(successful: int, failed: int, bound: Bound = Bound()) -> Failing:
    """Return whether more sessions fail than may, by the posterior of their share (Jeffreys' prior)."""
    if successful < 0 or failed < 0:
        raise ValueError(f"{failed} of {successful + failed} sessions")
    under = below(bound.share, failed + _PRIOR, successful + _PRIOR)
    if failed >= bound.sessions and 1 - under >= bound.sure:
        return Failing.FAILING
    return Failing.WELL if successful and under >= 0.5 else Failing.UNKNOWN
