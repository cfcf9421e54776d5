"""Which failures are agreed on: the rule of `drift/quorum.py` over what the store holds.

Every way to an incident asks here.
"""

from collections.abc import Collection

from sqlalchemy import Connection

from truehelo.drift.quorum import LIST, View, is_agreed, parts
from truehelo.monitor.lists import PREFIX
from truehelo.monitoring import State
from truehelo.store.seats import Seat, seats_of


def agreed(connection: Connection, failing: Collection[tuple[int, str]], now: float) -> set[tuple[int, str]]:
    """Return those of the failures (subject and tag) that more than half of the vantage points that can see agree on.

    What is watched from one vantage point alone is agreed on. Call it in the transaction that opens incidents, after
    `serialise`: two vantage points that fail at once must see each other.
    """
    seats = seats_of(connection, {subject_id for subject_id, _ in failing})
    return {
        (subject_id, tag)
        for subject_id, tag in failing
        if is_agreed(tag, [_view(seat, tag) for seat in seats.get(subject_id, ())], now)
    }


def _view(seat: Seat, tag: str) -> View:
    listed = tag.startswith(PREFIX)
    unseen = seat.unseen | ({LIST} if listed and tag.removeprefix(PREFIX) in seat.unknown else set())
    return View(
        state=State(seat.states.get(tag, State.OK)),
        checked_at=seat.checked_at,
        interval_s=seat.interval_s,
        unseen=unseen,
        asked=seat.listed_at is not None if listed else seat.smtp or "smtp" not in parts(tag),
    )
