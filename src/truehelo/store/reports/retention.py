"""What is removed of reports, and when: records before their sums, reports of single messages by a time of their own.

Each step may be bounded, so that a store with years of reports is not locked for minutes; what one leaves the next takes. A
report whose records are gone is still known, so that it is not stored a second time. Of weeks those go that lie wholly
before what is kept. Addresses, shapes and signatures go last, once nothing refers to them: an address that returns years
later is new again.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, and_, delete, exists, func, or_, select, update

from truehelo.store.reports.dimensions import EPOCH, free_for_removal
from truehelo.store.reports.driver import Driver
from truehelo.store.reports.rollups import serialise
from truehelo.store.reports.tables import (
    ALL,
    failure_reports,
    report_days,
    report_dkim_uses,
    report_domains,
    report_firsts,
    report_records,
    report_reporter_days,
    report_selector_days,
    report_shapes,
    report_signatures,
    report_sources,
    report_weeks,
    reports,
    tls_days,
    tls_failure_days,
    tls_policies,
    week_of,
)
from truehelo.store.upkeep import get, put

_PAGE = 200
_BY_DAY = (report_days, report_reporter_days, report_selector_days, tls_days, tls_failure_days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """The first days (since the epoch) that are kept: of records, of sums, of reports of single messages."""

    records: int
    sums: int
    failures: int


def prune(connection: Connection, kept: Kept, most: int | None = None) -> int:
    """Remove what is older than it is to be kept; return how many rows.

    The transaction must write, and is the better a short one: on PostgreSQL no report is stored meanwhile.

    Args:
        connection: The database.
        kept: From which days on.
        most: About how many records and how many sums may go at once, and then no report that is just being stored is
            waited for; None for all, however long it takes.
    """
    driver = Driver(connection)
    if not free_for_removal(driver, wait=most is None):
        return 0
    serialise(driver)
    removed = connection.execute(delete(failure_reports).where(failure_reports.c.day < kept.failures)).rowcount
    records = _prune_records(connection, max(kept.records, kept.sums), most)
    if records:
        removed += records + _prune_shapes(connection, max(kept.records, kept.sums))
    sums, weeks = _prune_sums(connection, kept.sums, most)
    if sums:
        removed += sums + _prune_reports(connection, kept.sums)
    if weeks:
        removed += _prune_sources(connection, kept.sums)
    if removed:
        put(connection, EPOCH, str(int(get(connection, EPOCH) or 0) + 1))
    return removed


def _prune_records(connection: Connection, before: int, most: int | None) -> int:
    """Remove the records of reports, whole reports, the oldest of a domain first."""
    removed = 0
    for domain in connection.scalars(select(report_domains.c.id).order_by(report_domains.c.id)).all():
        while most is None or removed < most:
            old = connection.scalars(
                select(reports.c.id)
                .where(reports.c.domain_id == domain, reports.c.day < before, reports.c.pruned == 0)
                .order_by(reports.c.day)
                .limit(_PAGE)
            ).all()
            if not old:
                break
            for table in (report_records, tls_policies):
                removed += connection.execute(delete(table).where(table.c.report_id.in_(old))).rowcount
            connection.execute(update(reports).where(reports.c.id.in_(old)).values(pruned=1))
    return removed


def _prune_shapes(connection: Connection, before: int) -> int:
    """Remove the shapes of which no records are left; their last day tells."""
    oldest = connection.execute(select(func.min(reports.c.day)).where(reports.c.pruned == 0)).scalar()
    unused = before if oldest is None else min(before, oldest)
    return connection.execute(delete(report_shapes).where(report_shapes.c.last_day < unused)).rowcount


def _prune_sums(connection: Connection, before: int, most: int | None) -> tuple[int, int]:
    """Remove sums, day by day and week by week; return how many, and how many of weeks among them."""
    domains = [ALL, *connection.scalars(select(report_domains.c.id).order_by(report_domains.c.id))]
    days = _prune_times(connection, _BY_DAY, "day", (before, domains, most))
    left = None if most is None else most - days
    weeks = _prune_times(connection, (report_weeks,), "week", (week_of(before), domains, left))
    return days + weeks, weeks


def _prune_times(
    connection: Connection, tables: Sequence[Table], name: str, what: tuple[int, list[int], int | None]
) -> int:
    """Remove the first days (or weeks) of each domain, from all tables together: between two steps all tell the same."""
    before, domains, most = what
    removed = 0
    for domain in domains:
        while most is None or removed < most:
            # The first of a domain is found at once, where "all before" would be looked for in one long step.
            firsts = [
                connection.execute(select(func.min(table.c[name])).where(table.c.domain_id == domain)).scalar()
                for table in tables
            ]
            first = min((each for each in firsts if each is not None), default=before)
            if first >= before:
                break
            for table, held in zip(tables, firsts, strict=True):
                if held == first:
                    gone = delete(table).where(table.c.domain_id == domain, table.c[name] == first)
                    removed += connection.execute(gone).rowcount
    return removed


def _prune_reports(connection: Connection, before: int) -> int:
    """Forget that a report came, once neither its records nor its sums are left."""
    removed = connection.execute(delete(reports).where(reports.c.day < before, reports.c.pruned == 1)).rowcount
    used = or_(
        exists().where(report_dkim_uses.c.signature_id == report_signatures.c.id),
        report_signatures.c.id.in_(select(report_selector_days.c.signature_id)),
    )
    return removed + connection.execute(delete(report_signatures).where(~used)).rowcount


def _prune_sources(connection: Connection, before: int) -> int:
    """Remove the addresses of which no sums are left, nor records of a report that is in none."""
    removed = 0
    domains = [ALL, *connection.scalars(select(report_domains.c.id))]
    for domain in domains:
        still = select(report_weeks.c.source_id).where(report_weeks.c.domain_id == domain)
        gone = and_(
            report_firsts.c.domain_id == domain,
            report_firsts.c.first_day < before,
            report_firsts.c.source_id.not_in(still),
        )
        removed += connection.execute(delete(report_firsts).where(gone)).rowcount
    flagged = (
        select(report_records.c.source_id)
        .join(reports, reports.c.id == report_records.c.report_id)
        .where(reports.c.flagged == 1)
    )
    unused = and_(~exists().where(report_firsts.c.source_id == report_sources.c.id), report_sources.c.id.not_in(flagged))
    return removed + connection.execute(delete(report_sources).where(unused)).rowcount
