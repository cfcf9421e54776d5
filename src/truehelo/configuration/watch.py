"""How the watch watches: the tables `[store]`, `[watch]`, `[resolvers]`, `[blocklists]` and `[retention]`.

Every key has a default, so that an empty file, or none, is a configuration. Does not read what else stands in the
same file.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise

from truehelo.configuration.channels import Secret, secret
from truehelo.configuration.duration import read_duration
from truehelo.configuration.table import Table
from truehelo.errors import FileError
from truehelo.findings import Severity

KEYS = frozenset({"store", "watch", "blocklists", "retention"})
DEFAULT_STORE = "truehelo.db"
DAY_S = 86_400.0
MAX_RECHECKS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """How often, how many at once, and what must agree before something is believed. Times in seconds.

    Args:
        interval_s: Between two looks at a subject that names no interval of its own.
        concurrency: Subjects in flight at once.
        batch: How many subjects a scheduler hands to a worker at a time, at most.
        resolvers: Who is asked; () means the system's.
        timeout_s: Of one DNS try.
        smtp_timeout_s: Of one SMTP step.
        severity: The mildest that is watched.
        ignore: Tags that are never watched.
        failing: How many looks must see it failing; `recovering`: well; `unsure`: either, with one resolver alone.
        rechecks_s: How long after a suspected change it is looked again; the first look again is at once.
        group_s: Failures of one cause within so many seconds are told together.
        unseen_after_s: How long nothing may be seen before it is told.
        flapping_changes: So many changes within `flapping_within_s` are flapping, until nothing changed for `stable_s`.
        vantage: The name of the place that this watcher looks from.
        per_destination: SMTP conversations at once with one /24 or /64.
        connect_to: As --connect-to of `check`.
    """

    interval_s: float = 300.0
    concurrency: int = 500
    batch: int = 100
    resolvers: tuple[str, ...] = ()
    timeout_s: float = 3.0
    retries: int = 2
    smtp_timeout_s: float = 15.0
    severity: Severity = Severity.WARNING
    ignore: tuple[str, ...] = ()
    failing: int = 3
    recovering: int = 3
    unsure: int = 5
    rechecks_s: tuple[float, ...] = (60.0, 300.0, 900.0)
    group_s: float = 60.0
    unseen_after_s: float = DAY_S
    flapping_changes: int = 4
    flapping_within_s: float = DAY_S
    stable_s: float = 6 * 3600.0
    vantage: str = "local"
    per_destination: int = 2
    connect_to: tuple[str, ...] = ()
    discovery_s: float = DAY_S
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlocklistSettings:
    """Which lists are watched, how often, and where the file with the keys stands ("" for none)."""

    enabled: bool = False
    lists: tuple[str, ...] = ()
    interval_s: float = 3600.0
    keys_file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionSettings:
    """For how many days flips, observations, closed incidents and the delivery log are kept; days as such are kept on.

    Of reports: `records_days` for what they say record by record, `rollups_days` for their sums and for that they came at
    all, `failures_days` for reports of single messages, which hold personal data.
    """

    history_days: int = 400
    incidents_days: int = 800
    deliveries_days: int = 90
    records_days: int = 400
    rollups_days: int = 1200
    failures_days: int = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Where the database is: a file, a URL, or a secret that holds a URL."""

    database: str = ""
    secret: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """All of these tables."""

    store: StoreSettings = field(default_factory=StoreSettings)
    watch: WatchSettings = field(default_factory=WatchSettings)
    blocklists: BlocklistSettings = field(default_factory=BlocklistSettings)
    retention: RetentionSettings = field(default_factory=RetentionSettings)


def read_watching(values: Mapping[str, object], where: str) -> Watching:
    """Read the tables of the watch; `where` names the file in errors.

    Raises:
        FileError: A table, key or value cannot be used.
    """
    return Watching(
        store=_store(_table(values, "store", where)),
        watch=_watch(_table(values, "watch", where)),
        blocklists=_blocklists(_table(values, "blocklists", where)),
        retention=_retention(_table(values, "retention", where)),
    )


def _table(values: Mapping[str, object], name: str, where: str) -> Table:
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise FileError(where, f"{name} is no table", f"begin it with a line [{name}]")
    return Table(found, f"[{name}]", where)


