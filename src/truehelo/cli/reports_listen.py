"""`truehelo reports listen`: the SMTP listener and the mailboxes of the configuration, in the foreground."""

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from truehelo.cli.watching import config_option, database_option, logger, opened_with
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.store.database import Database


@click.command(
    short_help="Take reports in as they come.",
    epilog="Exit codes: 0 stopped, 2 usage, bad configuration, or a database that failed, 130 interrupted.",
)
@click.option("--on", "place", metavar="ADDR:PORT", help="Listen here [the configuration; 127.0.0.1:8926].")
@click.option("--recipient", "recipients", multiple=True, metavar="ADDRESS", help="Take mail for it. Repeatable.")
@click.option("--name", metavar="NAME", help="The full name to greet with [the configuration; this machine's].")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but troubles.")
@database_option
@config_option
def listen(
    place: str | None, recipients: tuple[str, ...], name: str | None, quiet: bool, database: str | None, config: str | None
) -> int:
    """Take reports in as they come, by SMTP and from the mailboxes of the configuration, until it is stopped.

    Runs in the foreground, as systemd and containers want it, and speaks sd_notify. It takes mail for the recipients
    alone, and says 250 once a report is stored, 451 when it cannot be. truehelo watch does the same beside its own work
    when the configuration has [reports.listen] or [[reports.mailbox]].

    \b
    Examples:
      truehelo reports listen --config /etc/truehelo/truehelo.toml
      truehelo reports listen --on 127.0.0.1:8926 --recipient dmarc@example.com
    """
    from truehelo import app
    from truehelo.app import listening, watching
    from truehelo.configuration.reports import overridden

    path = watching.find_config(config)
    configuration = watching.read_config(path)
    listener = overridden(configuration.reports.listen, place, recipients, name)
    configuration = replace(configuration, reports=replace(configuration.reports, listen=listener))

    log = logger(quiet=quiet)

    def prepare(store: "Database") -> None:
        watching.prepare(store, log)

    with opened_with(database, configuration, path, prepare=prepare) as store:
        folder = None if path is None else path.parent
        app.run(listening.run_listening(configuration, store, folder=folder, log=log))
        log("stopped")
    return GOOD
