"""`truehelo status`: what is wrong now, what is unknown, and whether anybody watches. One screen, from the store alone."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import COLOR, look, now
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened_with

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from truehelo.configuration.read import Configuration
    from truehelo.monitor.policy import Policy
    from truehelo.render.reading import Asked, Status

FORMATS = ("text", "json", "nagios", "prometheus")


@click.command(
    epilog="Exit codes: 0 nothing is wrong, 1 an incident at or above --fail-on is open, 2 usage or bad input, "
    "3 something cannot be said (an address cannot be seen, or nobody watches) and nothing is worse."
)
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="Only addresses in it, as eu-*. Repeatable.")
@click.option("--owner", "owners", multiple=True, metavar="NAME", help="Only addresses of such an owner. Repeatable.")
@click.option("--tag", "tags", multiple=True, metavar="TAG", help="Only such findings, as PTR_*. Repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(["error", "warning", "note", "never"]),
    default="warning",
    show_default=True,
    help="What makes exit code 1.",
)
@click.option("--format", "-f", "format_name", type=click.Choice(FORMATS), help="Format [text].")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@COLOR
@config_option
@database_option
def status(  # noqa: PLR0913, PLR0917  each is an option
    groups: tuple[str, ...],
    owners: tuple[str, ...],
    tags: tuple[str, ...],
    fail_on: str,
    format_name: str | None,
    as_json: bool,
    color: str,
    config: str | None,
    database: str | None,
) -> int:
    """Say on one screen what is wrong now and what is unknown, and how the watch itself does. Nothing is looked up.

    \b
    Examples:
      truehelo status
      truehelo status --group 'customers-*' --tag 'PTR_*'
      truehelo status --fail-on error --json
      truehelo status --format nagios
    """
    if as_json and format_name not in (None, "json"):
        raise click.UsageError(f"--json and --format {format_name} exclude each other")
    from truehelo.render.reading import Asked

    asked = Asked(groups=groups, owners=owners, tags=_tags(tags))
    found = _read(asked, database, config)
    return _show(found, "json" if as_json else format_name or "text", fail_on, color)


def _tags(tags: tuple[str, ...]) -> tuple[str, ...]:
    if not tags:
        return ()
    from truehelo.monitor.tags import known_tag

    return tuple(known_tag(tag) for tag in tags)


def _read(asked: "Asked", database: str | None, config: str | None) -> "Status":
    from truehelo.app.watching import find_config, read_config, warnings
    from truehelo.monitor.reading.status import status as read_status

    path = find_config(config)
    configuration = read_config(path)
    at = now()
    with opened_with(database, configuration, path) as store:
        warned = warnings(configuration, store)
        with store.read() as connection:
            policy = policy_of(configuration, connection, at)
            return read_status(connection, asked, policy, at, database=store.name, warnings=warned)


def policy_of(configuration: "Configuration", connection: "Connection", at: float) -> "Policy":
    """Return the rules as the watch has them now: the configuration, and what was set by command."""
    from truehelo.monitor.policy import Policy
    from truehelo.store.upkeep import silences_now

    return Policy(
        settings=configuration.watching.watch,
        alerting=configuration.alerting,
        silences=silences_now(connection, "silence", at),
        windows=silences_now(connection, "maintenance", at),
    )


def _show(found: "Status", format_name: str, fail_on: str, color: str) -> int:
    from dataclasses import replace

    from truehelo.findings import Severity
    from truehelo.render.status import exit_code, plugin_state, render

    threshold = None if fail_on == "never" else Severity(fail_on)
    if format_name == "text":
        write(render(found, look(color)))
        return exit_code(found, threshold)
    from truehelo.render import status_data as data

    if format_name == "nagios":
        write(data.nagios(found, replace(look(color), fail_on=threshold)))
        return plugin_state(found, threshold)
    write(data.document(found) if format_name == "json" else data.prometheus(found))
    return exit_code(found, threshold)
