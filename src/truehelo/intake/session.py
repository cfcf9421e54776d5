"""One conversation with an IMAP server: logged in, one folder selected, messages fetched and put away.

Over IMAPClient; what the server says that cannot be understood is an `IntakeError`, like a server that is gone. Does not
decide where to go on, nor what becomes of a message (`imap.py`).
"""

import contextlib
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from imapclient.exceptions import IMAPClientError

from truehelo.configuration.mailboxes import ImapSettings
from truehelo.facts.text import visible
from truehelo.intake.bell import Bell, Stopped
from truehelo.intake.item import IntakeError, Outcome
from truehelo.intake.wire import SMALL, Client

BATCH = 100
BATCH_OCTETS = 8 * 2**20
"""How much is fetched before it is put away: so many messages, of so many octets."""
WINDOW, MOST_WINDOWS = 10_000, 1000
"""How many numbers are searched at a time at least, and how often at most."""
SLOWEST = 16 * 1024
"""The octets a second that a message must come with at least, besides the time of a step."""
REFRESH_S = 24 * 60.0
"""How long a connection is idle at most: a server may end it after 30 minutes (RFC 2177 §3)."""
MAX_UID = 2**32 - 1
_SIZE = "rfc822.size"
"""The item that says how large a message is (RFC 9051 §7.5.2); case means nothing in it."""
_BROKEN = (OSError, ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError)
"""What the library raises over answers that are none, besides its own errors."""
TRIES, AGAIN_S = 3, 1.0
"""How often a message is asked for whose body comes as NIL (RFC 9051 §7.5.2), and how long is waited in between."""
Batch = list[tuple[int, bytes | str]]
"""Messages by their UID; in words why one cannot be had."""


