"""Reads a guide from TOML. What is wrong is told with the file, the key and what is accepted; nothing is guessed.

A file holds one guide: `kind = "provider"` or `kind = "mta"`, whose keys docs/how-to/add-a-guide.md describes.
"""

import re
import tomllib
from collections.abc import Iterable
from typing import Any

from truehelo.advice.guides.fill import PLACE, STANDINS
from truehelo.advice.guides.model import (
    GRADES,
    MOMENTS,
    NAMES,
    SETTERS,
    WAY_KINDS,
    Guide,
    Limit,
    MtaGuide,
    Origin,
    ProviderGuide,
    WayText,
)
from truehelo.errors import FileError
from truehelo.facts.text import visible

MAX_BYTES = 64 * 1024
_MAX_TEXT = 600
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_SEEN = re.compile(r"20[0-9]{2}-(?:0[1-9]|1[0-2])")
_WORDS = "text in one line"
_HOW_TO = "docs/how-to/add-a-guide.md describes the keys"


def parse_guide(text: str, file: str) -> Guide:
    """Read a guide; `file` names it in errors.

    Raises:
        FileError: The text is no TOML, or a key is missing, unknown or has a value that is not accepted.
    """
    try:
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FileError(file, f"is no TOML ({visible(str(error), 200)})", _HOW_TO) from None
    table = _Table(values, file, "")
    kind = table.choice("kind", ("provider", "mta"))
    guide: Guide = _provider(table) if kind == "provider" else _mta(table)
    table.done()
    return guide


class _Table:
    """A TOML table whose keys are taken one by one; what is left over at the end is unknown."""

    def __init__(self, values: dict[str, Any], file: str, path: str) -> None:
        self._left, self.file, self._path = dict(values), file, path

    def wrong(self, key: str, problem: str, accepted: str) -> FileError:
        return FileError(self.file, f"{self._path}{visible(key, 60)} {problem}", accepted)

    def take(self, key: str, accepted: str, *, required: bool) -> Any:
        if key not in self._left:
            if required:
                raise self.wrong(key, "is missing", f"accepted is {accepted}")
            return None
        return self._left.pop(key)

    def text(self, key: str, *, required: bool = True) -> str:
        found = self.take(key, _WORDS, required=required)
        return "" if found is None else self._checked(key, found)

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        found = self.take(key, "a list of texts", required=required)
        if found is None:
            return ()
        if not isinstance(found, list) or (required and not found):
            raise self.wrong(key, "is no list of texts", f'accepted is a list such as {key} = ["..."]')
        return tuple(self._checked(key, each, indented=True) for each in found)

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        words = ", ".join(f'"{word}"' for word in allowed)
        found = self.take(key, words, required=default is None)
        if found is None and default is not None:
            return default
        if not isinstance(found, str) or found not in allowed:
            raise self.wrong(key, f"is {visible(repr(found), 60)}", f"accepted are {words}")
        return found

    def matching(self, key: str, shape: re.Pattern[str], accepted: str) -> str:
        found = self.text(key)
        if not shape.fullmatch(found):
            raise self.wrong(key, f"is {visible(repr(found), 60)}", f"accepted is {accepted}")
        return found

    def family(self) -> int | None:
        found = self.take("family", "4 or 6", required=False)
        if found not in (None, 4, 6) or isinstance(found, bool):
            raise self.wrong("family", f"is {visible(repr(found), 60)}", "accepted are 4 and 6")
        return found if isinstance(found, int) else None

    def flag(self, key: str) -> bool:
        found = self.take(key, "true or false", required=False)
        if found not in (None, True, False):
            raise self.wrong(key, f"is {visible(repr(found), 60)}", "accepted are true and false")
        return bool(found)

    def table(self, key: str) -> "_Table":
        found = self.take(key, f"a table [{key}]", required=True)
        if not isinstance(found, dict):
            raise self.wrong(key, "is no table", f"accepted is a table [{key}]")
        return _Table(found, self.file, f"{self._path}{key}.")

    def tables(self, key: str, *, required: bool) -> list["_Table"]:
        found = self.take(key, f"one table [[{key}]] or more", required=required)
        if found is None:
            return []
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(key, "is no list of tables", f"accepted is one table [[{key}]] or more")
        return [_Table(each, self.file, f"{self._path}{key}[{i}].") for i, each in enumerate(found, start=1)]

    def done(self) -> None:
        for key in self._left:
            raise self.wrong(key, "is no key of a guide", _HOW_TO)

    def _checked(self, key: str, found: object, *, indented: bool = False) -> str:
        if not isinstance(found, str) or not found.strip() or len(found) > _MAX_TEXT or visible(found) != found:
            raise self.wrong(key, "is no text in one line", f"accepted is printable text of up to {_MAX_TEXT} characters")
        if not indented and found != found.strip():
            raise self.wrong(key, "begins or ends with a blank", "accepted is text without")
        for place in PLACE.findall(found):
            if place not in STANDINS:
                known = ", ".join(f"{{{word}}}" for word in STANDINS)
                raise self.wrong(key, f"holds the unknown place {{{place}}}", f"accepted are {known}")
        return found


