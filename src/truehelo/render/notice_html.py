"""The parts of a notice as one HTML document: nothing is loaded from elsewhere, and without its style it still reads well.

Every text is escaped here, whatever it is. Mail readers drop most of CSS, so what carries meaning is in the elements.
"""

from collections.abc import Iterable
from html import escape
from itertools import groupby

from truehelo.findings import Severity
from truehelo.render.notice_parts import LINK, Line, Part

_STYLE = """\
:root{color-scheme:light dark}
body{margin:0;padding:1.5em;background:#fff;color:#1b1f24;font:16px/1.5 system-ui,sans-serif}
main{max-width:44em;margin:0 auto}
h1{font-size:1.25em;border-left:.3em solid #57606a;padding-left:.6em}
h1.error{border-color:#b3261e}h1.warning{border-color:#9a6700}h1.ok{border-color:#1a7f37}
h2{font-size:1em;margin:1.4em 0 .3em}
th{text-align:left;font-weight:600;padding:0 1em 0 0;vertical-align:top}td{overflow-wrap:anywhere}
ul{margin:0;padding-left:1.2em}li{overflow-wrap:anywhere}
pre{background:#f3f4f6;padding:.6em .8em;overflow-x:auto}
@media (prefers-color-scheme:dark){body{background:#14171a;color:#e6e8ea}pre{background:#23282d}a{color:#8ab4f8}
h1.error{border-color:#f2b8b5}h1.warning{border-color:#e3b341}h1.ok{border-color:#6bc46d}}
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, summary: str, severity: Severity, parts: list[Part]) -> str:
    """Return a whole document."""
    body = "\n".join(line for part in parts for line in _part(part))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>\n{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f'<h1 class="{severity}">{escape(summary)}</h1>\n{body}\n</main>\n</body>\n</html>\n'
    )


def _part(part: Part) -> Iterable[str]:
    if part.paragraph:
        yield f"<p>{escape(part.paragraph)}</p>"
    if part.title:
        yield f"<h2>{escape(part.title)}</h2>"
    if part.rows:
        rows = (
            f'<tr><th scope="row">{escape(label)}</th><td>{_value(label, value)}</td></tr>' for label, value in part.rows
        )
        yield "\n".join(["<table>", *rows, "</table>"])
    for verbatim, lines in groupby(part.lines, key=lambda line: line.verbatim):
        if verbatim:
            yield "<pre>" + "\n".join(escape(line.text) for line in lines) + "</pre>"
        else:
            yield "\n".join(["<ul>", *_items(lines), "</ul>"])


def _value(label: str, value: str) -> str:
    return f'<a href="{escape(value)}">{escape(value)}</a>' if label == LINK else escape(value)


def _items(lines: Iterable[Line]) -> Iterable[str]:
    """List items; a line that belongs to the one before stands in the same item."""
    item = ""
    for line in lines:
        if line.deeper:
            item += f"<br>{escape(line.text)}"
        else:
            yield from [f"<li>{item}</li>"] if item else []
            item = escape(line.text)
    if item:
        yield f"<li>{item}</li>"
