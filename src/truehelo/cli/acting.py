"""What the commands share that act on the watch: who acts, what time it is, how text is to look, filters."""

import os
import socket
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from truehelo.cli.terminal import wants_ascii, wants_color, width
from truehelo.errors import InputError
from truehelo.facts.text import is_text, visible
from truehelo.render.look import Look

if TYPE_CHECKING:
    from truehelo.configuration.read import Configuration
    from truehelo.findings import Severity
    from truehelo.monitor.policy import Policy

MAX_WHO = 100
BY = click.option("--by", metavar="WHO", help="Who does it [you@this-machine].")
COLOR = click.option(
    "--color", type=click.Choice(["auto", "always", "never"]), default="auto", show_default=True, help="Colour."
)
NUMBER = click.IntRange(1, 2**63 - 1)
"""The number of something that is kept: no database holds a larger one."""
SEVERITIES = ("error", "warning", "note")


def now() -> float:
    """Return the time, in seconds since the epoch."""
    return time.time()


def moment(at: float) -> datetime:
    """Return seconds since the epoch as an aware time."""
    return datetime.fromtimestamp(at, UTC)


def who(by: str | None) -> str:
    """Return who acts: who is named, else the account (behind sudo: the one before it) at this machine.

    Raises:
        InputError: A name that nobody could read in the record.
    """
    if by is not None:
        named = by.strip()
        if not named or not named.isprintable() or len(named) > MAX_WHO:
            raise InputError(f"--by {visible(by, 60)!r}", "is no name", f"give 1 to {MAX_WHO} printable characters")
        return named
    import getpass

    try:
        account = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in containers
        account = str(os.getuid())
    if account == "root":
        account = os.environ.get("SUDO_USER") or account
    return visible(f"{account}@{socket.gethostname()}", MAX_WHO)


def words(text: str, what: str, limit: int) -> str:
    """Return a note or a reason on one line, without blanks around it.

    Raises:
        InputError: It is empty, or too long, or not UTF-8.
    """
    joined = " ".join(text.split())
    if not is_text(joined):
        raise InputError(what, f"is not UTF-8: {visible(joined, 60)}", "write it in UTF-8, as the locale of a terminal is")
    if not joined or len(joined) > limit:
        problem = "is empty" if not joined else f"is longer than {limit} characters"
        raise InputError(what, problem, "say why in a sentence")
    return joined


def look(color: str) -> Look:
    """Return how text is to look on standard output."""
    return Look(width=width(sys.stdout), ascii=wants_ascii(sys.stdout), color=wants_color(sys.stdout, color))


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add --tag, --group and --severity of lists; the command gets `tags`, `groups` and `severity`."""
    for option in (
        click.option("--severity", type=click.Choice(SEVERITIES), help="Only so bad, or worse."),
        click.option("--group", "groups", multiple=True, metavar="GROUP", help="Only of such a group. Repeatable."),
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only such a tag, as PTR_*. Repeatable."),
    ):
        function = option(function)
    return function


def least(severity: str | None) -> "Severity":
    """Return the mildest severity that is wanted."""
    from truehelo.findings import Severity

    return Severity.OK if severity is None else Severity(severity)


def configured(config: str | None) -> "Configuration":
    """Return the configuration, the defaults without a file.

    Raises:
        FileError: It cannot be read, or something in it is wrong.
    """
    from truehelo.app.watching import find_config, read_config

    return read_config(find_config(config))


def silencing(connection: Any, at: float) -> "Policy":
    """Return the rules as the watch has them now, as far as silences go."""
    from truehelo.monitor.policy import Policy
    from truehelo.store.upkeep import silences_now

    return Policy(silences=silences_now(connection, "silence", at), windows=silences_now(connection, "maintenance", at))
