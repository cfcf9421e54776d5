"""Who told of many sources, and what they did, in one query for all of them. Reads only, from the roll-ups by day."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection, bindparam, func, select

from truehelo.store.reports.asking import domain_number, reporter_names, source_numbers
from truehelo.store.reports.prepared import Question, listed
from truehelo.store.reports.tables import DISPOSITION, DISPOSITIONS, report_days

_REFUSED = tuple(DISPOSITIONS.index(word) for word in ("quarantine", "reject"))


@dataclass(slots=True)
class Told:
    """The messages of a source by who told of them, and those that they refused."""

    messages: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    refused: dict[str, int] = field(default_factory=lambda: defaultdict(int))


_days = report_days.c
_TOLD = Question(
    lambda postgresql: (
        select(_days.source_id, _days.reporter_id, _days.outcome, func.sum(_days.messages))
        .where(
            _days.domain_id == bindparam("domain"),
            listed(_days.day, "days", postgresql=postgresql),
            listed(_days.source_id, "sources", postgresql=postgresql),
        )
        .group_by(_days.source_id, _days.reporter_id, _days.outcome)
    )
)
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
    names = reporter_names(connection)
    found: dict[str, Told] = defaultdict(Told)
    left = {source: last_days[ip] for source, ip in numbers.items()}
    while left:
        # Nearly all sent on the last of the days; those that had ceased are asked about by themselves.
        until = max(left.values())
        some = [source for source, day in left.items() if day > until - DAYS // 2]
        days = range(max(since, until - DAYS + 1), until + 1)
        rows = _TOLD.rows(connection, domain=number, days=days, sources=some)
        for source, reporter, outcome, messages in rows:
            told, name = found[numbers[source]], names[reporter]
            told.messages[name] += int(messages)
            if outcome // DISPOSITION in _REFUSED:
                told.refused[name] += int(messages)
        for source in some:
            del left[source]
    return dict(found)
