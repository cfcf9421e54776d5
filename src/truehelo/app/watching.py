"""The wiring of the watch: configuration -> store, ports, channels -> monitor. Beside the wiring of single audits."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from truehelo import app
from truehelo.alerts import build_channels
from truehelo.configuration.channels import EmailSettings
from truehelo.configuration.mail_only import comparable, warn_only_watched_mail
from truehelo.configuration.read import Configuration, read_configuration
from truehelo.drift.machine import Thresholds
from truehelo.engine.blocklists import Blocklists
from truehelo.engine.judge import Judging
from truehelo.errors import InputError
from truehelo.files import read_whole
from truehelo.monitor.domains import DomainWatch, Watching
from truehelo.monitor.lists import BELIEVE_S, ListWatch
from truehelo.monitor.look import Looking
from truehelo.monitor.policy import Policy
from truehelo.monitor.polite import PoliteSmtp
from truehelo.monitor.pump import Delivered, Pump
from truehelo.monitor.record import Writing
from truehelo.monitor.resolvers import Resolvers
from truehelo.monitor.sources.looking import SourceTurn
from truehelo.monitor.sources.reported import ReportWatch
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.stored import Stored
from truehelo.monitor.tags import ignored_by
from truehelo.monitor.watch import Role, Turn, Watch
from truehelo.ports import Channel, Ports
from truehelo.service.health import Health, Part
from truehelo.service.notify import Notifier
from truehelo.service.serving import serving
from truehelo.shelf import library
from truehelo.store import migrate
from truehelo.store.database import Database
from truehelo.store.presence import SIGN, presence_of

if TYPE_CHECKING:
    from truehelo.blocklists import Subscription

MAX_CONFIG_BYTES = 4 * 2**20
REMEMBER_S = 60.0
"""For how long the answer cache of the watch holds at most: less than any interval, and never beyond the TTL."""
DRAIN_S = 25.0
"""How long a stop waits for what is in flight; systemd's usual patience is 90 s."""
Log = Callable[[str], None]


def find_config(given: str | None) -> Path | None:
    """Return the configuration file: the one that was named, else the first that is there; None for the defaults."""
    if given is not None:
        return Path(given)
    places = [Path("truehelo.toml"), Path("/etc/truehelo/truehelo.toml")]
    with contextlib.suppress(RuntimeError):  # an account without a home, as services and containers have
        home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
        places.insert(1, home / "truehelo" / "truehelo.toml")
    return next((path for path in places if _is_file(path)), None)


def _is_file(path: Path) -> bool:
    """Tell whether there is a file; where nobody may look, as in another's folder after sudo, there is none."""
    try:
        return path.is_file()
    except OSError:
        return False


def read_config(path: Path | None) -> Configuration:
    """Read the configuration; the defaults without a file.

    Raises:
        FileError: It cannot be read, or something in it is wrong.
    """
    if path is None:
        return Configuration()
    accepted = "give a TOML file; docs/reference/configuration.md describes it"
    text = read_whole(path, MAX_CONFIG_BYTES, accepted).decode("utf-8-sig", "backslashreplace")
    return read_configuration(text, str(path))


def database_of(configuration: Configuration, path: Path | None) -> str | None:
    """Return the database that the configuration names; None when it names none.

    Raises:
        InputError: The secret that holds its URL cannot be read.
    """
    from truehelo.service.secret import read_secret

    store = configuration.watching.store
    folder = Path() if path is None else path.parent
    if store.secret is not None:
        held = store.secret
        if held.file:
            held = replace(held, file=str(folder / held.file))
        return read_secret(held, "database URL")
    if not store.database:
        return None
    return store.database if "://" in store.database else str(folder / store.database)


@dataclass(slots=True, kw_only=True)
class Parts:
    """A watch and what belongs to it, ready to run."""

    watch: Watch
    health: Health
    configuration: Configuration
    channels: dict[str, Channel]
    warnings: tuple[str, ...] = ()
    folder: Path | None = None


