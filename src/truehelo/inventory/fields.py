"""The keys of an inventory line: what each may hold, and how it is brought into its one form.

Values come as TOML and JSON give them (text, numbers, lists); the cells of a CSV file were turned into such before.
Does not know where a value stood: whoever reads a file adds its name and line.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from truehelo.errors import InputError
from truehelo.facts.address import Network
from truehelo.facts.text import visible
from truehelo.inventory.model import BY_HAND, DISCOVER, Line
from truehelo.inventory.pattern import checked, is_pattern, name_pattern
from truehelo.inventory.target import Kind, Target, host_name, read_target

MAX_HELO = 512
"""RFC 5321 §4.5.3.1.4: no command line is longer."""
MAX_OWNER, MAX_NOTE, MAX_NOTE_LINES, MAX_LABEL = 200, 1000, 50, 64
MAX_LISTED = 100
MAX_PORTS = 8
MIN_INTERVAL, MAX_INTERVAL = 10, 30 * 86_400
_LABEL = re.compile(r"\w[\w.:/@+-]*")
_DURATION = re.compile(r"(\d{1,7})\s*([smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION_FORM = 'give seconds, or "5m", "1h", "1d"; from 10 seconds to 30 days'
# Control characters and halves of surrogate pairs: nothing that a person writes, and nothing that every database keeps.
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_OCTETS = re.compile("[\udc80-\udcff]")


def build(values: Mapping[str, object], managed_by: str = BY_HAND) -> Line:
    """Make a line of its values, by key; `managed_by` as in `Line`.

    Raises:
        InputError: A key is unknown, or the value of one cannot be used; the first of them is told.
    """
    for key in values:
        if key not in KEYS:
            raise unknown_key(key, KEYS)
    if "target" not in values:
        raise InputError("target", "is missing", "each line names an address, a network, host:NAME or domain:NAME")
    target = read_target(text("target", values["target"]))
    made: dict[str, Any] = {"target": str(target), "managed_by": managed_by}
    for key, value in values.items():
        if key != "target":
            made[_ATTRIBUTES.get(key, key)] = _READERS[key](key, value, target)
    line = Line(**made)
    return replace(line, discover=DISCOVER) if target.kind is Kind.DOMAIN and not line.discover else line


def unknown_key(key: str, known: tuple[str, ...]) -> InputError:
    """Return the error of a key that is not known, with the known one that is nearest."""
    near = get_close_matches(key, known, n=1, cutoff=0.7)
    accepted = f"{near[0]} may be meant" if near else f"accepted are {', '.join(known)}"
    return InputError(visible(key, 40) or "an empty key", "is no key that is known", accepted)


def text(key: str, value: object, most: int = MAX_OWNER) -> str:
    """Return text without what nobody writes.

    Raises:
        InputError: It is no text, too long, or holds control characters.
    """
    if not isinstance(value, str):
        raise InputError(key, f"is {_kind(value)}", f"give it as text, of at most {most} characters")
    found = value.replace("\r\n", "\n").strip()
    if _OCTETS.search(found):
        raise InputError(key, "holds octets that are not UTF-8", "save the file as UTF-8")
    if _CONTROL.search(found):
        raise InputError(key, f"holds a control character ({visible(found, 40)})", "leave it out")
    if len(found) > most:
        raise InputError(key, f"has {len(found):,} characters", f"{most:,} are the most")
    return found


def label(key: str, value: object) -> str:
    """Return the name of a group, pool or vantage point.

    Raises:
        InputError: It is not one word.
    """
    found = text(key, value)
    if found and (len(found) > MAX_LABEL or not _LABEL.fullmatch(found)):
        accepted = (
            f"letters, digits and . : / @ + - _ are accepted, a letter or digit first, at most {MAX_LABEL} characters"
        )
        raise InputError(f"{key} {visible(found, MAX_LABEL)!r}", "is not one word", accepted)
    return found


def _kind(value: object) -> str:
    words = {bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "a table", type(None): "null"}
    return words.get(type(value), "a date or time")


def _listed(key: str, value: object, most: int = MAX_LISTED) -> list[object]:
    """Return the items of a list; a single one may stand without its brackets."""
    items = value if isinstance(value, list) else [value]
    if len(items) > most:
        raise InputError(key, f"has {len(items):,} items", f"{most} are the most")
    return items


def _said(key: str, texts: list[str]) -> tuple[str, ...]:
    if "" in texts and len(texts) > 1:
        raise InputError(key, "has an empty item", "leave it out")
    return tuple(dict.fromkeys(each for each in texts if each))


def _one_line(key: str, value: object, _: Target) -> str:
    found = text(key, value)
    if "\n" in found:
        raise InputError(key, "has several lines", "write it on one; note may have several")
    return found


def _note(key: str, value: object, _: Target) -> str:
    found = text(key, value, MAX_NOTE)
    if found.count("\n") >= MAX_NOTE_LINES:
        raise InputError(key, f"has more than {MAX_NOTE_LINES} lines", "shorten it")
    return found


def _expected(key: str, value: object, target: Target) -> tuple[str, ...]:
    names = _said(key, [text(key, each, MAX_HELO) for each in _listed(key, value)])
    return tuple(dict.fromkeys(_of_network(key, name, target.network, name_pattern) for name in names))


def _of_network(key: str, given: str, network: Network | None, read: Callable[[str, Network], str]) -> str:
    """Read what is a pattern where the line is of a network, and a name elsewhere."""
    if network is None and is_pattern(given):
        raise InputError(f"{key} {visible(given, 80)}", "has braces", "only a network has names by a pattern")
    try:
        return host_name(given) if network is None else read(given, network)
    except InputError as error:
        raise InputError(f"{key} {error.given}", error.problem, error.accepted) from None


def _helo(key: str, value: object, target: Target) -> str:
    found = text(key, value, MAX_HELO)
    if "\n" in found or "\t" in found:
        raise InputError(key, "has several lines or a tab", "give what the server sends behind EHLO")
    return _of_network(key, found, target.network, checked) if target.network is not None else found


def _domains(key: str, value: object, _: Target) -> tuple[str, ...]:
    return tuple(dict.fromkeys(host_name(name) for name in _said(key, [text(key, each) for each in _listed(key, value)])))


def _groups(key: str, value: object, _: Target) -> tuple[str, ...]:
    return _said(key, [label(key, each) for each in _listed(key, value)])


def _label(key: str, value: object, _: Target) -> str:
    return label(key, value)


def _interval(key: str, value: object, _: Target) -> int:
    found = value
    if isinstance(value, str):
        match = _DURATION.fullmatch(value.strip())
        found = int(match[1]) * _UNITS[match[2]] if match else None
    if isinstance(found, bool) or not isinstance(found, int) or not MIN_INTERVAL <= found <= MAX_INTERVAL:
        raise InputError(f"{key} {visible(str(value), 40)}", "is no time between checks", _DURATION_FORM)
    return found


def _ports(key: str, value: object, _: Target) -> tuple[int, ...]:
    ports: list[int] = []
    for each in _listed(key, value, MAX_PORTS):
        if isinstance(each, bool) or not isinstance(each, int) or not 1 <= each <= 65_535:
            raise InputError(
                f"{key} {visible(str(each), 40)}", "is no port", "give numbers such as [25], or [] for no SMTP"
            )
        ports.append(each)
    return tuple(dict.fromkeys(ports))


def _discover(key: str, value: object, target: Target) -> tuple[str, ...]:
    words = _said(key, [text(key, each).lower() for each in _listed(key, value)])
    for word in words:
        if word not in DISCOVER:
            raise InputError(f"{key} {visible(word, 40)!r}", "is not known", f"accepted are {' and '.join(DISCOVER)}")
    if words and target.kind is not Kind.DOMAIN:
        raise InputError(key, f"is given for {target}", "only a domain leads to further addresses")
    return tuple(word for word in DISCOVER if word in words)


_READERS: dict[str, Callable[[str, object, Target], object]] = {
    "expected": _expected,
    "helo": _helo,
    "domains": _domains,
    "groups": _groups,
    "owner": _one_line,
    "vantage": _label,
    "interval": _interval,
    "ports": _ports,
    "pool": _label,
    "discover": _discover,
    "note": _note,
}
_ATTRIBUTES = {"interval": "interval_s"}
KEYS = ("target", *_READERS)
"""The keys of a line, in the order in which they are written."""
LISTS = ("expected", "domains", "groups", "ports", "discover")


def values_of(line: Line) -> dict[str, object]:
    """Return what a line says, by key, in the order of `KEYS`; what it does not say is left out. The inverse of `build`."""
    found: dict[str, object] = {}
    for key in KEYS:
        value = getattr(line, _ATTRIBUTES.get(key, key))
        if key == "ports":
            if value is not None:
                found[key] = list(value)
        elif value not in ("", (), None):
            found[key] = list(value) if isinstance(value, tuple) else value
    return found
