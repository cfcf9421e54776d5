"""docs/how-to/incidents.md: every command on it is one that there is, and the command line takes it as it is written."""

import re
import shlex
from pathlib import Path

import click
import pytest

from truehelo.cli.main import cli

PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "incidents.md").read_text("utf-8")
LINES = re.findall(r"^    (truehelo .+)$", PAGE, re.MULTILINE)
INLINE = re.findall(r"`(truehelo [^`]+)`", PAGE)


def taken(words: list[str]) -> list[str]:
    """Have the command line read words without doing anything; return the names of the commands."""
    command: click.Command = cli
    names = []
    while isinstance(command, click.Group):
        name, *words = words
        found = command.get_command(click.Context(command), name)
        assert found is not None, name
        names.append(name)
        command = found
    command.make_context(names[-1], words)
    return names


@pytest.mark.parametrize("line", [*LINES, *INLINE])
def test_a_command_on_the_page_is_taken(line: str) -> None:
    for part in re.split(r" && (?=truehelo )|( && [^t].*)", line):
        if part and part.startswith("truehelo "):
            taken(shlex.split(part, comments=True)[1:])


def test_the_page_shows_every_command_that_acts() -> None:
    words = {" ".join(shlex.split(line, comments=True)[1:2]) for line in LINES}
    assert {"incidents", "ack", "silence", "alerts", "db", "wait"} <= words
