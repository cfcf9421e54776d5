"""knot with a zone for each scenario of a domain, signed where it says so, unbound validating over it, and a web server.

One zone above all ("example", signed) delegates to them and holds the DS records that knot's own `keymgr` gives. A second
knot holds older copies, and refuses the rest. `rules` lead from documentation addresses to where the servers listen.
"""

import http.server
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.servers.certificate import self_signed
from integration.servers.dns import Server, _spawn, _stop, _wait
from integration.servers.fetch import fetch, libs
from support.domains import LAME, OLD, PARENT, SILENT, Scenario, old_text, placed, zone_text
from support.freeport import free_port

SIGNED = ("yes", "no-ds", "bogus")
WEB = "192.0.2.80"


@dataclass(frozen=True)
class Domains:
    """The servers that were started, the domain of each scenario by its name, and the certificate of the web server."""

    resolver: str
    rules: tuple[str, ...]
    domains: dict[str, str]
    trust: Path


@contextmanager
def running(work: Path, scenarios: list[Scenario]) -> Iterator[Domains]:
    """Start everything below `work` for the scenarios; stop it at the end."""
    domains = {scenario["name"]: f"s{number}.example" for number, scenario in enumerate(scenarios, start=1)}
    each = {domains[scenario["name"]]: placed(scenario, domains[scenario["name"]]) for scenario in scenarios}
    with ExitStack() as stack:
        knot = stack.enter_context(_knot(work / "knot", each))
        other = stack.enter_context(_other(work / "other", each))
        anchor = _ds(knot.folder, "example")
        unbound = stack.enter_context(
            _unbound(work / "unbound", knot, [d for d in each if each[d].get("zone") is not None], anchor)
        )
        web, trust = stack.enter_context(_web(work, each))
        dead = free_port("127.0.0.1")
        yield Domains(
            resolver=unbound.resolver,
            rules=(
                *(f"{ip}:53:{knot.where[0]}:{knot.where[1]}" for ip in ("192.0.2.53", "192.0.2.54", "198.51.100.53")),
                *(f"{ip}:53:{other.where[0]}:{other.where[1]}" for ip in (LAME, OLD)),
                f"{SILENT}:53:127.0.0.1:{dead}",
                f"{WEB}:443:127.0.0.1:{web}",
                f"192.0.2.81:443:127.0.0.1:{dead}",
            ),
            domains=domains,
            trust=trust,
        )


@contextmanager
def _knot(folder: Path, each: dict[str, Scenario]) -> Iterator[Server]:
    """The zones of the scenarios, then the zone above them with the DS records of those that are signed."""
    root = fetch("knot", ["knot"])
    (folder / "db").mkdir(parents=True)
    where = ("127.0.54.1", free_port("127.0.54.1"))
    held = {domain: scenario for domain, scenario in each.items() if scenario.get("zone") is not None}
    signed = [domain for domain, scenario in held.items() if scenario.get("signed") in SIGNED]
    config = _KNOT.format(folder=folder, ip=where[0], port=where[1])
    config += "".join(
        f"  - domain: {zone}\n"
        + ("    dnssec-signing: on\n    dnssec-policy: given\n" if zone in (*signed, "example") else "")
        for zone in ("example", *held)
    )
    (folder / "conf").write_text(config)
    for zone in ("example", *signed):
        _keymgr(folder, zone, "generate", "algorithm=13", "ksk=yes", "zsk=yes")
    for domain, scenario in held.items():
        (folder / domain).write_text(zone_text(scenario, domain))
    (folder / "example").write_text(PARENT + "".join(_delegation(folder, domain, each[domain]) for domain in each))
    server = Server("knot", where, _spawn(root, folder, ["usr/sbin/knotd", "-c", "{folder}/conf"]), folder)
    try:
        _wait(server)
        yield server
    finally:
        _stop(server)


def _delegation(folder: Path, domain: str, scenario: Scenario) -> str:
    """What the zone above says of a domain: its servers, the DS of its key or of another, and what stands beside it."""
    label = domain.partition(".")[0]
    lines = [f"{label} NS ns1.{label}", f"ns1.{label} A 192.0.2.53"]
    if scenario.get("zone") is None:
        lines = [f"{label} NS dead.{label}", f"dead.{label} A {SILENT}"]
    if scenario.get("signed") == "yes":
        lines.append(f"{label} DS {_ds(folder, domain)}")
    if scenario.get("signed") == "bogus":
        lines.append(f"{label} DS {_ds(folder, 'example')}")
    return "\n".join([*lines, scenario.get("beside", "")]) + "\n"


