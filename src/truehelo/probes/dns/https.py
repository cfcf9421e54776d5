"""DNS over HTTPS (RFC 8484), by dnspython and its HTTP stack. Imported when an `https://` resolver is first asked.

The host name of the URL is looked up by the system. Does not keep connections open between questions: this way of asking is
for networks that let nothing else out, not for bulk.
"""

import asyncio
import importlib
import importlib.util
import socket
import ssl
from urllib.parse import urlsplit, urlunsplit

import dns.asyncquery
import dns.exception
import dns.message

from truehelo.facts.address import Address, parse_address
from truehelo.facts.text import visible
from truehelo.ports import NOT_CONTACTED
from truehelo.probes.dns.transports import NoReplyError, reason
from truehelo.probes.dns.upstream import Upstream
from truehelo.probes.dns.wire import Query, Reply, read
from truehelo.probes.routes import Routes

# dnspython 2.9 uses httpx2 and earlier ones httpx; the errors of whichever is there are failures of the network.
_HTTP = [importlib.import_module(name) for name in ("httpx2", "httpx") if importlib.util.find_spec(name)]
# ValueError: an HTTP status that is no success.
_FAILURES: tuple[type[Exception], ...] = (
    dns.exception.DNSException,
    ValueError,
    *(error for module in _HTTP for error in (module.HTTPError, module.InvalidURL)),
)


async def ask_https(upstream: Upstream, routes: Routes, query: Query, timeout_s: float) -> Reply:
    """Ask over an HTTPS request of its own; the certificate must be valid for the URL.

    Raises:
        NoReplyError: No reply came, or it was not one to our question.
    """
    try:
        async with asyncio.timeout(timeout_s):
            if upstream.ip is None and routes.loopback_only:
                raise NoReplyError(NOT_CONTACTED)  # looking its name up would already leave this machine
            ip, port = routes.to(upstream.ip or await _resolved(upstream.name), upstream.port)
            if not routes.allowed(ip):
                raise NoReplyError(NOT_CONTACTED)
            octets = await _post(_routed(upstream, ip, port), ip, query, timeout_s)
    except TimeoutError as error:
        raise NoReplyError(f"no reply in {timeout_s:g} s") from error
    except OSError as error:
        raise NoReplyError(reason(error)) from error
    reply = read(octets, query)
    if reply is None:
        raise NoReplyError("the reply was not to our question")
    return reply


async def _post(url: str, ip: Address, query: Query, timeout_s: float) -> bytes:
    asked = dns.message.from_wire(query.wire)
    try:
        reply = await dns.asyncquery.https(
            asked,
            url,
            timeout=timeout_s,
            bootstrap_address=str(ip),
            verify=ssl.create_default_context(),
            ignore_trailing=True,
        )
    except dns.exception.Timeout as error:
        raise NoReplyError(f"no reply in {timeout_s:g} s") from error
    except _FAILURES as error:
        # Only the first line: the body of the HTTP reply, which follows it, is a stranger's.
        said = visible(str(error).partition("\n")[0], 160) or type(error).__name__
        raise NoReplyError(f"no DNS reply over HTTPS: {said}") from error
    return reply.wire or b""


async def _resolved(host: str) -> Address:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    for *_, where in found:
        ip = parse_address(str(where[0]))
        if ip is not None:
            return ip
    raise NoReplyError("the host of the URL has no address")


def _routed(upstream: Upstream, ip: Address, port: int) -> str:
    """Return the URL with the port of the route; an address as host is replaced too, as it needs no bootstrap."""
    parts = urlsplit(upstream.url)
    host = upstream.name or str(ip)
    return urlunsplit(parts._replace(netloc=f"[{host}]:{port}" if ":" in host else f"{host}:{port}"))
