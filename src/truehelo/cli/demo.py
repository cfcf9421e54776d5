"""`truehelo demo`: a scenario of the laboratory audited for real, over loopback, in one process."""

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from truehelo.cli.options import Output, audit_options, output_options
from truehelo.cli.terminal import ProgressLine

if TYPE_CHECKING:
    from truehelo.app import Settings
    from truehelo.findings import Audit
    from truehelo.lab import Scenario

DEFAULT = "textbook"


@click.command(
    epilog="Exit codes: as of `truehelo check`; the textbook scenario gives 1, because one of its pair is wrong by design."
)
@click.argument("scenario", default=DEFAULT, metavar="[SCENARIO]")
@click.option("--save", metavar="FILE", help="Write the evidence, for `truehelo replay`.")
@audit_options
@output_options
def demo(scenario: str, save: str | None, settings: "Settings", output: Output) -> int:
    """Audit a scenario for real, against name servers and mail servers on loopback. Needs no network and no root.

    SCENARIO is the name of one that comes with truehelo, or a scenario file. Without it: the textbook pair, a server
    whose PTR is its provider's default, and its twin that is right in every name.

    \b
    Examples:
      truehelo demo
      truehelo demo --json
      truehelo demo weather -v --timeout 1
      truehelo demo my-scenario.toml
    """
    from truehelo import app
    from truehelo.cli.report import prepare, report
    from truehelo.lab import load

    prepare(output, save, [scenario])
    audit = app.run(_audited(load(scenario), settings))
    return report(audit, output, save=save)


async def _audited(scenario: "Scenario", settings: "Settings") -> "Audit":
    from truehelo import app
    from truehelo.errors import InputError
    from truehelo.lab import Lab

    if not scenario.check.targets:
        raise InputError(scenario.path, "names nothing to check", 'a [check] table with targets = ["192.0.2.25"] is needed')
    settings = replace(
        settings,
        helo=settings.helo or scenario.check.helo,
        expect=settings.expect or scenario.check.expect,
        ports=scenario.check.ports or settings.ports,
        rdap=False,
        loopback_only=True,
    )
    lines, errors = app.read_targets(scenario.check.targets, sys.stdin)
    if errors:
        raise errors[0]
    async with Lab(scenario) as lab:
        settings = replace(settings, resolvers=lab.resolvers, connect_to=lab.connect_to)
        with ProgressLine() as progress:
            return await app.check(lines, settings, progress)
