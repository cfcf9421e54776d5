"""Reads lists from TOML: a file holds the lists of one operator. What is wrong is told with the file and the key.

docs/how-to/add-a-blocklist.md describes the keys.
"""

import re
import tomllib
from collections.abc import Callable
from typing import Any, TypeVar

from truehelo.blocklists.model import (
    KEY_PLACE,
    MAX_NAME,
    Blocklist,
    Codes,
    Meaning,
    Purpose,
    Refusal,
    Status,
    TestEntries,
    Weight,
)
from truehelo.blocklists.query import entry_name
from truehelo.errors import FileError
from truehelo.facts.text import visible

MAX_BYTES = 64 * 1024
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ZONE = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}")
_SEEN = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")
_SINCE = re.compile(r"(?:19|20)[0-9]{2}(?:-(?:0[1-9]|1[0-2])(?:-[0-3][0-9])?)?")
_PAGE = re.compile(r"https?://[!-~]+")
_CODES = 'accepted are codes such as "127.0.0.2", "127.0.0.4-7", "127.0.*.2"'
_HOW_TO = "docs/how-to/add-a-blocklist.md describes the keys"
_LONGEST_PREFIX = 64 + 63 + 1
"""Nibbles of an IPv6 address with their dots, and a key: what may stand before a zone."""
T = TypeVar("T")


def parse_lists(text: str, file: str) -> tuple[Blocklist, ...]:
    """Read the lists of a file; `file` names it in errors.

    Raises:
        FileError: The text is no TOML, or a key is missing, unknown or has a value that is not accepted.
    """
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileError(file, f"is no TOML ({visible(str(error), 200)})", _HOW_TO) from None
    top = _Table(values, file, "")
    operator, home = top.text("operator"), top.page("home")
    lists = tuple(_list(table, operator, home) for table in top.tables("list", required=True))
    top.done()
    return lists


