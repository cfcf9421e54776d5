"""An aggregate report that is being read: records in batches, and everything else once the last of them is out.

Memory is bounded, however large the report is. Does not unpack (`unpack`), and does not keep anything.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.cut import Cutter
from truehelo.reports.aggregate.octets import Octets
from truehelo.reports.aggregate.plain import Plain, Tally
from truehelo.reports.faults import fault
from truehelo.reports.model import DEFAULT_BUDGET, AggregateHead, Budget, BudgetError, Fault, Record, ReportError

BATCH = 4096
"""A batch is given when it has so many records, or when much was read since the last: records may be long."""
_BATCH_OCTETS = 4 * 2**20
_PIECE = 131_072


class AggregateReading:
    """A report, read while its `batches` are taken. They can be taken once.

    `head` is None until it is whole, which it is when the last batch is given. A `ReportError` on the way refuses the
    report: batches that were given before are void then.
    """

    def __init__(
        self,
        chunks: Iterable[bytes],
        budget: Budget = DEFAULT_BUDGET,
        *,
        clock: Callable[[], float] | None = None,
        plain: bool = False,
    ) -> None:
        """See `read_aggregate`."""
        self.head: AggregateHead | None = None
        self.digest = ""
        """SHA-256 of the octets, in hexadecimal, once they are all read."""
        self._tally = Tally()
        self.faults: Sequence[Fault] = self._tally.faults
        """The first hundred of the bad records."""
        self.bad = self.records = self.messages = 0
        """How many records could not be used, how many could, and how many messages these count, so far."""
        self.octets = 0
        """Of the records so far that do not share what was read before: what holds them takes a few times as much."""
        self._chunks, self._budget, self._clock = chunks, budget, clock
        self._reader = Plain if plain else Cutter
        self._spent = 0.0

    def batches(self) -> Iterator[list[Record]]:
        """Read.

        Raises:
            ReportError: The report is refused; it is a `BudgetError` where it costs too much.
            OSError: The octets cannot be had.
        """
        try:
            yield from self._read()
        except (ReportError, OSError):
            raise
        except Exception as error:  # of content: what is done with a batch is not raised here
            raise fault(error) from error

    def _read(self) -> Iterator[list[Record]]:
        digest, octets, tally = hashlib.sha256(), Octets(), self._tally
        reader: Plain | None = None
        size = given = 0
        began = self._now()
        for piece in _pieces(self._chunks):
            size += len(piece)
            if size > self._budget.octets:
                raise BudgetError(f"it is longer than {self._budget.octets:,} octets")
            digest.update(piece)
            readable = octets.feed(piece)
            if readable:
                reader = reader or self._reader(self._budget, tally, octets.skipped)
                reader.feed(readable)
            self._spend(began)
            if len(tally.batch) >= BATCH or (tally.batch and size - given >= _BATCH_OCTETS):
                given = size
                yield self._batch()
            began = self._now()
        readable = octets.feed(b"", final=True)
        reader = reader or self._reader(self._budget, tally, octets.skipped)
        reader.feed(readable, final=True)
        self.head = self._finished(reader, octets)
        self.digest = digest.hexdigest()
        yield self._batch()

    def _batch(self) -> list[Record]:
        tally = self._tally
        self.bad, self.records, self.messages = tally.bad, tally.good, tally.messages
        self.octets = tally.octets
        batch, tally.batch = tally.batch, []
        return batch

    def _now(self) -> float:
        return self._clock() if self._clock else 0.0

    def _spend(self, began: float) -> None:
        """Count the time since then, in which the octets came and were read; what is done with a batch is not counted."""
        self._spent += self._now() - began
        if self._spent > self._budget.seconds:
            raise BudgetError(f"it takes more than {self._budget.seconds:g} seconds to read")

    def _finished(self, reader: Plain, octets: Octets) -> AggregateHead:
        notes = self._tally.notes | octets.dialects
        if reader.tree.trailing:
            notes.add(dialects.TRAILING_TEXT)
        head = reader.head.finish(notes)
        if not self._tally.good:
            if self._tally.bad:
                raise ReportError(f"none of its records can be used, {self._tally.faults[0].reason}")
            raise ReportError("it has no record")
        return head


def read_aggregate(
    chunks: Iterable[bytes],
    budget: Budget = DEFAULT_BUDGET,
    *,
    clock: Callable[[], float] | None = None,
    plain: bool = False,
) -> AggregateReading:
    """Read an aggregate report (RFC 7489 §7.2, RFC 9990).

    Args:
        chunks: Its octets, decompressed, in pieces of any size.
        budget: What it may cost.
        clock: Tells seconds of CPU (`time.process_time`); without one the time is not bounded.
        plain: Read it the plain way throughout: slower, and the same.

    Returns:
        The reading; nothing is read before its `batches` are taken.
    """
    return AggregateReading(chunks, budget, clock=clock, plain=plain)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Make pieces of a moderate size of chunks of any size: neither many small ones nor one that fills the memory."""
    held: list[bytes] = []
    size = 0
    for chunk in chunks:
        held.append(chunk)
        size += len(chunk)
        if size >= _PIECE:
            whole = b"".join(held) if len(held) > 1 else chunk
            for start in range(0, size - _PIECE + 1, _PIECE):
                yield whole[start : start + _PIECE]
            rest = whole[size - size % _PIECE :]
            held, size = [rest], len(rest)
    if size:
        yield b"".join(held)
