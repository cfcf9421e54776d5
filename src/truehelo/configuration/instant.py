"""Points in time as people write them: "2026-11-27 08:00", "2026-11-27T08:00+01:00", "08:00", or "8h" from now or ago.

What names no zone is in UTC, as is every time that the program shows (RFC 3339 §4.3 on why to say so).
"""

import re
from datetime import UTC, datetime, timedelta

from truehelo.configuration.duration import read_duration

ACCEPTED = 'write it as "2026-11-27 08:00" (in UTC), "2026-11-27T08:00+01:00", "08:00" or "8h"'
_HOUR = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_DATE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?( ?UTC|Z|[+-][0-9]{2}:?[0-9]{2})?)?", re.ASCII
)


def read_instant(text: str, now: datetime, *, ahead: bool) -> datetime | None:
    """Read a point in time, in UTC; None when it is none.

    Args:
        text: What was written.
        now: What a length of time, or an hour without a date, is counted from.
        ahead: Whether these lie ahead ("until") or behind ("since").
    """
    text = text.strip()
    length = read_duration(text)
    try:
        if length is not None:
            return now + length if ahead else now - length
        hour = _HOUR.fullmatch(text)
        if hour is not None:
            today = now.astimezone(UTC).replace(hour=int(hour[1]), minute=int(hour[2]), second=0, microsecond=0)
            day = timedelta(days=1)
            return today + day if ahead and today <= now else today - day if not ahead and today > now else today
        if _DATE.fullmatch(text) is None:
            return None
        found = datetime.fromisoformat(text.removesuffix("UTC").rstrip())
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or beyond the calendar
        return None
