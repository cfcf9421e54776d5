"""`truehelo inventory suggest`: addresses that send for you, by the reports of receivers, and are not in the inventory."""

import click

from truehelo.cli.acting import COLOR, look, moment, now
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.render.codes import GOOD

USUAL_DAYS = 30


@click.command(
    short_help="Propose senders that are missing.",
    epilog="Exit codes: 0 good, 2 usage or bad input, such as a domain that no report is about.",
)
@click.argument("domain", required=False, metavar="[DOMAIN]")
@click.option("--since", metavar="TIME", help=f"By the mail from this day on [{USUAL_DAYS}d].")
@click.option(
    "--format",
    "-f",
    "format_name",
    type=click.Choice(["text", "json", "toml", "csv"]),
    default="text",
    help="Format [text].",
)
@COLOR
@database_option
@config_option
def suggest(
    *,
    domain: str | None,
    since: str | None,
    format_name: str,
    color: str,
    database: str | None,
    config: str | None,
) -> int:
    """Propose addresses that send for DOMAIN and are missing here: aligned mail of which several receivers tell.

    Each stands with the evidence for it. With toml or csv lines are written that `truehelo inventory import` takes; look at
    them before. Addresses that only pass mail on are never among them.

    \b
    Examples:
      truehelo inventory suggest
      truehelo inventory suggest example.com --format toml > found.toml
      truehelo inventory import found.toml --dry-run
    """
    from truehelo.app import sources as answers
    from truehelo.cli.reports_asking import asked, domain_of
    from truehelo.render import reports_data, reports_lists

    with opened(database, config=config) as store:
        found = answers.suggest(store, asked(domain_of(store, domain), since, None, days=USUAL_DAYS))
    if format_name == "json":
        write(reports_data.suggested(found, moment(now())))
    elif format_name == "text":
        write(reports_lists.suggested(found, look(color)))
    else:
        from truehelo.inventory.write import write as written
        from truehelo.monitor.sources.lists import lines_of

        write(written(lines_of(found), format_name))
    return GOOD
