"""Postfix, Exim and OpenSMTPD from the distribution's packages, each on a loopback address of its own (127.0.77.x).

Each is unpacked, never installed, runs from a folder that its unprivileged user can reach, and is stopped at the end. They
need root: all three change their user. What each says in its greeting and to EHLO is chosen by whoever starts it.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.servers.accounts import account
from integration.servers.certificate import self_signed
from integration.servers.fetch import fetch, libs
from support.freeport import free_port

_START_S = 20.0
PACKAGES = {
    "postfix": ["postfix"],
    "exim": ["exim4-base", "exim4-daemon-light", "libidn12"],
    "opensmtpd": ["opensmtpd"],
}
ADDRESSES = {"postfix": "127.0.77.10", "exim": "127.0.77.11", "opensmtpd": "127.0.77.12"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mta:
    """A mail server that runs: `where` it listens, and what it was told to call itself."""

    kind: str
    where: tuple[str, int]
    name: str
    greeting_name: str
    folder: Path
    starttls: bool = True
    postscreen: tuple[str, int] | None = None

    def route(self, ip: str, port: int = 25) -> str:
        """Return the `--connect-to` that has this server stand for an audited endpoint."""
        return f"{ip}:{port}:{self.where[0]}:{self.where[1]}"


@contextmanager
def mta(kind: str, name: str, greeting_name: str | None = None) -> Iterator[Mta]:
    """Start one of PACKAGES that calls itself `name` and greets as `greeting_name`, where it can tell them apart."""
    start = {"postfix": _postfix, "exim": _exim, "opensmtpd": _opensmtpd}[kind]
    held = fetch(kind, PACKAGES[kind])
    with ExitStack() as stack:
        # Not below pytest's own folder: that one is closed to other users, and the servers become other users.
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix=f"truehelo-{kind}-", ignore_cleanup_errors=True))
        )
        folder.chmod(0o755)
        root = folder / "root"
        shutil.copytree(held, root, symlinks=True)
        self_signed(folder, [name], [])
        yield stack.enter_context(start(root, folder, name, greeting_name or name))


@contextmanager
def _postfix(root: Path, folder: Path, name: str, greeting_name: str) -> Iterator[Mta]:
    ip = ADDRESSES["postfix"]
    port, screened = free_port(ip), free_port(ip)
    for sub in ("etc", "spool", "data"):
        (folder / sub).mkdir()
    environment = libs(root)
    environment["LD_LIBRARY_PATH"] = f"{root / 'usr/lib/postfix'}:{environment['LD_LIBRARY_PATH']}"
    with account("truehelo-postfix"), account("truehelo-drop"):
        shutil.chown(folder / "data", "truehelo-postfix")
        (folder / "etc/main.cf").write_text(_main_cf(root, folder, name, greeting_name))
        (folder / "etc/master.cf").write_text(_MASTER_CF.format(ip=ip, port=port, screened=screened))
        command = [str(root / "usr/sbin/postfix"), "-c", str(folder / "etc")]
        _run([*command, "start"], environment, folder)
        try:
            for one in (port, screened):
                _await_port((ip, one), folder)
            yield Mta(
                kind="postfix",
                where=(ip, port),
                name=name,
                greeting_name=greeting_name,
                folder=folder,
                postscreen=(ip, screened),
            )
        finally:
            _run([*command, "stop"], environment, folder)


def _main_cf(root: Path, folder: Path, name: str, greeting_name: str) -> str:
    return f"""compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
