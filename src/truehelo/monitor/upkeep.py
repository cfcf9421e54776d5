"""What the watch does now and then: what fails untold, what became stable, reminders, blindness, digests, retention.

Each job is one function over one transaction, and may be done by several watchers at once: what is put into the
outbox is unique.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from truehelo.configuration.digest import next_digest
from truehelo.configuration.watch import RetentionSettings
from truehelo.drift.routing import Reminder, next_reminder
from truehelo.findings import Severity
from truehelo.monitor.incidents import Told, close_if_over
from truehelo.monitor.notices import about_of, freeze
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.telling import briefs, notice_key, tell
from truehelo.monitoring import Notice, NoticeKind
from truehelo.store import incidents as rows
from truehelo.store import membership, outbox, tables, upkeep
from truehelo.store.reports import retention
from truehelo.store.spans import BEGAN, HEARTBEAT
from truehelo.store.things.rows import prune as prune_things
from truehelo.store.upkeep import DAY_S, Blind

CANNOT_SEE = "CANNOT_SEE"
"""Not a finding of a check: it is about a resolver or a zone, not about an address."""
MOST_OF_DIGEST = 1000
"""How many incidents that were opened, and how many that ended, a digest counts; it names the first of them."""


def end_stable(connection: Connection, policy: Policy, now: float, told: Told) -> None:
    """End what flapped and has been well for long enough."""
    before = now - policy.settings.stable_s
    for member in membership.stable_members(connection, before):
        rows.serialise(connection)
        if not membership.end_stable_member(connection, member.id, before, now):
            continue  # a look that was written meanwhile has seen it fail again
        incident = rows.incident(connection, member.incident_id)
        if incident is not None:
            close_if_over(connection, incident, policy, now, told)


def end_removed(connection: Connection, policy: Policy, now: float, told: Told) -> None:
    """End what is no longer watched: nobody will ever see it well again."""
    for member in membership.removed_members(connection):
        rows.serialise(connection)
        membership.change_member(connection, member.id, closed=now)
        incident = rows.incident(connection, member.incident_id)
        if incident is None:
            continue
        # While others may yet be seen well again, that is what will be told.
        if not membership.has_open_member(connection, incident.id):
            rows.add_details(connection, incident.id, ended="no longer watched")
        close_if_over(connection, incident, policy, now, told)


def remind(connection: Connection, policy: Policy, now: float) -> int:
    """Put reminders of what is still open into the outbox."""
    if not any(route.remind_every is not None for route in policy.alerting.routes):
        return 0
    count = 0
    for incident in rows.open_incidents(connection):
        when = {name: moment(at) for name, at in upkeep.last_told(connection, incident.id).items()}
        notices = briefs(connection, incident, NoticeKind.REMINDER, now) if when else []
        while when:
            due = _next_reminder(notices, policy, when, acknowledged=incident.acknowledged is not None)
            if due is None or due.at.timestamp() > now:
                break
            sequence = str(int(when.pop(due.channel).timestamp()))
            count += outbox.enqueue(
                connection,
                key=notice_key(incident.id, NoticeKind.REMINDER, sequence, due.channel, incident.opened),
                number=incident.id,
                kind=NoticeKind.REMINDER,
                sequence=sequence,
                channel=due.channel,
                now=now,
                attempt_at=now,
            )
    return count


def _next_reminder(
    notices: Sequence[Notice], policy: Policy, when: Mapping[str, datetime], *, acknowledged: bool
) -> Reminder | None:
    """Return the first reminder that one of the kinds of members asks for."""
    each = (next_reminder(notice, policy.alerting, when, acknowledged=acknowledged) for notice in notices)
    return min(filter(None, each), key=lambda due: (due.at, due.channel), default=None)


def tell_blindness(connection: Connection, policy: Policy, now: float, told: Told) -> None:
    """Tell what could not be seen for long, once for each cause; and that it can be seen again."""
    known = {blind.cause: blind for blind in upkeep.told_blind(connection)}
    for cause, blind in list(known.items()):
        if upkeep.still_blind(connection, cause):
            continue
        incident = None if blind.incident_id is None else rows.incident(connection, blind.incident_id)
        other = None if incident is None else _same_blindness(connection, incident.opened, known)
        if other is not None:
            known[other] = blind
            upkeep.rename_blind(connection, cause, other)
            continue
        upkeep.forget_blind(connection, cause)
        if incident is not None and rows.close_incident(connection, incident.id, now):
            told.closed.append(incident.id)
            ended = rows.incident(connection, incident.id)
            if ended is not None:
                tell(connection, ended, NoticeKind.SEEN, "", policy, now)
    for blind in upkeep.blind_now(connection, now - policy.settings.unseen_after_s):
        if blind.cause not in known:
            _open_blindness(connection, blind, policy, now, told)


def _same_blindness(connection: Connection, opened: float, known: Mapping[str, Blind]) -> str | None:
    """Return a cause that nobody was told of, for which subjects could not be seen before an incident was opened either.

    A resolver that is silent may come to say that the zone fails: nothing can be seen all the while.
    """
    return next((each.cause for each in upkeep.blind_now(connection, opened) if each.cause not in known), None)


def _open_blindness(connection: Connection, blind: Blind, policy: Policy, now: float, told: Told) -> None:
    rows.serialise(connection)
    addresses = "1 address" if blind.count == 1 else f"{blind.count:,} addresses"
    cause = f"{addresses} cannot be seen since {moment(blind.since):%Y-%m-%d %H:%M} UTC ({blind.cause})"
    number = rows.open_incident(
        connection,
        key=f"{CANNOT_SEE} {blind.cause}",
        tag=CANNOT_SEE,
        severity=Severity.NOTE,
        cause=cause,
        details={"count": blind.count},
        at=now,
    )
    upkeep.tell_blind(connection, blind, number)
    incident = rows.incident(connection, number)
    if incident is not None:
        tell(connection, incident, NoticeKind.UNSEEN, "", policy, now)
    told.opened.append(number)


def digest(connection: Connection, policy: Policy, now: float) -> bool:
    """Put the digest into the outbox when its time has come; True when it was."""
    wanted = policy.alerting.digest
    if wanted is None:
        return False
    held, after = upkeep.get(connection, "digest_at"), next_digest(wanted, moment(now)).timestamp()
    if held is None or float(held) > after:
        # Later than the next one: the clock was ahead when that was worked out, or the digest came less often.
        upkeep.put(connection, "digest_at", repr(after))
        return False
    if float(held) > now:
        return False
    until = float(held)
    # One that comes late tells of all that it is late for: none comes of the days between.
    while (further := next_digest(wanted, moment(until)).timestamp()) <= now:
        until = further
    told = upkeep.get(connection, "digest_told")
    since = until - wanted.span.total_seconds() if told is None or float(told) >= until else float(told)
    notice = _digest(connection, since, until, now)
    for channel in wanted.channels:
        outbox.enqueue(
            connection,
            key=notice_key(None, NoticeKind.DIGEST, held, channel, 0.0),
            number=None,
            kind=NoticeKind.DIGEST,
            sequence=held,
            channel=channel,
            now=now,
            attempt_at=now,
            notice=freeze(notice),
        )
    upkeep.put(connection, "digest_at", repr(after))
    upkeep.put(connection, "digest_told", repr(until))
    return True


def _digest(connection: Connection, since: float, until: float, now: float) -> Notice:
    opened = rows.opened_within(connection, since, until, MOST_OF_DIGEST)
    # Whenever they began: who hears of incidents by the digest alone hears of each end once.
    ended = rows.closed_within(connection, since, until, MOST_OF_DIGEST)
    still = rows.open_incidents(connection)
    counts = membership.counts(connection, list({each.id for each in (*opened, *ended, *still)}))
    flips = connection.execute(
        select(func.count()).where(tables.flips.c.at >= since, tables.flips.c.at < until)
    ).scalar_one()
    blind = connection.execute(
        select(func.count()).where(
            tables.schedule.c.undetermined_since.is_not(None), tables.schedule.c.next_run_at.is_not(None)
        )
    ).scalar_one()
    watched = connection.execute(select(func.count()).where(tables.schedule.c.next_run_at.is_not(None))).scalar_one()
    lines = [f"{watched:,} addresses are watched, {blind:,} of them cannot be seen now.", f"{flips:,} changes were seen."]
    lines.append("")
    lines += _list("Opened", opened, counts)
    lines += _list("Ended", ended, counts)
    lines += _list("Still open", still, counts)
    return Notice(
        kind=NoticeKind.DIGEST,
        tag="",
        severity=Severity.NOTE,
        at=moment(now),
        summary=f"{len(opened)} opened, {len(ended)} ended, {len(still)} still open, from {_when(since)} to {_when(until)}",
        lines=tuple(lines),
    )


def _list(word: str, found: list[rows.IncidentRow], counts: Mapping[int, tuple[int, int]]) -> list[str]:
    shown = found[:20]
    lines = [f"{word}: {len(found)}"] + [
        f"  {each.id}: {each.cause} ({counts.get(each.id, (0, 0))[0]} {about_of(each)}), since {_when(each.opened)}"
        for each in shown
    ]
    return [*lines, f"  and {len(found) - len(shown)} more"] if len(found) > len(shown) else lines


def _when(at: float) -> str:
    return f"{moment(at):%Y-%m-%d %H:%M}"


def retain(connection: Connection, settings: RetentionSettings, now: float, *, reports_at_once: int | None = None) -> int:
    """Roll up the days that are over, and remove what is older than it is to be kept; return how many rows were removed.

    `reports_at_once` bounds what goes of reports, of which there may be millions: what is left goes the next time.
    """
    removed = upkeep.prune(
        connection,
        # Whole days: one that is not rolled up yet must be there as a whole when it is.
        history_before=_roll_up(connection, settings, now) * DAY_S,
        incidents_before=now - settings.incidents_days * DAY_S,
        deliveries_before=now - settings.deliveries_days * DAY_S,
    )
    today = int(now // DAY_S)
    kept = retention.Kept(
        records=today - settings.records_days, sums=today - settings.rollups_days, failures=today - settings.failures_days
    )
    things = prune_things(connection, now - settings.history_days * DAY_S)
    return removed + things + retention.prune(connection, kept, reports_at_once)


def _roll_up(connection: Connection, settings: RetentionSettings, now: float) -> int:
    """Keep in short the days that retention is about to remove; return the first day (since the epoch) that it leaves."""
    from truehelo.store.history import day_of

    first = upkeep.get(connection, "rolled_up")
    until = int((now - settings.history_days * DAY_S) // DAY_S)
    if first is None:
        oldest = connection.execute(select(func.min(tables.flips.c.at))).scalar()
        start = until if oldest is None else int(oldest // DAY_S)
    else:
        start = int(first)
    for day in range(start, until):
        upkeep.roll_up(connection, day_of(connection, day))
    if until > start or first is None:
        upkeep.put(connection, "rolled_up", str(max(start, until)))
    return until


def note_gap(connection: Connection, vantage: str, now: float, usual: timedelta) -> float | None:
    """Keep that nobody watched since the last heartbeat, if that is long ago; return since when."""
    held = upkeep.get(connection, f"{HEARTBEAT}{vantage}")
    upkeep.put(connection, f"{HEARTBEAT}{vantage}", repr(now))
    if held is None:
        upkeep.put(connection, f"{BEGAN}{vantage}", repr(now))
    if held is None or now - float(held) <= usual.total_seconds():
        return None
    upkeep.add_gap(connection, vantage, float(held), now, "the watch was not running")
    return float(held)
