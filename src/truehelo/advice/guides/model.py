"""What a guide holds. `parse` reads it, `pick` chooses one, `fill` puts the reader's names into it."""

from dataclasses import dataclass

GRADES = ("S", "D", "O", "U")
"""S read in the source or shown by running it, D documented by its maker, O observed, U general knowledge."""
SETTERS = ("customer", "support", "zone")
"""Who sets the PTR: the customer in a panel, the provider's support on request, whoever runs the reverse zone."""
NAMES = ("greeting", "ehlo_reply", "helo")
"""What a mail server calls itself, in the order in which it is shown."""
WAY_KINDS = ("panel", "cli", "api", "powershell", "config", "ticket")
MOMENTS = ("always", "forward", "detail")
"""When a limit is told: always; while the forward record is not in place; only where details are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WayText:
    """A way with places in it, such as "{name}". `family` is 4 or 6 where it holds for that family alone.

    `makes` are the names that it makes (mail servers only). `key` is what to look for in the file.
    """

    kind: str
    where: str = ""
    commands: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    note: str = ""
    family: int | None = None
    makes: frozenset[str] = frozenset()
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a provider does not allow, or asks for first; `when` is one of MOMENTS."""

    text: str
    when: str = "always"
    family: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a guide's facts are from: its file, sources, a grade (GRADES), and the month in which they were last seen."""

    file: str
    sources: tuple[str, ...]
    grade: str
    seen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderGuide:
    """How the PTR is set at one provider.

    It is recognised by `defaults` (ids of `generic/providers.toml`), by `zone` (suffixes of the names in the reverse zone's
    SOA and NS records), by `rdap` (words of the registration), or because the reader's own servers hold the zone (`own`).
    """

    id: str
    name: str
    sets: str
    who: str
    default: str
    defaults: tuple[str, ...]
    zone: tuple[str, ...]
    rdap: tuple[str, ...]
    own: bool
    ways: tuple[WayText, ...]
    limits: tuple[Limit, ...]
    support: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class MtaGuide:
    """Which settings make the names of one mail server, or of a bundle around one.

    `phrases` are looked for in the greeting, "..." within one stands for anything; `weak` ones are also said by others.
    `based_on` is the id of the guide whose phrases this one's greeting may hold too. `reload` puts the settings to work,
    `verify` shows them on the machine.
    """

    id: str
    name: str
    greeting: str
    phrases: tuple[str, ...]
    weak: tuple[str, ...]
    based_on: str | None
    settings: tuple[WayText, ...]
    reload: tuple[str, ...]
    verify: tuple[str, ...]
    notes: tuple[str, ...]
    versions: tuple[str, ...]
    origin: Origin


Guide = ProviderGuide | MtaGuide
