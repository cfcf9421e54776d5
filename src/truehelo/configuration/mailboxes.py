"""The mailboxes that reports are fetched from: `[[reports.mailbox]]`, of kind "imap" or "maildir".

    [[reports.mailbox]]
    name = "dmarc"
    kind = "imap"
    host = "imap.example.com"
    user = "dmarc@example.com"
    password_file = "/etc/truehelo/imap-password"
    after = "move"
    folder_done = "Reports"

Pure: a secret is named here by file, environment variable or command, and read by the adapter alone (`intake/`).
"""

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from truehelo.configuration.channels import LOOPBACK, NAME, Secret, secret
from truehelo.configuration.table import Table, tables
from truehelo.errors import FileError
from truehelo.facts.address import parse_address
from truehelo.facts.names import name_fault
from truehelo.facts.text import visible
from truehelo.reports.model import DEFAULT_BUDGET

MAX_MAILBOXES = 100
MAX_MIB = DEFAULT_BUDGET.held // 2**20
"""The largest message that may be let in: the reader holds a message in memory, and refuses a larger one."""
AFTER = ("leave", "seen", "move", "delete")
"""What becomes of a message once what it holds is stored."""
AUTH = ("password", "oauthbearer", "xoauth2")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxSettings:
    """What every mailbox has. `interval_s` is from one look to the next, where nothing tells that there is new mail."""

    name: str
    interval_s: float = 300.0
    max_octets: int = MAX_MIB * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapSettings(MailboxSettings):
    """A mailbox on an IMAP server (RFC 9051, RFC 3501).

    Args:
        host: The server, by name or address.
        port: Where it listens.
        tls: "tls" (from the first octet), "starttls" (and nothing without), or "none", to this machine alone.
        ca_file: Certificates to trust besides the system's; "" for none.
        user: Who logs in.
        auth: "password", "oauthbearer" (RFC 7628) or "xoauth2".
        secret: Where the password or the token stands; None when a command prints it.
        command: The program that prints it, and its arguments; ().
        folder: Where the reports arrive.
        after: One of `AFTER`.
        folder_done: Where they go with "move".
        folder_refused: Where messages go that could not be read, whatever `after` says; "" leaves them where they are.
        idle: Be told of new mail (RFC 2177) where the server can.
        timeout_s: Of one step.
    """

    host: str
    port: int
    tls: str = "tls"
    ca_file: str = ""
    user: str
    auth: str = "password"
    secret: Secret | None = None
    command: tuple[str, ...] = ()
    folder: str = "INBOX"
    after: str = "seen"
    folder_done: str = ""
    folder_refused: str = ""
    idle: bool = True
    timeout_s: float = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MaildirSettings(MailboxSettings):
    """A Maildir on this machine: `after` is "seen", "move" (to the Maildir `folder_done`) or "delete"."""

    path: str
    after: str = "seen"
    folder_done: str = ""


def read_mailboxes(outer: Table, where: str) -> tuple[MailboxSettings, ...]:
    """Read every `[[reports.mailbox]]`.

    Raises:
        FileError: One cannot be used, or two have the same name.
    """
    outer.has("mailbox")
    found: dict[str, MailboxSettings] = {}
    each = tables(outer.values, "mailbox", where)
    if len(each) > MAX_MAILBOXES:
        raise FileError(where, f"describes {len(each)} mailboxes", f"{MAX_MAILBOXES} are the most")
    for number, values in enumerate(each, 1):
        mailbox = _mailbox(values, f"[[reports.mailbox]] {number}", where)
        if mailbox.name in found:
            problem = f"[[reports.mailbox]] {number} is called {mailbox.name}, as an earlier one is"
            raise FileError(where, problem, "rename one")
        found[mailbox.name] = mailbox
    return tuple(found.values())


def _mailbox(values: Mapping[str, object], place: str, where: str) -> MailboxSettings:
    table = Table(values, place, where)
    accepted = 'give each mailbox a name of letters, digits, "-", "_" and ".", as in name = "dmarc"'
    name = table.text("name", accepted=accepted)
    if NAME.fullmatch(name) is None:
        table.fail(f"name is {visible(name, 80)!r}", accepted)
    table.place = f"{place} ({name})"
    kind = table.choice("kind", KINDS)
    usual = timedelta(minutes=5) if kind == "imap" else timedelta(seconds=10)
    interval_s = table.duration("interval", timedelta(seconds=5), timedelta(days=1), usual).total_seconds()
    mailbox = KINDS[kind](table, name, interval_s)
    table.done()
    return mailbox


