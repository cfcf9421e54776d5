"""PostgreSQL from the distribution's packages, on a Unix socket and a port of 127.0.0.1, with databases made on demand.

It is unpacked, never installed, and runs as an unprivileged account from a folder of its own, since it refuses to be root.
It can be stopped, killed like a machine that loses its power, and started again over the same data and at the same port.
"""

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from integration.servers.fetch import FetchError, fetch, libs
from support.freeport import free_port

_START_S = 60.0
_STOP_S = 30.0
_ACCOUNT = "nobody"
_USER = "truehelo"
_VERSIONS = {"bookworm": "15", "trixie": "17"}
"""Which version each release of the distribution has; packages have it in their names."""
# Its compiler for queries and its translations weigh more than all the rest, and no test needs them.
_LEFT_OUT = ("bitcode", "llvmjit*", "libLLVM*", "doc", "man", "locale", "perl*")
_SETTINGS = """listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{folder}'
max_connections = 100
shared_buffers = 32MB
dynamic_shared_memory_type = mmap
jit = off
fsync = {durable}
synchronous_commit = {durable}
full_page_writes = {durable}
logging_collector = off
timezone = 'GMT'
log_timezone = 'GMT'
lc_messages = 'C'
"""
# "UTC" would be looked up in tables that a bare machine may not have; "GMT" is built in, and is the same.


class Postgres:
    """One PostgreSQL server below `folder`; it does not run before `start`.

    Args:
        folder: An existing folder that the account may enter and that only this server uses. Its path is at most 80 octets
            long, for the sake of the socket in it.
        durable: Have it write through to the disk before a commit is confirmed. False is faster, and still survives `kill`,
            since what the operating system was given is not lost with the process.
    """

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        """Unpack it, and make an empty cluster."""
        self.folder, self.data = folder, folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        root = folder / "root"
        # Not from the cache: that may lie where the account cannot go.
        shutil.copytree(_unpacked(), root, symlinks=True, ignore=shutil.ignore_patterns(*_LEFT_OUT))
        self._bin = next((root / "usr/lib/postgresql").glob("*/bin"))
        self._environment = {**libs(root), "TZ": "GMT", "LC_ALL": "C"}
        self._become = _account()
        if "user" in self._become:
            shutil.chown(folder, self._become["user"], self._become["group"])
        self.port = free_port()
        words = ["initdb", "-D", str(self.data), "-U", _USER, "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"]
        self._run(words)
        settings = _SETTINGS.format(port=self.port, folder=folder, durable="on" if durable else "off")
        with (self.data / "postgresql.auto.conf").open("a") as file:
            file.write(settings)

    def start(self) -> None:
        """Start it, after `stop` or `kill` too, and return once it answers.

        Raises:
            RuntimeError: It did not start; the text is what it said.
        """
        if self.running:
            return
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.data)],
                env=self._environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self._become,
            )
        until = time.monotonic() + _START_S
        while self._process.poll() is None and time.monotonic() < until:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                time.sleep(0.05)
            else:
                return
        raise RuntimeError(f"postgres did not start: {self.log()[-2000:]}")

    def stop(self) -> None:
        """Stop it in order: open transactions are rolled back, connections closed."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_S)
            except subprocess.TimeoutExpired:
                self.kill()
        self._process = None

    def kill(self) -> None:
        """Kill it with all its backends at once (SIGKILL); nothing is said to clients, nothing more is written."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGSTOP)  # no new backend while the others are counted
            family = [self._process.pid, *_children(self._process.pid)]
            for pid in family:
                _signal(pid, signal.SIGKILL)
            self._process.wait(_STOP_S)
            # It would not start again beside a backend that still holds the shared memory.
            until = time.monotonic() + _STOP_S
            while any(_alive(pid) for pid in family) and time.monotonic() < until:
                time.sleep(0.01)
        self._process = None

    def restart(self) -> None:
        """Stop it in order, and start it again."""
        self.stop()
        self.start()

    @property
    def running(self) -> bool:
        """Its process is there."""
        return self._process is not None and self._process.poll() is None

    def log(self) -> str:
        """Return what it has said so far."""
        return (self.folder / "log").read_text(errors="replace") if (self.folder / "log").exists() else ""

    def url(self, database: str, *, host: str = "127.0.0.1") -> str:
        """Return the URL of a database as SQLAlchemy takes it; `host=str(folder)` leads over the Unix socket."""
        if host.startswith("/"):
            return f"postgresql+psycopg://{_USER}@/{database}?host={host}&port={self.port}"
        return f"postgresql+psycopg://{_USER}@{host}:{self.port}/{database}"

    def create_database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        with self._connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Remove a database, also from under those who use it."""
        with self._connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run one statement by hand, and return its rows, if it has any."""
        with self._connect(database) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def _connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host=str(self.folder), port=self.port, user=_USER, dbname=database, autocommit=True, connect_timeout=10
        )

    def _run(self, words: list[str]) -> None:
        done = subprocess.run(
            [str(self._bin / words[0]), *words[1:]],
            env=self._environment,
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=_START_S,
            **self._become,
        )
        if done.returncode != 0:
            raise RuntimeError(f"{words[0]}: {(done.stderr or done.stdout).strip()[-2000:]}")


@contextmanager
def running(*, durable: bool = True) -> Iterator[Postgres]:
    """Have a server that runs, in a folder of its own; it and its data are gone at the end."""
    # Not below pytest's own folder: that one is closed to other users.
    with tempfile.TemporaryDirectory(prefix="truehelo-pg-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        server = Postgres(Path(name), durable=durable)
        try:
            server.start()
            yield server
        finally:
            server.stop()


def _unpacked() -> Path:
    release = re.search(r"^VERSION_CODENAME=(\w+)", Path("/etc/os-release").read_text(encoding="utf-8"), re.MULTILINE)
    version = _VERSIONS.get(release[1] if release else "")
    if version is None:
        known = ", ".join(_VERSIONS)
        raise FetchError(f"which PostgreSQL this release of the distribution has is known for {known} alone")
    return fetch("postgresql", [f"postgresql-{version}", f"postgresql-client-{version}"])


def _account() -> dict[str, Any]:
    """Return who is to run it, as `subprocess` takes it: somebody without rights when we are root, else ourselves."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam(_ACCOUNT)
    return {"user": _ACCOUNT, "group": entry.pw_gid, "extra_groups": []}


def _children(pid: int) -> list[int]:
    """Return the processes that `pid` has started; its backends have sessions of their own, but it as their parent."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = stat.read_text(errors="replace").rpartition(")")[2].split()
        except OSError:  # it has ended since
            continue
        if int(words[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:  # it has ended by itself
        return
