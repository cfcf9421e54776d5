"""XML of a report as small trees: each element below the root, whole, as soon as it ends (XML 1.0, Namespaces in XML 1.0).

Expat reads; this holds what it says, within a budget. A document type declaration is refused where it begins, so there are
no entities but the five of XML and character references. Namespaces are resolved by hand, because reporters use prefixes
that they never declare. What the elements mean is for `record` and `head`.
"""

import re
from collections.abc import Callable
from xml.parsers import expat

from truehelo.reports.aggregate import dialects
from truehelo.reports.model import Budget, BudgetError, ReportError

_ENDS_EARLY = frozenset({3, 5, 6, 20})
"""Errors of expat that mean that more should have come: no element, unclosed token, partial character, unclosed CDATA."""
_UNDEFINED_ENTITY = 11
_ANOTHER = re.compile(rb"<(?:[\w.-]{1,40}:)?feedback[\s/>]")
_DECLARES = re.compile(r"xmlns(?::(.*))?\Z", re.DOTALL)

Scope = dict[str, str]
"""The namespaces that are declared at some place, by prefix; "" is the default one."""


class Node:
    """An element. `name` is without prefix, `raw` as it was written; `foreign`: of a namespace that is not the report's."""

    __slots__ = ("attributes", "children", "foreign", "name", "raw", "text")

    def __init__(self, name: str, raw: str, foreign: bool, attributes: dict[str, str]) -> None:
        """Begin an element."""
        self.name, self.raw, self.foreign, self.attributes = name, raw, foreign, attributes
        self.children: list[Node] = []
        self.text = ""


class _Open:
    """An element that has not ended."""

    __slots__ = ("length", "node", "parts", "scope")

    def __init__(self, node: Node, scope: Scope) -> None:
        self.node, self.scope, self.length = node, scope, 0
        self.parts: list[str] = []


class Root:
    """The root element: its name as written, its attributes, and the namespace that it puts the report in."""

    __slots__ = ("attributes", "namespace", "prefix", "raw", "scope")

    def __init__(self, raw: str, attributes: dict[str, str], scope: Scope) -> None:
        """Resolve its own prefix; one that is not declared leaves it without a namespace."""
        self.raw, self.attributes, self.scope = raw, attributes, scope
        self.prefix = raw.rpartition(":")[0]
        self.namespace = scope.get(self.prefix, "")

    def is_foreign(self, prefix: str, scope: Scope) -> bool:
        """Tell whether an element with this prefix is of a namespace that is not the report's."""
        if prefix in scope:
            return scope[prefix] not in dialects.NAMESPACES and scope[prefix] != self.namespace
        return prefix not in ("", self.prefix)

    def notes(self) -> set[str]:
        """Name what is odd about it."""
        found = set()
        if self.prefix:
            found.add(dialects.PREFIX if self.prefix in self.scope else dialects.UNDECLARED_PREFIX)
        if self.namespace not in dialects.NAMESPACES:
            found.add(dialects.WRONG_NAMESPACE)
        elif not self.namespace:
            found.add(dialects.NO_NAMESPACE)
        return found


