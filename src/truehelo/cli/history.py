"""`truehelo history`: how an address stood, what is seen of it, and each change with its evidence. From the store alone."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import COLOR, NUMBER, look, moment, now
from truehelo.cli.options import json_options
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened_with
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.render.domain_history import DomainHistory

USUAL_S = 90 * 86_400.0
MOST = 20


@click.command(epilog="Exit codes: 0 printed, 2 usage or bad input, such as a target that was never watched.")
@click.argument("target", metavar="TARGET")
@click.option("--since", metavar="TIME", help="Changes since then [90d]: 30d, 2026-11-27, 08:00 (UTC).")
@click.option("--all", "everything", is_flag=True, help=f"Every change in that time, not the {MOST} newest.")
@click.option(
    "--evidence",
    "number",
    type=NUMBER,
    metavar="NUMBER",
    help="The evidence of one change, for replay.",
)
@click.option("-o", "--output", "output", metavar="FILE", help="With --evidence: write it to FILE.")
@json_options
@COLOR
@config_option
@database_option
def history(  # noqa: PLR0913, PLR0917  each is an option
    target: str,
    since: str | None,
    everything: bool,
    number: int | None,
    output: str | None,
    as_json: bool,
    color: str,
    config: str | None,
    database: str | None,
) -> int:
    """Show how TARGET stood: an address, a name that one is expected to have, or a domain whose records are watched.

    Addresses from each vantage point apart. With --json a name that is both is shown as a name.

    The strips show a day, a week and a quarter of a year. What could not be seen, and when nobody watched, stands there as
    such: it counts neither as good nor as bad.

    \b
    Examples:
      truehelo history 192.0.2.25
      truehelo history mail.example.com --since 30d --all
      truehelo history 192.0.2.25 --evidence 412 -o change.evidence
      truehelo replay change.evidence -v
      truehelo history 192.0.2.25 --json
      truehelo history example.com
    """
    if output is not None and number is None:
        raise click.UsageError("-o goes with --evidence; the history itself is written by > FILE")
    if number is not None:
        if since is not None or everything or as_json:
            raise click.UsageError("--evidence gives one change as it is, and excludes what chooses among them")
        return _evidence(target, number, output, database, config)
    return _history(target, _since(since), None if everything else MOST, as_json, color, database, config)


def _since(text: str | None) -> float:
    """Return from when on changes are shown.

    Raises:
        InputError: It is no time.
    """
    from truehelo.configuration.instant import ACCEPTED, read_instant

    at = now()
    if text is None:
        return at - USUAL_S
    found = read_instant(text, moment(at), ahead=False)
    if found is None:
        raise InputError(f"--since {visible(text, 60)!r}", "is no time", ACCEPTED)
    return found.timestamp()


def _history(
    target: str, since: float, most: int | None, as_json: bool, color: str, database: str | None, config: str | None
) -> int:
    from truehelo.app.watching import find_config, read_config
    from truehelo.cli.status import policy_of
    from truehelo.monitor.reading.domains import domain_history
    from truehelo.monitor.reading.history import history as read_history

    path = find_config(config)
    configuration = read_config(path)
    at = now()
    with opened_with(database, configuration, path) as store, store.read() as connection:
        policy = policy_of(configuration, connection, at)
        domain = domain_history(connection, target, at, since=since, most=most)
        try:
            found = read_history(connection, target, policy, at, since=since, most=most)
        except InputError:
            if domain is None:
                raise
            found = None
    if found is None or (domain is not None and not as_json):
        _domain(domain, as_json, color)
    if found is None:
        return GOOD
    if as_json:
        from truehelo.render.history_data import document

        write(document(found))
    else:
        from truehelo.render.history import render

        write(render(found, look(color)))
    return GOOD


def _domain(found: "DomainHistory | None", as_json: bool, color: str) -> None:
    from truehelo.render.domain_history import document, render

    if found is not None:
        write(document(found) if as_json else render(found, look(color)) + "\n")


def _evidence(target: str, number: int, output: str | None, database: str | None, config: str | None) -> int:
    from truehelo.app.watching import find_config, read_config
    from truehelo.files import write_whole
    from truehelo.monitor.reading.history import evidence

    path = find_config(config)
    with opened_with(database, read_config(path), path) as store, store.read() as connection:
        found = evidence(connection, target, number)
    if output is None or output == "-":
        write(found.decode("utf-8", "backslashreplace"))
    else:
        write_whole(Path(output), found)
    return GOOD
