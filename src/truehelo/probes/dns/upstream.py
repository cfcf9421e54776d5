"""Which servers to ask: what `--resolver` accepts, and what the system is configured to ask.

RFC 7858 (`tls://`), RFC 8310 §5 (the two privacy profiles), RFC 8484 (`https://`). Does not decide how often, or in what
order, they are asked.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from truehelo.errors import FileError, InputError
from truehelo.facts.address import Address, parse_address
from truehelo.facts.names import is_fqdn, name_fault
from truehelo.facts.text import visible

RESOLV_CONF = "/etc/resolv.conf"
_MAX_CONF = 64 * 1024
_MAX_SERVERS = 8
_ACCEPTED = "write ADDR, ADDR:PORT, [IPV6]:PORT, tls://ADDR[:PORT][#NAME] or https://HOST[:PORT]/PATH"
_HOSTPORT = re.compile(r"(?:\[(?P<v6>[^\[\]]*)\]|(?P<v4>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?", re.ASCII)


class Scheme(StrEnum):
    """How a server is spoken to; `UDP` goes over to TCP when a reply is truncated."""

    UDP = "udp"
    TLS = "tls"
    HTTPS = "https"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """A server to ask. `text` names it in facts. `ip` is None only for an `https://` URL with a host name.

    `name` is the name that the certificate of a `tls://` server must hold: with it the strict privacy profile is used,
    without it the opportunistic one, in which anybody on the path can answer (RFC 8310 §5).
    """

    text: str
    scheme: Scheme = Scheme.UDP
    ip: Address | None = None
    port: int = 53
    name: str = ""
    url: str = ""

    @property
    def endpoint(self) -> tuple[Scheme, Address | None, int, str]:
        """What makes it this server, however it was written."""
        return self.scheme, self.ip, self.port, self.url


def parse_resolver(text: str) -> Upstream:
    """Read one `--resolver` value.

    Raises:
        InputError: It is none of the forms that are accepted.
    """
    text = text.strip()
    scheme, separator, rest = text.partition("://")
    if not separator:
        ip, port = _endpoint(text, text, 53)
        return Upstream(text=text, ip=ip, port=port)
    if scheme.lower() == "tls":
        where, hashed, name = rest.partition("#")
        if hashed and not is_fqdn(name):
            raise InputError(text, f"the name {visible(name, 80)!r} after # is not a host name", _ACCEPTED)
        ip, port = _endpoint(text, where, 853)
        return Upstream(text=text, scheme=Scheme.TLS, ip=ip, port=port, name=name.removesuffix(".").lower())
    if scheme.lower() == "https":
        return _https(text)
    raise InputError(text, f"{visible(scheme, 40)!r} is not a way to ask a resolver", _ACCEPTED)


def _endpoint(whole: str, text: str, default_port: int) -> tuple[Address, int]:
    bare = parse_address(text)  # an IPv6 address may stand without brackets when no port follows it
    if bare is not None:
        return bare, default_port
    match = _HOSTPORT.fullmatch(text)
    ip = parse_address(match["v6"] or match["v4"] or "") if match else None
    if match is None or ip is None or (match["v6"] is not None and ":" not in match["v6"]):
        raise InputError(whole, "is not the address of a resolver", _ACCEPTED)
    port = int(match["port"] or default_port)
    if not 1 <= port <= 65535:
        raise InputError(whole, "the port is not from 1 to 65535", _ACCEPTED)
    return ip, port


def _https(text: str) -> Upstream:
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port or 443
    except ValueError as error:
        raise InputError(text, "is not a URL", _ACCEPTED) from error
    if not (text.isascii() and text.isprintable()) or " " in text or parts.username is not None or parts.fragment:
        raise InputError(text, "has something in it that the URL of a resolver cannot hold", _ACCEPTED)
    ip = parse_address(host)
    if ip is None and name_fault(host) is not None:
        raise InputError(text, "the host in the URL is neither an address nor a host name", _ACCEPTED)
    return Upstream(text=text, scheme=Scheme.HTTPS, ip=ip, port=port, name="" if ip else host, url=text)


def system_resolvers(path: str = RESOLV_CONF) -> tuple[Upstream, ...]:
    """Return the resolvers in resolv.conf(5), in their order, each once, at most eight.

    Raises:
        FileError: The file cannot be read, or names no resolver.
    """
    way_out = "name a resolver with --resolver ADDR"
    try:
        with Path(path).open("rb") as file:
            text = file.read(_MAX_CONF).decode("utf-8", "replace")
    except OSError as error:
        raise FileError(path, f"the system's resolvers cannot be read ({error.strerror})", way_out) from error
    found = conf_resolvers(text)
    if not found:
        raise FileError(path, "no nameserver line in it that could be used", way_out)
    return found


def conf_resolvers(text: str) -> tuple[Upstream, ...]:
    """Return the resolvers in the text of a resolv.conf; lines that are no such thing are passed over, as libc does."""
    found: dict[Address, Upstream] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0] != "nameserver":
            continue
        # A scope id ("fe80::1%eth0") has no place in our addresses: such a resolver needs --resolver with another address.
        ip = parse_address(words[1])
        if ip is not None and len(found) < _MAX_SERVERS:
            found.setdefault(ip, Upstream(text=str(ip), ip=ip))
    return tuple(found.values())
