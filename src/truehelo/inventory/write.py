"""Writing an inventory: TOML, CSV, JSON and JSON Lines. Read again it gives the same lines; the order is always the same.

Each line is written whole, without `[defaults]`: which of its values once were defaults is not kept. Who manages a
line is not written either: whoever imports a file manages its lines.
"""

import json
from collections.abc import Callable, Iterable

from truehelo.inventory.csvrows import csv_text
from truehelo.inventory.fields import values_of
from truehelo.inventory.model import Line, in_order
from truehelo.inventory.target import Kind

_TABLE = {Kind.ADDRESS: "subject", Kind.HOST: "subject", Kind.NETWORK: "pool", Kind.DOMAIN: "domain"}
_RENAMED = {
    "subject": {},
    "pool": {"target": "network", "pool": "name"},
    "domain": {"target": "name"},
}
_SHORT = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def write(lines: Iterable[Line], format_name: str) -> str:
    """Return lines in a format of `read.FORMATS`, sorted."""
    return _WRITERS[format_name](sorted(lines, key=in_order))


def _tables(lines: Iterable[Line]) -> dict[str, list[dict[str, object]]]:
    """Return the lines as tables, by the name of the table; one without any is left out."""
    found: dict[str, list[dict[str, object]]] = {"subject": [], "pool": [], "domain": []}
    for line in lines:
        table = _TABLE[line.aim.kind]
        values = {_RENAMED[table].get(key, key): value for key, value in values_of(line).items()}
        if table == "domain":
            values["name"] = line.aim.name
        found[table].append(values)
    return {table: values for table, values in found.items() if values}


def _toml(lines: Iterable[Line]) -> str:
    parts = [
        f"[[{table}]]\n" + "".join(f"{key} = {_value(value)}\n" for key, value in values.items())
        for table, found in _tables(lines).items()
        for values in found
    ]
    return "\n".join(parts)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_value(each) for each in value)}]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _quoted(text: str) -> str:
    """Return a basic string of TOML: quotes, backslashes and control characters as escapes."""
    if text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return (
        '"'
        + "".join(
            _SHORT.get(char) or (char if ord(char) >= 0x20 and char != "\x7f" else f"\\u{ord(char):04x}") for char in text
        )
        + '"'
    )


def _json(lines: Iterable[Line]) -> str:
    return json.dumps(_tables(lines), ensure_ascii=False, indent=2) + "\n"


def _jsonl(lines: Iterable[Line]) -> str:
    return "".join(json.dumps(values_of(line), ensure_ascii=False) + "\n" for line in lines)


_WRITERS: dict[str, Callable[[Iterable[Line]], str]] = {"toml": _toml, "csv": csv_text, "json": _json, "jsonl": _jsonl}
