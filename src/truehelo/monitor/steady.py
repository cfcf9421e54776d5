"""A clock for a schedule: the time of day that does not jump, and tells when the machine's does.

The machine's clock is read once, and from then on only how much time has passed. Every now and then both are held
against each other: a clock that was set is followed at once, and whoever asks is told by how much.
"""

from datetime import UTC, datetime

from truehelo.ports import Clock

JUMP_S = 2.0


class SteadyClock:
    """A `ports.Clock` before another."""

    def __init__(self, clock: Clock) -> None:
        """Read `clock` for the first time."""
        self._clock = clock
        self._set()

    def _set(self) -> None:
        self._wall, self._mono = self._clock.now().timestamp(), self._clock.monotonic()

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    def seconds(self) -> float:
        """The time of day in seconds since the epoch."""
        return self._wall + (self._clock.monotonic() - self._mono)

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""
        return self._clock.monotonic()

    def follow(self) -> float:
        """Follow the machine's clock; return by how many seconds it was set, 0 when it was not."""
        jump = self._clock.now().timestamp() - self.seconds()
        self._set()
        return jump if abs(jump) >= JUMP_S else 0.0
