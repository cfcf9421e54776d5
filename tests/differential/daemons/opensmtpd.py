"""OpenSMTPD: one `smtpd` that listens on a port for each set-up, each with the filter of that set-up.

No query is dropped in its random worlds: OpenSMTPD brings its own resolver, which does not heed the time limits in
resolv.conf and keeps the client waiting for its greeting for 75 s and more.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from differential.daemons._process import MailServer, await_port, model_of, process
from differential.model import Daemon, Kind
from differential.place import DOMAIN, HOST4, HOST6, NAME, Place
from differential.root import Root, unpacked
from truehelo.receivers.selection import configured

_PACKAGES = {"opensmtpd": ("opensmtpd",)}
_ACCOUNTS = ("opensmtpd", "opensmtpq")
_FIRST_PORT = 2700
_REPLY_S = 200.0
"""A reverse lookup that meets silence holds the greeting back for 75 s, a forward one for 150 s."""
_SETTINGS = (
    "",
    "+fcrdns+reply=550 no forward-confirmed reverse DNS",
    "+rdns+reply=550 no reverse DNS",
    "+strict+reply=554 5.7.25 no good names",
    "+fcrdns+reply=421 come back with better names",
    "+fcrdns+action=reject+reply=550 no forward-confirmed reverse DNS",
    "+fcrdns+phase=ehlo+action=reject+reply=451 4.7.25 no forward-confirmed reverse DNS",
    "+rdns+phase=ehlo+reply=550 no reverse DNS",
    "+fcrdns+phase=mail-from+action=reject+reply=550 5.7.1 go away",
    "+rdns+phase=rcpt-to+action=reject+reply=450 4.7.1 no reverse DNS",
)


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    folder = place.work("opensmtpd")
    root = unpacked(folder, "opensmtpd", _PACKAGES["opensmtpd"])
    for sub in ("spool", "empty"):
        (folder / sub).mkdir()
    (folder / "spool").chmod(0o711)
    version = _version(root)
    model = model_of("opensmtpd", version)
    ports = {f"{model}{settings}": _FIRST_PORT + i for i, settings in enumerate(_SETTINGS)}
    (folder / "smtpd.conf").write_text("".join(_lines(setup, port) for setup, port in ports.items()) + _RULES)
    (folder / "start.sh").write_text((_START if root.name else _START_IN_ROOT).format(root=root.folder, folder=folder))
    # Its paths are compiled in: in a mount namespace of its own, nobody else sees what stands there.
    command = ["unshare", "--mount", "sh", "-e", str(folder / "start.sh")]
    with process(command, root.environment(), folder / "out") as started:
        for port in ports.values():
            await_port(port, [folder / "out"], started)
        yield MailServer(version, ports, _REPLY_S)


def _version(root: Root) -> str:
    """Return what it says of itself above its usage: "version: OpenSMTPD 6.8.0p2"."""
    command = root.command("usr/sbin/smtpd", "-h")
    said = subprocess.run(command, env=root.environment(), capture_output=True, text=True, check=False, timeout=30).stderr
    return said.split()[2]


def _lines(setup: str, port: int) -> str:
    """The filters of one set-up, and the listeners that have them."""
    config = configured(setup).config
    phase = config.values.get("phase", "connect")
    action = config.values.get("action", "disconnect")
    names = {f'"{name}-{port}"': name for name in ("rdns", "fcrdns") if name in config.on}
    lines = [f'filter {own} phase {phase} match !{name} {action} "{config.values["reply"]}"' for own, name in names.items()]
    uses = ""
    if names:
        lines.append(f'filter "chain-{port}" chain {{ {", ".join(names)} }}')
        uses = f' filter "chain-{port}"'
    lines += [f"listen on {host} port {port} hostname {NAME}{uses}" for host in (HOST4, HOST6)]
    return "\n".join(lines) + "\n"


_RULES = f"""action "out" relay host smtp://127.0.0.1:9
match from any for domain "{DOMAIN}" action "out"
"""
_START = """for each in /var/spool /var/lib /usr/libexec /run; do mount -t tmpfs tmpfs $each; done
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
mount --bind {folder}/spool /var/spool/smtpd
mount --bind {folder}/empty /var/lib/opensmtpd/empty
mount --bind {root}/usr/libexec/opensmtpd /usr/libexec/opensmtpd
mount --bind {root}/usr/sbin /usr/sbin
exec /usr/sbin/smtpd -d -f {folder}/smtpd.conf
"""
_START_IN_ROOT = """mkdir -p {root}/var/spool/smtpd {root}/var/lib/opensmtpd/empty {root}/run
mount --bind {folder}/spool {root}/var/spool/smtpd
mount --bind {folder}/empty {root}/var/lib/opensmtpd/empty
exec chroot {root} /usr/sbin/smtpd -d -f {folder}/smtpd.conf
"""
KIND = Kind(name="opensmtpd", packages=_PACKAGES, start=start, accounts=_ACCOUNTS, dropped=0.0)
