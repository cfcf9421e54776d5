"""Rendering of `truehelo domain`: a run in, text of one format out. Pure, and in the formats of an audit.

What a format can carry of hostile text is settled where an audit is rendered to it; nothing here judges.
"""

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from truehelo.domains import DomainRun
    from truehelo.render.look import Look

FORMATS: dict[str, str] = {
    "text": "truehelo.render.domains.text:render",
    "json": "truehelo.render.domains.document:render",
    "jsonl": "truehelo.render.domains.document:render_lines",
    "csv": "truehelo.render.domains.sheet:render",
    "markdown": "truehelo.render.domains.markdown:render",
    "junit": "truehelo.render.domains.junit:render",
    "sarif": "truehelo.render.domains.sarif:render",
    "nagios": "truehelo.render.domains.nagios:render",
    "prometheus": "truehelo.render.domains.prometheus:render",
}
"""Each format and the function that makes it."""

COMPLETE = frozenset({"text", "json", "markdown", "nagios"})
"""The formats that also carry the notes of a run."""


def render(run: "DomainRun", format_name: str, look: "Look | None" = None) -> str:
    """Return a run in one of `FORMATS`, ending in a line break.

    Raises:
        KeyError: There is no such format.
    """
    from truehelo.render.look import Look  # late: the help text needs the names of the formats alone

    module, _, function = FORMATS[format_name].partition(":")
    renderer = cast("Callable[[DomainRun, Look], str]", getattr(import_module(module), function))
    return renderer(run, look or Look())
