"""The documentation pages of the checks: one section a tag, and Markdown as plain text.

The pages are docs/checks/*.md, docs/domains/*.md and docs/watched/*.md of the source, packaged as truehelo/pages.
They are ours, so their markup is trusted.
"""

import re
import textwrap
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

_INLINE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), r"\1"),
    (re.compile(r"\*\*(.+?)\*\*"), r"\1"),
    (re.compile(r"(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])"), r"\1"),
    (re.compile(r"`([^`]*)`"), lambda code: f'"{code[1]}"' if " " in code[1] and '"' not in code[1] else code[1]),
)
_ITEM = re.compile(r"(\s*)(?:[-*]|\d+\.)\s+")
_SECTION = re.compile(r"^## +([A-Z][A-Z0-9_]+)\s*$", re.MULTILINE)


@lru_cache(maxsize=1)
def sections() -> dict[str, str]:
    """Return the section of each tag, in Markdown, without its heading."""
    found: dict[str, str] = {}
    for text in _texts():
        parts = _SECTION.split(text)
        # parts: what stands before the first heading, then tag and section in turns
        for tag, body in zip(parts[1::2], parts[2::2], strict=True):
            found[tag] = re.split(r"^#{1,2} ", body, maxsplit=1, flags=re.MULTILINE)[0].strip()
    return found


def _texts() -> Iterator[str]:
    packaged, docs = files("truehelo") / "pages", Path(__file__).parents[3] / "docs"
    for folder in (
        (packaged, packaged / "domains", packaged / "watched")
        if packaged.is_dir()
        else (docs / "checks", docs / "domains", docs / "watched")
    ):
        if folder.is_dir():
            for page in sorted(folder.iterdir(), key=lambda each: each.name):
                if page.name.endswith(".md"):
                    yield page.read_text(encoding="utf-8")


def first_sentence(markdown: str) -> str:
    """Return the first sentence of a section as plain text."""
    for block in _blocks(markdown):
        if not block[0].startswith(("#", "|", "```", "-", "*")):
            text = inline(" ".join(line.strip() for line in block))
            return re.split(r"(?<=[.!?])\s", text, maxsplit=1)[0]
    return ""


def inline(text: str) -> str:
    """Return a line of Markdown without its inline markup."""
    for pattern, plain in _INLINE:
        text = pattern.sub(plain, text)
    return text


def plain(markdown: str, width: int = 80) -> str:
    """Return Markdown as plain text of `width` columns; code keeps its lines; so does a table that fits."""
    blocks = []
    for block in _blocks(markdown):
        if block[0].startswith("```"):
            blocks.append("\n".join(f"    {line}".rstrip() for line in block[1:] if not line.startswith("```")))
        elif block[0].startswith("#"):
            blocks.append("\n".join(inline(line.lstrip("# ")).upper() for line in block))
        elif block[0].startswith("|"):
            blocks.append("\n".join(_table(block, width)))
        else:
            blocks.append("\n".join(line for item in _items(block) for line in _wrapped(item, width)))
    return "\n\n".join(blocks) + "\n"


def _blocks(markdown: str) -> Iterator[list[str]]:
    """Split at blank lines and around code, which may hold blank lines itself."""
    block: list[str] = []
    code = False
    for line in markdown.splitlines():
        if line.startswith("```"):
            if not code and block:
                yield block
                block = []
            block.append(line)
            if code:
                yield block
                block = []
            code = not code
        elif code or line.strip():
            block.append(line)
            if not code and line.startswith("#"):
                yield block
                block = []
        elif block:
            yield block
            block = []
    if block:
        yield block


def _items(block: list[str]) -> list[str]:
    """Join the lines of a paragraph; a list item begins a new one."""
    items: list[str] = []
    for line in block:
        if items and not _ITEM.match(line):
            items[-1] = f"{items[-1]} {line.strip()}"
        else:
            items.append(line.rstrip())
    return items


def _wrapped(item: str, width: int) -> list[str]:
    match = _ITEM.match(item)
    indent = " " * len(match.group(0)) if match else ""
    return textwrap.wrap(inline(item), width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def _table(block: list[str], width: int) -> list[str]:
    rows = [[inline(cell.strip()) for cell in line.strip().strip("|").split("|")] for line in block]
    rows = [row for row in rows if not all(set(cell) <= set("-: ") for cell in row)]
    columns = max(len(row) for row in rows) if rows else 0
    widths = [max((len(row[i]) for row in rows if i < len(row)), default=0) for i in range(columns)]
    lines = ["  ".join(cell.ljust(widths[i]) for i, cell in enumerate(row)).rstrip() for row in rows]
    if all(len(line) <= width for line in lines):
        return lines
    heads = (textwrap.wrap(", ".join(row[:-1]), width, subsequent_indent="  ", break_long_words=False) for row in rows)
    return [line for row, head in zip(rows, heads, strict=True) for line in (*head, *_below(row[-1], width))]


def _below(cell: str, width: int) -> list[str]:
    """What does not fit beside the other columns stands below them."""
    return textwrap.wrap(cell, width, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
