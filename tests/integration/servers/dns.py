"""nsd, knot and bind with authority, and unbound recursing over them, each on a loopback address of its own.

The name servers of the zones have documentation addresses; `routes` leads from those to where the servers really listen.
"""

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.servers.certificate import self_signed
from integration.servers.fetch import fetch, libs
from support.freeport import free_port
from truehelo.probes.routes import Routes

REVERSE4 = "2.0.192.in-addr.arpa"
PARENT = "100.51.198.in-addr.arpa"
CHILD = f"32-63.{PARENT}"
MOVING = "113.0.203.in-addr.arpa"
REVERSE6 = "0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa"
_HEAD = (
    "$ORIGIN {zone}.\n$TTL {ttl}\n@ SOA ns1.business.example. hostmaster.business.example. {serial} 3600 900 604800 60\n"
)
_NS = {"nsd": "ns1", "knot": "ns2", "named": "ns3"}
_ADDRESSES = {"nsd": "192.0.2.53", "knot": "192.0.2.54", "named": "192.0.2.55"}

ZONES: dict[str, tuple[tuple[str, ...], str]] = {
    "business.example": (
        ("nsd", "knot", "named"),
        "mail A 192.0.2.25\nmail AAAA 2001:db8::25\n@ MX 10 mail\n"
        '@ TXT "v=spf1 mx a:gate.business.example" " a:moved.business.example -all"\n'
        "relay A 198.51.100.33\nold A 192.0.2.99\n"
        "gate A 192.0.2.40\ngate A 198.51.100.4\nmoved A 203.0.113.7\n",
    ),
    "cloudhost.example": (("nsd",), "198-51-100-4.dynamic A 198.51.100.4\n"),
    REVERSE4: (
        ("nsd", "knot", "named"),
        "25 PTR mail.business.example.\n26 PTR old.business.example.\n40 PTR gate.business.example.\n",
    ),
    MOVING: (("nsd", "knot"), "7 5 PTR old.business.example.\n8 600 PTR old.business.example.\n"),
    PARENT: (
        ("nsd",),
        "4 PTR 198-51-100-4.dynamic.cloudhost.example.\n33 CNAME 33.32-63\n34 CNAME 34.32-63\n"
        "32-63 NS ns2.business.example.\n",
    ),
    CHILD: (("knot",), "33 PTR relay.business.example.\n"),
    REVERSE6: (("knot", "named"), "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR mail.business.example.\n"),
}
"""Zone: the servers that hold it, and what is in it besides SOA and NS."""


def zone_text(zone: str, body: str | None = None, serial: int = 1, ttl: int = 300) -> str:
    """Return the zone file, with the name servers that hold the zone and their addresses."""
    holders, content = ZONES[zone]
    text = _HEAD.format(zone=zone, ttl=ttl, serial=serial)
    text += "".join(f"@ NS {_NS[holder]}.business.example.\n" for holder in holders)
    if zone == "business.example":
        text += "".join(f"{_NS[holder]} A {_ADDRESSES[holder]}\n" for holder in holders)
    return text + (content if body is None else body)


@dataclass(frozen=True)
class Server:
    """A server that was started: `where` it listens, its process, and the folder of its zone files."""

    name: str
    where: tuple[str, int]
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def resolver(self) -> str:
        """The server as `--resolver` takes it."""
        return f"{self.where[0]}:{self.where[1]}"

    def reload(self, zone: str, text: str) -> None:
        """Put another zone file in place and have the server read it."""
        file = self.folder / zone
        file.write_text(text)
        # nsd reads a zone file again when its time of change is another one, in whole seconds.
        os.utime(file, (time.time() + 5, time.time() + 5))
        self.process.send_signal(signal.SIGHUP)


@dataclass(frozen=True)
class Servers:
    """All four, and the routes to those with authority.

    unbound also speaks TLS and HTTPS at the ports `tls` and `https`, with a certificate for dns.example that `trust` holds.
    """

    nsd: Server
    knot: Server
    named: Server
    unbound: Server
    tls: int
    https: int
    trust: Path

    @property
    def rules(self) -> list[str]:
        """From the documentation addresses of the name servers to where they listen, as `--connect-to` takes it."""
        return [
            f"{_ADDRESSES[server.name]}:53:{server.where[0]}:{server.where[1]}"
            for server in (self.nsd, self.knot, self.named)
        ]

    @property
    def routes(self) -> Routes:
        """The rules as routes; nothing leaves this machine."""
        return Routes.parse(self.rules, loopback_only=True)


@contextmanager
def recursing_bind(servers: Servers, work: Path) -> Iterator[Server]:
    """Start bind once more, as a resolver that keeps what it hears from `servers`; stop it at the end."""
    root, folder = fetch("bind9", ["bind9"]), work / "recursing-bind"
    folder.mkdir(parents=True)
    where = ("127.0.0.1", free_port("127.0.0.1"))
    config = _BIND_RECURSING.format(folder=folder, ip=where[0], port=where[1])
    places = {server.name: f"{server.where[0]} port {server.where[1]}" for server in (servers.nsd, servers.knot)}
    for zone, (holders, _) in ZONES.items():
        first = next(places[holder] for holder in holders if holder in places)
        config += f'zone "{zone}" {{ type forward; forward only; forwarders {{ {first}; }}; }};\n'
    (folder / "conf").write_text(config)
    command = ["usr/sbin/named", "-f", "-n", "1", "-c", "{folder}/conf"]
    server = Server("recursing-bind", where, _spawn(root, folder, command), folder)
    try:
        _wait(server)
        yield server
    finally:
        _stop(server)


