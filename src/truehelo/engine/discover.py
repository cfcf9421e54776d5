"""What the names of an inventory lead to now: a domain to its MX hosts and what SPF authorises, a host to its addresses.

One look adds. Before anything is taken away, those who know are heard as well (`sure`), and what could not be looked up
stays (`inventory.discovered`). Addresses that nobody outside can judge are left out, and told.
"""

from collections.abc import Iterable

from truehelo.engine.lists import BOTH
from truehelo.engine.subjects import Found, find_subjects
from truehelo.engine.sure import SureResolver
from truehelo.engine.targets import Kind, Target
from truehelo.facts.address import Address, judgeable
from truehelo.facts.text import visible
from truehelo.inventory.discovered import Merge, Sight, merge
from truehelo.inventory.model import DISCOVER, Line
from truehelo.ports import Resolver, Suffixes

MAX_NOTES = 20


async def discover(
    line: Line,
    kept: Iterable[Address],
    resolver: Resolver,
    suffixes: Suffixes,
    families: frozenset[int] = BOTH,
) -> Merge:
    """Look up what the name of a line leads to, and merge it into what it was found to lead to before.

    Args:
        line: A line whose target is a domain or a host.
        kept: What it led to so far.
        resolver: Whom to ask.
        suffixes: Tells which SPF includes are the domain's own.
        families: The address families to look for.
    """
    kept = tuple(kept)
    target = _target(line)
    first = sight(await find_subjects([target], resolver, suffixes, families, authoritative=True))
    merged = merge(kept, first)
    if not merged.removed:
        return merged
    sure = SureResolver(resolver)
    second = sight(await find_subjects([target], sure, suffixes, families, authoritative=True), sure=not sure.unsure)
    return merge(kept, first, second)


def _target(line: Line) -> Target:
    aim = line.aim
    return Target(kind=Kind(str(aim.kind)), text=line.target, name=aim.name, discover=frozenset(line.discover or DISCOVER))


def sight(found: Found, *, sure: bool = True) -> Sight:
    """Return what a run of expansion saw: all there is, unless a lookup failed, was not `sure`, or was cut off."""
    hidden = [subject for subject in found.subjects.values() if not judgeable(subject.ip)]
    failed = any(each.undetermined for each in found.unresolved)
    notes = [f"{each.asked}: {each.detail}" for each in found.unresolved] + found.notes
    notes += [
        f"{subject.sources[0].asked}: leads to {subject.ip}, which nobody outside can judge; it is left out"
        for subject in hidden
    ]
    return Sight(
        addresses=tuple(subject.ip for subject in found.subjects.values() if judgeable(subject.ip)),
        whole=sure and not failed and not found.cut,
        notes=tuple(visible(note, 300) for note in notes[:MAX_NOTES]),
    )
