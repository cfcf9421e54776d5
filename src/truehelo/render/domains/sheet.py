"""CSV: one row a domain, its name first (RFC 4180). Cells are made harmless as those of an audit are."""

import csv
import io

from truehelo.domains import DomainAudit, DomainRun, DomainView
from truehelo.facts.cells import cell
from truehelo.findings import Severity
from truehelo.records.mta_sts import MtaStsPolicy
from truehelo.render.look import Look

COLUMNS = (
    "domain",
    "state",
    "mx",
    "spf",
    "spf_lookups",
    "dkim",
    "dmarc",
    "dmarc_policy",
    "mta_sts",
    "tls_rpt",
    "caa",
    "errors",
    "warnings",
    "notes",
    "undetermined",
    "fix",
    "records",
)


def render(run: DomainRun, look: Look) -> str:  # noqa: ARG001  (a renderer's shape; a table looks the same everywhere)
    """Return the run as CSV with a header line and CRLF line ends."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for domain in run.domains:
        writer.writerow([cell(text) for text in _row(domain)])
    return out.getvalue()


def _row(domain: DomainAudit) -> list[str]:
    view = DomainView(domain.facts)
    record, policy, sts = view.dmarc.record, view.dmarc_policy, view.sts_policy
    return [
        view.name,
        str(domain.state),
        " ".join(host for _, host in view.mx_hosts),
        view.spf.text or "",
        str(view.spf.lookups),
        " ".join(each.selector.name for each in view.dkim if each.texts and each.selector.source != "probe"),
        "" if record is None else record.text,
        "" if policy is None else str(policy.policy),
        str(sts.mode) if isinstance(sts, MtaStsPolicy) else "; ".join(view.mta_sts.texts),
        "; ".join(view.tls_rpt.texts),
        " ".join(view.caa.issuers() or ()),
        *(_tags(domain, severity) for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE)),
        " ".join(dict.fromkeys(finding.tag.name for finding in domain.findings if finding.tag.undetermined)),
        "; ".join(step.what for step in domain.advice),
        "; ".join(record for step in domain.advice for record in step.records),
    ]


def _tags(domain: DomainAudit, severity: Severity) -> str:
    found = (f.tag.name for f in domain.findings if f.severity is severity and not f.tag.undetermined)
    return " ".join(dict.fromkeys(found))
