"""Aggregate reports as receivers would have sent them, a row of words each, and the way into a store that any takes."""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from sqlalchemy import event

from truehelo.reports.read import reports_in
from truehelo.store.database import Database
from truehelo.store.reports.importing import Came, Importer
from truehelo.store.reports.outcomes import Outcome

DAY = 86_400


@dataclass(frozen=True, kw_only=True)
class Sent:
    """Messages of one source: how many, what was done, what was aligned; by which selector, on whose reverse-path.

    `signed` is the selector of the domain's own signature ("" for none), `verifies` whether it does.
    """

    ip: str
    count: int = 1
    disposition: str = "none"
    dkim: bool = True
    spf: bool = True
    signed: str = "s1"
    verifies: bool = True
    envelope: str = ""
    reason: str = ""


def report(reporter: str, domain: str, day: int, rows: Iterable[Sent], number: int = 1) -> bytes:
    """Return the report of a day (since the epoch, UTC) as RFC 7489 §C describes it."""
    records = "".join(_record(domain, row) for row in rows)
    begin, end = day * DAY, (day + 1) * DAY - 1
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<feedback><version>1.0</version><report_metadata><org_name>{escape(reporter)}</org_name><email>dmarc@{escape(reporter)}</email>
<report_id>{escape(reporter)}-{domain}-{day}-{number}</report_id><date_range><begin>{begin}</begin><end>{end}</end></date_range>
</report_metadata><policy_published><domain>{domain}</domain><adkim>r</adkim><aspf>r</aspf><p>quarantine</p><sp>quarantine</sp>
<pct>100</pct></policy_published>{records}</feedback>
""".encode()


def _record(domain: str, row: Sent) -> str:
    words = {True: "pass", False: "fail"}
    reason = f"<reason><type>{row.reason}</type></reason>" if row.reason else ""
    signature = ""
    if row.signed:
        result = words[row.verifies]
        signature = f"<dkim><domain>{domain}</domain><selector>{row.signed}</selector><result>{result}</result></dkim>"
    envelope = row.envelope or domain
    return f"""<record><row><source_ip>{row.ip}</source_ip><count>{row.count}</count><policy_evaluated>
<disposition>{row.disposition}</disposition><dkim>{words[row.dkim]}</dkim><spf>{words[row.spf]}</spf>{reason}</policy_evaluated></row>
<identifiers><envelope_from>{envelope}</envelope_from><header_from>{domain}</header_from></identifiers>
<auth_results>{signature}<spf><domain>{envelope}</domain><scope>mfrom</scope><result>{words[row.spf]}</result></spf></auth_results>
</record>"""


def hasty(database: Database) -> Database:
    """Have a SQLite file not wait for the disk: what a test keeps need not outlive the machine."""
    if database.is_sqlite:
        # After the one that the store itself listens with, so that this is the setting that stands.
        event.listen(database.engine, "connect", lambda held, _: held.execute("PRAGMA synchronous=OFF"))
    return database


def store(database: Database, octets: Iterable[bytes], at: float) -> list[Outcome]:
    """Store reports in the way of every intake, at a time (seconds since the epoch)."""
    importer = Importer(database)
    return [
        importer.store(found, Came(origin="test", name=f"{number}.xml", at=at)).outcome
        for number, each in enumerate(octets)
        for found in reports_in(io.BytesIO(each), f"{number}.xml")
    ]
