"""The wiring of the questions about sources: the public suffix list, the guides, and the resolver, to whoever joins.

Beside the wiring of the watch (`app/watching.py`), whose resolver settings count here too.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from truehelo import app
from truehelo.configuration.read import Configuration
from truehelo.engine.judge import Judging
from truehelo.monitor.sources import address as one
from truehelo.monitor.sources import lists, reading
from truehelo.monitor.sources.looking import Done, look
from truehelo.monitor.sources.reading import Asked
from truehelo.monitor.stored import Stored
from truehelo.ports import Suffixes
from truehelo.shelf import library
from truehelo.sources.listing import Suggested
from truehelo.sources.model import Address, Sources
from truehelo.store.database import Database

__all__ = ["Asked", "Done", "address", "look_now", "new_sources", "sources", "suggest"]


def _suffixes() -> Suffixes:
    from truehelo.probes.suffixes import PublicSuffixes

    return PublicSuffixes()


@contextmanager
def _asking(database: Database) -> Iterator[Connection]:
    """A transaction that reads, in which nothing is looked through for garbage that was there before.

    What a process has loaded stays for its life: to walk through it takes half as long as the answer that it falls in.
    """
    gc.freeze()
    with database.read() as connection:
        yield connection


def sources(database: Database, asked: Asked) -> Sources:
    """Return where mail leaves from.

    Raises:
        StoreError: The database failed.
    """
    with _asking(database) as connection:
        return reading.sources(connection, asked, _suffixes())


def new_sources(database: Database, asked: Asked) -> Sources:
    """Return the sources that are new since a day.

    Raises:
        StoreError: The database failed.
    """
    with _asking(database) as connection:
        return reading.new_sources(connection, asked, _suffixes())


def address(database: Database, ip: str, asked: Asked) -> Address:
    """Return what is known of a source.

    Raises:
        StoreError: The database failed.
    """
    judging = Judging(receivers=(), guides=library(None, None))
    with _asking(database) as connection:
        return one.address(connection, ip, asked, _suffixes(), judging)


def suggest(database: Database, asked: Asked) -> tuple[Suggested, ...]:
    """Return the senders that the inventory does not know.

    Raises:
        StoreError: The database failed.
    """
    with _asking(database) as connection:
        return lists.suggest(connection, asked, _suffixes())


async def look_now(database: Database, configuration: Configuration, now: float, most: int) -> Done:
    """Look at the sources whose turn it is, `most` of them; `now` in seconds since the epoch.

    Raises:
        InputError: A resolver cannot be used.
        StoreError: The database failed.
    """
    watch = configuration.watching.watch
    settings = app.Settings(
        resolvers=watch.resolvers,
        connect_to=watch.connect_to,
        timeout=watch.timeout_s,
        retries=watch.retries,
        smtp=False,
    )
    ports, stored = app.build_ports(settings), Stored()
    try:
        return await look(database, ports, stored, now, most)
    finally:
        await ports.resolver.aclose()
        stored.close()
