"""What a name leads to, kept up to date: the addresses of a look merged into those that are kept.

An address is added when an answer names it, and taken away only when the answers, all of them, no longer do. Whatever
could not be looked up may be what still names it, so that silence removes nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from truehelo.facts.address import Address


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one look at a name showed.

    `whole` is False where something on the way could not be looked up, or was cut off; `notes` say what, and what
    else there is to be known (MX hosts without address, networks of an SPF record that are too large to be watched).
    """

    addresses: tuple[Address, ...]
    whole: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What is kept from now on, sorted; what came, what went, and what stays although no look showed it (`unseen`)."""

    addresses: tuple[Address, ...]
    added: tuple[Address, ...] = ()
    removed: tuple[Address, ...] = ()
    unseen: tuple[Address, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> bool:
        """Entries have to be expanded anew."""
        return bool(self.added or self.removed)


def merge(kept: Iterable[Address], *sights: Sight) -> Merge:
    """Merge looks into what is kept: what one of them shows is there, what a whole one of all does not show is gone.

    Without any look, nothing changes.
    """
    before = set(kept)
    seen = {ip for sight in sights for ip in sight.addresses}
    whole = bool(sights) and all(sight.whole for sight in sights)
    missed = before - seen
    return Merge(
        addresses=_sorted(seen if whole else seen | before),
        added=_sorted(seen - before),
        removed=_sorted(missed) if whole else (),
        unseen=() if whole else _sorted(missed),
        notes=tuple(dict.fromkeys(note for sight in sights for note in sight.notes)),
    )


def _sorted(ips: Iterable[Address]) -> tuple[Address, ...]:
    return tuple(sorted(ips, key=lambda ip: (ip.version, int(ip))))
