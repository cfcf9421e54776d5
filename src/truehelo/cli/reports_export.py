"""`truehelo reports export`: records, or sums by day, as CSV or Parquet, written while they are read."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from truehelo.cli.reports_asking import USUAL_DAYS, asked, domain_of, window
from truehelo.cli.terminal import complain, writing
from truehelo.cli.watching import config_option, database_option, opened
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.store.reports.export import Sheet


@click.command(
    short_help="Hand records or daily sums out.",
    epilog="Exit codes: 0 written, 2 usage or bad input, such as Parquet without the extra that writes it.",
)
@click.argument("domain", required=False, metavar="[DOMAIN]")
@window()
@click.option("--daily", is_flag=True, help="Sums by day, source, receiver and outcome, not the records.")
@click.option(
    "--format", "-f", "format_name", type=click.Choice(["csv", "parquet"]), help="Format [as the suffix of -o, else csv]."
)
@click.option("-o", "--output", "output", metavar="FILE", help="Write to FILE, whole or not at all [standard output].")
@database_option
@config_option
def export(  # noqa: PLR0913  each is an option
    *,
    domain: str | None,
    since: str | None,
    until: str | None,
    daily: bool,
    format_name: str | None,
    output: str | None,
    database: str | None,
    config: str | None,
) -> int:
    """Hand the records of reports about DOMAIN out (of all, where none is named), or their sums by day.

    Records are there as long as they are kept; sums by day are kept for longer. No cell of the CSV is a formula.

    \b
    Examples:
      truehelo reports export example.com -o records.csv
      truehelo reports export --daily --since 365d -o daily.parquet
    """
    from truehelo.store.reports import export as sheets

    wanted = format_name or ("parquet" if output is not None and output.lower().endswith(".parquet") else "csv")
    to_stdout = output is None or output == "-"
    if wanted == "parquet" and to_stdout and sys.stdout.isatty():
        raise click.UsageError("Parquet is not for a terminal: name a file with -o")
    with opened(database, config=config) as store:
        question = asked(domain_of(store, domain), since, until, days=USUAL_DAYS)
        with store.read() as connection:
            make = sheets.daily if daily else sheets.records
            sheet = make(connection, question.domain or None, question.since, question.until)
            count = _to_stdout(sheet, wanted) if to_stdout else _to_file(sheet, wanted, Path(str(output)))
    if not to_stdout:
        complain(f"{count:,} rows are in {output}")
    return GOOD


def _to_stdout(sheet: "Sheet", wanted: str) -> int:
    count = 0
    with suppress(BrokenPipeError), writing():  # a reader that has had enough is no error
        sys.stdout.flush()
        count = _written(sheet, wanted, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    return count


def _written(sheet: "Sheet", wanted: str, stream: BinaryIO) -> int:
    import io

    from truehelo.store.reports.export import write_csv, write_parquet

    if wanted == "parquet":
        return write_parquet(sheet, stream)
    text = io.TextIOWrapper(stream, encoding="utf-8", newline="", write_through=False)
    try:
        return write_csv(sheet, text)
    finally:
        text.flush()
        text.detach()


def _to_file(sheet: "Sheet", wanted: str, path: Path) -> int:
    from truehelo.files import written_whole

    with written_whole(path) as stream:
        return _written(sheet, wanted, stream)
