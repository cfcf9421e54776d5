"""Rendering: an audit in, text of one format out. Pure: no clock, no environment, no terminal is asked.

Each format is one file and one function of the same shape. What a format can carry of hostile text is settled in its
own file; nothing here judges. The formats are imported when first used, so that `check` pays for one of them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from truehelo.findings import Audit
    from truehelo.render.look import Look, Renderer

FORMATS: dict[str, str] = {
    "text": "truehelo.render.text:render",
    "json": "truehelo.render.document:render",
    "jsonl": "truehelo.render.document:render_lines",
    "csv": "truehelo.render.sheet:render",
    "markdown": "truehelo.render.markdown:render",
    "junit": "truehelo.render.junit:render",
    "sarif": "truehelo.render.sarif:render",
    "nagios": "truehelo.render.nagios:render",
    "prometheus": "truehelo.render.prometheus:render",
}
"""Each format and the function that makes it."""

COMPLETE = frozenset({"text", "json", "markdown", "junit", "nagios"})
"""The formats that also carry the targets that led to no address."""


def render(audit: "Audit", format_name: str, look: "Look | None" = None) -> str:
    """Return an audit in one of `FORMATS`, ending in a line break (a JUnit or SARIF file too).

    Raises:
        KeyError: There is no such format.
    """
    from truehelo.render.look import Look  # late: the help text needs the names of the formats alone

    module, _, function = FORMATS[format_name].partition(":")
    renderer = cast("Renderer", getattr(import_module(module), function))
    return renderer(audit, look or Look())
