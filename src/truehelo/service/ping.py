"""The dead-man's ping: at an interval, and only while the watch is well, a URL is asked or a file is touched.

Whoever waits for it raises the alarm when it stays away: the one failure that a watch cannot report by itself. The way with
a URL is that of healthchecks.io and its likes: a 2xx counts, URL/fail says at once that something is wrong. Nothing here
raises: what goes wrong is a trouble of the part "ping" in the health. The URL is a secret; messages repeat its host alone.
"""

import asyncio
import importlib
import importlib.util
import os
from collections.abc import Coroutine
from types import ModuleType
from urllib.parse import urlsplit, urlunsplit

from truehelo import __version__
from truehelo.configuration.channels import url_fault
from truehelo.configuration.service import PingSettings
from truehelo.errors import InputError
from truehelo.facts.address import names_loopback
from truehelo.facts.text import visible
from truehelo.findings import Severity
from truehelo.ports import NOT_CONTACTED
from truehelo.service.health import Condition, Health, Part
from truehelo.service.secret import read_secret

TIMEOUT_S = 10.0
AGAIN_S = 15.0
"""After a ping that failed the next one follows within so many seconds."""
MAX_SAID = 10_000
_FIELDS = {"User-Agent": f"truehelo/{__version__}"}


class _FailedError(Exception):
    """A ping that did not arrive; the text is why, in words that follow "the ping"."""


class Ping:
    """Tells somebody that the watch is well.

    Args:
        settings: Whom to tell, and how often.
        health: What is asked before each ping, and where a failed one is noted.
        loopback_only: Ask nobody but this machine.
    """

    def __init__(self, settings: PingSettings, health: Health, *, loopback_only: bool = False) -> None:
        """Keep them; nothing is read or asked yet."""
        self._settings, self._health, self._loopback_only = settings, health, loopback_only

    async def run(self) -> None:
        """Ping at the interval until cancelled."""
        while True:
            arrived = await self.once()
            interval = self._settings.interval_s
            await asyncio.sleep(interval if arrived else min(interval, AGAIN_S))

    async def once(self) -> bool:
        """Ping once if the watch is well, or say that it is not; False when somebody should have heard and did not."""
        condition, arrived = self._health.good(), True
        if condition.ok and self._settings.file:
            arrived = await self._note("file", self._touch())
        if (self._settings.url or self._settings.url_secret) and (condition.ok or self._settings.fail):
            arrived = await self._note("url", self._ask(condition)) and arrived
        return arrived

    async def _note(self, name: str, attempt: Coroutine[None, None, None]) -> bool:
        try:
            await attempt
        except _FailedError as error:
            self._health.trouble(Part.PING, str(error), name=name, severity=Severity.WARNING)
            return False
        except Exception as error:  # noqa: BLE001  (whatever it is, the next ping must come; its words may hold the URL)
            failed = f"failed by a fault of this program ({type(error).__name__})"
            self._health.trouble(Part.PING, failed, name=name, severity=Severity.WARNING)
            return False
        self._health.well(Part.PING, name)
        return True

    async def _touch(self) -> None:
        try:
            await asyncio.to_thread(touch, self._settings.file)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            cause = (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)
            raise _FailedError(f"cannot touch {self._settings.file}: {cause}") from error

    async def _ask(self, condition: Condition) -> None:
        url = self._url()
        host = urlsplit(url).hostname or ""
        if self._loopback_only and not names_loopback(host):
            raise _FailedError(f"cannot reach {host}: {NOT_CONTACTED}")
        said = b"" if condition.ok else "\n".join(condition.reasons).encode()[:MAX_SAID]
        method = self._settings.method if condition.ok else "POST"
        http = await asyncio.to_thread(_http)
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                http.AsyncClient(timeout=None, trust_env=not self._loopback_only, headers=_FIELDS) as client,
                # The body of the reply is a stranger's and of no use: it is not read.
                client.stream(method, url if condition.ok else failing(url), content=said) as reply,
            ):
                status = int(reply.status_code)
        except ImportError as error:  # as for a proxy of a kind that needs one more package
            raise _FailedError(f"cannot reach {host}: {visible(str(error), 200)}") from error
        except TimeoutError as error:
            raise _FailedError(f"had no reply from {host} in {TIMEOUT_S:g} s") from error
        except (http.HTTPError, http.InvalidURL, OSError, ValueError) as error:
            raise _FailedError(f"did not arrive at {host}: {_why(error, url)}") from error
        if not 200 <= status < 300:
            raise _FailedError(f"was answered by {host} with status {status}, and 2xx counts")

    def _url(self) -> str:
        """Return the URL, read again each time: whoever changes the secret need not restart the watch."""
        if self._settings.url_secret is None:
            return self._settings.url
        try:
            url = read_secret(self._settings.url_secret, "URL")
        except InputError as error:
            raise _FailedError(f"has no URL: {error}") from error
        fault = url_fault(url)
        if fault:
            raise _FailedError(f"has no URL that can be asked: what stands in {self._where()} {fault}")
        return url

    def _where(self) -> str:
        held = self._settings.url_secret
        return "" if held is None else held.file or held.env


def failing(url: str) -> str:
    """Return the URL that says that something is wrong: "/fail" after the path, before a query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail"))


def touch(path: str) -> None:
    """Set the time of change of a file to now, and make an empty one where there is none.

    Raises:
        OSError: It cannot be done; a link in its place counts as such a case.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
    handle = os.open(path, flags, 0o644)
    try:
        os.utime(handle)
    finally:
        os.close(handle)


def _why(error: Exception, url: str) -> str:
    """Return what an error says in one line, or its kind where that would give the URL away."""
    said = visible(str(error).partition("\n")[0], 160)
    secret = urlsplit(url).path.strip("/")
    return type(error).__name__ if not said or (secret and secret in said) else said


def _http() -> ModuleType:
    """Return the HTTP client that came with dnspython: httpx2, or httpx before its version 2.9."""
    return next(importlib.import_module(name) for name in ("httpx2", "httpx") if importlib.util.find_spec(name))