def _store(table: Table) -> StoreSettings:
    database, hidden = table.text("database", ""), secret(table, "database")
    if database and hidden:
        table.fail("names two databases", "keep one of them; database_file keeps a URL with a password out of this file")
    table.done()
    return StoreSettings(database=database, secret=hidden)


def _seconds(table: Table, key: str, least: timedelta, most: timedelta, default: float) -> float:
    return table.duration(key, least, most, timedelta(seconds=default)).total_seconds()


def _watch(table: Table) -> WatchSettings:
    usual = WatchSettings()
    second, day = timedelta(seconds=1), timedelta(days=1)
    found = WatchSettings(
        interval_s=_seconds(table, "interval", 10 * second, 30 * day, usual.interval_s),
        concurrency=table.whole("concurrency", 1, 20_000, usual.concurrency),
        batch=table.whole("batch", 1, 1000, usual.batch),
        resolvers=table.texts("resolvers", ()),
        timeout_s=_seconds(table, "timeout", second, 60 * second, usual.timeout_s),
        retries=table.whole("retries", 0, 10, usual.retries),
        smtp_timeout_s=_seconds(table, "smtp_timeout", second, 300 * second, usual.smtp_timeout_s),
        severity=Severity(table.choice("severity", ("error", "warning", "note"), usual.severity)),
        ignore=table.texts("ignore", ()),
        failing=table.whole("failing", 2, 20, usual.failing),
        recovering=table.whole("recovering", 2, 20, usual.recovering),
        unsure=table.whole("unsure", 2, 50, usual.unsure),
        rechecks_s=_rechecks(table, "rechecks", usual.rechecks_s),
        group_s=_seconds(table, "group", second, timedelta(hours=1), usual.group_s),
        unseen_after_s=_seconds(table, "unseen_after", 60 * second, 365 * day, usual.unseen_after_s),
        flapping_changes=table.whole("flapping_changes", 2, 1000, usual.flapping_changes),
        flapping_within_s=_seconds(table, "flapping_within", 600 * second, 30 * day, usual.flapping_within_s),
        stable_s=_seconds(table, "stable_after", 60 * second, 30 * day, usual.stable_s),
        vantage=table.text("vantage", usual.vantage),
        per_destination=table.whole("per_destination", 1, 100, usual.per_destination),
        connect_to=table.texts("connect_to", ()),
        discovery_s=_seconds(table, "discovery", 300 * second, 30 * day, usual.discovery_s),
        url=table.text("url", ""),
    )
    table.done()
    return found


def _rechecks(table: Table, key: str, default: tuple[float, ...]) -> tuple[float, ...]:
    accepted = (
        'write rechecks = ["1m", "5m", "15m"]: one to ten lengths of time, "5s" to "1d", each longer than the one before'
    )
    found = [read_duration(text) for text in table.texts(key, (), accepted)]
    if not found:
        return default
    seconds = tuple(each.total_seconds() for each in found if each is not None)
    rising = all(before < after for before, after in pairwise(seconds))
    if len(seconds) != len(found) or len(found) > MAX_RECHECKS or not rising or seconds[0] < 5 or seconds[-1] > DAY_S:
        table.fail(f"{key} cannot be used", accepted)
    return seconds


def _blocklists(table: Table) -> BlocklistSettings:
    usual = BlocklistSettings()
    lists = table.texts("lists", ())
    found = BlocklistSettings(
        enabled=table.flag("enabled", bool(table.values)),
        lists=lists,
        interval_s=_seconds(table, "interval", timedelta(minutes=1), timedelta(days=30), usual.interval_s),
        keys_file=table.text("keys_file", ""),
    )
    table.done()
    return found


def _retention(table: Table) -> RetentionSettings:
    usual = RetentionSettings()
    rollups = table.whole("rollups_days", 1, 36_500, usual.rollups_days)
    found = RetentionSettings(
        history_days=table.whole("history_days", 1, 36_500, usual.history_days),
        incidents_days=table.whole("incidents_days", 1, 36_500, usual.incidents_days),
        deliveries_days=table.whole("deliveries_days", 1, 36_500, usual.deliveries_days),
        records_days=table.whole("records_days", 1, 36_500, min(usual.records_days, rollups)),
        rollups_days=rollups,
        failures_days=table.whole("failures_days", 1, 36_500, usual.failures_days),
    )
    table.done()
    if found.records_days > found.rollups_days:
        table.fail("keeps records of reports for longer than their sums", "set rollups_days to records_days or more")
    return found
