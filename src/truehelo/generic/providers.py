"""Provider defaults as data: names that a provider gives to every address until its customer asks for another.

`providers.toml` holds readable templates, such as "static.{d}.{c}.{b}.{a}.clients.your-server.de". The table is read on
first use and found by suffix, so that a name costs a few dictionary look-ups. Does not decide what a default name costs.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

PLACES = {
    "a": r"[0-9]{1,3}",
    "b": r"[0-9]{1,3}",
    "c": r"[0-9]{1,3}",
    "d": r"[0-9]{1,3}",
    "n": r"[0-9]+",
    "hexip": r"[0-9a-f]{8}",
    "hex": r"[0-9a-f]{1,32}",
    "label": r"[0-9a-z_-]+",
    "labels": r"[0-9a-z_-]+(?:\.[0-9a-z_-]+)*",
}
"""What a place in a template stands for: octets of the address, a number, the address in hex, any hex, labels."""

_PLACE = re.compile(r"\{([a-z]+)\}")


class TemplateError(ValueError):
    """A template in the table cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One provider, or one large sender (`sender`: names of its outbound pools, which are never generic).

    `grade` is "O" (forms observed or documented) or "U" (general knowledge). `seen` is a month, such as "2026-08".
    """

    id: str
    name: str
    templates: tuple[str, ...]
    source: str
    grade: str
    seen: str
    sender: bool = False


@lru_cache(maxsize=1)
def providers() -> tuple[Provider, ...]:
    """Return the table."""
    # By path: importlib.resources costs more time to import than the table takes to read.
    text = Path(__file__).with_name("providers.toml").read_text("utf-8")
    table = tomllib.loads(text)
    return tuple(
        Provider(**{**entry, "templates": tuple(entry["templates"])}, sender=kind == "sender")
        for kind in ("sender", "provider")
        for entry in table[kind]
    )


def suffix_of(template: str) -> str:
    """Return the labels at the end of a template that hold no place.

    Raises:
        TemplateError: There are none, or a place is not known.
    """
    unknown = set(_PLACE.findall(template)) - set(PLACES)
    labels = template.split(".")
    literal: list[str] = []
    while labels and "{" not in labels[-1]:
        literal.insert(0, labels.pop())
    if unknown:
        raise TemplateError(f"{template!r}: unknown places {sorted(unknown)}")
    if not literal:
        raise TemplateError(f"{template!r}: has no suffix")
    return ".".join(literal)


def template_pattern(template: str) -> str:
    """Return the regular expression that a template stands for."""
    parts = _PLACE.split(template)
    return "".join(PLACES[part] if i % 2 else re.escape(part) for i, part in enumerate(parts))


_Table = dict[str, tuple[tuple[re.Pattern[str], Provider], ...]]


@lru_cache(maxsize=1)
def _by_suffix() -> tuple[_Table, frozenset[str]]:
    """The table by suffix, and the last two labels of every suffix: most names end in none, and cost no more than that."""
    found: dict[str, list[tuple[re.Pattern[str], Provider]]] = {}
    for provider in providers():
        for template in provider.templates:
            entry = (re.compile(template_pattern(template)), provider)
            found.setdefault(suffix_of(template), []).append(entry)
    table = {suffix: tuple(entries) for suffix, entries in found.items()}
    return table, frozenset(".".join(suffix.rsplit(".", 2)[-2:]) for suffix in table)


def find_provider(name: str) -> Provider | None:
    """Return whose default `name` (lower case, no final dot) is, None for nobody's; senders first."""
    table, domains = _by_suffix()
    rest, _, top = name.rpartition(".")
    if f"{rest.rpartition('.')[2]}.{top}" in domains:
        rest = name
        while rest != top:
            for pattern, provider in table.get(rest, ()):
                if pattern.fullmatch(name):
                    return provider
            rest = rest.partition(".")[2]
    # A few templates hold places down to the second label (ip{d}.ip-{a}-{b}-{c}.eu).
    for pattern, provider in table.get(top, ()):
        if pattern.fullmatch(name):
            return provider
    return None
