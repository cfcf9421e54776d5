"""The regular audit as one HTML document: nothing is loaded from elsewhere, light or dark, and made to be printed on A4.

Every text is escaped here, whatever it is. The strip is an SVG within the page, hatched where nothing could be seen: no
state is told by colour alone, and the shares stand beside it in words.
"""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from truehelo.render import strip
from truehelo.render.reading import Course, Report
from truehelo.render.report import Cell, Part, parts, title

CELLS = 180
_STYLE = """\
:root{color-scheme:light dark;--text:#1b1f24;--page:#fff;--soft:#57606a;--line:#d0d7de;--block:#f3f4f6;
--ok:#2da44e;--failing:#b3261e;--undetermined:#d4a72c;--maintenance:#4f8ef7;--unwatched:#d0d7de}
@media (prefers-color-scheme:dark){:root{--text:#e6e8ea;--page:#14171a;--soft:#9aa4ae;--line:#3a424b;--block:#23282d;
--ok:#3fb950;--failing:#f2726a;--undetermined:#e3b341;--maintenance:#6ea8fe;--unwatched:#3a424b}}
body{margin:0;padding:1.5em;background:var(--page);color:var(--text);font:15px/1.5 system-ui,sans-serif}
main{max-width:72em;margin:0 auto}
h1{font-size:1.5em}h2{font-size:1.15em;margin:1.8em 0 .4em;border-bottom:1px solid var(--line)}
h3{font-size:1em;margin:1.2em 0 .3em;overflow-wrap:anywhere}
p,li,td{overflow-wrap:anywhere}ul{margin:.3em 0;padding-left:1.2em}
table{border-collapse:collapse;width:100%;font-size:.9em}
th,td{text-align:left;vertical-align:top;padding:.25em .6em .25em 0;border-bottom:1px solid var(--line)}
th{color:var(--soft);font-weight:600}
code,pre{font-family:ui-monospace,monospace;font-size:.95em}
pre{background:var(--block);padding:.6em .8em;white-space:pre-wrap;overflow-wrap:anywhere}
td:first-child{overflow-wrap:normal}td code{display:inline-block;min-width:8em}
td.failing,td.recovering,td.suspect{font-weight:600;overflow-wrap:break-word}
ul.checks{list-style:none;padding-left:0}
svg{display:block;width:14em;height:1.3em}
.ok{fill:var(--ok)}.failing{fill:var(--failing)}.maintenance{fill:var(--maintenance)}.unwatched{fill:var(--unwatched)}
.undetermined{fill:url(#hatch)}#hatch rect{fill:var(--page)}#hatch path{stroke:var(--undetermined)}
ul.legend{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.3em 1.5em}
ul.legend svg{display:inline-block;width:1.2em;height:.9em;margin-right:.4em;vertical-align:-.1em}
@page{size:A4;margin:15mm}
@media print{:root{color-scheme:light;--text:#000;--page:#fff;--soft:#444;--line:#bbb;--block:#f3f4f6;
--ok:#2da44e;--failing:#b3261e;--undetermined:#b08800;--maintenance:#4f8ef7;--unwatched:#ccc}
body{padding:0;font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}main{max-width:none}
h2,h3,h3+p{break-after:avoid}tr,pre,li{break-inside:avoid}thead{display:table-header-group}svg{width:9em}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_HATCH = (
    '<svg width="0" height="0" aria-hidden="true" style="position:absolute"><defs>'
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6"/><path d="M0 0V6" stroke-width="6"/></pattern></defs></svg>'
)
_SIGNS = {"done": "✓", "not done": "✗", "could not be determined": "?"}


def render(report: Report, given_title: str = "") -> str:
    """Return the report as a whole document."""
    name = escape(title(report, given_title))
    body = "\n".join(line for part in parts(report) for line in _part(part))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{name}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n{_HATCH}\n<main>\n"
        f"<h1>{name}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def _part(part: Part) -> Iterator[str]:
    yield f"<h{part.level}>{escape(part.title)}</h{part.level}>"
    yield from (f"<p>{escape(text)}</p>" for text in part.paragraphs if text)
    if part.rows:
        head = "".join(f'<th scope="col">{escape(word)}</th>' for word in part.header)
        yield f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>"
        yield from (f"<tr>{''.join(_cell(cell) for cell in row)}</tr>" for row in part.rows)
        yield "</tbody>\n</table>"
    if part.items:
        yield from ("<ul>", *(f"<li>{escape(text)}</li>" for text in part.items), "</ul>")
    if part.legend:
        yield from ('<ul class="legend">', *(_sign(state) for state in reversed(strip.ORDER)), "</ul>")
    if part.checks:
        rows = (f"<li>{_SIGNS[state]} {escape(text)}: {state}</li>" for state, text in part.checks)
        yield from ('<ul class="checks">', *rows, "</ul>")
    for verbatim, lines in groupby(part.lines, key=lambda line: line.startswith("  ")):
        texts = [escape(line.strip()) for line in lines]
        yield "\n".join(["<pre>" + "\n".join(texts) + "</pre>"] if verbatim else [f"<p>{text}</p>" for text in texts])


def _sign(state: str) -> str:
    rect = f'<rect class="{state}" width="12" height="10"/>'
    return f'<li><svg viewBox="0 0 12 10" aria-hidden="true">{rect}</svg>{strip.WORDS[state]}</li>'


def _cell(cell: Cell) -> str:
    if cell.course is not None:
        return f"<td>{svg(cell.course, cell.text)}</td>"
    text = f"<code>{escape(cell.text)}</code>" if cell.code else escape(cell.text)
    return f'<td class="{cell.state}">{text}</td>' if cell.state in _STATES else f"<td>{text}</td>"


_STATES = frozenset({"failing", "recovering", "suspect"})


def svg(course: Course, label: str) -> str:
    """Return a strip as an SVG element: what follows each other in one state is one rectangle."""
    rects = "".join(
        f'<rect class="{state}" x="{first}" y="{_TOP.get(state, 0)}" width="{many}" height="{10 - _TOP.get(state, 0)}"/>'
        for state, first, many in strip.runs(course, CELLS)
    )
    return (
        f'<svg viewBox="0 0 {CELLS} 10" preserveAspectRatio="none" role="img" aria-label="{escape(label)}">'
        f"<title>{escape(label)}</title>{rects}</svg>"
    )


_TOP = {"ok": 4, "maintenance": 2, "unwatched": 7}
"""A failure stands out by its height as well."""
