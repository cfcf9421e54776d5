"""What is watched beside addresses: the tables `[domains]` and `[report_alerts]`.

    [domains]
    names = ["example.com"]
    interval = "1h"
    key_max_age = "365d"

    [report_alerts]
    unknown_messages = 100
    silent_days = 3

Every key has a default. Does not decide what follows (`drift/records.py`, `sources/`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from truehelo.configuration.table import Table
from truehelo.errors import FileError
from truehelo.facts.names import canonical
from truehelo.facts.text import visible
from truehelo.records.talk import can_be_asked

KEYS = frozenset({"domains", "report_alerts"})
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainSettings:
    """Which domains are watched, and how. Times in seconds.

    Args:
        enabled: Whether any is.
        names: Domains beside those of the inventory and of the reports.
        groups: What groups these are in, and `owner` who owns them, for routes.
        inventory: Those that lines of the inventory name are watched.
        reports: Those that reports are about are watched.
        most: Of those that only reports name, the so many with the most mail.
        selectors: DKIM selectors to look at in each domain, beside those that reports show.
        interval_s: Between two looks.
        changed_for_s: How long a record that changed is an open incident, unless somebody acknowledges it.
        key_max_age_s: How old a DKIM key may be; None: its age is nobody's business.
        key_dates: A date in the note of a key (n=) is that of its replacement.
        key_warn_s: How long before that it is told.
    """

    enabled: bool = True
    names: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    owner: str = ""
    inventory: bool = True
    reports: bool = True
    most: int = 200
    selectors: tuple[str, ...] = ()
    interval_s: float = 3600.0
    changed_for_s: float = 7 * 86_400.0
    key_max_age_s: float | None = None
    key_dates: bool = False
    key_warn_s: float = 14 * 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportAlertSettings:
    """When what reports say is told. Shares are 0 to 1.

    Args:
        enabled: Whether anything of it is.
        late_days: How many days after its end a day counts as told by everybody.
        unknown_messages: A source that nobody knows is told of when it sends so many in a week, `unknown_share` of all at
            least.
        aligned_fall: By so much the aligned share must have fallen; `aligned_messages`: of so many messages at least.
        silent_days: For so many days a regular reporter must have been silent.
        tls_share: So many TLS sessions may fail; `tls_sessions`: so many must have failed at least.
        key_messages: A key that is gone is told of when so many messages were signed with it of late.
    """

    enabled: bool = True
    late_days: int = 2
    unknown_messages: int = 100
    unknown_share: float = 0.01
    aligned_fall: float = 0.05
    aligned_messages: int = 50
    silent_days: int = 3
    tls_share: float = 0.02
    tls_sessions: int = 10
    key_messages: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """Both tables."""

    domains: DomainSettings = field(default_factory=DomainSettings)
    alerts: ReportAlertSettings = field(default_factory=ReportAlertSettings)


def read_beside(values: Mapping[str, object], where: str) -> Beside:
    """Read the tables about domains and reports; `where` names the file in errors.

    Raises:
        FileError: A table, key or value cannot be used.
    """
    return Beside(
        domains=_domains(_table(values, "domains", where)), alerts=_alerts(_table(values, "report_alerts", where))
    )


def _table(values: Mapping[str, object], name: str, where: str) -> Table:
    found = values.get(name, {})
    if not isinstance(found, dict):
        raise FileError(where, f"{name} is no table", f"begin it with a line [{name}]")
    return Table(found, f"[{name}]", where)


def _domains(table: Table) -> DomainSettings:
    usual = DomainSettings()
    oldest = table.duration("key_max_age", _DAY, 3650 * _DAY) if table.has("key_max_age") else None
    found = DomainSettings(
        enabled=table.flag("enabled", usual.enabled),
        names=tuple(_name(table, "names", text) for text in table.texts("names", ())),
        groups=table.texts("groups", ()),
        owner=table.text("owner", ""),
        inventory=table.flag("inventory", usual.inventory),
        reports=table.flag("reports", usual.reports),
        most=table.whole("most", 0, 100_000, usual.most),
        selectors=tuple(_selector(table, text) for text in table.texts("selectors", ())),
        interval_s=_seconds(table, "interval", timedelta(minutes=5), 30 * _DAY, usual.interval_s),
        changed_for_s=_seconds(table, "changed_for", _HOUR, 365 * _DAY, usual.changed_for_s),
        key_max_age_s=None if oldest is None else oldest.total_seconds(),
        key_dates=table.flag("key_dates", usual.key_dates),
        key_warn_s=_seconds(table, "key_warn", _HOUR, 365 * _DAY, usual.key_warn_s),
    )
    table.done()
    return found


def _seconds(table: Table, key: str, least: timedelta, most: timedelta, default: float) -> float:
    return table.duration(key, least, most, timedelta(seconds=default)).total_seconds()


def _name(table: Table, key: str, text: str) -> str:
    name = canonical(text)
    if "." not in name or not can_be_asked(name) or " " in name:
        table.fail(f"{key} has {visible(text, 80)!r}, which is no domain", 'write names = ["example.com"]')
    return name


def _selector(table: Table, text: str) -> str:
    name = canonical(text)
    if not can_be_asked(f"{name}._domainkey.example.com") or " " in name:
        table.fail(f"selectors has {visible(text, 80)!r}, which is no selector", 'write selectors = ["mail2026"]')
    return name


def _alerts(table: Table) -> ReportAlertSettings:
    usual = ReportAlertSettings()
    found = ReportAlertSettings(
        enabled=table.flag("enabled", usual.enabled),
        late_days=table.whole("late_days", 1, 14, usual.late_days),
        unknown_messages=table.whole("unknown_messages", 1, 1_000_000_000, usual.unknown_messages),
        unknown_share=_percent(table, "unknown_percent", usual.unknown_share),
        aligned_fall=_percent(table, "aligned_percent", usual.aligned_fall),
        aligned_messages=table.whole("aligned_messages", 10, 1_000_000_000, usual.aligned_messages),
        silent_days=table.whole("silent_days", 1, 30, usual.silent_days),
        tls_share=_percent(table, "tls_percent", usual.tls_share),
        tls_sessions=table.whole("tls_sessions", 1, 1_000_000_000, usual.tls_sessions),
        key_messages=table.whole("key_messages", 1, 1_000_000_000, usual.key_messages),
    )
    table.done()
    return found


def _percent(table: Table, key: str, default: float) -> float:
    return table.whole(key, 1, 99, round(100 * default)) / 100
