"""`truehelo replay`: judge saved evidence again, without any network."""

from typing import TYPE_CHECKING

import click

from truehelo.cli.options import EXIT_CODES, Output, judge_options, output_options

if TYPE_CHECKING:
    from truehelo.app import Settings


@click.command(epilog=EXIT_CODES)
@click.argument("file", metavar="FILE")
@judge_options
@output_options
def replay(file: str, settings: "Settings", output: Output) -> int:
    """Judge the evidence in FILE, which `truehelo check --save FILE` wrote, again. Nothing is looked up.

    \b
    Examples:
      truehelo check 192.0.2.25 --save mail.evidence
      truehelo replay mail.evidence -v
      truehelo replay mail.evidence --json -o mail.md
      truehelo replay mail.evidence --receivers gmail,postfix+strict
      truehelo replay mail.evidence --what-if ptr=none
    """
    from truehelo import app
    from truehelo.cli.report import prepare, report

    prepare(output, None, [file])
    return report(app.replay(file, settings), output)
