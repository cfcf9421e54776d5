"""Checks: facts to findings, one file each, found by the loader.

A file in this folder exposes `CHECK`. Others add theirs by an entry point of the group `truehelo.checks` that names
such an object. A test demands for every tag its documentation page and its scenarios.
"""

import importlib
import pkgutil
from functools import lru_cache

from truehelo.findings import Check, Finding, Tag
from truehelo.identity import Identity

GROUP = "truehelo.checks"


class DuplicateTagError(Exception):
    """Two checks declare the same id or the same tag."""


@lru_cache(maxsize=1)
def all_checks() -> tuple[Check, ...]:
    """Return every check, ours first, in the order of their ids.

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
            raise DuplicateTagError(f"{word!r} is declared twice among the checks")
        seen.add(word)
    return checks


def _foreign() -> tuple[Check, ...]:
    from importlib.metadata import entry_points  # late: 20 ms

    return tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))


def all_tags() -> dict[str, Tag]:
    """Return every tag by its name."""
    return {tag.name: tag for check in all_checks() for tag in check.tags}


def run_checks(identity: Identity) -> tuple[Finding, ...]:
    """Run every check over one identity; worst findings first, then by tag."""
    found = [finding for check in all_checks() for finding in check.run(identity)]
    return tuple(sorted(found, key=lambda finding: (finding.severity.rank, finding.tag.name)))
