"""How reports come in: the tables `[reports]`, `[reports.listen]` and `[[reports.mailbox]]` (`mailboxes.py`).

    [reports]
    redact = true

    [reports.listen]
    listen = "192.0.2.25:25"
    name = "reports.example.com"
    recipients = ["dmarc@example.com", "tlsrpt@example.com"]

Pure: certificates and secrets are named here and read by the adapters (`intake/`). For how long reports are kept stands in
`[retention]`, beside everything else that is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from ipaddress import ip_network

from truehelo.configuration.mailboxes import MAX_MIB, MailboxSettings, read_mailboxes
from truehelo.configuration.table import Table
from truehelo.errors import FileError
from truehelo.facts.address import Address, parse_address
from truehelo.facts.names import is_fqdn, name_fault
from truehelo.facts.text import visible

KEYS = frozenset({"reports"})
"""The top-level keys that `read_reports` reads; others are for whoever reads the file as a whole."""
DEFAULT_LISTEN = "127.0.0.1:8926"
MAX_RECIPIENTS = 1000
_LISTEN = f'it is written "ADDRESS:PORT", such as "{DEFAULT_LISTEN}" or "[::1]:25"'
_WHOM = 'give addresses, as in recipients = ["dmarc@example.com"], or "@example.com" for every one of a domain'


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenSettings:
    """The SMTP listener. `recipients` are addresses in small letters, "@domain" for every address of a domain.

    Args:
        ip: Where it listens, with `port`.
        port: The same.
        name: What it calls itself in its greeting, a FQDN; "" for the machine's own name.
        recipients: Whom it takes mail for.
        networks: Who may connect; () for everybody.
        max_octets: Of one message.
        connections: At once, of all clients; `per_client` of one address.
        per_client: The same.
        per_minute: Messages of one client within a minute.
        timeout_s: How long a client may take for one command, or for one message.
        certificate: A file in PEM, the chain included; "" for no STARTTLS. `key` is that of its private key.
        key: The same.
        require_tls: Take no mail without STARTTLS.
    """

    ip: Address
    port: int
    name: str = ""
    recipients: tuple[str, ...]
    networks: tuple[str, ...] = ()
    max_octets: int = MAX_MIB * 2**20
    connections: int = 50
    per_client: int = 10
    per_minute: int = 600
    timeout_s: float = 300.0
    certificate: str = ""
    key: str = ""
    require_tls: bool = False

    @property
    def place(self) -> str:
        """Where it listens, as the configuration writes it."""
        return f"[{self.ip}]:{self.port}" if self.ip.version == 6 else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSettings:
    """All of these tables.

    `refused` is the folder for what came by mail and could not be read, "" for one beside the database, and
    `refused_files` and `refused_octets` how much it may hold. `redact`: of failure reports no more is kept than need be.
    """

    redact: bool = True
    refused: str = ""
    refused_files: int = 1000
    refused_octets: int = 256 * 2**20
    listen: ListenSettings | None = None
    mailboxes: tuple[MailboxSettings, ...] = ()

    @property
    def anything(self) -> bool:
        """Tell whether reports are to come in by themselves."""
        return self.listen is not None or bool(self.mailboxes)


def read_reports(values: Mapping[str, object], where: str) -> ReportSettings:
    """Read the tables out of a whole configuration; `where` names the file in errors.

    Raises:
        FileError: A table, key or value cannot be used.
    """
    held = values.get("reports", {})
    if not isinstance(held, dict):
        raise FileError(where, "reports is no table", "begin it with a line [reports]")
    table, usual = Table(held, "[reports]", where), ReportSettings()
    found = ReportSettings(
        redact=table.flag("redact", usual.redact),
        refused=table.text("refused", ""),
        refused_files=table.whole("refused_files", 0, 1_000_000, usual.refused_files),
        refused_octets=table.whole("refused_mib", 0, 1_000_000, usual.refused_octets // 2**20) * 2**20,
        listen=_listen(table, where),
        mailboxes=read_mailboxes(table, where),
    )
    table.done()
    return found


def _listen(outer: Table, where: str) -> ListenSettings | None:
    if not outer.has("listen"):
        return None
    held = outer.values["listen"]
    if not isinstance(held, dict):
        outer.fail("listen is no table", "begin it with a line [reports.listen]")
    table = Table(held, "[reports.listen]", where)
    ip, port = listening_at(table, "listen", DEFAULT_LISTEN)
    certificate, key = table.text("certificate", ""), table.text("key", "")
    if bool(certificate) is not bool(key):
        table.fail(f"has a {'certificate' if certificate else 'key'} alone", 'write certificate = "..." and key = "..."')
    found = ListenSettings(
        ip=ip,
        port=port,
        name=_name(table),
        recipients=_recipients(table),
        networks=_networks(table),
        max_octets=table.whole("max_mib", 1, MAX_MIB, MAX_MIB) * 2**20,
        connections=table.whole("connections", 1, 10_000, 50),
        per_client=table.whole("per_client", 1, 10_000, 10),
        per_minute=table.whole("per_minute", 1, 1_000_000, 600),
        timeout_s=table.duration(
            "timeout", timedelta(seconds=5), timedelta(hours=1), timedelta(seconds=300)
        ).total_seconds(),
        certificate=certificate,
        key=key,
        require_tls=table.flag("require_tls", False),
    )
    if found.require_tls and not certificate:
        table.fail("has require_tls = true, and nothing to offer", 'write certificate = "..." and key = "..."')
    table.done()
    return found


def overridden(
    held: ListenSettings | None, place: str | None, recipients: tuple[str, ...], name: str | None
) -> ListenSettings | None:
    """Return the listener with what options say in the place of what the configuration says.

    Raises:
        FileError: An option cannot be used, or there is nobody to take mail for.
    """
    given = {"on": place, "recipients": list(recipients) or None, "name": name}
    table = Table({key: value for key, value in given.items() if value is not None}, "option", "the command line")
    if not table.values:
        return held
    if held is None:
        if not recipients:
            table.fail("recipient is missing", "name whom mail is taken for, as in --recipient dmarc@example.com")
        ip, port = listening_at(table, "on", DEFAULT_LISTEN)
        return ListenSettings(ip=ip, port=port, name=_name(table), recipients=_recipients(table))
    ip, port = listening_at(table, "on", held.place)
    whom = _recipients(table) if recipients else held.recipients
    return replace(held, ip=ip, port=port, name=_name(table) or held.name, recipients=whom)


def listening_at(table: Table, key: str, default: str) -> tuple[Address, int]:
    """Read an address and a port, "192.0.2.25:25" or "[2001:db8::25]:25".

    Raises:
        FileError: It is none.
    """
    text = table.text(key, default, _LISTEN)
    host, _, port = text.rpartition(":")
    ip = parse_address(host[1:-1] if host.startswith("[") and host.endswith("]") else host)
    plain = port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65535
    if ip is None or not plain or (ip.version == 6) is not host.startswith("["):
        table.fail(f"{key} is {visible(text, 60)!r}, which is no address with a port", _LISTEN)
    return ip, int(port)


def _name(table: Table) -> str:
    name = table.text("name", "")
    if name and not is_fqdn(name):
        table.fail(f"name is {visible(name, 100)!r}, which is no full host name", 'write name = "reports.example.com"')
    return name


def _recipients(table: Table) -> tuple[str, ...]:
    found = table.texts("recipients", accepted=_WHOM)
    for each in found:
        recipient(table, each)
    return tuple(each.lower() for each in found)


def recipient(table: Table, text: str) -> None:
    """Refuse what is neither an address nor "@domain".

    Raises:
        FileError: It is not.
    """
    local, at, domain = text.rpartition("@")
    plain = text.isascii() and len(text) <= 254 and not any(char.isspace() or char in '<>"' for char in local)
    if not at or not plain or name_fault(domain) is not None or "@" in local:
        table.fail(f"recipients names {visible(text, 100)!r}", _WHOM)


def _networks(table: Table) -> tuple[str, ...]:
    found = table.texts("networks", ())
    for each in found:
        try:
            ip_network(each)
        except ValueError:
            table.fail(
                f"networks names {visible(each, 60)!r}", 'give networks, as in networks = ["192.0.2.0/24", "2001:db8::/32"]'
            )
    return found