def build_watch(
    configuration: Configuration,
    database: Database,
    *,
    folder: Path | None = None,
    log: Log = lambda _: None,
    worker: str = "",
    role: Role = Role.ALL,
) -> Parts:
    """Put a watch together, or that part of one that a role does.

    Raises:
        InputError: A resolver, a list, a channel or a secret cannot be used.
    """
    from truehelo.probes.clock import SystemClock

    settings = configuration.watching.watch
    steady = SteadyClock(SystemClock())
    health, stored = Health(steady), Stored()
    resolvers = Resolvers(health, steady)
    ports = _ports(configuration, steady, resolvers.heard)
    resolvers.over(ports.resolver)
    channels = build_channels(configuration.alerting.channels, folder, loopback_only=app.guarded())
    policy = Policy(settings=settings, alerting=configuration.alerting, group_s=settings.group_s)
    looking = _looking(configuration, ports, steady, folder)
    # In containers every process has the same number, and a new one often the name of the last.
    name = worker or f"{SIGN}{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
    pump = Pump(database, stored, channels, policy, steady, name, _delivered(health, log))
    domains = DomainWatch(
        database=database,
        stored=stored,
        clock=steady,
        watching=Watching(
            resolver=ports.resolver,
            policy=policy,
            settings=configuration.beside.domains,
            thresholds=looking.thresholds,
        ),
        worker=name,
        log=log,
    )
    reports = ReportWatch(
        database=database,
        stored=stored,
        clock=steady,
        policy=policy,
        settings=configuration.beside.alerts,
        domains=configuration.beside.domains,
        log=log,
    )
    watch = Watch(
        database=database,
        looking=looking,
        writing=Writing(policy=policy, judging=Judging(guides=library(None, None))),
        pump=pump,
        clock=steady,
        health=health,
        configuration=configuration,
        worker=name,
        stored=stored,
        log=log,
        role=role,
        turns=(resolvers.turn, domains.turn, reports.turn, *_looks(role, database, ports, stored, steady, log)),
        presence=presence_of(database, name, steady.monotonic),
    )
    return Parts(watch=watch, health=health, configuration=configuration, channels=channels, folder=folder)


def _looking(configuration: Configuration, ports: Ports, clock: SteadyClock, folder: Path | None) -> Looking:
    settings = configuration.watching.watch
    return Looking(
        ports=ports,
        thresholds=Thresholds(failing=settings.failing, recovering=settings.recovering, unsure=settings.unsure),
        watched=settings.severity,
        ignored=ignored_by(settings.ignore),
        lists=_lists(configuration, ports, clock, folder),
    )


def _delivered(health: Health, log: Log) -> Delivered:
    """Return what is called with each try of a message: its channel and kind, what came of it, and what was said."""

    def delivered(channel: str, kind: str, result: str, detail: str) -> None:
        health.delivered(channel, result, ok=result == "delivered")
        if result == "delivered":
            health.well(Part.CHANNEL, channel)
            log(f"told {channel}: {kind}")
        elif health.trouble(Part.CHANNEL, detail, name=channel):
            log(f"the channel {channel} did not take a message ({kind}): {detail}")

    return delivered


def _looks(role: Role, database: Database, ports: Ports, stored: Stored, clock: SteadyClock, log: Log) -> tuple[Turn, ...]:
    """The looks at sources of reports that nobody watches: one process does them."""
    return () if role is Role.WORKER else (SourceTurn(database, ports, stored, clock, log).turn,)


def _ports(configuration: Configuration, clock: SteadyClock, heard: Callable[[str, str], None]) -> Ports:
    from truehelo.probes.dns import DnsResolver, parse_resolver, system_resolvers
    from truehelo.probes.routes import Routes
    from truehelo.probes.smtp import SmtpClient
    from truehelo.probes.suffixes import PublicSuffixes

    settings = configuration.watching.watch
    routes = Routes.parse(settings.connect_to, loopback_only=app.guarded())
    resolver = DnsResolver(
        [parse_resolver(text) for text in settings.resolvers] or system_resolvers(),
        timeout=settings.timeout_s,
        retries=settings.retries,
        routes=routes,
        vantage=settings.vantage,
        clock=clock,
        max_in_flight=max(256, settings.concurrency),
        heard=heard,
        # An answer out of the cache must not count as another look.
        remember_s=min(REMEMBER_S, settings.interval_s / 2, 0.8 * settings.rechecks_s[0]),
    )
    smtp = SmtpClient(
        routes=routes,
        clock=clock,
        vantage=settings.vantage,
        timeout=settings.smtp_timeout_s,
        greeting_timeout=max(settings.smtp_timeout_s, 30.0),
        starttls=False,  # the names are watched, not the certificates
    )
    return Ports(
        resolver=resolver,
        clock=clock,
        suffixes=PublicSuffixes(),
        smtp=PoliteSmtp(smtp, settings.per_destination),
    )


def _lists(configuration: Configuration, ports: Ports, clock: SteadyClock, folder: Path | None) -> ListWatch | None:
    wanted, lists = configuration.watching.blocklists, blocklists_of(configuration, folder)
    if not lists:
        return None
    believe_s = min(BELIEVE_S, 0.8 * configuration.watching.watch.rechecks_s[0])
    asked = Blocklists(ports.resolver, clock, lists, believe_s=believe_s)
    return ListWatch(blocklists=asked, interval_s=wanted.interval_s)