def _imap(table: Table, name: str, interval_s: float) -> ImapSettings:
    tls = table.choice("tls", ("tls", "starttls", "none"), "tls")
    host = table.text("host", accepted='name the server, as in host = "imap.example.com"')
    if parse_address(host) is None and name_fault(host) is not None:
        table.fail(f"host is {visible(host, 100)!r}: the name {name_fault(host)}", "give a host name or an address")
    if tls == "none" and host.lower() not in LOOPBACK and not _loopback(host):
        table.fail('would send its login in clear: tls is "none"', 'write tls = "tls" or tls = "starttls"')
    auth = table.choice("auth", AUTH, "password")
    held, command = _login(table, "password" if auth == "password" else "token")
    after, done = _after(table, AFTER)
    folder, refused = table.text("folder", "INBOX"), table.text("folder_refused", "")
    _elsewhere(table, "folder_done", done, _folder(done) == _folder(folder))
    _elsewhere(table, "folder_refused", refused, _folder(refused) == _folder(folder))
    return ImapSettings(
        name=name,
        interval_s=interval_s,
        max_octets=table.whole("max_mib", 1, MAX_MIB, MAX_MIB) * 2**20,
        host=host,
        port=table.whole("port", 1, 65535, 993 if tls == "tls" else 143),
        tls=tls,
        ca_file=table.text("ca_file", ""),
        user=table.text("user", accepted='write user = "dmarc@example.com"'),
        auth=auth,
        secret=held,
        command=command,
        folder=folder,
        after=after,
        folder_done=done,
        folder_refused=refused,
        idle=table.flag("idle", True),
        timeout_s=table.duration(
            "timeout", timedelta(seconds=1), timedelta(minutes=30), timedelta(seconds=60)
        ).total_seconds(),
    )


def _loopback(host: str) -> bool:
    ip = parse_address(host)
    return ip is not None and ip.is_loopback


def _login(table: Table, what: str) -> tuple[Secret | None, tuple[str, ...]]:
    """Read where a password or a token stands, or which program prints it."""
    if table.has(what):
        problem = f"has a {what} in it, and a secret does not belong into this file"
        table.fail(problem, f"name where it stands: {what}_file, {what}_env or {what}_command")
    held = secret(table, what)
    command = table.texts(f"{what}_command", (), f'write the program and each argument: {what}_command = ["pass", "imap"]')
    if held is not None and command:
        table.fail(f"has a {what} in two places", "keep one")
    if held is None and not command:
        table.fail(f"has no {what}", f"write {what}_file, {what}_env or {what}_command")
    return held, command


def _after(table: Table, words: tuple[str, ...]) -> tuple[str, str]:
    """Read what becomes of a message, and where it goes."""
    after, done = table.choice("after", words, "seen"), table.text("folder_done", "")
    if (after == "move") is not bool(done):
        table.fail(
            'is to move messages (after = "move"), and does not say where'
            if not done
            else f'names folder_done, and after is "{after}"',
            'write after = "move" and folder_done = "..."',
        )
    return after, done


def _folder(name: str) -> str:
    """A folder by the name that it has for the server: INBOX alone has no case (RFC 9051 §5.1)."""
    return "INBOX" if name.upper() == "INBOX" else name


def _elsewhere(table: Table, key: str, to: str, same: bool) -> None:
    """Refuse a folder to which messages would go in circles: what is moved to where it came from is new there."""
    if to and same:
        table.fail(
            f"{key} is {visible(to, 100)!r}, where messages are fetched from: they would go in circles",
            "name another folder",
        )


def _maildir(table: Table, name: str, interval_s: float) -> MaildirSettings:
    after, done = _after(table, ("seen", "move", "delete"))
    path = table.text("path", accepted='name the folder that holds cur, new and tmp, as in path = "/home/dmarc/Maildir"')
    _elsewhere(table, "folder_done", done, posixpath.normpath(posixpath.join(path, done)) == posixpath.normpath(path))
    return MaildirSettings(
        name=name,
        interval_s=interval_s,
        max_octets=table.whole("max_mib", 1, MAX_MIB, MAX_MIB) * 2**20,
        path=path,
        after=after,
        folder_done=done,
    )


KINDS: dict[str, Callable[[Table, str, float], MailboxSettings]] = {"imap": _imap, "maildir": _maildir}
"""The kinds of mailbox, and the function that reads each."""
