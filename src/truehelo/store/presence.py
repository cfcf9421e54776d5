"""Who is alive among the watchers of one database: a dead one's work is given up at once, not when its lease ends.

On PostgreSQL each watcher holds an advisory lock for as long as its session lives, which the server lets go of when the
process is gone. On SQLite all watchers share a lock on a file beside the database; whoever starts and finds nobody
holding it knows that what is taken was taken by the dead. Leases stay the last resort: no lock is needed for
correctness, and one that is lost too early costs a look or a delivery that is made twice.
"""

import contextlib
import fcntl
import os
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Connection, Table, func, select, text, union, update
from sqlalchemy.exc import DBAPIError

from truehelo.store.database import Database
from truehelo.store.tables import outbox, schedule
from truehelo.store.things.tables import watched_domains

SIGN = "@"
"""How the name of a worker begins that holds such a lock; of others nobody knows whether they live."""
ABSENT_S = 4.0
"""For how long a watcher must be seen without its lock before its work is given up: its session may come back."""
SETTLING_S = 15.0
"""How long everybody has to come back after the server, or the own session, was gone."""
_CLASS = 0x7472_7565
_PRESENT = text(
    "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = :class AND objsubid = 2 "
    "AND granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_KEEPALIVE = ("tcp_keepalives_idle = 10", "tcp_keepalives_interval = 5", "tcp_keepalives_count = 3")
"""By these the server notices within half a minute that a machine has gone without a word."""
_UP_S = text("SELECT extract(epoch FROM clock_timestamp() - pg_postmaster_start_time())::float8")
_HOLDERS = union(
    *(
        select(table.c.claimed_by).where(table.c.claimed_by.startswith(SIGN, autoescape=True))
        for table in (schedule, outbox)
    )
)


@dataclass(frozen=True, slots=True)
class Held:
    """What one worker has taken: subjects, and messages of the outbox."""

    subjects: frozenset[int] = frozenset()
    letters: frozenset[int] = frozenset()

    def __bool__(self) -> bool:
        """Whether it is anything."""
        return bool(self.subjects or self.letters)

    def without(self, other: "Held") -> "Held":
        """What is not in the other."""
        return Held(self.subjects - other.subjects, self.letters - other.letters)

    def common(self, other: "Held") -> "Held":
        """What is in the other too."""
        return Held(self.subjects & other.subjects, self.letters & other.letters)


class Presence(ABC):
    """A watcher's sign of life. `worker` is its name, which begins with `SIGN` and is no other's."""

    every_s = 2.0

    def __init__(self, database: Database, worker: str) -> None:
        """Keep the parts; nothing is held yet."""
        self.database, self.worker = database, worker

    @abstractmethod
    def turn(self) -> int:
        """Hold the lock, and give up the work of those who are gone; return how many subjects and messages that was.

        Raises:
            StoreError: The database failed; it is to be tried again.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the lock."""

    def held(self) -> Held:
        """Return what this worker has taken, as the database says.

        Raises:
            StoreError: The database failed.
        """
        with self.database.read() as connection:
            return Held(
                frozenset(connection.scalars(select(schedule.c.subject_id).where(schedule.c.claimed_by == self.worker))),
                frozenset(connection.scalars(select(outbox.c.id).where(outbox.c.claimed_by == self.worker))),
            )

    def give_back(self, what: Held) -> None:
        """Give back some of what this worker has taken.

        Raises:
            StoreError: The database failed.
        """
        with self.database.write() as connection:
            for table, key, ids in (
                (schedule, schedule.c.subject_id, what.subjects),
                (outbox, outbox.c.id, what.letters),
            ):
                if ids:
                    _give_up(connection, table, (table.c.claimed_by == self.worker) & key.in_(ids))


def presence_of(database: Database, worker: str, monotonic: Callable[[], float]) -> Presence:
    """Return the sign of life that fits the database; `monotonic` is a clock in seconds."""
    if database.is_sqlite:
        return FilePresence(database, worker)
    return ServerPresence(database, worker, monotonic)


_TAKEN = (schedule, outbox, watched_domains)
"""What is taken by lease."""


def give_up(connection: Connection, workers: Iterable[str]) -> int:
    """Give up what these workers have taken; return how many subjects, messages and domains that was."""
    names = list(workers)
    return sum(_give_up(connection, table, table.c.claimed_by.in_(names)) for table in _TAKEN)


def give_up_all_but(connection: Connection, worker: str) -> int:
    """Give up what anybody else has taken; return how many subjects, messages and domains that was."""
    return sum(_give_up(connection, table, table.c.claimed_by != worker) for table in _TAKEN)


def _give_up(connection: Connection, table: Table, held: ColumnElement[bool]) -> int:
    return connection.execute(update(table).where(held).values(claimed_by=None, claimed_until=None)).rowcount


class FilePresence(Presence):
    """A lock on a file beside the SQLite database, which every watcher of it shares."""

    _file: int | None = None

    def turn(self) -> int:
        """Take the lock once. Nobody else can begin while this one finds out whether it is alone."""
        if self._file is not None:
            return 0
        path = Path(f"{self.database.url.database}.watched")
        try:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:  # a disk that is full, a folder that is not ours: then leases end
            return 0
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:  # somebody is there, or the file system has no locks: then leases end
            alone = False
        else:
            alone = True
        count = 0
        try:
            if alone:
                with self.database.write() as connection:
                    count = give_up_all_but(connection, self.worker)
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            os.close(file)
            return count
        except BaseException:
            os.close(file)
            raise
        self._file = file
        return count

    def close(self) -> None:
        """Let go of the lock; the file stays."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


class ServerPresence(Presence):
    """An advisory lock of PostgreSQL, held by a session that does nothing else."""

    def __init__(self, database: Database, worker: str, monotonic: Callable[[], float]) -> None:
        """Keep the parts; nothing is held yet."""
        super().__init__(database, worker)
        self._monotonic = monotonic
        self._session: Connection | None = None
        self._settled_at = 0.0
        self._absent: dict[str, float] = {}

    def turn(self) -> int:
        """Hold the lock, and give up the work of those who have been without theirs for long enough."""
        now = self._monotonic()
        present, up_s = self._look(now)
        with self.database.read() as connection:
            holders = list(connection.scalars(_HOLDERS))
        gone = [name for name in holders if _number(name) not in present]
        self._absent = {name: self._absent.get(name, now) for name in gone}
        if now < self._settled_at or up_s < SETTLING_S:
            return 0
        dead = [name for name, since in self._absent.items() if now - since >= ABSENT_S]
        if not dead:
            return 0
        with self.database.write() as connection:
            return give_up(connection, dead)

    def _look(self, now: float) -> tuple[set[int], float]:
        """Return whose locks are held, and for how long the server has been up (seconds)."""
        try:
            if self._session is None:
                self._begin()
            session = self._session
            assert session is not None  # noqa: S101
            present = set(session.scalars(_PRESENT, {"class": _CLASS}))
            if _number(self.worker) not in present:
                self._hold(session)
            return present, session.execute(_UP_S).scalar_one()
        except DBAPIError:
            self.close()
            self._settled_at, self._absent = now + SETTLING_S, {}
            with self.database.read() as connection:  # says in one sentence what is wrong, if it still is
                connection.execute(select(func.now()))
            return set(), 0.0

    def _begin(self) -> None:
        session = self.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        session.detach()  # not one of the pool's: the lock lives as long as it does
        self._session = session
        for setting in _KEEPALIVE:
            session.execute(text(f"SET {setting}"))
        self._hold(session)

    def _hold(self, session: Connection) -> None:
        session.execute(
            text("SELECT pg_try_advisory_lock(:class, :number)"), {"class": _CLASS, "number": _signed(self.worker)}
        )

    def close(self) -> None:
        """End the session, and the lock with it."""
        if self._session is not None:
            session, self._session = self._session, None
            with contextlib.suppress(DBAPIError):  # it may be gone already
                session.close()


def _number(worker: str) -> int:
    return zlib.crc32(worker.encode())


def _signed(worker: str) -> int:
    """The number as PostgreSQL takes it, and shows as `_number`."""
    number = _number(worker)
    return number - 2**32 if number >= 2**31 else number
