"""What was found in looks, until it is written: many in one transaction, and one by one where something fails with one.

What could not be recorded since the database is gone stays here, and is recorded later. A look that the database does not
take, or that the program fails over, holds up no other: its subject counts as unseen. Does not decide what is written
(`record.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from truehelo.monitor.hurry import Hurrying
from truehelo.monitor.incidents import Told
from truehelo.monitor.look import Look
from truehelo.monitor.record import Writing, write_all
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.stored import Stored
from truehelo.service.health import Health, Part
from truehelo.store import schedule
from truehelo.store.database import Database, StoreError, UnfitError
from truehelo.store.schedule import Checked


@dataclass(slots=True, kw_only=True)
class Unwritten:
    """The looks of one watcher that are not written yet; `log` gets a line for each that cannot be."""

    database: Database
    stored: Stored
    writing: Writing
    clock: SteadyClock
    health: Health
    vantage: str
    log: Callable[[str], None]
    _waiting: list[tuple[Look, Checked]] = field(default_factory=list)
    _under_way: list[tuple[Look, Checked]] = field(default_factory=list)
    _unfit: set[str] = field(default_factory=set)
    """The addresses of which the last look could not be recorded, for what was seen."""
    _hurrying: Hurrying = field(default_factory=Hurrying)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._waiting)

    @property
    def subjects(self) -> set[int]:
        """The numbers of the subjects whose looks wait, or are being written."""
        return {found.due.subject.id for found, _ in (*self._waiting, *self._under_way)}

    def add(self, found: Look, checked: Checked) -> None:
        """Keep a look until it is written."""
        self._waiting.append((found, checked))

    async def write(self) -> tuple[Told, bool]:
        """Write all that wait; return what was opened and closed, and whether one is due before its regular time.

        Raises:
            StoreError: The database failed; what is not written stays.
        """
        batch, self._waiting = self._waiting, []
        self._under_way += batch
        told = Told()
        try:
            await self.stored(lambda: self._record(batch, told))
            self._fits(batch)
        except UnfitError:
            told = await self._write_each(batch)
        except StoreError:
            self._waiting = batch + self._waiting
            raise
        except Exception:  # noqa: BLE001  a fault in one look must not end the watch; which one it is is found out, and told
            told = await self._write_each(batch)
        finally:
            written = {id(each) for each in batch}
            self._under_way = [each for each in self._under_way if id(each) not in written]
        return told, any(checked.next_run_at < checked.due_at for _, checked in batch)

    async def _write_each(self, batch: Sequence[tuple[Look, Checked]]) -> Told:
        """Write looks one by one, as what fails with one of them must not hold up the others: that one is put off."""
        told = Told()
        for number, each in enumerate(batch):
            try:
                one = await self._write_one(*each)
            except StoreError:
                self._waiting = [*batch[number:], *self._waiting]
                raise
            told.opened += one.opened
            told.closed += one.closed
        return told

    async def _write_one(self, found: Look, checked: Checked) -> Told:
        told = Told()
        try:
            await self.stored(lambda: self._record([(found, checked)], told))
        except UnfitError as error:
            fault = f"the database does not take what was seen of {found.due.subject.ip}: {error.reason}"
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  as above
            fault = (
                f"a fault of truehelo in recording what was seen of {found.due.subject.ip}: {type(error).__name__}: {error}"
            )
        else:
            self._fits([(found, checked)])
            return told
        await self._put_off(found, checked, fault)
        return Told()

    def _fits(self, batch: Sequence[tuple[Look, Checked]]) -> None:
        """Say that what could not be recorded before was recorded now."""
        for ip in self._unfit & {found.due.subject.ip for found, _ in batch} if self._unfit else ():
            self._unfit.discard(ip)
            self.health.well(Part.SCHEDULE, f"{ip} in the database")

    async def _put_off(self, found: Look, checked: Checked, fault: str) -> None:
        """Tell that a look could not be recorded; its subject is unseen, as it was before, and due at its regular time."""
        due = found.due
        self._unfit.add(due.subject.ip)
        if self.health.trouble(Part.SCHEDULE, fault, name=f"{due.subject.ip} in the database"):
            self.log(fault)
        unseen = replace(
            checked,
            next_run_at=checked.due_at,
            determined_at=due.determined_at,
            undetermined_since=due.undetermined_since or found.at,
            undetermined_cause="what was seen could not be recorded",
            began_at=due.began_at,
            fingerprint=due.fingerprint,
            steady=due.steady,
            worst=due.worst,
            overlay=due.overlay,
            listed_at=due.listed_at,
        )

        def note() -> None:
            with self.database.write() as connection:
                schedule.record(connection, unseen)

        await self.stored(note)

    def _record(self, batch: Sequence[tuple[Look, Checked]], told: Told) -> None:
        with self.database.write() as connection:
            changed = write_all(connection, batch, self.writing, told)
            self._hurrying.hurry(connection, changed, self.vantage, self.clock.seconds(), self.writing.policy.group_s)
