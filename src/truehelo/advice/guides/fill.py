"""Puts the reader's names and addresses into the texts of a guide.

Only well-formed host names, addresses and reverse names go in, and of these only characters that no shell, no file format
and no terminal takes for anything but themselves; for whatever else a word in capitals stays. So no text from the network
ever reaches a command or a configuration line.
"""

import re
import shlex
from dataclasses import dataclass
from functools import cached_property, lru_cache

from truehelo.advice.guides.model import WayText
from truehelo.facts.address import forward_type, parse_address, reverse_name
from truehelo.facts.names import canonical, is_fqdn
from truehelo.findings import Way

STANDINS = {
    "name": "NAME",
    "host": "HOST",
    "domain": "DOMAIN",
    "ip": "ADDRESS",
    "type": "A",
    "reverse": "REVERSE-NAME",
    "zone": "REVERSE-ZONE",
    "label": "LABEL",
}
"""Each place in a guide's text, and the word that stands there while nothing is known."""
PLACE = re.compile(r"\{([a-z_]+)\}")
_REVERSE = re.compile(r"(?:[0-9a-z_-]+(?:/[0-9]+)?\.)+(?:in-addr|ip6)\.arpa")


@dataclass(frozen=True, kw_only=True)
class Places:
    """What goes into the places of a guide: each value is safe anywhere, or its stand-in."""

    values: tuple[tuple[str, str], ...]
    family: int | None

    def fill(self, text: str) -> str:
        """Return a text with its places filled."""
        if "{" not in text:
            return text
        return PLACE.sub(lambda place: self._known.get(place[1], place[0]), text)

    @cached_property
    def _known(self) -> dict[str, str]:
        return dict(self.values)


@lru_cache(maxsize=64)
def places(
    *, name: str | None = None, ip: str | None = None, reverse: str | None = None, zone: str | None = None
) -> Places:
    """Return the places for a host name, an address, and the reverse name and zone where its PTR stands.

    What is malformed, or holds a character that some shell or file could take for more, counts as unknown.
    """
    values = dict(STANDINS)
    address = None if ip is None else parse_address(ip)
    if address is not None:
        values |= {"ip": str(address), "type": forward_type(address), "reverse": reverse_name(address)}
        if reverse is not None and _is_reverse(reverse):
            values["reverse"] = canonical(reverse)
    if name is not None and is_fqdn(name):
        host, _, domain = canonical(name).partition(".")
        values |= {"name": canonical(name), "host": host, "domain": domain}
    if zone is not None and _is_reverse(zone):
        values["zone"] = canonical(zone)
        label = values["reverse"].removesuffix("." + values["zone"])
        values["label"] = label if label != values["reverse"] else STANDINS["label"]
    values = {place: value if shlex.quote(value) == value else STANDINS[place] for place, value in values.items()}
    return Places(values=tuple(values.items()), family=None if address is None else address.version)


def _is_reverse(name: str) -> bool:
    """An owner name below in-addr.arpa or ip6.arpa, RFC 2317 labels included (they may hold a slash)."""
    return len(name) <= 253 and _REVERSE.fullmatch(canonical(name)) is not None


def way(text: WayText, *filled: Places) -> Way:
    """Return a way filled for each of several addresses; what comes out equal stands once."""

    def each(lines: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.fill(line) for one in filled for line in lines))

    first = filled[0]
    return Way(
        kind=text.kind,
        where=first.fill(text.where),
        commands=each(text.commands),
        # Lines belong together: for several addresses they are repeated as a whole.
        lines=tuple(line for block in dict.fromkeys(tuple(map(one.fill, text.lines)) for one in filled) for line in block),
        note=first.fill(text.note),
    )


def for_family(texts: tuple[WayText, ...], family: int | None) -> list[WayText]:
    """Return the ways that hold for a family; all of them while none is known."""
    return [text for text in texts if family is None or text.family in (None, family)]
