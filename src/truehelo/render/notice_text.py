"""The parts of a notice as plain text. They come here without any character that could harm; this lays them out."""

from collections.abc import Iterable

from truehelo.render.look import Look
from truehelo.render.notice_parts import Line, Part
from truehelo.render.style import Style

WIDTH = 78


def text(summary: str, parts: list[Part]) -> str:
    """Return plain text of at most 78 columns, but for words, commands and records that are longer."""
    style = Style(Look(width=WIDTH))
    lines = style.wrap(summary)
    for part in parts:
        lines += ["", *_part(part, style)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _part(part: Part, style: Style) -> Iterable[str]:
    if part.paragraph:
        yield from style.wrap(part.paragraph)
    if part.title:
        yield f"{part.title}:"
    width = max((len(label) for label, _ in part.rows), default=0)
    for label, value in part.rows:
        yield from style.wrap(value, f"  {label.ljust(width)}  ")
    copied = any(line.verbatim for line in part.lines)
    for line in part.lines:
        yield from _line(line, style, "" if copied else "  ")


def _line(line: Line, style: Style, hang: str) -> Iterable[str]:
    """Lines that are to be copied stand deeper than any other of their part."""
    if line.verbatim:
        return [f"    {line.text}"]
    indent = "    " if line.deeper else "  "
    return style.wrap(line.text, indent, indent + hang)
