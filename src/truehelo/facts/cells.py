"""Text for a cell of a CSV file, made harmless to open (RFC 4180).

A spreadsheet runs a cell that begins like a formula, and what a cell is depends on where it is opened: where a comma is the
decimal mark, as in most of Europe, cells are parted at semicolons, and so is a cell of ours. Does not write the file.
"""

import re

from truehelo.facts.text import visible

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")  # the last four: full-width forms
# Between the two may be blanks, and quotes: in a cell that is quoted these are doubled, which a reader takes for no text.
_PARTED = re.compile(r';(?=[ "]*+[=+\-@|%＝＋－＠])')


def cell(text: str) -> str:
    """Return text that no spreadsheet takes for a formula, and no terminal for a command.

    An apostrophe stands before what would be one, also behind a semicolon. Tabs are visible by then, and part no cells.
    """
    safe = _PARTED.sub(";'", visible(text))
    return f"'{safe}" if text.startswith(_FORMULA) or text.lstrip().startswith(_FORMULA) else safe