def blocklists_of(configuration: Configuration, folder: Path | None) -> "tuple[Subscription, ...]":
    """Return the blocklists that are watched, their keys read; () where none is to be.

    Raises:
        InputError: There is no such list, or a key or their file cannot be used.
    """
    wanted = configuration.watching.blocklists
    if not wanted.enabled:
        return ()
    keys = str((folder or Path()) / wanted.keys_file) if wanted.keys_file else None
    return app.build_lists(app.Settings(dnsbl=wanted.lists or ("default",), dnsbl_keys=keys))


def prepare(database: Database, log: Log) -> None:
    """Bring the database to this program's schema, with a backup before that where it can be taken.

    Raises:
        InputError: It is newer than this program.
        StoreError: It failed.
    """
    if database.is_sqlite:
        path = Path(database.url.database or "")
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = migrate.backup_before(database, migrate.head())
        if kept is not None:
            log(f"the database is of an earlier version; a backup is in {kept}")
    before, now = migrate.upgrade(database)
    if before != now:
        log(f"the database {database.name} is of version {now} now")


async def run_watch(parts: Parts, *, log: Log, notifier: Notifier | None = None) -> None:
    """Run a watch until SIGTERM or SIGINT; a second signal ends it at once.

    Raises:
        InputError: The listener cannot listen.
    """
    watch, loop = parts.watch, asyncio.get_running_loop()
    notifier = notifier or Notifier.from_environment()
    running = asyncio.ensure_future(watch.run())

    def stop() -> None:
        if watch.stopping:
            running.cancel()
            log("told so again: stopping at once")
            return
        # First of all: whatever becomes of what is said about it, it stops.
        watch.stop()
        loop.call_later(DRAIN_S, give_up)
        log("stopping: what is in flight is finished first")
        notifier.stopping("finishing what is in flight")

    def give_up() -> None:
        running.cancel()
        log(f"not finished in {DRAIN_S:g} s: stopping without what is in flight")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    beating = asyncio.ensure_future(notifier.keep_beating(lambda: parts.health.alive().ok, parts.health.line))
    try:
        async with (
            serving(parts.configuration.service, parts.health, loopback_only=app.guarded()) as listener,
            _receiving(parts, log),
        ):
            if listener is not None:
                log(f"listening on {listener.place}: /metrics, /healthz, /readyz")
            notifier.ready(parts.health.line())
            with contextlib.suppress(asyncio.CancelledError):
                await running
    finally:
        beating.cancel()
        running.cancel()
        await asyncio.gather(beating, running, return_exceptions=True)
        await parts.watch.looking.ports.resolver.aclose()
        for channel in parts.channels.values():
            await channel.aclose()
        await watch.stored(lambda: _give_back(watch))
        if watch.presence is not None:
            await watch.stored(watch.presence.close)
        watch.stored.close()
        notifier.close()


@contextlib.asynccontextmanager
async def _receiving(parts: Parts, log: Log) -> AsyncIterator[None]:
    """Take reports in meanwhile, where the configuration says how; shared work leaves that to `reports listen`."""
    if parts.watch.role is not Role.ALL or not parts.configuration.reports.anything:
        yield
        return
    from truehelo.app.receiving import beside

    async with beside(parts.configuration.reports, parts.watch.database, folder=parts.folder, health=parts.health, log=log):
        yield


def _give_back(watch: Watch) -> None:
    from truehelo.store.database import StoreError
    from truehelo.store.presence import give_up

    with contextlib.suppress(StoreError), watch.database.write() as connection:
        give_up(connection, [watch.worker])


def warnings(configuration: Configuration, database: Database) -> tuple[str, ...]:
    """Return what an operator should know before relying on this watch."""
    from sqlalchemy import true

    from truehelo.store.reading import any_watched, watched_hosts

    channels = configuration.alerting.channels
    hosts = {comparable(channel.host) for channel in channels if isinstance(channel, EmailSettings)}
    with database.read() as connection:
        anything = any_watched(connection, true())
        watched = watched_hosts(connection, hosts)
    found = list(warn_only_watched_mail(channels, watched))
    if not channels:
        found.append("no channel is configured: nobody will be told; docs/how-to/alerts.md shows how")
    if not anything:
        found.append("nothing is watched yet: truehelo inventory add ADDRESS, or truehelo inventory import FILE")
    return tuple(found)


__all__ = ["InputError", "Parts", "build_watch", "find_config", "prepare", "read_config", "run_watch", "warnings"]
