"""What the watch asks of the roll-ups of reports: sums by day, few rows each, so that it can be asked every few minutes.

Days are numbers since the epoch (UTC). Reads only, and decides nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, and_, case, func, or_, select

from truehelo.store.reports.tables import (
    ALL,
    DISPOSITIONS,
    DKIM,
    SPF,
    report_days,
    report_domains,
    report_firsts,
    report_reporter_days,
    report_selector_days,
    report_signatures,
    report_sources,
    report_weeks,
    reporters,
    reports,
    tls_days,
    tls_failure_days,
    week_of,
)

DAY_S = 86_400.0
LIVE_S = 7 * DAY_S
"""A report that came later than so long after its range tells nothing of how its reporter does: old ones are imported."""
_QUARANTINE = DISPOSITIONS.index("quarantine")
_REJECT = DISPOSITIONS.index("reject")
_DISPOSITION = report_days.c.outcome // (DKIM + SPF + 1)
_PASSED = case((report_days.c.outcome % (DKIM + SPF + 1) != 0, report_days.c.messages), else_=0)
_REFUSED = case((_DISPOSITION.in_((_QUARANTINE, _REJECT)), report_days.c.messages), else_=0)


@dataclass(frozen=True, slots=True)
class KeySeen:
    """A DKIM key as reports show it: messages signed with it, those of them that passed DMARC by it, and the last day."""

    domain: str
    selector: str
    messages: int
    aligned: int
    last_day: int


@dataclass(frozen=True, slots=True)
class SourceSent:
    """What a source sent for a domain: messages, those that passed DMARC, those quarantined or refused, and who saw it."""

    ip: str
    messages: int
    passed: int
    refused: int
    reporters: int
    first_day: int


@dataclass(frozen=True, slots=True)
class DayShare:
    """Messages of a day, and those that passed DMARC."""

    day: int
    messages: int
    passed: int


@dataclass(frozen=True, slots=True)
class Heard:
    """A day that a reporter told of, in a report that came in time."""

    reporter: str
    day: int


@dataclass(frozen=True, slots=True)
class TlsFailed:
    """Failed sessions of one kind at one receiving host."""

    result: str
    mx: str
    sessions: int


def domain_ids(connection: Connection) -> dict[str, int]:
    """Return the domains that reports are about."""
    return {row.name: row.id for row in connection.execute(select(report_domains.c.name, report_domains.c.id))}


def largest_domains(connection: Connection, since: int, most: int) -> list[str]:
    """Return the domains that reports of the days since then are about, those with the most mail first."""
    messages = func.sum(report_reporter_days.c.messages)
    wanted = (
        select(report_domains.c.name)
        .join_from(report_domains, report_reporter_days, report_reporter_days.c.domain_id == report_domains.c.id)
        .where(report_reporter_days.c.day >= since)
        .group_by(report_domains.c.id, report_domains.c.name)
        .order_by(messages.desc(), report_domains.c.name)
        .limit(most)
    )
    return list(connection.scalars(wanted))


def keys_seen(connection: Connection, domain: str, since: int) -> list[KeySeen]:
    """Return the keys of a domain, and of those below it, that signed mail since a day, the most used first."""
    messages = func.sum(report_selector_days.c.messages)
    wanted = (
        select(
            report_signatures.c.domain,
            report_signatures.c.selector,
            messages,
            func.sum(report_selector_days.c.aligned),
            func.max(report_selector_days.c.day),
        )
        .join_from(report_selector_days, report_domains, report_selector_days.c.domain_id == report_domains.c.id)
        .join(report_signatures, report_signatures.c.id == report_selector_days.c.signature_id)
        .where(
            report_domains.c.name == domain,
            report_selector_days.c.day >= since,
            report_signatures.c.selector != "",
            or_(
                report_signatures.c.domain == domain,
                report_signatures.c.domain.endswith("." + domain, autoescape=True),
            ),
        )
        .group_by(report_signatures.c.domain, report_signatures.c.selector)
        .order_by(messages.desc(), report_signatures.c.domain, report_signatures.c.selector)
    )
    return [KeySeen(row[0], row[1], int(row[2]), int(row[3]), row[4]) for row in connection.execute(wanted)]


def sent(connection: Connection, domain_id: int, first: int, last: int, least: float) -> tuple[int, list[SourceSent]]:
    """Return how many messages there were in these days, and the sources that sent `least` of them or more."""
    mine = and_(report_days.c.domain_id == domain_id, report_days.c.day.between(first, last))
    whole: int = connection.scalar(select(func.coalesce(func.sum(report_days.c.messages), 0)).where(mine)) or 0
    messages = func.sum(report_days.c.messages)
    wanted = (
        select(
            report_sources.c.ip,
            messages,
            func.sum(_PASSED),
            func.sum(_REFUSED),
            func.count(report_days.c.reporter_id.distinct()),
            func.min(report_firsts.c.first_day),
        )
        .join_from(report_days, report_sources, report_sources.c.id == report_days.c.source_id)
        .outerjoin(
            report_firsts,
            and_(report_firsts.c.source_id == report_sources.c.id, report_firsts.c.domain_id == domain_id),
        )
        .where(mine)
        .group_by(report_sources.c.id, report_sources.c.ip)
        .having(messages >= least)
        .order_by(messages.desc(), report_sources.c.ip)
    )
    rows = connection.execute(wanted)
    return int(whole), [SourceSent(row[0], int(row[1]), int(row[2]), int(row[3]), row[4], row[5] or first) for row in rows]


def aligning(connection: Connection, domain_id: int, first: int, last: int) -> dict[str, int]:
    """Return the sources of which mail passed DMARC in the weeks that hold these days, each with its number."""
    wanted = (
        select(report_sources.c.ip, report_sources.c.id)
        .join_from(report_weeks, report_sources, report_sources.c.id == report_weeks.c.source_id)
        .where(
            report_weeks.c.domain_id == domain_id,
            report_weeks.c.week.between(week_of(first), week_of(last)),
            report_weeks.c.passed > 0,
        )
        .distinct()
    )
    return {row.ip: row.id for row in connection.execute(wanted)}


def numbers_of(connection: Connection, ips: list[str]) -> dict[str, int]:
    """Return the numbers of those of these addresses that ever sent."""
    found: dict[str, int] = {}
    for start in range(0, len(ips), 500):
        part = select(report_sources.c.ip, report_sources.c.id).where(report_sources.c.ip.in_(ips[start : start + 500]))
        found |= {row.ip: row.id for row in connection.execute(part)}
    return found


def shares(connection: Connection, domain_id: int, first: int, last: int, source_ids: set[int]) -> list[DayShare]:
    """Return what these sources sent for a domain, by day."""
    wanted = (
        select(report_days.c.day, report_days.c.source_id, func.sum(report_days.c.messages), func.sum(_PASSED))
        .where(report_days.c.domain_id == domain_id, report_days.c.day.between(first, last))
        .group_by(report_days.c.day, report_days.c.source_id)
    )
    sums: dict[int, tuple[int, int]] = {}
    for day, source_id, messages, passed in connection.execute(wanted):
        if source_id in source_ids:
            held = sums.get(day, (0, 0))
            sums[day] = (held[0] + int(messages), held[1] + int(passed))
    return [DayShare(day, *sums[day]) for day in sorted(sums)]


def heard(connection: Connection, since: int) -> list[Heard]:
    """Return the days that reporters told of in time, since a day."""
    wanted = (
        select(reporters.c.name, reports.c.day)
        .join_from(reports, reporters, reporters.c.id == reports.c.reporter_id)
        .where(
            reports.c.kind == "aggregate",
            reports.c.day >= since,
            reports.c.flagged == 0,
            reports.c.received_at - reports.c.ends <= LIVE_S,
        )
        .distinct()
    )
    return [Heard(row.name, row.day) for row in connection.execute(wanted)]


def tls_sessions(connection: Connection, domain_id: int, first: int, last: int) -> tuple[int, int]:
    """Return how many TLS sessions to a domain succeeded in these days, and how many failed."""
    row = connection.execute(
        select(func.coalesce(func.sum(tls_days.c.successful), 0), func.coalesce(func.sum(tls_days.c.failed), 0)).where(
            tls_days.c.domain_id == domain_id, tls_days.c.day.between(first, last)
        )
    ).one()
    return int(row[0]), int(row[1])


def tls_failures(connection: Connection, domain_id: int, first: int, last: int, most: int = 10) -> list[TlsFailed]:
    """Return the kinds of failure of these days and where they happened, the most frequent first."""
    sessions = func.sum(tls_failure_days.c.sessions)
    wanted = (
        select(tls_failure_days.c.result, tls_failure_days.c.mx, sessions)
        .where(tls_failure_days.c.domain_id == domain_id, tls_failure_days.c.day.between(first, last))
        .group_by(tls_failure_days.c.result, tls_failure_days.c.mx)
        .order_by(sessions.desc(), tls_failure_days.c.result, tls_failure_days.c.mx)
        .limit(most)
    )
    return [TlsFailed(row[0], row[1], int(row[2])) for row in connection.execute(wanted)]


def refused(connection: Connection, ips: Sequence[str], first: int, last: int, least: int) -> list[str]:
    """Return those of these addresses of which so many messages were quarantined or refused in these days, worst first."""
    found: dict[str, int] = {}
    for start in range(0, len(ips), 500):
        messages = func.sum(_REFUSED)
        wanted = (
            select(report_sources.c.ip, messages)
            .join_from(report_days, report_sources, report_sources.c.id == report_days.c.source_id)
            .where(
                report_sources.c.ip.in_(ips[start : start + 500]),
                report_days.c.domain_id != ALL,
                report_days.c.domain_id.in_(select(report_domains.c.id)),
                report_days.c.day.between(first, last),
            )
            .group_by(report_sources.c.ip)
            .having(messages >= least)
        )
        found |= {row[0]: int(row[1]) for row in connection.execute(wanted)}
    return sorted(found, key=lambda ip: (-found[ip], ip))


def is_told(connection: Connection, first: int, last: int) -> bool:
    """Tell whether there is a report on any mail of these days."""
    table = report_reporter_days.c
    wanted = select(table.day).where(table.domain_id == ALL, table.day.between(first, last), table.messages > 0).limit(1)
    return connection.execute(wanted).first() is not None


def newest(connection: Connection) -> int:
    """Return the number of the report that was stored last; 0 for none."""
    return connection.scalar(select(func.max(reports.c.id))) or 0
