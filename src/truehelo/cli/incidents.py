"""`truehelo incidents`: what is open, what was, and one incident in full."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.acting import COLOR, NUMBER, filters, least, look, moment, now, silencing
from truehelo.cli.terminal import write
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import FINDINGS, GOOD

if TYPE_CHECKING:
    from truehelo.monitor.dossier import Wanted

_FORMATS = ("text", "json", "csv")


@click.command(epilog="Exit codes: 0 nothing of it is open, 1 something is, 2 usage or bad input.")
@click.argument("number", type=NUMBER, required=False, metavar="[NUMBER]")
@click.option("--all", "everything", is_flag=True, help="Those that are over, too.")
@click.option("--since", metavar="TIME", help="Only opened since then: 7d, or 2026-11-27.")
@filters
@click.option(
    "--limit", type=click.IntRange(1, 100_000), metavar="N", default=100, show_default=True, help="At most so many."
)
@click.option("--format", "-f", "format_name", type=click.Choice(_FORMATS), help="Format [text].")
@click.option("--json", "as_json", is_flag=True, help="Short for --format json.")
@COLOR
@config_option
@database_option
def incidents(  # noqa: PLR0913  each is an option
    *,
    number: int | None,
    everything: bool,
    since: str | None,
    tags: tuple[str, ...],
    groups: tuple[str, ...],
    severity: str | None,
    limit: int,
    format_name: str | None,
    as_json: bool,
    color: str,
    config: str | None,
    database: str | None,
) -> int:
    """List the incidents that are open, the newest first; with NUMBER, all that is known of one.

    \b
    Examples:
      truehelo incidents
      truehelo incidents 17
      truehelo incidents --all --since 30d --tag 'PTR_*' --group customers-north
      truehelo incidents --severity error --json
    """
    if as_json and format_name not in (None, "json"):
        raise click.UsageError(f"--json and --format {format_name} exclude each other")
    format_name = "json" if as_json else format_name or "text"
    if number is None:
        from truehelo.monitor.dossier import Wanted

        wanted = Wanted(
            closed=everything, since=_since(since), severity=least(severity), tags=tags, groups=groups, most=limit
        )
        return _list(wanted, format_name, color, database, config)
    if everything or since or tags or groups or severity:
        raise click.UsageError("NUMBER names one incident, and excludes what chooses among them")
    return _one(number, format_name, color, database, config)


def _since(text: str | None) -> float | None:
    from truehelo.configuration.instant import ACCEPTED, read_instant

    if text is None:
        return None
    found = read_instant(text, moment(now()), ahead=False)
    if found is None:
        raise InputError(f"--since {visible(text, 60)!r}", "is no time", ACCEPTED)
    return found.timestamp()


def _list(wanted: "Wanted", format_name: str, color: str, database: str | None, config: str | None) -> int:
    from truehelo.monitor.dossier import listed
    from truehelo.render import incidents as rendered

    at = now()
    with opened(database, config=config) as store, store.read() as connection:
        found, more = listed(connection, wanted, silencing(connection, at), at)
    if format_name == "json":
        write(rendered.json(found, moment(at), more=more))
    elif format_name == "csv":
        write(rendered.sheet(found))
    else:
        write(rendered.text(found, look(color), moment(at), more=more, closed=wanted.closed))
    return FINDINGS if any(each.incident.closed is None for each in found) else GOOD


def _one(number: int, format_name: str, color: str, database: str | None, config: str | None) -> int:
    from truehelo.monitor.dossier import dossier
    from truehelo.render import incidents as rendered
    from truehelo.render.incident import text

    at = now()
    with opened(database, config=config) as store, store.read() as connection:
        found = dossier(connection, number, silencing(connection, at), at)
    if found is None:
        raise InputError(f"incident {number}", "there is none of that number", "truehelo incidents --all lists them")
    if format_name == "json":
        write(rendered.json([found], moment(at), full=True))
    elif format_name == "csv":
        write(rendered.sheet([found]))
    else:
        write(text(found, look(color), moment(at)))
    return FINDINGS if found.incident.closed is None else GOOD
