"""Maintenance windows: when somebody works on something, so that nobody is told of it.

    [[maintenance]]
    cron = "0 2 * * SUN"
    duration = "2h"
    timezone = "Europe/Berlin"
    groups = ["customers-*"]
    reason = "weekly updates"

`cron` says when a window begins, in the five fields of cron(5) and in the time of `timezone`; `duration` is how long it
lasts, whatever the clocks are set to meanwhile. Does not decide what is left out during one.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from truehelo.configuration.match import any_match, in_any_network, read_network
from truehelo.configuration.table import Table, tables
from truehelo.facts.address import Address, Network
from truehelo.facts.text import visible

_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
_LONGEST = timedelta(days=14)
MAX_RUNS = 2_000
"""Of one window, in what has been: a daily one for five years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A window that comes again: about what `groups` or `targets` name, about everything when neither is given."""

    cron: str
    duration: timedelta
    timezone: str = "UTC"
    groups: tuple[str, ...] = ()
    targets: tuple[Network, ...] = ()
    reason: str = ""

    def ends(self, at: datetime) -> datetime | None:
        """Return when the window ends that runs at `at`, in UTC; None when none does."""
        start = _latest_start(self.cron, self.timezone, at.astimezone(UTC).replace(second=0, microsecond=0))
        end = None if start is None else start + self.duration
        return end if end is not None and at < end else None

    def covers(self, ip: Address | None, groups: Collection[str]) -> bool:
        """Tell whether the window is about an address, or about one of its groups."""
        if not self.groups and not self.targets:
            return True
        return any_match(self.groups, groups) or (ip is not None and in_any_network(ip, self.targets))


def running(windows: Sequence[Window], at: datetime) -> tuple[Window, ...]:
    """Return the windows that run at a time, whomever they cover: worked out once, it serves for many addresses."""
    return tuple(window for window in windows if window.ends(at) is not None)


def in_maintenance(windows: Sequence[Window], ip: Address | None, groups: Collection[str], at: datetime) -> Window | None:
    """Return the first window that runs at `at` and covers an address with its groups.

    The beginnings are worked out once a minute for each window, whatever the number of addresses that are asked about.
    """
    return next((window for window in running(windows, at) if window.covers(ip, groups)), None)


@lru_cache(maxsize=256)
def runs(window: Window, since: datetime, until: datetime) -> tuple[tuple[datetime, datetime], ...]:
    """Return when a window ran from one time to another, the latest first: from when to when, at most `MAX_RUNS` times."""
    found: list[tuple[datetime, datetime]] = []
    at = until
    while len(found) < MAX_RUNS:
        start = _latest_start(window.cron, window.timezone, at.astimezone(UTC).replace(second=0, microsecond=0))
        if start is None or start + window.duration <= since:
            break
        if start < until:
            found.append((max(start, since), min(start + window.duration, until)))
        at = start - _MINUTE
    return tuple(found)


@lru_cache(maxsize=4096)
def _latest_start(cron: str, timezone: str, minute: datetime) -> datetime | None:
    """The last beginning at or before a minute, in UTC; None when there was none in fifty years."""
    from cronsim import CronSim  # late: this module is reached by commands that need no window

    local = minute.astimezone(ZoneInfo(timezone))
    # In the hour that the clocks repeat, a beginning that reads later may have come earlier.
    ahead = local + _MINUTE + (_HOUR if local.fold else timedelta())
    for start in CronSim(cron, ahead, reverse=True):
        began = start.astimezone(UTC)
        if began <= minute:
            return began
    return None


def read_windows(values: Mapping[str, object], where: str) -> tuple[Window, ...]:
    """Read every `[[maintenance]]`.

    Raises:
        FileError: One cannot be used.
    """
    return tuple(
        _window(Table(table, f"[[maintenance]] {number}", where))
        for number, table in enumerate(tables(values, "maintenance", where), 1)
    )


def _window(table: Table) -> Window:
    window = Window(
        cron=_cron(table),
        duration=table.duration("duration", _MINUTE, _LONGEST),
        timezone=timezone(table),
        groups=table.texts("groups", ()),
        targets=tuple(_network(table, text) for text in table.texts("targets", ())),
        reason=table.text("reason", ""),
    )
    table.done()
    return window


def _cron(table: Table) -> str:
    from cronsim import CronSim, CronSimError

    accepted = 'write minute, hour, day of month, month and day of week, as in cron = "0 2 * * SUN"'
    text = table.text("cron", accepted=accepted)
    if len(text.split()) != 5 or len(text) > 200:
        table.fail(f"cron is {visible(text, 80)!r}, which has not five fields", accepted)
    try:
        next(CronSim(text, datetime(2000, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        table.fail(f"cron is {visible(text, 80)!r}: {str(error).lower()}", accepted)
    except StopIteration:
        table.fail(f"cron is {visible(text, 80)!r}, which is no day of any year", accepted)
    return text


def timezone(table: Table) -> str:
    """Read the name of a time zone, UTC by default.

    Raises:
        FileError: This machine does not know it.
    """
    name = table.text("timezone", "UTC")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # ZoneInfoNotFoundError is a KeyError, a folder of zones an OSError
        accepted = 'write timezone = "Europe/Berlin" or "UTC"; the names are those of the IANA time zone database (tzdata)'
        table.fail(f"timezone is {visible(name, 80)!r}, which this machine does not know", accepted)
    return name


def _network(table: Table, text: str) -> Network:
    found = read_network(text)
    if found is None:
        table.fail(f"targets has {visible(text, 80)!r}", 'give addresses and networks, as in targets = ["203.0.113.0/24"]')
    return found
