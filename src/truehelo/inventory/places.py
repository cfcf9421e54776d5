"""Where the tables of a TOML or JSON document begin. The readers of the standard library tell values, and no places.

Only documents that those readers have accepted come here, so that a scanner of strings, comments and brackets is
enough. It is asked when something is wrong with a table; whoever asks holds the count of places against the count of
tables, and says no line where they differ (a key that is written with escapes, for instance).
"""

import re
from collections.abc import Iterator

_TOML = re.compile(
    r'#[^\n]*|"""(?:\\.|[^\\])*?"""(?:"{0,2})|\'\'\'.*?\'\'\'(?:\'{0,2})|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|[\[\]{}=\n]',
    re.DOTALL,
)
_JSON = re.compile(r'"(?:\\.|[^"\\])*"|[\[\]{}]')
_STEPS = {"[": 1, "{": 1, "]": -1, "}": -1}


def toml_lines(text: str, name: str) -> list[int]:
    """Return the line (1-based) where each table of the array of tables `name` begins, in order.

    Both spellings count: `[[name]]`, and `name = [{...}, {...}]` at the root.
    """
    return _numbers(text, _toml_offsets(text, name))


def json_lines(text: str, name: str) -> list[int]:
    """Return the line (1-based) where each object of the array `name` begins; "" is an array that is the root itself."""
    return _numbers(text, _json_offsets(text, name))


def _numbers(text: str, offsets: Iterator[int]) -> list[int]:
    numbers: list[int] = []
    line, seen = 1, 0
    for offset in offsets:
        line += text.count("\n", seen, offset)
        seen = offset
        numbers.append(line)
    return numbers


def _toml_offsets(text: str, name: str) -> Iterator[int]:
    start, depth = 0, 0  # of the statement
    at_root, inside = True, False
    for token in _TOML.finditer(text):
        mark, offset = token[0], token.start()
        if mark == "\n" and depth == 0:
            start, inside = offset + 1, False
        elif mark == "=" and depth == 0:
            inside = inside or (at_root and _is_key(text[start:offset], name))
        elif mark in _STEPS:
            if mark == "[" and depth == 0 and not text[start:offset].strip():
                at_root = False
                if _header(text, offset) == name:
                    yield offset
            if mark == "{" and depth == 1 and inside:
                yield offset
            depth += _STEPS[mark]


def _is_key(text: str, name: str) -> bool:
    return _bare(text) == name


def _header(text: str, offset: int) -> str | None:
    """Return the name in an array-of-tables header that begins at `offset`; None for the header of a plain table."""
    if not text.startswith("[[", offset):
        return None
    return _bare(text[offset + 2 : text.find("]]", offset)])


def _bare(text: str) -> str:
    text = text.strip(" \t")
    return text[1:-1] if len(text) >= 2 and text[0] == text[-1] and text[0] in "\"'" else text


def _json_offsets(text: str, name: str) -> Iterator[int]:
    depth, level = 0, 1 if name == "" else 2
    word = f'"{name}"'
    last, inside = "", name == ""
    for token in _JSON.finditer(text):
        mark = token[0]
        if mark not in _STEPS:
            if depth == 1:
                last = mark
            continue
        if mark == "[" and depth == 1 and level == 2:
            inside = last == word
        if mark == "{" and depth == level and inside:
            yield token.start()
        depth += _STEPS[mark]
