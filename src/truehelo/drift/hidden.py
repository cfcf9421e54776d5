"""Since when parts of the facts cannot be seen, and when what they hid may have begun.

A change that takes away a name and silences port 25 is seen in two halves, the second when the server answers again. That
half began somewhere while it was hidden, and not when it was first seen. Does not decide which parts a look could not see
(`sighting.py`), nor what is one incident.
"""

from collections.abc import Iterable, Mapping

from truehelo.drift.sighting import needs, needs_of_all

_LISTED = "DNSBL_"


def hidden_since(
    before: Mapping[str, float], unseen: Iterable[str], suspected: Iterable[str], at: float
) -> dict[str, float]:
    """Return since when what tags rest on is hidden, in seconds since the epoch; `before` is what the look before returned.

    Parts on which a tag rests together are one entry: as long as one of them or another is hidden, it could not be told. An
    entry whose parts are all seen again stays while such a tag is suspected: until that is believed, nobody has heard of
    what they hid.
    """
    out = frozenset(unseen)
    found = {_key(parts): before.get(_key(parts), at) for parts in needs_of_all() if parts & out}
    if before.keys() - found.keys():
        waiting = {_key(needs(tag)) for tag in suspected if not tag.startswith(_LISTED)}
        found |= {key: since for key, since in before.items() if key in waiting and key not in found}
    return found


def may_have_begun(tag: str, since: float, hidden: Mapping[str, float]) -> float:
    """Return when a failure that was first seen at `since` may have begun at the earliest."""
    if not hidden or tag.startswith(_LISTED):
        return since
    return min(since, hidden.get(_key(needs(tag)), since))


def _key(parts: frozenset[str]) -> str:
    return "+".join(sorted(parts))
