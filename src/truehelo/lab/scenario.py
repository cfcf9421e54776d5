"""What a scenario says: zones, faults, resolvers, name servers and mail servers, as frozen values.

`read` makes these from TOML; `zones`, `dns_server` and `smtp_server` act on them. docs/reference/scenario.md is the
reference for people.
"""

from dataclasses import dataclass, field

from truehelo.lab.dns_wire import Rrset

FAULTS = ("servfail", "refused", "formerr", "nxdomain", "nodata", "drop", "delay", "truncate", "wrong-id", "garbage")
SPEAKS = ("smtp", "http", "tls", "binary", "text", "flood", "nothing")
HANG_UPS = ("connect", "greeting", "ehlo", "starttls", "quit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """One zone: its apex, its SOA and NS, and every RRset in it by name (lower case, no final dot) and type."""

    apex: str
    soa: Rrset
    ns: Rrset
    minimum: int
    records: dict[str, dict[str, Rrset]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong with the answers to one question.

    `kind` is of FAULTS, `seconds` belongs to "delay". `times` limits it to the first so many queries that each server
    gets. `where` is "" (everywhere), "resolver", "authoritative", the name of a resolver, or of a name server.
    """

    kind: str
    seconds: float = 0.0
    times: int | None = None
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An answer that one server gives instead of the world's: an old value still cached, or not yet transferred.

    `outcome` is "answer", "nxdomain" or "nodata". A resolver forgets it when `ttl` seconds have run down; a name
    server after `seconds`, or never.
    """

    outcome: str
    rrset: Rrset | None
    ttl: int
    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolverSpec:
    """One recursive resolver. `cache`: it keeps answers for their TTL, as resolvers do."""

    name: str
    cache: bool = False
    holds: dict[tuple[str, str], Held] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameServerSpec:
    """What is special about the name server `name`: addresses to publish for it, answers that it still holds."""

    name: str
    ips: tuple[str, ...] = ()
    holds: dict[tuple[str, str], Held] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSpec:
    """One mail server, at every address in `ips` and every port in `ports`. Times are in seconds."""

    ips: tuple[str, ...]
    ports: tuple[int, ...] = (25,)
    speaks: str = "smtp"
    code: int = 220
    greeting: tuple[str, ...] = ()
    raw: tuple[str, ...] | None = None
    """Greeting lines exactly as sent, instead of `code` and `greeting`."""
    ehlo_code: int = 250
    ehlo_reply: tuple[str, ...] = ()
    helo_code: int = 250
    delay: float = 0.0
    line_delay: float = 0.0
    tarpit: float = 0.0
    ehlo_delay: float = 0.0
    masked: bool = False
    strict: bool = False
    starttls: str = ""
    """"" (not offered), "yes", "refuse" (454) or "broken" (no TLS follows)."""
    tls: bool = False
    certificate: tuple[str, ...] = ()
    hang_up: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckSpec:
    """What `demo` audits in this scenario."""

    targets: tuple[str, ...] = ()
    helo: str | None = None
    expect: str | None = None
    ports: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A whole small internet. `faults` are by (name, type), either of them perhaps "*"."""

    path: str
    title: str = ""
    about: str = ""
    zones: dict[str, Zone] = field(default_factory=dict)
    faults: dict[tuple[str, str], tuple[Fault, ...]] = field(default_factory=dict)
    resolvers: tuple[ResolverSpec, ...] = (ResolverSpec(name="resolver-1"),)
    nameservers: dict[str, NameServerSpec] = field(default_factory=dict)
    smtp: tuple[SmtpSpec, ...] = ()
    check: CheckSpec = CheckSpec()
