"""SpamAssassin: fed with a message under the Received line of each mail server, in all four score sets.

A Perl program of ours holds `Mail::SpamAssassin` with the stock rules, one process for each score set, Bayes trained for
two of them. Network tests ask the DNS server of the world; lists are left out. What is compared are symbols and points.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from email.utils import formatdate
from itertools import count
from pathlib import Path

from differential.daemons._process import stop
from differential.daemons._received import received
from differential.daemons._symbols import SENDER, SUBMITTED, Filter, message
from differential.filter_worlds import reshape, suits
from differential.model import Daemon, Kind
from differential.place import HOST4, HOST6, Place
from differential.root import Root, unpacked
from support.clients import client as plain_client
from truehelo.receivers.client import Client
from truehelo.receivers.filters._spamassassin_rules import GONE_IN_DEBIAN_13
from truehelo.receivers.selection import configured

_PACKAGES = {"spamassassin": ("spamassassin",)}
_PROGRAM = Path(__file__).with_name("spamassassin.pl")
_SETUPS = (
    "spamassassin+postfix",
    "spamassassin+postfix+set=0+single_hop+bare_from",
    "spamassassin+postfix+set=1",
    "spamassassin+postfix+set=2",
    "spamassassin+exim",
    "spamassassin+exim_without_host_lookup+set=0",
    "spamassassin+sendmail+set=1",
    "spamassassin+opensmtpd+set=2",
)
_FRONTS = ("exim_without_host_lookup", "exim", "sendmail", "opensmtpd", "postfix")
_SPEAKS = plain_client(
    "20.7.142.9",
    ptr="mail.sender.example",
    helo="mail.sender.example",
    hosts={"mail.sender.example": "20.7.142.9"},
)
_NAMED, _BARE = f"From: Ann Other <{SENDER}>", f"From: {SENDER}"


class SpamAssassin(Filter):
    """SpamAssassin: a process for each score set."""

    beside = ("SPF_", "T_SPF_", "BAYES_", "DKIM", "DMARC", "MSGID_", "TXREP", "RCVD_IN_", "URIBL_")

    def __init__(self, version: str, setups: tuple[str, ...], sets: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
        """Know the processes."""
        super().__init__(version, setups)
        self._sets, self._numbers = sets, count(1)

    def scan(self, setup: str, client: Client) -> Mapping[str, float]:
        """Have a message scanned."""
        config = configured(setup).config
        date = formatdate()
        front = next(front for front in _FRONTS if front in config.on)
        lines = () if "single_hop" in config.on else (SUBMITTED,)
        text = message(next(self._numbers), date, (*received(front, client, date), *lines))
        if "bare_from" in config.on:
            text = text.replace(_NAMED, _BARE)
        return asked(self._sets[config.values.get("set", "3")], text)


def asked(scanner: "subprocess.Popen[bytes]", text: str) -> dict[str, float]:
    """Return the symbols that a process finds in a message."""
    octets = text.encode()
    scanner.stdin.write(b"%d\n%s" % (len(octets), octets))  # type: ignore[union-attr]
    scanner.stdin.flush()  # type: ignore[union-attr]
    line = scanner.stdout.readline().decode()  # type: ignore[union-attr]
    if not line:
        raise RuntimeError("SpamAssassin ended")
    return {symbol: float(points) for symbol, _, points in (each.partition("=") for each in line.split())}


@contextmanager
def start(place: Place) -> Iterator[Daemon]:
    folder = place.work("spamassassin")
    root = unpacked(folder, "spamassassin", _PACKAGES["spamassassin"])
    shutil.copy(_PROGRAM, folder)
    with ExitStack() as stack:
        sets = {}
        for number in "0123":
            state = folder / number
            state.mkdir()
            sets[number] = stack.enter_context(_scanner(root, state, number))
        versions = {number: scanner.stdout.readline().decode().split() for number, scanner in sets.items()}
        if any(said[:1] != [number] for number, said in versions.items()):
            raise RuntimeError(f"SpamAssassin does not use the score sets that it was set up for: {versions}")
        rules = (root.folder / "usr/share/spamassassin/72_active.cf").read_text(encoding="utf-8", errors="replace")
        later = not any(f" {rule} " in " ".join(rules.split()) for rule in GONE_IN_DEBIAN_13)
        setups = tuple(f"{setup}+debian_13" for setup in _SETUPS) if later else _SETUPS
        daemon = SpamAssassin(versions["3"][1], setups, sets)
        place.dns.serve(_SPEAKS)
        daemon.learn(_SPEAKS)
        yield daemon


@contextmanager
def _scanner(root: Root, state: Path, number: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process that uses one score set: network tests in 1 and 3, Bayes in 2 and 3."""
    environment = root.environment()
    perl = root.command("usr/bin/perl")
    if root.name:  # the language is the machine's own, the modules are those that came with the package
        perl = ["perl"]
        # A bare machine has the language alone: the modules of its own came with the package too.
        libraries = (root.folder / "usr/lib").glob("*/perl/5.*"), (root.folder / "usr/share").glob("perl/5.*")
        modules = [root.folder / "usr/share/perl5", *(root.folder / "usr/lib").glob("*/perl5/5.*")]
        modules += [folder for found in libraries for folder in found]
        environment["PERL5LIB"] = ":".join(map(str, modules))
        environment["PATH"] = f"{root.folder / 'usr/bin'}:{os.environ['PATH']}"
    (state / "preferences").touch()
    command = [*perl, str(state.parent / _PROGRAM.name), root.name, str(state), number, f"{HOST4} {HOST6}"]
    with (state / "log").open("wb") as log:
        scanner = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log)
    try:
        yield scanner
    finally:
        stop(scanner)


KIND = Kind(name="spamassassin", packages=_PACKAGES, start=start, dropped=0.004, suits=suits, reshape=reshape)
