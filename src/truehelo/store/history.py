"""What has been: flips, intervals and days of one subject, and the overview of all. Reads only, in few queries."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, and_, func, or_, select

from truehelo.store import reading
from truehelo.store.schedule import Held, Watched, held_of, watched_of
from truehelo.store.spans import SIGHT, UNDETERMINED, Interval, dark, is_tag, stretches, without
from truehelo.store.tables import days, flips, incidents, listings, observations, outbox, schedule, states, subjects

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A subject with its schedule; times in seconds since the epoch."""

    subject: Watched
    removed_at: float | None
    worst: str
    overlay: str
    checked_at: float | None
    next_run_at: float | None
    undetermined_since: float | None
    undetermined_cause: str | None
    began_at: float | None
    held: tuple[Held, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    vantage: str = ""


@dataclass(frozen=True, slots=True)
class FlipRow:
    """A flip as it is kept."""

    id: int
    what: str
    old: str
    new: str
    at: float
    reason: str
    has_evidence: bool


def find(connection: Connection, ip: str) -> list[Standing]:
    """Return a subject by its address, as seen from each vantage point."""
    rows = connection.execute(
        select(subjects, schedule)
        .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
        .where(subjects.c.ip == ip)
        .order_by(subjects.c.vantage)
    ).mappings()
    found = list(rows)
    ids = [row["id"] for row in found]
    held = held_of(connection, ids)
    words: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for number, tag, message in connection.execute(
        select(states.c.subject_id, states.c.tag, states.c.message).where(states.c.subject_id.in_(ids))
    ):
        words[number].append((tag, message))
    return [_standing(row, held.get(row["id"], []), words[row["id"]]) for row in found]


def _standing(row: object, held: list[Held], words: list[tuple[str, str]]) -> Standing:
    from sqlalchemy import RowMapping

    assert isinstance(row, RowMapping)  # noqa: S101  for the reader and mypy; the caller reads rows
    return Standing(
        subject=watched_of(row),
        removed_at=row["removed_at"],
        worst=row["worst"],
        overlay=row["overlay"],
        checked_at=row["checked_at"],
        next_run_at=row["next_run_at"],
        undetermined_since=row["undetermined_since"],
        undetermined_cause=row["undetermined_cause"],
        began_at=row["began_at"],
        held=tuple(held),
        messages=tuple(words),
        vantage=row["vantage"],
    )


def flips_of(connection: Connection, subject_id: int, since: float, most: int = 10_000) -> list[FlipRow]:
    """Return the flips of a subject since a time, the oldest first."""
    rows = connection.execute(
        select(
            flips.c.id, flips.c.what, flips.c.old, flips.c.new, flips.c.at, flips.c.reason, flips.c.evidence.is_not(None)
        )
        .where(flips.c.subject_id == subject_id, flips.c.at >= since)
        .order_by(flips.c.at, flips.c.id)
        .limit(most)
    )
    return [FlipRow(*row) for row in rows]


def newest_flips(
    connection: Connection, subject_id: int, since: float, most: int | None = None
) -> tuple[list[FlipRow], int]:
    """Return the flips of a subject since a time, the newest first, and how many there are in all."""
    mine = and_(flips.c.subject_id == subject_id, flips.c.at >= since)
    wanted = (
        select(
            flips.c.id, flips.c.what, flips.c.old, flips.c.new, flips.c.at, flips.c.reason, flips.c.evidence.is_not(None)
        )
        .where(mine)
        .order_by(flips.c.at.desc(), flips.c.id.desc())
    )
    rows = connection.execute(wanted if most is None else wanted.limit(most))
    total: int = connection.execute(select(func.count()).select_from(flips).where(mine)).scalar_one()
    return [FlipRow(*row) for row in rows], total


def subject_of_flip(connection: Connection, flip_id: int) -> int | None:
    """Return whose flip it is; None when there is none of that number."""
    found: int | None = connection.execute(select(flips.c.subject_id).where(flips.c.id == flip_id)).scalar()
    return found


def evidence_of(connection: Connection, flip_id: int) -> bytes | None:
    """Return the compressed evidence of a flip."""
    found: bytes | None = connection.execute(select(flips.c.evidence).where(flips.c.id == flip_id)).scalar()
    return found


def last_evidence(connection: Connection, subject_id: int) -> tuple[bytes, float] | None:
    """Return the compressed evidence of the last change of a subject that has one, and when it was kept."""
    row = connection.execute(
        select(flips.c.evidence, flips.c.at)
        .where(flips.c.subject_id == subject_id, flips.c.evidence.is_not(None))
        .order_by(flips.c.at.desc(), flips.c.id.desc())
        .limit(1)
    ).first()
    return None if row is None else (row[0], row[1])


def seen_of(connection: Connection, subject_id: int) -> dict[str, tuple[str, float]]:
    """Return what is seen of a subject now, and since when."""
    rows = connection.execute(
        select(observations.c.what, observations.c.value, observations.c.since)
        .where(observations.c.subject_id == subject_id, observations.c.until.is_(None))
        .order_by(observations.c.what)
    )
    return {what: (value, since) for what, value, since in rows}


def listed_of(connection: Connection, subject_id: int) -> list[tuple[str, str, str, str, float]]:
    """Return what the blocklists say of a subject while that is anything but clean: list, state, codes, reason, since."""
    rows = connection.execute(
        select(listings.c.list, listings.c.state, listings.c.codes, listings.c.reason, listings.c.since)
        .where(listings.c.subject_id == subject_id, listings.c.until.is_(None))
        .order_by(listings.c.list)
    )
    return [tuple(row) for row in rows]


def intervals_of(connection: Connection, standing: Standing, vantage: str, since: float, until: float) -> list[Interval]:
    """Return how a subject stood from `since` to `until`, without holes."""
    subject = standing.subject
    opened = _before(connection, subject.id, since)
    began = standing.began_at if standing.began_at is not None else until
    ended = standing.removed_at if standing.removed_at is not None else until
    whole = (max(began, since), min(ended, until))
    alive = without(whole, dark(connection, vantage, since, until)) if whole[0] < whole[1] else []
    return stretches(
        [(flip.at, flip.what, flip.new) for flip in flips_of(connection, subject.id, since)],
        failing={what for what, new in opened.items() if new == "failing" and is_tag(what)},
        blind=opened.get(SIGHT) == UNDETERMINED,
        alive=alive,
        since=since,
        until=until,
    )


def _before(connection: Connection, subject_id: int, at: float) -> dict[str, str]:
    """Return the last flip of each kind before a time."""
    last = (
        select(func.max(flips.c.id).label("id"))
        .where(flips.c.subject_id == subject_id, flips.c.at < at)
        .group_by(flips.c.what)
        .subquery()
    )
    rows = connection.execute(select(flips.c.what, flips.c.new).join(last, last.c.id == flips.c.id))
    return {row[0]: row[1] for row in rows}


def days_of(connection: Connection, subject_id: int, first: int) -> list[tuple[int, float, float, float, int]]:
    """Return the rolled-up days of a subject: day, seconds failing, undetermined, unwatched, and flips."""
    rows = connection.execute(
        select(days.c.day, days.c.failing_s, days.c.undetermined_s, days.c.unwatched_s, days.c.flips)
        .where(days.c.subject_id == subject_id, days.c.day >= first)
        .order_by(days.c.day)
    )
    return [tuple(row) for row in rows]


def days_since(connection: Connection, first: int) -> list[tuple[int, int, float, float, float, int]]:
    """Return the rolled-up days of all subjects: subject, and as `days_of`."""
    rows = connection.execute(
        select(days.c.subject_id, days.c.day, days.c.failing_s, days.c.undetermined_s, days.c.unwatched_s, days.c.flips)
        .where(days.c.day >= first)
        .order_by(days.c.subject_id, days.c.day)
    )
    return [tuple(row) for row in rows]


def day_of(connection: Connection, day: int) -> Iterator[dict[str, float | int]]:
    """Yield the roll-up of one day for every subject that had anything but a good one."""
    since, until = day * DAY_S, (day + 1) * DAY_S
    touched = {
        row[0]
        for row in connection.execute(select(flips.c.subject_id).where(flips.c.at < until, flips.c.at >= since).distinct())
    }
    last = (
        select(func.max(flips.c.id).label("id"))
        .where(flips.c.at < since, or_(flips.c.new.in_(("failing", "ok", "seen")), flips.c.new == UNDETERMINED))
        .group_by(flips.c.subject_id, flips.c.what)
        .subquery()
    )
    touched |= {
        row[0]
        for row in connection.execute(
            select(flips.c.subject_id)
            .join(last, last.c.id == flips.c.id)
            .where(flips.c.new.in_(("failing", UNDETERMINED)))
            .distinct()
        )
    }
    for number in sorted(touched):
        row = (
            connection.execute(
                select(subjects, schedule)
                .join_from(subjects, schedule, schedule.c.subject_id == subjects.c.id)
                .where(subjects.c.id == number)
            )
            .mappings()
            .first()
        )
        if row is None:
            continue
        spans = intervals_of(connection, _standing(row, [], []), row["vantage"], since, until)
        total = {
            state: sum(x.until - x.since for x in spans if x.state == state)
            for state in ("failing", UNDETERMINED, "unwatched")
        }
        yield {
            "subject_id": number,
            "day": day,
            "failing_s": total["failing"],
            "undetermined_s": total[UNDETERMINED],
            "unwatched_s": total["unwatched"],
            "flips": connection.execute(
                select(func.count()).where(flips.c.subject_id == number, flips.c.at >= since, flips.c.at < until)
            ).scalar_one(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """How everything stands."""

    subjects: int
    by_state: dict[str, int]
    undetermined: int
    maintenance: int
    oldest_due: float | None
    last_check: float | None


def overview(connection: Connection) -> Overview:
    """Return how many subjects there are in each state."""
    found = reading.counted(connection)
    by_state: dict[str, int] = defaultdict(int)
    for (worst, _), count in found.by.items():
        by_state[worst] += count
    return Overview(
        subjects=sum(found.by.values()),
        by_state=dict(by_state),
        undetermined=sum(count for (_, overlay), count in found.by.items() if overlay == UNDETERMINED),
        maintenance=sum(count for (_, overlay), count in found.by.items() if overlay == "maintenance"),
        oldest_due=found.oldest_due,
        last_check=found.last_check,
    )


def unseen_causes(connection: Connection, most: int = 20) -> list[tuple[str, int, float]]:
    """Return why subjects cannot be seen now: cause, how many, since when; the largest first."""
    rows = connection.execute(
        select(schedule.c.undetermined_cause, func.count().label("count"), func.min(schedule.c.undetermined_since))
        .where(and_(schedule.c.overlay == UNDETERMINED, schedule.c.next_run_at.is_not(None)))
        .group_by(schedule.c.undetermined_cause)
        .order_by(func.count().desc())
        .limit(most)
    )
    return [(cause or "", count, since) for cause, count, since in rows]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Counts for metrics: subjects by tag and severity, open incidents by severity, listings by list, what waits."""

    findings: dict[tuple[str, str], int]
    incidents: dict[str, int]
    listings: dict[str, int]
    waiting: int


def counted(connection: Connection) -> Counted:
    """Return the counts of now."""
    found = connection.execute(
        select(states.c.tag, states.c.severity, func.count())
        .where(states.c.state.in_(("failing", "recovering")))
        .group_by(states.c.tag, states.c.severity)
    )
    still = connection.execute(
        select(incidents.c.severity, func.count()).where(incidents.c.closed.is_(None)).group_by(incidents.c.severity)
    )
    listed = connection.execute(
        select(listings.c.list, func.count())
        .where(listings.c.until.is_(None), listings.c.state == "listed")
        .group_by(listings.c.list)
    )
    waiting = connection.execute(select(func.count()).where(outbox.c.state == "pending")).scalar_one()
    return Counted(
        findings={(row[0], row[1]): row[2] for row in found},
        incidents={row[0]: row[1] for row in still},
        listings={row[0]: row[1] for row in listed},
        waiting=waiting,
    )
