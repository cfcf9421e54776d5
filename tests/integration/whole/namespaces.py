"""Machines of our own: network namespaces on one wire, with documentation addresses, real ports and a real root zone.

`ask` is where truehelo runs: its system resolver is `recursor` (unbound, from the root down), its other neighbours are
`names` (nsd, which serves the root and every zone below it) and `mail` (Exim on port 25). Nothing else can be reached.
Needs root; whoever cannot make a namespace gets an error that says so, never a skip.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from integration.servers.accounts import account
from integration.servers.certificate import self_signed
from integration.servers.fetch import fetch, libs
from integration.servers.smtp import PACKAGES, exim_conf

MAIL = "mail.business.example"
RIGHT4, RIGHT6, DEFAULT = "192.0.2.25", "2001:db8::25", "198.51.100.4"
"""The mail server's addresses: two whose PTR is its name, and one that has its provider's default."""
HOSTS = {
    "names": ("192.0.2.53", "192.0.2.54", "2001:db8::53"),
    "recursor": ("203.0.113.53",),
    "mail": (RIGHT4, DEFAULT, RIGHT6),
    "ask": ("203.0.113.10", "2001:db8::10"),
}
REVERSE6 = "8.b.d.0.1.0.0.2.ip6.arpa"
_SOA = "@ 60 SOA ns1.business.example. hostmaster.business.example. 1 3600 900 604800 60\n"
_NS = "@ 60 NS ns1.business.example.\n@ 60 NS ns2.business.example.\n"
ZONES = {
    ".": "".join(
        f"{zone}. 60 NS ns1.business.example.\n{zone}. 60 NS ns2.business.example.\n"
        for zone in ("business.example", "cloudhost.example", "2.0.192.in-addr.arpa", "100.51.198.in-addr.arpa", REVERSE6)
    )
    + "ns1.business.example. 60 A 192.0.2.53\nns1.business.example. 60 AAAA 2001:db8::53\n"
    "ns2.business.example. 60 A 192.0.2.54\n",
    "business.example": "ns1 A 192.0.2.53\nns1 AAAA 2001:db8::53\nns2 A 192.0.2.54\n@ MX 10 mail\n"
    f'@ TXT "v=spf1 mx -all"\nmail A {RIGHT4}\nmail A {DEFAULT}\nmail AAAA {RIGHT6}\n',
    "cloudhost.example": f"198-51-100-4.dynamic A {DEFAULT}\n",
    "2.0.192.in-addr.arpa": f"25 PTR {MAIL}.\n",
    "100.51.198.in-addr.arpa": "4 PTR 198-51-100-4.dynamic.cloudhost.example.\n",
    REVERSE6: "5.2" + ".0" * 22 + f" PTR {MAIL}.\n",
}


@dataclass(frozen=True)
class Wire:
    """The namespaces that stand, by the name of their machine."""

    spaces: dict[str, str]

    def run(self, host: str, command: Sequence[str], **options: Any) -> "subprocess.CompletedProcess[str]":
        """Run a command on a machine to its end."""
        words = ["ip", "netns", "exec", self.spaces[host], *command]
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, **options)

    def truehelo(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run the command line on `ask`, as anybody would: no routes, no guard, the resolvers of the system."""
        environment = {key: value for key, value in os.environ.items() if key != "TRUEHELO_LOOPBACK_ONLY"}
        environment["PYTHONIOENCODING"] = "utf-8"
        return self.run("ask", [sys.executable, "-m", "truehelo", *arguments], env=environment)

    def check(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the JSON document of a check."""
        done = self.truehelo("check", *arguments, "--json")
        if not done.stdout:
            raise AssertionError(done.stderr)
        return done.returncode, json.loads(done.stdout)


@contextmanager
def wire() -> Iterator[Wire]:
    """Make a namespace for each machine and one for the switch between them; remove them all at the end."""
    spaces = {host: f"truehelo-{host}-{os.getpid()}" for host in ("switch", *HOSTS)}
    with ExitStack() as stack:
        for space in spaces.values():
            _ip("netns", "add", space)
            stack.callback(subprocess.run, ["ip", "netns", "delete", space], check=False, timeout=30)
            _ip("-n", space, "link", "set", "lo", "up")
        _ip("-n", spaces["switch"], "link", "add", "br0", "type", "bridge")
        _ip("-n", spaces["switch"], "link", "set", "br0", "up")
        for host, addresses in HOSTS.items():
            _plug_in(spaces, host, addresses)
        # Read by `ip netns exec`, which mounts it over /etc/resolv.conf for the command alone.
        settings = Path("/etc/netns") / spaces["ask"]
        settings.mkdir(parents=True)
        stack.callback(_remove, settings)
        (settings / "resolv.conf").write_text(f"nameserver {HOSTS['recursor'][0]}\n")
        yield Wire(spaces)


def _plug_in(spaces: dict[str, str], host: str, addresses: tuple[str, ...]) -> None:
    """Connect a machine to the switch; every address is a neighbour."""
    space = spaces[host]
    _ip("-n", space, "link", "add", "eth0", "type", "veth", "peer", "name", host, "netns", spaces["switch"])
    _ip("-n", spaces["switch"], "link", "set", host, "master", "br0", "up")
    for address in addresses:
        # nodad: an address that is still being probed for duplicates cannot be listened on.
        _ip("-n", space, "address", "add", address, "dev", "eth0", *(["nodad"] if ":" in address else []))
    _ip("-n", space, "link", "set", "eth0", "up")
    _ip("-n", space, "route", "add", "default", "dev", "eth0")
    if any(":" in address for address in addresses):
        _ip("-n", space, "-6", "route", "add", "default", "dev", "eth0")


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        raise RuntimeError(
            f"network namespaces are needed here (root and iproute2): ip {' '.join(words)}: {done.stderr.strip()}"
        )


def _remove(settings: Path) -> None:
    shutil.rmtree(settings, ignore_errors=True)
    if not any(settings.parent.iterdir()):
        settings.parent.rmdir()


@contextmanager
def inhabited() -> Iterator[Wire]:
    """Start the servers on their machines."""
    with wire() as made, ExitStack() as stack, account("Debian-exim"):
        # Not below pytest's own folder: that one is closed to other users, and Exim becomes another user.
        made_folder = tempfile.TemporaryDirectory(prefix="truehelo-whole-", ignore_cleanup_errors=True)
        work = Path(stack.enter_context(made_folder))
        work.chmod(0o755)
        for start in (_nsd, _unbound, _exim):
            stack.enter_context(_serving(made, *start(work)))
        yield made


@contextmanager
def _serving(made: Wire, host: str, command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    log = Path(command[0]).name
    folder = Path(environment["FOLDER"])
    with (folder / f"{log}.out").open("wb") as out:
        words = ["ip", "netns", "exec", made.spaces[host], *command]
        process = subprocess.Popen(
            words, env=environment, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        _await(made, host, HOSTS[host][0], port, process, folder / f"{log}.out")
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


def _await(made: Wire, host: str, ip: str, port: int, process: "subprocess.Popen[bytes]", log: Path) -> None:
    listening = ["ss", "-Hltn", f"src {ip} and sport = :{port}"]
    end = time.monotonic() + 15
    while time.monotonic() < end and process.poll() is None:
        if made.run(host, listening).stdout.strip():
            return
        time.sleep(0.05)
    raise RuntimeError(f"{process.args!r} did not start: {log.read_text(errors='replace')[-2000:]}")


Start = tuple[str, list[str], dict[str, str], int]


def _folder(work: Path, name: str) -> Path:
    folder = work / name
    folder.mkdir()
    return folder


def _nsd(work: Path) -> Start:
    root, folder = fetch("nsd", ["nsd"]), _folder(work, "nsd")
    config = f"""server:
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
""" + "".join(f"  ip-address: {ip}\n" for ip in HOSTS["names"])
    config += "remote-control:\n  control-enable: no\n"
    for number, (zone, body) in enumerate(ZONES.items()):
        (folder / f"zone{number}").write_text(f"$ORIGIN {zone.removesuffix('.')}.\n$TTL 300\n{_SOA}{_NS}{body}")
        config += f'zone:\n  name: "{zone}"\n  zonefile: "zone{number}"\n'
    (folder / "conf").write_text(config)
    command = [str(root / "usr/sbin/nsd"), "-d", "-c", f"{folder}/conf"]
    return "names", command, libs(root) | {"FOLDER": str(folder)}, 53


def _unbound(work: Path) -> Start:
    root, folder = fetch("unbound", ["unbound"]), _folder(work, "unbound")
    hints = ". 3600 NS ns1.business.example.\nns1.business.example. 3600 A 192.0.2.53\n"
    (folder / "root.hints").write_text(hints)
    local = "".join(f'  local-zone: "{zone}." nodefault\n' for zone in ZONES if zone.endswith("arpa"))
    (folder / "conf").write_text(f"""server:
  interface: {HOSTS["recursor"][0]}
  access-control: 203.0.113.0/24 allow
  do-ip6: no
  username: ""
  chroot: ""
  directory: "{folder}"
  pidfile: "{folder}/pid"
  root-hints: "{folder}/root.hints"
  use-syslog: no
  logfile: ""
  num-threads: 1
  module-config: "iterator"
{local}remote-control:
  control-enable: no
""")
    command = [str(root / "usr/sbin/unbound"), "-d", "-p", "-c", f"{folder}/conf"]
    return "recursor", command, libs(root) | {"FOLDER": str(folder)}, 53


def _exim(work: Path) -> Start:
    folder = _folder(work, "exim")
    root = folder / "root"
    shutil.copytree(fetch("exim", PACKAGES["exim"]), root, symlinks=True)
    self_signed(folder, [MAIL], [])
    for sub in ("spool", "log"):
        (folder / sub).mkdir()
        shutil.chown(folder / sub, "Debian-exim", "Debian-exim")
    (folder / "key.pem").chmod(0o640)
    shutil.chown(folder / "key.pem", "root", "Debian-exim")
    listen = " ; ".join(["<", *HOSTS["mail"]]).replace("< ;", "<;")
    (folder / "exim.conf").write_text(exim_conf(root, folder, MAIL, MAIL, listen))
    (folder / "exim.conf").chmod(0o644)
    command = [str(root / "usr/sbin/exim4"), "-C", f"{folder}/exim.conf", "-bdf", "-oX", "25", "-oP", f"{folder}/exim.pid"]
    return "mail", command, libs(root) | {"FOLDER": str(folder)}, 25
