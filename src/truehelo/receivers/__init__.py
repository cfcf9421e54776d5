"""Receivers: what a client looks like to somebody who judges -> what that one does. One file each, found by the loader.

A file in `mtas/`, `filters/`, `bundles/` or `providers/` exposes `RECEIVER`. Others add theirs by an entry point of the
group `truehelo.receivers` that names such an object. A test demands for every one its page and its verdicts on the
standard worlds. `selection` reads how an operator names one, `unseen` stands between what we could not see and a verdict.
"""

import importlib
import pkgutil
from functools import lru_cache
from pathlib import Path

from truehelo.receivers.model import Receiver

GROUP = "truehelo.receivers"
KINDS = ("mta", "filter", "bundle", "provider")
_FOLDERS = ("mtas", "filters", "bundles", "providers")


class DuplicateReceiverError(Exception):
    """Two receivers share an id."""


@lru_cache(maxsize=1)
def all_receivers() -> dict[str, Receiver]:
    """Return every receiver by its id, ours first, in the order of kinds and ids.

    Raises:
        DuplicateReceiverError: Two receivers share an id.
    """
    found: dict[str, Receiver] = {}
    for receiver in (*_ours(), *_foreign()):
        if receiver.id in found:
            raise DuplicateReceiverError(f"{receiver.id!r} is declared twice among the receivers")
        found[receiver.id] = receiver
    return found


def _ours() -> list[Receiver]:
    modules = [
        f"{__name__}.{folder}.{info.name}"
        for folder in _FOLDERS
        for info in pkgutil.iter_modules([str(Path(__file__).with_name(folder))])
        if not info.name.startswith("_")
    ]
    receivers: list[Receiver] = [importlib.import_module(module).RECEIVER for module in modules]
    return sorted(receivers, key=lambda receiver: (KINDS.index(receiver.kind), receiver.id))


def _foreign() -> tuple[Receiver, ...]:
    from importlib.metadata import entry_points  # late: 20 ms

    return tuple(point.load() for point in sorted(entry_points(group=GROUP), key=lambda point: point.name))
