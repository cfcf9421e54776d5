"""The largest sources of a domain within any days, without a look at the many small ones.

From each week that the days touch the largest sources are taken, by its index: what a source sent in the week is an upper
bound of what it sent on those days of it that are asked about, and the least that was taken one for any other. The true
sums are taken of those that can be among the largest, in the order of their bounds, whole weeks from the weeks, the days at
both ends from the days. When enough have sent more than any that is left can have, they are the largest (Fagin's
threshold); while they have not, more are taken.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import Any

from sqlalchemy import Connection, Select, Table, bindparam, func, select

from truehelo.store.reports.asking import summed, sums_of_outcome
from truehelo.store.reports.driver import Driver, Row
from truehelo.store.reports.prepared import Question, listed
from truehelo.store.reports.tables import SUMS, report_days, report_weeks, week_of

_MORE, _TIMES = 20, 2
"""Twice what is wanted, and so many more, are taken from each week at first, and twice as many each further time.

The more are taken, the less any other can have sent, and the fewer have to be summed up.
"""

_OF_WEEK = """
SELECT source_id, messages FROM report_weeks WHERE domain_id = ? AND week = ? ORDER BY messages DESC LIMIT ?
"""
_OF_WEEKS = """
SELECT w.week, r.source_id, r.messages FROM unnest(?::integer[]) AS w (week) CROSS JOIN LATERAL (
SELECT source_id, messages FROM report_weeks WHERE domain_id = ? AND week = w.week ORDER BY messages DESC LIMIT ?) AS r
"""


def _summed(table: Table, when: str, last: str, *by: str) -> Question:
    """Return the question what some sources sent for a domain in some weeks, or on some days."""
    sums = [func.sum(table.c.messages)] if by else summed(table)

    def written(postgresql: bool) -> "Select[Any]":
        return (
            select(table.c.source_id, func.max(table.c[last]), *(table.c[name] for name in by), *sums)
            .where(
                table.c.domain_id == bindparam("domain"),
                listed(table.c[when], "times", postgresql=postgresql),
                listed(table.c.source_id, "numbers", postgresql=postgresql),
            )
            .group_by(table.c.source_id, *(table.c[name] for name in by))
        )

    return Question(written)


_WEEKS = _summed(report_weeks, "week", "last_day")
_DAYS = _summed(report_days, "day", "day", "outcome")


@dataclass(slots=True)
class Tally:
    """What a source sent within the days asked for: the values of `SUMS`, and the last day."""

    values: list[int]
    last_day: int

    @property
    def messages(self) -> int:
        """How many messages."""
        return self.values[0]


_NOTHING = Tally([0] * len(SUMS), 0)


@dataclass(frozen=True, slots=True)
class Span:
    """Days in whole weeks, and the days at both ends that make none."""

    since: int
    until: int

    @property
    def weeks(self) -> list[int]:
        """All weeks that these days touch."""
        return list(range(week_of(self.since), week_of(self.until) + 1)) if self.since <= self.until else []

    @property
    def whole(self) -> list[int]:
        """The weeks that lie within whole."""
        return [week for week in self.weeks if week * 7 - 3 >= self.since and week * 7 + 3 <= self.until]

    @property
    def days(self) -> list[int]:
        """The days that lie in none of these."""
        whole = set(self.whole)
        return [day for week in self.weeks if week not in whole for day in self._within(week)]

    def _within(self, week: int) -> range:
        return range(max(self.since, week * 7 - 3), min(self.until, week * 7 + 3) + 1)


def largest(connection: Connection, domain: int, span: Span, limit: int) -> list[tuple[int, Tally]]:
    """Return the numbers of the sources that sent most, and what they sent; the largest first, the lower number first."""
    found: dict[int, Tally] = {}
    taken = _TIMES * limit + _MORE
    while True:
        uppers, bound = _taken(connection, domain, span.weeks, taken)
        ranked = _ranked(found, limit)
        order = sorted(uppers.keys() - found.keys(), key=lambda number: (-uppers[number], number))
        start, size = 0, limit
        while start < len(order) and not _enough(ranked, limit, uppers[order[start]]):
            least = ranked[-1][1].messages if len(ranked) >= limit else 0
            some = [number for number in order[start : start + size] if uppers[number] >= least]
            tallied = tallies(connection, domain, span, some)
            found.update({number: tallied.get(number, _NOTHING) for number in some})
            ranked = _ranked(found, limit)
            start, size = start + size, size * 2
            if bound and not _enough(ranked, limit, bound):
                break  # these alone will not do, so that more are taken before more are summed up
        if bound == 0 or _enough(ranked, limit, bound):
            return ranked
        taken *= _TIMES


def _ranked(found: Mapping[int, Tally], limit: int) -> list[tuple[int, Tally]]:
    sent = ((number, tally) for number, tally in found.items() if tally.messages)
    return nsmallest(limit, sent, key=lambda each: (-each[1].messages, each[0]))


def _enough(ranked: Sequence[tuple[int, Tally]], limit: int, upper: int) -> bool:
    """Tell whether no source that sent at most `upper` belongs among the largest."""
    return len(ranked) >= limit and ranked[-1][1].messages > upper


def _taken(connection: Connection, domain: int, weeks: Sequence[int], most: int) -> tuple[dict[int, int], int]:
    """Return the largest sources of each week, with what each can have sent in all weeks at most; and any other at most."""
    over: dict[int, int] = {}
    held, bound = over.get, 0
    for taken in _weeks(Driver(connection), domain, weeks, most):
        least = min(messages for _, messages in taken) if len(taken) == most else 0
        bound += least
        for number, messages in taken:
            over[number] = held(number, 0) + messages - least
    return {number: bound + more for number, more in over.items()}, bound


def _weeks(driver: Driver, domain: int, weeks: Sequence[int], most: int) -> Iterable[Sequence[Row]]:
    """Return the largest sources of each week, with what they sent in it."""
    if not driver.is_postgresql:
        return (driver.rows(_OF_WEEK, (domain, week, most)) for week in weeks)
    by_week: dict[int, list[Row]] = {}  # a server far away is asked once
    for week, *sent in driver.rows(_OF_WEEKS, (list(weeks), domain, most)):
        by_week.setdefault(week, []).append(tuple(sent))
    return by_week.values()


def tallies(connection: Connection, domain: int, span: Span, numbers: Collection[int]) -> dict[int, Tally]:
    """Return what these sources sent for a domain within some days."""
    found: dict[int, Tally] = {}
    if numbers:
        _add(connection, found, domain, (_WEEKS, span.whole, numbers))
        _add(connection, found, domain, (_DAYS, span.days, numbers))
    return found


def _add(
    connection: Connection, found: dict[int, Tally], domain: int, part: tuple[Question, list[int], Collection[int]]
) -> None:
    question, times, numbers = part
    if not times:
        return
    weekly = question is _WEEKS
    for number, last_day, *told in question.rows(connection, domain=domain, times=times, numbers=numbers):
        values = told if weekly else sums_of_outcome(*told)
        tally = found.setdefault(number, Tally([0] * len(SUMS), last_day))
        tally.values = [held + int(value) for held, value in zip(tally.values, values, strict=True)]
        tally.last_day = max(tally.last_day, last_day)
