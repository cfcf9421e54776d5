"""What is known of a list: its zone, what its codes mean and weigh, its test entries, its terms, and how well it is known.

RFC 5782 §2.1 (codes), §5 (test entries). Frozen values; `parse` makes them from the files in `lists/`.
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from truehelo.facts.address import parse_address

MAX_NAME = 253
"""Characters of a name in text (RFC 1035 §2.3.4)."""
KEY_PLACE = "{key}"
KEY_STANDIN = "-key-"
"""What stands for a key in every name that is kept. No key can look like it: a label does not begin with a hyphen."""


class Purpose(StrEnum):
    """What a list is for."""

    BLOCK = "block"
    ALLOW = "allow"
    INFORMATIONAL = "informational"
    """It says something about nearly every sender, good or bad."""


class Status(StrEnum):
    """Whether a list can be asked."""

    ACTIVE = "active"
    KEY = "key"
    """Only with a key, which is part of the name that is asked."""
    REGISTRATION = "registration"
    """Only from resolvers that are registered with it."""
    DEAD = "dead"


class Weight(StrEnum):
    """What a listing weighs for mail, worst first; the words of a finding's severity."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    """It is information, and nothing that a receiver refuses for."""
    OK = "ok"
    """It speaks for the address."""

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Weight).index(self)


@dataclass(frozen=True, slots=True)
class Codes:
    """Addresses that a list answers with, as bounds for each octet: "127.0.0.4-7", "127.0.*.2"."""

    text: str
    bounds: tuple[tuple[int, int], ...]

    @classmethod
    def parse(cls, text: str) -> "Codes":
        """Read codes.

        Raises:
            ValueError: It is not four octets, each a number, a range or "*", within 127.0.0.0/8.
        """
        parts = text.split(".")
        if len(parts) != 4 or parts[0] != "127":
            raise ValueError(f"{text!r} is no code within 127.0.0.0/8")
        return cls(text, tuple(_bounds(part) for part in parts))

    def hold(self, code: str) -> bool:
        """Tell whether an answer is one of these."""
        octets = _octets(code)
        return octets is not None and all(
            low <= octet <= high for octet, (low, high) in zip(octets, self.bounds, strict=True)
        )


def _bounds(part: str) -> tuple[int, int]:
    if part == "*":
        return 0, 255
    low, separator, high = part.partition("-")
    if not low.isdecimal() or (separator and not high.isdecimal()) or not low.isascii() or not high.isascii():
        raise ValueError(f"{part!r} is neither a number, a range nor *")
    bounds = int(low), int(high or low)
    if not 0 <= bounds[0] <= bounds[1] <= 255:
        raise ValueError(f"{part!r} is not within 0 to 255")
    return bounds


def _octets(code: str) -> tuple[int, ...] | None:
    ip = parse_address(code)
    return tuple(ip.packed) if ip is not None and ip.version == 4 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What a code says of an address, as a clause ("sends spam, as traps saw"), and what it weighs."""

    codes: Codes
    means: str
    weight: Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A code that says nothing of an address: the list declines to answer, and why."""

    codes: Codes
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestEntries:
    """What a list must and must not hold (RFC 5782 §5), by family. "" : the list is known to have no such entry.

    `expect` are the codes of the entry that it must hold, where they are not to be read as codes of an address.
    """

    __test__ = False  # pytest takes a class of this name for tests

    listed4: str = "127.0.0.2"
    clean4: str = "127.0.0.1"
    listed6: str = "::ffff:7f00:2"
    clean6: str = "::ffff:7f00:1"
    expect: tuple[Codes, ...] = ()

    def listed(self, family: int) -> str:
        """Return the address that the list must hold; "" where none is known."""
        return self.listed4 if family == 4 else self.listed6

    def clean(self, family: int) -> str:
        """Return the address that the list must not hold; "" where none is known."""
        return self.clean4 if family == 4 else self.clean6


@dataclass(frozen=True, kw_only=True)
class Blocklist:
    """One list.

    `zone` is asked without a key ("" where that is not possible), `keyed_zone` with one ("{key}.zone"). `families` are
    those that it holds. `group6` is the length of the prefix by which it lists IPv6 addresses, 128 for single ones.
    `complete` says that its codes are all documented, so that another one is no listing. `weight` is that of a code without
    meaning. `default`: asked where no list is named. `lookup` and `delist` are pages, `{ip}` the address in them. `terms`
    says who may ask, `limit` how often, `since` when a dead list ended. `grade`, `source` and `seen` tell how well all this
    is known: S run or read in its own source, D documented by itself, O observed or as others have it, U not verified.
    """

    id: str
    name: str
    operator: str
    home: str
    purpose: Purpose
    about: str
    zone: str
    keyed_zone: str
    families: frozenset[int]
    status: Status
    since: str
    default: bool
    group6: int
    complete: bool
    weight: Weight
    lookup: str
    delist: str
    terms: str
    limit: str
    grade: str
    source: str
    seen: str
    tests: TestEntries
    meanings: tuple[Meaning, ...]
    refusals: tuple[Refusal, ...]

    def meaning(self, code: str) -> Meaning | None:
        """Return what a code says of an address, None where the list does not document it."""
        return next((each for each in self.meanings if each.codes.hold(code)), None)

    def refusal(self, code: str) -> Refusal | None:
        """Return what a code says of the query instead of the address, None where it says something of the address."""
        return next((each for each in self.refusals if each.codes.hold(code)), None)

    def page(self, ip: str) -> str:
        """Return where people look an address up, "" where there is no such page."""
        return (self.lookup or self.delist or self.home).replace("{ip}", ip)

    def removal(self, ip: str) -> str:
        """Return where people ask for removal, "" where an address is removed by time alone."""
        return self.delist.replace("{ip}", ip)

    @cached_property
    def askable(self) -> bool:
        """There is somebody to ask."""
        return self.status is not Status.DEAD
