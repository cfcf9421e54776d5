"""`truehelo replay`: judge saved evidence again, without any network."""

import click

from truehelo.cli.options import EXIT_CODES, Output, output_options


@click.command(epilog=EXIT_CODES)
@click.argument("file", metavar="FILE")
@output_options
def replay(file: str, output: Output) -> int:
    """Judge the evidence in FILE, which `truehelo check --save FILE` wrote, again. Nothing is looked up.

    \b
    Examples:
      truehelo check 192.0.2.25 --save mail.evidence
      truehelo replay mail.evidence -v
      truehelo replay mail.evidence --json -o mail.md
    """
    from truehelo import app
    from truehelo.cli.report import prepare, report

    prepare(output, None, [file])
    return report(app.replay(file), output)
