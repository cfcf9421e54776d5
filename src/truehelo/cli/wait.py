"""`truehelo wait`: watch a DNS change until every server that can be asked says it."""

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Self

import click

from truehelo.cli.options import Seconds, json_options, lookup_options
from truehelo.cli.terminal import wants_ascii, wants_color, width, write
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD, UNDETERMINED
from truehelo.render.look import Look
from truehelo.render.style import Mark, Style

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.live import Live

    from truehelo.app import Settings, WaitRound, WaitRow

_MARKS = {"new": Mark.YES, "old": Mark.NO, "failed": Mark.UNKNOWN}
_EXIT_CODES = (
    "Exit codes: 0 the change is everywhere, 1 some server still says the old when --give-up ends the wait, "
    "2 usage or bad input, 3 that could not be determined, 130 interrupted."
)


@click.command(epilog=_EXIT_CODES)
@click.argument("target", metavar="TARGET")
@click.option(
    "--for", "wanted", required=True, metavar="TYPE=VALUE", help="The record to wait for, such as PTR=mail.example.com."
)
@click.option(
    "--every", type=Seconds(0.2, 86_400), default=10.0, show_default=True, metavar="SECONDS", help="Between looks."
)
@click.option("--give-up", type=Seconds(0, 31_536_000), metavar="SECONDS", help="Stop after this long [never].")
@lookup_options
@json_options
@click.option("--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True)
def wait(
    target: str, wanted: str, settings: "Settings", every: float, give_up: float | None, as_json: bool, color: str
) -> int:
    """Watch the authoritative servers and the resolvers until TARGET has the record, and say by when at the latest.

    \b
    Examples:
      truehelo wait 192.0.2.25 --for PTR=mail.example.com
      truehelo wait mail.example.com --for A=192.0.2.25 --resolver 9.9.9.9
      truehelo wait 192.0.2.25 --for PTR=mail.example.com --give-up 3600
    """
    from truehelo import app

    style = Style(Look(width=width(sys.stdout), color=wants_color(sys.stdout, color), ascii=wants_ascii(sys.stdout)))
    live = sys.stdout.isatty() and not style.look.ascii and not as_json
    with Board(style, live=live, draw=as_line if as_json else None) as board:
        last = app.run(app.wait(target, wanted, settings, board.show, interval=every, give_up=give_up))
    if last.everywhere:
        return GOOD
    return UNDETERMINED if last.undetermined else FINDINGS


class Board:
    """Shows each round: redrawn in place on a terminal, else printed again when something has changed."""

    def __init__(self, style: Style, *, live: bool, draw: "Callable[[WaitRound], str] | None" = None) -> None:
        """Draw with `style`, or by `draw`; `live` redraws in place."""
        self._style = style
        self._draw = draw or (lambda seen: style.finish(matrix(seen, style)))
        self._wants_live = live
        self._live: Live | None = None
        self._before: object = None

    def __enter__(self) -> Self:
        """Take the terminal, where there is one."""
        if self._wants_live:
            from rich.console import Console  # late: 40 ms, for who waits anyway
            from rich.live import Live

            console = Console(file=sys.stdout, highlight=False, markup=False, color_system="standard")
            self._live = Live(console=console, auto_refresh=False)
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Give the terminal back; the last round stays on it."""
        if self._live is not None:
            self._live.stop()

    def show(self, seen: "WaitRound") -> None:
        """Show one round."""
        if self._live is not None:
            from rich.text import Text

            self._live.update(Text.from_ansi(self._style.finish(matrix(seen, self._style)).rstrip()), refresh=True)
            return
        state = (tuple((row.server, row.kind, row.state, row.data) for row in seen.rows), seen.everywhere)
        if state != self._before:
            self._before = state
            write(self._draw(seen))


def as_line(seen: "WaitRound") -> str:
    """Return one round as a line of JSON."""
    from truehelo.render.document import dumps, timestamp

    rows = [
        {"server": row.server, "kind": row.kind, "state": row.state, "outcome": str(row.outcome)}
        | {"data": list(row.data), "ttl": row.ttl}
        for row in seen.rows
    ]
    return dumps(
        {
            "schema": "truehelo/wait/1",
            "at": timestamp(seen.at),
            "question": {"name": seen.question.name, "rdtype": seen.question.rdtype},
            "wanted": list(seen.wanted),
            "servers": rows,
            "everywhere": seen.everywhere,
            "latest": None if seen.latest is None else timestamp(seen.latest),
            "detail": seen.detail,
        }
    )


def matrix(seen: "WaitRound", style: Style) -> list[str]:
    """Return one round as lines: each server, whether it says the new, what it says, and what follows."""
    asked = f"{seen.question.rdtype} of {visible(seen.question.name, 255)}"
    lines = [f"{_clock(seen.at)}  {asked} = {', '.join(visible(value, 255) for value in seen.wanted)}"]
    for row in seen.rows:
        lines += _row(row, max(len(visible(each.server, 60)) for each in seen.rows), style)
    if not seen.rows:
        lines += style.wrap(f"no server could be asked: {visible(seen.detail, 200) or 'none is known'}", "  ")
    elif seen.detail:
        lines += style.wrap(visible(seen.detail, 200), "  ")
    return lines + style.wrap(conclusion(seen), "  ")


def _row(row: "WaitRow", width: int, style: Style) -> list[str]:
    """One server on one line, or on two where its answer is long."""
    head = f"{row.state.ljust(6)}  {row.kind.ljust(13)}  {visible(row.server, 60).ljust(width)}"
    first = f"  {style.mark(_MARKS[row.state])} {head}"
    if 3 + style.mark_width + len(head) + 2 + len(_says(row)) <= style.look.width:
        return [f"{first}  {_says(row)}"]
    return [first, *style.wrap(_says(row), " " * (11 + style.mark_width))]


def _says(row: "WaitRow") -> str:
    said = ", ".join(visible(value, 255) for value in row.data) if row.data else str(row.outcome)
    if row.kind == "resolver" and row.state == "old" and row.ttl is not None:
        return f"{said}  (for {row.ttl} s more)"
    return said


def conclusion(seen: "WaitRound") -> str:
    """Say where the change stands, in one sentence."""
    owners = [row for row in seen.rows if row.kind == "authoritative"]
    old = [row for row in seen.rows if row.state == "old"]
    if seen.everywhere:
        return "everywhere: every server that was asked says the new"
    if any(row.state == "old" for row in owners):
        return "not published yet: an authoritative server still says the old, so caches can keep it for longer"
    if old and owners and seen.latest is not None:
        return f"published; everywhere by {_clock(seen.latest)} at the latest, when the last cached answer ends"
    if old:
        return "a resolver still says the old, and by when that ends cannot be said: not every server could be heard"
    return "could not be determined: not every server could be heard"


def _clock(at: datetime) -> str:
    """The time of day here, with its zone: people wait by the clock on their wall."""
    return at.astimezone().strftime("%H:%M:%S %Z")
