"""The clock of this machine. Does not decide whether it is right; `truehelo doctor` asks others."""

import time
from datetime import UTC, datetime


class SystemClock:
    """The Clock port over the system's clocks."""

    def now(self) -> datetime:
        """The time of day, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some fixed point; never goes back."""
        return time.monotonic()
