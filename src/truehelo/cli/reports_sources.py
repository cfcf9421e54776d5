"""`truehelo reports sources` and `new`: where mail leaves from, by volume, and which sources are new."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.reports_asking import Form, asked, domain_of, form, look_of, window
from truehelo.cli.terminal import write
from truehelo.cli.watching import opened
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.sources.model import Sources

_EXIT = "Exit codes: 0 printed, 2 usage or bad input, such as a domain that no report is about."
NEW_DAYS = 7


@click.command(short_help="Say where mail leaves from.", epilog=_EXIT)
@click.argument("domain", required=False, metavar="[DOMAIN]")
@window()
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, metavar="N", help="So many sources."
)
@click.option("--all", "everything", is_flag=True, help="Every source, up to 10,000.")
@form("text", "json", "csv")
def sources(*, domain: str | None, since: str | None, until: str | None, limit: int, everything: bool, form: Form) -> int:
    """Say where the mail of DOMAIN leaves from (of all domains that reports are about, where none is named).

    Each source with its share, whether its name was confirmed on the days it sent, what was aligned by which selector, who
    refused it, and what it is: mine, forwarder, unauthorised, unknown; by the operator's word, else as it seems and why.

    \b
    Examples:
      truehelo reports sources example.com
      truehelo reports sources --since 7d --limit 5
      truehelo reports sources example.com --format csv > sources.csv
    """
    from truehelo.app import sources as answers

    with opened(form.database, config=form.config) as store:
        question = asked(domain_of(store, domain), since, until, shown=None if everything else limit)
        found = answers.sources(store, question)
    _show(found, form, new=False)
    return GOOD


@click.command("new", short_help="Say which sources are new.", epilog=_EXIT)
@click.argument("domain", required=False, metavar="[DOMAIN]")
@window(NEW_DAYS)
@click.option(
    "--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, metavar="N", help="So many sources."
)
@click.option("--all", "everything", is_flag=True, help="Every source, up to 10,000.")
@form("text", "json", "csv")
def new(*, domain: str | None, since: str | None, until: str | None, limit: int, everything: bool, form: Form) -> int:
    """Say which sources sent for DOMAIN for the first time in these days, the one with the most mail first.

    \b
    Examples:
      truehelo reports new example.com
      truehelo reports new --since 30d --json
    """
    from truehelo.app import sources as answers

    with opened(form.database, config=form.config) as store:
        question = asked(domain_of(store, domain), since, until, days=NEW_DAYS, shown=None if everything else limit)
        found = answers.new_sources(store, question)
    _show(found, form, new=True)
    return GOOD


def _show(found: "Sources", form: Form, *, new: bool) -> None:
    if form.format_name == "json":
        from truehelo.render import reports_data

        write(reports_data.sources(found, "new" if new else "sources"))
    elif form.format_name == "csv":
        from truehelo.render import reports_csv

        write(reports_csv.sources(found))
    else:
        from truehelo.render import reports_sources

        render = reports_sources.render_new if new else reports_sources.render
        write(render(found, look_of(form)))
