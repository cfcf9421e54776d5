"""Object stores and whatever else fsspec knows: `s3://bucket/reports/`, `gs://...`, `memory://...`.

The library, and the one for each kind of store, come with the extra "cloud" or are installed beside it; they are imported
when such a path is named. Of a URL's query, and of a password in it, nothing is told or stored. Does not look into what it
finds (`reports.read`).
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
_WEB = re.compile(r"https?://", re.ASCII | re.IGNORECASE)
_WEB_QUERY = re.compile(r"(https?://[^\s?'\"<>]*)\?[^\s'\"<>]*", re.ASCII | re.IGNORECASE)
_QUERY = re.compile(r"(://[^\s?'\"<>]*)\?[^\s'\"<>=]*=[^\s'\"<>]*", re.ASCII)
_LOGIN = re.compile(r"(://[^/\s:@?#'\"]*:)[^/\s?#'\"]*@", re.ASCII)
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
        whole = name if _PATH.match(name) else f"{kind}://{name.lstrip('/')}"
        yield Item(name=_shown(whole), origin=kind, open=opened, stream=True)


def _system(url: str, *, loopback_only: bool) -> tuple[Any, str]:
    try:
        import fsspec.core
    except ModuleNotFoundError:
        raise IntakeError(
            f"{_shown(url)}: needs fsspec: install truehelo with its extra, pip install 'truehelo[cloud]'"
        ) from None
    kinds = {part.partition("://")[0] for part in url.split("::")}
    if loopback_only and not kinds <= _HERE:
        raise IntakeError(f"{_shown(url)}: is not contacted, since nothing may leave this machine (TRUEHELO_LOOPBACK_ONLY)")
    try:
        system, path = fsspec.core.url_to_fs(url)
    except ImportError as error:  # fsspec names the package that is missing
        raise IntakeError(f"{_shown(url)}: needs another package ({_said(error, url)})") from None
    except Exception as error:  # noqa: BLE001  (a file system of another package raises what it likes)
        raise IntakeError(f"{_shown(url)}: cannot be used ({_said(error, url)})") from None
    return system, str(path)


def _names(system: Any, path: str, url: str) -> list[str]:
    try:
        if _names_one(path):
            found = [path] if system.exists(path) else []
        elif _is_pattern(path):
            found = [name for name in system.glob(path) if not system.isdir(name)]
        elif system.isdir(path):
            found = [name for name in system.find(path) if _wanted(name[len(path) :])]
        elif system.exists(path):
            found = [path]
        else:
            found = []
    except Exception as error:  # noqa: BLE001  (as above)
        raise IntakeError(f"{_shown(url)}: cannot be read ({_said(error, url)})") from None
    if not found and (_names_one(path) or not _is_folder(system, path)):
        raise IntakeError(f"{_shown(url)}: there is no such file or folder")
    return sorted(str(name) for name in found)


def _names_one(path: str) -> bool:
    """Tell whether a path is a web address with a query (RFC 3986 §3.4): no folder, and no pattern whatever is in it."""
    return _WEB.match(path) is not None and "?" in path


def _is_pattern(path: str) -> bool:
    """Tell whether a path has wildcards; in a web address brackets are those of an IPv6 address (RFC 3986 §3.2.2)."""
    return any(char in path for char in ("*" if _WEB.match(path) else "*?["))


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
        raise IntakeError(f"cannot be read ({_said(error, name)})") from None


def _shown(url: str) -> str:
    """Return a URL without what may be a secret: a query, such as a signature, and the password of a login."""
    parts = url.split("::")
    return "::".join(_clean(f"{part.partition('?')[0]}?..." if _query(part) else part) for part in parts)


def _query(part: str) -> str:
    """Return the query of a URL, "" for none; but in a web address a `?` alone is a wildcard."""
    query = part.partition("?")[2]
    return query if _WEB.match(part) or "=" in query else ""


def _clean(text: str) -> str:
    text = _LOGIN.sub(r"\1...@", _WEB_QUERY.sub(r"\1?...", text))
    return _QUERY.sub(r"\1?...", text)


def _said(error: Exception, url: str) -> str:
    """Return what an error says, on one line and bounded, without what may be a secret of the URL or of another one."""
    text = str(error)
    for part in url.split("::"):
        text = text.replace(_query(part) or "\0", "...")
    return _clean(" ".join(text.split()))[:200] or type(error).__name__
