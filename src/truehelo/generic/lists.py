"""The labelled list: real names of senders, access networks and providers, by which the classifier is measured.

`labelled/*.tsv` holds name, address ("-" where it is not known), label and source, `labelled/sources.tsv` what each source
is. Names of access networks and providers from recent sources stand on documentation addresses: the form is what counts,
not whose address it was. The list is split in two by a hash of the registered domain, so that no domain stands in both
halves. Judges nothing (`report`).
"""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from truehelo.facts.address import Address, parse_address
from truehelo.generic.parts import registrable

_FOLDER = Path(__file__).with_name("labelled")
FILES = ("senders", "access", "providers")


class Label(StrEnum):
    """What a name is known to be."""

    SENDER = "sender"
    ACCESS = "access"
    PROVIDER = "provider"


class Half(StrEnum):
    """Which half of the list a name stands in."""

    TUNED = "tuned"
    """The rules were written with these names in view."""
    HELD_OUT = "held-out"
    """Nobody looked at what the rules make of these names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One name of the list; `ip` is None where the source does not tell the address, `source` a key of `sources()`."""

    name: str
    ip: Address | None
    label: Label
    source: str
    half: Half


@lru_cache(maxsize=1)
def labelled() -> tuple[Labelled, ...]:
    """Return the list, in the order of its files."""
    return tuple(_entry(*row) for file in FILES for row in _rows(file))


@lru_cache(maxsize=1)
def sources() -> dict[str, str]:
    """Return each source by its key."""
    return {row[0]: row[1] for row in _rows("sources")}


def half_of(name: str) -> Half:
    """Return the half of a name, by the first octet of the SHA-256 of its registered domain: even is tuned, odd is not."""
    return Half.HELD_OUT if sha256(registrable(name).encode("ascii")).digest()[0] % 2 else Half.TUNED


def _entry(name: str, address: str, label: str, source: str) -> Labelled:
    return Labelled(name=name, ip=parse_address(address), label=Label(label), source=source, half=half_of(name))


def _rows(file: str) -> list[list[str]]:
    text = (_FOLDER / f"{file}.tsv").read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if not line.startswith("#")]
