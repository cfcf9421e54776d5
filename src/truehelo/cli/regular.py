"""`truehelo report`: the regular audit of what is watched, for people, as Markdown or as HTML that prints well."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import now
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened_with
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.render.reading import Report

FORMATS = ("markdown", "html")
SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".html": "html", ".htm": "html"}


@click.command(epilog="Exit codes: 0 written, 2 usage or bad input, such as a target that is not watched.")
@click.argument("targets", nargs=-1, metavar="[TARGET...]")
@click.option("--days", type=click.IntRange(1, 400), default=30, show_default=True, help="How many days back.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Only addresses in it, as eu-*. Repeatable.")
@click.option("--owner", "owners", multiple=True, metavar="NAME", help="Only addresses of such an owner. Repeatable.")
@click.option("--title", default="", metavar="TEXT", help="The title, instead of the usual one.")
@click.option(
    "--format", "-f", "format_name", type=click.Choice(FORMATS), help="Format [as the suffix of -o, else markdown]."
)
@click.option("-o", "--output", "files", multiple=True, metavar="FILE", help="Write to FILE instead. Repeatable.")
@config_option
@database_option
def report(  # noqa: PLR0913, PLR0917  each is an option
    targets: tuple[str, ...],
    days: int,
    groups: tuple[str, ...],
    owners: tuple[str, ...],
    title: str,
    format_name: str | None,
    files: tuple[str, ...],
    config: str | None,
    database: str | None,
) -> int:
    """Write the regular audit of what is watched: how it stood, what failed and is to be fixed, what nobody could see.

    TARGET is an address, a network, or a name that an address is expected to have; without one all that is watched. All
    comes from the database. What is well is counted, and what is not is listed, the worst first.

    \b
    Examples:
      truehelo report
      truehelo report --days 7 --group 'customers-*' -o report.md
      truehelo report -o report.html -o report.md --title "Mail servers in March"
      truehelo report 192.0.2.0/24 mail.example.com --format html > report.html
    """
    from importlib import import_module

    formats = {file: _format(file, format_name) for file in files} or {"-": format_name or "markdown"}
    found = _read(targets, groups, owners, days, database, config)
    for file, name in formats.items():
        text: str = import_module(f"truehelo.render.report_{name}").render(found, title)
        if file == "-":
            write(text)
        else:
            from truehelo.files import write_whole

            write_whole(Path(file), text.encode("utf-8", "backslashreplace"))
    return GOOD


def _format(file: str, format_name: str | None) -> str:
    found = SUFFIXES.get(Path(file).suffix.lower()) if file != "-" else format_name or "markdown"
    if found is None and format_name is None:
        raise click.UsageError(
            f"-o {file}: its suffix tells no format; accepted are .md and .html, or a --format beside it"
        )
    if found is not None and format_name is not None and found != format_name:
        raise click.UsageError(f"-o {file} and --format {format_name} exclude each other")
    return found or format_name or "markdown"


def _read(
    targets: tuple[str, ...],
    groups: tuple[str, ...],
    owners: tuple[str, ...],
    days: int,
    database: str | None,
    config: str | None,
) -> "Report":
    from truehelo.app.watching import find_config, read_config, warnings
    from truehelo.cli.status import policy_of
    from truehelo.monitor.reading.report import report as read_report
    from truehelo.render.reading import Asked

    path = find_config(config)
    configuration = read_config(path)
    at = now()
    with opened_with(database, configuration, path) as store:
        warned = warnings(configuration, store)
        with store.read() as connection:
            policy = policy_of(configuration, connection, at)
            asked = Asked(groups=groups, owners=owners)
            return read_report(connection, asked, targets, policy, at, days=days, warnings=warned)