def _provider(table: _Table) -> ProviderGuide:
    known = table.table("recognise")
    recognised = known.texts("defaults"), known.texts("zone"), known.texts("rdap"), known.flag("own")
    known.done()
    if not any(recognised):
        raise known.wrong("defaults", "is missing", "accepted is one of defaults, zone, rdap and own at least")
    defaults, zone, rdap, own = recognised
    return ProviderGuide(
        id=_id(table),
        name=table.text("name"),
        sets=table.choice("sets", SETTERS),
        who=table.text("who"),
        default=table.text("default"),
        defaults=defaults,
        zone=tuple(suffix.lower().strip(".") for suffix in zone),
        rdap=rdap,
        own=own,
        ways=tuple(_way(each) for each in table.tables("way", required=True)),
        limits=tuple(_limit(each) for each in table.tables("limit", required=False)),
        support=table.text("support", required=False),
        origin=_origin(table),
    )


def _mta(table: _Table) -> MtaGuide:
    known = table.table("recognise")
    phrases, weak, based_on = known.texts("greeting"), known.texts("weak"), known.text("based_on", required=False)
    known.done()
    guide = MtaGuide(
        id=_id(table),
        name=table.text("name"),
        greeting=table.text("greeting"),
        phrases=phrases,
        weak=weak,
        based_on=based_on or None,
        settings=tuple(_way(each, mta=True) for each in table.tables("setting", required=True)),
        reload=table.texts("reload"),
        verify=table.texts("verify"),
        notes=table.texts("notes"),
        versions=table.texts("versions"),
        origin=_origin(table),
    )
    missing = [name for name in NAMES if not any(name in setting.makes for setting in guide.settings)]
    if missing:
        raise table.wrong("setting", f"makes no {missing[0]}", f"accepted are settings that make {', '.join(NAMES)}")
    return guide


def _id(table: _Table) -> str:
    return table.matching("id", _ID, "small letters, digits and hyphens")


def _origin(table: _Table) -> Origin:
    return Origin(
        file=table.file,
        sources=table.texts("sources", required=True),
        grade=table.choice("grade", GRADES),
        seen=table.matching("seen", _SEEN, 'a month such as "2026-11"'),
    )


def _way(table: _Table, *, mta: bool = False) -> WayText:
    makes = table.texts("makes", required=True) if mta else ()
    for name in makes:
        if name not in NAMES:
            raise table.wrong("makes", f"holds {visible(repr(name), 60)}", f"accepted are {', '.join(NAMES)}")
    way = WayText(
        kind=table.choice("kind", WAY_KINDS),
        where=table.text("where", required=False),
        commands=table.texts("commands"),
        lines=table.texts("lines"),
        note=table.text("note", required=False),
        family=table.family(),
        makes=frozenset(makes),
        key=table.text("key") if mta else "",
    )
    table.done()
    needed = {"panel": ("where",), "ticket": ("where",), "config": ("where", "lines")}.get(way.kind, ("commands",))
    for key in needed:
        if not getattr(way, key):
            raise table.wrong(key, "is missing", f"a way of kind {way.kind} needs it")
    return way


def _limit(table: _Table) -> Limit:
    limit = Limit(text=table.text("text"), when=table.choice("when", MOMENTS, "always"), family=table.family())
    table.done()
    return limit
