"""`truehelo reports ip`: one source, at whom it is refused since when, what changed before that, and the fix."""

import click

from truehelo.cli.reports_asking import Form, asked, domain_of, form, look_of, window
from truehelo.cli.terminal import write
from truehelo.cli.watching import opened
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import GOOD

USUAL_DAYS = 60


@click.command(
    "ip",
    short_help="Say what became of a source's mail, and why.",
    epilog="Exit codes: 0 printed, 2 usage or bad input.",
)
@click.argument("address", metavar="ADDRESS")
@click.option("--domain", metavar="NAME", help="Only mail of this domain.")
@window(USUAL_DAYS)
@form("text", "json", "csv")
def ip(*, address: str, domain: str | None, since: str | None, until: str | None, form: Form) -> int:
    """Say what receivers did with the mail of ADDRESS, day by day, beside what the address was called on each day.

    Where a receiver began to refuse it, the day is told with its uncertainty, what the watch saw change before that, and
    the fix. What could not be seen stands there as such.

    \b
    Examples:
      truehelo reports ip 192.0.2.25
      truehelo reports ip 2001:db8::25 --domain example.com --since 90d
      truehelo reports ip 192.0.2.25 --format csv > days.csv
    """
    from truehelo.app import sources as answers
    from truehelo.facts.address import parse_address

    found = parse_address(address.strip())
    if found is None:
        accepted = "give one as 192.0.2.25 or 2001:db8::25; truehelo reports sources lists those that send"
        raise InputError(visible(address, 100) or "an empty word", "is no address", accepted)
    with opened(form.database, config=form.config) as store:
        question = asked(domain_of(store, domain), since, until, days=USUAL_DAYS)
        answer = answers.address(store, str(found), question)
    if form.format_name == "json":
        from truehelo.render import reports_data

        write(reports_data.address(answer))
    elif form.format_name == "csv":
        from truehelo.render import reports_csv

        write(reports_csv.address(answer))
    else:
        from truehelo.render import reports_address

        write(reports_address.render(answer, look_of(form)))
    return GOOD