_BIND_RECURSING = """options {{ directory "{folder}"; listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }};
  pid-file "{folder}/pid"; session-keyfile "{folder}/session.key"; recursion yes; dnssec-validation no;
  managed-keys-directory "{folder}"; allow-query {{ any; }}; allow-recursion {{ any; }}; empty-zones-enable no; }};
controls {{ }};
"""


@contextmanager
def running(work: Path) -> Iterator[Servers]:
    """Fetch and start all four below `work`; stop them at the end."""
    with ExitStack() as stack:

        def start(name: str, address: str, package: str, command: list[str], config: str) -> Server:
            root, folder = fetch(package, [package]), work / name
            folder.mkdir(parents=True)
            for zone, (holders, _) in ZONES.items():
                if name in holders:
                    (folder / zone).write_text(zone_text(zone))
            where = (address, free_port(address))
            (folder / "conf").write_text(config.format(ip=address, port=where[1], folder=folder))
            server = Server(name, where, _spawn(root, folder, command), folder)
            stack.callback(_stop, server)
            _wait(server)
            return server

        nsd = start("nsd", "127.0.53.1", "nsd", ["usr/sbin/nsd", "-d", "-c", "{folder}/conf"], _nsd())
        knot = start("knot", "127.0.53.2", "knot", ["usr/sbin/knotd", "-c", "{folder}/conf"], knot_text(_held("knot")))
        # named listens only on addresses that an interface has, and 127.0.0.1 is the only one of those.
        named = start("named", "127.0.0.1", "bind9", ["usr/sbin/named", "-f", "-n", "1", "-c", "{folder}/conf"], _named())
        pem, key = self_signed(work, ["dns.example"], ["127.0.53.4"])
        tls, https = free_port("127.0.53.4"), free_port("127.0.53.4")
        places = {server.name: f"{server.where[0]}@{server.where[1]}" for server in (nsd, knot)}
        config = _unbound(places) + _encrypted(tls, https, pem, key)
        unbound = start("unbound", "127.0.53.4", "unbound", ["usr/sbin/unbound", "-d", "-p", "-c", "{folder}/conf"], config)
        yield Servers(nsd, knot, named, unbound, tls, https, pem)


def _spawn(root: Path, folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
    words = [str(root / command[0]), *(word.format(folder=folder) for word in command[1:])]
    with (folder / "out").open("wb") as out:
        return subprocess.Popen(words, env=libs(root), stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)


def _wait(server: Server, seconds: float = 20) -> None:
    until = time.monotonic() + seconds
    while server.process.poll() is None and time.monotonic() < until:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(server.where) == 0:
                return
        time.sleep(0.05)
    said = (server.folder / "out").read_text(errors="replace")[-2000:]
    raise RuntimeError(f"{server.name} did not start: {said}")


def _stop(server: Server) -> None:
    server.process.terminate()
    try:
        server.process.wait(10)
    except subprocess.TimeoutExpired:
        server.process.kill()
        server.process.wait(10)
    shutil.rmtree(server.folder, ignore_errors=True)


def _held(name: str) -> list[str]:
    return [zone for zone, (holders, _) in ZONES.items() if name in holders]


def _nsd() -> str:
    return """server:
  ip-address: {ip}@{port}
  username: ""
  chroot: ""
  zonesdir: "{folder}"
  database: ""
  pidfile: "{folder}/pid"
  xfrdfile: "{folder}/xfrd.state"
  zonelistfile: "{folder}/zone.list"
  xfrdir: "{folder}"
  server-count: 1
  rrl-ratelimit: 0
remote-control:
  control-enable: no
""" + "".join(f'zone:\n  name: "{zone}"\n  zonefile: "{zone}"\n' for zone in _held("nsd"))


def knot_text(zones: Iterable[str]) -> str:
    """Return the configuration of a knot that serves zones, each from a file of its name; some places are left open."""
    return """server:
  listen: {ip}@{port}
  rundir: "{folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 1
log:
  - target: stderr
    any: info
database:
  storage: "{folder}/db"
template:
  - id: default
    storage: "{folder}"
    file: "%s"
    zonefile-sync: -1
    journal-content: none
zone:
""" + "".join(f"  - domain: {zone}\n" for zone in zones)


def _named() -> str:
    return """options {{ directory "{folder}"; listen-on port {port} {{ {ip}; }}; listen-on-v6 {{ none; }};
  pid-file "{folder}/pid"; session-keyfile "{folder}/session.key"; recursion no; dnssec-validation no;
  managed-keys-directory "{folder}"; allow-query {{ any; }}; empty-zones-enable no; notify no; }};
controls {{ }};
""" + "".join(f'zone "{zone}" {{{{ type primary; file "{{folder}}/{zone}"; }}}};\n' for zone in _held("named"))


def _unbound(places: dict[str, str]) -> str:
    head = """server:
  interface: {ip}@{port}
  outgoing-interface: {ip}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  use-syslog: no
  logfile: ""
  verbosity: 1
  num-threads: 1
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "iterator"
"""
    local = "".join(
        f'  local-zone: "{zone}." nodefault\n' for zone in (REVERSE4, PARENT, MOVING, "8.b.d.0.1.0.0.2.ip6.arpa")
    )
    stubs = "".join(
        f'stub-zone:\n  name: "{zone}."\n'
        + "".join(f"  stub-addr: {places[holder]}\n" for holder in holders if holder in places)
        for zone, (holders, _) in ZONES.items()
    )
    return head + local + "remote-control:\n  control-enable: no\n" + stubs


def _encrypted(tls: int, https: int, pem: Path, key: Path) -> str:
    return f"""server:
  interface: {{ip}}@{tls}
  interface: {{ip}}@{https}
  tls-port: {tls}
  https-port: {https}
  tls-service-pem: "{pem}"
  tls-service-key: "{key}"
"""
