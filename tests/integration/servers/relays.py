"""Mail servers that take a message and relay it to a sink, each configured once by hand and then as a guide says.

Unpacked from the distribution's packages, never installed. Each runs in a mount and UTS namespace of its own: compiled-in
paths are hidden by empty ones, the host name is ours, and its resolver knows /etc/hosts alone, so that nothing is asked
beyond loopback. What the reader of a guide does by hand is done here: a line takes the place of one that sets the same.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from integration.servers.accounts import account
from integration.servers.fetch import fetch, libs
from integration.servers.smtp import _MASTER_CF, _await_port, _main_cf, _process
from support.freeport import free_port
from truehelo.findings import Way

PACKAGES = {
    "postfix": ("postfix", ["postfix"]),
    "exim": ("exim", ["exim4-base", "exim4-daemon-light", "libidn12"]),
    "exim-debian": ("exim-debian", ["exim4-base", "exim4-config", "exim4-daemon-light", "libidn12"]),
    "opensmtpd": ("opensmtpd", ["opensmtpd"]),
    "sendmail": ("sendmail", ["sendmail-bin", "sendmail-base", "sendmail-cf", "m4"]),
}
"""Each guide, and the folder and the packages of its program."""
IP = "127.0.77.20"
MACHINE = "machine.wrong.example"


@dataclass(frozen=True, kw_only=True)
class Before:
    """What was configured before the guide was followed: the host name, and what is set apart from it (None: nothing)."""

    host: str
    greeting: str | None = None
    helo: str | None = None


@dataclass(frozen=True)
class Place:
    """Where a server is to run and whom it relays to."""

    root: Path
    folder: Path
    port: int
    sink: tuple[str, int]

    @property
    def where(self) -> tuple[str, int]:
        """The address and the port at which it listens."""
        return IP, self.port


@contextmanager
def relay(kind: str, before: Before, ways: Sequence[Way], sink: tuple[str, int]) -> Iterator[Place]:
    """Start a server, configured as `before` says and then as the ways of its guide say; return where it is."""
    name, packages = PACKAGES[kind]
    held = fetch(name, packages)
    with ExitStack() as stack:
        path = stack.enter_context(tempfile.TemporaryDirectory(prefix=f"truehelo-{kind}-", ignore_cleanup_errors=True))
        folder = Path(path)
        folder.chmod(0o755)
        shutil.copytree(held, folder / "root", symlinks=True)
        for user in _USERS[kind]:
            stack.enter_context(account(user))
        place = Place(folder / "root", folder, free_port(IP), sink)
        _machine(place)
        command = _CONFIGURE[kind](place, before, ways)
        words = ["unshare", "--mount", "--uts", "--propagation", "private", "sh", "-e", str(folder / "start.sh"), *command]
        environment = libs(place.root)
        environment["LD_LIBRARY_PATH"] = f"{place.root / 'usr/lib/postfix'}:{environment['LD_LIBRARY_PATH']}"
        with _process(words, environment, folder) as process:
            try:
                _await_port((IP, place.port), folder, process)
                yield place
            finally:
                if kind == "postfix":  # its master is in a session of its own, and outlives who started it
                    subprocess.run([*command[:-1], "stop"], env=environment, check=True, capture_output=True, timeout=60)


def _machine(place: Place, more: str = "") -> None:
    """The script that makes the machine which the server sees."""
    etc = place.folder / "machine"
    etc.mkdir(exist_ok=True)
    (etc / "hosts").write_text(f"127.0.0.1 localhost {MACHINE} {MACHINE.partition('.')[0]}\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files\nservices: files\nprotocols: files\n")
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    binds = "".join(f"mount --bind {etc}/{name} /etc/{name}\n" for name in ("hosts", "nsswitch.conf", "resolv.conf"))
    (place.folder / "start.sh").write_text(f'hostname {MACHINE}\n{binds}{more}exec "$@"\n')


def set_option(text: str, line: str) -> str:
    """Return a configuration in which `line` ("option = value") takes the place of those that set the same option."""
    option = line.partition("=")[0].strip()
    kept = [each for each in text.splitlines() if each.partition("=")[0].strip() != option]
    return "\n".join([*kept, line]) + "\n"


def _all_lines(ways: Sequence[Way], where: str) -> list[str]:
    return [line for way in ways if where in way.where for line in way.lines]


def _postfix(place: Place, before: Before, ways: Sequence[Way]) -> list[str]:
    folder = place.folder
    for sub in ("etc", "spool", "data"):
        (folder / sub).mkdir()
    shutil.chown(folder / "data", "truehelo-postfix")
    text = _main_cf(place.root, folder, before.host, before.greeting or before.host)
    for line in ("default_transport = smtp", f"relayhost = [{place.sink[0]}]:{place.sink[1]}"):
        text = set_option(text, line)
    if before.greeting is None:
        text = set_option(text, "smtpd_banner = $myhostname ESMTP $mail_name")
    if before.helo is not None:
        text = set_option(text, f"smtp_helo_name = {before.helo}")
    for line in _all_lines(ways, "main.cf"):
        text = set_option(text, line)
    (folder / "etc/main.cf").write_text(text)
    master = _MASTER_CF.format(ip=IP, port=place.port, screened=free_port(IP))
    (folder / "etc/master.cf").write_text(master + "smtp unix - - n - - smtp\n")
    return [str(place.root / "usr/sbin/postfix"), "-c", str(folder / "etc"), "start-fg"]


def _exim(place: Place, before: Before, ways: Sequence[Way]) -> list[str]:
    folder = place.folder
    for sub in ("spool", "log"):
        (folder / sub).mkdir()
        shutil.chown(folder / sub, "Debian-exim", "Debian-exim")
    main = f"""primary_hostname = {before.host}
