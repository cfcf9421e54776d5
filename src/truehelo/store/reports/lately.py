"""How the mail of many sources looked of late: from the newest reports that tell of them, few of them of however many.

A domain of some size has thousands of reports in a month, and its largest sources are in nearly all of them: what they look
like shows in a few hundred. Those that few reporters tell of are looked for where these did. Does not decide what a source
is.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import Connection, bindparam, select

from truehelo.reports.model import Shape
from truehelo.store.reports.asking import domain_names, domain_number, reporter_names, source_numbers
from truehelo.store.reports.driver import Driver, Row
from truehelo.store.reports.prepared import Question, listed
from truehelo.store.reports.source_questions import shape_from
from truehelo.store.reports.tables import ALL, report_firsts, report_shapes, week_of

MOST_DOMAINS = 3
"""Of one source so many domains are looked at, where all are asked about: those of the most messages of late."""
_MOST_PAIRS = 2000
"""Of so many pairs of a source and a domain it is asked which are the largest, those of the most messages at first."""
_REPORTS, _LEAST_REPORTS, _PLACES = 200, 20, 2000
"""Of a domain so many reports are read, fewer where many sources or domains are asked about: these share the places."""
_ROUNDS = 3
"""A source that fell silent is not in the newest reports: so often it is looked for in those of its own last days."""

_NEWEST = """
SELECT r.source_id, r.shape_id, told.reporter_id, SUM(r.count) FROM (
SELECT id, reporter_id FROM reports WHERE domain_id = ? AND day BETWEEN ? AND ? AND kind = 'aggregate'
AND flagged = 0 AND pruned = 0 ORDER BY day DESC, ((reporter_id + day) * 40503) & 65535 LIMIT ?) AS told
CROSS JOIN report_records AS r WHERE r.report_id = told.id AND r.source_id IN ({marks})
GROUP BY r.source_id, r.shape_id, told.reporter_id
"""
"""Of a day that is not read whole another part of the reporters is taken than of the next one: by number the newest
reporters would be all of them, and the large ones mostly were the first."""

_OF_DAY = """
SELECT r.source_id, r.shape_id, told.reporter_id, SUM(r.count) FROM (
SELECT DISTINCT source_id, reporter_id FROM report_days
WHERE domain_id = ? AND day = ? AND source_id IN ({marks})) AS by_whom
CROSS JOIN reports AS told CROSS JOIN report_records AS r WHERE told.domain_id = ? AND told.day = ?
AND told.reporter_id = by_whom.reporter_id AND told.kind = 'aggregate' AND told.flagged = 0 AND told.pruned = 0
AND r.report_id = told.id AND r.source_id = by_whom.source_id
GROUP BY r.source_id, r.shape_id, told.reporter_id
"""
"""The reports of those alone that told of these sources on a day, which the sums by day name."""

_OF_PAIR = """
SELECT json_extract(pair.value, '$[0]') AS domain_id, json_extract(pair.value, '$[1]') AS source_id, SUM(w.messages)
FROM json_each(?) AS pair CROSS JOIN json_each(?) AS asked CROSS JOIN report_weeks AS w
WHERE w.domain_id = json_extract(pair.value, '$[0]') AND w.week = asked.value
AND w.source_id = json_extract(pair.value, '$[1]') GROUP BY 1, 2
"""
_OF_PAIRS = """
SELECT pair.domain_id, pair.source_id, SUM(w.messages)
FROM unnest(?::bigint[], ?::bigint[]) AS pair (domain_id, source_id) CROSS JOIN unnest(?::integer[]) AS asked (week)
CROSS JOIN LATERAL (SELECT messages FROM report_weeks WHERE domain_id = pair.domain_id AND week = asked.week
AND source_id = pair.source_id) AS w GROUP BY pair.domain_id, pair.source_id
"""
_PAIRS = Question(
    lambda postgresql: (
        select(report_firsts.c.domain_id, report_firsts.c.source_id)
        .where(listed(report_firsts.c.source_id, "sources", postgresql=postgresql), report_firsts.c.domain_id != ALL)
        .order_by(report_firsts.c.messages.desc())
        .limit(bindparam("most"))
    )
)
_SHAPES = Question(
    lambda postgresql: select(report_shapes).where(listed(report_shapes.c.id, "numbers", postgresql=postgresql))
)
_COLUMNS = tuple(column.name for column in report_shapes.c)


@dataclass(slots=True)
class Look:
    """One way that the mail of a source for a domain looked: in how many messages, and to whom."""

    domain: str
    shape: Shape
    messages: int = 0
    reporters: set[str] = field(default_factory=set)


def looks_of(connection: Connection, last_days: Mapping[str, int], domain: str | None, since: int) -> dict[str, list[Look]]:
    """Return how the mail of sources looked in the newest reports; those of which no record is kept miss.

    Args:
        connection: Within a transaction.
        last_days: Until which day to look, by address: the last on which it sent, of those asked about.
        domain: Of which domain, None for all.
        since: The first day (since the epoch) that is looked at.
    """
    number, numbers = domain_number(connection, domain), source_numbers(connection, last_days)
    if number is None or not numbers:
        return {}
    last = {source: last_days[ip] for source, ip in numbers.items()}
    pairs = _largest_pairs(connection, last, since) if number == ALL else {number: set(last)}
    places = sum(map(len, pairs.values()))
    most = max(_LEAST_REPORTS, min(_REPORTS, _PLACES // max(1, places)))
    counted: dict[tuple[int, int, int], tuple[int, set[int]]] = {}
    for about, asked in pairs.items():
        for source, shape, reporter, messages in _newest(
            Driver(connection), about, {s: last[s] for s in asked}, since, most
        ):
            held, who = counted.get((source, about, shape), (0, set()))
            who.add(reporter)
            counted[source, about, shape] = held + int(messages), who
    return _named(connection, numbers, counted)


def _largest_pairs(connection: Connection, last: Mapping[int, int], since: int) -> dict[int, set[int]]:
    """Return for which domains these sources sent most, in so many of the last weeks as is cheap: sources by domain."""
    pairs = _PAIRS.rows(connection, sources=last, most=_MOST_PAIRS)
    back = max(2, _PLACES // max(1, len(pairs)))
    newest = max(map(week_of, last.values()))
    weeks = range(max(week_of(since), newest - back + 1), newest + 1)
    sent: dict[int, dict[int, int]] = defaultdict(dict)
    for about, source, messages in _of_pairs(Driver(connection), pairs, weeks):
        sent[source][about] = int(messages)
    found: dict[int, set[int]] = defaultdict(set)
    for source, by_domain in sent.items():
        for about in sorted(by_domain, key=lambda each: (-by_domain[each], each))[:MOST_DOMAINS]:
            found[about].add(source)
    return found


def _of_pairs(driver: Driver, pairs: Sequence[Row], weeks: range) -> list[Row]:
    """Return the messages of these domains and sources in some weeks; those that had none miss."""
    if driver.is_postgresql:
        abouts, sources = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return driver.rows(_OF_PAIRS, (abouts, sources, list(weeks)))
    return driver.rows(_OF_PAIR, (_json([tuple(pair) for pair in pairs]), _json(list(weeks))))


def _json(values: object) -> str:
    return msgspec.json.encode(values).decode()


def _newest(driver: Driver, about: int, last: Mapping[int, int], since: int, most: int) -> list[tuple[int, int, int, int]]:
    """Return messages by source, shape and reporter, of the newest reports about a domain that these sources are in."""
    found: list[tuple[int, int, int, int]] = []
    left = dict(last)
    until = max(left.values())
    for _ in range(_ROUNDS):
        marks = ", ".join("?" * len(left))
        values = (about, since, until, most, *sorted(left))
        found += driver.rows(_NEWEST.format(marks=marks), values)
        for source in {row[0] for row in found}:
            left.pop(source, None)
        left = {source: day for source, day in left.items() if day < until}
        if not left:
            break
        until = max(left.values())
    read = {row[0] for row in found}
    missing: dict[int, list[int]] = defaultdict(list)
    for source, day in last.items():
        if source not in read and day >= since:
            missing[day].append(source)
    for day, sources in sorted(missing.items()):
        marks = ", ".join("?" * len(sources))
        found += driver.rows(_OF_DAY.format(marks=marks), (about, day, *sorted(sources), about, day))
    return found


def _named(
    connection: Connection, numbers: Mapping[int, str], counted: Mapping[tuple[int, int, int], tuple[int, set[int]]]
) -> dict[str, list[Look]]:
    shapes = _shapes(connection, {shape for _, _, shape in counted})
    domains, reporters = (
        domain_names(connection, {about for _, about, _ in counted}),
        reporter_names(connection),
    )
    found: dict[str, list[Look]] = defaultdict(list)
    for (source, about, shape), (messages, who) in counted.items():
        found[numbers[source]].append(
            Look(domain=domains[about], shape=shapes[shape], messages=messages, reporters={reporters[one] for one in who})
        )
    for looks in found.values():
        looks.sort(key=lambda look: (-look.messages, look.domain))
    return dict(found)


def _shapes(connection: Connection, numbers: Collection[int]) -> dict[int, Shape]:
    rows = (dict(zip(_COLUMNS, row, strict=True)) for row in _SHAPES.rows(connection, numbers=numbers))
    return {row["id"]: shape_from(row) for row in rows}
