"""The daemons, one module each, found by their file. A module exposes `KIND` (`differential.model.Kind`)."""

import importlib
import pkgutil
from functools import lru_cache

from differential.model import Kind


@lru_cache(maxsize=1)
def kinds() -> dict[str, Kind]:
    """Return every kind of daemon by its name."""
    names = sorted(info.name for info in pkgutil.iter_modules(__path__) if not info.name.startswith("_"))
    found = [importlib.import_module(f"{__name__}.{name}").KIND for name in names]
    return {kind.name: kind for kind in found}
