"""When an address was under maintenance: the windows of the configuration, and those that were set by command.

The configuration tells of its windows as they are written now; how they were written then is not kept.
"""

from collections.abc import Iterable, Sequence

from truehelo.configuration.maintenance import runs
from truehelo.drift.routing import silenced
from truehelo.facts.address import parse_address
from truehelo.monitor.policy import Policy, moment
from truehelo.monitoring import Silence
from truehelo.render.reading import Span
from truehelo.store.spans import Interval

MAINTENANCE = "maintenance"


def planned(
    policy: Policy, windows: Sequence[Silence], ip: str, groups: Sequence[str], since: float, until: float
) -> list[tuple[float, float]]:
    """Return when an address was under maintenance, in order and apart from each other.

    Args:
        policy: Its configured windows.
        windows: Those that were set by command, over ones included.
        ip: The address.
        groups: Its groups.
        since: From when on (seconds since the epoch).
        until: The end.
    """
    address = parse_address(ip)
    found: list[tuple[float, float]] = []
    for window in policy.alerting.maintenance:
        if window.covers(address, groups):
            found += [(start.timestamp(), end.timestamp()) for start, end in runs(window, moment(since), moment(until))]
    for each in windows:
        begins = since if each.since is None else max(each.since.timestamp(), since)
        ends = min(each.until.timestamp(), until)
        if begins < ends and silenced((each,), "", address, groups, moment(begins)) is not None:
            found.append((begins, ends))
    return _merged(found)


def _merged(stretches: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    result: list[tuple[float, float]] = []
    for start, end in sorted(stretches):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def under(intervals: Iterable[Interval], windows: Sequence[tuple[float, float]]) -> tuple[Span, ...]:
    """Return spans with maintenance laid over what was seen meanwhile; when nobody watched, nobody watched."""
    result: list[Span] = []
    for each in intervals:
        if each.state == "unwatched":
            result.append(Span(each.state, each.since, each.until))
            continue
        at = each.since
        for start, end in windows:
            if end <= at or start >= each.until:
                continue
            if start > at:
                result.append(Span(each.state, at, start))
            at = max(at, start)
            result.append(Span(MAINTENANCE, at, min(end, each.until)))
            at = min(end, each.until)
        if at < each.until:
            result.append(Span(each.state, at, each.until))
    return tuple(result)
