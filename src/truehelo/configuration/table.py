"""Reading one table of the configuration: a mistake names the file, the table, the key, the cause and the way out.

A `Table` remembers the keys that were asked for; `done` refuses the others, with the nearest key that there is. Does not
know what any key means.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import NoReturn

from truehelo.configuration.duration import ACCEPTED, read_duration, write_duration
from truehelo.errors import FileError
from truehelo.facts.text import visible

MAX_TEXT = 1000
MAX_LIST = 1000


def nearest(word: str, known: Iterable[str]) -> str:
    """Return words that name the nearest of what is known, or all of it when none is near."""
    from difflib import get_close_matches  # late: only a mistake needs it

    each = sorted(known)
    near = get_close_matches(word, each, n=1)
    if near:
        return f"did you mean {near[0]!r}?"
    more = f" and {len(each) - 20} more" if len(each) > 20 else ""
    return f"known are {', '.join(each[:20])}{more}"


def tables(values: Mapping[str, object], key: str, where: str) -> list[Mapping[str, object]]:
    """Return the tables of a list such as `[[channel]]`, none when the key is missing.

    Raises:
        FileError: It is no list of tables.
    """
    found = values.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise FileError(where, f"{key} is no list of tables", f"begin each one with a line [[{key}]]")
    return found


class Table:
    """One table: `place` is how it is named in errors, such as "[[route]] 2", and `where` the file."""

    def __init__(self, values: Mapping[str, object], place: str, where: str) -> None:
        """Take the values as TOML gave them."""
        self.values, self.place, self.where = values, place, where
        self._asked: set[str] = set()

    def fail(self, problem: str, accepted: str = "") -> NoReturn:
        """Refuse the table.

        Raises:
            FileError: Always.
        """
        raise FileError(self.where, f"{self.place} {problem}", accepted)

    def done(self) -> None:
        """Refuse keys that nobody asked for.

        Raises:
            FileError: There is one.
        """
        for key in sorted(set(self.values) - self._asked):
            self.fail(f"has an unknown key {visible(key, 60)!r}", nearest(key, self._asked))

    def has(self, key: str) -> bool:
        """Tell whether the key is there."""
        self._asked.add(key)
        return key in self.values

    def require(self, key: str, accepted: str = "") -> None:
        """Refuse the table when the key is missing.

        Raises:
            FileError: It is.
        """
        if not self.has(key):
            self.fail(f"has no {key}", accepted or f"add a line {key} = ...")

    def text(self, key: str, default: str | None = None, accepted: str = "") -> str:
        """Return a text of one line that is not empty. Without a default it must be there."""
        if default is not None and not self.has(key):
            return default
        self.require(key, accepted)
        return self._line(key, self.values[key], accepted or f'write {key} = "..."')

    def _line(self, key: str, value: object, accepted: str) -> str:
        if not isinstance(value, str):
            self.fail(f"{key} is no text", accepted)
        if visible(value) != value:
            self.fail(f"{key} holds a control or invisible character: {visible(value, 80)}", accepted)
        if not value.strip() or len(value) > MAX_TEXT:
            self.fail(f"{key} is {'empty' if not value.strip() else f'longer than {MAX_TEXT} characters'}", accepted)
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None, accepted: str = "") -> tuple[str, ...]:
        """Return a list of texts that is not empty; a single text counts as a list of one."""
        accepted = accepted or f'write {key} = ["...", "..."]'
        if default is not None and not self.has(key):
            return default
        self.require(key, accepted)
        value = self.values[key]
        each = [value] if isinstance(value, str) else value
        if not isinstance(each, list) or not each:
            self.fail(f"{key} is no list of texts" if each != [] else f"{key} is an empty list", accepted)
        if len(each) > MAX_LIST:
            self.fail(f"{key} is a list of {len(each)}", f"{MAX_LIST} are the most")
        return tuple(dict.fromkeys(self._line(key, one, accepted) for one in each))

    def flag(self, key: str, default: bool) -> bool:
        """Return true or false."""
        value = self.values[key] if self.has(key) else default
        if not isinstance(value, bool):
            self.fail(f"{key} is neither true nor false", f"write {key} = true or {key} = false")
        return value

    def whole(self, key: str, least: int, most: int, default: int | None = None) -> int:
        """Return a whole number within bounds. Without a default it must be there."""
        accepted = f"{key} is a whole number from {least} to {most}"
        if default is not None and not self.has(key):
            return default
        self.require(key, accepted)
        value = self.values[key]
        if not isinstance(value, int) or isinstance(value, bool):
            self.fail(f"{key} is no whole number", accepted)
        if not least <= value <= most:
            self.fail(f"{key} is {value}", accepted)
        return value

    def choice(self, key: str, words: Iterable[str], default: str | None = None) -> str:
        """Return one of some words."""
        each = tuple(words)
        value = self.text(key, default, f"it is one of {', '.join(each)}")
        if value not in each:
            self.fail(f"{key} is {visible(value, 60)!r}", nearest(value, each))
        return value

    def duration(self, key: str, least: timedelta, most: timedelta, default: timedelta | None = None) -> timedelta:
        """Return a length of time within bounds, written as "30m". Without a default it must be there."""
        if default is not None and not self.has(key):
            return default
        written = self.text(key, accepted=ACCEPTED)
        found = read_duration(written)
        if found is None:
            self.fail(f"{key} is {visible(written, 60)!r}, which is no length of time", ACCEPTED)
        if not least <= found <= most:
            self.fail(f"{key} is {written}", f"it may be {write_duration(least)} to {write_duration(most)}")
        return found
