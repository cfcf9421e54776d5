"""JSON text within bounds (RFC 8259): depth, number of tokens and length of texts are held against the budget first.

The standard library then makes the values. Does not know what they mean (`tls`).
"""

import codecs
import json
import re
from dataclasses import dataclass, field
from typing import Any

from truehelo.reports.model import Budget, BudgetError, ReportError

# A text that is not closed goes on to the end, so that no octet is looked at twice.
_TOKEN = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[][{},]|[^][{},:"\s]++', re.DOTALL)
_NAMED_DEPTHS = 4


def decode(octets: bytes) -> tuple[str, list[str]]:
    """Return octets as text, and how they depart from UTF-8 without a byte order mark (RFC 8259 §8.1)."""
    if octets.startswith(codecs.BOM_UTF8):
        return octets[3:].decode("utf-8", "replace"), ["byte order mark"]
    encoding = json.detect_encoding(octets)
    if encoding.startswith("utf-16"):
        return octets.decode(encoding, "replace").lstrip("\ufeff"), ["UTF-16"]
    try:
        return octets.decode("utf-8"), []
    except UnicodeDecodeError:
        return octets.decode("windows-1252", "replace"), ["windows-1252"]


@dataclass(slots=True)
class Scan:
    """One way through a JSON text, without making values of it.

    `starts` is where entries of the lists at `lists` begin, in characters, by their numbers from 0: for the lists
    ("policies", "failure-details") at (1,) the second policy, at (1, 0) its first failure.
    """

    budget: Budget
    lists: tuple[str, str]
    starts: dict[tuple[int, ...], int] = field(default_factory=dict)
    _places: list[int] = field(default_factory=list)
    """Which entry of each list or object we are in."""
    _named: list[str] = field(default_factory=lambda: [""] * _NAMED_DEPTHS)
    """The last text at each of the first depths: in an object, the name of what follows."""

    def run(self, text: str) -> None:
        """Go through. Raises BudgetError."""
        for count, token in enumerate(_TOKEN.finditer(text)):
            where = f"character {token.start()}"
            if count >= self.budget.tokens:
                raise BudgetError(f"the JSON text has more than {self.budget.tokens} texts, numbers and marks", where)
            first = text[token.start()]
            if first == ",":
                if self._places:
                    self._places[-1] += 1
            elif first in "]}":
                self._places = self._places[:-1]
            else:
                self._value(first, token, where)

    def _value(self, first: str, token: re.Match[str], where: str) -> None:
        self._note(token.start())
        if first == '"':
            if token.end() - token.start() > self.budget.text:
                raise BudgetError(f"a text has more than {self.budget.text} characters", where)
            if len(self._places) < _NAMED_DEPTHS:
                self._named[len(self._places)] = token[0].strip('"')
        elif first in "[{":
            self._places.append(0)
            if len(self._places) > self.budget.depth:
                raise BudgetError(f"values lie more than {self.budget.depth} deep in each other", where)

    def _note(self, start: int) -> None:
        depth = len(self._places)
        if depth == 2 and self._named[1] == self.lists[0]:
            self.starts.setdefault((self._places[1],), start)
        elif depth == 4 and (self._named[1], self._named[3]) == self.lists:
            self.starts.setdefault((self._places[1], self._places[3]), start)


def parse(text: str) -> tuple[Any, bool]:
    """Return the value of a JSON text that was scanned, and whether an object in it names a member twice.

    The last of two counts, as most readers have it (RFC 8259 §4); NaN and its like are null.

    Raises:
        ReportError: It is broken.
    """
    doubled = False

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal doubled
        found = dict(pairs)
        doubled = doubled or len(found) < len(pairs)
        return found

    try:
        return json.loads(text, object_pairs_hook=members, parse_constant=lambda _: None), doubled
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise ReportError(f"the JSON text is broken: {error.msg}", where) from error
    except ValueError as error:
        raise ReportError("the JSON text holds a number of thousands of digits") from error