local_interfaces = {IP}.{place.port}
exim_path = {place.root}/usr/sbin/exim4
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
pid_file_path = {folder}/exim.pid
exim_user = Debian-exim
exim_group = Debian-exim
never_users =
deliver_drop_privilege = true
host_lookup =
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
acl_smtp_rcpt = take_all
"""
    transport = f"  driver = smtp\n  port = {place.sink[1]}\n  allow_localhost\n"
    if before.greeting is not None:
        main = set_option(main, f"smtp_banner = {before.greeting} ESMTP Exim $version_number $tod_full")
    if before.helo is not None:
        transport = set_option(transport, f"  helo_data = {before.helo}")
    for line in _all_lines(ways, "before the first begin"):
        main = set_option(main, line)
    for line in _all_lines(ways, "in the smtp transport"):
        transport = set_option(transport, f"  {line}")
    config = folder / "exim.conf"
    config.write_text(
        f"{main}begin acl\ntake_all:\n  accept\nbegin routers\nout:\n  driver = manualroute\n  transport = remote_smtp\n"
        f"  route_list = * {place.sink[0]}\n  self = send\nbegin transports\nremote_smtp:\n{transport}"
        "begin retry\n* * F,1h,10m\n"
    )
    config.chmod(0o644)
    return [str(place.root / "usr/sbin/exim4"), "-C", str(config), "-bdf", "-oP", str(folder / "exim.pid")]


_DEBIAN = """dc_eximconfig_configtype='smarthost'
dc_other_hostnames=''
dc_local_interfaces='{ip}.{port}'
dc_readhost=''
dc_relay_domains=''
dc_minimaldns='false'
dc_relay_nets='127.0.0.0/8'
dc_smarthost='{sink}::{sink_port}'
CFILEMODE='644'
dc_use_split_config='true'
dc_hide_mailname='false'
dc_mailname_in_oh='true'
dc_localdelivery='mail_spool'
"""
_DEBIAN_SH = """for each in /var/spool /var/lib /var/log /run; do mount -t tmpfs tmpfs $each; done
mkdir -p /var/spool/exim4 /var/lib/exim4 /var/log/exim4 /run/exim4 {folder}/log
mount --bind {folder}/log /var/log/exim4
chown Debian-exim:Debian-exim /var/spool/exim4 /var/log/exim4 /run/exim4
# exim4 is executed again with another user, and is told no library path then.
ldconfig -X -C {folder}/ld.so.cache {root}/usr/lib/*-linux-gnu
mount --bind {folder}/ld.so.cache /etc/ld.so.cache
mount --bind {root}/usr/sbin /usr/sbin
sh /usr/sbin/update-exim4.conf -d {folder}/exim4 -o /var/lib/exim4/config.autogenerated --check
sh /usr/sbin/update-exim4.conf -d {folder}/exim4 -o /var/lib/exim4/config.autogenerated
"""


def _exim_debian(place: Place, before: Before, ways: Sequence[Way]) -> list[str]:
    conf = place.folder / "exim4"
    shutil.copytree(place.root / "etc/exim4", conf)
    held = _DEBIAN.format(ip=IP, port=place.port, sink=place.sink[0], sink_port=place.sink[1])
    (conf / "update-exim4.conf.conf").write_text(held)
    # Nobody's smarthost is the machine itself; the sink of this test is.
    for file, after, more in (
        ("transport/30_exim4-config_remote_smtp_smarthost", "  driver = smtp\n", "  allow_localhost\n"),
        ("router/200_exim4-config_primary", "  route_list = * DCsmarthost byname\n", "  self = send\n"),
    ):
        path = conf / "conf.d" / file
        path.write_text(path.read_text().replace(after, after + more))
    macros, options = conf / "conf.d/main/00_local_macros", conf / "conf.d/main/10_local_options"
    text = f"MAIN_HARDCODE_PRIMARY_HOSTNAME = {before.host}\n"
    if before.helo is not None:
        text += f"REMOTE_SMTP_HELO_DATA = {before.helo}\n"
    banner = f"smtp_banner = {before.greeting} ESMTP Exim\n" if before.greeting is not None else ""
    for line in _all_lines(ways, "/etc/exim4/conf.d/main/00_local_macros"):
        text = set_option(text, line)
    for line in _all_lines(ways, "/etc/exim4/conf.d/main/10_local_options"):
        banner = set_option(banner, line)
    macros.write_text(text)
    options.write_text(banner)
    _machine(place, _DEBIAN_SH.format(root=place.root, folder=place.folder))
    return ["/usr/sbin/exim4", "-bdf"]


_OPENSMTPD_SH = """for each in /var/spool /var/lib /usr/libexec /run; do mount -t tmpfs tmpfs $each; done
mkdir -p /var/spool/smtpd /var/lib/opensmtpd/empty /usr/libexec/opensmtpd
mount --bind {root}/usr/libexec/opensmtpd /usr/libexec/opensmtpd
mount --bind {root}/usr/sbin /usr/sbin
chmod 711 /var/spool/smtpd
/usr/sbin/smtpd -n -f {folder}/smtpd.conf
"""


def _opensmtpd(place: Place, before: Before, ways: Sequence[Way]) -> list[str]:
    helo = f" helo {before.helo}" if before.helo is not None else ""
    listen = f"listen on {IP} hostname {before.host} port {place.port}"
    action = f'action "outbound" relay{helo} host smtp://{place.sink[0]}:{place.sink[1]}'
    for line in _all_lines(ways, "/etc/mail/smtpd.conf"):
        # "keep the options that the line has besides"
        if line.startswith("listen on "):
            listen = f"{line} port {place.port}"
        else:
            action = f"{line} host smtp://{place.sink[0]}:{place.sink[1]}"
    (place.folder / "smtpd.conf").write_text(f'{listen}\n{action}\nmatch from any for any action "outbound"\n')
    _machine(place, _OPENSMTPD_SH.format(root=place.root, folder=place.folder))
    return ["/usr/sbin/smtpd", "-d", "-f", str(place.folder / "smtpd.conf")]


_SENDMAIL = """divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{host}')dnl
define(`confPID_FILE', `{folder}/pid')dnl
define(`QUEUE_DIR', `{folder}/queue')dnl
define(`STATUS_FILE', `{folder}/status')dnl
define(`HELP_FILE', `{folder}/help')dnl
define(`ALIAS_FILE', `')dnl
define(`confSERVICE_SWITCH_FILE', `{folder}/switch')dnl
define(`confDONT_BLAME_SENDMAIL', `GroupWritableDirPathSafe')dnl
define(`confTO_IDENT', `0s')dnl
define(`SMART_HOST', `relay:[{sink}]')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {sink_port}')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Addr={ip}, Port={port}')dnl
{lines}
MAILER(`smtp')dnl
"""


def _sendmail(place: Place, before: Before, ways: Sequence[Way]) -> list[str]:
    folder = place.folder
    (folder / "queue").mkdir()
    (folder / "switch").write_text("hosts files\n")
    lines = []
    if before.greeting is not None:
        lines.append(f"define(`confSMTP_LOGIN_MSG', `{before.greeting} Sendmail; $b')dnl")
    if before.helo is not None:
        lines.append(f"define(`confHELO_NAME', `{before.helo}')dnl")
    lines += _all_lines(ways, "/etc/mail/sendmail.mc")
    text = _SENDMAIL.format(
        host=before.host,
        folder=folder,
        sink=place.sink[0],
        sink_port=place.sink[1],
        ip=IP,
        port=place.port,
        lines="\n".join(lines),
    )
    (folder / "sendmail.mc").write_text(text)
    cf = place.root / "usr/share/sendmail/cf"
    m4 = [place.root / "usr/bin/m4", f"-D_CF_DIR_={cf}/", "-I", cf, cf / "m4/cf.m4", folder / "sendmail.mc"]
    made = subprocess.run(
        [str(word) for word in m4],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=libs(place.root),
    )
    (folder / "sendmail.cf").write_text(made.stdout)
    program = place.root / "usr/libexec/sendmail/sendmail"
    # A program that changes its group on execution is told no library path.
    program.chmod(0o755)
    return [str(program), "-bD", "-C", str(folder / "sendmail.cf")]


_CONFIGURE: dict[str, Callable[[Place, Before, Sequence[Way]], list[str]]] = {
    "postfix": _postfix,
    "exim": _exim,
    "exim-debian": _exim_debian,
    "opensmtpd": _opensmtpd,
    "sendmail": _sendmail,
}
_USERS = {
    "postfix": ("truehelo-postfix", "truehelo-drop"),
    "exim": ("Debian-exim",),
    "exim-debian": ("Debian-exim",),
    "opensmtpd": ("opensmtpd", "opensmtpq"),
    "sendmail": (),
}
