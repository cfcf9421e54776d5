"""The regular audit of what is watched, over some days: from the store, and bounded whatever its size.

Networks and addresses that need a word are listed, the worst first, so many of each; whatever is well is counted. The
checklist of an address is worked out anew from the evidence of its last change, and dated so.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network

import msgspec
from sqlalchemy import ColumnElement, Connection

from truehelo.errors import FileError, InputError
from truehelo.facts.address import parse_address
from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.monitor.notices import about_of
from truehelo.monitor.policy import Policy, moment
from truehelo.monitor.reading.choose import chosen
from truehelo.monitor.reading.history import standings, unpacked
from truehelo.monitor.reading.status import listings, unknowns, watchers
from truehelo.monitor.reading.windows import planned, under
from truehelo.monitor.upkeep import CANNOT_SEE
from truehelo.monitoring import Incident, Silence
from truehelo.render import strip
from truehelo.render.incidents import headline
from truehelo.render.ranges import compress
from truehelo.render.reading import Asked, Course, Day, Item, Network, Report, Row, Told
from truehelo.render.style import Mark
from truehelo.store import history as kept
from truehelo.store import incidents as rows
from truehelo.store import membership, reading, stood, upkeep
from truehelo.store.history import DAY_S
from truehelo.store.incidents import IncidentRow
from truehelo.store.spans import UNDETERMINED
from truehelo.store.stood import Stood
from truehelo.store.tables import subjects

MOST_NETWORKS, MOST_ROWS, MOST_CHECKLISTS = 40, 12, 40
MOST_ALIKE, ALIKE_CELLS = 1_000, 30
MOST_OPEN, MOST_CLOSED, MOST_RANGES = 40, 60, 12
_WORDS = {Mark.YES: "done", Mark.NO: "not done", Mark.UNKNOWN: "could not be determined"}
_RANK = {"failing": 0, "recovering": 1, "suspect": 2, UNDETERMINED: 3, "new": 4, "ok": 5}


@dataclass(slots=True, kw_only=True)
class _Group:
    """A network while its addresses are counted."""

    states: Counter[str] = field(default_factory=Counter)
    alike: dict[tuple[object, ...], "_Alike"] = field(default_factory=dict)
    more: int = 0

    @property
    def rank(self) -> tuple[float, ...]:
        return min((each.rank for each in self.alike.values()), default=(9.0,))


@dataclass(slots=True, kw_only=True)
class _Alike:
    """Addresses of a network that stood alike, the first of them in full."""

    rank: tuple[float, ...]
    first: Stood
    course: Course
    state: str
    ips: list[str] = field(default_factory=list)
    count: int = 0


def report(
    connection: Connection,
    asked: Asked,
    targets: Sequence[str],
    policy: Policy,
    now: float,
    *,
    days: int,
    warnings: Sequence[str] = (),
) -> Report:
    """Return the audit of what is asked for.

    Raises:
        InputError: A target, a group or an owner is asked for that is not watched.
    """
    since = now - days * DAY_S
    where = _where(connection, asked, targets)
    groups, totals, well = _counted(connection, where, policy, since, now)
    shown = sorted((each for each in groups.items() if each[1].alike), key=lambda each: (each[1].rank, each[0]))
    states: Counter[str] = Counter()
    for group in groups.values():
        states += group.states
    ended, still = _incidents(connection, where, since, now)
    return Report(
        at=moment(now),
        since=moment(since),
        asked=asked,
        targets=tuple(targets),
        subjects=states.total(),
        states=dict(states),
        seconds=totals,
        always_well=well,
        networks=_networks(connection, shown[:MOST_NETWORKS]),
        networks_well=len(groups) - len(shown),
        networks_more=max(0, len(shown) - MOST_NETWORKS),
        incidents=tuple(
            [_told(connection, each) for each in still[:MOST_OPEN]]
            + [_told(connection, each) for each in ended[:MOST_CLOSED]]
        ),
        incidents_open=sum(each.tag != CANNOT_SEE for each in still),
        incidents_ended=sum(each.tag != CANNOT_SEE for each in ended),
        incidents_more=max(0, len(still) - MOST_OPEN) + max(0, len(ended) - MOST_CLOSED),
        blocklists=listings(connection, where),
        unknown=unknowns(connection, where),
        watchers=watchers(connection, now),
        warnings=tuple(warnings),
    )


# Who is asked for


def _where(connection: Connection, asked: Asked, targets: Sequence[str]) -> ColumnElement[bool] | None:
    where = chosen(connection, asked)
    if not targets:
        return where
    ips: set[str] = set()
    for target in targets:
        found = (
            _in_network(connection, target) if "/" in target else {each.subject.ip for each in _watched(connection, target)}
        )
        ips |= found
    mine = reading.within(connection, subjects.c.ip, sorted(ips))
    return mine if where is None else where & mine


def _watched(connection: Connection, target: str) -> list[kept.Standing]:
    found = [each for each in standings(connection, target) if each.removed_at is None]
    if not found:
        raise InputError(visible(target, 100), "is no longer watched", "truehelo history shows how it stood")
    return found


def _in_network(connection: Connection, target: str) -> set[str]:
    try:
        network = ip_network(target.strip(), strict=False)
    except ValueError:
        accepted = "give an address, a network as 192.0.2.0/24, or a name that one is expected to have"
        raise InputError(visible(target, 100), "is no network", accepted) from None
    found = {
        text
        for text in reading.distinct(connection, subjects.c.ip)
        if (ip := parse_address(text)) is not None and ip in network
    }
    if not found:
        raise InputError(str(network), "holds no address that is watched", "truehelo inventory list shows what is")
    return found


# How they stood


def _counted(
    connection: Connection, where: ColumnElement[bool] | None, policy: Policy, since: float, now: float
) -> tuple[dict[str, _Group], dict[str, float], int]:
    """Return each network with its addresses that need a word, the seconds of all by state, and how many were well."""
    windows = upkeep.silences_now(connection, "maintenance", since)
    sums = _day_sums(connection, since)
    groups: dict[str, _Group] = defaultdict(_Group)
    totals: dict[str, float] = defaultdict(float)
    well = 0
    for each in stood.all_stood(connection, since, now, where):
        course = Course(
            since=since,
            until=now,
            spans=under(each.intervals, _planned(policy, windows, each, since, now)),
            days=sums.get(each.id, ()),
        )
        seconds = strip.seconds(course)
        for state, length in seconds.items():
            totals[state] += length
        group, state = groups[each.network], UNDETERMINED if each.overlay == UNDETERMINED else each.worst
        group.states[state] += 1
        failed, blind = seconds.get("failing", 0.0), seconds.get(UNDETERMINED, 0.0)
        if state == "ok" and not failed and not blind:
            well += 1
            continue
        _add(group, each, course, state, (_RANK.get(state, 9), -failed, -blind))
    return dict(groups), dict(totals), well


def _add(group: _Group, each: Stood, course: Course, state: str, rank: tuple[float, ...]) -> None:
    """Put an address to those that stand and stood alike: the same tags, and the same strip."""
    key = (state, each.tags, each.vantage, tuple(strip.cells(course, ALIKE_CELLS)))
    alike = group.alike.get(key)
    if alike is None:
        if len(group.alike) >= 4 * MOST_ROWS:
            group.more += 1
            return
        alike = group.alike[key] = _Alike(rank=(*rank, each.id), first=each, course=course, state=state)
    alike.count += 1
    if len(alike.ips) < MOST_ALIKE:
        alike.ips.append(each.ip)


def _planned(
    policy: Policy, windows: Sequence[Silence], each: Stood, since: float, now: float
) -> list[tuple[float, float]]:
    if not windows and not policy.alerting.maintenance:
        return []
    return planned(policy, windows, each.ip, msgspec.json.decode(each.groups, type=list[str]), since, now)


def _day_sums(connection: Connection, since: float) -> dict[int, tuple[Day, ...]]:
    """Return the days of which only the sums are kept, by subject."""
    horizon = float(upkeep.get(connection, "rolled_up") or 0) * DAY_S
    if since >= horizon:
        return {}
    found: dict[int, list[Day]] = defaultdict(list)
    for number, day, failing, blind, unwatched, flips in kept.days_since(connection, int(since // DAY_S)):
        if day * DAY_S < horizon:
            found[number].append(
                Day(since=day * DAY_S, failing_s=failing, undetermined_s=blind, unwatched_s=unwatched, flips=flips)
            )
    return {number: tuple(days) for number, days in found.items()}


def _networks(connection: Connection, shown: Sequence[tuple[str, _Group]]) -> tuple[Network, ...]:
    found, left = [], MOST_CHECKLISTS
    for name, group in shown:
        alike = sorted(group.alike.values(), key=lambda each: each.rank)
        listed = []
        for each in alike[:MOST_ROWS]:
            row = _row(connection, each)
            if left > 0 and each.state in ("failing", "recovering"):
                left -= 1
                row = _with_checklist(connection, each.first, row)
            listed.append(row)
        found.append(
            Network(
                network=name,
                subjects=group.states.total(),
                states=dict(group.states),
                rows=tuple(listed),
                more=group.more + sum(each.count for each in alike[MOST_ROWS:]),
            )
        )
    return tuple(found)


def _row(connection: Connection, alike: _Alike) -> Row:
    first = alike.first
    ranges = compress(ip for ip in (parse_address(text) for text in alike.ips) if ip is not None)
    more = ("and others",) if len(ranges) > MOST_RANGES or alike.count > len(alike.ips) else ()
    seen = kept.seen_of(connection, first.id) if alike.count == 1 else {}
    return Row(
        ip=first.ip,
        addresses=(*ranges[:MOST_RANGES], *more),
        count=alike.count,
        vantage=first.vantage,
        expected=", ".join(msgspec.json.decode(first.expected, type=list[str])) if alike.count == 1 else "",
        state=alike.state,
        since=None if first.since is None else moment(first.since),
        tags=first.tags,
        course=alike.course,
        seen={what: value for what, (value, _) in seen.items()},
    )


def _with_checklist(connection: Connection, each: Stood, row: Row) -> Row:
    """Judge the evidence of the last change again; a row without it stays as it is."""
    from truehelo.engine.judge import Judging
    from truehelo.engine.saved import load
    from truehelo.render.checklist import items

    last = kept.last_evidence(connection, each.id)
    whole = None if last is None else unpacked(last[0])
    if last is None or whole is None:
        return row
    try:
        audit = load(whole, f"the evidence of {each.ip}", Judging(receivers=()))
    except FileError:  # of a version that this program does not read any more: the row says the rest
        return row
    found = [Item(text=text, state=_WORDS[mark]) for subject in audit.subjects[:1] for mark, text in items(subject)]
    return replace(row, checklist=tuple(found), checked_at=moment(last[1]))


# What was told


def _incidents(
    connection: Connection, where: ColumnElement[bool] | None, since: float, now: float
) -> tuple[list[IncidentRow], list[IncidentRow]]:
    """Return the incidents that ended in the period, the newest first, and those that are open, the worst first."""
    found = rows.incidents_between(connection, since, now)
    if where is not None and found:
        theirs = reading.incidents_of(connection, where, [each.id for each in found])
        found = [each for each in found if each.id in theirs]
    ended = sorted((each for each in found if each.closed is not None), key=lambda each: (-each.opened, each.id))
    still = [each for each in found if each.closed is None]
    still.sort(key=lambda each: (Severity(each.severity).rank, each.opened, each.id))
    return ended, still


def _told(connection: Connection, row: IncidentRow) -> Told:
    blind = int(row.details.get("count", 0))
    whole, unwell = membership.counts(connection, [row.id]).get(row.id, (blind, blind if row.closed is None else 0))
    members = membership.members_of(connection, row.id, 1000)
    there = [member for member in members if member.closed is None or row.closed is not None]
    ips = [ip for ip in (parse_address(member.ip) for member in there) if ip is not None]
    ranges = compress(ips) or [member.ip for member in there]  # what is not about addresses has names
    severity = Severity(row.severity)
    incident = Incident(
        id=row.id,
        key=row.key,
        tag=row.tag,
        severity=severity,
        cause=row.cause,
        opened=moment(row.opened),
        count=whole,
        open_count=unwell,
        details=row.details,
        about=about_of(row),
    )
    left = (unwell if row.closed is None else whole) - len({member.ip for member in there})
    more = len(ranges) > MOST_RANGES or left > 0
    return Told(
        id=row.id,
        tag=row.tag,
        severity=severity,
        what=headline(incident),
        opened=incident.opened,
        closed=None if row.closed is None else moment(row.closed),
        count=whole,
        unwell=unwell,
        addresses=(*ranges[:MOST_RANGES], *(("and others",) if more else ())),
        acknowledged_by=row.acknowledged_by,
        receivers=_texts(row.details, "receivers"),
        served_by=_texts(row.details, "served_by"),
        fix=_texts(row.details, "fix"),
        about=incident.about,
    )


def _texts(details: Mapping[str, object], key: str) -> tuple[str, ...]:
    found = details.get(key)
    return tuple(str(each) for each in found) if isinstance(found, list | tuple) else ()
