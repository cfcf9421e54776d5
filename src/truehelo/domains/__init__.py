"""Checks of domains: facts of a domain to findings, one file each, found by the loader.

A file in this folder exposes `CHECK`. Others add theirs by an entry point of the group `truehelo.domains` that names such
an object. A test demands for every tag its documentation page and its scenarios.
"""

import importlib
import pkgutil
from functools import lru_cache

from truehelo.domains._model import DomainAudit, DomainCheck, DomainRun, State
from truehelo.domains._view import DomainView
from truehelo.facts.domain import DomainFacts
from truehelo.findings import Finding, Tag

__all__ = [
    "DomainAudit",
    "DomainCheck",
    "DomainRun",
    "DomainView",
    "DuplicateTagError",
    "State",
    "all_checks",
    "all_tags",
    "run_checks",
]

GROUP = "truehelo.domains"
OF_NOTHING = frozenset({"ns", "dmarc"})
"""The checks that have something to say of a name that does not exist."""


class DuplicateTagError(Exception):
    """Two checks of domains declare the same id or the same tag."""


@lru_cache(maxsize=1)
def all_checks() -> tuple[DomainCheck, ...]:
    """Return every check of domains, ours first, in the order of their ids.

    Raises:
        DuplicateTagError: Two checks share an id or a tag.
    """
    ours = [
        importlib.import_module(f"{__name__}.{info.name}").CHECK
        for info in pkgutil.iter_modules(__path__)
        if not info.name.startswith("_")
    ]
    checks = tuple(sorted(ours, key=lambda check: check.id)) + _foreign()
    seen: set[str] = set()
    for word in [check.id for check in checks] + [tag.name for check in checks for tag in check.tags]:
        if word in seen:
            raise DuplicateTagError(f"{word!r} is declared twice among the checks of domains")
        seen.add(word)
    return checks


def _foreign() -> tuple[DomainCheck, ...]:
    from importlib.metadata import entry_points  # late: 20 ms

    return tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def all_tags() -> dict[str, Tag]:
    """Return every tag of domains by its name."""
    return {tag.name: tag for check in all_checks() for tag in check.tags}


def run_checks(facts: DomainFacts) -> tuple[Finding, ...]:
    """Run every check over one domain; worst findings first, then by tag.

    Of a name that does not exist nothing is to be said but that, and what DMARC makes of mail that claims it.
    """
    view = DomainView(facts)
    wanted = [check for check in all_checks() if view.exists or check.id in OF_NOTHING]
    found = [finding for check in wanted for finding in check.run(view)]
    return tuple(sorted(found, key=lambda finding: (finding.severity.rank, finding.tag.name)))
