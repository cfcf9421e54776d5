"""rspamd: behind a real Postfix over milter, and over HTTP with what Exim hands over. Symbols and points are compared.

The daemon runs its stock rules. It reads its settings from a folder of ours: the log goes there, and DNS gives up after two
tries instead of five, so that a query that meets silence is over before the message is. Nothing listens at the lists that
it asks; there is no Redis, so that nothing is remembered from world to world.
"""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import formatdate
from itertools import count
from pathlib import Path

from differential.daemons import postfix
from differential.daemons._process import await_port, process
from differential.daemons._process import run as run_to_its_end
from differential.daemons._received import received
from differential.daemons._symbols import RECIPIENT, SENDER, SUBMITTED, Filter, Found, message
from differential.dns import DnsServer, Said
from differential.filter_worlds import reshape, suits
from differential.model import Daemon, Kind
from differential.place import DOMAIN, NAME, Place
from differential.root import Root, unpacked
from differential.talk import connection, steps
from support.clients import client as plain_client
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client
from truehelo.receivers.filters._front import exim_names
from truehelo.receivers.filters.rspamd import HEADERS_CAP
from truehelo.receivers.selection import configured
from truehelo.reception import Judgement

_PACKAGES = {"rspamd": ("rspamd",), **postfix.KIND.packages}
_USER = "truehelo-rspamd"
_SMTP, _MILTER, _HTTP = 2590, 11332, 11333
_SETTINGS = ("", "+single_hop", "+exim", "+exim+single_hop")
_LINE = re.compile(r"id: <(\d+)\.abcdefgh.*?\(default: \S \([^)]*\): \[[^\]]*\] \[(.*)\]\), len:")
_SYMBOL = re.compile(r"(?:^|,)([A-Z][A-Z0-9_]+)\((-?[0-9.]+)\)\{")
_WAIT_S = 30.0
_CAPPED = "ONCE_RECEIVED_STRICT"
_TRIES = 4
_SPEAKS = plain_client(
    "20.7.142.9",
    ptr="mail.sender.example",
    helo="mail.sender.example",
    hosts={"mail.sender.example": "20.7.142.9"},
)


class Rspamd(Filter):
    """rspamd. What it finds is read from its log (milter) or from its reply (HTTP)."""

    # SPF, DKIM, DMARC and lists, which find nothing here; and counts of what there is, without points.
    beside = tuple(
        "R_SPF DMARC ARC DKIM SPF AUTH_NA MX_ MAILSPIKE RCVD_IN RBL FUZZY RCVD_COUNT RECEIVED_HELO_LOCALHOST".split()
    )
    places = 2

    def __init__(self, version: str, model: str, log: Path, dns: DnsServer) -> None:
        """Know where the log is, and who serves the world."""
        super().__init__(version, tuple(f"rspamd@{model}{settings}" for settings in _SETTINGS))
        self._log, self._dns, self._read, self._numbers = log, dns, 0, count(1)

    def settle(self, client: Client) -> None:
        """Serve every name in lower case: rspamd looks for "static" in a name as written, which a world does not hold."""
        self._dns.serve(client)

    def predicted(self, judgement: Judgement, seen: Found) -> dict[str, float]:
        """Take from a symbol at its cap what other headers of the message have taken from it."""
        symbols = super().predicted(judgement, seen)
        cost = (seen.symbols or {}).get(_CAPPED, HEADERS_CAP)
        if symbols.get(_CAPPED) == HEADERS_CAP and HEADERS_CAP - 1 < cost < HEADERS_CAP:
            symbols[_CAPPED] = cost
        return symbols

    def scan(self, setup: str, client: Client) -> Mapping[str, float] | None:
        """Send a message."""
        on = configured(setup).config.on
        number, date = next(self._numbers), formatdate()
        lines = () if "single_hop" in on else (SUBMITTED,)
        send = self._over_http if "exim" in on else self._over_milter
        return send(client, number, date, lines)

    def _over_milter(self, client: Client, number: int, date: str, lines: tuple[str, ...]) -> Mapping[str, float] | None:
        with connection(client, _SMTP) as talk:
            talk.read()
            for _, line in steps(client.helo):
                if talk.say(line)[:1] not in ("2", "3"):
                    return None
            talk.say("DATA")
            reply = talk.say(message(number, date, lines) + "\r\n.")
            if not reply:
                raise RuntimeError(f"the message was not answered: {reply!r}")
            talk.say("QUIT")
        return self._logged(number)

    def _logged(self, number: int) -> Mapping[str, float]:
        end = time.monotonic() + _WAIT_S
        while time.monotonic() < end:
            with self._log.open("rb") as log:
                log.seek(self._read)
                text = log.read().decode("utf-8", "replace")
            for found in _LINE.finditer(text):
                if int(found[1]) == number:
                    self._read += len(text.encode())
                    return {symbol: float(points) for symbol, points in _SYMBOL.findall(found[2])}
            time.sleep(0.005)
        raise RuntimeError(f"rspamd logged nothing about message {number}")

    def _over_http(self, client: Client, number: int, date: str, lines: tuple[str, ...]) -> Mapping[str, float]:
        name, helo = exim_names(client)[0], client.helo or ""
        (own,) = received("exim", client, "{date}")
        headers = {
            "IP": str(client.ip),
            "Helo": helo,
            "From": f"<{SENDER}>",
            "Rcpt": f"<{RECIPIENT}>",
            "Queue-Id": f"q{number}",
        }
        if name:
            headers["Hostname"] = name
        talk = http.client.HTTPConnection("127.0.0.1", _HTTP, timeout=_WAIT_S)
        try:
            talk.request("POST", "/checkv2", message(number, date, (own, *lines)).encode(), headers)
            reply = json.loads(talk.getresponse().read())
        finally:
            talk.close()
        return {symbol: float(found["score"]) for symbol, found in reply["symbols"].items()}


