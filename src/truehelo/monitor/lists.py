"""The blocklists within a look: asked less often than names, and again soon while a listing is not yet believed.

A listing has a state machine of its own for each list: listed is bad, clean is good, and a list that cannot be
believed says nothing. Does not decide which list is believed (`engine/blocklists.py`), nor what its codes mean
(`blocklists/`).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from truehelo.blocklists.model import Purpose
from truehelo.blocklists.read import Listing
from truehelo.blocklists.read import State as ListState
from truehelo.engine.blocklists import Blocklists
from truehelo.facts.address import Address
from truehelo.findings import Severity
from truehelo.monitoring import Seen, State
from truehelo.store.schedule import SLACK_S, Due

BELIEVE_S = 50.0
"""For how long a list that passed its test is believed.

Less than until the second look at what it newly lists: one that has begun to list everything is found out before that.
"""
PREFIX = "DNSBL_LISTED:"
"""Before the id of a list: the tag of a listing, one for each list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListWatch:
    """Which lists are watched, and how often (seconds)."""

    blocklists: Blocklists
    interval_s: float = 3600.0

    def is_due(self, due: Due, at: float) -> bool:
        """Tell whether the lists are to be asked in this look."""
        # Asked later than now: the clock was ahead then, and nobody knows how long ago it was.
        if due.listed_at is None or not -SLACK_S <= at - due.listed_at < self.interval_s:
            return True
        return any(held.tag.startswith(PREFIX) and held.state in (State.SUSPECT, State.RECOVERING) for held in due.held)

    async def look(self, ip: Address) -> tuple[Listing, ...]:
        """Ask the lists about an address."""
        return await self.blocklists.look(ip)


def seen(listings: Iterable[Listing], held: Iterable[str]) -> dict[str, Seen]:
    """Return what was seen of each list that lists the address, and of each that did."""
    found: dict[str, Seen] = {}
    known = frozenset(held)
    for listing in listings:
        tag = PREFIX + listing.list
        if is_bad(listing):
            found[tag] = Seen.BAD
        elif tag in known:
            found[tag] = Seen.UNDETERMINED if listing.state is ListState.UNKNOWN else Seen.GOOD
    return found


def is_bad(listing: Listing) -> bool:
    """Tell whether a listing speaks against the address; one for information alone, or of an allowlist, does not."""
    return (
        listing.state is ListState.LISTED
        and listing.purpose is Purpose.BLOCK
        and Severity(listing.severity).rank <= Severity.WARNING.rank
    )


def message(listing: Listing) -> str:
    """Say in one sentence what a list says, and where to have it undone."""
    what = "; ".join(listing.meanings) or ", ".join(listing.codes)
    group = f" with {listing.group}" if listing.group else ""
    away = f"; removal: {listing.delist}" if listing.delist else ""
    return f"listed by {listing.name}{group}: {what}{away}"
