"""Who told of many sources, and what they did, in one query for all of them. Reads only, from the roll-ups by day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from truehelo.store.reports.asking import among, domain_number, reporter_names, source_numbers
from truehelo.store.reports.tables import DISPOSITION, DISPOSITIONS, report_days

_REFUSED = tuple(DISPOSITIONS.index(word) for word in ("quarantine", "reject"))


@dataclass(slots=True)
class Told:
    """The messages of a source by who told of them, and those that they refused."""

    messages: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))


DAYS = 14
"""Who tells of a source shows in the last days of its mail: it is asked of so many, however long the time is."""


def told_of(connection: Connection, last_days: Mapping[str, int], domain: str | None, since: int) -> dict[str, Told]:
    """Return who told of sources in the last days that they sent on, `DAYS` at most; those of whom nobody did miss.

    Args:
        connection: Within a transaction.
        last_days: The last day (since the epoch) on which each address sent, of those asked about.
        domain: For which domain, None for all.
        since: No day before this one counts.
    """
    number = domain_number(connection, domain)
    numbers = source_numbers(connection, last_days)
    if number is None or not numbers:
        return {}
    names, table = reporter_names(connection), report_days.c
    found: dict[str, Told] = defaultdict(Told)
    left = {source: last_days[ip] for source, ip in numbers.items()}
    while left:
        # Nearly all sent on the last of the days; those that had ceased are asked about by themselves.
        until = max(left.values())
        some = [source for source, day in left.items() if day > until - DAYS // 2]
        rows = connection.execute(
            select(table.source_id, table.reporter_id, table.outcome, func.sum(table.messages))
            .where(
                table.domain_id == number,
                among(connection, table.day, range(max(since, until - DAYS + 1), until + 1)),
                among(connection, table.source_id, some),
            )
            .group_by(table.source_id, table.reporter_id, table.outcome)
        )
        for source, reporter, outcome, messages in rows.all():
            told, name = found[numbers[source]], names[reporter]
            told.messages[name] += int(messages)
            if outcome // DISPOSITION in _REFUSED:
                told.refused[name] += int(messages)
        for source in some:
            del left[source]
    return dict(found)
