"""`truehelo reports look`: look at the sources that nobody watches, now, so that reports can be joined with their names."""

import asyncio
from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import now
from truehelo.cli.options import json_options
from truehelo.cli.terminal import complain, write
from truehelo.cli.watching import config_option, database_option, opened_with
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.configuration.read import Configuration
    from truehelo.monitor.sources.looking import Done
    from truehelo.store.database import Database

MOST = 200


@click.command(
    short_help="Look at sources that nobody watches.",
    epilog="Exit codes: 0 looked, 2 usage, bad input, or a database that failed, 130 interrupted.",
)
@click.option(
    "--limit", type=click.IntRange(1, 5000), default=MOST, show_default=True, metavar="N", help="So many addresses."
)
@json_options
@config_option
@database_option
def look(*, limit: int, as_json: bool, config: str | None, database: str | None) -> int:
    """Look up the names of the sources that send most and are not watched: PTR, iprev, and SPF of your domains.

    An address that was seen is not asked for again within a week. The watch does so by itself, a few at a time; what was
    seen is shown with its date wherever it is used.

    \b
    Examples:
      truehelo reports look
      truehelo reports look --limit 1000 --json
    """
    from truehelo.app.sources import look_now
    from truehelo.app.watching import find_config, read_config

    path = find_config(config)
    configuration = read_config(path)
    with opened_with(database, configuration, path) as store:
        done = asyncio.run(look_now(store, configuration, now(), limit))
    if as_json:
        from truehelo.render.document import dumps

        write(dumps({"looked": done.looked, "undetermined": done.unseen, "spf_asked": done.asked, "left": done.left}))
        return GOOD
    write(f"{_told(done)}\n")
    return GOOD


def look_beside(store: "Database", configuration: "Configuration", *, quiet: bool) -> None:
    """Look after something else was done, and say so on stderr.

    Raises:
        InputError: A resolver cannot be used.
        StoreError: The database failed.
    """
    from truehelo.app.sources import look_now

    done = asyncio.run(look_now(store, configuration, now(), MOST))
    if not quiet:
        complain(_told(done))


def _told(done: "Done") -> str:
    told = f"looked at {done.looked:,} address{'' if done.looked == 1 else 'es'}"
    told += f", {done.unseen:,} of which could not be seen" if done.unseen else ""
    told += f"; asked SPF records {done.asked:,} times" if done.asked else ""
    return f"{told}; {done.left:,} are left for another time" if done.left else told
