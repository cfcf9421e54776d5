"""TLS-RPT: whether somebody is told when TLS to the MX hosts fails (RFC 8460 §3). Does not read the reports themselves."""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, keys, listed
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.errors import RecordError
from truehelo.records.tls_rpt import parse

TLS_RPT_GOOD = Tag(
    name="TLS_RPT_GOOD",
    severity=Severity.OK,
    message="reports about TLS to {domain} go to {where}",
    cites=("RFC 8460 §3",),
)
TLS_RPT_MISSING = Tag(
    name="TLS_RPT_MISSING",
    severity=Severity.NOTE,
    message="nobody is told when TLS to {domain} fails: there is no record at {place} ({outcome})",
    cites=("RFC 8460 §3",),
)
TLS_RPT_BROKEN = Tag(
    name="TLS_RPT_BROKEN",
    severity=Severity.WARNING,
    message="the record at {place} is not valid, so that no report about TLS is sent: {detail}",
    cites=("RFC 8460 §3",),
)
TLS_RPT_REMARK = Tag(
    name="TLS_RPT_REMARK",
    severity=Severity.NOTE,
    message="the record at {place} holds something that is not right: {detail}",
    cites=("RFC 8460 §3",),
)
TLS_RPT_UNKNOWN = Tag(
    name="TLS_RPT_UNKNOWN",
    severity=Severity.NOTE,
    message="whether reports about TLS are wanted by {domain} could not be determined ({outcome})",
    cites=("RFC 8460 §3",),
    undetermined=True,
)


def tls_rpt(view: DomainView) -> Iterator[Finding]:
    """Judge the record."""
    texts = view.tls_rpt
    args = {"domain": view.name, "place": texts.name, "outcome": OUTCOMES[texts.outcome]}
    evidence = keys(texts.lookup)
    if texts.failed:
        yield Finding(tag=TLS_RPT_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
        return
    if not texts.texts and not texts.meant:
        if not view.takes_no_mail:
            yield _missing(view, args, evidence)
        return
    record = parse((texts.texts or texts.meant)[0])
    detail = f"there are {len(texts.texts)} of them" if len(texts.texts) > 1 else ""
    if isinstance(record, RecordError) or detail:
        args["detail"] = detail or str(record)
        yield Finding(tag=TLS_RPT_BROKEN, result=Result.PERMERROR, args=args, evidence=evidence)
        return
    if record.faults:
        args["detail"] = listed(str(fault) for fault in record.faults)
        yield Finding(tag=TLS_RPT_REMARK, result=Result.POLICY, args=args, evidence=evidence)
    args["where"] = listed(uri.text for uri in record.rua)
    yield Finding(tag=TLS_RPT_GOOD, result=Result.PASS, args=args, evidence=evidence)


def _missing(view: DomainView, args: dict[str, str], evidence: tuple[str, ...]) -> Finding:
    """Who lets senders refuse to deliver should hear of it when they do."""
    insists = bool(view.mta_sts.texts) or any(each.records for each in view.dane)
    if view.tls_rpt.lookup is not None and view.tls_rpt.lookup.records:
        args["outcome"] = "no TXT record is one"
    override = Severity.WARNING if insists else None
    return Finding(tag=TLS_RPT_MISSING, result=Result.NONE, args=args, evidence=evidence, severity_override=override)


CHECK = DomainCheck(
    id="tls_rpt",
    title="Somebody is told when TLS fails",
    cites=("RFC 8460 §3",),
    tags=(TLS_RPT_GOOD, TLS_RPT_MISSING, TLS_RPT_BROKEN, TLS_RPT_REMARK, TLS_RPT_UNKNOWN),
    run=tls_rpt,
)
