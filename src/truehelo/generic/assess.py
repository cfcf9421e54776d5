"""The rich door to the classifier: one word, and every reason for it and against it, with or without an address.

`rules.classify` is the fast door, for the verdict; this one is for people who ask about a name. Does not decide what a
receiver or a filter makes of the name (`rspamd`, `spamassassin`).
"""

from dataclasses import dataclass
from enum import StrEnum

from truehelo.facts.address import Address
from truehelo.facts.names import canonical
from truehelo.generic.reason import Reason
from truehelo.generic.rules import generic_reasons
from truehelo.generic.sender import sender_reasons


class Kind(StrEnum):
    """What a name looks like."""

    GENERIC = "generic"
    """Generated from an address, or handed out by a provider."""
    SENDER = "sender"
    """Not generated, and says that it belongs to mail."""
    PLAIN = "plain"
    """Neither: somebody chose it, for whatever purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A name as it compares, the address that it was held against (None for none), and what follows.

    `generic` are the reasons for which it looks generated, `sender` those that speak for a sender. A name that holds its
    address is generic whatever else is in it, so `sender` may hold reasons beside a verdict of generic.
    """

    name: str
    ip: Address | None
    kind: Kind
    generic: tuple[Reason, ...]
    sender: tuple[Reason, ...]


def assess(name: str, ip: Address | None = None) -> Assessment:
    """Return what `name` looks like on `ip`; where no address is given, shapes that look like one count by themselves."""
    name = canonical(name)
    generic, sender = generic_reasons(name, ip, every=True), sender_reasons(name)
    kind = Kind.GENERIC if generic else Kind.SENDER if sender else Kind.PLAIN
    return Assessment(name=name, ip=ip, kind=kind, generic=generic, sender=sender)