class Tree:
    """Feeds expat, and hands each element below the root to `take` as (node, where it begins, its length in octets).

    Text between those elements goes to `stray`. `probed` is how many elements were open at the last `PROBE`, -1 before.
    """

    PROBE = b"<?probe?>"
    """An instruction to nobody: it changes nothing in a report, and tells whether the reader stands where it should."""

    def __init__(self, take: Callable[[Node, int, int], None], stray: Callable[[str], None], budget: Budget) -> None:
        """Begin, with nothing fed."""
        self.root: Root | None = None
        self.elements = self.longest = 0
        self.probed = -1
        self.closed = self.trailing = False
        self._take, self._stray, self._budget = take, stray, budget
        self._open: list[_Open] = []
        self._begin = self._place = self._fed = self._shift = 0
        self._between: list[str] = []
        self._between_length = 0
        self._held = b""
        self._parser = self._made()

    def _made(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("UTF-8")
        parser.buffer_text = True
        # Newer versions of expat let a token wait that came in two pieces; what is fed here is bounded, and wanted at once.
        at_once = getattr(parser, "SetReparseDeferralEnabled", None)
        if at_once:
            at_once(False)
        parser.StartElementHandler, parser.EndElementHandler = self._start, self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype
        parser.ProcessingInstructionHandler, parser.CommentHandler = self._instruction, self._comment
        return parser

    def feed(self, octets: bytes, place: int, *, final: bool = False) -> None:
        """Read more, which stands at this place of the report.

        Raises:
            ReportError: It cannot be read; a `BudgetError` where it costs too much.
        """
        if self.trailing:
            self._after(octets)
            return
        begins = self._fed
        self._shift = place - begins
        self._fed += len(octets)
        try:
            self._parser.Parse(octets, final)
        except expat.ExpatError as error:
            if not self.closed:
                raise self._refusal(error.code) from None
            self.trailing = True
            self._after(octets[max(0, self._parser.ErrorByteIndex - begins) :])
            return
        # What expat holds back is one token. These bounds keep the memory; the exact ones are where elements and texts end.
        most = 6 * self._budget.record + 4096
        begun = self._begin if len(self._open) > 1 else self._fed
        if self._fed - min(begun, max(0, self._parser.CurrentByteIndex)) > most:
            raise self._too_long(self._fed)

    def where(self, index: int) -> str:
        """Say where in the report it is, for a place in what was fed."""
        return f"octet {max(0, index + self._shift):,}"

    def _here(self) -> str:
        return self.where(self._parser.CurrentByteIndex)

    def _too_long(self, index: int) -> BudgetError:
        return BudgetError(f"it has an element longer than {self._budget.record:,} octets", self.where(index))

    def _refusal(self, code: int) -> ReportError:
        if code in _ENDS_EARLY:
            return ReportError("its XML ends early" if self.root else "there is no XML in it", self.where(self._fed))
        place = self.where(self._parser.ErrorByteIndex)
        if code == _UNDEFINED_ENTITY:
            return ReportError("it uses an entity that XML does not define", place)
        return ReportError(f"it is not well-formed XML, {expat.ErrorString(code)}", place)

    def _doctype(self, *_about: object) -> None:
        raise ReportError("it has a document type declaration, which no report needs and bombs use", self._here())

    def _instruction(self, target: str, data: str) -> None:
        self._between_ends()
        self._comment(data)
        if target == "probe":
            self.probed = len(self._open)

    def _comment(self, text: str) -> None:
        if len(text) > self._budget.record:
            raise self._too_long(self._parser.CurrentByteIndex)

    def _start(self, raw: str, attributes: dict[str, str]) -> None:
        depth = len(self._open)
        scope = self._open[-1].scope if depth else {}
        self._count(depth, attributes)
        if attributes:
            declared = {match[1] or "": uri for name, uri in attributes.items() if (match := _DECLARES.match(name))}
            scope = scope | declared if declared else scope
        prefix, _, name = raw.rpartition(":")
        if self.root is None:
            if name != "feedback":
                raise ReportError("it is XML, but no aggregate report: its root element is not <feedback>", self._here())
            self.root = Root(raw, attributes, scope)
            self._open.append(_Open(Node(name, raw, False, attributes), scope))
            return
        node = Node(name, raw, self.root.is_foreign(prefix, scope), attributes)
        if depth == 1:
            self._between_ends()
            self._begin = self._parser.CurrentByteIndex
            self._place = self._begin + self._shift
        else:
            self._open[-1].node.children.append(node)
        self._open.append(_Open(node, scope))

    def _count(self, depth: int, attributes: dict[str, str]) -> None:
        budget = self._budget
        self.elements += 1
        if depth >= budget.depth:
            raise BudgetError(f"its elements lie more than {budget.depth} deep", self._here())
        if self.elements > budget.elements:
            raise BudgetError(f"it has more than {budget.elements:,} elements", self._here())
        if attributes:
            if len(attributes) > budget.attributes:
                raise BudgetError(f"an element has more than {budget.attributes} attributes", self._here())
            if sum(map(len, attributes.values())) > budget.text:
                raise BudgetError(f"it has a text longer than {budget.text:,} characters", self._here())
        if depth > 1 and self._parser.CurrentByteIndex - self._begin > budget.record:
            raise self._too_long(self._begin)

    def _end(self, _name: str) -> None:
        ended = self._open.pop()
        node = ended.node
        if ended.parts:
            node.text = "".join(ended.parts)
        if len(self._open) == 1:
            length = self._parser.CurrentByteIndex - self._begin
            if length > self._budget.record:
                raise self._too_long(self._begin)
            self._take(node, self._place, length)
        elif not self._open:
            self._between_ends()
            self.closed = True

    def _text(self, text: str) -> None:
        if len(self._open) > 1:
            inner = self._open[-1]
            inner.parts.append(text)
            inner.length += len(text)
            length = inner.length
        else:
            if not self._between and text.isspace():
                return
            self._between.append(text)
            self._between_length += len(text)
            length = self._between_length
        if length > self.longest:
            self.longest = length
            if length > self._budget.text:
                raise BudgetError(f"it has a text longer than {self._budget.text:,} characters", self._here())

    def _between_ends(self) -> None:
        if self._between and len(self._open) < 2:
            text = "".join(self._between).strip()
            self._between, self._between_length = [], 0
            self._stray(text)

    def _after(self, octets: bytes) -> None:
        """Look at what follows the root: it is no part of the report, but another report would be lost."""
        octets = self._held + octets
        if _ANOTHER.search(octets):
            raise ReportError("a second report follows the first in one file; they must be parted")
        self._held = octets[-64:]
