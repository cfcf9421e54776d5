"""What the rules of the watch need to know of the configuration, and of silences and maintenance at this moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from truehelo.configuration.alerting import Alerting
from truehelo.configuration.maintenance import in_maintenance
from truehelo.configuration.watch import WatchSettings
from truehelo.drift.cause import GROUP_S, JOIN_S
from truehelo.drift.routing import silenced
from truehelo.facts.address import parse_address
from truehelo.monitoring import Silence


def moment(at: float) -> datetime:
    """Return seconds since the epoch as an aware time."""
    return datetime.fromtimestamp(at, UTC)


@dataclass(slots=True, kw_only=True)
class Policy:
    """Who is told, what is silenced or under maintenance, and how long things are waited for (seconds)."""

    settings: WatchSettings = field(default_factory=WatchSettings)
    alerting: Alerting = field(default_factory=Alerting)
    silences: Sequence[Silence] = ()
    windows: Sequence[Silence] = ()
    """Maintenance that was set by command; that of the configuration is in `alerting`."""
    group_s: float = GROUP_S
    join_s: float = JOIN_S

    def maintenance(self, ip: str, groups: Sequence[str], at: float) -> str | None:
        """Return why an address is under maintenance, None when it is not."""
        if not self.alerting.maintenance and not self.windows:
            return None
        address, when = parse_address(ip), moment(at)
        window = in_maintenance(self.alerting.maintenance, address, groups, when)
        if window is not None:
            return window.reason or "maintenance"
        held = silenced(self.windows, "", address, groups, when)
        return None if held is None else held.reason

    def silence(self, tag: str, ip: str, groups: Sequence[str], at: float) -> Silence | None:
        """Return the silence that covers an address in a tag."""
        return silenced(self.silences, tag, parse_address(ip), groups, moment(at)) if self.silences else None
