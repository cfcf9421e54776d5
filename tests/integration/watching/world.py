"""A watched internet on loopback: knot with authority, unbound before it, a mail server to be renamed, and whom to tell.

The name servers and the mail servers have documentation addresses; `connect_to` leads from those to where the servers
really listen.
"""

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP
from standardwebhooks import Webhook

from integration.servers.dns import Server as Started
from integration.servers.dns import _free_port, _spawn, _stop, _wait
from integration.servers.fetch import fetch
from support.alertservers import Mailbox, smtp_server

KEY = "whsec_" + "d2hvZXZlciByZWFkcyB0aGlzIGlzIGEgdGVzdGVy"
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


def _knot(zones: Mapping[str, Mapping[str, str]], folder: Path, where: tuple[str, int]) -> str:
    return f"""server:
  listen: {where[0]}@{where[1]}
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
    knot_at, unbound_at = ((ip, _free_port(ip)) for ip in (f"127.0.54.{number}", f"127.0.54.{number + 100}"))
    knot = Daemon("knot", ["usr/sbin/knotd", "-c", "{folder}/conf"], knot_at, work / "knot")
    unbound = Daemon("unbound", ["usr/sbin/unbound", "-d", "-p", "-c", "{folder}/conf"], unbound_at, work / "unbound")
    for daemon in (knot, unbound):
        daemon.folder.mkdir(parents=True)
    for zone, owners in held.items():
        (knot.folder / zone).write_text(zone_text(owners, zone, 1))
    (knot.folder / "conf").write_text(_knot(held, knot.folder, knot_at))
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


# Whom to tell


@dataclass
class Hook:
    """A webhook's other side: verifies each signature by a library of somebody else, and keeps what it has taken."""

    status: int = 204
    delay_s: float = 0.0
    asked: int = 0
    taken: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)
    refused: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0
    url: str = ""

    def kinds(self, *ips: str) -> list[str]:
        """The kinds of notices that were taken, about these addresses if any are given."""
        return [body["kind"] for _, _, body in list(self.taken) if not ips or _about(body) & set(ips)]

    def bodies(self, *ips: str) -> list[dict[str, Any]]:
        return [body for _, _, body in list(self.taken) if not ips or _about(body) & set(ips)]

    @contextmanager
    def serving(self) -> Iterator["Hook"]:
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.asked += 1
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                try:
                    Webhook(KEY).verify(body, headers)
                except Exception:  # noqa: BLE001  whatever the library finds wrong
                    hook.forged += 1
                time.sleep(hook.delay_s)
                if hook.status < 300:
                    hook.taken.append((time.time(), headers["webhook-id"], json.loads(body)))
                else:
                    hook.refused.append((headers["webhook-id"], json.loads(body)))
                with contextlib.suppress(OSError):  # whoever asked has gone
                    self.send_response(hook.status)
                    self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with _http(Handler) as url:
            self.url = f"{url}/hook"
            yield self


def _about(body: Mapping[str, Any]) -> set[str]:
    return {member["ip"] for member in body["members"]}


