"""The regular audit as Markdown (CommonMark, GFM tables and task lists). Text of others is escaped: it is no markup."""

from collections.abc import Iterator
from itertools import groupby

from truehelo.render import strip
from truehelo.render.markdown import code, escape, fence
from truehelo.render.reading import Report
from truehelo.render.report import Cell, Part, parts, title

CELLS = 30
_BOXES = {"done": "x", "not done": " ", "could not be determined": " "}


def render(report: Report, given_title: str = "") -> str:
    """Return the report as Markdown."""
    lines = [f"# {escape(title(report, given_title))}"]
    for part in parts(report):
        lines += _part(part)
    return "\n".join(lines).rstrip() + "\n"


def _part(part: Part) -> Iterator[str]:
    yield from ("", f"{'#' * part.level} {escape(part.title)}")
    for text in part.paragraphs:
        if text:
            yield from ("", escape(text))
    if part.rows:
        yield from ("", f"| {' | '.join(escape(word) for word in part.header)} |", "|---" * len(part.header) + "|")
        yield from (f"| {' | '.join(_cell(cell) for cell in row)} |" for row in part.rows)
    if part.items:
        yield from ("", *(f"- {escape(text)}" for text in part.items))
    if part.legend:
        yield from ("", *(f"- {code(strip.SIGNS[state])} {strip.WORDS[state]}" for state in reversed(strip.ORDER)))
    if part.checks:
        yield from ("", *(f"- [{_BOXES[state]}] {escape(text)}: {state}" for state, text in part.checks))
    for verbatim, lines in groupby(part.lines, key=lambda line: line.startswith("  ")):
        texts = [line.strip() for line in lines]
        if verbatim:
            mark = fence(texts)
            yield from ("", f"{mark}text", *texts, mark)
        else:
            yield from (line for text in texts for line in ("", escape(text)))


def _cell(cell: Cell) -> str:
    if cell.course is not None:
        return code(strip.plain(cell.course, CELLS))
    return code(cell.text) if cell.code else escape(cell.text)
