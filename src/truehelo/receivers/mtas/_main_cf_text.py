"""The text of a main.cf -> its parameters, as postconf(5) describes them: logical lines, `$name`, lists.

What a parameter means is for `_main_cf`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from truehelo.errors import FileError

MAX_DEPTH = 20
"""So deep may one parameter use another."""
MAX_USES = 1000
"""So many uses of parameters are put into one value."""
MAX_VALUE = 65536
"""So long may a value become."""
# $$, $name, $(name), ${name}, and ${name?text} and ${name:text} without braces inside.
_USE = re.compile(
    r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\((?P<round>\w+)\)|\{(?P<curly>\w+)(?:(?P<test>[?:])(?P<text>[^{}$]*))?\})"
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as it stands: its value with nothing expanded, and the line (from 1) that it begins on."""

    value: str
    line: int


def parameters(text: str, path: str) -> dict[str, Parameter]:
    """Read the parameters of a file, the last of several with the same name.

    Raises:
        FileError: A line is none of a main.cf.
    """
    accepted = "a line is NAME = VALUE, a comment, or begins with a space and continues the one before"
    found: dict[str, Parameter] = {}
    for number, line in _logical_lines(text, path, accepted):
        name, equals, value = line.partition("=")
        name = name.strip()
        if not equals:
            raise FileError(path, f"{line.strip()[:60]!r} has no equals sign", accepted, line=number)
        if not name or len(name.split()) != 1:
            raise FileError(path, f"{line.strip()[:60]!r} names no parameter", accepted, line=number)
        found[name] = Parameter(value.strip(), number)
    return found


def _logical_lines(text: str, path: str, accepted: str) -> Iterator[tuple[int, str]]:
    """Yield each line with those that continue it, and its number. Comments and empty lines stand in between."""
    begun: tuple[int, list[str]] | None = None
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.strip()
        if not bare or bare[0] == "#":
            continue
        if line[0] in " \t\r\f\v":
            if begun is None:
                raise FileError(path, "begins with a line that continues another", accepted, line=number)
            begun[1].append(bare)
            continue
        if begun is not None:
            yield begun[0], " ".join(begun[1])
        begun = (number, [bare])
    if begun is not None:
        yield begun[0], " ".join(begun[1])


def expanded(held: Mapping[str, Parameter], name: str) -> tuple[str, list[str]]:
    """Return the value of a parameter with everything put in, and what could not be: names that are not set here."""
    expansion = _Expansion(held)
    found = held.get(name)
    value = "" if found is None else expansion.of(found.value, (name,))
    if "${" in value:
        expansion.unknown.append("an expression that is not read here")
    return value[:MAX_VALUE], list(dict.fromkeys(expansion.unknown))


class _Expansion:
    """Puts the values of parameters into a text, so often and no more: one may use another many times, and so on."""

    def __init__(self, held: Mapping[str, Parameter]) -> None:
        self._held, self._left, self._size = held, MAX_USES, 0
        self.unknown: list[str] = []

    def of(self, text: str, inside: tuple[str, ...]) -> str:
        return _USE.sub(lambda match: self._one(match, inside), text)

    def _one(self, match: re.Match[str], inside: tuple[str, ...]) -> str:
        if match["dollar"]:
            return "$"
        name = match["name"] or match["round"] or match["curly"]
        used = self._held.get(name)
        if match["test"]:
            is_set = used is not None and used.value != ""
            return (match["text"] or "") if is_set == (match["test"] == "?") else ""
        self._left -= 1
        if used is None or name in inside or len(inside) > MAX_DEPTH or self._left < 0 or self._size > MAX_VALUE:
            self.unknown.append(f"${name}")
            return ""
        value = self.of(used.value, (*inside, name))
        self._size += len(value)
        return value


def words(value: str) -> list[str]:
    """Return the elements of a list: between commas and white space, what stands in braces being one."""
    found: list[str] = []
    depth, begun = 0, ""
    for char in value:
        if depth == 0 and (char.isspace() or char == ","):
            if begun:
                found.append(begun)
            begun = ""
            continue
        depth = max(0, depth + (char == "{") - (char == "}"))
        begun += char
    return [*found, begun] if begun else found
