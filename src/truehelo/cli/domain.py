"""`truehelo domain`: the records of domains, judged."""

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from truehelo.cli.options import EXIT_CODES, Output, plain_output_options, records_options
from truehelo.cli.terminal import ProgressLine, complain, read_any_bytes, write
from truehelo.cli.watching import config_option, database_option
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import UNKNOWN, USAGE
from truehelo.render.look import Look

if TYPE_CHECKING:
    from truehelo.app import Settings
    from truehelo.domains import DomainRun


@click.command(epilog=EXIT_CODES)
@click.argument("names", nargs=-1, metavar="NAME...")
@records_options
@click.option("--selector", "selectors", multiple=True, metavar="NAME", help="A DKIM selector (s=). Repeatable.")
@click.option("--ip", "ips", multiple=True, metavar="ADDRESS", help="Evaluate SPF for this address too. Repeatable.")
@click.option("--no-fetch", is_flag=True, help="Do not fetch the MTA-STS policy (HTTPS).")
@click.option("--no-well-known", is_flag=True, help="Try no DKIM selectors but those that are named or reported.")
@click.option("--no-authoritative", is_flag=True, help="Do not ask the zones' own servers.")
@click.option("--reported", is_flag=True, help="Look at the selectors that stored reports name.")
@database_option
@config_option
@plain_output_options
def domain(  # noqa: PLR0913, PLR0917  each is an option of its own
    names: tuple[str, ...],
    settings: "Settings",
    selectors: tuple[str, ...],
    ips: tuple[str, ...],
    no_fetch: bool,
    no_well_known: bool,
    no_authoritative: bool,
    reported: bool,
    database: str | None,
    config: str | None,
    output: Output,
) -> int:
    """Judge the records of a domain, and give the exact ones to publish.

    Looks at NS, DNSSEC, MX, SPF (all that it leads to), DKIM keys, DMARC, MTA-STS with its policy, TLS-RPT, DANE, CAA and
    BIMI. A NAME is a domain, @FILE or - (one domain a line).

    \b
    Examples:
      truehelo domain example.com
      truehelo domain example.com --selector s2048 --ip 192.0.2.25
      truehelo domain @domains.txt --json -o domains.csv
      truehelo domain example.com --resolver 9.9.9.9 --no-fetch -v
      truehelo domain example.com --format nagios --fail-on error
    """
    from truehelo import app  # late: it brings the DNS library
    from truehelo.app import domains
    from truehelo.cli.report import prepare

    if not names:
        raise click.UsageError("a domain is missing: give a name, @FILE, or - for standard input")
    prepare(output, None, [name[1:] for name in names if name.startswith("@")])
    read_any_bytes(sys.stdin)
    found, errors = domains.read_domains(names, sys.stdin)
    plugin = output.format_name == "nagios"
    for error in errors:
        # Where there is something to look at, the status line is about that.
        complain(str(error), plugin=plugin and not found)
    bad = UNKNOWN if plugin else USAGE
    if not found:
        if not errors:
            given = visible(" ".join(names), 120)
            raise InputError(given, "holds no domain, only blank lines and comments", "give one domain a line")
        return bad
    with _selectors_of(database, config, reported=reported) as of_reports, ProgressLine() as progress:
        wanted = domains.DomainSettings(
            selectors=selectors,
            ips=ips,
            fetch=not no_fetch,
            authoritative=not no_authoritative,
            well_known=not no_well_known,
            reported=of_reports,
        )
        run = app.run(domains.look(found, settings, wanted, progress))
    code = _report(run, output, found)
    return bad if errors and not run.interrupted else code


@contextmanager
def _selectors_of(
    database: str | None, config: str | None, *, reported: bool
) -> "Iterator[Callable[[str], Iterable[str]] | None]":
    """Yield who tells which selectors receivers saw: the database of the reports, where that is wanted."""
    if not reported:
        yield None
        return
    from truehelo.app.domains import reported_selectors
    from truehelo.cli.watching import opened

    with opened(database, config=config) as store, store.read() as connection:
        yield lambda name: reported_selectors(connection, name)


def _report(run: "DomainRun", output: Output, where: dict[str, str]) -> int:
    """Print the run, write its files, return the exit code.

    Raises:
        FileError: A file cannot be written; everything else is, and is printed.
    """
    from truehelo.cli.report import fail_on, look_of_stdout, went_to_file, write_files
    from truehelo.render.domains import COMPLETE, render
    from truehelo.render.domains.exitcode import exit_code, plugin_state

    threshold, format_name = fail_on(output.fail_on), output.format_name or "text"
    plain = Look(verbosity=output.verbosity, fail_on=threshold, where=where)
    failed = write_files(output, lambda each: render(run, each, plain))
    if not went_to_file(output):
        write(render(run, format_name, look_of_stdout(plain, output.color)))
        for note in () if format_name in COMPLETE else run.notes:
            complain(note)
    if failed is not None:
        raise failed
    return plugin_state(run, threshold) if output.format_name == "nagios" else exit_code(run, threshold)
