"""Which sources send so much in a domain's name that somebody should know of them: neither in the inventory nor classed.

What is asked of the numbers is plain: so many messages, and such a share of all. A source that was told of is quiet again
when it sends less than half of that. Does not decide whose a source is (`classes.py`).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What a source sent in a domain's name over some days; `known`: in the inventory, or classed by the operator."""

    source: str
    messages: int
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Enough:
    """How much is worth telling: messages, and the share of all of the domain's; both must be reached."""

    messages: int = 100
    share: float = 0.01


def is_loud(sent: Sent, whole: int, enough: Enough = Enough()) -> bool:
    """Tell whether a source that nobody knows sends enough to be told of; `whole` is all that was sent as the domain."""
    return not sent.known and _reaches(sent, whole, enough, 1.0)


def is_quiet(sent: Sent, whole: int, enough: Enough = Enough()) -> bool:
    """Tell whether a source that was told of is known by now, or sends less than half of what is told of."""
    return sent.known or not _reaches(sent, whole, enough, 0.5)


def _reaches(sent: Sent, whole: int, enough: Enough, part: float) -> bool:
    return sent.messages >= part * enough.messages and sent.messages >= part * enough.share * whole
