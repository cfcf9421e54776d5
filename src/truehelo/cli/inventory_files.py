"""What the inventory commands share: files and standard input read, errors told, the database and who works on it."""

import sys
import time
from typing import TYPE_CHECKING, TypedDict

from truehelo.cli.terminal import complain
from truehelo.cli.watching import opened
from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible

if TYPE_CHECKING:
    from truehelo.inventory.model import Line
    from truehelo.inventory.read import Reading

FORMATS = ("toml", "csv", "json", "jsonl")
MOST_ERRORS = 20
"""Errors that are told; who has more has one cause for them."""


class Where(TypedDict):
    """What the options say of the database."""

    database: str | None
    config: str | None


def default_interval(where: Where) -> float:
    """Return the seconds between checks of what names no interval of its own, as the configuration says.

    Raises:
        InputError: The configuration cannot be read.
    """
    from truehelo.app.watching import find_config, read_config

    return read_config(find_config(where["config"])).watching.watch.interval_s


def now() -> float:
    """Return the time, in seconds since the epoch."""
    return time.time()


def who() -> str:
    """Return who runs the command, for the record; "" where nothing tells."""
    import getpass

    try:
        return getpass.getuser()[:100]
    except (KeyError, OSError):  # an account without a name, as in containers
        return ""


def kept_so_far(where: Where) -> "list[Line]":
    """Return the lines that are kept.

    Raises:
        InputError: There is no database, or it is of another version.
        ClickException: It failed.
    """
    from truehelo.store.inventory import kept_lines

    with opened(**where) as store, store.read() as connection:
        return kept_lines(connection)


def read_file(file: str, format_name: str | None, managed_by: str, *, yes: bool) -> "Reading":
    """Read one file, or standard input.

    Raises:
        FileError: It cannot be read, or nothing tells its format.
    """
    from pathlib import Path

    from truehelo.files import read_whole
    from truehelo.inventory.read import MAX_BYTES, SUFFIXES, read

    name = "standard input" if file == "-" else file
    known = format_name or SUFFIXES.get(Path(file).suffix.lower())
    if known is None:
        raise FileError(name, "has no suffix that tells its format", f"give --format with {', '.join(FORMATS)}")
    accepted = f"give a file of at most {MAX_BYTES // 2**20} MiB"
    content = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else read_whole(Path(file), MAX_BYTES, accepted)
    if len(content) > MAX_BYTES:
        raise FileError(name, f"is larger than {MAX_BYTES // 2**20} MiB", "split it")
    if len(content) > MAX_BYTES // 8:
        complain(f"reading {name}, {len(content) // 2**20} MiB")
    return read(content.decode("utf-8", "surrogateescape"), name, known, yes=yes, managed_by=managed_by)


def tell_errors(reading: "Reading") -> bool:
    """Tell what could not be read; True when that was nothing."""
    for error in reading.errors[:MOST_ERRORS]:
        complain(str(error))
    if len(reading.errors) > MOST_ERRORS:
        complain(f"and {len(reading.errors) - MOST_ERRORS:,} more lines that cannot be used")
    return not reading.errors


def manager_of(file: str, as_name: str | None) -> str:
    """Return who manages the lines of a file: its name as it is given, without the detours in it."""
    import posixpath

    from truehelo.inventory.model import file_manager

    name = (as_name if as_name is not None else posixpath.normpath(file)).strip()
    if not name or len(name) > 1000 or not name.isprintable():
        raise InputError(visible(name, 80) or "an empty name", "cannot say who manages lines", "give a name with --as")
    return file_manager(name)
