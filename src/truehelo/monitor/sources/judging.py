"""What the judges of reports share: which days count, what they ask, and how what they find is kept."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from sqlalchemy import Connection

from truehelo.configuration.domains import DomainSettings, ReportAlertSettings
from truehelo.engine.judge import AS_USUAL, Judging
from truehelo.monitor.sources.incidents import well
from truehelo.store.things import rows
from truehelo.store.things.rows import Thing, ThingState

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """The thing that something is told of, by what names it; `groups` and `owner` are for routes."""

    kind: str
    name: str
    domain: str = ""
    groups: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An evaluation: over which database, by which settings, and when (seconds since the epoch). It only reads."""

    connection: Connection
    alerts: ReportAlertSettings
    domains: DomainSettings
    now: float
    judging: Judging = AS_USUAL
    later: list[Callable[[Connection], object]] = field(default_factory=list)
    """What is to be written: the asking of large sums must not keep others from writing."""

    @property
    def today(self) -> int:
        """The day of now, since the epoch."""
        return int(self.now // DAY_S)

    @property
    def last(self) -> int:
        """The last day that everybody has reported on."""
        return self.today - self.alerts.late_days


Judge = Callable[[Asking], None]


def date(day: int) -> str:
    """Write a day for people."""
    return f"{datetime.fromtimestamp(day * DAY_S, UTC):%Y-%m-%d}"


def keep(asking: Asking, whom: Whom, state: ThingState) -> None:
    """Have it kept that a thing is not well."""

    def write(connection: Connection) -> None:
        thing = rows.thing(
            connection, whom.kind, whom.name, whom.domain, now=asking.now, groups=whom.groups, owner=whom.owner
        )
        rows.put_state(connection, thing.id, state, asking.now)

    asking.later.append(write)


def over(asking: Asking, thing: Thing, tag: str, ended: str = "") -> None:
    """Have it kept that a thing is well again; `ended` where that was not seen."""
    asking.later.append(lambda connection: well(connection, thing.id, tag, ended))


def standing(asking: Asking, tags: Iterable[str]) -> list[tuple[Thing, ThingState]]:
    """Return what is not well in some tags and still watched."""
    return [each for each in rows.states(asking.connection, list(tags)) if each[0].removed_at is None]
