"""SPF records: text to terms, and which of a name's TXT records is the SPF record (RFC 7208 §3, §4.5, §4.6.1, §12).

The whole record is read before any of it is used, because an error anywhere makes all of it a permerror (RFC 7208 §4.6).
Whom a record authorises is decided in `evaluate`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network

from truehelo.facts.address import Network
from truehelo.facts.dns import Record
from truehelo.facts.text import visible
from truehelo.records.spf.macro import MacroFault, MacroString, parse_domain_spec, parse_macro_string
from truehelo.records.txt import txt_text

VERSION = "v=spf1"
REMEMBERED = 2000
"""Records up to this length (characters) are read once and remembered."""


class Kind(StrEnum):
    """The mechanisms (RFC 7208 §5)."""

    ALL = "all"
    INCLUDE = "include"
    A = "a"
    MX = "mx"
    PTR = "ptr"
    IP4 = "ip4"
    IP6 = "ip6"
    EXISTS = "exists"

    @property
    def looks_up(self) -> bool:
        """It counts against the limit of lookups (RFC 7208 §4.6.4)."""
        return self not in (Kind.ALL, Kind.IP4, Kind.IP6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mechanism:
    """One directive: `qualifier` is one of "+-~?". `domain` is None where the current domain is meant.

    `network` is set for ip4 and ip6; `prefix4` and `prefix6` are the prefix lengths of a and mx. `text` is as written.
    """

    kind: Kind
    text: str
    position: int
    qualifier: str = "+"
    domain: MacroString | None = None
    network: Network | None = None
    prefix4: int = 32
    prefix6: int = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Modifier:
    """A modifier: `name` in lower case (RFC 7208 §6). Those that nobody knows are kept and mean nothing."""

    name: str
    value: MacroString
    text: str
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfRecord:
    """A record without fault, its mechanisms in the order in which they are tried."""

    text: str
    mechanisms: tuple[Mechanism, ...] = ()
    modifiers: tuple[Modifier, ...] = ()

    @property
    def redirect(self) -> Modifier | None:
        """The redirect modifier that counts: none beside an all mechanism (RFC 7208 §6.1)."""
        if any(mechanism.kind is Kind.ALL for mechanism in self.mechanisms):
            return None
        return next((modifier for modifier in self.modifiers if modifier.name == "redirect"), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfSyntaxError:
    """What is wrong with a record: words that follow the term, the term as written, and its 0-based position."""

    problem: str
    term: str
    position: int

    def __str__(self) -> str:
        return f'"{visible(self.term, 80)}" {self.problem}'


class _FaultError(Exception):
    """Ends the reading of one term."""


_TERM = re.compile(r"[^ ]+")
_MODIFIER = re.compile(r"([a-z][a-z0-9_.-]*)=(.*)", re.ASCII | re.IGNORECASE | re.DOTALL)
_DIRECTIVE = re.compile(r"([-+?~]?)([^:/]*)(.*)", re.DOTALL)
_DUAL_CIDR = re.compile(r"(?:/(0|[1-9][0-9]?))?(?://(0|[1-9][0-9]{0,2}))?$", re.ASCII)
_CIDR4 = re.compile(r"/(0|[1-9][0-9]?)$", re.ASCII)
_CIDR6 = re.compile(r"/(0|[1-9][0-9]{0,2})$", re.ASCII)


def is_spf(text: str) -> bool:
    """Tell whether a TXT record claims to be an SPF record of this version (RFC 7208 §4.5)."""
    return text[: len(VERSION)].lower() == VERSION and text[len(VERSION) : len(VERSION) + 1] in ("", " ")


def parse(text: str) -> SpfRecord | SpfSyntaxError:
    """Read an SPF record. Total: any text gives a record, or the first error in it."""
    # One record is often judged for many addresses. A long one is not kept, so that strangers cannot fill the memory.
    return _remembered(text) if len(text) <= REMEMBERED else _read(text)


@lru_cache(maxsize=1024)
def _remembered(text: str) -> SpfRecord | SpfSyntaxError:
    return _read(text)


def _read(text: str) -> SpfRecord | SpfSyntaxError:
    if not is_spf(text):
        return SpfSyntaxError(problem=f'is not "{VERSION}" followed by a space or the end', term=text[:40], position=0)
    strange = re.search(r"[^ -~]", text)
    if strange is not None:
        problem = "is a character outside of printable ASCII"
        return SpfSyntaxError(problem=problem, term=strange.group(), position=strange.start())
    mechanisms: list[Mechanism] = []
    modifiers: list[Modifier] = []
    for found in _TERM.finditer(text, len(VERSION)):
        term, position = found.group(), found.start()
        try:
            read = _term(term, position)
            if isinstance(read, Mechanism):
                mechanisms.append(read)
            else:
                _only_once(read, modifiers)
                modifiers.append(read)
        except _FaultError as fault:
            return SpfSyntaxError(problem=str(fault), term=term, position=position)
    return SpfRecord(text=text, mechanisms=tuple(mechanisms), modifiers=tuple(modifiers))


def _only_once(modifier: Modifier, before: Iterable[Modifier]) -> None:
    if modifier.name in ("redirect", "exp") and any(other.name == modifier.name for other in before):
        raise _FaultError("stands there a second time")


def _term(term: str, position: int) -> Mechanism | Modifier:
    modifier = _MODIFIER.fullmatch(term)
    if modifier is not None:
        name = modifier[1].lower()
        read = parse_domain_spec(modifier[2]) if name in ("redirect", "exp") else parse_macro_string(modifier[2])
        return Modifier(name=name, value=_sound(read), text=term, position=position)
    directive = _DIRECTIVE.fullmatch(term)
    qualifier, name, rest = directive.groups() if directive else ("", "", "")
    try:
        kind = Kind(name.lower())
    except ValueError:
        raise _FaultError("is not a mechanism that SPF has") from None
    return _mechanism(kind, rest, Mechanism(kind=kind, text=term, position=position, qualifier=qualifier or "+"))


def _mechanism(kind: Kind, rest: str, bare: Mechanism) -> Mechanism:
    if kind is Kind.ALL:
        if rest:
            raise _FaultError("has an argument, which all does not take")
        return bare
    if kind in (Kind.IP4, Kind.IP6):
        return replace(bare, network=_network(kind, rest))
    if kind in (Kind.A, Kind.MX):
        rest, prefix4, prefix6 = _dual_cidr(rest)
        return replace(bare, domain=_domain(rest, required=False), prefix4=prefix4, prefix6=prefix6)
    return replace(bare, domain=_domain(rest, required=kind is not Kind.PTR))


def _domain(rest: str, *, required: bool) -> MacroString | None:
    if not rest:
        if required:
            raise _FaultError("lacks its domain")
        return None
    if not rest.startswith(":"):
        raise _FaultError("is not well formed")
    return _sound(parse_domain_spec(rest[1:]))


def _sound(read: MacroString | MacroFault) -> MacroString:
    if isinstance(read, MacroFault):
        raise _FaultError(read.problem)
    return read


def _dual_cidr(rest: str) -> tuple[str, int, int]:
    """Split off what stands behind the domain: a prefix length for IPv4, one for IPv6, both or neither."""
    found = _DUAL_CIDR.search(rest)
    four, six = found.groups() if found else (None, None)
    prefix4, prefix6 = int(four or 32), int(six or 128)
    if prefix4 > 32 or prefix6 > 128:
        raise _FaultError("has a prefix length that is too great")
    return rest[: found.start()] if found else rest, prefix4, prefix6


def _network(kind: Kind, rest: str) -> Network:
    if not rest.startswith(":"):
        raise _FaultError("lacks its address")
    cidr = (_CIDR4 if kind is Kind.IP4 else _CIDR6).search(rest)
    address = rest[1 : cidr.start()] if cidr else rest[1:]
    length = int(cidr[1]) if cidr else (32 if kind is Kind.IP4 else 128)
    # ipaddress would read "1.2.3.4/255.0.0.0" and a scope id; SPF has neither.
    if "/" in address or "%" in address:
        raise _FaultError("is not an address and a prefix length")
    try:
        return (
            IPv4Network((address, length), strict=False)
            if kind is Kind.IP4
            else IPv6Network((address, length), strict=False)
        )
    except ValueError:
        raise _FaultError("is not an address and a prefix length") from None


def spf_texts(records: Iterable[Record]) -> tuple[str, ...]:
    """Return the texts of those TXT records that claim to be SPF (RFC 7208 §3.3, §4.5)."""
    return tuple(text for record in records if is_spf(text := txt_text(record)))
