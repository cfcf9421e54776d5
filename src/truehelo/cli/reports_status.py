"""`truehelo reports status`: what came in, when, by which way, and what was refused."""

from typing import Unpack

import click

from truehelo.cli import reports_text
from truehelo.cli.inventory_files import Where
from truehelo.cli.options import json_options
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.render.codes import GOOD


@click.command(short_help="Say what came in.", epilog="Exit codes: 0 good, 2 usage, bad input, or a database that failed.")
@click.option("--limit", type=click.IntRange(0, 1000), default=5, show_default=True, help="So many of the last ones.")
@json_options
@database_option
@config_option
def status(limit: int, as_json: bool, **where: Unpack[Where]) -> int:
    """Say what came in, by which way, and when the last did; and what was refused, and why.

    \b
    Examples:
      truehelo reports status
      truehelo reports status --limit 20 --json
    """
    from truehelo.store.reports.questions import origins, refusals, stored_reports

    with opened(**where) as store, store.read() as connection:
        found = reports_text.Status(
            origins=origins(connection),
            last=stored_reports(connection, limit=limit),
            flagged=stored_reports(connection, flagged=True, limit=limit),
            refusals=refusals(connection, limit),
        )
    write(reports_text.status_json(found) if as_json else reports_text.status(found))
    return GOOD
