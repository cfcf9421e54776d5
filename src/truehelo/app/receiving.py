"""The service that takes reports in as they come: the SMTP listener and the mailboxes of the configuration.

Each mailbox is followed in a thread of its own, since its client waits; whatever comes is stored by one `Keeper`. A
database that is gone, a server that hangs up, a full disk: the message stays where it is, and is tried again. Used by
`reports listen`, and by the watch beside what it does.
"""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from truehelo import app
from truehelo.app.reporting import Keeper, Refusal
from truehelo.configuration.channels import Secret
from truehelo.configuration.mailboxes import ImapSettings, MailboxSettings, MaildirSettings
from truehelo.configuration.reports import ReportSettings
from truehelo.errors import InputError
from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.intake import maildir
from truehelo.intake.aside import Aside
from truehelo.intake.bell import Bell, Stopped
from truehelo.intake.imap import ImapMailbox, printed, trusting
from truehelo.intake.item import GoneError, IntakeError, Item, LaterError
from truehelo.intake.smtp import Listener, certified
from truehelo.service.health import Health, Part
from truehelo.service.secret import read_secret
from truehelo.store.database import Database, StoreError
from truehelo.store.upkeep import get, put

FIRST_S, LONGEST_S = 5.0, 900.0
"""After how long a mailbox that failed is tried again, and after how long at most."""
STOP_S = 10.0
Log = Callable[[str], None]


class StoreMemory:
    """What the intake remembers, kept in the database."""

    def __init__(self, database: Database) -> None:
        """Take the database."""
        self._database = database

    def get(self, key: str) -> str | None:
        """Return what was kept."""
        with _reached(), self._database.read() as connection:
            return get(connection, key)

    def put(self, key: str, value: str) -> None:
        """Keep it."""
        with _reached(), self._database.write() as connection:
            put(connection, key, value)


@contextlib.contextmanager
def _reached() -> Iterator[None]:
    """Have a database that fails told as what the intake knows: the mailbox goes on from the same place later."""
    try:
        yield
    except StoreError as error:
        raise IntakeError(str(error)) from None


def aside_of(settings: ReportSettings, database: Database, folder: Path | None) -> Aside:
    """Return the folder for what is refused: as configured, else `refused` beside the database or in the state folder."""
    if settings.refused:
        place = (folder or Path()) / settings.refused
    elif database.is_sqlite:
        place = Path(database.url.database or "").parent / "refused"
    else:
        place = Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0] or ".") / "refused"
    return Aside(place, settings.refused_files, settings.refused_octets)


@dataclass(slots=True)
class Left:
    """What one look at a mailbox has left for the next one: how many messages, and what was wrong with the first."""

    count: int = 0
    first: str = ""

    def add(self, error: LaterError) -> bool:
        """Count a message; False for one that somebody else has taken away, which is nothing."""
        if isinstance(error, GoneError):
            return False
        self.count += 1
        self.first = self.first or str(error)
        return True

    def __str__(self) -> str:
        """What is to be told."""
        more = self.count - 1
        return f"{self.first}, and {more:,} more like it" if more else self.first


