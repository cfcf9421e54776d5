"""CSV as spreadsheets write and read it (RFC 4180): rows to the values of lines, and back.

The first row names the columns, in any order; commas, semicolons or tabs stand between the cells, whichever the first
row has. Lists have blanks between their items. A cell that a spreadsheet would run as a formula is written behind an
apostrophe, as is one that begins with an apostrophe, so that reading can take exactly that one away again.
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping

from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible
from truehelo.inventory.fields import KEYS, LISTS, MAX_NOTE_LINES, unknown_key, values_of
from truehelo.inventory.model import Line

COLUMNS = KEYS
NO_PORTS = "none"
"""How a cell says that no SMTP port is to be looked at; an empty one does not say."""
_GUARDED = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "'")
_MAX_ROW = MAX_NOTE_LINES + 10
"""Lines of the file that one row may take: a quote that is never closed does not swallow the rest."""
_BLANKS = str.maketrans(",;", "  ")


class _Feed(Iterator[str]):
    """Lines of a file, handed to the CSV reader row by row, so that reading can begin anew behind a broken one."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.next = self.start = 0

    def __next__(self) -> str:
        if self.next >= len(self.lines) or self.next - self.start >= _MAX_ROW:
            raise StopIteration
        self.next += 1
        return self.lines[self.next - 1]


def csv_tables(text: str, name: str) -> Iterator[tuple[Mapping[str, object] | InputError, int]]:
    """Return the values of each row, or what is wrong with it, and the line of the file where it begins.

    Raises:
        FileError: The row that names the columns cannot be used.
    """
    feed = _Feed(_split(text))
    header: list[str] | None = None
    delimiter = ","
    while feed.next < len(feed.lines):
        feed.start = feed.next
        if header is None:
            delimiter = _delimiter(feed.lines[feed.start])
        row = _row(feed, delimiter)
        if isinstance(row, InputError):
            feed.next = feed.start + 1
            if header is None:
                raise FileError(name, f"{row.given}: {row.problem}", row.accepted, feed.start + 1)
            yield row, feed.start + 1
        elif not any(cell.strip() for cell in row):
            continue
        elif header is None:
            header = _header(row, name, feed.start + 1)
        else:
            yield _values(row, header), feed.start + 1
    if header is None and text.strip():
        raise FileError(
            name, "has no row that names the columns", f"begin with target; accepted are {', '.join(COLUMNS)}", 1
        )


def _split(text: str) -> list[str]:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return io.StringIO(text, newline="\n").readlines()


def _delimiter(line: str) -> str:
    """Return what stands between the cells: spreadsheets of some countries write semicolons."""
    return max(",;\t", key=line.count)


def _row(feed: _Feed, delimiter: str) -> list[str] | InputError:
    try:
        return next(csv.reader(feed, delimiter=delimiter, strict=True))
    except csv.Error as error:
        accepted = 'a cell with a quote in it stands in quotes, and the quote twice: "an ""odd"" name"'
        return InputError("the row", f"is not CSV ({visible(str(error), 80)})", accepted)


def _header(row: list[str], name: str, line: int) -> list[str]:
    found = [cell.strip().lower() for cell in row]
    while found and not found[-1]:  # spreadsheets leave empty columns behind
        found.pop()
    for column in found:
        if column not in COLUMNS:
            error = unknown_key(column, COLUMNS)
            raise FileError(name, f"column {error.given}: {error.problem}", error.accepted, line)
        if found.count(column) > 1:
            raise FileError(name, f"column {column} stands twice", "make one of the two", line)
    if "target" not in found:
        raise FileError(name, "has no column target", f"accepted are {', '.join(COLUMNS)}", line)
    return found


def _values(row: list[str], header: list[str]) -> Mapping[str, object] | InputError:
    if any(cell.strip() for cell in row[len(header) :]):
        problem = f"has {len(row)} cells, and there are {len(header)} columns"
        return InputError("the row", problem, "put a cell with a comma in it in quotes")
    cells = zip(header, (_plain(cell) for cell in row), strict=False)
    return {key: _value(key, cell) for key, cell in cells if cell or key == "target"}


def _plain(cell: str) -> str:
    """Take away the apostrophe that `guarded` put there, or that a careful hand did."""
    cell = cell.strip()
    return cell[1:] if cell[:1] == "'" and cell[1:].startswith(_GUARDED) else cell


def guarded(text: str) -> str:
    """Return the text of a cell that no spreadsheet takes for a formula; `_plain` is its inverse."""
    return f"'{text}" if text.startswith(_GUARDED) else text


def _value(key: str, cell: str) -> object:
    """Return the value that a cell stands for; what cannot be read stays text, for `fields` to tell."""
    if key == "ports":
        words = cell.translate(_BLANKS).split()
        return (
            []
            if cell.lower() == NO_PORTS
            else [int(word) if word.isdecimal() and len(word) < 6 else word for word in words]
        )
    return cell.translate(_BLANKS).split() if key in LISTS else cell


def csv_text(lines: Iterable[Line]) -> str:
    """Return lines as CSV, with all columns."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for line in lines:
        values = values_of(line)
        writer.writerow([guarded(_cell(key, values.get(key))) for key in COLUMNS])
    return out.getvalue()


def _cell(key: str, value: object) -> str:
    if isinstance(value, list):
        return " ".join(str(each) for each in value) or (NO_PORTS if key == "ports" else "")
    return "" if value is None else str(value)
