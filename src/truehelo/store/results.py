"""What checks found: states, observations and flips. Called within the transaction that records the check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from truehelo.facts.text import storable
from truehelo.store.schedule import Held
from truehelo.store.tables import flips, listings, observations, states


def put_state(connection: Connection, subject_id: int, held: Held, message: str = "") -> None:
    """Keep how a subject stands in a tag. `message` is the finding in words; "" keeps the one that is there."""
    values: dict[str, object] = {
        "state": held.state,
        "count": held.count,
        "since": held.since,
        "changed_at": held.turned,
        "severity": held.severity,
        "old": storable(held.old),
        "new": storable(held.new),
    }
    if message:
        values["message"] = storable(message)
    done = connection.execute(
        update(states).where(states.c.subject_id == subject_id, states.c.tag == held.tag).values(values)
    )
    if done.rowcount == 0:
        connection.execute(insert(states).values(subject_id=subject_id, tag=held.tag, **{"message": "", **values}))


def drop_state(connection: Connection, subject_id: int, tag: str) -> None:
    """Forget a tag in which a subject stands well again."""
    connection.execute(delete(states).where(states.c.subject_id == subject_id, states.c.tag == tag))


@dataclass(frozen=True, slots=True)
class Observed:
    """What was seen, with what TTL (seconds), and since when (seconds since the epoch)."""

    value: str
    since: float
    ttl: int = 0


def observed(connection: Connection, subject_id: int) -> dict[str, Observed]:
    """Return what is seen of a subject now, by what it is about."""
    rows = connection.execute(
        select(observations.c.what, observations.c.value, observations.c.since, observations.c.ttl).where(
            observations.c.subject_id == subject_id, observations.c.until.is_(None)
        )
    )
    return {what: Observed(value, since, ttl) for what, value, since, ttl in rows}


def observe(connection: Connection, subject_id: int, values: Mapping[str, str], ttl: int, at: float) -> None:
    """Keep what is seen from now on; the observation before it ends here."""
    for what, value in values.items():
        connection.execute(
            update(observations)
            .where(observations.c.subject_id == subject_id, observations.c.what == what, observations.c.until.is_(None))
            .values(until=at)
        )
        connection.execute(
            insert(observations).values(subject_id=subject_id, what=what, value=storable(value), ttl=ttl, since=at)
        )


def add_flip(  # noqa: PLR0913  each is a column
    connection: Connection,
    subject_id: int,
    what: str,
    *,
    old: str,
    new: str,
    at: float,
    reason: str,
    evidence: bytes | None = None,
) -> None:
    """Keep a confirmed change."""
    connection.execute(
        insert(flips).values(
            subject_id=subject_id,
            what=what,
            old=storable(old),
            new=storable(new),
            at=at,
            reason=storable(reason[:2000]),
            evidence=evidence,
        )
    )


MOST_OF_REASON = 500
"""Characters that are kept of what a list says."""


@dataclass(frozen=True, slots=True)
class Listed:
    """What a blocklist says of a subject: `state` is "listed" or "unknown"."""

    state: str
    codes: str
    reason: str

    @classmethod
    def kept(cls, state: str, codes: str, reason: str) -> "Listed":
        """Return it as it is kept: what is kept is held against it."""
        return cls(state, storable(codes), storable(reason[:MOST_OF_REASON]))


def listed(connection: Connection, subject_id: int) -> dict[str, Listed]:
    """Return what the lists say of a subject now, where that is anything but clean."""
    rows = connection.execute(
        select(listings.c.list, listings.c.state, listings.c.codes, listings.c.reason).where(
            listings.c.subject_id == subject_id, listings.c.until.is_(None)
        )
    )
    return {name: Listed(state, codes, reason) for name, state, codes, reason in rows}


_LISTED = select(listings.c.subject_id, listings.c.list, listings.c.state, listings.c.codes, listings.c.reason).where(
    listings.c.subject_id.in_(bindparam("ids", expanding=True)), listings.c.until.is_(None)
)


def listed_of(connection: Connection, ids: Sequence[int]) -> dict[int, dict[str, Listed]]:
    """Return the same for many subjects at once."""
    found: dict[int, dict[str, Listed]] = {}
    if ids:
        for number, name, state, codes, reason in connection.execute(_LISTED, {"ids": list(ids)}):
            found.setdefault(number, {})[name] = Listed(state, codes, reason)
    return found


_END_LISTING = (
    update(listings)
    .where(listings.c.subject_id == bindparam("b_id"), listings.c.list == bindparam("b_list"), listings.c.until.is_(None))
    .values(until=bindparam("b_at"))
)


def put_listing(connection: Connection, subject_id: int, name: str, now: Listed | None, at: float) -> None:
    """Keep what a list says from now on; None: clean, or not listed."""
    connection.execute(_END_LISTING, {"b_id": subject_id, "b_list": name, "b_at": at})
    if now is not None:
        kept = Listed.kept(now.state, now.codes, now.reason)
        connection.execute(
            insert(listings),
            {
                "subject_id": subject_id,
                "list": name,
                "state": kept.state,
                "codes": kept.codes,
                "reason": kept.reason,
                "since": at,
            },
        )
