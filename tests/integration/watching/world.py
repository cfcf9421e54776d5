"""A watched internet on loopback: knot with authority, unbound before it, a mail server to be renamed.

The name servers and the mail servers have documentation addresses; `connect_to` leads from those to where the servers
really listen.
"""

import asyncio
import contextlib
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aiosmtpd.smtp import SMTP

from integration.servers.dns import Server as Started
from integration.servers.dns import _spawn, _stop, _wait, knot_text
from integration.servers.fetch import fetch
from support.alertservers import Mailbox
from support.freeport import free_port

NAME_SERVER = "192.0.2.53"
TTL = 8
_SOA = "@ SOA ns1.business.example. hostmaster.business.example. {serial} 3600 900 604800 1\n@ NS ns1.business.example.\n"


@dataclass
class Zones:
    """knot and what it serves: zone to owner to records. `change` is seen by whoever asks it at once."""

    server: Started
    held: dict[str, dict[str, str]]
    serial: int = 1
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def change(self, zone: str, **owners: str | None) -> None:
        """Put records in place of those of owners ("_25" is 25); None removes them."""
        self.change_all(zone, {owner.removeprefix("_"): records for owner, records in owners.items()})

    def change_all(self, zone: str, owners: Mapping[str, str | None]) -> None:
        with self._lock:
            self.serial += 1
            for owner, records in owners.items():
                if records is None:
                    self.held[zone].pop(owner, None)
                else:
                    self.held[zone][owner] = records
            self.server.reload(zone, zone_text(self.held[zone], zone, self.serial))


def zone_text(owners: Mapping[str, str], zone: str, serial: int) -> str:
    body = "".join(f"{owner} {records}\n" for owner, records in owners.items())
    return f"$ORIGIN {zone}.\n$TTL {TTL}\n{_SOA.format(serial=serial)}{body}"


def _unbound(folder: Path, where: tuple[str, int], stubs: Mapping[str, tuple[str, int]]) -> str:
    head = f"""server:
  interface: {where[0]}@{where[1]}
  outgoing-interface: {where[0]}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  use-syslog: no
  logfile: ""
  num-threads: 1
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
  cache-max-ttl: {TTL}
  cache-max-negative-ttl: 1
  infra-host-ttl: 1
"""
    local = "".join(f'  local-zone: "{zone}." nodefault\n' for zone in stubs if zone.endswith("arpa"))
    local += '  local-zone: "8.b.d.0.1.0.0.2.ip6.arpa." nodefault\n'
    return (
        head
        + local
        + "remote-control:\n  control-enable: no\n"
        + "".join(f'stub-zone:\n  name: "{zone}."\n  stub-addr: {ip}@{port}\n' for zone, (ip, port) in stubs.items())
    )


@dataclass
class Daemon:
    """A server of one command line that can be stopped and started again where it was."""

    package: str
    command: list[str]
    where: tuple[str, int]
    folder: Path
    running: Started | None = None

    def start(self) -> Started:
        root = fetch(self.package, [self.package])
        self.running = Started(self.package, self.where, _spawn(root, self.folder, self.command), self.folder)
        _wait(self.running)
        return self.running

    def kill(self) -> None:
        assert self.running is not None
        self.running.process.kill()
        self.running.process.wait(10)

    @property
    def resolver(self) -> str:
        return f"{self.where[0]}:{self.where[1]}"


@dataclass
class Internet:
    """The servers of one story."""

    knot: Daemon
    unbound: Daemon
    zones: Zones

    @property
    def route(self) -> str:
        return f"{NAME_SERVER}:53:{self.knot.where[0]}:{self.knot.where[1]}"


@contextmanager
def internet(
    work: Path, number: int, zones: Mapping[str, Mapping[str, str]], stubs: Mapping[str, tuple[str, int]] | None = None
) -> Iterator[Internet]:
    """Start knot with these zones and unbound before it, on addresses that `number` (1 to 9) makes their own."""
    held = {zone: dict(owners) for zone, owners in zones.items()}
    knot_at, unbound_at = ((ip, free_port(ip)) for ip in (f"127.0.54.{number}", f"127.0.54.{number + 100}"))
    knot = Daemon("knot", ["usr/sbin/knotd", "-c", "{folder}/conf"], knot_at, work / "knot")
    unbound = Daemon("unbound", ["usr/sbin/unbound", "-d", "-p", "-c", "{folder}/conf"], unbound_at, work / "unbound")
    for daemon in (knot, unbound):
        daemon.folder.mkdir(parents=True)
    for zone, owners in held.items():
        (knot.folder / zone).write_text(zone_text(owners, zone, 1))
    (knot.folder / "conf").write_text(knot_text(held).format(ip=knot_at[0], port=knot_at[1], folder=knot.folder))
    ways = dict.fromkeys(held, knot_at) | dict(stubs or {})
    (unbound.folder / "conf").write_text(_unbound(unbound.folder, unbound_at, ways))
    with ExitStack() as stack:
        for daemon in (knot, unbound):
            daemon.start()
            stack.callback(_end, daemon)
        assert knot.running is not None
        yield Internet(knot, unbound, Zones(knot.running, held))


def _end(daemon: Daemon) -> None:
    if daemon.running is not None:
        with contextlib.suppress(ProcessLookupError):
            daemon.running.process.send_signal(signal.SIGCONT)
        _stop(daemon.running)


class Greeter:
    """A mail server by aiosmtpd that is watched: `name` is what it greets with, from the next connection on."""

    def __init__(self, name: str) -> None:
        self.name, self.port = name, 0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None

    async def _up(self) -> None:
        def protocol() -> SMTP:
            return SMTP(Mailbox(), hostname=self.name, ident="ESMTP", loop=self._loop)

        self._server = await self._loop.create_server(protocol, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def up(self) -> None:
        asyncio.run_coroutine_threadsafe(self._up(), self._loop).result(10)

    def down(self) -> None:
        asyncio.run_coroutine_threadsafe(self._down(), self._loop).result(10)

    @contextmanager
    def serving(self) -> Iterator["Greeter"]:
        thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        thread.start()
        self.up()
        try:
            yield self
        finally:
            self.down()
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join(10)
            self._loop.close()
