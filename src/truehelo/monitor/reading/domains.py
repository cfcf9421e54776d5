"""The history of a watched domain, from the store alone."""

from sqlalchemy import Connection, func, select

from truehelo.drift.records import shown
from truehelo.facts.names import canonical
from truehelo.monitor.policy import moment
from truehelo.render.domain_history import Change, DomainHistory, Standing
from truehelo.store.things import domains, rows
from truehelo.store.things.tables import domain_flips, watched_domains


def domain_history(
    connection: Connection, target: str, now: float, *, since: float, most: int | None
) -> DomainHistory | None:
    """Return the history of a domain, `most` changes of it, the newest first; None when it is not watched, and was not."""
    thing = rows.find(connection, rows.DOMAIN, canonical(target.strip()))
    if thing is None:
        return None
    row = connection.execute(select(watched_domains).where(watched_domains.c.thing_id == thing.id)).mappings().first()
    if row is None:
        return None
    held = domains.records_of(connection, [thing.id]).get(thing.id, {})
    mine = (domain_flips.c.thing_id == thing.id, domain_flips.c.at >= since)
    wanted = select(domain_flips).where(*mine).order_by(domain_flips.c.at.desc(), domain_flips.c.id.desc())
    flips = connection.execute(wanted if most is None else wanted.limit(most)).mappings().all()
    count = connection.scalar(select(func.count()).select_from(domain_flips).where(*mine)) or 0
    blind = row["undetermined_since"]
    return DomainHistory(
        at=moment(now),
        name=thing.name,
        since=moment(since),
        watched=row["next_run_at"] is not None,
        seen_since=None if row["began_at"] is None else moment(row["began_at"]),
        checked=None if row["checked_at"] is None else moment(row["checked_at"]),
        unseen_since=None if blind is None else moment(blind),
        cause=row["undetermined_cause"] or "",
        records=tuple(
            Standing(what=what, value=shown(seen.value), since=moment(seen.since)) for what, seen in sorted(held.items())
        ),
        changes=tuple(
            Change(what=flip["what"], old=flip["old"], new=flip["new"], at=moment(flip["at"]), reason=flip["reason"])
            for flip in flips
        ),
        more=count - len(flips),
    )
