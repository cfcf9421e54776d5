"""The fast way to read an aggregate report: records are cut out by their tags, and each shape of record is read once.

Nearly all records of a report are alike but for address and count. Where a record is written in the usual way, these
two are cut out, and what is left is looked up by its octets; what was never seen before is read by the plain way, as
a report of one record below the same root. Everything else, and every record in which anything is unusual, goes
through the plain way as it stands, so that this way reads nothing otherwise: before it cuts, it makes sure by a
processing instruction that expat stands in the content of the root.
"""

import re
from xml.sax.saxutils import quoteattr

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.fields import Gathered
from truehelo.reports.aggregate.memo import Memo, Remembered
from truehelo.reports.aggregate.plain import Plain, Tally
from truehelo.reports.aggregate.plan import Plan, marked, plan_for, taken_apart
from truehelo.reports.aggregate.record import read_record
from truehelo.reports.aggregate.tree import Node, Root, Tree
from truehelo.reports.aggregate.values import address
from truehelo.reports.model import Budget, BudgetError, ReportError, Shape

_USUAL = re.compile(
    rb"<record>[ \t\r\n]{0,64}<row>[ \t\r\n]{0,64}<source_ip>([0-9A-Fa-f.:]{2,45})</source_ip>"
    rb"[ \t\r\n]{0,64}<count>([1-9][0-9]{0,17})</count>"
)
"""How a record begins. Blank is bounded: what is cut can break no budget that the record did not break when it was read."""
_BLANK = re.compile(rb"[ \t\r\n]*")
_START, _END = b"<record>", b"</record>"
_SLACK = 512
"""More octets than two records that differ in address, count and blank differ in."""
_HELD = 65_536
"""So much is looked through for the first record before it is fed."""
_FAILURES = 16
"""After so many places that were none to cut at, the rest is read the plain way."""
_KNOWN = 2 * 2**20
"""Octets of records whose shapes are at hand. What is read of them takes several times as much."""
_ADDRESSES = 16_384
_LONGEST = 16_384
"""Octets of the longest record that is cut out; longer ones are rare, and not worth remembering."""
_PLANNED = 4096
"""Octets of the longest record that is read by a plan."""
_MOST_PLANS = 512

_MEMO = Memo()
_PLANS: dict[tuple[str, bytes], Plan | None] = {}


