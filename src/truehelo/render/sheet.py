"""CSV: one row a subject, the address first (RFC 4180).

Cells pass through `facts.cells`: no spreadsheet takes one for a formula, and no terminal for a command. The targets that
led to no address have no row; the command line tells them on stderr.
"""

import csv
import io

from truehelo.facts.cells import cell
from truehelo.findings import Audit, Severity, SubjectAudit
from truehelo.identity import StatedBy
from truehelo.reception import Reception
from truehelo.render.blocklists import against, unknown
from truehelo.render.look import Look
from truehelo.render.receivers import MINDING

COLUMNS = (
    "ip",
    "verdict",
    "iprev",
    "expected_name",
    "ptr",
    "confirmed",
    "greeting",
    "ehlo_reply",
    "helo",
    "errors",
    "warnings",
    "notes",
    "undetermined",
    "sources",
    "fix",
    "records",
    "refuse",
    "tempfail",
    "at_risk",
    "listed_on",
    "lists_unknown",
)


def render(audit: Audit, look: Look) -> str:  # noqa: ARG001  (a renderer's shape; a table looks the same everywhere)
    """Return the audit as CSV with a header line and CRLF line ends."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for subject in audit.subjects:
        writer.writerow([cell(text) for text in _row(subject)])
    return out.getvalue()


def _row(subject: SubjectAudit) -> list[str]:
    facts, identity = subject.facts, subject.identity
    return [
        str(facts.ip),
        str(subject.verdict),
        str(identity.iprev),
        facts.expected_name or "",
        " ".join(identity.ptr_names),
        " ".join(identity.confirmed_names),
        *(" ".join(stated.text for stated in identity.stated_by(by)) for by in (StatedBy.GREETING, StatedBy.EHLO_REPLY)),
        facts.helo or "",
        *(_tags(subject, severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE)),
        " ".join(dict.fromkeys(finding.tag.name for finding in subject.findings if finding.tag.undetermined)),
        " ".join(dict.fromkeys(source.kind for source in facts.sources)),
        "; ".join(step.what for step in subject.advice),
        "; ".join(record for step in subject.advice for record in step.records),
        *(_receivers(subject, verdict) for verdict in MINDING),
        " ".join(each.list for each in against(subject)),
        " ".join(each.list for each in unknown(subject)),
    ]


def _receivers(subject: SubjectAudit, verdict: Reception) -> str:
    return " ".join(each.receiver for each in subject.receivers if each.judgement.verdict is verdict)


def _tags(subject: SubjectAudit, severity: Severity) -> str:
    found = (f.tag.name for f in subject.findings if f.severity is severity and not f.tag.undetermined)
    return " ".join(dict.fromkeys(found))