class _Table:
    """A TOML table whose keys are taken one by one; what is left over at the end is unknown."""

    def __init__(self, values: dict[str, Any], file: str, path: str) -> None:
        self._left, self._file, self._path = dict(values), file, path

    def wrong(self, key: str, problem: str, accepted: str) -> FileError:
        return FileError(self._file, f"{self._path}{visible(key, 60)} {problem}", accepted)

    def done(self) -> None:
        if self._left:
            raise self.wrong(next(iter(self._left)), "is an unknown key", _HOW_TO)

    def _take(self, key: str, default: object) -> Any:
        if key not in self._left and default is None:
            raise self.wrong(key, "is missing", _HOW_TO)
        return self._left.pop(key, default)

    def text(self, key: str, default: str | None = None) -> str:
        found = self._take(key, default)
        if not isinstance(found, str) or (not found and default is None) or len(found) > 600 or visible(found) != found:
            raise self.wrong(key, "is no line of text", "accepted is text in one line")
        return found

    def shaped(self, key: str, shape: re.Pattern[str], accepted: str, default: str | None = None) -> str:
        found = self.text(key, default)
        if found != default and not shape.fullmatch(found):
            raise self.wrong(key, f"is {found!r}", f"accepted is {accepted}")
        return found

    def page(self, key: str, default: str | None = None) -> str:
        return self.shaped(key, _PAGE, "the address of a page, {ip} in it standing for the address", default)

    def yes(self, key: str, *, default: bool) -> bool:
        found = self._take(key, default)
        if not isinstance(found, bool):
            raise self.wrong(key, "is neither true nor false", "accepted are true and false")
        return found

    def choice(self, key: str, kind: type[T], default: T) -> T:
        words = ", ".join(f'"{word}"' for word in kind)  # type: ignore[attr-defined]
        found = self._take(key, default)
        try:
            return kind(found)  # type: ignore[call-arg]
        except ValueError:
            raise self.wrong(key, f"is {visible(repr(found), 60)}", f"accepted are {words}") from None

    def whole(self, key: str, default: int, allowed: range) -> int:
        found = self._take(key, default)
        if type(found) is not int or found not in allowed:
            raise self.wrong(key, "is no such number", f"accepted is {allowed.start} to {allowed.stop - 1}")
        return found

    def families(self) -> frozenset[int]:
        found = self._take("families", [4])
        if not isinstance(found, list) or not found or any(type(each) is not int or each not in (4, 6) for each in found):
            raise self.wrong("families", "is no list of families", "accepted are [4], [6] and [4, 6]")
        return frozenset(found)

    def codes(self, key: str) -> Codes:
        return self._codes(key, self.text(key))

    def code_list(self, key: str) -> tuple[Codes, ...]:
        found = self._take(key, [])
        if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
            raise self.wrong(key, "is no list of codes", _CODES)
        return tuple(self._codes(key, each) for each in found)

    def _codes(self, key: str, text: str) -> Codes:
        try:
            return Codes.parse(text)
        except ValueError as error:
            raise self.wrong(key, visible(str(error), 200), _CODES) from None

    def entry(self, key: str, default: str) -> str:
        text = self.text(key, default)
        try:
            if text:
                entry_name(text, "")
        except ValueError:
            raise self.wrong(key, f"is {text!r}", 'accepted is an address, or "" for none') from None
        return text

    def several(self, key: str, read: Callable[["_Table"], T]) -> tuple[T, ...]:
        return tuple(read(table) for table in self.tables(key))

    def tables(self, key: str, *, required: bool = False) -> tuple["_Table", ...]:
        found = self._take(key, None if required else [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(key, "is no list of tables", f"accepted are tables [[{self._path}{key}]]")
        return tuple(_Table(each, self._file, f"{self._path}{key}[{at}].") for at, each in enumerate(found, start=1))

    def table(self, key: str) -> "_Table":
        found = self._take(key, {})
        if not isinstance(found, dict):
            raise self.wrong(key, "is no table", f"accepted is a table [{self._path}{key}]")
        return _Table(found, self._file, f"{self._path}{key}.")


def _list(table: _Table, operator: str, home: str) -> Blocklist:
    zone = table.shaped("zone", _ZONE, "a domain in lower case, without a final dot", "")
    keyed = table.text("keyed_zone", "")
    if keyed and (keyed.count(KEY_PLACE) != 1 or not _ZONE.fullmatch(keyed.replace(KEY_PLACE, "key"))):
        raise table.wrong("keyed_zone", f"is {keyed!r}", 'accepted is a domain with one place, as in "{key}.zone.example"')
    if not zone and not keyed:
        raise table.wrong("zone", "is missing", "a list has a zone, a keyed_zone, or both")
    if max(len(zone), len(keyed)) + _LONGEST_PREFIX > MAX_NAME:
        raise table.wrong("zone", "is too long", f"with an address and a key before it a name has {MAX_NAME} characters")
    status = table.choice("status", Status, Status.ACTIVE)
    made = Blocklist(
        id=table.shaped("id", _ID, "lower-case words with hyphens, as in spamhaus-zen"),
        name=table.text("name"),
        operator=table.text("operator", operator),
        home=table.page("home", home),
        purpose=table.choice("purpose", Purpose, Purpose.BLOCK),
        about=table.text("about"),
        zone=zone,
        keyed_zone=keyed,
        families=table.families(),
        status=status,
        since=table.shaped("since", _SINCE, "a date such as 2024-06-05", None if status is Status.DEAD else ""),
        default=table.yes("default", default=False),
        group6=table.whole("group6", 128, range(8, 129)),
        complete=table.yes("complete", default=False),
        weight=table.choice("weight", Weight, Weight.WARNING),
        lookup=table.page("lookup", ""),
        delist=table.page("delist", ""),
        terms=table.text("terms", ""),
        limit=table.text("limit", ""),
        grade=table.shaped("grade", re.compile("[SDOU]"), "S, D, O or U"),
        source=table.text("source"),
        seen=table.shaped("seen", _SEEN, "a month such as 2026-11"),
        tests=_tests(table.table("tests")),
        meanings=table.several("code", _meaning),
        refusals=table.several("refusal", _refusal),
    )
    if made.default and (status is not Status.ACTIVE or not zone):
        raise table.wrong("default", "is true", "only an active list that needs no key is asked by default")
    table.done()
    return made


def _tests(table: _Table) -> TestEntries:
    usual = TestEntries()
    listed4 = table.entry("listed4", usual.listed4)
    if not listed4:
        raise table.wrong("listed4", "is empty", "every list has such an entry (RFC 5782 §5)")
    made = TestEntries(
        listed4=listed4,
        clean4=table.entry("clean4", usual.clean4),
        listed6=table.entry("listed6", usual.listed6),
        clean6=table.entry("clean6", usual.clean6),
        expect=table.code_list("expect"),
    )
    table.done()
    return made


def _meaning(table: _Table) -> Meaning:
    made = Meaning(
        codes=table.codes("codes"), means=table.text("means"), weight=table.choice("weight", Weight, Weight.WARNING)
    )
    table.done()
    return made


def _refusal(table: _Table) -> Refusal:
    made = Refusal(codes=table.codes("codes"), means=table.text("means"))
    table.done()
    return made
