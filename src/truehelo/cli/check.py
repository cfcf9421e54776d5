"""`truehelo check`: audit targets."""

import sys
from typing import TYPE_CHECKING

import click

from truehelo.cli.options import EXIT_CODES, Output, check_options, output_options
from truehelo.cli.terminal import ProgressLine, complain, read_any_bytes
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.render.codes import UNKNOWN, USAGE

if TYPE_CHECKING:
    from truehelo.app import Settings


@click.command(epilog=EXIT_CODES)
@click.argument("targets", nargs=-1, metavar="TARGET...")
@check_options
@click.option("--save", metavar="FILE", help="Write the evidence, for `truehelo replay`.")
@output_options
def check(targets: tuple[str, ...], settings: "Settings", save: str | None, output: Output) -> int:
    """Audit the names of mail servers: the chain of evidence, findings, and the fix.

    A TARGET is an IPv4 or IPv6 address, ADDRESS=NAME (with the name it should have), a network such as 192.0.2.0/28,
    a host name, a domain (its MX hosts and what its SPF record authorises), @FILE or - (one target a line). Behind each
    may stand ,helo=NAME: the HELO that the server sends.

    \b
    Examples:
      truehelo check 192.0.2.25
      truehelo check 192.0.2.25=mail.example.com --helo mail.example.com
      truehelo check example.com --checklist
      truehelo check @servers.txt --json -o servers.csv -o servers.sarif
      truehelo check 192.0.2.25 --format nagios
      truehelo check 192.0.2.25 --resolver 9.9.9.9 --no-smtp -vv
      truehelo check 192.0.2.25,helo=mail.example.com --receivers gmail,rspamd
      truehelo check 192.0.2.25 --what-if ptr=mail.example.com
      truehelo check 192.0.2.25 --dnsbl
      truehelo check 192.0.2.25 --dnsbl=abusix --dnsbl-keys keys.toml
    """
    from truehelo import app  # late: it brings the DNS library
    from truehelo.cli.report import prepare, report

    if not targets:
        raise click.UsageError("a target is missing: give an address, a name, @FILE, or - for standard input")
    prepare(output, save, [target[1:] for target in targets if target.startswith("@")])
    read_any_bytes(sys.stdin)
    lines, errors = app.read_targets(targets, sys.stdin, yes=settings.yes, families=settings.families)
    plugin = output.format_name == "nagios"
    for error in errors:
        # Where there is something to look at, the status line is about that.
        complain(str(error), plugin=plugin and not lines)
    bad = UNKNOWN if plugin else USAGE
    if not lines:
        if not errors:
            given = visible(" ".join(targets), 120)
            raise InputError(given, "holds no target, only blank lines and comments", "give one target a line")
        return bad
    with ProgressLine() as progress:
        audit = app.run(app.check(lines, settings, progress))
    code = report(audit, output, {line.text: line.where for line in reversed(lines)}, save=save)
    return bad if errors and not audit.interrupted else code
