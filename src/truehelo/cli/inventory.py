"""`truehelo inventory`: what is to be watched, imported from files, exported, held against files, and changed by hand."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from truehelo.cli import inventory_text
from truehelo.cli.inventory_files import (
    FORMATS,
    MOST_ERRORS,
    Where,
    default_interval,
    kept_so_far,
    manager_of,
    now,
    read_file,
    tell_errors,
    who,
)
from truehelo.cli.inventory_hand import add, remove
from truehelo.cli.inventory_suggest import suggest
from truehelo.cli.options import json_options
from truehelo.cli.terminal import ProgressLine, complain, write
from truehelo.cli.watching import config_option, database_option, is_there, opened
from truehelo.errors import FileError, InputError
from truehelo.render.codes import FINDINGS, GOOD, USAGE

if TYPE_CHECKING:
    from truehelo.inventory.diff import Diff
    from truehelo.inventory.model import Line
    from truehelo.inventory.read import Reading

_FORMAT = click.option(
    "--format", "-f", "format_name", type=click.Choice(FORMATS), help="Format of the file [as its suffix tells]."
)
_AS = click.option("--as", "as_name", metavar="NAME", help="Who manages the lines [the name of the file, as it is given].")
_YES = click.option("--yes", is_flag=True, help="Networks of more than 65,536 addresses, or an empty file, are meant.")


@click.group(epilog="Exit codes: 0 good, 1 diff found differences, 2 usage or bad input (good lines were taken).")
def inventory() -> None:
    """Say what is to be watched: addresses, networks, and the hosts of domains, each with its expected names.

    \b
    Examples:
      truehelo inventory import inventory.toml --dry-run
      truehelo inventory import inventory.toml
      truehelo inventory add 192.0.2.25 --expect mail.example.com
      truehelo inventory list --group eu
      truehelo inventory export -o backup.csv
    """
    import gc

    # Lines and entries live to the end of a command; looking for garbage among them is a quarter of its work.
    gc.set_threshold(50_000, 20, 20)


inventory.add_command(add)
inventory.add_command(remove)
inventory.add_command(suggest)

# Importing


@inventory.command(
    "import",
    short_help="Take the lines of files.",
    epilog="Exit codes: 0 good, 2 usage or bad input: the good lines were taken.",
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@_FORMAT
@_AS
@_YES
@database_option
@config_option
def import_(
    files: tuple[str, ...], dry_run: bool, format_name: str | None, as_name: str | None, yes: bool, **where: Unpack[Where]
) -> int:
    """Take the lines of FILEs. A file manages its lines: what it no longer names goes, what others manage stays.

    A broken line is named, and the rest is taken; then nothing is removed, since the broken line may be what is missed.

    \b
    Examples:
      truehelo inventory import inventory.toml
      truehelo inventory import servers.csv pools.csv --dry-run
      generate | truehelo inventory import - --format jsonl --as cmdb
    """
    if as_name is not None and len(files) > 1:
        raise click.UsageError("--as names the lines of one file; import the others by themselves")
    good = True
    for file in dict.fromkeys(files):
        try:
            managed_by = manager_of(file, as_name)
            reading = read_file(file, format_name, managed_by, yes=yes)
            good = tell_errors(reading) and good
            if reading.loaded:
                take = _would_take if dry_run else _take
                good = take(where, reading, managed_by, yes=yes) and good
        except InputError as error:  # one file that cannot be read, or that has no name, stops no other
            complain(str(error))
            good = False
    return GOOD if good else USAGE


def _take(where: Where, reading: "Reading", managed_by: str, *, yes: bool) -> bool:
    """Take what a file says; False when it names lines that others manage."""
    from truehelo.store.inventory import carry_out, kept_lines, lock

    interval = default_interval(where)
    with opened(**where, make=True) as store, ProgressLine() as progress, store.write() as connection:
        lock(connection)
        kept = kept_lines(connection)
        difference = _difference(kept, reading, managed_by, yes=yes)
        done = carry_out(connection, kept, difference, now(), by=who(), default_interval_s=interval, progress=progress)
    write(inventory_text.summary(difference, done.subjects))
    return _tell(difference)


def _would_take(where: Where, reading: "Reading", managed_by: str, *, yes: bool) -> bool:
    """Say what would become of a file; the database need not be there yet."""
    difference = _difference(kept_so_far(where) if is_there(**where) else [], reading, managed_by, yes=yes)
    write(inventory_text.changes(difference) + inventory_text.summary(difference, None))
    return _tell(difference)


def _difference(kept: "list[Line]", reading: "Reading", managed_by: str, *, yes: bool) -> "Diff":
    """Hold a file against what is kept.

    Raises:
        FileError: It names nothing at all, which is mostly an accident.
    """
    from truehelo.inventory.diff import diff

    difference = diff(kept, reading.lines, managed_by, whole=not reading.errors)
    if difference.removed and not reading.lines and not yes:
        count = inventory_text.counted(len(difference.removed), "line")
        problem = f"names nothing, and {count} would be removed"
        raise FileError(managed_by.partition(":")[2], problem, "give --yes if that is meant")
    return difference


def _tell(difference: "Diff") -> bool:
    """Tell what was left alone; False when the file named something that others manage."""
    for conflict in difference.conflicts[:MOST_ERRORS]:
        manager = conflict.kept.managed_by
        way_out = (
            f"change it there, or import that file with --as {manager.partition(':')[2]}" if manager else "remove it first"
        )
        complain(
            f"{conflict.line.target}: is managed {f'by {manager}' if manager else 'by hand'} and stays as it is; {way_out}"
        )
    if len(difference.conflicts) > MOST_ERRORS:
        complain(f"and {len(difference.conflicts) - MOST_ERRORS:,} more that others manage")
    if difference.withheld:
        count = inventory_text.counted(len(difference.withheld), "line")
        complain(f"kept {count} that the file does not name, since not all of it could be read")
    return not difference.conflicts


# Holding against, and exporting


@inventory.command(
    "diff",
    short_help="Say how a file differs from what is kept.",
    epilog="Exit codes: 0 nothing differs, 1 something does, 2 usage or bad input.",
)
@click.argument("file", metavar="FILE")
@_FORMAT
@_AS
@_YES
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@database_option
@config_option
def diff_(file: str, format_name: str | None, as_name: str | None, yes: bool, as_json: bool, **where: Unpack[Where]) -> int:
    """Say how FILE differs from what is kept: `+` would be added, `-` removed, `~` changed. Nothing changes.

    \b
    Examples:
      truehelo inventory diff inventory.toml
      truehelo inventory diff /tmp/new.csv --as inventory.csv --json
    """
    from truehelo.inventory.diff import diff

    managed_by = manager_of(file, as_name)
    reading = read_file(file, format_name, managed_by, yes=yes)
    good = tell_errors(reading)
    if not reading.loaded:
        return USAGE
    difference = diff(kept_so_far(where), reading.lines, managed_by, whole=good)
    if as_json:
        write(inventory_text.changes_json(difference))
    else:
        write(inventory_text.changes(difference) + inventory_text.summary(difference, None))
    good = _tell(difference) and good
    return USAGE if not good else GOOD if difference.is_empty else FINDINGS


def _filters(function: Any) -> Any:
    for option in (
        click.option("--managed-by", metavar="NAME", help="Only lines of this file; hand for those by hand."),
        click.option("--owner", metavar="NAME", help="Only lines of this owner."),
        click.option("--pool", metavar="NAME", help="Only lines of this pool."),
        click.option("--group", metavar="NAME", help="Only lines in this group."),
    ):
        function = option(function)
    return function


@inventory.command("export", short_help="Write the lines as a file.", epilog="Exit codes: 0 good, 2 usage or bad input.")
@click.option("--format", "-f", "format_name", type=click.Choice(FORMATS), help="Format [as the suffix of -o, else toml].")
@click.option("-o", "--output", "output", metavar="FILE", help="Write to FILE instead, whole or not at all.")
@_filters
@database_option
@config_option
def export(format_name: str | None, output: str | None, **values: Any) -> int:
    """Write the lines as a file that can be imported again, in an order that is always the same.

    \b
    Examples:
      truehelo inventory export > inventory.toml
      truehelo inventory export -o inventory.csv --group eu
    """
    from pathlib import Path

    from truehelo.files import write_whole
    from truehelo.inventory.read import SUFFIXES
    from truehelo.inventory.write import write as written

    suffix = None if output is None or output == "-" else SUFFIXES.get(Path(output).suffix.lower())
    text = written(_kept(**values), format_name or suffix or "toml")
    if output is None or output == "-":
        write(text)
    else:
        write_whole(Path(output), text.encode())
    return GOOD


@inventory.command("list", short_help="List the lines.", epilog="Exit codes: 0 good, 2 usage or bad input.")
@_filters
@json_options
@database_option
@config_option
def list_(as_json: bool, **values: Any) -> int:
    """List the lines, with who manages them.

    \b
    Examples:
      truehelo inventory list
      truehelo inventory list --pool bulk --json
    """
    kept = _kept(**values)
    write(inventory_text.lines_json(kept) if as_json else inventory_text.table(kept))
    return GOOD


def _kept(
    *, group: str | None, pool: str | None, owner: str | None, managed_by: str | None, **where: Unpack[Where]
) -> "list[Line]":
    from truehelo.inventory.model import BY_HAND, file_manager, in_order

    kept = kept_so_far(where)
    managers = None if managed_by is None else {BY_HAND} if managed_by == "hand" else {managed_by, file_manager(managed_by)}
    wanted = (
        line
        for line in kept
        if (group is None or group in line.groups)
        and (pool is None or pool == line.pool)
        and (owner is None or owner == line.owner)
        and (managers is None or line.managed_by in managers)
    )
    return sorted(wanted, key=in_order)
