"""Who is told of a notice, how soon, when again, and when a delivery that failed is tried anew.

Routes are tried in order; the first that matches ends the search unless it continues. A route with `after` escalates:
it is told only of what is then still open and not acknowledged. Times come in as arguments. Does not send anything, and
does not decide what a notice is about.
"""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from truehelo.configuration.alerting import Alerting
from truehelo.configuration.match import any_match, fits_tag, in_any_network, read_network
from truehelo.configuration.routes import Route
from truehelo.facts.address import Address
from truehelo.findings import Severity
from truehelo.monitoring import Notice, NoticeKind, Silence

_NEWS = frozenset({NoticeKind.OPENED, NoticeKind.FLAPPING, NoticeKind.UNSEEN})
_BLIND = frozenset({NoticeKind.UNSEEN, NoticeKind.SEEN})
_NAGGING = frozenset({NoticeKind.REMINDER, NoticeKind.ESCALATED})
_NOW = timedelta()

FIRST_RETRY, LAST_RETRY = timedelta(seconds=5), timedelta(hours=6)
_GROWTH = 4.0
_SPREAD = 0.2
MAX_TRIES = 20
"""Tries of one delivery in all: about three days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A notice is to go to `channel`, `after` the moment it was made (an escalation: if it is then still to be told)."""

    channel: str
    after: timedelta = _NOW


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """At `at`, `channel` is to be told that something is still open."""

    channel: str
    at: datetime


def deliveries(
    notice: Notice, alerting: Alerting, *, acknowledged: bool = False, told: Collection[str] | None = None
) -> tuple[Delivery, ...]:
    """Return where a notice goes, each channel once, in the order of the routes.

    What is new goes to every channel that a route names, to that of an escalation later: whoever keeps the delivery until
    then asks again whether the incident is still open and unacknowledged. An escalation that is made at its time
    (`ESCALATED`) goes to the channels whose time has come. Growth, reminders and ends go to those who know: the
    escalations whose time had come among them. A digest goes to its own channels, a test to all.

    Args:
        notice: What is to be told.
        alerting: The configuration.
        acknowledged: Somebody is on it: no reminder, and no escalation that is made at its time; what is new and what ends
            is told all the same, what is new to the channels of escalations later.
        told: The channels that were told of the incident, where that is known: reminders and ends go to them alone.
    """
    if notice.kind is NoticeKind.TEST:
        return tuple(Delivery(channel=channel.name) for channel in alerting.channels)
    if notice.kind is NoticeKind.DIGEST:
        return tuple(Delivery(channel=name) for name in (alerting.digest.channels if alerting.digest is not None else ()))
    if acknowledged and notice.kind in _NAGGING:
        return ()
    soonest: dict[str, timedelta] = {}
    for route in matching(notice, alerting):
        for channel in route.channels:
            after = _wait(notice, route, acknowledged, None if told is None else channel in told)
            if after is not None:
                soonest[channel] = min(after, soonest.get(channel, after))
    return tuple(Delivery(channel=channel, after=after) for channel, after in soonest.items())


def matching(notice: Notice, alerting: Alerting) -> Iterator[Route]:
    """Yield the routes that a notice takes, those alone among them that leave it to the digest."""
    for route in alerting.routes:
        if _matches(notice, route):
            yield route
            if not route.continues:
                return


def leads_to(notice: Notice, alerting: Alerting, channel: str) -> bool:
    """Tell whether a route that a notice takes ends at `channel`, at whatever time."""
    return any(channel in route.channels for route in matching(notice, alerting))


def _matches(notice: Notice, route: Route) -> bool:
    # That nothing can be seen is no weight of a finding: whoever reads warnings must hear of it.
    weight = (
        min(notice.severity, Severity.WARNING, key=lambda each: each.rank) if notice.kind in _BLIND else notice.severity
    )
    owners = notice.owners or tuple({member.owner for member in notice.members if member.owner})
    return (
        weight.rank <= route.severity.rank
        and (not route.tags or fits_tag(route.tags, (notice.tag,)))
        and (not route.groups or any_match(route.groups, notice.groups))
        and (not route.owners or any_match(route.owners, owners))
    )


