"""What the questions about reports share: of which domain, over which days, how many, and in which form."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from truehelo.cli.acting import COLOR, look, moment, now
from truehelo.cli.watching import config_option, database_option
from truehelo.errors import InputError
from truehelo.facts.text import visible

if TYPE_CHECKING:
    from truehelo.monitor.sources.reading import Asked
    from truehelo.render.look import Look
    from truehelo.store.database import Database

USUAL_DAYS = 30
MOST_DAYS = 3660
DAY_S = 86_400
_FAR = 10**6
"""A day that no report is of, or of a later one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How an answer is wanted."""

    format_name: str
    color: str
    verbosity: int
    config: str | None
    database: str | None


def window(days: int = USUAL_DAYS) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add --since and --until; the command gets `since` and `until` as texts or None. `days` are looked back usually."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in (
            click.option("--until", metavar="TIME", help="Up to this day [today]."),
            click.option("--since", metavar="TIME", help=f"From this day on [{days}d]: 7d, 2026-11-01."),
        ):
            function = option(function)
        return function

    return decorate


def form(*formats: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add the options of how an answer is shown; the command gets `form`."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def wrapper(*, as_json: bool, format_name: str | None, verbose: int, **values: Any) -> Any:
            if as_json and format_name not in (None, "json"):
                raise click.UsageError(f"--json and --format {format_name} exclude each other")
            wanted = Form(
                format_name="json" if as_json else format_name or "text",
                color=values.pop("color"),
                verbosity=min(verbose, 2),
                config=values.pop("config"),
                database=values.pop("database"),
            )
            return function(form=wanted, **values)

        decorated: Callable[..., Any] = wrapper
        for option in (
            database_option,
            config_option,
            COLOR,
            click.option("-v", "--verbose", count=True, help="More of each."),
            click.option("--json", "as_json", is_flag=True, help="Short for --format json."),
            click.option("--format", "-f", "format_name", type=click.Choice(formats), help="Format [text]."),
        ):
            decorated = option(decorated)
        return decorated

    return decorate


def look_of(form: Form) -> "Look":
    """Return how text is to look on standard output."""
    return replace(look(form.color), verbosity=form.verbosity)


def domain_of(database: "Database", domain: str | None) -> str:
    """Return the domain that is asked about in its one spelling, "" for all.

    Raises:
        InputError: No report is about it.
    """
    from truehelo.facts.names import canonical
    from truehelo.store.reports import questions

    if domain is None:
        return ""
    name = canonical(domain.strip())
    with database.read() as connection:
        known = [each.domain for each in questions.domains(connection, 0, _FAR)]
    if name not in known:
        shown = ", ".join(visible(each, 80) for each in known[:5]) + (" and others" if len(known) > 5 else "")
        way_out = f"there are reports about {shown}" if known else "truehelo reports import brings reports in"
        raise InputError(visible(domain, 100) or "an empty word", "no report is about this domain", way_out)
    return name


def asked(
    domain: str, since: str | None, until: str | None, *, days: int = USUAL_DAYS, shown: int | None = None
) -> "Asked":
    """Return what is asked.

    Raises:
        InputError: A time cannot be read, or the days end before they begin.
    """
    from truehelo.monitor.sources.reading import Asked

    at = now()
    last = _day(until, "--until", at) if until is not None else int(at // DAY_S)
    first = _day(since, "--since", at) if since is not None else last - days + 1
    if first > last:
        raise InputError(f"--since {visible(since or '', 40)}", "is after the last day", "give an earlier day")
    return Asked(domain=domain, since=max(first, last - MOST_DAYS + 1), until=last, now=at, shown=shown)


def _day(text: str, option: str, at: float) -> int:
    """Return the day (since the epoch, UTC) that a time lies in."""
    from truehelo.configuration.instant import ACCEPTED, read_instant

    found = read_instant(text, moment(at), ahead=False)
    if found is None:
        raise InputError(f"{option} {visible(text, 60)!r}", "is no time", ACCEPTED)
    return int(found.timestamp() // DAY_S)
