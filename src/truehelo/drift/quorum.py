"""When one address is watched from several vantage points: do enough of those that can see it see it fail?

A resolver that lies, or a route that is broken, shows one vantage point what the others do not see: that is no incident.
Only who looked lately, and could see what the tag rests on, has a vote; silence is neither a yes nor a no. Does not
decide how a vantage point came to its own state (`machine.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from truehelo.drift.sighting import needs
from truehelo.monitoring import State

LATELY = 2.0
"""A look counts for so many intervals."""
LIST = "list"
"""The part of the facts that a listing rests on: what that blocklist said."""
_LISTED = "DNSBL_"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """An address in one tag, as it stood at the last look from one vantage point. Times in seconds.

    Args:
        state: Of the tag.
        checked_at: When it was looked at; None for never.
        interval_s: Between two looks.
        unseen: The parts of the facts that this look could not see.
        asked: What the tag rests on is looked at from there at all: port 25, the blocklist.
    """

    state: State
    checked_at: float | None
    interval_s: float
    unseen: frozenset[str] = frozenset()
    asked: bool = True


def parts(tag: str) -> frozenset[str]:
    """Return the parts of the facts that a tag rests on, a listing on its list alone."""
    return frozenset({LIST}) if tag.startswith(_LISTED) else needs(tag)


def has_vote(view: View, tag: str, now: float) -> bool:
    """Tell whether a vantage point looked within two intervals, and could see what `tag` rests on."""
    return (
        view.asked
        and view.checked_at is not None
        and now - view.checked_at <= LATELY * view.interval_s
        and not view.unseen & parts(tag)
    )


def is_agreed(tag: str, views: Iterable[View], now: float) -> bool:
    """Tell whether more than half of those that have a vote see `tag` failing, or suspect that it does.

    A single vantage point needs nobody's consent. Where nobody has a vote nothing is agreed: it waits until somebody has.
    """
    everyone = list(views)
    if len(everyone) <= 1:
        return True
    voting = [view for view in everyone if has_vote(view, tag, now)]
    against = sum(view.state in (State.SUSPECT, State.FAILING) for view in voting)
    return 2 * against > len(voting)
