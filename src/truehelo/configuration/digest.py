"""The digest: what happened and what is open, told once a day or once a week.

    [digest]
    every = "weekly"
    day = "monday"
    hour = 8
    timezone = "Europe/Berlin"
    channels = ["ops"]

Does not decide what is in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from truehelo.configuration.maintenance import timezone
from truehelo.configuration.table import Table, nearest
from truehelo.errors import FileError

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """When and where the digest is told. `day` counts for a weekly one alone; `channels` are names."""

    every: str
    hour: int
    channels: tuple[str, ...]
    day: str = "monday"
    timezone: str = "UTC"

    @property
    def span(self) -> timedelta:
        """How long a time it tells of."""
        return timedelta(days=7 if self.every == "weekly" else 1)


def next_digest(digest: Digest, at: datetime) -> datetime:
    """Return when the first digest after `at` is due, in UTC. An hour that the clocks leave out is the one after it."""
    zone = ZoneInfo(digest.timezone)
    day = at.astimezone(zone).date()
    if digest.every == "weekly":
        day += timedelta(days=(DAYS.index(digest.day) - day.weekday()) % 7)
    step = digest.span
    due = datetime.combine(day, time(digest.hour), zone).astimezone(UTC)
    while due <= at:
        day += step
        due = datetime.combine(day, time(digest.hour), zone).astimezone(UTC)
    return due


def read_digest(values: Mapping[str, object], names: tuple[str, ...], where: str) -> Digest | None:
    """Read `[digest]`, None when there is none; without `channels` every channel gets it.

    Raises:
        FileError: It cannot be used.
    """
    if "digest" not in values:
        return None
    given = values["digest"]
    if not isinstance(given, dict):
        raise FileError(where, "digest is no table", 'begin it with a line [digest], then every = "daily" and hour = 8')
    table = Table(given, "[digest]", where)
    every = table.choice("every", ("daily", "weekly"))
    if every == "daily" and table.has("day"):
        table.fail("has a day, and comes daily", 'write every = "weekly", or leave day out')
    digest = Digest(
        every=every,
        hour=table.whole("hour", 0, 23, 8),
        day=table.choice("day", DAYS, "monday"),
        timezone=timezone(table),
        channels=channel_names(table, names),
    )
    table.done()
    return digest


def channel_names(table: Table, names: tuple[str, ...]) -> tuple[str, ...]:
    """Read the channels that a table names, all of them when it names none.

    Raises:
        FileError: There is no such channel, or none at all.
    """
    if not names:
        table.fail("tells nobody: there is no channel", "describe one, beginning with a line [[channel]]")
    found = table.texts("channels", names)
    for name in found:
        if name not in names:
            table.fail(f"names a channel {name!r} that there is not", nearest(name, names))
    return found
