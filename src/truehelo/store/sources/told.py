"""Who told of many sources, and what they did, in one query for all of them. Reads only, from the roll-ups by day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from truehelo.store.reports.asking import among, domain_number, reporter_names
from truehelo.store.reports.tables import DISPOSITION, DISPOSITIONS, report_days, report_sources
from truehelo.store.sources.standings import parts

_REFUSED = tuple(DISPOSITIONS.index(word) for word in ("quarantine", "reject"))


@dataclass(slots=True)
class Told:
    """The messages of a source by who told of them, and those that they refused."""

    messages: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def told_of(connection: Connection, ips: Sequence[str], domain: str | None, since: int, until: int) -> dict[str, Told]:
    """Return who told of sources from one day to another, for a domain or for all (None); those of whom nobody did miss."""
    number = domain_number(connection, domain)
    wanted = select(report_sources.c.id, report_sources.c.ip)
    numbers: dict[int, str] = {
        row[0]: row[1] for part in parts(ips) for row in connection.execute(wanted.where(report_sources.c.ip.in_(part)))
    }
    if number is None or not numbers:
        return {}
    table = report_days.c
    rows = connection.execute(
        select(table.source_id, table.reporter_id, table.outcome, func.sum(table.messages))
        .where(
            table.domain_id == number,
            among(connection, table.day, range(since, until + 1)),
            among(connection, table.source_id, numbers),
        )
        .group_by(table.source_id, table.reporter_id, table.outcome)
    )
    names = reporter_names(connection)
    found: dict[str, Told] = defaultdict(Told)
    for source, reporter, outcome, messages in rows:
        told, name = found[numbers[source]], names[reporter]
        told.messages[name] += int(messages)
        if outcome // DISPOSITION in _REFUSED:
            told.refused[name] += int(messages)
    return dict(found)
