"""`truehelo db check`, `info` and `prune`: whether the database is sound, how large it is, and what is too old to keep."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import configured, now
from truehelo.cli.options import json_options
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD

if TYPE_CHECKING:
    from truehelo.configuration.read import Configuration


@click.command(
    short_help="Look whether the database is sound.",
    epilog="Exit codes: 0 it is, 1 it is not, 2 usage or a database that failed.",
)
@config_option
@database_option
def check(config: str | None, database: str | None) -> int:
    """Look whether the database is sound: its pages and references, its tables, and whether what it holds fits together.

    It may be run while the watch goes on, and changes nothing.

    \b
    Example:
      truehelo db check || mail -s "truehelo: the database" ops@example.net
    """
    from truehelo.monitor.consistency import inconsistencies
    from truehelo.monitor.policy import Policy
    from truehelo.store.migrate import examine
    from truehelo.store.upkeep import silences_now

    alerting, at = configured(config).alerting, now()
    with opened(database, config=config) as store:
        found = examine(store)
        if not found:  # what refers to rows that are not there could only be misread
            with store.read() as connection:
                policy = Policy(alerting=alerting, windows=silences_now(connection, "maintenance", at))
                names = {each.name for each in alerting.channels} or None
                found = inconsistencies(connection, policy, names, at)
    if not found:
        write(f"{visible(store.name)}: sound\n")
        return GOOD
    write("".join(f"{visible(each, 500)}\n" for each in found))
    return FINDINGS


@click.command(short_help="Say how large the database is.", epilog="Exit codes: 0 good, 2 usage or a database that failed.")
@json_options
@config_option
@database_option
def info(as_json: bool, config: str | None, database: str | None) -> int:
    """Say where the database is, its version and size, how many rows each table has, and how long what is kept.

    \b
    Example:
      truehelo db info --json
    """
    from truehelo.render.document import dumps
    from truehelo.store.migrate import head
    from truehelo.store.sizes import counts, octets

    kept = configured(config).watching.retention
    with opened(database, config=config) as store, store.read() as connection:
        rows, size = counts(connection), octets(connection)
    days = {
        "history": kept.history_days,
        "incidents": kept.incidents_days,
        "deliveries": kept.deliveries_days,
        "records": kept.records_days,
        "rollups": kept.rollups_days,
        "failures": kept.failures_days,
    }
    if as_json:
        document = {"schema": "truehelo/db/1", "database": store.name, "version": head(), "octets": size}
        write(dumps({**document, "rows": rows, "retention_days": days}, indent=2))
        return GOOD
    lines = [f"{visible(store.name)}: version {head()}, {size:,} octets", "", "Rows:"]
    width = max(map(len, rows))
    lines += [f"  {name.ljust(width)}  {count:>12,}" for name, count in rows.items()]
    lines += ["", "Kept for:", *(f"  {name.ljust(12)}  {number:>12,} days" for name, number in days.items())]
    write("".join(f"{line}\n" for line in lines))
    return GOOD


@click.command(
    short_help="Remove what is older than it is to be kept.",
    epilog="Exit codes: 0 good, 2 usage or a database that failed.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be removed, and remove nothing.")
@config_option
@database_option
def prune(dry_run: bool, config: str | None, database: str | None) -> int:
    """Remove now what [retention] says is too old. The watch does so every hour.

    Nothing that is still so is removed, nothing open, and days as such are kept on.

    \b
    Examples:
      truehelo db prune --dry-run
      truehelo db prune
    """
    removed = _prune(configured(config), database, config, dry_run=dry_run)
    whole = sum(removed.values())
    verb = "would be removed" if dry_run else "removed"
    parts = ", ".join(f"{count:,} of {name}" for name, count in removed.items() if count)
    write(f"{whole:,} {'row' if whole == 1 else 'rows'} {verb}{f': {parts}' if parts else ''}\n")
    return GOOD


def _prune(configuration: "Configuration", database: str | None, config: str | None, *, dry_run: bool) -> dict[str, int]:
    """Return how many rows of each table went, or would go."""
    from truehelo.monitor.upkeep import retain
    from truehelo.store.sizes import counts

    with opened(database, config=config) as store, store.write() as connection:
        before = counts(connection)
        retain(connection, configuration.watching.retention, now())
        after = counts(connection)
        if dry_run:
            connection.rollback()
    return {name: count - after[name] for name, count in before.items() if count > after[name]}
