"""The small listener of the watch: `/metrics` for Prometheus, `/healthz` and `/readyz` for whoever keeps it running.

On loopback it answers whoever asks by an address or as localhost (a name of somebody else's that leads here is refused, so
that no page in a browser can read along). Elsewhere it asks for a bearer token (RFC 6750 §2.1), and without it says no more
than whether it is alive and ready. It changes nothing.
"""

import asyncio
import gzip
import hmac
import json
import os

from truehelo.configuration.service import MetricsSettings
from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.facts.text import visible
from truehelo.service import http1
from truehelo.service.health import Health
from truehelo.service.secret import read_secret

MAX_CONNECTIONS = 32
MIN_TOKEN = 16
_FRESH_S = 1.0
"""For how many seconds a written exposition is handed out again."""
_ZIPPED_FROM = 1024


class Listener:
    """Serves one `Health`. Use `start` and `aclose`."""

    def __init__(self, health: Health, settings: MetricsSettings) -> None:
        """Read the token, if there is to be one.

        Raises:
            InputError: The token cannot be read or is too short; or there is none, and others than this machine could ask.
        """
        self._health, self._settings = health, settings
        self._token = b""
        if settings.token is not None:
            token = read_secret(settings.token, "token")
            if len(token) < MIN_TOKEN:
                given = settings.token.file or settings.token.env
                raise InputError(given, f"holds a token of {len(token)} characters", f"{MIN_TOKEN} are the least")
            self._token = token.encode()
        elif not settings.ip.is_loopback:
            raise InputError(f"[metrics] listen {settings.place}", "others can reach it, and there is no token")
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._asking: dict[asyncio.Task[None], None] = {}
        self._writing = asyncio.Lock()
        self._written: tuple[float, str, bytes, str] | None = None

    async def start(self) -> None:
        """Listen.

        Raises:
            InputError: The place is taken, or is none of this machine.
        """
        try:
            self._server = await asyncio.start_server(
                self._accept, str(self._settings.ip), self._settings.port, limit=http1.MAX_HEAD, backlog=64
            )
        except OSError as error:
            cause = os.strerror(error.errno).lower() if error.errno else visible(str(error), 120)
            raise InputError(
                f"[metrics] listen {self._settings.place}", f"cannot be used ({cause})", "choose another port or address"
            ) from None

    @property
    def place(self) -> tuple[str, int]:
        """Where it really listens."""
        if self._server is None:
            raise RuntimeError("it does not listen")
        name = self._server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def aclose(self) -> None:
        """Stop, and end what is under way."""
        if self._server is not None:
            self._server.close()
            for task in tuple(self._clients):
                task.cancel()
            await asyncio.gather(*self._clients, return_exceptions=True)
            await self._server.wait_closed()
            self._server = None

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None or not self._room():
            writer.transport.abort()
            return
        self._clients.add(task)
        self._asking[task] = None
        try:
            await self._serve(task, reader, writer)
        except asyncio.CancelledError:
            pass  # by `_room` or `aclose`; nobody awaits this task for its result, and asyncio would log it as an error
        finally:
            self._clients.discard(task)
            self._asking.pop(task, None)
            # Everything is sent by now, or is not wanted: what is still buffered must not hold us up.
            writer.transport.abort()

    def _room(self) -> bool:
        """Make room for one more: whoever has been asking for the longest has to go."""
        if len(self._clients) < MAX_CONNECTIONS:
            return True
        slowest = next(iter(self._asking), None)
        if slowest is None:
            return False
        self._clients.discard(slowest)
        del self._asking[slowest]
        return slowest.cancel()

    async def _serve(self, task: asyncio.Task[None], reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = False
        try:
            request = await http1.read_request(reader)
            self._asking.pop(task, None)
            head = request.method == "HEAD"
            reply = await self._reply(request)
        except http1.RefusedError as error:
            reply = error.reply
        except (EOFError, OSError):
            return
        await http1.send(writer, reader, reply, head=head)

    async def _reply(self, request: http1.Request) -> http1.Reply:
        if request.path not in ("/metrics", "/healthz", "/readyz"):
            return http1.Reply(404, b"There are /metrics, /healthz and /readyz.\n")
        if request.method not in ("GET", "HEAD"):
            return http1.Reply(405, b"GET and HEAD are answered.\n", fields={"Allow": "GET, HEAD"})
        if not self._token and not _local(request.fields.get("host", "localhost")):
            return http1.Reply(421, b"Ask by address, or as localhost.\n")
        known = self._knows(request)
        if request.path != "/metrics":
            return _condition(self._health, ready=request.path == "/readyz", reasons=known)
        if not known:
            return http1.Reply(401, b"A bearer token is needed.\n", fields={"WWW-Authenticate": 'Bearer realm="truehelo"'})
        return await self._metrics(request)

    def _knows(self, request: http1.Request) -> bool:
        """Tell whether the client may see everything."""
        if not self._token:
            return True
        scheme, _, given = request.fields.get("authorization", "").partition(" ")
        # The comparison takes the same time whatever is wrong; only its length can be learned.
        return hmac.compare_digest(given.strip().encode("latin-1"), self._token) and scheme.lower() == "bearer"

    async def _metrics(self, request: http1.Request) -> http1.Reply:
        from truehelo.service.metrics import snapshot, write  # late: a watch without a listener needs no Prometheus

        accept = request.fields.get("accept", "")
        loop = asyncio.get_running_loop()
        async with self._writing:
            held = self._written
            if held is None or held[1] != accept or loop.time() - held[0] > _FRESH_S:
                taken = snapshot(self._health, per_target=self._settings.per_target)
                body, content_type = await asyncio.to_thread(write, taken, accept)
                held = self._written = (loop.time(), accept, body, content_type)
        _, _, body, content_type = held
        fields = {"Vary": "Accept, Accept-Encoding"}
        if len(body) >= _ZIPPED_FROM and _takes_gzip(request.fields.get("accept-encoding", "")):
            body = await asyncio.to_thread(gzip.compress, body, 1)
            fields["Content-Encoding"] = "gzip"
        return http1.Reply(200, body, content_type, fields)


def _condition(health: Health, *, ready: bool, reasons: bool) -> http1.Reply:
    """Return the answer of one question, and the reasons, which name resolvers and channels, to those who may see them."""
    found = health.ready() if ready else health.alive()
    said: dict[str, object] = {"ready" if ready else "alive": found.ok}
    if reasons:
        said["reasons"] = list(found.reasons)
        said["problems"] = [
            {
                "part": each.part,
                "name": each.name,
                "what": each.what,
                "since": each.since.isoformat(),
                "severity": each.severity,
            }
            for each in health.problems
        ]
    body = json.dumps(said, indent=1, ensure_ascii=True).encode() + b"\n"
    return http1.Reply(200 if found.ok else 503, body, "application/json")


def _local(host: str) -> bool:
    """Tell whether a Host names this machine as itself: by an address, or as localhost (RFC 6761 §6.3)."""
    name = host.rpartition("]")[0].removeprefix("[") if host.startswith("[") else host.partition(":")[0]
    name = name.lower().removesuffix(".")
    return parse_address(name) is not None or name == "localhost" or name.endswith(".localhost")


def _takes_gzip(accepted: str) -> bool:
    """Tell whether a client takes gzip (RFC 9110 §12.5.3)."""
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "").removeprefix("q=").strip("0.") != "" or not weight.strip()
    return False