def _wait(notice: Notice, route: Route, acknowledged: bool, told: bool | None) -> timedelta | None:
    """How long a route waits with a notice, None when it does not tell it. `told`: whether the channel knows, if known."""
    kind, due = notice.kind, _age(notice) >= route.after
    if kind in _NEWS:
        # Also where somebody is on it: that is asked when its time comes, and may be taken back until then.
        return route.after
    if kind is NoticeKind.ESCALATED:
        return _NOW if route.after and due else None
    if kind is NoticeKind.GROWN:
        return _NOW if due and not (acknowledged and route.after) else None
    knows = due if told is None else told
    wanted = route.remind_every is not None if kind is NoticeKind.REMINDER else route.recovered
    return _NOW if knows and wanted else None


def _age(notice: Notice) -> timedelta:
    """How long the incident was open when the notice was made."""
    return (notice.closed or notice.at) - (notice.opened or notice.at)


def next_reminder(
    notice: Notice, alerting: Alerting, told: Mapping[str, datetime], *, acknowledged: bool = False
) -> Reminder | None:
    """Return the next time that a channel is to be reminded of an open incident, None for never.

    Args:
        notice: What is open, as it would be told now.
        alerting: The configuration.
        told: When each channel was last told of it; one that was not is not reminded.
        acknowledged: Somebody is on it.
    """
    if acknowledged or notice.closed is not None:
        return None
    every: dict[str, timedelta] = {}
    for route in matching(notice, alerting):
        if route.remind_every is not None:
            every |= {name: min(route.remind_every, every.get(name, route.remind_every)) for name in route.channels}
    due = [Reminder(channel=name, at=told[name] + length) for name, length in every.items() if name in told]
    return min(due, key=lambda each: (each.at, each.channel), default=None)


def retry_after(attempt: int, key: str) -> timedelta:
    """Return how long to wait after the try number `attempt` (1 for the first) failed: 5 s, then longer, up to 6 h.

    The same key waits equally long each time it is worked out, and different ones differently, so that many deliveries that
    failed together do not come back together.
    """
    digest = hashlib.sha256(f"{key}\n{attempt}".encode("utf-8", "backslashreplace")).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    longest = min(LAST_RETRY.total_seconds(), FIRST_RETRY.total_seconds() / (1 - _SPREAD) * _GROWTH ** min(attempt - 1, 30))
    return timedelta(seconds=longest * (1 - _SPREAD * share))


def next_try(
    attempt: int, key: str, *, temporary: bool, retry_after_s: float | None = None, tries: int | None = None
) -> timedelta | None:
    """Return how long to wait after the try number `attempt` failed, None when it is given up.

    Args:
        attempt: 1 for the first try.
        key: The idempotency key of the delivery.
        temporary: As the channel says (`ChannelError`).
        retry_after_s: How long the other side asks to wait; the longer of the two waits counts.
        tries: After how many tries the channel believes that it is of no use.
    """
    if not temporary or attempt >= min(MAX_TRIES, tries or MAX_TRIES):
        return None
    return max(retry_after(attempt, key), timedelta(seconds=retry_after_s or 0.0))


def silenced(
    silences: Sequence[Silence], tag: str, ip: Address | None, groups: Collection[str], at: datetime
) -> Silence | None:
    """Return the first silence that is about an address, its groups and a tag at that time."""
    return next((silence for silence in silences if _is_silenced(silence, tag, ip, groups, at)), None)


def _is_silenced(silence: Silence, tag: str, ip: Address | None, groups: Collection[str], at: datetime) -> bool:
    if at >= silence.until or (silence.since is not None and at < silence.since):
        return False
    if silence.ip:
        network = read_network(silence.ip)
        if network is None or ip is None or not in_any_network(ip, (network,)):
            return False
    return (not silence.tags or fits_tag(silence.tags, (tag,))) and (
        not silence.groups or any_match(silence.groups, groups)
    )
