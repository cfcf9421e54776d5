"""Sendmail: a daemon for each set-up, each with a configuration made by m4 from the features of that set-up."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from differential.daemons._process import MailServer, await_port, model_of, process, run
from differential.model import Daemon, Kind
from differential.place import DOMAIN, HOST4, HOST6, NAME, Place
from differential.root import Root, unpacked
from differential.talk import RECIPIENT
from truehelo.receivers.selection import configured

_PACKAGES = {"sendmail": ("sendmail-bin", "sendmail-base", "sendmail-cf", "m4")}
PROGRAM = "usr/libexec/sendmail/sendmail"
_USER = RECIPIENT.partition("@")[0]
_FIRST_PORT = 2800
_FEATURES = ("delay_checks", "require_rdns", "block_bad_helo")
_OWN = f"+own={NAME}/{DOMAIN}/{HOST4}"
_SETTINGS = (
    "",
    "+needmailhelo",
    "+require_rdns",
    f"+block_bad_helo{_OWN}",
    "+delay_checks",
    "+require_rdns+delay_checks",
    f"+block_bad_helo+delay_checks{_OWN}",
    f"+require_rdns+block_bad_helo{_OWN}",
    f"+strict{_OWN}",
)


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    folder = place.work("sendmail")
    root = packages(folder)
    environment = root.environment()
    # "Version 8.17.1.9", and much more.
    plain = _configuration(root, folder / "plain", frozenset(), _FIRST_PORT)
    version = run(root.command(PROGRAM, "-C", plain, "-d0.1", "-bv", "root"), environment).split()[1]
    model = model_of("sendmail", version)
    ports = {f"{model}{settings}": _FIRST_PORT + i for i, settings in enumerate(_SETTINGS)}
    with ExitStack() as stack:
        for setup, port in ports.items():
            own = folder / str(port)
            made = _configuration(root, own, configured(setup).config.on, port)
            started = stack.enter_context(process(root.command(PROGRAM, "-bD", "-C", made), environment, own / "out"))
            await_port(port, [own / "out"], started)
        yield MailServer(version, ports)


def packages(folder: Path) -> Root:
    """Have the packages below a folder."""
    root = unpacked(folder, "sendmail", _PACKAGES["sendmail"])
    # A program that changes its group on execution is told no library path.
    (root.folder / PROGRAM).chmod(0o755)
    return root


def _configuration(root: Root, own: Path, on: frozenset[str], port: int) -> Path:
    """Make the folders and the configuration of one set-up; return the file."""
    (own / "queue").mkdir(parents=True)
    lines = [f"FEATURE(`{feature}')dnl" for feature in _FEATURES if feature in on]
    if "needmailhelo" in on:
        lines.append("define(`confPRIVACY_FLAGS', `authwarnings,needmailhelo')dnl")
    macros = _MC.format(own=own, name=NAME, domain=DOMAIN, host4=HOST4, host6=HOST6, port=port, lines="\n".join(lines))
    (own / "sendmail.mc").write_text(macros)
    cf = f"{root.name}/usr/share/sendmail/cf"
    m4 = root.command("usr/bin/m4", f"-D_CF_DIR_={cf}/", "-I", cf, f"{cf}/m4/cf.m4", own / "sendmail.mc")
    made = own / "sendmail.cf"
    made.write_text(run(m4, root.environment()))
    return made


# But for the features nothing here is about names: where it listens and keeps its files, and that load does not matter.
# nocanonify: the recipient stays what it is, also in a world in which its domain is an alias.
_MC = """divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{name}')dnl
define(`confPID_FILE', `{own}/pid')dnl
define(`QUEUE_DIR', `{own}/queue')dnl
define(`STATUS_FILE', `{own}/status')dnl
define(`HELP_FILE', `{own}/help')dnl
define(`ALIAS_FILE', `')dnl
define(`LOCAL_MAILER_PATH', `/bin/true')dnl
define(`confTO_IDENT', `0s')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confDELAY_LA', `0')dnl
LOCAL_DOMAIN(`{domain}')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`nocanonify')dnl
FEATURE(`no_default_msa')dnl
{lines}
DAEMON_OPTIONS(`Name=MTA4, Family=inet, Addr={host4}, Port={port}')dnl
DAEMON_OPTIONS(`Name=MTA6, Family=inet6, Addr={host6}, Port={port}')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""
KIND = Kind(name="sendmail", packages=_PACKAGES, start=start, accounts=(_USER,))