class Mailbox:
    """A mailbox of the configuration, of either kind."""

    def __init__(self, settings: MailboxSettings, database: Database, folder: Path | None) -> None:
        """Take the settings; nothing is opened yet.

        Raises:
            InputError: A secret or a certificate cannot be read.
        """
        self.settings, self._folder = settings, folder or Path()
        self._imap: ImapMailbox | None = None
        if isinstance(settings, ImapSettings):
            try:
                context = trusting(str(self._folder / settings.ca_file) if settings.ca_file else "")
            except IntakeError as error:
                raise InputError(f"mailbox {settings.name}", str(error)) from None
            if settings.secret is not None:
                self._login(settings)  # told at the start, not when somebody has waited for reports for a day
            self._imap = ImapMailbox(
                settings, lambda: self._login(settings), StoreMemory(database), context, loopback_only=app.guarded()
            )

    @property
    def loose(self) -> bool:
        """Tell whether a message can be left for later: of a Maildir alone, an IMAP mailbox is read up to a place."""
        return self._imap is None

    def items(self, bell: Bell) -> Generator[Item, None, None]:
        """Yield what is new, once.

        Raises:
            IntakeError: The mailbox cannot be read.
        """
        if self._imap is not None:
            yield from self._imap.items(bell)
        elif isinstance(self.settings, MaildirSettings):
            yield from maildir.unseen(self.settings, self._folder / self.settings.path)

    def follow(self, bell: Bell) -> Generator[Item | None, None, None]:
        """Yield what is new, None when there is nothing more, and then what comes."""
        if self._imap is not None:
            yield from self._imap.follow(bell)
        else:
            while True:
                yield from self.items(bell)
                yield None
                if bell.wait(self.settings.interval_s):
                    return

    def _login(self, settings: ImapSettings) -> str:
        """Return the password or the token, read anew: tokens are replaced by others."""
        if settings.secret is None:
            return printed(settings.command)
        what = "password" if settings.auth == "password" else "token"
        held: Secret = settings.secret
        return read_secret(replace(held, file=str(self._folder / held.file)) if held.file else held, what)


