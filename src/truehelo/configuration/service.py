"""The tables `[metrics]` and `[ping]`: where the watch can be asked how it is, and whom it tells that it lives.

Pure: neither a token nor an address that is a secret is read here, only where it stands. Does not decide what healthy is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from truehelo.configuration.channels import Secret, secret, url_fault
from truehelo.configuration.table import Table
from truehelo.errors import FileError
from truehelo.facts.address import Address, parse_address
from truehelo.facts.text import visible

KEYS = frozenset({"metrics", "ping"})
"""The top-level keys that `read_service` reads; others are for whoever reads the file as a whole."""
DEFAULT_LISTEN = "127.0.0.1:8925"
_LISTEN = f'it is written "ADDRESS:PORT", such as "{DEFAULT_LISTEN}" or "[::1]:8925"'
_PLACE = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]{2,45})\]|(?P<four>[0-9.]{7,15})):(?P<port>[0-9]{1,5})", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsSettings:
    """The small listener: where it listens, where its token stands, and whether each target has series of its own."""

    ip: Address
    port: int
    token: Secret | None = None
    per_target: bool = True

    @property
    def place(self) -> str:
        """Where it listens, as the configuration writes it."""
        return f"[{self.ip}]:{self.port}" if self.ip.version == 6 else f"{self.ip}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PingSettings:
    """The dead-man's ping: a URL or where one stands, a file to touch, or both.

    Args:
        interval_s: Seconds from one ping to the next.
        method: "GET" or "POST".
        fail: Ask URL/fail while the watch is not well; else it then says nothing, and its silence is the sign.
    """

    interval_s: float
    url: str = ""
    url_secret: Secret | None = None
    file: str = ""
    method: str = "GET"
    fail: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """What the configuration says of both; None for a table that is not there."""

    metrics: MetricsSettings | None = None
    ping: PingSettings | None = None


def read_service(table: Mapping[str, object], where: str) -> ServiceSettings:
    """Read both tables out of a whole configuration; `where` is the file, for complaints. Other tables are not looked at.

    Raises:
        FileError: Something in them is wrong.
    """
    metrics, ping = _table(table, "metrics", where), _table(table, "ping", where)
    return ServiceSettings(
        metrics=None if metrics is None else _metrics(metrics), ping=None if ping is None else _ping(ping)
    )


def _table(values: Mapping[str, object], name: str, where: str) -> Table | None:
    found = values.get(name)
    if found is None:
        return None
    if not isinstance(found, dict):
        raise FileError(where, f"{name} is no table", f"begin it with a line [{name}]")
    return Table(found, f"[{name}]", where)


def _metrics(table: Table) -> MetricsSettings:
    ip, port = _listen(table)
    found = MetricsSettings(ip=ip, port=port, token=secret(table, "token"), per_target=table.flag("per_target", True))
    if not ip.is_loopback and found.token is None:
        table.fail(
            f"listen is {found.place}, which others can reach, and there is no token",
            'name a file that holds a secret, token_file = "/etc/truehelo/metrics.token", or listen on 127.0.0.1',
        )
    table.done()
    return found


def _listen(table: Table) -> tuple[Address, int]:
    text = table.text("listen", DEFAULT_LISTEN, _LISTEN)
    found = _PLACE.fullmatch(text)
    ip = parse_address(found["six"] or found["four"]) if found else None
    if found is None or ip is None or not 1 <= int(found["port"]) <= 65535:
        table.fail(f"listen is {visible(text, 60)!r}, which is no address with a port", _LISTEN)
    return ip, int(found["port"])


def _ping(table: Table) -> PingSettings:
    url, url_secret, file = table.text("url", ""), secret(table, "url"), table.text("file", "")
    if url and url_secret:
        table.fail("has two addresses", "keep one of them; url_file keeps the URL out of this file")
    if not (url or url_secret or file):
        table.fail("names nobody to tell", 'write url = "https://...", url_file = "...", or file = "..." to be touched')
    if url and url_fault(url):
        table.fail(f"url {url_fault(url)}", 'write url = "https://ping.example.net/..."')
    interval = table.duration("interval", timedelta(seconds=5), timedelta(days=1), timedelta(minutes=1))
    method, fail = table.choice("method", ("GET", "POST"), "GET"), table.flag("fail", False)
    if fail and not (url or url_secret):
        table.fail("has fail = true, and no url to say it to", "add url or url_file, or leave fail out")
    table.done()
    return PingSettings(
        interval_s=interval.total_seconds(), url=url, url_secret=url_secret, file=file, method=method, fail=fail
    )