class Cutter(Plain):
    """Reads a report from UTF-8, piece by piece, into a tally, as `Plain` does."""

    def __init__(self, budget: Budget, tally: Tally, skipped: int = 0) -> None:
        """Begin in front of the report."""
        super().__init__(budget, tally, skipped)
        self._buffer = b""
        self._seen = 0
        """How much of the buffer is not to be looked through for a record again."""
        self._cutting = self._plain_only = False
        self._failures = self._known_octets = 0
        self._known: dict[bytes, Shape] = {}
        self._costs: dict[bytes, int] = {}
        self._addresses: dict[bytes, str] = {}
        self._context = ""
        self._opening = self._closing = b""

    def feed(self, octets: bytes, *, final: bool = False) -> None:
        """Read more."""
        self._buffer += octets
        goes_on = True
        while goes_on:
            if self._plain_only:
                octets, self._buffer = self._buffer, b""
                super().feed(octets, final=final)
                return
            goes_on = self._cut(final) if self._cutting else self._seek(final)

    # Looking for a place to cut at: everything up to it goes the plain way.

    def _seek(self, final: bool) -> bool:
        start = self._buffer.find(_START, self._seen)
        look = self._buffer if start < 0 else self._buffer[:start]
        if b"<![" in look or b"<?" in look:
            # What stands in a CDATA section or an instruction is no record, and a probe would change it.
            self._plain_only = True
            return True
        if start < 0:
            if final:
                self._plain_only = True
            elif len(self._buffer) > _HELD:
                self._pass(len(self._buffer) - len(_START))
            return final
        self.tree.probed = -1
        self._pass(start, Tree.PROBE)
        root = self.tree.root
        if self.tree.probed == 1 and root is not None and not self.tree.closed:
            self._cutting, self._seen = True, 0
            if not self._opening:
                self._open(root)
        else:
            self._seen = len(_START)
            self._failures += 1
            self._plain_only = self._failures > _FAILURES or self.tree.closed
        return True

    def _pass(self, length: int, probe: bytes = b"") -> None:
        """Feed the front of the buffer to expat."""
        octets, self._buffer, self._seen = self._buffer[:length], self._buffer[length:], 0
        self.tree.feed(octets + probe, self.place)
        self.place += length

    def _open(self, root: Root) -> None:
        """Make ready to read single records below the root that was met."""
        attributes = "".join(f" {name}={quoteattr(value)}" for name, value in root.attributes.items())
        self._opening, self._closing = f"<{root.raw}{attributes}>".encode(), f"</{root.raw}>".encode()
        self._context = repr((self._opening, self.budget))

    # Cutting: the buffer begins with a record.

    def _cut(self, final: bool) -> bool:
        end = self._buffer.rfind(_START)
        if not final and end <= 0:
            if len(self._buffer) > self.budget.record:
                self._leave()
                return True
            return False
        if not self.head.begun:
            self.tally.notes.add(dialects.RECORD_FIRST)
        if 0 < end <= self.budget.record and self._all_at_once(self._buffer[:end]):
            self._drop(end)
            end = 0
        if final:
            end = len(self._buffer)
        return self._one_by_one(end)

    def _all_at_once(self, block: bytes) -> bool:
        """Read a block of records, if every one of them is usual."""
        parts = _USUAL.split(block)
        if parts[0]:
            return False
        self._forget()
        texts, sources = parts[3::3], parts[1::3]
        # Addresses first: of a record that is a fault nothing else counts, nor its dialects.
        addresses = list(map(self._addresses.get, sources))
        if not all(addresses):
            for number, known in enumerate(addresses):
                if known is None:
                    addresses[number] = read = self._address(sources[number])
                    if not read:
                        return False
        shapes = list(map(self._known.get, texts))
        if not all(shapes):
            for number, shape in enumerate(shapes):
                if shape is None:
                    shapes[number] = found = self._shape(texts[number], sources[number])
                    if found is None:
                        return False
        counts = list(map(int, parts[2::3]))
        self._spend(sum(map(self._costs.__getitem__, texts)))
        self.tally.add(list(zip(addresses, counts, shapes, strict=True)), sum(counts))  # type: ignore[arg-type]
        return True

    def _one_by_one(self, end: int) -> bool:
        """Read the buffer up to `end` record by record; True when the next octets are no usual record."""
        place = 0
        while place < end and self._buffer.startswith(_START, place):
            after = self._one(place)
            if not after:
                break
            place = after
        self._drop(place)
        if place == end and self._buffer.startswith(_START):
            return False
        self._leave()
        return True

    def _one(self, place: int) -> int:
        """Read the record at a place of the buffer and return the place after it, 0 where it is unusual."""
        start = _USUAL.match(self._buffer, place)
        end = self._buffer.find(_END, place)
        if start is None or end < 0 or end - place > self.budget.record:
            return 0
        after = end + len(_END)
        blank = _BLANK.match(self._buffer, after)
        after = blank.end() if blank else after
        self._forget()
        text, source = self._buffer[start.end() : after], self._address(start[1])
        shape = (self._known.get(text) or self._shape(text, start[1])) if source else None
        if shape is None:
            return 0
        self._spend(self._costs[text])
        self.tally.add([(source, int(start[2]), shape)], int(start[2]))
        return after

    def _drop(self, length: int) -> None:
        """Take from the buffer what was read."""
        self._buffer = self._buffer[length:]
        self.place += length

    def _leave(self) -> None:
        """Let what is in front go the plain way, and look for the next record after it."""
        self._cutting = False
        self._seen = len(_START) if self._buffer.startswith(_START) else 0

    def _spend(self, elements: int) -> None:
        self.tree.elements += elements
        if self.tree.elements > self.budget.elements:
            raise BudgetError(f"it has more than {self.budget.elements:,} elements")

    def _forget(self) -> None:
        if self._known_octets > _KNOWN:
            self._known.clear()
            self._costs.clear()
            self._known_octets = 0
        if len(self._addresses) > _ADDRESSES:
            self._addresses.clear()

    def _address(self, source: bytes) -> str:
        """Return the canonical form of an address, "" where it is none."""
        known = self._addresses.get(source)
        if known is None:
            try:
                known = self._addresses[source] = address(source.decode())
            except ValueError:
                return ""
        return known

    def _shape(self, text: bytes, source: bytes) -> Shape | None:
        """Return the shape of a record by its octets after the count, None where anything about it is unusual."""
        body, end, blank = text.partition(_END)
        if not end or blank.strip(b" \t\r\n") or len(text) > _LONGEST or len(body) + _SLACK > self.budget.record:
            return None
        found = _MEMO.get(self._context, body)
        if found is None:
            found = self._planned(body, source) or self._read(body, source)
            if found is None:
                return None
            self.tally.octets += len(body)
            _MEMO.put(self._context, body, found)
        self.tally.notes |= found.notes
        self._known[text], self._costs[text] = found.shape, found.elements
        self._known_octets += len(text)
        return found.shape

    def _planned(self, body: bytes, source: bytes) -> Remembered | None:
        """Read a record by the plan for its tags, None where there is none."""
        if len(body) > _PLANNED or self.budget.text < 2 * _PLANNED:
            return None
        apart = taken_apart(body)
        if apart is None:
            return None
        skeleton, texts = apart
        key = self._context, skeleton
        if key in _PLANS:
            plan = _PLANS[key]
        else:
            of_marks = self._read(marked(skeleton), source)
            if len(_PLANS) >= _MOST_PLANS:
                _PLANS.clear()
            plan = plan_for(of_marks, len(texts), self.head.gathered.schema) if of_marks else None
            _PLANS[key] = plan
        return plan.read(texts) if plan else None

    def _read(self, body: bytes, source: bytes) -> Remembered | None:
        """Read a record the plain way, as the only one of a report."""
        if b"<!" in body or b"<?" in body:
            return None
        usual = b"<record><row><source_ip>" + source + b"</source_ip><count>1</count>" + body + _END
        taken: list[Node | str] = []
        tree = Tree(lambda node, _offset, _length: taken.append(node), taken.append, self.budget)
        gathered = Gathered(self.head.gathered.schema)
        try:
            tree.feed(self._opening + usual + self._closing, 0, final=True)
            node = taken[0]
            if len(taken) != 1 or isinstance(node, str) or node.name != "record" or node.foreign or tree.trailing:
                return None
            _, _, shape = read_record(node, gathered)
        except (ReportError, ValueError):
            # It is refused, or a fault: the plain way says so, with its place.
            return None
        if dialects.DOUBLED in gathered.notes or tree.longest + _SLACK > self.budget.text:
            return None
        return Remembered(shape, frozenset(gathered.notes), tree.elements - 1)
