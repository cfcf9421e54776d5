"""A TOML file with the places of its keys, so that every complaint can name the line.

`tomllib` gives values without positions. They are found by a second, lazy pass over the text, made only when there is
something to complain about. What the keys mean is decided in `read`.
"""

import re
import tomllib
from collections.abc import Iterable
from typing import Any, NoReturn, TypeVar

from truehelo.errors import FileError
from truehelo.facts.text import visible

Path = tuple[str | int, ...]
T = TypeVar("T")

MAX_OCTETS = 8 * 1024 * 1024
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)|\(at end of document\)")
_HEADER = re.compile(r"\s*(\[\[?)(.*?)(\]\]?)\s*(#.*)?$")
_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = re.compile(rf"\s*({_PART}(?:\s*\.\s*{_PART})*)\s*=")


class Source:
    """The text of one scenario file."""

    def __init__(self, path: str, text: str) -> None:
        """Keep the text; nothing is parsed yet."""
        self.path, self.text = path, text

    def parse(self) -> "Node":
        """Parse the TOML.

        Raises:
            FileError: It is no TOML; the line is named.
        """
        try:
            return Node(self, (), tomllib.loads(self.text))
        except tomllib.TOMLDecodeError as error:
            at = _AT_LINE.search(str(error))
            line = int(at[1]) if at and at[1] else self.text.count("\n") + 1
            problem = _AT_LINE.sub("", str(error)).strip()
            raise FileError(self.path, f"is not TOML here: {visible(problem, 200)}", "see toml.io", line) from error
        except (ValueError, RecursionError) as error:  # an integer of thousands of digits; brackets nested without end
            raise FileError(self.path, "is not TOML that can be read", "see toml.io") from error

    def line_of(self, path: Path) -> int | None:
        """Return the 1-based line of a key or table, or of the nearest thing around it that has one."""
        places = _places(self.text)
        while path:
            if path in places:
                return places[path]
            path = path[:-1]
        return None


class Node:
    """One table of the file. Taking a key marks it as known; `done` complains about the others."""

    def __init__(self, source: Source, path: Path, table: dict[str, Any]) -> None:
        """Wrap `table`, which stands at `path` of `source`."""
        self.source, self.path, self.table = source, path, table
        self._known: list[str] = []

    def fail(self, key: str | None, problem: str, accepted: str = "") -> NoReturn:
        """Complain about a key of this table, or about the table itself.

        Raises:
            FileError: Always.
        """
        path = self.path if key is None else (*self.path, key)
        raise FileError(self.source.path, visible(problem, 300), accepted, self.source.line_of(path))

    def _take(self, key: str, kinds: type | tuple[type, ...], accepted: str) -> Any:
        self._known.append(key)
        value = self.table.get(key)
        wrong = isinstance(value, bool) and kinds is not bool
        if value is not None and (wrong or not isinstance(value, kinds)):
            self.fail(key, f"{key!r} is {_kind(value)}", f"{accepted} is accepted")
        return value

    def text(self, key: str, default: T) -> str | T:
        """Take a string."""
        value = self._take(key, str, "a string")
        return default if value is None else value

    def flag(self, key: str, default: bool) -> bool:
        """Take true or false."""
        value = self._take(key, bool, "true or false")
        return default if value is None else value

    def seconds(self, key: str, default: T) -> float | T:
        """Take a number of seconds, not negative and at most a day."""
        value = self._take(key, (int, float), "a number of seconds")
        if value is None:
            return default
        if not 0 <= value <= 86400:
            self.fail(key, f"{key!r} is {value}", "0 to 86400 seconds are accepted")
        return float(value)

    def whole(self, key: str, default: T, low: int, high: int) -> int | T:
        """Take a whole number from `low` to `high`."""
        value = self._take(key, int, "a whole number")
        if value is None:
            return default
        if not low <= value <= high:
            self.fail(key, f"{key!r} is {visible(str(value), 40)}", f"{low} to {high} are accepted")
        return int(value)

    def choice(self, key: str, default: T, words: Iterable[str]) -> str | T:
        """Take one of some words."""
        value = self._take(key, str, "a string")
        if value is None:
            return default
        if value not in words:
            self.fail(key, f"{key!r} is {value!r}", f"accepted: {', '.join(words)}")
        return str(value)

    def texts(self, key: str) -> tuple[str, ...] | None:
        """Take a string or a list of strings."""
        value = self._take(key, (str, list), "a string or a list of strings")
        if value is None:
            return None
        values = [value] if isinstance(value, str) else value
        for one in values:
            if not isinstance(one, str):
                self.fail(key, f"{key!r} holds {_kind(one)}", "a string or a list of strings is accepted")
        return tuple(values)

    def numbers(self, key: str, low: int, high: int) -> tuple[int, ...] | None:
        """Take a whole number or a list of them."""
        value = self._take(key, (int, list), "a whole number or a list of them")
        if value is None:
            return None
        values = value if isinstance(value, list) else [value]
        for one in values:
            if isinstance(one, bool) or not isinstance(one, int) or not low <= one <= high:
                self.fail(key, f"{key!r} holds {visible(str(one), 40)}", f"whole numbers from {low} to {high} are accepted")
        return tuple(values)

    def node(self, key: str) -> "Node":
        """Take a table; an absent one is empty."""
        value = self._take(key, dict, "a table")
        return Node(self.source, (*self.path, key), value or {})

    def nodes(self, key: str) -> "list[Node]":
        """Take an array of tables."""
        value = self._take(key, list, f"an array of tables ([[{key}]])") or []
        for one in value:
            if not isinstance(one, dict):
                self.fail(key, f"{key!r} holds {_kind(one)}", f"an array of tables ([[{key}]]) is accepted")
        return [Node(self.source, (*self.path, key, index), one) for index, one in enumerate(value)]

    def done(self, also: str = "") -> None:
        """Complain about a key that nobody took.

        Raises:
            FileError: There is one.
        """
        for key in self.table:
            if key not in self._known:
                words = ".".join(part for part in self.path if isinstance(part, str))
                where = f"[{words}]" if words else "the file"
                self.fail(key, f"{key!r} is not a key of {where}", f"accepted: {', '.join(sorted(self._known))}{also}")


