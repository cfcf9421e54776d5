"""docs/reference/cli.md names every command, option, format and exit code that there is, and no option that is none."""

import re
from pathlib import Path

import click
import pytest

from truehelo.cli.main import COMMANDS, cli
from truehelo.cli.report import SUFFIXES
from truehelo.render import FORMATS, codes

PAGE = (Path(__file__).parents[3] / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
CODE = re.compile(r"`([^`]+)`")
OPTION = re.compile(r"(?<![\w-])--?[a-z0-9][\w-]*")


def section(name: str) -> str:
    return PAGE.split(f"\n## {name}\n", 1)[1].split("\n## ", 1)[0]


def options(command: str) -> set[str]:
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    parts = [found, *(found.commands.values() if isinstance(found, click.Group) else [])]
    return {name for each in parts for param in each.params if isinstance(param, click.Option) for name in param.opts}


def written(text: str) -> set[str]:
    """The options that stand in code; "-vv" is "-v" twice."""
    return {option for code in CODE.findall(text) for option in OPTION.findall(code)} - {"-vv"}


@pytest.mark.parametrize("command", sorted(set(COMMANDS) - {"demo"}))
def test_every_option_of_a_command_is_in_its_section(command: str) -> None:
    assert sorted(options(command) - written(section(command))) == []


def test_the_demo_takes_the_options_of_check_but_for_those_that_are_named() -> None:
    assert options("check") - options("demo") == written(section("demo"))


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_a_section_names_no_option_that_there_is_not(command: str) -> None:
    known = options(command) | (options("check") if command in ("demo", "replay") else set())
    assert sorted(written(section(command)) - known) == []


def test_every_format_and_its_suffix_has_a_row() -> None:
    cells = [line.split("|") for line in section("Formats").splitlines() if line.startswith("| `")]
    rows = {cell[1].strip(" `"): cell[2] for cell in cells}
    assert set(rows) == set(FORMATS)
    assert all(f"`{suffix}`" in rows[format_name] for suffix, format_name in SUFFIXES.items())


def test_every_exit_code_has_a_row() -> None:
    numbers = (codes.GOOD, codes.FINDINGS, codes.USAGE, codes.UNDETERMINED, codes.BUG, codes.INTERRUPTED)
    assert [number for number in numbers if f"\n| {number} |" not in section("Exit codes")] == []
