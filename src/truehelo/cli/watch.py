"""`truehelo watch`: the service that watches, in the foreground."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, logger, opened_with

if TYPE_CHECKING:
    from truehelo.store.database import Database

ROLES = ("all", "scheduler", "worker")


@click.command(epilog="Exit codes: 0 stopped, 1 its work fell over, 2 usage or bad configuration, 130 interrupted.")
@config_option
@database_option
@click.option(
    "--role", type=click.Choice(ROLES), default="all", show_default=True, help="Which part of the work (PostgreSQL)."
)
@click.option("--check-config", is_flag=True, help="Read the configuration, say what is wrong with it, and end.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but troubles.")
def watch(config: str | None, database: str | None, role: str, check_config: bool, quiet: bool) -> int:
    """Watch what the inventory names, around the clock, and tell what is confirmed, once.

    Runs in the foreground, as systemd and containers want it, and speaks sd_notify. One process needs nothing else;
    with PostgreSQL several share the work: --role scheduler hands out what is due, --role worker looks and delivers.

    \b
    Examples:
      truehelo inventory add 192.0.2.25 --expect mail.example.com
      truehelo watch
      truehelo watch --config /etc/truehelo/truehelo.toml
      truehelo watch --check-config --config truehelo.toml
      truehelo watch -d postgresql://truehelo@db/truehelo --role worker
    """
    from truehelo import app
    from truehelo.app import usable, watching

    path = watching.find_config(config)
    configuration = watching.read_config(path)
    if check_config:
        usable.check(configuration, path, database)
        write(f"{'the defaults' if path is None else path}: good\n")
        return 0

    log = logger(quiet=quiet)

    def prepare(store: "Database") -> None:
        if role != "all":
            from truehelo.app import sharing

            sharing.check(store)
        watching.prepare(store, log)

    for warning in usable.warnings(configuration, path):
        log(f"warning: {warning}")
    with opened_with(database, configuration, path, prepare=prepare) as store:
        if role != "all":
            from truehelo.app import sharing

            return sharing.run(configuration, path, store, role, log)
        folder = None if path is None else path.parent
        parts = watching.build_watch(configuration, store, folder=folder, log=log)
        for warning in watching.warnings(configuration, store):
            log(f"warning: {warning}")
        log(f"watching, with the database {store.name}")
        app.run(watching.run_watch(parts, log=log))
        log("stopped")
    return 0
