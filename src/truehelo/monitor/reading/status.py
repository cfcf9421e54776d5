"""How everything stands now: open incidents, what cannot be seen, lists, messages that wait, and who watches.

Whatever is well is only counted, so that fifty thousand addresses are told as quickly as fifty.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Connection

from truehelo.configuration.match import fits_tag
from truehelo.findings import Severity
from truehelo.monitor.incidents import FLAPPING
from truehelo.monitor.notices import about_of
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.reading.choose import chosen, tags_of
from truehelo.monitor.silencing import silences_of
from truehelo.monitoring import Dossier, Incident, Member
from truehelo.render.reading import Asked, Deliveries, Listing, Status, Unknown, UnseenDomain, Watcher
from truehelo.store import incidents as rows
from truehelo.store import membership, reading
from truehelo.store.incidents import IncidentRow
from truehelo.store.spans import UNDETERMINED, heartbeats
from truehelo.store.things import domains

FAILED_S = 7 * 86_400.0
"""A message that was given up is shown for so long."""
ALIVE_S = 180.0
"""A watch gives a sign of life every 15 s, a few of which a slow disk may cost."""
MOST = 500
"""Of so many incidents it is worked out whether they are silenced, the worst first."""


def status(
    connection: Connection, asked: Asked, policy: Policy, now: float, *, database: str, warnings: Sequence[str] = ()
) -> Status:
    """Return how everything stands.

    Raises:
        InputError: A group or an owner is asked for that no watched address has.
    """
    where = chosen(connection, asked)
    counted = reading.counted(connection, where)
    states, maintenance = states_of(counted.by)
    if asked.tags:
        states = _of_tags(connection, asked, where, states)
    found, planned = _incidents(connection, asked, where, policy, now)
    return Status(
        at=moment(now),
        database=database,
        asked=asked,
        subjects=sum(counted.by.values()),
        states=states,
        maintenance=maintenance,
        incidents=found,
        planned=planned,
        unknown=unknowns(connection, where),
        blocklists=tuple(
            each
            for each in listings(connection, where)
            if not asked.tags or fits_tag(asked.tags, (reading.LISTED + each.list,))
        ),
        deliveries=_deliveries(connection, now),
        watchers=watchers(connection, now),
        last_check=None if counted.last_check is None else moment(counted.last_check),
        lag_s=0.0 if counted.oldest_due is None else max(0.0, now - counted.oldest_due),
        silences=tuple(each for each in policy.silences if each.since is None or each.since.timestamp() <= now),
        windows=tuple(each for each in policy.windows if each.since is None or each.since.timestamp() <= now),
        warnings=tuple(warnings),
        unseen_domains=() if asked else unseen_domains(connection),
    )


def states_of(by: Mapping[tuple[str, str], int]) -> tuple[dict[str, int], int]:
    """Return how many stand in which state, each counted once, and how many of all are under maintenance.

    What cannot be seen now is not known to be well, nor to fail still: it is counted apart.
    """
    states: dict[str, int] = {}
    for (worst, overlay), count in by.items():
        state = UNDETERMINED if overlay == UNDETERMINED else worst
        states[state] = states.get(state, 0) + count
    return states, sum(count for (_, overlay), count in by.items() if overlay == "maintenance")


def _of_tags(
    connection: Connection, asked: Asked, where: ColumnElement[bool] | None, states: Mapping[str, int]
) -> dict[str, int]:
    """Return the states in some tags alone: whatever is not unwell in one of these, and could be seen, is well in them."""
    unwell = reading.by_tags(connection, tags_of(asked.tags, reading.tags_held(connection)), where)
    blind = {state: states[state] for state in (UNDETERMINED, "new") if state in states}
    well = sum(states.values()) - sum(blind.values()) - sum(unwell.values())
    return {**unwell, **blind, "ok": well}


def _incidents(
    connection: Connection, asked: Asked, where: ColumnElement[bool] | None, policy: Policy, now: float
) -> tuple[tuple[Dossier, ...], frozenset[int]]:
    found = rows.open_incidents(connection)
    if asked.tags and found:
        tags = reading.open_tags(connection)
        found = [each for each in found if fits_tag(asked.tags, {each.tag, *tags.get(each.id, ())})]
    if where is not None and found:
        theirs = reading.incidents_of(connection, where, [each.id for each in found])
        found = [each for each in found if each.id in theirs]
    counts = membership.counts(connection, [each.id for each in found]) if found else {}
    alone = [number for number, (whole, _) in counts.items() if whole == 1]
    examples = reading.only_members(connection, alone) if alone else {}
    found.sort(key=lambda each: (Severity(each.severity).rank, each.acknowledged is not None, each.opened, each.id))
    told, planned = [], set()
    for number, row in enumerate(found):
        silence = None
        if number < MOST and (policy.silences or policy.windows or policy.alerting.maintenance):
            members = [each for each in membership.members_of(connection, row.id) if each.closed is None]
            silence = min(silences_of(row, members, policy, now), key=lambda each: each.until, default=None)
            if members and all(policy.maintenance(each.ip, each.groups, now) is not None for each in members):
                planned.add(row.id)
        told.append(Dossier(incident=_incident(row, counts, examples.get(row.id)), silence=silence))
    return tuple(told), frozenset(planned)


def _incident(row: IncidentRow, counts: Mapping[int, tuple[int, int]], example: tuple[str, str, str] | None) -> Incident:
    # An incident about a resolver or a zone has no members: how many addresses could not be seen is kept with it.
    blind = int(row.details.get("count", 0))
    count, still = counts.get(row.id, (blind, blind))
    since = moment(row.opened)
    members = () if example is None else (Member(ip=example[0], since=since, old=example[1], new=example[2]),)
    return Incident(
        id=row.id,
        key=row.key,
        tag=row.tag,
        severity=Severity(row.severity),
        cause=row.cause,
        opened=since,
        acknowledged=None if row.acknowledged is None else moment(row.acknowledged),
        acknowledged_by=row.acknowledged_by,
        note=row.note,
        count=count,
        open_count=still,
        members=members,
        details={"message": row.details.get("message", ""), FLAPPING: bool(row.details.get(FLAPPING))},
        about=about_of(row),
    )


def unknowns(connection: Connection, where: ColumnElement[bool] | None) -> tuple[Unknown, ...]:
    """Return why addresses cannot be seen now, the most first."""
    return tuple(
        Unknown(cause=cause or "nothing could be seen", count=count, since=moment(since))
        for cause, count, since in reading.unknown(connection, where)
    )


def unseen_domains(connection: Connection) -> tuple[UnseenDomain, ...]:
    """Return the watched domains whose records cannot all be seen now."""
    return tuple(
        UnseenDomain(name=name, cause=cause, since=moment(since)) for name, cause, since in domains.unseen(connection)
    )


def listings(connection: Connection, where: ColumnElement[bool] | None) -> tuple[Listing, ...]:
    """Return what the lists say now, where that is anything but clean: what speaks against addresses first."""
    found = sorted(reading.lists(connection, where), key=lambda each: (-each.against, -each.listed, each.list))
    return tuple(
        Listing(
            list=each.list,
            listed=each.listed,
            against=each.against,
            unknown=each.unknown,
            since=moment(each.since),
            reason=each.reason,
        )
        for each in found
    )


def _deliveries(connection: Connection, now: float) -> tuple[Deliveries, ...]:
    return tuple(
        Deliveries(
            channel=each.channel,
            waiting=each.waiting,
            failed=each.failed,
            oldest=None if each.oldest is None else moment(each.oldest),
            detail=each.detail,
        )
        for each in reading.undelivered(connection, now, now - FAILED_S)
    )


def watchers(connection: Connection, now: float) -> tuple[Watcher, ...]:
    """Return who watches from each vantage point, and whether they still do."""
    return tuple(
        Watcher(vantage=vantage, seen=moment(at), alive=now - at <= ALIVE_S)
        for vantage, at in sorted(heartbeats(connection).items())
    )
