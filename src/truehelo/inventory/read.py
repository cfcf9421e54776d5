"""Reading an inventory: TOML, CSV, JSON and JSON Lines to lines. A broken line stops no other; a broken file loads nothing.

The shape is the same in TOML and JSON: `[[subject]]`, `[[pool]]` and `[[domain]]` tables, and `[defaults]` for what a
table does not say. Bounded in size and in lines; keys that are not known are refused, since a typing error would
otherwise go unseen for years.
"""

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible
from truehelo.inventory.csvrows import csv_tables
from truehelo.inventory.expand import oversize
from truehelo.inventory.fields import KEYS, build, unknown_key
from truehelo.inventory.model import BY_HAND, Line
from truehelo.inventory.places import json_lines, toml_lines
from truehelo.inventory.target import Kind

MAX_BYTES = 64 * 2**20
MAX_LINES = 1_000_000
SUFFIXES = {".toml": "toml", ".csv": "csv", ".json": "json", ".jsonl": "jsonl", ".ndjson": "jsonl"}
FORMATS = ("toml", "csv", "json", "jsonl")
TABLES = ("subject", "pool", "domain")
DEFAULTS = tuple(key for key in KEYS if key not in ("target", "expected", "discover", "note"))
"""What `[defaults]` may say for all tables."""
_RENAMED = {"subject": {}, "pool": {"network": "target", "name": "pool"}, "domain": {"name": "target"}}
_AT_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a file says: the lines that can be used, and an error for each that cannot.

    `loaded` is False where the file is broken as a whole; then there are no lines, and one error.
    """

    lines: tuple[Line, ...] = ()
    errors: tuple[FileError, ...] = ()
    loaded: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """The values of one line, and how to find out on which line of the file they stand."""

    values: Mapping[str, object] | InputError
    where: Callable[[], int | None]


def read(text: str, name: str, format_name: str, *, yes: bool = False, managed_by: str = BY_HAND) -> Reading:
    """Read an inventory.

    Args:
        text: The content; octets that are not UTF-8 as halves of surrogate pairs ("surrogateescape").
        name: The file, for errors.
        format_name: One of `FORMATS`.
        yes: Networks of more than 65,536 addresses are meant.
        managed_by: Who manages the lines, as in `Line`.
    """
    if len(text) > MAX_BYTES:
        error = FileError(name, f"is larger than {MAX_BYTES // 2**20} MiB", "split it")
        return Reading(errors=(error,), loaded=False)
    try:
        return _collect(_TABLES[format_name](text.removeprefix("\ufeff"), name), name, managed_by, yes=yes)
    except FileError as error:
        return Reading(errors=(error,), loaded=False)


def _collect(tables: Iterable[Table], name: str, managed_by: str, *, yes: bool) -> Reading:
    lines: list[Line] = []
    errors: list[FileError] = []
    seen: dict[tuple[str, str], Table] = {}
    for number, table in enumerate(tables, start=1):
        if number > MAX_LINES:
            raise FileError(name, f"has more than {MAX_LINES:,} lines", "split it")
        try:
            if isinstance(table.values, InputError):
                raise table.values
            line = build(table.values, managed_by)
            first = seen.setdefault(line.place, table)
            if first is not table:
                raise _again(line, first)
            if "/" in line.target and (large := oversize(line.aim, yes=yes)) is not None:
                raise large
        except InputError as error:
            errors.append(FileError(name, f"{error.given}: {error.problem}", error.accepted, table.where()))
        else:
            lines.append(line)
    return Reading(lines=tuple(lines), errors=tuple(errors))


def _again(line: Line, first: Table) -> InputError:
    where = first.where()
    before = "an earlier line" if where is None else f"line {where}"
    return InputError(line.target, f"is named again; {before} already names it", "make one of the two")


# TOML and JSON


def _toml(text: str, name: str) -> Iterator[Table]:
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise FileError(name, "is nested too deeply", "an inventory has tables, and lists of text") from None
    except ValueError as error:
        said = str(error)
        at = _AT_LINE.search(said)
        line = int(at[1]) if at else text.count("\n") + 1 if "at end of document" in said else None
        problem = _AT_LINE.sub("", said).replace("(at end of document)", "").strip()
        raise FileError(
            name, f"is not TOML: {visible(problem, 120)}", "correct it; nothing of it was loaded", line
        ) from None
    yield from _document(document, name, lambda table: toml_lines(text, table))


def _json(text: str, name: str) -> Iterator[Table]:
    document = _loads(text, name)
    if isinstance(document, list):
        yield from _tables("subject", document, {}, name, _Places(lambda: json_lines(text, ""), len(document)))
    elif isinstance(document, dict):
        yield from _document(document, name, lambda table: json_lines(text, table))
    else:
        raise FileError(name, "holds no inventory", 'give {"subject": [{"target": "192.0.2.25"}]}')


class _Twice(dict[str, object]):
    """An object of JSON in which a key stands twice: which of them is meant, nobody can say."""

    key = ""


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    twice = _Twice(found)
    keys = [key for key, _ in pairs]
    twice.key = next(key for key in keys if keys.count(key) > 1)
    return twice


def _constant(word: str) -> object:
    raise ValueError(f"{word} is no JSON")


def _loads(text: str, name: str, line: int | None = None) -> object:
    try:
        return json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    except RecursionError:
        raise FileError(name, "is nested too deeply", "an inventory has objects, and lists of text", line) from None
    except json.JSONDecodeError as error:
        where = error.lineno if line is None else line
        raise FileError(name, f"is not JSON: {error.msg.lower()}", "correct it", where) from None
    except ValueError as error:
        raise FileError(name, f"is not JSON: {visible(str(error), 120)}", "correct it", line) from None


def _jsonl(text: str, name: str) -> Iterator[Table]:
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            found = _loads(line, name, number)
        except FileError as error:
            values: Mapping[str, object] | InputError = InputError("the line", error.problem, error.accepted)
        else:
            values = _values(found, {}, {})
        yield Table(values, lambda number=number: number)  # type: ignore[misc]


class _Places:
    """The lines on which the tables of a name begin, found out when somebody asks."""

    def __init__(self, find: Callable[[], list[int]], count: int) -> None:
        self._find, self._count = find, count
        self._found: list[int] | None = None

    def __call__(self, number: int) -> int | None:
        if self._found is None:
            self._found = self._find()
        return self._found[number] if len(self._found) == self._count else None


def _document(document: Mapping[str, object], name: str, find: Callable[[str], list[int]]) -> Iterator[Table]:
    _known(document, ("defaults", *TABLES), name)
    defaults = document.get("defaults", {})
    if not isinstance(defaults, dict):
        raise FileError(name, "defaults is no table", "give [defaults], and below it what all lines have in common")
    _known(defaults, DEFAULTS, name)
    try:
        build({"target": "192.0.2.0/24", **defaults})  # told once, not for every line
    except InputError as error:
        raise FileError(name, f"defaults: {error.given}: {error.problem}", error.accepted) from None
    for table in TABLES:
        found = document.get(table, [])
        if not isinstance(found, list):
            raise FileError(name, f"{table} is no list of tables", f"give [[{table}]], with two brackets, for each")
        places = _Places(lambda table=table: find(table), len(found))  # type: ignore[misc]
        yield from _tables(table, found, defaults, name, places)


def _known(values: Mapping[str, object], known: tuple[str, ...], name: str) -> None:
    if isinstance(values, _Twice):
        raise FileError(name, f"{visible(values.key, 40)} stands twice", "make one of the two")
    for key in values:
        if key not in known:
            error = unknown_key(key, known)
            raise FileError(name, f"{error.given}: {error.problem}", error.accepted)


def _tables(
    table: str, found: list[object], defaults: Mapping[str, object], name: str, places: Callable[[int], int | None]
) -> Iterator[Table]:
    if len(found) > MAX_LINES:
        raise FileError(name, f"has more than {MAX_LINES:,} lines", "split it")
    for number, values in enumerate(found):
        yield Table(_values(values, _RENAMED[table], defaults, table), lambda number=number: places(number))  # type: ignore[misc]


def _values(
    given: object, renamed: Mapping[str, str], defaults: Mapping[str, object], table: str = "subject"
) -> Mapping[str, object] | InputError:
    """Return the values of a table under the keys of a line."""
    if not isinstance(given, dict):
        return InputError("the line", "is no table", 'give {"target": "192.0.2.25"} and its other keys')
    if isinstance(given, _Twice):
        return InputError(visible(given.key, 40), "stands twice", "make one of the two")
    known = (*(key for key in KEYS if key not in renamed.values()), *renamed)
    for key in given:
        if key not in known:
            here = next((name for name, meant in renamed.items() if meant == key), None)
            meant = None if here is None else InputError(key, f"is {here} in [[{table}]]", f"write {here}")
            return meant or unknown_key(key, known)
    values = {renamed.get(key, key): value for key, value in given.items()}
    if table == "domain" and isinstance(values.get("target"), str):
        values["target"] = f"{Kind.DOMAIN}:{values['target']}"
    return {**{key: value for key, value in defaults.items() if key not in values}, **values}


# CSV


def _csv(text: str, name: str) -> Iterator[Table]:
    for values, line in csv_tables(text, name):
        yield Table(values, lambda line=line: line)  # type: ignore[misc]


_TABLES: dict[str, Callable[[str, str], Iterator[Table]]] = {"toml": _toml, "csv": _csv, "json": _json, "jsonl": _jsonl}
