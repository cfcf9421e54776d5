"""Object stores and whatever else fsspec knows: `s3://bucket/reports/`, `gs://...`, `memory://...`.

The library, and the one for each kind of store, come with the extra "cloud" or are installed beside it; they are imported
when such a path is named. Does not look into what it finds (`reports.read`).
"""

import fnmatch
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO

from truehelo.intake.files import PARTIAL
from truehelo.intake.item import IntakeError, Item, spooled

_HERE = frozenset({"memory", "file", "local"})
"""Kinds that leave nothing of this machine."""
_PATH = re.compile(r"[a-z][a-z0-9+.-]*://", re.ASCII)
_CHAINED = re.compile(r"[a-z][a-z0-9+.-]*::", re.ASCII)


def is_one(text: str) -> bool:
    """Tell whether an argument names such a path."""
    return _PATH.match(text) is not None or _CHAINED.match(text) is not None


def items(url: str, *, loopback_only: bool = False) -> Iterator[Item]:
    """Yield every file at or below a path, in the order of their names; hidden and partial ones are left out.

    Raises:
        IntakeError: The library is missing, or the path cannot be read.
    """
    system, path = _system(url, loopback_only=loopback_only)
    kind = url.partition("://")[0].rpartition("::")[2]
    for name in _names(system, path, url):
        opened = partial(_opened, system, name)
        yield Item(name=f"{kind}://{name.lstrip('/')}", origin=kind, open=opened, stream=True)


def _system(url: str, *, loopback_only: bool) -> tuple[Any, str]:
    try:
        import fsspec.core
    except ModuleNotFoundError:
        raise IntakeError(f"{url}: needs fsspec: install truehelo with its extra, pip install 'truehelo[cloud]'") from None
    kinds = {part.partition("://")[0] for part in url.split("::")}
    if loopback_only and not kinds <= _HERE:
        raise IntakeError(f"{url}: is not contacted, since nothing may leave this machine (TRUEHELO_LOOPBACK_ONLY)")
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:  # fsspec names the package that is missing
        raise IntakeError(f"{url}: needs another package ({error})") from None
    except Exception as error:  # noqa: BLE001  (a file system of another package raises what it likes)
        raise IntakeError(f"{url}: cannot be used ({_said(error)})") from None
    return system, str(path)


def _names(system: Any, path: str, url: str) -> list[str]:
    try:
        if any(char in path for char in "*?["):
            found = [name for name in system.glob(path) if not system.isdir(name)]
        elif system.isdir(path):
            found = [name for name in system.find(path) if _wanted(name[len(path) :])]
        elif system.exists(path):
            found = [path]
        else:
            found = []
    except Exception as error:  # noqa: BLE001  (as above)
        raise IntakeError(f"{url}: cannot be read ({_said(error)})") from None
    if not found and not _is_folder(system, path):
        raise IntakeError(f"{url}: there is no such file or folder")
    return sorted(str(name) for name in found)


def _is_folder(system: Any, path: str) -> bool:
    try:
        return bool(system.isdir(path))
    except Exception:  # noqa: BLE001  (as above: then it is none)
        return False


def _wanted(below: str) -> bool:
    parts = [part for part in below.split("/") if part]
    hidden = any(part.startswith(".") for part in parts)
    return bool(parts) and not hidden and not any(fnmatch.fnmatch(parts[-1].lower(), f"*{end}") for end in PARTIAL)


def _opened(system: Any, name: str) -> BinaryIO:
    """Fetch one file whole: an archive is read from its end, and no connection is kept while a database is waited for."""
    try:
        with system.open(name, "rb") as stream:
            return spooled(stream)
    except IntakeError:
        raise
    except Exception as error:  # noqa: BLE001  (as above)
        raise IntakeError(f"cannot be read ({_said(error)})") from None


def _said(error: Exception) -> str:
    """Return what an error says, on one line and bounded."""
    return " ".join(str(error).split())[:200] or type(error).__name__
