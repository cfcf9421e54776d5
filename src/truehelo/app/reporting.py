"""The wiring of the intake: items -> readers of reports -> store, one report one transaction.

What holds no report is kept as refused, with a reason, and stops nothing else. What the database cannot take now is an
error to whoever calls: the item is not done, and comes again. The service that takes in what comes is in `receiving.py`.
"""

import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from truehelo.facts.text import visible
from truehelo.intake.aside import Aside
from truehelo.intake.item import GoneError, IntakeError, Item, LaterError, Outcome, cause
from truehelo.reports.model import DEFAULT_BUDGET, Budget, Refused
from truehelo.reports.read import pieces_in
from truehelo.store.database import Database
from truehelo.store.reports.importing import Came, Found, Importer, Stored
from truehelo.store.reports.importing import Outcome as Became

MAX_TOLD = 1000
"""Refusals that are remembered one by one; the others are counted."""
_CHUNK = 2**18
Named = tuple[str, str, Found]
"""One thing found in an item: its name, the domain of the sender of its message ("" without one), and itself."""
Read = Callable[[BinaryIO, Item], Iterable[Named]]


@dataclass(slots=True)
class Refusal:
    """What was refused: its name, and why in one sentence without a full stop."""

    name: str
    reason: str


@dataclass(slots=True)
class Summary:
    """What came of items.

    Args:
        items: Files and messages that were read.
        new: Reports that are stored now, `duplicates` that were stored before, `conflicts` that are stored beside an other
            one of the same name.
        refused: Parts of items that are no report, or a broken one, each in `refusals` (the first `MAX_TOLD`).
        bad: Records that could not be used, `faults` the first of each report.
        messages: Messages (of TLS reports: sessions) that the new reports are about.
    """

    items: int = 0
    new: int = 0
    duplicates: int = 0
    conflicts: int = 0
    refused: int = 0
    bad: int = 0
    records: int = 0
    messages: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    faults: list[Refusal] = field(default_factory=list)
    by_kind: dict[str, int] = field(default_factory=dict)

    def refuse(self, name: str, reason: str) -> Refusal:
        """Count a refusal, and return it."""
        self.refused += 1
        refusal = Refusal(visible(name, 300), visible(reason, 500))
        if len(self.refusals) < MAX_TOLD:
            self.refusals.append(refusal)
        return refusal

    def count(self, name: str, stored: Stored) -> Refusal | None:
        """Count what became of one report; return its refusal, if it is one."""
        if stored.outcome is Became.REFUSED:
            return self.refuse(name, stored.reason)
        if stored.outcome is Became.DUPLICATE:
            self.duplicates += 1
            return None
        self.conflicts += stored.outcome is Became.CONFLICT
        self.new += stored.outcome is Became.NEW
        kind = str(stored.kind)
        self.by_kind[kind] = self.by_kind.get(kind, 0) + 1
        self.records += stored.records
        self.messages += stored.messages if stored.outcome is Became.NEW else 0
        self.bad += stored.bad
        if stored.bad and len(self.faults) < MAX_TOLD:
            what = f"{stored.bad:,} of its {stored.records + stored.bad:,} records cannot be used"
            self.faults.append(Refusal(visible(name, 300), what))
        return None


class Keeper:
    """Stores what items hold, one at a time whatever the thread: a file has one writer, and the intake is no race.

    Args:
        database: Where to.
        redact: Of failure reports no more is kept than need be.
        aside: Where the octets go that could not be read, None for nowhere.
        all_aside: Not only those that came by mail.
        budget: What one report may cost.
    """

    def __init__(
        self,
        database: Database,
        *,
        redact: bool = True,
        aside: Aside | None = None,
        all_aside: bool = False,
        budget: Budget = DEFAULT_BUDGET,
    ) -> None:
        """Take all of it; nothing is read yet."""
        self.summary = Summary()
        self._importer, self._redact, self._budget = Importer(database), redact, budget
        self._aside, self._all_aside = aside, all_aside
        self._lock = threading.Lock()

    def take(self, item: Item, read: Read | None = None) -> Refusal | None:
        """Store what an item holds; then tell whoever waits for it. Return what was refused of it, the last part.

        Raises:
            StoreError: The database failed; what came before in the same item stands, and the item is not done.
            IntakeError: It came by mail and cannot be kept aside now.
            LaterError: It came by mail and cannot be read now, or it cannot be put away.
            GoneError: It came by mail, and is not there any more.
        """
        with self._lock:
            refusal = self._take(item, read or self._read)
            self.summary.items += 1
        item.done(Outcome.STORED if refusal is None else Outcome.REFUSED)
        return refusal

    def _read(self, stream: BinaryIO, item: Item) -> Iterable[Named]:
        for piece in pieces_in(stream, item.name, self._budget, clock=time.thread_time, redact=self._redact):
            yield piece.name, "" if piece.letter is None else piece.letter.sender, piece.found

    def _take(self, item: Item, read: Read) -> Refusal | None:
        try:
            stream = item.open()
        except IntakeError as error:
            return self._unread(item, str(error))
        except FileNotFoundError as error:
            if item.by_mail:
                raise GoneError(f"{item.name}: is not there any more") from None
            return self._broken_off(item, error)
        except (OSError, ValueError) as error:
            return self._broken_off(item, error)
        with stream:
            try:
                return self._take_opened(item, stream, read)
            except OSError as error:
                return self._broken_off(item, error)

    def _take_opened(self, item: Item, stream: BinaryIO, read: Read) -> Refusal | None:
        digest = _digest(stream)
        wanted = self._aside is not None and (item.by_mail or self._all_aside)
        place = self._aside.place(digest) if self._aside is not None and wanted else None
        kept = "" if place is None else str(place)
        came = Came(origin=item.origin, name=item.name, at=time.time(), sender=item.sender, digest=digest, kept=kept)
        refusal, any_found = None, False
        for name, sender, found in read(stream, item):
            any_found = True
            refusal = self._store(found, replace(came, name=name, sender=came.sender or sender)) or refusal
        if not any_found:
            refusal = self._store(Refused(name=item.name, reason="holds no report"), came)
        if refusal is not None and self._aside is not None and place is not None:
            self._aside.keep(stream, place, f"{refusal.name}\n{item.origin}\n{refusal.reason}\n")
        return refusal

    def _store(self, found: Found, came: Came) -> Refusal | None:
        return self.summary.count(came.name, self._importer.store(found, came))

    def _broken_off(self, item: Item, error: OSError | ValueError) -> Refusal | None:
        """A disk that fails is no fault of a mail, which is tried again; of a file it is told like any other reason."""
        if item.by_mail:
            raise LaterError(f"{item.name}: cannot be read ({cause(error)})") from None
        return self._unread(item, f"cannot be read ({cause(error)})")

    def _unread(self, item: Item, reason: str) -> Refusal | None:
        came = Came(origin=item.origin, name=item.name, at=time.time(), sender=item.sender)
        return self._store(Refused(name=item.name, reason=reason), came)


def _digest(stream: BinaryIO) -> str:
    """Return the digest of all of a stream, which is at its beginning again."""
    digest = hashlib.sha256()
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
    stream.seek(0)
    return digest.hexdigest()
