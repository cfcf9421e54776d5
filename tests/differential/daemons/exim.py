"""Exim: a daemon with its own configuration for each set-up."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from differential.daemons._process import MailServer, await_port, model_of, process, run
from differential.model import Daemon, Kind
from differential.place import NAME, Place
from differential.root import Root, unpacked
from truehelo.receivers.selection import configured

_PACKAGES = {"exim": ("exim4-base", "exim4-daemon-light", "libidn12")}
_PROGRAM = "usr/sbin/exim4"
_USER = "Debian-exim"
_FIRST_PORT = 2600
_SETTINGS = (
    "",
    "+reverse_host_lookup",
    "+reverse_host_lookup+defer_ok",
    "+helo_verify_hosts",
    "+verify_helo",
    "+strict",
    "+reverse_host_lookup+verify_helo+helo_allow_chars=_",
    "+helo_accept_junk_hosts+helo_verify_hosts",
)


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    folder = place.work("exim")
    root = unpacked(folder, "exim", _PACKAGES["exim"])
    environment = root.environment()
    version = run(root.command(_PROGRAM, "-C", "/dev/null", "-bV"), environment).split()[2]
    model = model_of("exim", version)
    ports = {f"{model}{settings}": _FIRST_PORT + i for i, settings in enumerate(_SETTINGS)}
    with ExitStack() as stack:
        for setup, port in ports.items():
            own = folder / str(port)
            _furnish(own, root, setup)
            command = root.command(_PROGRAM, "-C", f"{own}/exim.conf", "-bdf", "-oX", port, "-oP", f"{own}/exim.pid")
            started = stack.enter_context(process(command, environment, own / "out"))
            await_port(port, [own / "out", own / "log/mainlog", own / "log/paniclog"], started)
        yield MailServer(version, ports)


def _furnish(own: Path, root: Root, setup: str) -> None:
    own.mkdir()
    own.chmod(0o755)
    for sub in ("spool", "log"):
        (own / sub).mkdir()
        shutil.chown(own / sub, _USER, _USER)
    config = configured(setup).config
    main = [f"{name} = *" for name in ("helo_verify_hosts", "helo_accept_junk_hosts") if name in config.on]
    main += [f"{name} = {value}" for name, value in config.values.items()]
    acl = []
    if "reverse_host_lookup" in config.on:
        acl.append("require verify = reverse_host_lookup" + ("/defer_ok" if "defer_ok" in config.on else ""))
    if "verify_helo" in config.on:
        main.append("helo_try_verify_hosts = *")
        acl.append("require verify = helo")
    text = _CONF.format(
        program=f"{root.name}/{_PROGRAM}",
        own=own,
        name=NAME,
        user=_USER,
        main="\n".join(main),
        acl="\n  ".join([*acl, "accept"]),
    )
    (own / "exim.conf").write_text(text)
    (own / "exim.conf").chmod(0o644)


_CONF = """primary_hostname = {name}
exim_path = {program}
spool_directory = {own}/spool
log_file_path = {own}/log/%slog
exim_user = {user}
exim_group = {user}
never_users =
host_lookup = *
rfc1413_query_timeout = 0s
tls_advertise_hosts =
keep_environment =
queue_only = true
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
smtp_max_unknown_commands = 100
smtp_max_synprot_errors = 100
{main}
acl_smtp_rcpt = acl_check_rcpt
begin acl
acl_check_rcpt:
  {acl}
begin routers
drop:
  driver = redirect
  data = :blackhole:
begin transports
begin retry
* * F,1h,10m
"""
KIND = Kind(name="exim", packages=_PACKAGES, start=start, accounts=(_USER,))