daemon_directory = {root}/usr/lib/postfix/sbin
command_directory = {root}/usr/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {root}/etc/postfix
sendmail_path = {root}/usr/sbin/sendmail
newaliases_path = {root}/usr/bin/newaliases
mailq_path = {root}/usr/bin/mailq
manpage_directory = {folder}/man
html_directory = no
readme_directory = no
mail_owner = truehelo-postfix
setgid_group = truehelo-drop
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
import_environment = MAIL_CONFIG MAIL_LOGTAG LD_LIBRARY_PATH
export_environment = LD_LIBRARY_PATH
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = {name}
smtpd_banner = {greeting_name} ESMTP Postfix
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
mynetworks = 127.0.0.0/8
default_transport = discard:
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/key.pem
smtpd_tls_loglevel = 0
smtp_tls_security_level = none
postscreen_access_list =
postscreen_cache_map =
postscreen_greet_action = enforce
postscreen_greet_banner = Welcome, please wait...
postscreen_greet_wait = 2s
postscreen_dnsbl_sites =
"""


MASTER_SERVICES = """smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
postlog unix-dgram n - n - 1 postlogd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
pickup unix n - n 60 1 pickup
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
"""
"""What stands in every master.cf: the services behind those that listen."""
_MASTER_CF = (
    """{ip}:{port} inet n - n - - smtpd
{ip}:{screened} inet n - n - 1 postscreen
"""
    + MASTER_SERVICES
)


@contextmanager
def _exim(root: Path, folder: Path, name: str, greeting_name: str) -> Iterator[Mta]:
    ip = ADDRESSES["exim"]
    port = free_port(ip)
    with account("Debian-exim"):  # compiled in by name
        for sub in ("spool", "log"):
            (folder / sub).mkdir()
            shutil.chown(folder / sub, "Debian-exim", "Debian-exim")
        (folder / "key.pem").chmod(0o640)
        shutil.chown(folder / "key.pem", "root", "Debian-exim")
        config = folder / "exim.conf"
        config.write_text(exim_conf(root, folder, name, greeting_name, f"{ip}.{port}"))
        config.chmod(0o644)
        # -bdf: a daemon in the foreground, whose process is ours to stop.
        command = [str(root / "usr/sbin/exim4"), "-C", str(config), "-bdf", "-oP", str(folder / "exim.pid")]
        with _process(command, libs(root), folder) as process:
            _await_port((ip, port), folder, process)
            yield Mta(kind="exim", where=(ip, port), name=name, greeting_name=greeting_name, folder=folder)


def exim_conf(root: Path, folder: Path, name: str, greeting_name: str, listen: str) -> str:
    """Return a configuration that greets, offers STARTTLS and takes no mail; `listen` is Exim's local_interfaces."""
    return f"""primary_hostname = {name}
smtp_banner = {greeting_name} ESMTP Exim
local_interfaces = {listen}
exim_path = {root}/usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
exim_user = Debian-exim
exim_group = Debian-exim
never_users =
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = {folder}/certificate.pem
tls_privatekey = {folder}/key.pem
keep_environment =
begin acl
begin routers
begin transports
begin retry
* * F,1h,10m
"""


@contextmanager
def _opensmtpd(root: Path, folder: Path, name: str, greeting_name: str) -> Iterator[Mta]:
    if greeting_name != name:
        raise ValueError("OpenSMTPD greets with its host name, and with no other")
    ip = ADDRESSES["opensmtpd"]
    port = free_port(ip)
    for sub in ("spool", "empty"):
        (folder / sub).mkdir()
    (folder / "spool").chmod(0o711)
    # Without TLS: the 6.8 of Debian 12 was built for an older OpenSSL than the one it meets, and fails every handshake.
    config = f"listen on {ip} port {port} hostname {name}\nmatch from any for any reject\n"
    (folder / "smtpd.conf").write_text(config)
    script = folder / "start.sh"
    script.write_text(_OPENSMTPD_SH.format(root=root, folder=folder))
    with account("opensmtpd"), account("opensmtpq"):
        command = ["unshare", "--mount", "--propagation", "private", "sh", str(script)]
        with _process(command, libs(root), folder) as process:
            _await_port((ip, port), folder, process)
            yield Mta(kind="opensmtpd", where=(ip, port), name=name, greeting_name=name, folder=folder, starttls=False)


# Its paths are compiled in. In a mount namespace of its own, what stands there is hidden, and nothing is left behind.
_OPENSMTPD_SH = """set -e
mount -t tmpfs tmpfs /var/spool
mount -t tmpfs tmpfs /var/lib
mount -t tmpfs tmpfs /usr/libexec
mount -t tmpfs tmpfs /run
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
mount --bind {folder}/spool /var/spool/smtpd
mount --bind {folder}/empty /var/lib/opensmtpd/empty
mount --bind {root}/usr/libexec/opensmtpd /usr/libexec/opensmtpd
mount --bind {root}/usr/sbin /usr/sbin
exec /usr/sbin/smtpd -d -f {folder}/smtpd.conf
"""


@contextmanager
def _process(command: list[str], environment: dict[str, str], folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server in a process group of its own, and end all of that group."""
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            command, env=environment, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def _run(command: list[str], environment: dict[str, str], folder: Path) -> None:
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(command)}: {done.stdout}{done.stderr}{_said(folder)}")


def _await_port(where: tuple[str, int], folder: Path, process: "subprocess.Popen[bytes] | None" = None) -> None:
    """Wait until somebody listens. Nothing is said, so that no server holds it against us."""
    end = time.monotonic() + _START_S
    while time.monotonic() < end:
        try:
            with socket.create_connection(where, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
        if process is not None and process.poll() is not None:
            break
    raise RuntimeError(f"nobody listens on {where}: {_said(folder)}")


def _said(folder: Path) -> str:
    files = [folder / "out", folder / "maillog", *sorted((folder / "log").glob("*"))]
    return "\n".join(file.read_text(errors="replace")[-1500:] for file in files if file.is_file())
