"""Dovecot from the distribution's packages: a real IMAP server on a loopback address of its own, over Maildirs.

Unpacked, never installed. Its paths are compiled in: it runs in a mount namespace where its folder lies over /usr. It knows
one user by a password, and by a token that a small server of the test's own says is good.
"""

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from integration.servers.accounts import account
from integration.servers.certificate import self_signed
from integration.servers.fetch import fetch
from integration.servers.smtp import _await_port
from support.freeport import free_port

IP = "127.0.77.30"
NAME = "imap.example.com"
USER, PASSWORD, TOKEN = "dmarc@example.com", "secret of a test", "token.of.a-test"
PACKAGES = ["dovecot-core", "dovecot-imapd"]
_USERS = ("truehelo-dovecot", "truehelo-dovenull", "truehelo-mail")
_SH = """set -e
mount -t overlay overlay -o lowerdir={root}/usr:/usr /usr
exec /usr/sbin/dovecot -F -c {folder}/dovecot.conf
"""
_CONF = """listen = {ip}
protocols = imap
base_dir = {folder}/run
state_dir = {folder}/state
instance_name = truehelo-{port}
default_internal_user = truehelo-dovecot
default_internal_group = truehelo-dovecot
default_login_user = truehelo-dovenull
log_path = {folder}/log
mail_location = maildir:{folder}/mail/%u
first_valid_uid = 1
auth_mechanisms = plain login oauthbearer xoauth2
auth_failure_delay = 0
disable_plaintext_auth = no
auth_cache_size = 0
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
ssl_dh =
passdb {{
  driver = passwd-file
  mechanisms = plain login
  args = scheme=PLAIN {folder}/users
}}
passdb {{
  driver = oauth2
  mechanisms = oauthbearer xoauth2
  args = {folder}/oauth2
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
"""


@dataclass
class Dovecot:
    """The server: where it listens, and the folder of its certificate and its mail."""

    folder: Path
    root: Path
    port: int
    tls_port: int
    process: "subprocess.Popen[bytes] | None" = field(default=None)

    @property
    def ca_file(self) -> str:
        """The certificate, which is its own authority."""
        return str(self.folder / "certificate.pem")

    @property
    def inbox(self) -> Path:
        """The Maildir of the user."""
        return self.folder / "mail" / USER

    def deliver(self, name: str, octets: bytes) -> None:
        """Put a message into the inbox, as a delivery agent does."""
        folders = [self.inbox / sub for sub in ("cur", "new", "tmp")]
        for folder in folders:
            folder.mkdir(parents=True, exist_ok=True)
        part = self.inbox / "tmp" / name
        part.write_bytes(octets)
        for each in (self.inbox, *folders, part):  # the server's own files come and go
            shutil.chown(each, "truehelo-mail", "truehelo-mail")
        part.rename(self.inbox / "new" / name)

    def messages(self, folder: str = "") -> dict[str, str]:
        """Return the messages of a folder by name, with their flags."""
        path = self.inbox / f".{folder}" if folder else self.inbox
        found = [file.name for sub in ("new", "cur") if (path / sub).is_dir() for file in (path / sub).iterdir()]
        return {name.partition(",S=")[0].partition(":2,")[0]: name.partition(":2,")[2] for name in found}

    def start(self) -> None:
        """Start it, on the ports that it has."""
        words = ["unshare", "--mount", "--propagation", "private", "sh", str(self.folder / "start.sh")]
        with (self.folder / "out").open("ab") as out:
            self.process = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True)
        try:
            for port in (self.port, self.tls_port):
                _await_port((IP, port), self.folder, self.process)
        except RuntimeError as error:
            raise RuntimeError(f"{error}\n{self.said()}") from None

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Stop it, and all of its processes."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process = None

    def hang_up(self) -> None:
        """End every connection the hard way, while the server goes on."""
        for number in _of_group(0 if self.process is None else self.process.pid, "imap"):
            with contextlib.suppress(ProcessLookupError):
                os.kill(number, signal.SIGKILL)

    def said(self) -> str:
        """Return the end of its log."""
        log = self.folder / "log"
        return log.read_text(errors="replace")[-3000:] if log.exists() else ""


def _of_group(group: int, name: str) -> list[int]:
    """Return the processes of a group that have a name; a bare machine has no pkill."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it has ended meanwhile
            command, _, rest = path.read_text().partition("(")[2].rpartition(")")
            if command == name and int(rest.split()[2]) == group:
                found.append(int(path.parent.name))
    return found


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    """Start a server with an empty inbox."""
    root = fetch("dovecot", PACKAGES)
    with ExitStack() as stack:
        path = stack.enter_context(tempfile.TemporaryDirectory(prefix="truehelo-dovecot-", ignore_cleanup_errors=True))
        folder = Path(path)
        folder.chmod(0o755)
        for user in _USERS:
            stack.enter_context(account(user))
        for sub in ("run", "state", "mail", "home"):
            (folder / sub).mkdir()
        mail = pwd.getpwnam("truehelo-mail")
        for sub in ("mail", "home"):
            os.chown(folder / sub, mail.pw_uid, mail.pw_gid)
        self_signed(folder, [NAME], [IP])
        server = Dovecot(folder, root, free_port(IP), free_port(IP))
        (folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        tokens = stack.enter_context(_tokens())
        (folder / "oauth2").write_text(
            f"tokeninfo_url = http://{tokens[0]}:{tokens[1]}/?token=\nusername_attribute = email\n"
        )
        (folder / "dovecot.conf").write_text(
            _CONF.format(
                ip=IP,
                folder=folder,
                port=server.port,
                tls_port=server.tls_port,
                uid=mail.pw_uid,
                gid=mail.pw_gid,
            )
        )
        (folder / "start.sh").write_text(_SH.format(folder=folder, root=root))
        server.start()
        try:
            yield server
        finally:
            server.stop()


class _Tokens(BaseHTTPRequestHandler):
    """Says of one token whose it is."""

    def do_GET(self) -> None:
        good = self.path == f"/?token={TOKEN}"
        body = json.dumps({"email": USER} if good else {"error": "invalid_token"}).encode()
        self.send_response(200 if good else 400)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the library calls it so)
        """Nothing is printed."""


@contextmanager
def _tokens() -> Iterator[tuple[str, int]]:
    server = ThreadingHTTPServer((IP, 0), _Tokens)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield str(server.server_address[0]), int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