def _keymgr(folder: Path, zone: str, *words: str) -> str:
    root = fetch("knot", ["knot"])
    command = [str(root / "usr/sbin/keymgr"), "-c", str(folder / "conf"), f"{zone}.", *words]
    done = subprocess.run(command, env=libs(root), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        raise RuntimeError(f"keymgr {zone} {words}: {done.stdout} {done.stderr}")
    return done.stdout


def _ds(folder: Path, zone: str) -> str:
    """The DS data with SHA-256 of the key of a zone."""
    lines = (line.partition(" DS ")[2] for line in _keymgr(folder, zone, "ds").splitlines())
    return next(line for line in lines if line.split()[2] == "2")


@contextmanager
def _other(folder: Path, each: dict[str, Scenario]) -> Iterator[Server]:
    root = fetch("knot", ["knot"])
    folder.mkdir(parents=True)
    where = ("127.0.54.2", free_port("127.0.54.2"))
    old = [domain for domain, scenario in each.items() if OLD in scenario.get("zone", "")]
    config = _KNOT.format(folder=folder, ip=where[0], port=where[1]) + "".join(f"  - domain: {zone}\n" for zone in old)
    (folder / "conf").write_text(config)
    for domain in old:
        (folder / domain).write_text(old_text(domain))
    server = Server("other", where, _spawn(root, folder, ["usr/sbin/knotd", "-c", "{folder}/conf"]), folder)
    try:
        _wait(server)
        yield server
    finally:
        _stop(server)


@contextmanager
def _unbound(folder: Path, knot: Server, zones: list[str], anchor: str) -> Iterator[Server]:
    root = fetch("unbound", ["unbound"])
    folder.mkdir(parents=True)
    where = ("127.0.54.4", free_port("127.0.54.4"))
    config = _UNBOUND.format(folder=folder, ip=where[0], port=where[1], anchor=anchor)
    config += "".join(
        f'stub-zone:\n  name: "{zone}."\n  stub-addr: {knot.where[0]}@{knot.where[1]}\n' for zone in ("example", *zones)
    )
    (folder / "conf").write_text(config)
    command = ["usr/sbin/unbound", "-d", "-p", "-c", "{folder}/conf"]
    server = Server("unbound", where, _spawn(root, folder, command), folder)
    try:
        _wait(server)
        yield server
    finally:
        _stop(server)


@contextmanager
def _web(work: Path, each: dict[str, Scenario]) -> Iterator[tuple[int, Path]]:
    """Serve the policies over HTTPS, with a certificate for every host but those that are to fail by it."""
    policies = {f"mta-sts.{domain}": scenario["policy"] for domain, scenario in each.items() if "policy" in scenario}
    good = [host for host, told in policies.items() if told.get("outcome") != "tls-failed"]
    pem, key = self_signed(work, good or ["nobody.example"], [])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = policies.get(self.headers.get("Host", ""), {"status": 404})
            octets = told.get("text", "").encode()
            self.send_response(told.get("status", 200) if self.path == "/.well-known/mta-sts.txt" else 404)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            return

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem, key)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1], pem
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


_KNOT = """server:
  listen: {ip}@{port}
  rundir: "{folder}"
  udp-workers: 1
  tcp-workers: 1
  background-workers: 2
log:
  - target: stderr
    any: warning
database:
  storage: "{folder}/db"
policy:
  - id: given
    manual: on
    single-type-signing: on
template:
  - id: default
    storage: "{folder}"
    file: "%s"
    zonefile-sync: -1
    zonefile-load: difference-no-serial
    journal-content: all
zone:
"""

_UNBOUND = """server:
  interface: {ip}@{port}
  outgoing-interface: {ip}
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  use-syslog: no
  logfile: ""
  verbosity: 0
  num-threads: 1
  access-control: 127.0.0.0/8 allow
  do-not-query-localhost: no
  module-config: "validator iterator"
  trust-anchor: "example. DS {anchor}"
  ede: yes
  harden-below-nxdomain: no
  aggressive-nsec: no
remote-control:
  control-enable: no
"""
