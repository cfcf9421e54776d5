"""The only wiring: settings -> adapters -> engine. The command line and the web application call this, nothing below it.

Rules live further down; this module only puts the parts together.
"""

import asyncio
import contextlib
import gc
import os
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from truehelo.engine.audit import Progress, Run
from truehelo.engine.doctor import DoctorLine
from truehelo.engine.gather import Wishes
from truehelo.engine.judge import Judging
from truehelo.engine.lists import BOTH, checked, lines, sort_out
from truehelo.engine.targets import TargetLine, checked_name, declared_helo
from truehelo.engine.wait import Wait, WaitRound, WaitRow, waited_target, wanted_record
from truehelo.engine.what_if import Changes, imagine, read_changes
from truehelo.errors import FileError, InputError
from truehelo.files import read_whole, write_whole
from truehelo.findings import Audit
from truehelo.ports import Ports, SmtpProbe
from truehelo.receivers.model import Configured
from truehelo.receivers.mtas._main_cf import read_main_cf
from truehelo.receivers.profile import Wanted, read_list, read_profile
from truehelo.receivers.selection import configure, configured
from truehelo.shelf import library

if TYPE_CHECKING:
    from truehelo.blocklists import Subscription
    from truehelo.engine.blocklists import Blocklists

__all__ = ["DoctorLine", "Progress", "Settings", "TargetLine", "WaitRound", "WaitRow", "write_whole"]

MAX_LIST_BYTES = 64 * 2**20
MAX_EVIDENCE_BYTES = 2**30
MAX_PROFILE_BYTES = 4 * 2**20
MAX_KEYS_BYTES = 64 * 2**10
MAX_SOCKETS = 65_536
VANTAGE = "local"
"""How facts name the place that they were seen from, until there are several."""
T = TypeVar("T")


def guarded() -> bool:
    """Tell whether nothing may leave this machine (TRUEHELO_LOOPBACK_ONLY)."""
    return os.environ.get("TRUEHELO_LOOPBACK_ONLY", "") not in ("", "0")


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the user chose. Times are in seconds; `timeout` is per DNS try and per SMTP step (None: DNS 3, SMTP 15)."""

    resolvers: tuple[str, ...] = ()
    ports: tuple[int, ...] = (25,)
    connect_to: tuple[str, ...] = ()
    helo: str | None = None
    expect: str | None = None
    timeout: float | None = None
    retries: int = 2
    families: frozenset[int] = BOTH
    smtp: bool = True
    starttls: bool = True
    authoritative: bool = True
    rdap: bool = False
    concurrency: int = 200
    yes: bool = False
    receivers: str | None = None
    profile: str | None = None
    mta: str | None = None
    guides: str | None = None
    what_if: tuple[str, ...] = ()
    dnsbl: tuple[str, ...] = ()
    """The blocklists to ask, by id; "default" for those that are asked where none is named. () asks none."""
    dnsbl_keys: str | None = None
    """The file of their keys."""
    loopback_only: bool | None = None
    """None: as the environment variable TRUEHELO_LOOPBACK_ONLY says."""


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end. An interrupted `check` still returns what it knows.

    Raises:
        KeyboardInterrupt: The coroutine was interrupted and had nothing to return.
    """
    # A run makes many objects that nearly all live to its end; looking for garbage among them is a tenth of its work.
    gc.set_threshold(50_000, 20, 20)
    _allow_sockets()
    return asyncio.run(coroutine)


