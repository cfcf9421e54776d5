"""Routes: reach an audited endpoint somewhere else (`--connect-to IP:PORT:IP:PORT`, in the sense that curl gives it).

Both the DNS and the SMTP probe ask here where to connect, so that a laboratory on loopback can stand for documentation
addresses. The guard `loopback_only` is asked about the place that is really contacted, after the route. Nothing here
decides what an unreachable place means.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from truehelo.errors import InputError
from truehelo.facts.address import Address, parse_address

_ACCEPTED = (
    "write IP:PORT:IP:PORT, an IPv6 address in brackets; an empty IP or PORT on the left means any, on the right the same"
)
_SHAPE = re.compile(
    r"(?P<ip>\[[^\[\]]*\]|[^:\[\]]*):(?P<port>[^:\[\]]*):(?P<to_ip>\[[^\[\]]*\]|[^:\[\]]*):(?P<to_port>[^:\[\]]*)", re.ASCII
)
_PORT = re.compile(r"[0-9]{1,5}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One rule: what matches `ip` and `port` is reached at `to_ip` and `to_port`; None means any, or unchanged."""

    ip: Address | None
    port: int | None
    to_ip: Address | None
    to_port: int | None

    def matches(self, ip: Address, port: int) -> bool:
        """Tell whether this rule is about that endpoint."""
        return self.ip in (None, ip) and self.port in (None, port)


@dataclass(frozen=True)
class Routes:
    """Rules in the order in which they were given; the first that matches decides, and is applied once."""

    rules: tuple[Route, ...] = ()
    loopback_only: bool = False

    @classmethod
    def parse(cls, texts: Iterable[str], *, loopback_only: bool = False) -> "Routes":
        """Read `--connect-to` values.

        Raises:
            InputError: A text is not IP:PORT:IP:PORT.
        """
        return cls(tuple(_rule(text) for text in texts), loopback_only)

    def to(self, ip: Address, port: int) -> tuple[Address, int]:
        """Return where to connect in order to reach `ip` and `port`."""
        exact = self._exact.get((ip, port), len(self.rules))
        found = next((number for number in self._open if number < exact and self.rules[number].matches(ip, port)), exact)
        if found == len(self.rules):
            return (ip, port)
        rule = self.rules[found]
        return (rule.to_ip or ip, rule.to_port or port)

    @cached_property
    def _exact(self) -> dict[tuple[Address, int], int]:
        """The first rule for each endpoint that is named whole: a laboratory has thousands of them."""
        found: dict[tuple[Address, int], int] = {}
        for number, rule in enumerate(self.rules):
            if rule.ip is not None and rule.port is not None:
                found.setdefault((rule.ip, rule.port), number)
        return found

    @cached_property
    def _open(self) -> tuple[int, ...]:
        """The rules that leave the address or the port open."""
        return tuple(number for number, rule in enumerate(self.rules) if rule.ip is None or rule.port is None)

    def allowed(self, ip: Address) -> bool:
        """Tell whether `ip` (an address that `to` returned) may be contacted."""
        return ip.is_loopback or not self.loopback_only


def _rule(text: str) -> Route:
    match = _SHAPE.fullmatch(text.strip())
    if match is None:
        raise InputError(text, "is not a route", _ACCEPTED)
    return Route(
        ip=_ip(text, match["ip"]),
        port=_port(text, match["port"]),
        to_ip=_ip(text, match["to_ip"]),
        to_port=_port(text, match["to_port"]),
    )


def _ip(whole: str, text: str) -> Address | None:
    if not text:
        return None
    bracketed = text.startswith("[")
    ip = parse_address(text[1:-1] if bracketed else text)
    # A mapped IPv6 address in brackets folds to IPv4, as it does everywhere else.
    if ip is None or (":" in text) != bracketed:
        raise InputError(whole, f"{text!r} in it is not an IP address", _ACCEPTED)
    return ip


def _port(whole: str, text: str) -> int | None:
    if not text:
        return None
    if not _PORT.fullmatch(text) or not 1 <= int(text) <= 65535:
        raise InputError(whole, f"{text!r} in it is not a port from 1 to 65535", _ACCEPTED)
    return int(text)
