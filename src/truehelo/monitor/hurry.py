"""What is looked at soon since something was suspected: the neighbours, and the same address from elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy import Connection

from truehelo.monitor.lists import PREFIX
from truehelo.monitor.look import Look
from truehelo.store import schedule, shares

_REMEMBERED = 10_000


@dataclass(slots=True)
class Hurrying:
    """Remembers which networks were hurried, so that hundreds of suspicions do it once."""

    _hurried: dict[str, float] = field(default_factory=dict)

    def hurry(self, connection: Connection, looks: Iterable[Look], vantage: str, now: float, every_s: float) -> None:
        """Have looked at now what belongs to looks that newly suspect something; a network every `every_s` seconds."""
        suspected = [found for found in looks if _new_suspicions(found)]
        for network in sorted({found.due.subject.network for found in suspected}):
            if now - self._hurried.get(network, 0.0) > every_s:
                self._hurried[network] = now
                schedule.hurry(connection, network, vantage, now)
        listed = {found.due.subject.id for found in suspected if any(map(_is_listing, _new_suspicions(found)))}
        others = {found.due.subject.id for found in suspected} - listed
        if listed:
            shares.look_beside(connection, listed, now, lists=True)
        if others:
            shares.look_beside(connection, others, now)
        if len(self._hurried) > _REMEMBERED:
            self._hurried.clear()


def _new_suspicions(found: Look) -> set[str]:
    """The tags in which a subject has just begun to be suspected."""
    return set(found.standings) - {held.tag for held in found.due.held}


def _is_listing(tag: str) -> bool:
    return tag.startswith(PREFIX)
