"""Storing an aggregate report: its records as facts, the roll-ups over them, and its row, in one transaction.

A report of ordinary size is read before the transaction begins, so that nobody waits for a parser; a large one is written
while it is read. Where an id is known already is decided at the end: not before is the digest of all its octets known.
"""

from collections.abc import Iterator
from itertools import chain

import msgspec

from truehelo.reports.model import AggregateHead, Record, ReportError, ReportKind
from truehelo.store.database import Database
from truehelo.store.reports import rollups
from truehelo.store.reports.dimensions import NEVER, Dimensions, KnownShape
from truehelo.store.reports.driver import Driver
from truehelo.store.reports.entries import (
    came_before,
    check_messages,
    check_range,
    identity_of,
    next_number,
    note_again,
    write_entry,
)
from truehelo.store.reports.outcomes import Came, Outcome, Reading, Stored
from truehelo.store.reports.tables import ALL
from truehelo.store.reports.texts import clean

_HELD = 20_000
"""So many records are read before a transaction begins."""
_HELD_OCTETS = 4 * 2**20
"""Or so many octets of them that differ: records may be long, and take several times as much when they are read."""
_FAULTS = 100
_AT_ONCE = 10_000
_FACTS = "report_id, source_id, position, outcome, shape_id, count"
_SOURCES = """
SELECT source_id, SUM(count) FROM report_records WHERE report_id = ? AND source_id > ?
GROUP BY source_id ORDER BY source_id LIMIT ?
"""


class _AgainError(Exception):
    """A report that was written while it was read came before: nothing of it is to stay. `number` is that one's."""

    def __init__(self, number: int | None) -> None:
        """Say which one."""
        self.number = number
        super().__init__(number)


def store_aggregate(database: Database, dimensions: Dimensions, reading: Reading, came: Came) -> Stored:
    """Store an aggregate report.

    Raises:
        ReportError: It turned out to be none; nothing of it stands.
        StoreError: The database failed; nothing of it stands.
    """
    batches = reading.batches()
    held, whole = _gather(reading, batches)
    try:
        with database.write() as connection:
            writing = _Writing(Driver(connection), dimensions, reading, came)
            stored = writing.write_held(held) if whole else writing.write_all(chain(held, batches))
    except _AgainError as again:
        dimensions.undo()
        with database.write() as connection:
            note_again(Driver(connection), again.number, came.at)
        return writing.stored(Outcome.DUPLICATE, again.number)
    except BaseException:
        dimensions.undo()
        raise
    return stored


def _gather(reading: Reading, batches: Iterator[list[Record]]) -> tuple[list[list[Record]], bool]:
    """Read the first records; tell whether they were all."""
    held: list[list[Record]] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += len(batch)
        if count >= _HELD or reading.octets >= _HELD_OCTETS:
            return held, False
    return held, True


