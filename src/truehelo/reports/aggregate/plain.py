"""The plain way to read an aggregate report: every element through expat, every record through `record`.

It is the oracle of `cut`. `Tally` gathers what either way finds.
"""

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.fields import Gathered
from truehelo.reports.aggregate.head import Head
from truehelo.reports.aggregate.record import read_record
from truehelo.reports.aggregate.tree import Node, Tree
from truehelo.reports.aggregate.values import MOST
from truehelo.reports.model import Budget, BudgetError, Fault, Record, ReportError

FAULTS = 100
"""So many bad records are told one by one; the others are counted."""


class Tally:
    """The records that were read and not yet given away, and what is counted over all of them."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.batch: list[Record] = []
        self.faults: list[Fault] = []
        self.notes: set[str] = set()
        self.good = self.bad = self.messages = 0
        self.octets = 0
        """Of the records whose shapes were read anew: a shape that many records share is in memory once."""

    def add(self, records: list[Record], messages: int) -> None:
        """Take records that can be used."""
        self.batch += records
        self.good += len(records)
        self.messages += messages
        if self.messages > MOST:
            raise ReportError("its counts come to more messages than can be stored")

    def fault(self, offset: int, reason: str) -> None:
        """Take one that cannot."""
        self.bad += 1
        if len(self.faults) < FAULTS:
            self.faults.append(Fault(number=self.good + self.bad, offset=offset, reason=reason))


class Plain:
    """Reads a report from UTF-8, piece by piece, into a tally. `head` is there once the root element is."""

    def __init__(self, budget: Budget, tally: Tally, skipped: int = 0) -> None:
        """`skipped` is how many octets stood before the first that is fed."""
        self.budget, self.tally = budget, tally
        self.tree = Tree(self._take, self._stray, budget)
        self.place = skipped
        self._head: Head | None = None
        self._head_octets = 0

    def feed(self, octets: bytes, *, final: bool = False) -> None:
        """Read more."""
        self.tree.feed(octets, self.place, final=final)
        self.place += len(octets)

    @property
    def head(self) -> Head:
        """What gathers the head."""
        if self._head is None:
            if self.tree.root is None:
                raise ReportError("there is no XML in it")
            self._head = Head(self.tree.root)
        return self._head

    def _take(self, node: Node, offset: int, length: int) -> None:
        if node.name == "record" and not node.foreign:
            self.tally.octets += length
            self._record(node, offset)
        else:
            self._weigh(length + len(f"</{node.raw}>"))
            self.head.take(node)

    def _stray(self, text: str) -> None:
        self._weigh(len(text))
        self.head.stray(text)

    def _weigh(self, length: int) -> None:
        self._head_octets += length
        if self._head_octets > self.budget.record:
            raise BudgetError(f"it has more than {self.budget.record:,} octets beside its records")

    def _record(self, node: Node, offset: int) -> None:
        gathered = Gathered(self.head.gathered.schema)
        if not self.head.begun:
            self.tally.notes.add(dialects.RECORD_FIRST)
        try:
            record = read_record(node, gathered)
        except ValueError as error:
            self.tally.fault(offset, str(error))
        else:
            self.tally.notes |= gathered.notes
            self.tally.add([record], record[1])