def _model(version: str) -> str:
    """The version of the model that stands for a release."""
    numbers = tuple(map(int, version.split(".")[:2]))
    return "4.1" if numbers >= (4, 1) else "3.12" if numbers >= (3, 12) else "3.4"


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    folder = place.work("rspamd")
    for name in ("db", "log", "run", "local.d"):
        (folder / name).mkdir()
        (folder / name).chmod(0o777)
    for name, text in _LOCAL.items():
        (folder / "local.d" / name).write_text(text)
    root = unpacked(folder, "rspamd", _PACKAGES["rspamd"])
    environment = root.environment("usr/lib/rspamd")
    command = [*root.command("usr/bin/rspamd", "-c", f"{root.name}/etc/rspamd/rspamd.conf"), *_paths(root)]
    version = run_to_its_end([*command, "--version"], environment).split("version", 1)[1].split()[0]
    own = {"LOCAL_CONFDIR": folder, "DBDIR": folder / "db", "LOGDIR": folder / "log", "RUNDIR": folder / "run"}
    options = ["-f", "-u", _USER, "-g", _USER, *(f"--var={name}={where}" for name, where in own.items())]
    with process([*command, *options], environment, folder / "output") as started:
        _await(folder, started)
        with _postfix(place):
            daemon = Rspamd(version, _model(version), folder / "log/rspamd.log", place.dns)
            place.dns.extra["sender.example", "A"] = Said(Outcome.ANSWER, ("20.7.142.9",))
            place.dns.serve(_SPEAKS)
            for _ in range(2):  # lists that cannot be reached are marked as such in the first scan alone
                daemon.learn(_SPEAKS)
            yield daemon


def _await(folder: Path, started: "subprocess.Popen[bytes]") -> None:
    """Wait until it listens. It first compiles its patterns, which takes its time on a busy machine."""
    logs = [folder / "output", folder / "log/rspamd.log"]
    with suppress(RuntimeError):
        await_port(_MILTER, logs, started, "127.0.0.1")
    for port in (_MILTER, _HTTP):
        await_port(port, logs, started, "127.0.0.1")


def _paths(root: Root) -> list[str]:
    """Where its own files are: variables of its configuration, unless they are where they were built to be."""
    share = f"{root.name}/usr/share/rspamd"
    where = {
        "CONFDIR": f"{root.name}/etc/rspamd",
        "SHAREDIR": share,
        "RULESDIR": f"{share}/rules",
        "PLUGINSDIR": f"{share}/plugins",
        "LUALIBDIR": f"{share}/lualib",
        "WWWDIR": f"{share}/www",
    }
    return [f"--var={name}={path}" for name, path in where.items()] if root.name else []


@contextmanager
def _postfix(place: Place) -> Iterator[None]:
    """A Postfix that asks rspamd, and throws away what it has taken."""
    folder = place.work("postfix-front")
    root = postfix.packages(folder)
    owner, drop = postfix.KIND.accounts
    for sub in ("etc", "spool", "data"):
        (folder / sub).mkdir()
    shutil.chown(folder / "data", owner)
    environment = root.environment("usr/lib/postfix")
    main = postfix._MAIN_CF.format(root=root.name, folder=folder, name=NAME, domain=DOMAIN, owner=owner, drop=drop)
    lists = "usr/share/postfix" if (root.folder / "usr/share/postfix/postfix-files").is_file() else "etc/postfix"
    main += f"meta_directory = {root.name}/{lists}\n"  # of two settings the later one counts; it has moved in 3.11
    (folder / "etc/main.cf").write_text(
        f"{main}smtpd_milters = inet:127.0.0.1:{_MILTER}\nmilter_default_action = tempfail\n"
    )
    (folder / "etc/master.cf").write_text(f"{_SMTP} inet n - n - - smtpd\n{postfix._MASTER_CF}")
    command = root.command("usr/sbin/postfix", "-c", folder / "etc")
    for left in reversed(range(_TRIES)):
        try:
            run_to_its_end([*command, "start"], environment)
            break
        except RuntimeError:  # on a busy machine it gives up on its own master now and then
            if not left:
                raise
    try:
        await_port(_SMTP, [folder / "maillog"])
        yield
    finally:
        # At once, like the Postfix that is judged by itself.
        os.killpg(int((folder / "spool/pid/master.pid").read_text()), signal.SIGKILL)


_LOCAL = {
    "logging.inc": 'level = "info";\nlog_re_cache = false;\nlog_buffered = false;\n',
    "options.inc": 'dns { timeout = 1s; retransmits = 2; nameserver = ["127.0.0.1"]; }\n',
    "worker-proxy.inc": 'upstream "local" { default = yes; self_scan = yes; }\n',
    "worker-controller.inc": "enabled = false;\n",
    "fuzzy_check.conf": "enabled = false;\n",
}
KIND = Kind(
    name="rspamd",
    packages=_PACKAGES,
    start=start,
    accounts=(_USER, *postfix.KIND.accounts),
    suits=suits,
    reshape=reshape,
)
