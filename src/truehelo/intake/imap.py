"""A mailbox on an IMAP server (RFC 3501, RFC 9051): what is new in it, and what becomes of it once it is stored.

Where it has got to is UIDVALIDITY and a UID (RFC 9051 §2.3.1.1), kept by whoever gives `memory`. Nothing is flagged, moved
or deleted before its item is done, and the place is remembered last of all: whatever breaks off in between is read again,
which the store knows. Messages are fetched without being marked (BODY.PEEK). Does not look into them (`reports.read`).
"""

import contextlib
import ssl
import subprocess
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from truehelo.configuration.mailboxes import ImapSettings
from truehelo.facts.address import names_loopback
from truehelo.intake.bell import Bell, Stopped
from truehelo.intake.item import IntakeError, Item, Memory, Outcome, held

if TYPE_CHECKING:
    from truehelo.intake.session import Session

MAX_SECRET = 65_536
COMMAND_S = 60.0


class ImapMailbox:
    """One mailbox. `items` looks once, `follow` goes on until the bell rings."""

    def __init__(
        self,
        settings: ImapSettings,
        login: Callable[[], str],
        memory: Memory,
        context: ssl.SSLContext,
        *,
        loopback_only: bool = False,
    ) -> None:
        """Take the settings, what gives the password or token, where the place is kept, and what TLS is verified by."""
        self.settings, self._login, self._memory, self._context = settings, login, memory, context
        self._loopback_only = loopback_only
        self._key = f"reports imap {settings.user}@{settings.host} {settings.folder}"

    def items(self, bell: Bell) -> Generator[Item, None, None]:
        """Yield what is new, once.

        Raises:
            IntakeError: The server cannot be reached, refuses, or says what cannot be understood.
            Stopped: The bell rang.
        """
        with self._session(bell) as session:
            yield from self._new(session)

    def follow(self, bell: Bell) -> Generator[Item | None, None, None]:
        """Yield what is new, None when there is nothing more, and then what comes; it ends in an error alone.

        Raises:
            IntakeError: As `items`; whoever calls may begin again.
            Stopped: The bell rang.
        """
        with self._session(bell) as session:
            while True:
                some = False
                with contextlib.closing(self._new(session)) as new:
                    for item in new:
                        some = True
                        yield item
                if not some:  # else more may have come meanwhile, and the server has told of it already
                    yield None
                    session.wait(bell, self.settings.interval_s)

    def _new(self, session: "Session") -> Generator[Item, None, None]:
        validity = session.select()
        kept, _, uid = (self._memory.get(self._key) or "").partition(" ")
        last = int(uid) if kept == str(validity) and uid.isdecimal() else 0
        for batch in session.batches(last):
            outcomes: dict[int, Outcome] = {}
            try:
                for number, octets in batch:
                    yield self._item(number, octets, outcomes)
            except GeneratorExit:
                # Whoever stores has given up: what was stored before need not be read again.
                with contextlib.suppress(IntakeError, Stopped):
                    self._finish(session, validity, outcomes)
                raise
            self._finish(session, validity, outcomes)
            if len(outcomes) < len(batch):
                raise IntakeError("not all that was fetched has been stored")

    def _finish(self, session: "Session", validity: int, outcomes: dict[int, Outcome]) -> None:
        """Put away what is done, and remember the place."""
        if outcomes:
            session.put_away(outcomes)
            self._memory.put(self._key, f"{validity} {max(outcomes)}")

    def _item(self, number: int, octets: bytes | str, outcomes: dict[int, Outcome]) -> Item:
        def done(outcome: Outcome) -> None:
            outcomes[number] = outcome

        def refuse() -> BinaryIO:
            raise IntakeError(str(octets))

        return Item(
            name=f"{self.settings.folder} message {number}",
            origin=f"imap:{self.settings.name}",
            open=refuse if isinstance(octets, str) else held(octets),
            done=done,
            by_mail=True,
        )

    @contextmanager
    def _session(self, bell: Bell) -> "Iterator[Session]":
        if self._loopback_only and not names_loopback(self.settings.host):
            problem = "is not contacted, since nothing may leave this machine (TRUEHELO_LOOPBACK_ONLY)"
            raise IntakeError(f"{self.settings.host}: {problem}")
        from truehelo.intake.session import talking  # late: the library is needed by who has such a mailbox

        with talking(self.settings, self._login(), self._context, bell) as session:
            yield session


def printed(argv: tuple[str, ...]) -> str:
    """Return the first line that a program prints: a password, or a token that is fresh. No shell is involved.

    Raises:
        IntakeError: It failed, took too long, or printed nothing.
    """
    try:
        done = subprocess.run(  # noqa: S603  (the operator's own program, from the configuration, without a shell)
            argv, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False
        )
    except (OSError, ValueError) as error:
        raise IntakeError(f"{argv[0]}: cannot be run ({error})") from None
    except subprocess.TimeoutExpired:
        raise IntakeError(f"{argv[0]}: did not end in {COMMAND_S:g} s") from None
    if done.returncode != 0:
        raise IntakeError(f"{argv[0]}: ended with exit code {done.returncode}")
    line = done.stdout[:MAX_SECRET].decode("utf-8", "replace").partition("\n")[0].strip()
    if not line:
        raise IntakeError(f"{argv[0]}: printed nothing")
    return line


def trusting(ca_file: str) -> ssl.SSLContext:
    """Return what certificates are verified by: the system's authorities, and those of a file ("" for none).

    Raises:
        IntakeError: The file cannot be read, or holds none.
    """
    context = ssl.create_default_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except ssl.SSLError:
            raise IntakeError(f"{ca_file}: holds no certificates in PEM") from None
        except OSError as error:
            raise IntakeError(f"{ca_file}: cannot be read ({(error.strerror or str(error)).lower()})") from None
    return context
