"""The schedule of the domains, and their records as spans. What is due is taken by a lease, and recorded only once."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import Connection, Double, Integer, bindparam, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from truehelo.store.tables import subjects, things
from truehelo.store.things import rows
from truehelo.store.things.rows import Thing
from truehelo.store.things.tables import domain_records, watched_domains

_SLACK_S = 60.0
"""By so much the clocks of watchers that share a database may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A domain that is to be watched, and whose it is. `origins` are of "inventory", "configuration" and "reports"."""

    name: str
    origins: tuple[str, ...]
    groups: tuple[str, ...] = ()
    owner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What is believed to stand there: since when, and with what TTL (seconds)."""

    value: str
    since: float
    ttl: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDomain:
    """A domain that is to be looked at now. `tick` is the time it was due at, and names the look.

    `records` is what is believed, by the word for it; `suspected` what is not believed yet: value, looks, since when.
    """

    thing: Thing
    tick: float
    due_at: float
    interval_s: float
    began_at: float | None
    undetermined_since: float | None
    records: Mapping[str, Seen] = field(default_factory=dict)
    suspected: Mapping[str, tuple[str, int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """What becomes of the schedule of a domain after a look."""

    next_run_at: float
    due_at: float
    at: float
    determined: bool
    cause: str | None
    suspected: Mapping[str, tuple[str, int, float]]


def named_by_inventory(connection: Connection) -> dict[str, tuple[set[str], set[str]]]:
    """Return the domains that watched addresses name, with the groups and owners of those."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    wanted = (
        select(subjects.c.domains, subjects.c.groups, subjects.c.owner)
        .where(subjects.c.removed_at.is_(None), subjects.c.domains != "[]")
        .distinct()
    )
    for domains, groups, owner in connection.execute(wanted):
        for domain in msgspec.json.decode(domains, type=list[str]):
            held = found.setdefault(domain, (set(), set()))
            held[0].update(msgspec.json.decode(groups, type=list[str]))
            held[1].update({owner} - {""})
    return found


def sync(connection: Connection, wanted: Iterable[Wanted], interval_s: float, now: float) -> None:
    """Watch these domains, each at once when it is new, and no others."""
    kept: set[int] = set()
    for each in wanted:
        thing = rows.thing(connection, rows.DOMAIN, each.name, now=now, groups=each.groups, owner=each.owner)
        kept.add(thing.id)
        _schedule(connection, thing, each.origins, interval_s, now)
    gone = select(watched_domains.c.thing_id).where(watched_domains.c.next_run_at.is_not(None))
    left = [number for number in connection.scalars(gone) if number not in kept]
    if left:
        names = [name for (name,) in connection.execute(select(things.c.name).where(things.c.id.in_(left)))]
        theirs = select(things.c.id).where(or_(things.c.id.in_(left), things.c.domain.in_(names)))
        rows.remove(connection, list(connection.scalars(theirs)), now)
        ended = {"next_run_at": None, "due_at": None, "claimed_by": None, "claimed_until": None, "suspected": "{}"}
        connection.execute(update(watched_domains).where(watched_domains.c.thing_id.in_(left)).values(**ended))


def _schedule(connection: Connection, thing: Thing, origins: Sequence[str], interval_s: float, now: float) -> None:
    held = connection.execute(
        select(watched_domains.c.origins, watched_domains.c.interval_s, watched_domains.c.next_run_at).where(
            watched_domains.c.thing_id == thing.id
        )
    ).first()
    written = msgspec.json.encode(list(origins)).decode()
    if held is None:
        dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(
            dialect.insert(watched_domains)
            .values(thing_id=thing.id, origins=written, interval_s=interval_s, next_run_at=now, due_at=now)
            .on_conflict_do_nothing()
        )
        return
    values: dict[str, Any] = {}
    if (held.origins, held.interval_s) != (written, interval_s):
        values = {"origins": written, "interval_s": interval_s}
    if held.next_run_at is None:
        values |= {"next_run_at": now, "due_at": now}
    if values:
        connection.execute(update(watched_domains).where(watched_domains.c.thing_id == thing.id).values(**values))


_NOW = bindparam("now", type_=Double)
_DUE = (
    select(watched_domains.c.thing_id)
    .where(
        watched_domains.c.next_run_at <= _NOW,
        or_(watched_domains.c.claimed_until.is_(None), watched_domains.c.claimed_until <= _NOW),
    )
    .order_by(watched_domains.c.next_run_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True)
)


def take(connection: Connection, worker: str, now: float, lease_s: float, most: int) -> list[DueDomain]:
    """Take domains that are due, for `lease_s` seconds."""
    ids = list(connection.scalars(_DUE, {"now": now, "most": most}))
    if not ids:
        return []
    lease = {"claimed_by": worker, "claimed_until": now + lease_s}
    connection.execute(update(watched_domains).where(watched_domains.c.thing_id.in_(ids)).values(**lease))
    held = records_of(connection, ids)
    wanted = select(things, watched_domains).join_from(things, watched_domains, watched_domains.c.thing_id == things.c.id)
    found = connection.execute(wanted.where(things.c.id.in_(ids)).order_by(watched_domains.c.next_run_at)).mappings()
    return [
        DueDomain(
            thing=rows.thing_of(row),
            tick=row["next_run_at"],
            due_at=row["due_at"],
            interval_s=row["interval_s"],
            began_at=row["began_at"],
            undetermined_since=row["undetermined_since"],
            records=held.get(row["id"], {}),
            suspected=msgspec.json.decode(row["suspected"], type=dict[str, tuple[str, int, float]]),
        )
        for row in found
    ]


def records_of(connection: Connection, ids: Collection[int]) -> dict[int, dict[str, Seen]]:
    """Return what is believed to stand in the DNS of domains, by the word for it."""
    found: dict[int, dict[str, Seen]] = {}
    wanted = select(domain_records).where(domain_records.c.thing_id.in_(ids), domain_records.c.until.is_(None))
    for row in connection.execute(wanted).mappings():
        held = Seen(value=row["value"], since=row["since"], ttl=row["ttl"])
        found.setdefault(row["thing_id"], {})[row["what"]] = held
    return found


def record(connection: Connection, due: DueDomain, looked: LookedAt) -> bool:
    """Note a look; False when its tick was noted before, or the domain is no longer watched."""
    values: dict[str, Any] = {
        "next_run_at": looked.next_run_at,
        "due_at": looked.due_at,
        "claimed_by": None,
        "claimed_until": None,
        "checked_at": looked.at,
        "undetermined_since": None if looked.determined else due.undetermined_since or looked.at,
        "undetermined_cause": looked.cause,
        "suspected": msgspec.json.encode(dict(looked.suspected)).decode(),
    }
    if looked.determined:
        values["determined_at"] = looked.at
        if due.began_at is None:
            values["began_at"] = looked.at
    mine = (watched_domains.c.thing_id == due.thing.id, watched_domains.c.next_run_at == due.tick)
    return connection.execute(update(watched_domains).where(*mine).values(**values)).rowcount == 1


def observe(connection: Connection, thing_id: int, what: str, value: str, ttl: int, at: float) -> None:
    """Keep what stands there from now on; what stood there before ends here."""
    mine = (domain_records.c.thing_id == thing_id, domain_records.c.what == what, domain_records.c.until.is_(None))
    connection.execute(update(domain_records).where(*mine).values(until=at))
    connection.execute(insert(domain_records).values(thing_id=thing_id, what=what, value=value, ttl=ttl, since=at))


def clamp(connection: Connection, now: float) -> None:
    """Bring back what was put far ahead, or was leased for long, since the clock was wrong: it is due at once."""
    ahead = watched_domains.c.next_run_at > now + watched_domains.c.interval_s * 2 + _SLACK_S
    connection.execute(update(watched_domains).where(ahead).values(next_run_at=now, due_at=now))
    leased = watched_domains.c.claimed_until > now + 3600.0 + _SLACK_S
    connection.execute(update(watched_domains).where(leased).values(claimed_by=None, claimed_until=None))


def unseen(connection: Connection, most: int = 200) -> list[tuple[str, str, float]]:
    """Return the domains of which not everything could be seen in two looks or more: name, why, since when; by name."""
    table = watched_domains.c
    wanted = (
        select(things.c.name, table.undetermined_cause, table.undetermined_since)
        .join_from(things, watched_domains, table.thing_id == things.c.id)
        .where(table.next_run_at.is_not(None), table.undetermined_since < table.checked_at)
        .order_by(things.c.name)
        .limit(most)
    )
    return [(name, cause or "", since) for name, cause, since in connection.execute(wanted)]


def watched(connection: Connection) -> list[tuple[Thing, float | None]]:
    """Return the domains that are watched, by name, and since when each was seen."""
    wanted = (
        select(things, watched_domains.c.began_at)
        .join_from(things, watched_domains, watched_domains.c.thing_id == things.c.id)
        .where(watched_domains.c.next_run_at.is_not(None))
        .order_by(things.c.name)
    )
    return [(rows.thing_of(row), row["began_at"]) for row in connection.execute(wanted).mappings()]
