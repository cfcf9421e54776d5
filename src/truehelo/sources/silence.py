"""Whether a reporter has fallen silent: one that reported on nearly each day, and for longer than chance has not.

A reporter that leaves out a day now and then is given more days than one that never does. Nobody but the reporter knows
whether it still gets mail of the domain: silence is told as what it is. Does not decide which reports count as arrived.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import ceil, log

WITHIN_DAYS = 21
"""How long a reporter must have been heard."""
LATE_DAYS = 2
"""Reports on a day come in the course of the next one: before that nobody is silent."""
OLD_DAYS = 30
"""Who is silent for longer than this, and was never told of, is history: such as that of an import of old reports."""
CHANCE = 1e-4
"""How likely the silence of a reporter that goes on as before may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """How a reporter did. Days since the epoch.

    Args:
        last: The last day that it reported on.
        days: On how many of the `WITHIN_DAYS` days up to then it did.
        missing: How many days have passed since then on which it should have been heard.
        patience: So many days without a report are no chance any more.
    """

    last: int
    days: int
    missing: int
    patience: int

    @property
    def is_regular(self) -> bool:
        """It reported on four of five days, for three weeks."""
        return self.days >= 0.8 * WITHIN_DAYS

    @property
    def is_old(self) -> bool:
        """It is missing for so long that nobody waits for it any more."""
        return self.missing > OLD_DAYS

    @property
    def is_silent(self) -> bool:
        """It was regular, and is missing for longer than chance explains, and not since ever."""
        return self.is_regular and self.patience <= self.missing and not self.is_old


def habit(days: Collection[int], today: int, least: int = 3) -> Habit | None:
    """Return how a reporter did, None for one that never reported.

    Args:
        days: The days (since the epoch) that it reported on.
        today: This day.
        least: So many days it is given at least.
    """
    last = max((day for day in days if day <= today), default=None)
    if last is None:
        return None
    heard = sum(last - WITHIN_DAYS < day <= last for day in set(days))
    missed = (WITHIN_DAYS - heard + 1) / (WITHIN_DAYS + 2)
    return Habit(
        last=last,
        days=heard,
        missing=max(0, today - LATE_DAYS - last),
        patience=max(least, ceil(log(CHANCE) / log(missed))),
    )
