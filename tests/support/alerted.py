"""A store to which reports come day by day, and what the watch makes of them: which incidents, and what is to be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update

from support.sentreports import Sent, hasty, report, store
from support.watched import Watched
from truehelo.configuration.alerting import Alerting
from truehelo.configuration.channels import CommandSettings
from truehelo.configuration.domains import DomainSettings, ReportAlertSettings
from truehelo.configuration.routes import Route
from truehelo.monitor.consistency import inconsistencies
from truehelo.monitor.notices import notice_of
from truehelo.monitor.policy import Policy
from truehelo.monitor.sources.reported import ReportWatch
from truehelo.monitor.stored import Inline
from truehelo.monitoring import NoticeKind
from truehelo.reports.model import TlsFailure, TlsPolicy, TlsReport
from truehelo.store import incidents as rows
from truehelo.store import migrate, tables
from truehelo.store.database import Database
from truehelo.store.reports.importing import Came, Importer
from truehelo.store.things import domains
from truehelo.store.things import rows as things

DAY = 86_400
FIRST = 20_800
"""The day on which the reports begin: 13 December 2026."""
JUDGED = 4
DOMAIN = "shop.example"
OURS = "192.0.2.25"
REPORTERS = ("bigmail.example", "portal.example")


def good(count: int = 200, ip: str = OURS, **words: Any) -> Sent:
    return Sent(ip=ip, count=count, **words)


def bad(count: int = 200, ip: str = OURS, **words: Any) -> Sent:
    return Sent(ip=ip, count=count, dkim=False, spf=False, verifies=False, **words)


@dataclass
class Office:
    """Takes reports in, and judges them; `day` is the day of now."""

    database: Database
    alerts: ReportAlertSettings = field(default_factory=ReportAlertSettings)
    domains: DomainSettings = field(default_factory=DomainSettings)
    policy: Policy = field(
        default_factory=lambda: Policy(
            alerting=Alerting(
                channels=(CommandSettings(name="pager", kind="command", argv=("true",)),),
                routes=(Route(channels=("pager",)),),
            )
        )
    )
    day: int = FIRST
    said: list[str] = field(default_factory=list)

    @classmethod
    def opened(cls, url: str, **words: Any) -> "Office":
        database = hasty(Database(url.removeprefix("sqlite:///"), pooled=False))
        migrate.upgrade(database)
        made = cls(database, **words)
        made.watch_domain()
        return made

    @property
    def now(self) -> float:
        """Noon."""
        return self.day * DAY + DAY / 2.0

    def watch_domain(self, *groups: str) -> None:
        with self.database.write() as connection:
            wanted = domains.Wanted(name=DOMAIN, origins=("configuration",), groups=groups, owner="")
            domains.sync(connection, [wanted], 3600.0, self.now)

    def watched(self) -> Watched:
        return Watched(self.database, now=self.now)

    def came(self, sent: dict[str, Iterable[Sent]], day: int | None = None, at: float | None = None) -> None:
        """Reports on a day, yesterday unless it is said otherwise, by reporter."""
        about = self.day - 1 if day is None else day
        octets = [report(name, DOMAIN, about, each) for name, each in sent.items()]
        store(self.database, octets, self.now - 3600 if at is None else at)

    def tls(self, successful: int, failed: int, result: str = "certificate-expired") -> None:
        """A TLS report on yesterday."""
        begin = (self.day - 1) * DAY
        failures = (TlsFailure(result_type=result, sessions=failed, receiving_mx_hostname="mx1.shop.example"),)
        policy = TlsPolicy(
            type="sts", domain=DOMAIN, successful=successful, failed=failed, failures=failures if failed else ()
        )
        found = TlsReport(
            organization_name="bigmail.example",
            contact_info="",
            report_id=f"tls-{self.day}",
            begin=begin,
            end=begin + DAY - 1,
            policies=(policy,),
            digest=f"{self.day}",
        )
        Importer(self.database).store(found, Came(origin="test", name="tls.json", at=self.now - 3600))

    def judge(self) -> None:
        """What a watcher does at noon, one that has just started."""
        watch = ReportWatch(
            database=self.database,
            stored=Inline(),
            clock=_Noon(self.now),
            policy=self.policy,
            settings=self.alerts,
            domains=self.domains,
            log=self.said.append,
        )
        watch._evaluate(self.now)
        with self.database.write() as connection:
            waiting = tables.outbox.c.state == "pending"
            connection.execute(update(tables.outbox).where(waiting).values(state="delivered", delivered=self.now))

    def goes_on(self, days: int, *sent: Sent, reporters: Sequence[str] = REPORTERS) -> None:
        """So many days go by, each with a report of each reporter about the day before; the last days are judged daily."""
        for left in range(days, 0, -1):
            self.day += 1
            self.came(dict.fromkeys(reporters, sent))
            if left <= JUDGED:
                self.judge()

    # What is found

    def told(self) -> list[tuple[str, str]]:
        """The messages that were put into the outbox, in order: kind and tag."""
        wanted = select(tables.outbox.c.kind, tables.incidents.c.tag).join(
            tables.incidents, tables.incidents.c.id == tables.outbox.c.incident_id
        )
        with self.database.read() as connection:
            rows = connection.execute(wanted.where(tables.outbox.c.state != "dropped").order_by(tables.outbox.c.id))
            return [(row.kind, row.tag) for row in rows]

    def open_tags(self) -> list[str]:
        with self.database.read() as connection:
            return [each.tag for each in rows.open_incidents(connection)]

    def notice(self, tag: str, kind: NoticeKind = NoticeKind.OPENED) -> Any:
        """What a message of the newest incident of a tag says."""
        with self.database.read() as connection:
            found = rows.listed_incidents(connection, everything=True, since=None, most=1000)
            row = next(each for each in found if each.tag == tag)
            return notice_of(connection, row, kind, self.now)

    def things(self, kind: str) -> list[str]:
        with self.database.read() as connection:
            return [thing.name for thing, _ in things.states(connection) if thing.kind == kind]

    def wrong(self) -> list[str]:
        """What does not hold in the store."""
        with self.database.read() as connection:
            return inconsistencies(connection, self.policy, {"pager"}, self.now)


class _Noon:
    def __init__(self, at: float) -> None:
        self.at = at

    def now(self) -> Any:
        from datetime import UTC, datetime

        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at