def _allow_sockets() -> None:
    """Each question and each conversation holds a socket; the usual bound of 256 or 1,024 is below what may be at once."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, MAX_SOCKETS)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(
            OSError, ValueError
        ):  # a system that refuses: what does not fit is undetermined, and says why
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def check(targets: Sequence[TargetLine], settings: Settings, progress: Progress | None = None) -> Audit:
    """Audit targets.

    Raises:
        InputError: A target or a setting cannot be used.
    """
    parsed = [checked(line, yes=settings.yes, families=settings.families) for line in targets]
    judging, changes = build_judging(settings), read_changes(settings.what_if)
    wishes = Wishes(
        ports=settings.ports,
        helo=None if settings.helo is None else declared_helo(settings.helo, "--helo"),
        expected=None if settings.expect is None else checked_name(settings.expect),
        authoritative=settings.authoritative,
        families=settings.families,
        also=changes.names,
    )
    lists = build_lists(settings)
    ports = build_ports(settings)
    run = Run(
        ports=ports,
        wishes=wishes,
        concurrency=settings.concurrency,
        progress=progress,
        judging=judging,
        blocklists=_blocklists(ports, lists),
    )
    audit = await run.audit(parsed)
    with contextlib.suppress(asyncio.CancelledError):  # an interruption this late loses nothing
        await ports.resolver.aclose()
    return _imagined(audit, changes, judging)


def build_lists(settings: Settings) -> "tuple[Subscription, ...]":
    """Read which blocklists are to be asked, and their keys.

    Raises:
        InputError: There is no such list; a key is missing; or the file of keys cannot be read.
    """
    if not settings.dnsbl:
        return ()
    from truehelo.blocklists import Keys, read_keys, subscribe

    keys = Keys()
    if settings.dnsbl_keys is not None:
        octets = read_whole(Path(settings.dnsbl_keys), MAX_KEYS_BYTES, 'give a TOML file such as spamhaus-zen = "KEY"')
        keys = read_keys(octets.decode("utf-8-sig", "backslashreplace"), settings.dnsbl_keys)
    return subscribe(settings.dnsbl, keys)


def _blocklists(ports: Ports, lists: "Sequence[Subscription]") -> "Blocklists | None":
    if not lists:
        return None
    from truehelo.engine.blocklists import Blocklists

    return Blocklists(resolver=ports.resolver, clock=ports.clock, lists=lists)


def build_judging(settings: Settings) -> Judging:
    """Read which receivers are to be asked, and whose guides help.

    Raises:
        InputError: A receiver, the profile, a main.cf or a guide cannot be read; or there is no such mail server.
    """
    return replace(_asked(settings), guides=library(settings.mta, settings.guides))


def _asked(settings: Settings) -> Judging:
    if settings.profile is not None:
        accepted = "give a TOML file; docs/how-to/receivers.md shows one"
        text = read_whole(Path(settings.profile), MAX_PROFILE_BYTES, accepted).decode("utf-8-sig", "backslashreplace")
        wanted, beside = read_profile(text, settings.profile), Path(settings.profile).parent
    elif settings.receivers is not None and settings.receivers.strip() != "none":
        wanted, beside = read_list(settings.receivers), Path()
    else:
        return Judging(receivers=None if settings.receivers is None else ())
    return Judging(receivers=tuple(_configured(each, beside) for each in wanted))


def _configured(wanted: Wanted, beside: Path) -> Configured:
    """Set a receiver up; a main.cf that it names is read, from beside the profile where its path is relative."""
    plain = configured(wanted.name)
    if wanted.main_cf is None:
        return Configured(wanted.label, plain.receiver, plain.config, plain.judge)
    if plain.receiver.id != "postfix":
        raise InputError(f"receiver {wanted.label!r}", f"{plain.receiver.id} has no main.cf", "only postfix takes one")
    path = beside / wanted.main_cf
    accepted = "give the main.cf of a Postfix, or what postconf -n prints"
    text = read_whole(path, MAX_PROFILE_BYTES, accepted).decode("utf-8", "backslashreplace")
    return configure(plain.receiver, wanted.label, read_main_cf(text, str(path), plain.config))


def _imagined(audit: Audit, changes: Changes, judging: Judging) -> Audit:
    if not changes.texts:
        return audit
    subjects = tuple(imagine(subject, changes, audit.started, judging) for subject in audit.subjects)
    return replace(audit, subjects=subjects)


def build_ports(settings: Settings) -> Ports:
    """Build the adapters that the settings ask for.

    Raises:
        InputError: A resolver or a route cannot be read.
    """
    from truehelo.probes.clock import SystemClock
    from truehelo.probes.dns import DnsResolver, parse_resolver, system_resolvers
    from truehelo.probes.routes import Routes
    from truehelo.probes.suffixes import PublicSuffixes

    held = guarded() if settings.loopback_only is None else settings.loopback_only
    routes = Routes.parse(settings.connect_to, loopback_only=held)
    clock = SystemClock()
    servers = [parse_resolver(text) for text in settings.resolvers] or system_resolvers()
    resolver = DnsResolver(
        servers, timeout=settings.timeout or 3.0, retries=settings.retries, routes=routes, vantage=VANTAGE, clock=clock
    )
    smtp: SmtpProbe | None = None
    if settings.smtp:
        from truehelo.probes.smtp import SmtpClient

        step = settings.timeout or 15.0
        smtp = SmtpClient(
            routes=routes,
            clock=clock,
            vantage=VANTAGE,
            timeout=step,
            greeting_timeout=max(step, 30.0) if settings.timeout is None else step,
            starttls=settings.starttls,
        )
    registry = None
    if settings.rdap:
        from truehelo.probes.rdap import RdapRegistry

        registry = RdapRegistry(clock=clock, routes=routes)
    return Ports(resolver=resolver, clock=clock, suffixes=PublicSuffixes(), smtp=smtp, registry=registry)


def read_targets(
    args: Sequence[str], stdin: TextIO, *, yes: bool = False, families: frozenset[int] = BOTH
) -> tuple[list[TargetLine], list[InputError]]:
    """Read targets from arguments, `@FILE` and `-`.

    Returns the usable ones and an error for each that is not, in order: one bad line stops no other.
    """
    good: list[TargetLine] = []
    bad: list[InputError] = []
    for number, arg in enumerate(args, start=1):
        try:
            found = listed_lines(arg, stdin)
        except InputError as error:
            bad.append(error)
            continue
        if found is None:
            found = [TargetLine(text=arg, where=f"argument {number}")]
        usable, refused = sort_out(found, yes=yes, families=families)
        good += usable
        bad += refused
    return good, bad


def listed_lines(arg: str, stdin: TextIO) -> list[TargetLine] | None:
    """Return the lines of the list that an argument names; None for an argument that is a target itself.

    Raises:
        InputError: The list cannot be read.
    """
    accepted = "give a file with one target a line, as in @servers.txt"
    if arg == "-":
        text = stdin.read(MAX_LIST_BYTES + 1)
        if len(text) > MAX_LIST_BYTES:
            raise FileError("standard input", "is larger than 64 MiB", "split it")
        return lines(text, "standard input")
    if not arg.startswith("@"):
        return None
    if not Path(arg[1:]).name:
        raise FileError(arg, "names no file", accepted)
    return lines(read_whole(Path(arg[1:]), MAX_LIST_BYTES, accepted).decode("utf-8-sig", "backslashreplace"), arg[1:])


def save(audit: Audit, path: Path | str) -> None:
    """Save the evidence of an audit, so that it can be replayed.

    Raises:
        FileError: The file cannot be written.
    """
    from truehelo.engine.saved import dump

    write_whole(Path(path), dump(audit))


def replay(path: Path | str, settings: Settings | None = None) -> Audit:
    """Judge saved evidence again, with no network at all.

    Raises:
        FileError: The file cannot be read, or is no evidence.
        InputError: A receiver or a change cannot be read.
    """
    from truehelo.engine.saved import load

    settings = settings or Settings()
    judging, changes = build_judging(settings), read_changes(settings.what_if)
    accepted = "give a file written by truehelo check --save"
    audit = load(read_whole(Path(path), MAX_EVIDENCE_BYTES, accepted), str(path), judging)
    return _imagined(audit, changes, judging)


async def wait(
    target: str,
    wanted: str,
    settings: Settings,
    on_round: Callable[[WaitRound], None],
    *,
    interval: float = 10.0,
    give_up: float | None = None,
) -> WaitRound:
    """Watch a record until every server says `wanted` ("PTR=mail.example.com"); `interval` and `give_up` in seconds.

    Raises:
        InputError: The target, the record or a setting cannot be used.
    """
    question, values = wanted_record(waited_target(target, wanted), wanted)
    ports = build_ports(settings)
    waiting = Wait(
        resolver=ports.resolver, clock=ports.clock, question=question, wanted=values, interval=interval, give_up=give_up
    )
    try:
        return await waiting.run(on_round)
    finally:
        await ports.resolver.aclose()


async def doctor(settings: Settings) -> tuple[DoctorLine, ...]:
    """Look at what this machine can and cannot see.

    Raises:
        InputError: A setting cannot be used.
    """
    from truehelo.engine.doctor import examine
    from truehelo.probes.routes import Routes
    from truehelo.probes.sntp import SntpServer

    held = guarded() if settings.loopback_only is None else settings.loopback_only
    ports = build_ports(settings)
    try:
        return await examine(ports, SntpServer(routes=Routes.parse(settings.connect_to, loopback_only=held)))
    finally:
        await ports.resolver.aclose()