class Session:
    """The conversation. Use `talking`."""

    def __init__(self, settings: ImapSettings, client: Client, secret: str) -> None:
        """Take the settings, the connection, and the password or token."""
        self._settings, self._client, self._secret = settings, client, secret
        self._next = 0

    def log_in(self, context: ssl.SSLContext) -> None:
        """Begin TLS where it does not begin by itself, and log in."""
        settings, client = self._settings, self._client
        with _understood(settings, self._secret):
            if settings.tls == "starttls":
                client.allow()
                client.starttls(context)
            client.allow()
            if settings.auth == "oauthbearer":
                client.oauthbearer_login(settings.user, self._secret)
            elif settings.auth == "xoauth2":
                client.oauth2_login(settings.user, self._secret)
            else:
                self._say_password()
            client.allow()
            client.capabilities()  # kept by the library; what is offered may change with the login

    def _say_password(self) -> None:
        """Log in with the password: in UTF-8 (RFC 4616) where the server can, else as quoted strings (RFC 9051 §4.3)."""
        client, user = self._client, self._settings.user
        words = user + self._secret
        plain = client.has_capability("AUTH=PLAIN")
        client.allow()
        if plain and "\0" not in words:
            client.plain_login(user, self._secret)
            return
        if plain or not words.isascii() or set("\0\r\n") & set(words):
            unsaid = "no login can carry" if plain else "LOGIN cannot carry, and it does not offer AUTH=PLAIN"
            raise IntakeError(f"cannot be told the user or the password: there are characters in them that {unsaid}")
        quoted = user.replace("\\", "\\\\").replace('"', '\\"')
        client.login(f'"{quoted}"', self._secret)  # of the two the library quotes the password alone

    def make_folders(self) -> None:
        """Make the folders that messages go to, where they are missing."""
        for folder in (self._settings.folder_done, self._settings.folder_refused):
            if folder:
                with _understood(self._settings, self._secret):
                    self._client.allow()
                    if not self._client.folder_exists(folder):
                        self._client.allow()
                        self._client.create_folder(folder)

    def select(self) -> int:
        """Select the folder; return its UIDVALIDITY (RFC 9051 §2.3.1.1)."""
        with _understood(self._settings, self._secret):
            self._client.allow()
            said = self._client.select_folder(self._settings.folder)
            self._next = min(int(said.get(b"UIDNEXT", 0)), MAX_UID)
            return int(said[b"UIDVALIDITY"])

    def batches(self, last: int) -> Iterator[Batch]:
        """Yield the messages after a UID, in the order of their UIDs."""
        for first, end in self._windows(last):
            with _understood(self._settings, self._secret):
                self._client.allow()
                found = self._client.search(["UID", f"{first}:{end}"])  # "*" is the last one, however low its number
                last_one = MAX_UID if end == "*" else int(end)
                uids = sorted({int(uid) for uid in found if first <= int(uid) <= last_one})
            for start in range(0, len(uids), BATCH):
                yield from self._sized(uids[start : start + BATCH])

    def _windows(self, last: int) -> Iterator[tuple[int, str]]:
        """Divide the numbers after a UID into ranges that are asked for one by one: an answer is one line."""
        if not self._next:  # an old server, which does not say how far they go
            yield last + 1, "*"
            return
        width = max(WINDOW, (self._next - last) // MOST_WINDOWS)
        for first in range(last + 1, self._next, width):
            yield first, str(min(first + width, self._next) - 1)

    def _sized(self, uids: list[int]) -> Iterator[Batch]:
        """Divide messages into batches by their size; one that has vanished meanwhile is in none."""
        with _understood(self._settings, self._secret):
            self._client.allow()
            said = self._client.fetch(uids, [_SIZE])
            sizes = {uid: max(0, int(said[uid][_SIZE.upper().encode()])) for uid in uids if uid in said}
        batch: list[int] = []
        for uid, size in sizes.items():
            if batch and sum(sizes[each] for each in batch) + size > BATCH_OCTETS:
                yield self._fetched(batch, sizes)
                batch = []
            batch.append(uid)
        if batch:
            yield self._fetched(batch, sizes)

    def _fetched(self, uids: list[int], sizes: Mapping[int, int]) -> Batch:
        most = self._settings.max_octets
        too_large = f"is larger than {most // 2**20} MiB"
        found: dict[int, bytes | str] = {uid: too_large for uid in uids if sizes[uid] > most}
        wanted = [uid for uid in uids if uid not in found]
        for number in range(TRIES):
            if number and wanted:
                time.sleep(AGAIN_S)
            said = self._asked(wanted, sizes)
            wanted = [uid for uid in wanted if uid in said]  # what the server says nothing of has vanished
            for uid in wanted:
                octets = said[uid].get(b"BODY[]")
                if isinstance(octets, bytes):
                    found[uid] = octets if len(octets) <= most else too_large
            wanted = [uid for uid in wanted if uid not in found]
        found |= dict.fromkeys(wanted, f"was asked for {TRIES} times, and the server gave nothing of it")
        return [(uid, found[uid]) for uid in uids if uid in found]

    def _asked(self, uids: list[int], sizes: Mapping[int, int]) -> dict[int, dict[bytes, Any]]:
        """Return what the server says of messages; the body of one may be NIL, or missing."""
        if not uids:
            return {}
        with _understood(self._settings, self._secret):
            # Some servers state sizes that are too small.
            most = self._settings.max_octets
            octets = min(2 * sum(sizes[uid] for uid in uids), len(uids) * most) + SMALL
            self._client.allow(octets, self._settings.timeout_s + octets / SLOWEST)
            said: dict[int, dict[bytes, Any]] = self._client.fetch(uids, ["BODY.PEEK[]"])
            return said

    def put_away(self, outcomes: Mapping[int, Outcome]) -> None:
        """Do with messages as the settings say, now that what they hold is stored."""
        settings = self._settings
        stored = [uid for uid, outcome in outcomes.items() if outcome is Outcome.STORED]
        refused = [uid for uid, outcome in outcomes.items() if outcome is Outcome.REFUSED]
        if stored and settings.after == "seen":
            with _understood(settings, self._secret):
                self._client.allow()
                self._client.add_flags(stored, [rb"\Seen"], silent=True)
        if stored and settings.after == "move":
            self._move(stored, settings.folder_done)
        if stored and settings.after == "delete":
            self._delete(stored)
        if refused and settings.folder_refused:
            self._move(refused, settings.folder_refused)

    def _move(self, uids: list[int], folder: str) -> None:
        with _understood(self._settings, self._secret):
            self._client.allow()
            if self._client.has_capability("MOVE"):
                self._client.move(uids, folder)
                return
            self._client.copy(uids, folder)
        self._delete(uids)

    def _delete(self, uids: list[int]) -> None:
        """Delete messages; where the server cannot expunge these alone (RFC 4315) they stay, marked as deleted."""
        with _understood(self._settings, self._secret):
            self._client.allow()
            self._client.delete_messages(uids, silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.allow()
                self._client.uid_expunge(uids)

    def wait(self, bell: Bell, seconds: float) -> None:
        """Wait until the server says that something has changed, or for so long.

        Raises:
            Stopped: The bell rang.
        """
        if not (self._settings.idle and self._client.has_capability("IDLE")):
            if bell.wait(seconds):
                raise Stopped
            with _understood(self._settings, self._secret):
                self._client.allow()
                self._client.noop()
            return
        with _understood(self._settings, self._secret):
            self._client.allow()
            self._client.idle()
            self._client.settle(min(seconds, REFRESH_S))
            self._client.allow()
            self._client.idle_done()


@contextmanager
def talking(settings: ImapSettings, secret: str, context: ssl.SSLContext, bell: Bell) -> Iterator[Session]:
    """Connect, log in and, at the end, leave.

    Raises:
        IntakeError: The server cannot be reached, refuses the login, or says what cannot be understood.
        Stopped: The bell rang.
    """
    with _understood(settings, secret):
        client = Client(settings.host, settings.port, context if settings.tls == "tls" else None, settings.timeout_s, bell)
    try:
        session = Session(settings, client, secret)
        session.log_in(context)
        session.make_folders()
        yield session
        with contextlib.suppress(IMAPClientError, IntakeError, Stopped, *_BROKEN):  # a goodbye that nobody needs
            client.allow(seconds=2.0)
            client.logout()
    finally:
        with contextlib.suppress(IMAPClientError, *_BROKEN):
            client.shutdown()


@contextmanager
def _understood(settings: ImapSettings, secret: str) -> Iterator[None]:
    """Have whatever goes wrong with the server told as such, bounded, and without the secret."""
    try:
        yield
    except (IMAPClientError, IntakeError, *_BROKEN) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        if said.startswith(("b'", 'b"')):  # the library's way to quote a server
            said = said[2:-1]
        if secret:
            said = said.replace(secret, "***")
        raise IntakeError(f"{settings.host}:{settings.port} {visible(said, 300)}") from None
