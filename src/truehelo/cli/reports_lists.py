"""`truehelo reports reporters` and `trend`: who reports, and how mail fares over time."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.reports_asking import Form, asked, domain_of, form, look_of, window
from truehelo.cli.terminal import write
from truehelo.cli.watching import opened
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.sources.listing import Reporters, Trend

_EXIT = "Exit codes: 0 printed, 2 usage or bad input, such as a domain that no report is about."
TREND_DAYS = 90


@click.command(short_help="Say who reports, and who fell silent.", epilog=_EXIT)
@click.argument("domain", required=False, metavar="[DOMAIN]")
@window()
@form("text", "json", "csv")
def reporters(*, domain: str | None, since: str | None, until: str | None, form: Form) -> int:
    """Say who reports about DOMAIN, how much, and when last; and who fell silent although it used to report.

    \b
    Examples:
      truehelo reports reporters
      truehelo reports reporters example.com --since 90d --json
    """
    from truehelo.monitor.sources import lists

    with opened(form.database, config=form.config) as store:
        question = asked(domain_of(store, domain), since, until)
        with store.read() as connection:
            found = lists.reporters(connection, question)
    write(_reporters(found, form))
    return GOOD


@click.command(short_help="Say how mail fares over time.", epilog=_EXIT)
@click.argument("domain", required=False, metavar="[DOMAIN]")
@window(TREND_DAYS)
@click.option("--by", "unit", type=click.Choice(["day", "week"]), help="Days or weeks [weeks of nine weeks or more].")
@form("text", "json", "csv")
def trend(*, domain: str | None, since: str | None, until: str | None, unit: str | None, form: Form) -> int:
    """Say how much of DOMAIN's mail was aligned, and what became of it, by days or weeks; and when that changed.

    A change is told when chance does not explain it, with the days between which it lies.

    \b
    Examples:
      truehelo reports trend example.com
      truehelo reports trend --by day --since 14d --format csv
    """
    from truehelo.monitor.sources import lists

    with opened(form.database, config=form.config) as store:
        question = asked(domain_of(store, domain), since, until, days=TREND_DAYS)
        with store.read() as connection:
            found = lists.trend(connection, question, weekly=None if unit is None else unit == "week")
    write(_trend(found, form))
    return GOOD


def _reporters(found: "Reporters", form: Form) -> str:
    from truehelo.render import reports_csv, reports_data, reports_lists

    if form.format_name == "json":
        return reports_data.reporters(found)
    return reports_csv.reporters(found) if form.format_name == "csv" else reports_lists.reporters(found, look_of(form))


def _trend(found: "Trend", form: Form) -> str:
    from truehelo.render import reports_csv, reports_data, reports_lists

    if form.format_name == "json":
        return reports_data.trend(found)
    return reports_csv.trend(found) if form.format_name == "csv" else reports_lists.trend(found, look_of(form))
