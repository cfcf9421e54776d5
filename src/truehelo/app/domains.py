"""The wiring of `truehelo domain`: settings -> adapters -> engine. Rules live further down."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, TextIO

from truehelo.app import Progress, Settings, build_ports, guarded, listed_lines
from truehelo.domains import DomainRun
from truehelo.engine.domain import DomainWishes
from truehelo.engine.domain_run import DomainEngine
from truehelo.engine.targets import TargetLine, checked_name
from truehelo.errors import InputError
from truehelo.facts.address import Address, parse_address
from truehelo.facts.names import MAX_LABEL, canonical
from truehelo.facts.text import visible
from truehelo.probes.clock import SystemClock
from truehelo.probes.policies import HttpsPolicies
from truehelo.probes.routes import Routes

if TYPE_CHECKING:
    from sqlalchemy import Connection

MAX_DOMAINS = 10_000
SEEN_DAYS = 14
EPOCH = date(1970, 1, 1).toordinal()
MAX_SELECTOR = 189
"""Octets of a selector, so that there is room for a domain behind it."""
_SELECTOR = re.compile(
    r"[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*", re.ASCII | re.IGNORECASE
)
_DOMAIN = "accepted is a domain such as example.com, @FILE, or - for standard input (one domain a line)"


@dataclass(frozen=True, kw_only=True)
class DomainSettings:
    """What the user chose for domains. `reported` tells which selectors receivers saw, where a database was named."""

    selectors: tuple[str, ...] = ()
    ips: tuple[str, ...] = ()
    fetch: bool = True
    authoritative: bool = True
    well_known: bool = True
    reported: Callable[[str], Iterable[str]] | None = None


def read_domains(args: Sequence[str], stdin: TextIO) -> tuple[dict[str, str], list[InputError]]:
    """Read domains from arguments, `@FILE` and `-`.

    Returns the usable ones with where each was written, and an error for each that is not: one bad line stops no other.
    """
    good: dict[str, str] = {}
    bad: list[InputError] = []
    for number, arg in enumerate(args, start=1):
        try:
            found = listed_lines(arg, stdin)
        except InputError as error:
            bad.append(error)
            continue
        if found is None:
            found = [TargetLine(text=arg, where=f"argument {number}")]
        for line in found:
            try:
                good.setdefault(_domain(line.text), line.where)
            except InputError as error:
                bad.append(InputError(f"{line.where}: {error.given}", error.problem, error.accepted))
    if len(good) > MAX_DOMAINS:
        raise InputError(f"{len(good):,} domains", f"are more than {MAX_DOMAINS:,}", "give them in several runs")
    return good, bad


def _domain(text: str) -> str:
    text = text.strip().removeprefix("domain:")
    shown = visible(text, 80) or "an empty domain"
    if "@" in text:
        raise InputError(
            shown, "looks like a mail address", f"give its domain instead: {visible(text.rpartition('@')[2], 80)}"
        )
    if "://" in text or "/" in text:
        raise InputError(shown, "is no domain", _DOMAIN)
    if parse_address(text.strip("[]")) is not None:
        raise InputError(shown, "is an address", f"truehelo check {shown} audits it; {_DOMAIN}")
    return checked_name(text)


def read_wishes(settings: DomainSettings) -> DomainWishes:
    """Read the options.

    Raises:
        InputError: A selector or an address cannot be one.
    """
    return DomainWishes(
        selectors=tuple(_selector(text) for text in settings.selectors),
        ips=tuple(_address(text) for text in settings.ips),
        fetch=settings.fetch,
        authoritative=settings.authoritative,
        well_known=settings.well_known,
    )


def _selector(text: str) -> str:
    """Read a selector; the name at which its key stands is one too, with its domain or without (RFC 6376 §3.6.2.1)."""
    given, plain = f"--selector {visible(text, 80)!r}", canonical(text)
    way_out = "give the value of s= in a DKIM-Signature field, such as s2048"
    selector = plain.partition("._domainkey.")[0].removesuffix("._domainkey")
    if not _SELECTOR.fullmatch(plain) or "_domainkey" in selector.split("."):
        raise InputError(given, "is no DKIM selector", way_out)
    if max(map(len, selector.split("."))) > MAX_LABEL:
        raise InputError(given, f"has a label of more than {MAX_LABEL} octets, which no name can hold", way_out)
    if not _is_selector(selector):
        raise InputError(given, "is no DKIM selector", way_out)
    return selector


def _is_selector(text: str) -> bool:
    """Tell whether a key may stand at it: labels of 63 octets at most (RFC 1035 §2.3.4), and room for the domain."""
    fits = len(text) <= MAX_SELECTOR and all(len(label) <= MAX_LABEL for label in text.split("."))
    return fits and _SELECTOR.fullmatch(text) is not None


def _address(text: str) -> Address:
    ip = parse_address(text.strip())
    if ip is None:
        raise InputError(f"--ip {visible(text, 80)!r}", "is no address", "give one such as 192.0.2.25 or 2001:db8::25")
    return ip


async def look(
    domains: Mapping[str, str], settings: Settings, wanted: DomainSettings, progress: Progress | None = None
) -> DomainRun:
    """Look at domains and judge them.

    Raises:
        InputError: A setting cannot be used.
    """
    wishes = read_wishes(wanted)
    ports = build_ports(replace(settings, smtp=False, rdap=False))
    held = guarded() if settings.loopback_only is None else settings.loopback_only
    routes = Routes.parse(settings.connect_to, loopback_only=held)
    timeout = 15.0 if settings.timeout is None else max(settings.timeout, 1.0)
    if wanted.fetch:
        ports = replace(ports, policies=HttpsPolicies(clock=SystemClock(), routes=routes, timeout_s=timeout))
    reported = wanted.reported or (lambda _: ())
    each = [(name, replace(wishes, reported=_selectors(reported(name)))) for name in domains]
    run = await DomainEngine(ports=ports, progress=progress).run(each)
    with contextlib.suppress(asyncio.CancelledError):  # an interruption this late loses nothing
        await ports.resolver.aclose()
    return run


def reported_selectors(connection: "Connection", domain: str) -> list[str]:
    """Return the selectors of `domain` by which receivers verified mail of late, as the stored reports tell.

    One that has not been seen for SEEN_DAYS may have been replaced, and one that only failed may never have existed.
    """
    from truehelo.store.reports.questions import selectors  # late: it brings the database library

    today = SystemClock().now().toordinal() - EPOCH
    found = selectors(connection, domain, today - SEEN_DAYS, today + 1)
    return [each.selector for each in found if each.result == "pass" and canonical(each.domain) == domain]


def _selectors(found: Iterable[str]) -> tuple[str, ...]:
    """Selectors out of reports are a stranger's words: what cannot be one is passed over."""
    return tuple(dict.fromkeys(canonical(each) for each in found if _is_selector(each)))
