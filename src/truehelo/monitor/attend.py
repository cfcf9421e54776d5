"""Among several watchers: who is gone, and what is ours without our knowing it. Neither waits for a lease to end.

Does not decide who lives (`store/presence.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from truehelo.monitor.stored import Stored
from truehelo.store.presence import Held, Presence


@dataclass(slots=True)
class Attendance:
    """What one watcher does about it, round by round."""

    doubted: bool = False
    """The database failed: what was taken then may be ours all the same, the confirmation alone was lost."""
    _lost: Held = field(default_factory=Held)

    async def turn(self, presence: Presence, stored: Stored, holds: Callable[[], Held], log: Callable[[str], None]) -> bool:
        """Give up what the dead have taken, and what nobody here knows of; True when there was any.

        Raises:
            StoreError: The database failed.
        """
        count = await stored(presence.turn)
        if count:
            log(f"took over from a watcher that is gone: {count} subjects and messages")
        own = await self._compare(presence, stored, holds) if self.doubted else False
        return count > 0 or own

    async def _compare(self, presence: Presence, stored: Stored, holds: Callable[[], Held]) -> bool:
        """Give back what the database says is ours, and is not, twice in a row: it may have been taken just now."""
        said = await stored(presence.held)
        lost = said.without(holds())
        again = lost.common(self._lost)
        if again:
            await stored(lambda: presence.give_back(again))
        self._lost, self.doubted = lost, bool(lost)
        return bool(again)
