"""`truehelo doctor`: what this machine can and cannot see, before it is blamed on somebody else's names."""

import sys
from typing import TYPE_CHECKING

import click

from truehelo.cli.options import json_options, lookup_options
from truehelo.cli.terminal import wants_ascii, wants_color, width, write
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD, UNDETERMINED
from truehelo.render.look import Look
from truehelo.render.style import Style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truehelo.app import DoctorLine, Settings

_COLORS = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "yellow"}


@click.command(
    epilog="Exit codes: 0 nothing in the way, 1 a problem, 2 usage, 3 something could not be determined, 130 interrupted."
)
@lookup_options
@json_options
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def doctor(settings: "Settings", as_json: bool, color: str) -> int:
    """Say what this machine can and cannot see: resolvers, rewritten denials, port 25 to the outside, blocklists, clock.

    \b
    Examples:
      truehelo doctor
      truehelo doctor --resolver 192.0.2.53 --json
    """
    from truehelo import app

    lines = app.run(app.doctor(settings))
    write(_json(lines) if as_json else _text(lines, color))
    states = {line.state for line in lines}
    if "problem" in states:
        return FINDINGS
    return UNDETERMINED if "unknown" in states else GOOD


def _json(lines: "Sequence[DoctorLine]") -> str:
    from truehelo.render.document import dumps

    found = [{"what": line.what, "state": line.state, "detail": line.detail, "way_out": line.way_out} for line in lines]
    return dumps({"schema": "truehelo/doctor/1", "lines": found}, indent=2)


def _text(lines: "Sequence[DoctorLine]", color: str) -> str:
    style = Style(Look(width=width(sys.stdout), color=wants_color(sys.stdout, color), ascii=wants_ascii(sys.stdout)))
    shown: list[str] = []
    for line in lines:
        first, *rest = style.wrap(f"{visible(line.what, 120)}: {visible(line.detail, 300)}", " " * 9)
        shown += [f"{style.paint(line.state.ljust(7), _COLORS.get(line.state, 'dim'))}  {first.lstrip()}", *rest]
        if line.way_out:
            shown += style.wrap(visible(line.way_out, 300), " " * 9 + style.arrow + " ")
    return style.finish(shown)
