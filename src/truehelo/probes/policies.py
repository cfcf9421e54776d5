"""The PolicyFetcher port over HTTPS: one GET, as a sending server makes it (RFC 8461 §3.3), bounded in size and time.

The certificate must be valid for the host, redirects are not followed, and no proxy is used. The HTTP client is the one
that came with dnspython. Does not decide what the policy says, nor what it means that it could not be had.
"""

import asyncio
import importlib
import importlib.util
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from truehelo import __version__
from truehelo.facts.address import Address, judgeable, scope
from truehelo.facts.domain import Fetched, PolicyFetch
from truehelo.facts.text import visible
from truehelo.ports import NOT_CONTACTED, Clock
from truehelo.probes.dns.transports import reason
from truehelo.probes.routes import Routes

PATH = "/.well-known/mta-sts.txt"
MAX_OCTETS = 65_536
"""RFC 8461 §3.3 suggests a bound of 64 kilobytes."""
MAX_ADDRESSES = 3
"""How many addresses of the host are tried, until one of them speaks."""
_FIELDS = {"User-Agent": f"truehelo/{__version__}", "Accept": "text/plain", "Accept-Encoding": "identity"}
_HTTP = b"HTTP/1."
"""How every reply begins (RFC 9112 §4)."""
_CLOSED = "the server closed the connection before its reply was whole"
_SILENT = (Fetched.REFUSED, Fetched.TIMEOUT, Fetched.NOT_FETCHED)


@dataclass(slots=True)
class _Got:
    """What one try came to."""

    outcome: Fetched
    detail: str = ""
    status: int | None = None
    content_type: str = ""
    text: str = ""
    connected_to: str = field(default="")


@dataclass(slots=True)
class _Heard:
    """What came out of TLS on one connection: how it begins, and whether the server ended it."""

    begin: bytes = b""
    ended: bool = False

    @property
    def is_cut(self) -> bool:
        """The server ended what so far was HTTP, or before it said anything."""
        return self.ended and self.begin == _HTTP[: len(self.begin)]

    def on(self, context: ssl.SSLContext) -> ssl.SSLContext:
        """Listen to the connection of a context, whose end the HTTP client tells by the words of an error alone."""
        heard = self

        class Listening(ssl.SSLObject):
            def read(self, *args: Any) -> Any:
                try:
                    got: bytes = super().read(*args)  # nobody gives a buffer, for which it would be a number
                except ssl.SSLError as error:
                    heard.ended = heard.ended or _is_end(error)
                    raise
                heard.ended = heard.ended or not got
                heard.begin = (heard.begin + got)[: len(_HTTP)]
                return got

        context.sslobject_class = Listening
        return context


class HttpsPolicies:
    """Fetches policies; `timeout_s` seconds each, whatever the number of addresses."""

    def __init__(self, *, clock: Clock, routes: Routes, timeout_s: float = 15.0) -> None:
        """Keep the settings; nothing is opened yet."""
        self._clock, self._routes, self._timeout_s = clock, routes, timeout_s

    async def fetch(self, host: str, ips: Sequence[Address]) -> PolicyFetch:
        """Fetch the policy of `host` from the first of its addresses that speaks."""
        at, began = self._clock.now(), self._clock.monotonic()
        got = _Got(Fetched.NOT_FETCHED, f"{host} has no address that is known")
        try:
            async with asyncio.timeout(self._timeout_s):
                for ip in ips[:MAX_ADDRESSES]:
                    got = await self._from(host, ip)
                    if got.outcome not in _SILENT:
                        break
        except TimeoutError:
            got = _Got(Fetched.TIMEOUT, f"no reply in {self._timeout_s:g} s")
        return PolicyFetch(
            host=host,
            outcome=got.outcome,
            at=at,
            took_s=round(self._clock.monotonic() - began, 3),
            status=got.status,
            content_type=got.content_type,
            text=got.text,
            connected_to=got.connected_to,
            detail=got.detail,
        )

    async def _from(self, host: str, ip: Address) -> _Got:
        where, port = self._routes.to(ip, 443)
        if not self._routes.allowed(where):
            return _Got(Fetched.NOT_FETCHED, NOT_CONTACTED)
        # A stranger's zone must not send us into our own network, unless the operator leads there.
        if (where, port) == (ip, 443) and not judgeable(ip):
            return _Got(Fetched.NOT_FETCHED, f"not contacted: {ip} is {scope(ip)}, not public")
        http = await asyncio.to_thread(_http)
        place = f"[{where}]:{port}" if where.version == 6 else f"{where}:{port}"
        heard = _Heard()
        try:
            async with (
                http.AsyncClient(timeout=None, trust_env=False, verify=heard.on(ssl.create_default_context())) as client,
                client.stream(
                    "GET",
                    f"https://{place}{PATH}",
                    headers={**_FIELDS, "Host": host},
                    extensions={"sni_hostname": host},
                    follow_redirects=False,
                ) as reply,
            ):
                got = await _read(reply)
        except (http.HTTPError, http.InvalidURL, OSError, ValueError) as error:
            got = _failed(error, heard)
        got.connected_to = "" if got.outcome is Fetched.REFUSED else place
        return got


async def _read(reply: Any) -> _Got:
    """Judge status and type, and read the body as far as it may go."""
    status, content_type = int(reply.status_code), visible(str(reply.headers.get("content-type", "")), 120)
    if status != 200:
        return _Got(Fetched.STATUS, f"the reply has status {status}, and only 200 counts", status, content_type)
    octets = b""
    async for chunk in reply.aiter_raw():
        octets += chunk
        if len(octets) > MAX_OCTETS:
            return _Got(Fetched.TOO_LARGE, f"the policy is larger than {MAX_OCTETS} octets", status, content_type)
    if content_type.partition(";")[0].strip().lower() != "text/plain":
        detail = f"the reply is {content_type or 'of no type that it tells'}, and a policy is text/plain"
        return _Got(Fetched.NOT_TEXT, detail, status, content_type)
    try:
        return _Got(Fetched.ANSWER, "", status, content_type, octets.decode("utf-8"))
    except UnicodeDecodeError:
        return _Got(Fetched.NOT_TEXT, "the policy is no text in UTF-8", status, content_type)


def _failed(error: BaseException, heard: _Heard) -> _Got:
    """Tell TLS from the network from HTTP, by what the client's own error came from.

    A connection that the server ended is one that the network cut, for all that is known: it says nothing of the policy.
    """
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return _Got(Fetched.REFUSED, _CLOSED) if _is_end(cause) else _Got(Fetched.TLS_FAILED, reason(cause))
        if isinstance(cause, OSError) and cause.errno:
            return _Got(Fetched.REFUSED, reason(cause))
        cause = cause.__cause__ or cause.__context__
    said = visible(str(error).partition("\n")[0], 160) or type(error).__name__
    if type(error).__name__ in ("RemoteProtocolError", "DecodingError", "LocalProtocolError"):
        if heard.is_cut:
            return _Got(Fetched.REFUSED, _CLOSED)
        return _Got(Fetched.MALFORMED, f"the reply is no HTTP that can be read: {said}")
    return _Got(Fetched.REFUSED, said)


def _is_end(error: ssl.SSLError) -> bool:
    """The other side closed the connection, with or without saying so in TLS."""
    return isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError) or error.reason == "UNEXPECTED_EOF_WHILE_READING"


def _http() -> ModuleType:
    """Return the HTTP client that came with dnspython: httpx2, or httpx before its version 2.9."""
    return next(importlib.import_module(name) for name in ("httpx2", "httpx") if importlib.util.find_spec(name))
