"""How everything stands, counted for the metrics and for the state of the watch itself."""

from sqlalchemy import Connection

from truehelo.service.health import Gauges, Health, Targets
from truehelo.store import history
from truehelo.store.targets import targets


def gauge(connection: Connection, health: Health, now: float, *, per_target: bool = False) -> None:
    """Count what the store holds, and how late the subject is that is due the longest; `now` in seconds since the epoch.

    `per_target`: keep also how each single subject stands.
    """
    seen, counted = history.overview(connection), history.counted(connection)
    health.ticked(max(0.0, now - seen.oldest_due) if seen.oldest_due is not None else 0.0)
    states = {**seen.by_state}
    if seen.undetermined:
        states["undetermined"] = seen.undetermined
    if seen.maintenance:
        states["maintenance"] = seen.maintenance
    health.gauges = Gauges(
        states=states,
        findings=counted.findings,
        incidents=counted.incidents,
        listings=counted.listings,
        undetermined=seen.undetermined,
        waiting=counted.waiting,
    )
    if per_target:
        each = targets(connection)
        health.targets = Targets(states=each.states, findings=dict(each.findings), listed=each.listed)
