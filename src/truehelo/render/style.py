"""The look of text on a terminal: marks, colours, wrapping. Colour never says anything that a word or a mark does not."""

import textwrap
from enum import StrEnum
from unicodedata import combining, east_asian_width

from truehelo.facts.text import visible
from truehelo.findings import Severity, Verdict
from truehelo.render.look import Look


class Mark(StrEnum):
    """Whether a relation holds."""

    YES = "yes"
    NO = "no"
    DIFFERS = "differs"
    """Another name, and true all the same: cosmetic, and never shown as a failure."""
    UNKNOWN = "unknown"


_SIGNS = {Mark.YES: "✓", Mark.NO: "✗", Mark.DIFFERS: "≠", Mark.UNKNOWN: "?"}
_ASCII_SIGNS = {Mark.YES: "ok", Mark.NO: "FAIL", Mark.DIFFERS: "~", Mark.UNKNOWN: "?"}
_CODES = {"red": "31", "green": "32", "yellow": "33", "blue": "34", "bold": "1", "dim": "2"}
_MARK_COLORS = {Mark.YES: "green", Mark.NO: "red", Mark.DIFFERS: "yellow", Mark.UNKNOWN: "yellow"}
_SEVERITY_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "dim", Severity.OK: "green"}
MARKS = {
    Verdict.MATCH: Mark.YES,
    Verdict.DIFFERS: Mark.DIFFERS,
    Verdict.MISMATCH: Mark.NO,
    Verdict.UNDETERMINED: Mark.UNKNOWN,
}
"""The mark of each verdict."""
_PLAIN = str.maketrans({"→": "->", "§": "sec. ", "│": "|", "└": "+-", "·": "-", "…": "...", "“": '"', "”": '"', "’": "'"})
MAX_NAME = 255
"""A name of the DNS is never longer; whatever is, is cut."""


def name(text: str) -> str:
    """Return a name from the network in a form that is safe to show."""
    return visible(text, MAX_NAME) or '""'


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: two for a wide character (UAX #11), none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(2 if east_asian_width(char) in "WF" else 0 if combining(char) else 1 for char in text)


def fit(text: str, limit: int) -> str:
    """Cut text that takes more than `limit` columns; it then ends in "..."."""
    if columns(text) <= limit:
        return text
    kept = text[:limit]
    while columns(kept) > limit - 3:
        kept = kept[:-1]
    return f"{kept}..."


def _wrap_wide(text: str, first: str, rest: str, width: int) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        if lines and columns(lines[-1]) + 1 + columns(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines.append((rest if lines else first) + word)
    return lines


class Style:
    """Draws for one `Look`."""

    def __init__(self, look: Look) -> None:
        """Take the width, the colours and the character set from `look`."""
        self.look = look
        self.signs = _ASCII_SIGNS if look.ascii else _SIGNS
        self.bar = "|" if look.ascii else "│"
        self.corner = "+-" if look.ascii else "└"
        self.arrow = "->" if look.ascii else "→"

    def paint(self, text: str, color: str) -> str:
        """Colour `text`, when colours are wanted."""
        return f"\x1b[{_CODES[color]}m{text}\x1b[0m" if self.look.color and text else text

    def mark(self, mark: Mark) -> str:
        """Return a mark, all of the same width."""
        width = max(len(sign) for sign in self.signs.values())
        return self.paint(self.signs[mark].ljust(width), _MARK_COLORS[mark])

    @property
    def mark_width(self) -> int:
        """The columns that a mark takes."""
        return max(len(sign) for sign in self.signs.values())

    def severity(self, severity: Severity) -> str:
        """Return the word of a severity, all of the same width (seven columns)."""
        word = severity.upper() if severity in (Severity.ERROR, Severity.WARNING) else str(severity)
        return self.paint(word.ljust(7), _SEVERITY_COLORS[severity])

    def verdict(self, verdict: Verdict) -> str:
        """Return the mark and the word of a verdict."""
        mark = MARKS[verdict]
        return self.paint(f"{self.signs[mark]} {verdict}", _MARK_COLORS[mark])

    def wrap(self, text: str, first: str = "", rest: str | None = None) -> list[str]:
        """Wrap `text` to the width behind `first`, further lines behind `rest` (blanks as wide, by default).

        Words are never broken: a name or a record must survive copying.
        """
        rest = " " * len(first) if rest is None else rest
        if not text.isascii() and columns(text) > len(text):
            return _wrap_wide(text, first, rest, self.look.width)
        return textwrap.wrap(
            text,
            width=self.look.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [first.rstrip()]

    def finish(self, lines: list[str]) -> str:
        """Join lines into the text that is printed, in ASCII alone where that is asked for."""
        text = "\n".join(line.rstrip() for line in lines) + "\n"
        if self.look.ascii:
            text = text.translate(_PLAIN).encode("ascii", "backslashreplace").decode("ascii")
        return text
