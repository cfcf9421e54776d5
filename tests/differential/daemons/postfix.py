"""Postfix: one `master`, an `smtpd` with its own settings on a port for each set-up."""

import os
import re
import shutil
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from differential.daemons._process import MailServer, await_port, run
from differential.model import Daemon, Kind
from differential.place import DOMAIN, NAME, Place
from differential.root import Root, unpacked
from integration.servers.smtp import MASTER_SERVICES
from truehelo.receivers.selection import configured

_PACKAGES = {"postfix": ("postfix",)}
_OWNER, _DROP = "truehelo-postfix", "truehelo-drop"
_FIRST_PORT = 2500
CLIENT = ("reject_unknown_reverse_client_hostname", "reject_unknown_client_hostname")
HELO = ("reject_invalid_helo_hostname", "reject_non_fqdn_helo_hostname", "reject_unknown_helo_hostname")
_CODES = (
    "unknown_client_reject_code",
    "unknown_hostname_reject_code",
    "invalid_hostname_reject_code",
    "non_fqdn_reject_code",
)
_SCREENED = "postfix+postscreen"
SETUPS = (
    "postfix",
    "postfix+smtpd_helo_required",
    *(f"postfix+{each}" for each in (*CLIENT, *HELO)),
    "postfix+strict",
    "postfix+usual",
    "postfix+strict+" + "+".join(f"{code}=550" for code in _CODES),
    "postfix+strict+soft_bounce",
    "postfix+strict+smtpd_delay_reject=no",
    "postfix+reject_unknown_client_hostname+smtpd_peername_lookup=no",
    "postfix+reject_unknown_helo_hostname+unknown_hostname_reject_code=550+unknown_helo_hostname_tempfail_action=defer",
    "postfix+unknown_helo_hostname_tempfail_action=defer+restrictions=reject_unknown_helo_hostname/reject_non_fqdn_helo_hostname",
    "postfix+restrictions=reject_unknown_helo_hostname/reject_non_fqdn_helo_hostname/reject_unknown_client_hostname",
    _SCREENED,
)
_SCREENED_EVERY = 40
"""postscreen keeps every new client waiting for a second, so it meets one world in so many."""


class Postfix(MailServer):
    """A mail server of which one set-up is slow."""

    def skips(self, setup: str, number: int) -> bool:
        """Leave postscreen out of most worlds."""
        return setup == _SCREENED and number % _SCREENED_EVERY != 0


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    folder = place.work("postfix")
    root = packages(folder)
    for sub in ("etc", "spool", "data"):
        (folder / sub).mkdir()
    shutil.chown(folder / "data", _OWNER)
    environment = root.environment("usr/lib/postfix")
    ports = {setup: _FIRST_PORT + i for i, setup in enumerate(SETUPS)}
    (folder / "etc/main.cf").write_text(main_cf(root, folder))
    master = "".join(_service(setup, port) for setup, port in ports.items())
    (folder / "etc/master.cf").write_text(master + _MASTER_CF)
    settings = folder / "etc"
    version = run(root.command("usr/sbin/postconf", "-c", settings, "-h", "mail_version"), environment).strip()
    run(root.command("usr/sbin/postfix", "-c", settings, "start"), environment)
    try:
        for port in ports.values():
            await_port(port, [folder / "maillog"])
        yield Postfix(version, ports)
    finally:
        # At once: a message that was begun and never ended would be waited for.
        os.killpg(int((folder / "spool/pid/master.pid").read_text()), signal.SIGKILL)


def packages(folder: Path) -> Root:
    """Have the packages below a folder."""
    root = unpacked(folder, "postfix", _PACKAGES["postfix"])
    # From 3.9 on the distribution furnishes a jail for its services at each start; nothing is jailed here.
    script = root.folder / "usr/lib/postfix/sbin/post-install"
    script.write_text(re.sub(r"^\s*/usr/lib/postfix/configure-instance\.sh.*", "", script.read_text(), flags=re.MULTILINE))
    return root


def main_cf(root: Root, folder: Path) -> str:
    """Return the settings that all set-ups share."""
    settings = _MAIN_CF.format(root=root.name, folder=folder, name=NAME, domain=DOMAIN, owner=_OWNER, drop=_DROP)
    # Of two settings of a name the later one counts. The list of its files has moved in 3.11.
    moved = (root.folder / "usr/share/postfix/postfix-files").is_file()
    return settings + (f"meta_directory = {root.name}/usr/share/postfix\n" if moved else "")


def _service(setup: str, port: int) -> str:
    if setup == _SCREENED:
        return f"{port} inet n - n - 1 postscreen\n"
    return f"{port} inet n - n - - smtpd\n{_options(setup)}"


def _options(setup: str) -> str:
    """The settings of one set-up, as master.cf takes them."""
    config = configured(setup).config
    values = dict(config.values)
    lists = {
        "smtpd_client_restrictions": [name for name in CLIENT if name in config.on],
        "smtpd_helo_restrictions": [name for name in HELO if name in config.on],
        "smtpd_sender_restrictions": values.pop("restrictions", "").split("/"),
    }
    settings = {name: ", ".join(names) for name, names in lists.items() if any(names)} | values
    settings |= dict.fromkeys(config.on - {*CLIENT, *HELO}, "yes")
    return "".join(f"  -o {{ {name} = {value} }}\n" for name, value in settings.items())


_MAIN_CF = """compatibility_level = 3.6
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
mail_owner = {owner}
setgid_group = {drop}
maillog_file = {folder}/maillog
maillog_file_prefixes = {folder}
import_environment = MAIL_CONFIG MAIL_LOGTAG LD_LIBRARY_PATH
export_environment = LD_LIBRARY_PATH
inet_interfaces = all
inet_protocols = all
myhostname = {name}
mydestination = {domain}
local_recipient_maps =
alias_maps =
alias_database =
mynetworks =
local_transport = smtp:[127.0.0.1]:9
default_transport = discard:
smtpd_tls_security_level = none
smtpd_error_sleep_time = 0
smtpd_soft_error_limit = 1000
smtpd_hard_error_limit = 1000
smtpd_client_connection_count_limit = 0
in_flow_delay = 0
postscreen_access_list =
postscreen_cache_map =
postscreen_greet_action = enforce
postscreen_greet_wait = 1s
postscreen_dnsbl_sites =
"""
_MASTER_CF = MASTER_SERVICES + "smtp unix - - n - - smtp\n"
KIND = Kind(name="postfix", packages=_PACKAGES, start=start, accounts=(_OWNER, _DROP))
