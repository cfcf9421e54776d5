"""The names of the inventory, looked up anew now and then: the addresses that they lead to are what is watched.

Does not decide what a name leads to (`engine/discover.py`), nor what becomes of an address that is gone
(`inventory/discovered.py`).
"""

import asyncio
from functools import partial

from truehelo.engine.discover import discover
from truehelo.errors import InputError
from truehelo.facts.address import Address
from truehelo.inventory.discovered import Merge
from truehelo.inventory.model import Line
from truehelo.monitor.stored import Stored
from truehelo.ports import Ports
from truehelo.store import inventory
from truehelo.store.database import Database, StoreError, UnfitError

AT_ONCE = 5
LOOK_S = 150.0
AGAIN_S = 3600.0
"""When a name is tried again whose look failed; sooner where all names are looked up more often."""


async def discover_due(
    database: Database,
    stored: Stored,
    ports: Ports,
    now: float,
    *,
    every_s: float,
    interval_s: float,
    faults: dict[str, str],
) -> list[str]:
    """Look up a few of the names that were last looked up `every_s` seconds ago or more; return what is to be told.

    A look that fails leaves what was found before as it is, and holds up no other name.

    Args:
        database: Holds the inventory.
        stored: Runs work over it.
        ports: The resolver, and who knows the suffixes.
        now: Seconds since the epoch.
        every_s: How long an answer is believed.
        interval_s: Seconds between two looks at addresses whose line does not say.
        faults: Is given, for each name that was looked up, what went wrong; "" where nothing did.

    Raises:
        StoreError: The database failed.
    """
    notes: list[str] = []
    for line in await stored(lambda: _due(database, now - every_s, now)):
        held = await stored(partial(_held, database, line.key))
        if held is None:
            continue
        fault = ""
        try:
            async with asyncio.timeout(LOOK_S):
                merged = await discover(line, held, ports.resolver, ports.suffixes)
            await stored(partial(_keep, database, line.key, held, merged, now, interval_s))
            notes += merged.notes[:3]
        except TimeoutError:
            fault = f"a look at {line.target} took longer than {LOOK_S:.0f} s"
        except UnfitError as error:
            fault = f"the database does not take what {line.target} leads to: {error.reason}"
        except StoreError:
            raise
        except InputError as error:
            fault = f"what {line.target} leads to cannot be watched: {error}"
        except Exception as error:  # noqa: BLE001  a fault in one name must not end the watch, and is told
            fault = f"a fault of truehelo in a look at {line.target}: {type(error).__name__}: {error}"
        faults[line.target] = fault
        if fault:
            at = now - max(0.0, every_s - AGAIN_S)
            await stored(partial(_keep, database, line.key, held, Merge(addresses=held), at, interval_s))
    return notes


def _due(database: Database, before: float, now: float) -> list[Line]:
    with database.read() as connection:
        return inventory.names_due(connection, before, AT_ONCE, now=now)


def _held(database: Database, key: str) -> tuple[Address, ...] | None:
    with database.read() as connection:
        return inventory.found_of(connection, key)


def _keep(database: Database, key: str, held: tuple[Address, ...], merged: Merge, now: float, interval_s: float) -> None:
    with database.write() as connection:
        inventory.lock(connection)
        # Somebody else may have changed the line meanwhile: then it is looked up again.
        if inventory.found_of(connection, key) == held:
            inventory.put_found(connection, {key: merged}, now, default_interval_s=interval_s)