def _kind(value: object) -> str:
    names = {bool: "true or false", str: "a string", int: "a number", float: "a number", list: "a list", dict: "a table"}
    return names.get(type(value), "a date or time")


def _places(text: str) -> dict[Path, int]:
    """Return the line of each table header and key. Only the text of a file that `tomllib` accepts is understood."""
    places: dict[Path, int] = {}
    counts: dict[Path, int] = {}
    table: Path = ()
    lines = text.split("\n")
    index = 0
    while index < len(lines):
        number, line = index + 1, lines[index]
        index += 1
        header, key = _HEADER.match(line), _KEY.match(line)
        if header and not key:
            table = _resolve(_parts(f"{header[2]} = 0"), counts, grow=header[1] == "[[")
            places.setdefault(table, number)
        elif key:
            for path in _prefixes(table, _parts(f"{key[1]} = 0")):
                places.setdefault(path, number)
            index += _continued(lines, index - 1)
    return places


def _prefixes(table: Path, parts: tuple[str, ...]) -> list[Path]:
    return [(*table, *parts[: size + 1]) for size in range(len(parts))]


def _parts(assignment: str) -> tuple[str, ...]:
    """Let tomllib take a dotted key apart."""
    try:
        value: object = tomllib.loads(assignment)
    except tomllib.TOMLDecodeError:
        return ()
    parts: list[str] = []
    while isinstance(value, dict):
        key = next(iter(value))
        parts.append(key)
        value = value[key]
    return tuple(parts)


def _resolve(parts: tuple[str, ...], counts: dict[Path, int], *, grow: bool) -> Path:
    """Give each array of tables on the way its current index."""
    path: Path = ()
    for position, part in enumerate(parts):
        path = (*path, part)
        if grow and position == len(parts) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _continued(lines: list[str], start: int) -> int:
    """Return over how many further lines the value that begins on line `start` goes."""
    for extra in range(len(lines) - start):
        try:
            tomllib.loads("\n".join(lines[start : start + extra + 1]))
        except (tomllib.TOMLDecodeError, ValueError, RecursionError):
            # A line that begins something new ends a value that this pass cannot follow.
            if extra > 500:
                return 0
            continue
        return extra
    return 0
