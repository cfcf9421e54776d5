"""The laboratory itself: opens a loopback socket for each server of a scenario, and exchanges what they say on demand.

Everything stands on 127.0.0.1, in one event loop. `connect_to` says what each socket stands for; its last entries lead
every other mail and name server to a port where nobody listens, so that an audit in the lab never leaves the machine.
"""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from truehelo.errors import InputError
from truehelo.facts.address import parse_address
from truehelo.lab.dns_server import DnsService, DnsSocket, FaultBook, Memory
from truehelo.lab.ports import HOST, Ports, busy, closed_socket
from truehelo.lab.read import load
from truehelo.lab.scenario import Scenario, SmtpSpec
from truehelo.lab.smtp_server import Conversation, MailServer, no_delay
from truehelo.lab.zones import World

CAUGHT_PORTS = (25, 465, 587, 53)
"""Ports whose every endpoint that the scenario does not hold is led to nobody."""
_BACKLOG = 1024
_TRIES = 50
Key = tuple[str, ...]
Stream = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True)
class _Place:
    """One server of the lab: its port, what carries it, and how to close it."""

    port: int
    carrier: DnsSocket | MailServer
    server: asyncio.Server
    datagrams: asyncio.DatagramTransport | None = None


class Lab:
    """A running scenario: `async with Lab(load("textbook")) as lab: ...`.

    `base_port` gives the servers the ports from that one on, in a fixed order; 0 gives each any free port.
    """

    def __init__(self, scenario: Scenario, base_port: int = 0) -> None:
        """Hold the scenario; nothing is opened before the lab is entered."""
        self.scenario = scenario
        self.conversations: list[Conversation] = []
        self._ports = Ports(base_port)
        self._places: dict[Key, _Place] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._nobody: socket.socket | None = None
        self._started = 0.0
        self._world = World(scenario)

    async def __aenter__(self) -> Self:
        """Open every socket.

        Raises:
            InputError: A port cannot be had.
        """
        self._started = asyncio.get_running_loop().time()
        try:
            await self._apply(self.scenario)
            self._nobody = closed_socket(self._ports.take())
        except BaseException:
            await self._close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every socket and end every conversation."""
        await self._close()

    @property
    def resolvers(self) -> tuple[str, ...]:
        """The resolvers as `--resolver` takes them, in the order of the scenario."""
        return tuple(f"{HOST}:{place.port}" for key, place in self._places.items() if key[0] == "resolver")

    @property
    def connect_to(self) -> tuple[str, ...]:
        """Where each endpoint of the scenario is to be reached, as `--connect-to` takes it; the first that fits counts."""
        routes = [f"{_bracketed(ip)}:53:{HOST}:{self._places['nameserver', ip].port}" for ip in self._world.nameservers]
        for spec in self.scenario.smtp:
            port = self._places["smtp", spec.ips[0], str(spec.ports[0])].port
            routes += [f"{_bracketed(ip)}:{said}:{HOST}:{port}" for ip in spec.ips for said in spec.ports]
        nobody = self._nobody.getsockname()[1] if self._nobody is not None else 9
        return (*routes, *(f":{port}:{HOST}:{nobody}" for port in CAUGHT_PORTS))

    def options(self) -> list[str]:
        """Return the command line options that lead `truehelo` into this lab."""
        options = [word for resolver in self.resolvers for word in ("--resolver", resolver)]
        return options + [word for route in self.connect_to for word in ("--connect-to", route)]

    async def reload(self, scenario: Scenario) -> None:
        """Swap the whole world. Servers that are still in it keep their ports; clocks of held values run on.

        Raises:
            InputError: A port for a new server cannot be had; the old world then stays.
        """
        await self._apply(scenario)

    async def follow(
        self,
        path: str | Path,
        on_change: Callable[[Scenario], None] | None = None,
        on_error: Callable[[InputError], None] | None = None,
        *,
        every: float = 0.25,
    ) -> None:
        """Reload whenever the file at `path` changes, until cancelled. A broken edit keeps the old world.

        Args:
            path: The scenario file.
            on_change: Told of each new scenario, after it is in place.
            on_error: Told why an edit was not taken.
            every: Seconds between looks at the file.
        """
        path = Path(path)
        taken = looked = _stamp(path)
        while True:
            await asyncio.sleep(every)
            before, looked = looked, _stamp(path)
            # Two equal looks in a row: an editor may be in the middle of writing.
            if looked == taken or looked != before:
                continue
            taken = looked
            try:
                scenario = load(path)
                await self.reload(scenario)
            except InputError as error:
                if on_error is not None:
                    on_error(error)
            else:
                if on_change is not None:
                    on_change(scenario)

    async def _apply(self, scenario: Scenario) -> None:
        """Open what is new, then exchange what is said, then close what is gone: a failure changes nothing."""
        world = World(scenario)
        services = self._services(scenario, world)
        mail: dict[Key, SmtpSpec] = {("smtp", spec.ips[0], str(spec.ports[0])): spec for spec in scenario.smtp}
        opened: dict[Key, _Place] = {}
        try:
            for key, service in services.items():
                if key not in self._places:
                    opened[key] = await self._open_dns(service)
            for key, spec in mail.items():
                _prepare(spec)
                if key not in self._places:
                    opened[key] = await self._open_mail(MailServer(spec, self.conversations))
        except BaseException:
            for place in opened.values():
                _shut(place)
            raise
        held = self._places | opened
        self._places = {key: held[key] for key in (*services, *mail)}
        for key, place in held.items():
            if key not in self._places:
                _shut(place)
            elif isinstance(place.carrier, DnsSocket):
                place.carrier.service = services[key]
            else:
                place.carrier.spec = mail[key]
        self.scenario, self._world = scenario, world

    def _services(self, scenario: Scenario, world: World) -> dict[Key, DnsService]:
        services: dict[Key, DnsService] = {}
        for number, spec in enumerate(scenario.resolvers, start=1):
            memory = Memory(spec.holds, cache=spec.cache, resolver=True, started=self._started)
            faults = FaultBook(scenario.faults, {"resolver", spec.name.lower(), f"resolver-{number}"})
            key = ("resolver", spec.name)
            services[key] = DnsService(world, world.resolve, faults, self._recall(key, memory))
        for ip, server in world.nameservers.items():
            holds = {
                question: held
                for name in sorted(server.names)
                if name in scenario.nameservers
                for question, held in scenario.nameservers[name].holds.items()
            }
            memory = Memory(holds, cache=False, resolver=False, started=self._started)
            faults = FaultBook(scenario.faults, {"authoritative", ip, *server.names})
            services["nameserver", ip] = DnsService(world, partial(world.serve, server.apexes), faults, memory)
        return services

    def _recall(self, key: Key, memory: Memory) -> Memory:
        """A resolver that caches does so across a reload: that is what a cache does to those who edit a zone."""
        old = self._places.get(key)
        if old is not None and isinstance(old.carrier, DnsSocket) and memory.cached is not None:
            memory.cached = old.carrier.service.memory.cached or {}
        return memory

    async def _open_dns(self, service: DnsService) -> _Place:
        loop = asyncio.get_running_loop()
        for _ in range(_TRIES):
            carrier = DnsSocket(service)
            server = await self._listen(carrier.stream)
            port = server.sockets[0].getsockname()[1]
            try:
                transport, _ = await loop.create_datagram_endpoint(partial(_same, carrier), local_addr=(HOST, port))
            except OSError as error:
                # The TCP port was free and the UDP port is not: try another pair, unless the port was asked for.
                server.close()
                if self._ports.base:
                    raise busy(port, error) from error
                continue
            return _Place(port, carrier, server, transport)
        raise InputError(HOST, "has no free port for both UDP and TCP", "a base port is accepted")

    async def _open_mail(self, carrier: MailServer) -> _Place:
        server = await self._listen(carrier.stream)
        return _Place(server.sockets[0].getsockname()[1], carrier, server)

    async def _listen(self, stream: Stream) -> asyncio.Server:
        port = self._ports.take()
        try:
            return await asyncio.start_server(self._guarded(stream), HOST, port, backlog=_BACKLOG)
        except OSError as error:
            raise busy(port, error) from error

    def _guarded(self, stream: Stream) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        """Hold a conversation whose client may do anything, and end it when the lab ends."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            no_delay(writer)
            try:
                await stream(reader, writer)
            except (OSError, EOFError, TimeoutError):
                return  # the client is gone, or TLS did not come about
            finally:
                writer.close()

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(talk(reader, writer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

        return begin

    async def _close(self) -> None:
        for place in self._places.values():
            _shut(place)
        self._places = {}
        if self._nobody is not None:
            self._nobody.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _prepare(spec: SmtpSpec) -> None:
    """Make a certificate now, so that no conversation has to wait for it."""
    if spec.tls or spec.starttls == "yes":
        from truehelo.lab.certificates import server_context  # late: ssl and cryptography

        server_context(spec.certificate)


def _same(carrier: DnsSocket) -> DnsSocket:
    return carrier


def _shut(place: _Place) -> None:
    place.server.close()
    if place.datagrams is not None:
        place.datagrams.close()


def _bracketed(ip: str) -> str:
    address = parse_address(ip)
    return f"[{ip}]" if address is not None and address.version == 6 else ip


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