class _Writing:
    """One report on its way into the database."""

    def __init__(self, driver: Driver, dimensions: Dimensions, reading: Reading, came: Came) -> None:
        self.driver, self.dimensions, self.reading, self.came = driver, dimensions, reading, came
        self.number, self.records, self.messages = 0, 0, 0
        self.shapes: dict[bytes, tuple[KnownShape, list[int]]] = {}
        dimensions.begin(driver)

    def write_held(self, held: list[list[Record]]) -> Stored:
        """Write a report that was read whole: whether it came before is known before anything is written."""
        self.records = sum(map(len, held))
        self.messages = sum(count for batch in held for _, count, _ in batch)
        rollups.serialise(self.driver)
        outcome, number = self._came_before()
        if outcome is Outcome.DUPLICATE:
            note_again(self.driver, number, self.came.at)
            return self.stored(outcome, number)
        self.records = 0  # counted again as they are written
        self._write_facts(iter(held))
        return self._finish(outcome)

    def write_all(self, batches: Iterator[list[Record]]) -> Stored:
        """Write a report while it is read."""
        self._write_facts(batches)
        rollups.serialise(self.driver)
        outcome, number = self._came_before()
        if outcome is Outcome.DUPLICATE:
            raise _AgainError(number)
        return self._finish(outcome)

    def stored(self, outcome: Outcome, number: int | None) -> Stored:
        """Say what was done."""
        head = self._head
        return Stored(
            outcome=outcome,
            kind=ReportKind.AGGREGATE,
            number=number,
            reporter=head.metadata.org_name,
            report_id=head.metadata.report_id,
            domain=head.policy.domain,
            records=self.records,
            bad=self.reading.bad,
            messages=self.messages,
        )

    @property
    def _head(self) -> AggregateHead:
        if self.reading.head is None:
            raise ReportError("it says neither who reports nor about what")
        return self.reading.head

    def _came_before(self) -> tuple[Outcome, int | None]:
        head, data = self._head, self._head.metadata
        check_range(data.begin, data.end)
        check_messages(self.messages)
        self.reporter = self.dimensions.reporter(self.driver, data.org_name, data.email)
        self.domain = self.dimensions.domain(self.driver, head.policy.domain)
        numbers = (self.reporter, self.domain)
        self.identity = identity_of(ReportKind.AGGREGATE, numbers, data.report_id, data.begin, data.end)
        return came_before(self.driver, self.identity, self.reading.digest)

    def _write_facts(self, batches: Iterator[list[Record]]) -> None:
        self.number = next_number(self.driver)
        for batch in batches:
            self._write_batch(batch)
        self.messages = sum(messages[0] for _, messages in self.shapes.values())

    def _write_batch(self, batch: list[Record]) -> None:
        day = self.reading.head.metadata.day if self.reading.head else NEVER
        dimensions, tally, number = self.dimensions, self.shapes, self.number
        dimensions.fill(self.driver, batch, day)
        sources, shapes = dimensions.sources, dimensions.shapes
        rows = []
        position = self.records
        for ip, count, shape in batch:
            entry = tally.get(shape.key)
            if entry is None:
                entry = tally[shape.key] = (shapes[shape.key], [0])
            known, messages = entry
            messages[0] += count
            rows.append((number, sources[ip], position, known[1], known[0], count))
            position += 1
        self.records = position
        rows.sort()  # in the order of the table's key, which is how a tree takes them best
        self.driver.insert("report_records", _FACTS, rows)

    def _finish(self, outcome: Outcome) -> Stored:
        head, data, driver = self._head, self._head.metadata, self.driver
        self.dimensions.touch(driver, (known.id for known, _ in self.shapes.values()), data.day)
        write_entry(
            driver,
            {
                "id": self.number,
                "kind": ReportKind.AGGREGATE,
                "identity": self.identity,
                "reporter_id": self.reporter,
                "domain_id": self.domain,
                "external_id": clean(data.report_id),
                "begins": data.begin,
                "ends": data.end,
                "day": data.day,
                "digest": self.reading.digest,
                "policy_id": self.dimensions.policy(driver, head.policy),
                "records": self.records,
                "messages": self.messages,
                "bad": self.reading.bad,
                "head": msgspec.json.encode(head).decode(),
                "faults": msgspec.json.encode(list(self.reading.faults)[:_FAULTS]).decode(),
                "flagged": int(outcome is Outcome.CONFLICT),
            },
            self.came,
        )
        if outcome is Outcome.NEW:
            self._roll_up(data.day)
        return self.stored(outcome, self.number)

    def _roll_up(self, day: int) -> None:
        driver = self.driver
        rolled = rollups.Rolled(report=self.number, domain=self.domain, reporter=self.reporter, day=day)
        rollups.roll_up_sources(driver, rolled)
        outcomes: dict[int, int] = {}
        signatures: dict[int, tuple[int, int]] = {}
        for known, (count,) in self.shapes.values():
            outcomes[known.outcome] = outcomes.get(known.outcome, 0) + count
            for signature in known.signatures:
                messages, aligned = signatures.get(signature, (0, 0))
                signatures[signature] = (messages + count, aligned + count * (known.outcome & 1))
        rollups.roll_up_whole(driver, rolled, self.records, outcomes)
        rollups.roll_up_selectors(driver, rolled, signatures)
        last = 0
        while sent := {row[0]: int(row[1]) for row in driver.rows(_SOURCES, (self.number, last, _AT_ONCE))}:
            for domain in (self.domain, ALL):
                new = self.dimensions.new_sources(driver, domain, day, sent)
                rollups.note_firsts(driver, domain, day, {source: sent[source] for source in new})
            last = max(sent)
