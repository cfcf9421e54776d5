"""The place where daemons run: fresh namespaces with loopback alone, in which every address is one's own.

`enter` starts the same command again inside: network, mounts, host name and processes are new there, all processes end
with the first one, and nothing can leave, for there is no interface but loopback. `furnish` then gives it addresses, a
clean /etc (host names, resolver, accounts) and a file system in memory for spools, at /mnt. What is outside stays as it is.
"""

import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from differential.dns import DnsServer

MARK = "TRUEHELO_DIFFERENTIAL_INSIDE"
HOST4, HOST6 = "203.0.113.25", "2001:db8:ffff::25"
"""Where daemons listen, on ports of their own."""
NAME = "mx.receiver.example"
"""What daemons call themselves."""
DOMAIN = "receiver.example"
"""The domain for which they take mail: for any user of it."""
_UNSHARE = ["unshare", "--net", "--mount", "--uts", "--ipc", "--pid", "--fork", "--kill-child", "--mount-proc"]
_ETC = {
    "hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n",
    "resolv.conf": "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    "nsswitch.conf": "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\n"
    "services: files\n",
}
_FOLDER = Path("/mnt")
_FIRST_ID = 7100
_PR_SET_PDEATHSIG = 1


class PlaceError(Exception):
    """The place cannot be had; the text is one sentence that says why."""


@dataclass(frozen=True, slots=True)
class Place:
    """The place: its DNS server, and a folder that every user can reach and that is gone afterwards."""

    dns: DnsServer
    folder: Path

    def work(self, name: str) -> Path:
        """Make a folder of this name that every user can enter."""
        made = self.folder / name
        number = 1
        while made.exists():  # another daemon of this run had one of this name
            number += 1
            made = self.folder / f"{name}-{number}"
        made.mkdir()
        made.chmod(0o755)
        return made


def is_inside() -> bool:
    """Tell whether this process is in a place already."""
    return MARK in os.environ


def enter(module: str, arguments: Sequence[str]) -> int:
    """Run `python -m MODULE ARGUMENTS` in a new place, to its end; return its exit code.

    Raises:
        PlaceError: There can be none here.
    """
    if os.geteuid() != 0:
        raise PlaceError(
            "the daemons run in namespaces of their own and change their user, which needs root: run this as root"
        )
    for program, package in (("unshare", "util-linux"), ("ip", "iproute2")):
        if shutil.which(program) is None:
            raise PlaceError(f"the program {program!r} is missing: install {package}")
    environment = {**os.environ, MARK: "1"}
    try:
        subprocess.run([*_UNSHARE, "true"], check=True, capture_output=True, text=True, timeout=30)
    except subprocess.CalledProcessError as error:
        raise PlaceError(
            f"this machine gives no namespaces ({error.stderr.strip()}): allow them, or use another machine"
        ) from error
    command = [*_UNSHARE, sys.executable, "-m", module, *arguments]
    # Whatever becomes of this process, nothing of the place stays behind.
    process = subprocess.Popen(command, env=environment, preexec_fn=_die_with_parent)  # noqa: PLW1509
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # the one inside gets it too, and ends


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def furnished(accounts: Sequence[str]) -> Iterator[Place]:
    """Furnish the place this process is in, with these accounts beside those that the machine has.

    Raises:
        PlaceError: It cannot be.
    """
    # Over a folder that every system has and nobody removes: a mount vanishes with the folder below it.
    _run("mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", str(_FOLDER))
    _addresses()
    _etc(_FOLDER, accounts)
    _run("hostname", "receiver")
    dns = DnsServer()
    with dns.listening():
        yield Place(dns, _FOLDER)


def _addresses() -> None:
    _run("ip", "link", "set", "lo", "up")
    for family, address, every in (("-4", f"{HOST4}/32", "0.0.0.0/0"), ("-6", f"{HOST6}/128", "::/0")):
        _run("ip", family, "address", "add", address, "dev", "lo")
        # Whoever connects may come from any address, and whatever is connected to is here.
        _run("ip", family, "route", "add", "local", every, "dev", "lo")


def _etc(folder: Path, accounts: Sequence[str]) -> None:
    """Have an /etc of our own: a copy, since files mounted one by one vanish when somebody outside replaces theirs."""
    etc = folder / "etc"
    shutil.copytree("/etc", etc, symlinks=True)
    files = dict(_ETC)
    passwd, group, shadow = ((etc / name).read_text() for name in ("passwd", "group", "shadow"))
    known = {line.partition(":")[0] for line in passwd.splitlines()}
    groups = {line.partition(":")[0] for line in group.splitlines()}
    for number, account in enumerate(accounts, _FIRST_ID):
        if account not in known:
            passwd += f"{account}:x:{number}:{number}::/nonexistent:/usr/sbin/nologin\n"
            shadow += f"{account}:!:19000::::::\n"
        if account not in groups:
            group += f"{account}:x:{number}:\n"
    files |= {"passwd": passwd, "group": group, "shadow": shadow}
    for name, text in files.items():
        (etc / name).unlink(missing_ok=True)
        (etc / name).write_text(text)
        (etc / name).chmod(0o640 if name == "shadow" else 0o644)
    _run("mount", "--bind", str(etc), "/etc")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode != 0:
        raise PlaceError(f"{' '.join(command)}: {done.stderr.strip()}")
