"""Since when parts of the facts cannot be seen, and when what they hid may have begun.

A change that takes away a name and silences port 25 is seen in two halves, the second when the server answers again. That
half began somewhere while it was hidden, and not when it was first seen. Does not decide which parts a look could not see
(`sighting.py`), nor what is one incident.
"""

from collections.abc import Iterable, Mapping

from truehelo.drift.sighting import needs

_LISTED = "DNSBL_"


def hidden_since(
    before: Mapping[str, float], unseen: Iterable[str], suspected: Iterable[str], at: float
) -> dict[str, float]:
    """Return since when each part is hidden, in seconds since the epoch; `before` is what the look before returned.

    A part that is seen again stays while something that rests on it is suspected: until that is believed, nobody has heard
    of what the part hid.
    """
    out = set(unseen)
    found = {part: before.get(part, at) for part in sorted(out)}
    if before.keys() - out:
        rest = frozenset().union(*(_parts(tag) for tag in suspected))
        found |= {part: since for part, since in before.items() if part in rest and part not in out}
    return found


def may_have_begun(tag: str, since: float, hidden: Mapping[str, float]) -> float:
    """Return when a failure that was first seen at `since` may have begun at the earliest."""
    return min([since, *(hidden[part] for part in _parts(tag) if part in hidden)]) if hidden else since


def _parts(tag: str) -> frozenset[str]:
    return frozenset() if tag.startswith(_LISTED) else needs(tag)