@contextmanager
def _http(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@dataclass
class Pings:
    """Somebody who waits for pings: when each came, by path."""

    came: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    url: str = ""

    @contextmanager
    def serving(self) -> Iterator["Pings"]:
        pings = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                pings.came[self.path].append(time.monotonic())
                self.send_response(200)
                self.end_headers()

            def do_POST(self) -> None:
                self.do_GET()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        with _http(Handler) as url:
            self.url = f"{url}/ping"
            yield self


@dataclass
class Post:
    """The mailbox and the hook of one story."""

    mailbox: Mailbox
    port: int
    hook: Hook

    def mails(self, *words: str) -> list[EmailMessage]:
        """The mails that hold all of these words in their text."""
        parser = BytesParser(policy=default)
        mails: list[Any] = [parser.parsebytes(envelope.original_content) for envelope in list(self.mailbox.envelopes)]
        return [mail for mail in mails if all(word in text_of(mail) for word in words)]

    @property
    def channels(self) -> str:
        return f"""
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = {self.port}
tls = "none"
from = "truehelo@business.example"
to = ["ops@business.example"]
helo = "watch.business.example"

[[channel]]
name = "hook"
kind = "webhook"
url = "{self.hook.url}"
secret_env = "HOOK_KEY"
"""


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    text: str = body.get_content()
    return text


@contextmanager
def post() -> Iterator[Post]:
    """A mail server by aiosmtpd and a webhook's other side."""
    mailbox = Mailbox()
    with smtp_server(mailbox) as port, Hook().serving() as hook:
        yield Post(mailbox, port, hook)


# Who is watched


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


# The watch itself


@dataclass
class Watcher:
    """`truehelo watch` in a process of its own, over a database and a configuration of its own."""

    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    before: tuple[str, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def config(self) -> Path:
        return self.folder / "truehelo.toml"

    @property
    def database(self) -> Path:
        return self.folder / "truehelo.db"

    def configure(self, text: str) -> None:
        self.config.write_text(text)

    def _environment(self) -> dict[str, str]:
        held = {key: value for key, value in os.environ.items() if not key.startswith("TRUEHELO_DATABASE")}
        fixed = {"TRUEHELO_LOOPBACK_ONLY": "1", "HOOK_KEY": KEY, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
        return {**held, **fixed, **self.environment}

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "truehelo", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
        )

    def cli(self, *arguments: str, code: int | None = 0) -> str:
        """Run another command over the same configuration and database; return what it says."""
        done = self.run(*arguments, "-c", str(self.config), "-d", str(self.database))
        assert code is None or done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def import_(self, inventory: str) -> None:
        (self.folder / "inventory.toml").write_text(inventory)
        self.cli("inventory", "import", str(self.folder / "inventory.toml"))

    def start(self, *, wait: bool = True) -> None:
        words = [*self.before, sys.executable, "-m", "truehelo", "watch", "-c", str(self.config), "-d", str(self.database)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                words, env=self._environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        if wait:
            until("it says that it watches", lambda: f"{self.said()} ".rpartition("watching, with")[2], within_s=60)

    def said(self) -> str:
        """What it has logged, over all its lives."""
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def kill(self) -> None:
        """End it as a power cut would."""
        assert self.runs, self.said()
        self.signal(signal.SIGKILL)
        assert self.process is not None
        self.process.wait(10)

    def stop(self, within_s: float = 60) -> int:
        """Ask it to stop; return its exit code."""
        assert self.process is not None
        if self.runs:
            self.signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def ended(self, within_s: float = 60) -> int:
        """Wait until it has ended; return its exit code."""
        assert self.process is not None
        return self.process.wait(within_s)

    def end(self) -> None:
        if self.runs:
            self.kill()

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """What stands in the database; it may not be there yet."""
        if not self.database.exists():
            return []
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)) as held:
            return held.execute(query, values).fetchall()

    def state(self, ip: str) -> str:
        """How an address stands; "" if it is not known."""
        found = self.rows("SELECT worst FROM schedule JOIN subjects ON id = subject_id WHERE ip = ?", ip)
        return found[0][0] if found else ""

    def seen(self, ip: str) -> dict[str, str]:
        """What is seen of an address."""
        query = "SELECT what, value FROM observations JOIN subjects s ON s.id = subject_id WHERE ip = ? AND until IS NULL"
        return dict(self.rows(query, ip))

    def causes(self) -> list[str]:
        """Why addresses cannot be seen now."""
        query = "SELECT DISTINCT undetermined_cause FROM schedule WHERE overlay = 'undetermined'"
        return [row[0] for row in self.rows(query)]

    def history(self, ip: str) -> dict[str, Any]:
        """How an address stood, as `truehelo history` tells it."""
        (found,) = json.loads(self.cli("history", ip, "--json"))["subjects"]
        return dict(found)

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.cli("status", "--json", code=None))
        return found


def ask(port: int, path: str) -> tuple[int, str]:
    """Ask the listener of a watch; return the status and the body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def until(what: str, holds: Callable[[], object], within_s: float = 60.0, every_s: float = 0.1) -> None:
    """Wait until something holds."""
    end = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < end, f"not within {within_s:g} s: {what}"
        time.sleep(every_s)
