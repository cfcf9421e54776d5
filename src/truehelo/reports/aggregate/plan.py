"""Records that differ in their texts alone are read by a plan: which text becomes which field of a shape.

A plan is made by the plain way: a record is read once with a numbered mark in the place of each text, and where the marks
turn up in its shape is the plan. Only texts of printable ASCII without references are filled in; `cut` sends all other
records through expat.
"""

import re
from collections.abc import Sequence

from truehelo.reports.aggregate import dialects
from truehelo.reports.aggregate.fields import bare
from truehelo.reports.aggregate.memo import Remembered
from truehelo.reports.model import DkimResult, Reason, Shape, SpfCheck

_TEXT = re.compile(rb">([^<>]*[^<> \t\r\n][^<>]*)</")
_PLACE = b">\0</"
"""Stands in a skeleton where a text was. No XML has a NUL."""
_SIMPLE = bytes({0x09, 0x0A, *range(0x20, 0x7F)} - {ord("&")})
"""Octets that are in a text what they are in XML: no reference, no line end that would be made another."""
_LONGEST = 1024
_NULS = bytes(_LONGEST)
_MARK = re.compile(r"m([0-9]{1,4})")
_VALUE_NOTES = frozenset({dialects.CAPITALS, dialects.UNKNOWN_WORD})
"""Dialects that depend on what the words are, not on the elements they stand in."""


def taken_apart(body: bytes) -> tuple[bytes, list[str]] | None:
    """Return the skeleton of a record and its texts, the first of which is ""; None where a text is not simple."""
    parts = _TEXT.split(body)
    texts = parts[1::2]
    if not 0 < len(texts) <= _LONGEST:
        return None
    together = b"\0".join(texts)
    if together.translate(None, _SIMPLE) != _NULS[: len(texts) - 1] or max(map(len, texts)) > _LONGEST:
        return None
    return _PLACE.join(parts[::2]), ["", *[text.strip() for text in together.decode("ascii").split("\0")]]


def marked(skeleton: bytes) -> bytes:
    """Return the record with a mark in the place of each text."""
    first, *others = skeleton.split(_PLACE)
    return first + b"".join(b">m%d</" % number + other for number, other in enumerate(others, 1))


class Plan:
    """Makes shapes of the texts of a record."""

    def __init__(self, of_marks: Remembered, schema: dialects.Schema) -> None:
        """Make the plan of what was read of a marked record.

        Raises:
            ValueError: A field is neither a mark nor empty.
        """
        self.elements, self._notes = of_marks.elements, of_marks.notes - _VALUE_NOTES
        shape = of_marks.shape
        self._words: list[tuple[int, frozenset[str]]] = []
        self._disposition = self._word(shape.disposition, schema.dispositions)
        self._dkim, self._spf = self._word(shape.dkim, dialects.ALIGNED), self._word(shape.spf, dialects.ALIGNED)
        self._from, self._to = _place(shape.header_from), _place(shape.envelope_to)
        self._envelope_from = None if shape.envelope_from is None else _place(shape.envelope_from)
        self._reasons = [(self._word(one.type, schema.reasons), _place(one.comment)) for one in shape.reasons]
        self._signatures = [
            (
                _place(one.domain),
                _place(one.selector),
                self._word(one.result, dialects.DKIM_RESULTS),
                _place(one.human_result),
            )
            for one in shape.dkim_results
        ]
        self._checks = [
            (
                _place(one.domain),
                self._word(one.scope, schema.scopes),
                self._word(one.result, dialects.SPF_RESULTS),
                _place(one.human_result),
            )
            for one in shape.spf_results
        ]

    def _word(self, mark: str, known: frozenset[str]) -> int:
        place = _place(mark)
        if place:
            self._words.append((place, known))
        return place

    def read(self, texts: Sequence[str]) -> Remembered:
        """Return what there is to read in a record with these texts."""
        words = [text.lower() for text in texts]
        notes = self._notes
        for place, known in self._words:
            if words[place] not in known:
                notes |= {dialects.legacy(words[place])}
            if words[place] != texts[place]:
                notes |= {dialects.CAPITALS}
        signatures = [
            DkimResult(domain=bare(words[a]), selector=bare(words[b]), result=words[c], human_result=texts[d])
            for a, b, c, d in self._signatures
        ]
        checks = [
            SpfCheck(domain=bare(words[a]), scope=words[b], result=words[c], human_result=texts[d])
            for a, b, c, d in self._checks
        ]
        shape = Shape(
            disposition=words[self._disposition],
            dkim=words[self._dkim],
            spf=words[self._spf],
            header_from=bare(words[self._from]),
            envelope_from=None if self._envelope_from is None else bare(words[self._envelope_from]),
            envelope_to=bare(words[self._to]),
            reasons=tuple([Reason(type=words[a], comment=texts[b]) for a, b in self._reasons]),
            dkim_results=tuple(signatures),
            spf_results=tuple(checks),
        )
        return Remembered(shape, notes, self.elements)


def plan_for(of_marks: Remembered, texts: int, schema: dialects.Schema) -> Plan | None:
    """Make a plan of what was read of a marked record with so many texts, None where not every mark came through alone."""
    if of_marks.shape.extras:
        return None
    try:
        plan = Plan(of_marks, schema)
        marks = ["", *(f"m{number}" for number in range(1, texts))]
        return plan if plan.read(marks).shape == of_marks.shape else None
    except (ValueError, IndexError):
        return None


def _place(mark: str) -> int:
    """Return the number of a mark, 0 for no text."""
    if not mark:
        return 0
    found = _MARK.fullmatch(mark)
    if not found:
        raise ValueError("no mark")
    return int(found[1])
