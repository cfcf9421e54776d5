"""What the commands of the watch share: which database, and how it is opened.

A failing database is told in one sentence, like bad input, and never with a password.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible

if TYPE_CHECKING:
    from truehelo.configuration.read import Configuration
    from truehelo.store.database import Database


def database_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names the database; the command gets `database`, a file name or a URL."""
    option = click.option(
        "--database",
        "-d",
        envvar="TRUEHELO_DATABASE",
        default=None,
        metavar="URL|FILE",
        help="A file, or postgresql://... [TRUEHELO_DATABASE, the configuration, the user's state folder].",
    )
    return option(function)


def config_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option that names the configuration file; the command gets `config`, a file name or None."""
    option = click.option(
        "--config",
        "-c",
        envvar="TRUEHELO_CONFIG",
        metavar="FILE",
        help="The configuration [TRUEHELO_CONFIG, else ./truehelo.toml, the user's, /etc/truehelo/truehelo.toml].",
    )
    return option(function)


def logger(*, quiet: bool) -> Callable[[str], None]:
    """Return what writes a line of the log of a service to stderr, or nothing when it is to be `quiet`."""

    def log(text: str) -> None:
        if not quiet:
            # A log that nobody takes (its reader has gone, its disk is full) must not end the work that it tells of.
            with suppress(OSError):
                click.echo(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} {visible(text, 2000)}", err=True)

    return log


@contextmanager
def opened_with(
    database: str | None,
    configuration: "Configuration",
    path: Path | None,
    prepare: "Callable[[Database], None] | None" = None,
) -> "Iterator[Database]":
    """Open the database that an option names, else the configuration, else the usual one.

    Raises:
        InputError: It is missing, older or newer than this program, or cannot be named so.
        ClickException: It failed.
    """
    from truehelo.app.watching import database_of
    from truehelo.store.database import Database, StoreError
    from truehelo.store.migrate import require

    store = Database(database or database_of(configuration, path) or default_database())
    try:
        if prepare is not None:
            prepare(store)
        require(store)
        yield store
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    finally:
        store.close()


def default_database() -> str:
    """Return the file that is used when none is named: in the state folder of the service, or of the user.

    Raises:
        InputError: There is no such folder.
    """
    service = os.environ.get("STATE_DIRECTORY", "").partition(":")[0]
    if service:
        return str(Path(service) / "truehelo.db")
    try:
        state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state")
    except RuntimeError:  # an account without a home, as services and containers have
        problem = "is not named, and this account has no home to look in"
        raise InputError("the database", problem, "name it with --database") from None
    return str(state / "truehelo" / "truehelo.db")


def database_name(database: str | None, config: str | None = None) -> str:
    """Return the database that the option names, else the configuration, else the usual one.

    Raises:
        InputError: The configuration cannot be read.
    """
    from truehelo.app.watching import database_of, find_config, read_config

    if database is not None:
        return database
    path = find_config(config)
    return database_of(read_config(path), path) or default_database()


def is_there(database: str | None, config: str | None = None) -> bool:
    """Tell whether there is a file; of a server nobody can say without asking."""
    from truehelo.store.database import Database

    store = Database(database_name(database, config))
    try:
        return store.exists()
    finally:
        store.close()


@contextmanager
def opened(database: str | None, *, make: bool = False, config: str | None = None) -> "Iterator[Database]":
    """Open the database for one command; `make` creates and fills it where there is none yet.

    Raises:
        InputError: It is missing, older or newer than this program, or cannot be named so.
        ClickException: It failed.
    """
    from truehelo.store.database import Database, StoreError
    from truehelo.store.migrate import require

    store = Database(database_name(database, config))
    try:
        if make:
            _make(store)
        require(store)
        yield store
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    finally:
        store.close()


def _make(store: "Database") -> None:
    """Create what is not there yet; what is there already is left alone, whatever its version."""
    from truehelo.store.migrate import upgrade, version

    if store.is_sqlite and not store.exists():
        folder = Path(store.url.database or "").parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            problem = f"cannot be made ({(error.strerror or str(error)).lower()})"
            raise FileError(str(folder), problem, "name another place with --database") from None
        upgrade(store)
    elif version(store) is None:
        upgrade(store)
