"""Lengths of time as people write them: "90s", "30m", "1h30m", "7d", "2w". Nothing smaller than a second."""

import re
from datetime import timedelta

ACCEPTED = 'write it as "90s", "30m", "4h", "1h30m" or "7d"'
_UNITS = {"w": 7 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_MOST_S = 10**10
"""Three hundred years: nobody means more, and arithmetic with dates ends not far behind."""
_WHOLE = re.compile("".join(f"(?:([0-9]{{1,9}}){unit})?" for unit in _UNITS))


def read_duration(text: str) -> timedelta | None:
    """Read a length of time, units in falling order; None when it is none, is nothing, or is beyond all reason."""
    found = _WHOLE.fullmatch(text)
    if found is None:
        return None
    seconds = sum(int(number) * unit for number, unit in zip(found.groups("0"), _UNITS.values(), strict=True))
    return timedelta(seconds=seconds) if 0 < seconds <= _MOST_S else None


def write_duration(length: timedelta) -> str:
    """Write a length of time as `read_duration` reads it, whole seconds; "0s" for none."""
    seconds = int(length.total_seconds())
    parts = []
    for unit, size in list(_UNITS.items())[1:]:
        number, seconds = divmod(seconds, size)
        parts += [f"{number}{unit}"] if number else []
    return "".join(parts) or "0s"