class Receiving:
    """What takes reports in. Use `receiving`."""

    def __init__(
        self, settings: ReportSettings, database: Database, *, folder: Path | None, health: Health, log: Log
    ) -> None:
        """Put it together; nothing is opened yet.

        Raises:
            InputError: A secret, a certificate or a name cannot be used.
        """
        self.settings, self.health, self.log = settings, health, log
        self.keeper = Keeper(database, redact=settings.redact, aside=aside_of(settings, database, folder))
        self.mailboxes = [Mailbox(each, database, folder) for each in settings.mailboxes]
        self.listener: Listener | None = None
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="reports")
        self._bell = Bell()
        self._threads: list[threading.Thread] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self.broken: asyncio.Future[None] | None = None
        if settings.listen is not None:
            context = None
            if settings.listen.certificate:
                beside = folder or Path()
                context = certified(str(beside / settings.listen.certificate), str(beside / settings.listen.key))
            self.listener = Listener(settings.listen, self._mailed, context, log)

    async def start(self) -> None:
        """Begin.

        Raises:
            InputError: The listener cannot listen.
        """
        self._loop = asyncio.get_running_loop()
        self.broken = self._loop.create_future()
        if self.listener is not None:
            await self.listener.start()
        for mailbox in self.mailboxes:
            name = f"mailbox {mailbox.settings.name}"
            thread = threading.Thread(target=self._follow, args=(mailbox,), name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    async def aclose(self) -> None:
        """Stop: what is being stored is finished first, for a while."""
        self._bell.ring()
        if self.listener is not None:
            await self.listener.aclose()
        end = asyncio.get_running_loop().time() + STOP_S
        for thread in self._threads:
            await asyncio.to_thread(thread.join, max(0.0, end - asyncio.get_running_loop().time()))
        if not any(thread.is_alive() for thread in self._threads):
            self._bell.close()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def line(self) -> str:
        """Sum up in one line."""
        found = self.keeper.summary
        words = [f"{found.new:,} reports in", f"{found.duplicates:,} known before", f"{found.refused:,} refused"]
        problems = [each for each in self.health.problems if each.part is Part.REPORTS]
        if problems:
            words.append(f"trouble: {problems[0]}")
        return ", ".join(words)

    # SMTP

    async def _mailed(self, item: Item) -> None:
        """Store what came by SMTP.

        Raises:
            IntakeError: It cannot be stored now.
        """
        loop = asyncio.get_running_loop()
        try:
            refusal = await loop.run_in_executor(self._pool, self.keeper.take, item)
        except (IntakeError, StoreError) as error:
            self.health.trouble(Part.REPORTS, str(error), name="smtp", severity=Severity.WARNING)
            raise IntakeError(str(error)) from None
        self.health.well(Part.REPORTS, "smtp")
        self._told(item, refusal)

    def _told(self, item: Item, refusal: Refusal | None) -> None:
        if refusal is not None:
            self.log(f"{item.origin}: refused {refusal.name}: {refusal.reason}")

    # Mailboxes, each in its thread

    def _follow(self, mailbox: Mailbox) -> None:
        try:
            self._go_on(mailbox)
        except BaseException as error:  # noqa: BLE001  (the outermost frame of a thread: it is told to the loop, which raises it)
            self._on_loop(self._fail, error)

    def _go_on(self, mailbox: Mailbox) -> None:
        bell, wait_s, name = self._bell, FIRST_S, mailbox.settings.name
        while not bell.rung:
            left = Left()
            try:
                with contextlib.closing(mailbox.follow(bell)) as items:
                    for item in items:
                        if item is not None:
                            self._take(mailbox, item, left)
                            continue
                        if not left.count:
                            self._on_loop(self._well, name)
                        left, wait_s = Left(), FIRST_S
            except Stopped:
                return
            except (IntakeError, InputError, StoreError) as error:
                self._on_loop(self._trouble, name, str(error))
            bell.wait(wait_s)
            wait_s = min(2 * wait_s, LONGEST_S)

    def _take(self, mailbox: Mailbox, item: Item, left: Left) -> None:
        """Store an item; where it has to be left, it is told, and comes again with the next look."""
        try:
            self._told(item, self.keeper.take(item))
        except LaterError as error:
            if not mailbox.loose:
                raise
            if left.add(error):
                self._on_loop(self._trouble, mailbox.settings.name, str(left))

    def _on_loop(self, work: Callable[..., None], *values: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: there is nobody to tell
            if self._loop is not None:
                self._loop.call_soon_threadsafe(work, *values)

    def _well(self, name: str) -> None:
        if self.health.well(Part.REPORTS, name) is not None:
            self.log(f"mailbox {name}: is well again")

    def _trouble(self, name: str, what: str) -> None:
        if self.health.trouble(Part.REPORTS, what, name=name, severity=Severity.WARNING):
            self.log(f"mailbox {name}: {visible(what, 500)}; it is tried again")

    def _fail(self, error: BaseException) -> None:
        if self.broken is not None and not self.broken.done():
            self.broken.set_exception(error)


@asynccontextmanager
async def beside(
    settings: ReportSettings, database: Database, *, folder: Path | None, health: Health, log: Log
) -> AsyncIterator[None]:
    """Do the same beside a watch, which goes on whatever becomes of it.

    Raises:
        InputError: As `receiving`.
    """
    async with receiving(settings, database, folder=folder, health=health, log=log) as made:

        def told(broken: "asyncio.Future[None]") -> None:
            if not broken.cancelled() and (error := broken.exception()) is not None:
                what = f"a mailbox is no longer followed, by a bug: {type(error).__name__}: {error}"
                health.trouble(Part.REPORTS, what, name="thread")
                log(what)

        if made is not None and made.broken is not None:
            made.broken.add_done_callback(told)
        yield


@asynccontextmanager
async def receiving(
    settings: ReportSettings, database: Database, *, folder: Path | None, health: Health, log: Log
) -> AsyncIterator[Receiving | None]:
    """Take reports in for as long as this is open; None where nothing of the kind is configured.

    Raises:
        InputError: Something in the configuration cannot be used, or the listener cannot listen.
    """
    if not settings.anything:
        yield None
        return
    made = Receiving(settings, database, folder=folder, health=health, log=log)
    try:
        await made.start()
        if made.listener is not None:
            where = made.listener.place
            log(f"taking reports by SMTP on {where[0]} port {where[1]}, as {made.listener.name}")
        for mailbox in made.mailboxes:
            log(f"following the mailbox {mailbox.settings.name}")
        yield made
    finally:
        await made.aclose()
