"""`truehelo db`: the database of the watch, brought forward, copied, looked over."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from truehelo.cli.db_look import check, info, prune
from truehelo.cli.terminal import complain, write
from truehelo.cli.watching import config_option, database_name, database_option
from truehelo.errors import FileError, InputError
from truehelo.facts.text import visible
from truehelo.render.codes import GOOD

if TYPE_CHECKING:
    from truehelo.store.database import Database


@click.group(epilog="Exit codes: 0 good, 1 check found something, 2 usage, bad input, or a database that failed.")
def db() -> None:
    """Look after the database of the watch. docs/how-to/incidents.md tells how a backup is brought back.

    \b
    Examples:
      truehelo db backup /var/backups/truehelo.db
      truehelo db upgrade
      truehelo db check
    """


for _each in (check, info, prune):
    db.add_command(_each)


@db.command(
    short_help="Bring the database to this program's version.",
    epilog="Exit codes: 0 it is of this version, 2 usage, or it could not be done: then nothing has changed.",
)
@click.option("--no-backup", is_flag=True, help="Take no copy before (SQLite).")
@click.option("--to", "target", metavar="VERSION", help="Not all the way, but to this version. There is no way back.")
@config_option
@database_option
def upgrade(no_backup: bool, target: str | None, config: str | None, database: str | None) -> int:
    """Bring the database to this program's version, or make it. All of it or nothing; a copy of SQLite is taken before.

    Of PostgreSQL take one with pg_dump. The watch does the same when it starts.

    \b
    Examples:
      truehelo db upgrade
      truehelo db upgrade --database postgresql://truehelo@db/truehelo
    """
    from truehelo.store import migrate

    wanted = target or migrate.head()
    with _open(database, config) as store:
        if store.is_sqlite and not store.exists():
            _make_folder(Path(store.url.database or "").parent)
        if not no_backup:
            kept = migrate.backup_before(store, wanted)
            if kept is not None:
                write(f"a copy is in {visible(str(kept))}\n")
        before, after = migrate.upgrade(
            store, target, lambda reached: complain(f"version {visible(reached, 40)} is reached")
        )
    name = visible(store.name)
    write(
        f"{name}: is of version {after}{' already' if before == after else f', was {before}' if before else ', is new'}\n"
    )
    return GOOD


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        problem = f"cannot be made ({(error.strerror or str(error)).lower()})"
        raise FileError(str(folder), problem, "name another place with --database") from None


@contextmanager
def _open(database: str | None, config: str | None) -> "Iterator[Database]":
    """Open a database whatever its version.

    Raises:
        ClickException: It failed.
    """
    from truehelo.store.database import Database, StoreError

    store = Database(database_name(database, config))
    try:
        yield store
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    finally:
        store.close()


@db.command(
    short_help="Copy the database while the watch goes on (SQLite).",
    epilog="Exit codes: 0 the copy is there, 2 usage, or it could not be made.",
)
@click.argument("file", metavar="FILE")
@config_option
@database_option
def backup(file: str, config: str | None, database: str | None) -> int:
    """Write a copy of a SQLite database to FILE: whole, of one moment, while the watch goes on. Of PostgreSQL: pg_dump.

    To bring it back, stop the watch, put the copy in the place of the database, remove what else begins with its name
    (-wal, -shm), and start the watch.

    \b
    Example:
      truehelo db backup /var/backups/truehelo-2026-11-27.db
    """
    from truehelo.store import migrate

    path = Path(file)
    with _open(database, config) as store:
        if store.is_sqlite and store.exists() and migrate.version(store) is None:
            raise InputError(store.name, "holds nothing of truehelo's", "there is nothing to copy")
        migrate.backup(store, path)
    write(f"{visible(file)}: {path.stat().st_size:,} octets, a copy of {visible(store.name)}\n")
    return GOOD
