"""CAA: who may issue certificates for the name, and so for a mail host in it (RFC 8659). Looks at no certificate."""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, keys, listed
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.caa import DEFINED, ISSUE_WILD

CAA_GOOD = Tag(
    name="CAA_GOOD",
    severity=Severity.OK,
    message="certificates for {domain} may be issued by {who} alone (records at {owner})",
    cites=("RFC 8659 §4.2",),
)
CAA_MISSING = Tag(
    name="CAA_MISSING",
    severity=Severity.NOTE,
    message="any authority may issue certificates for {domain}: {why}",
    cites=("RFC 8659 §3", "RFC 8659 §4.2"),
)
CAA_FORBIDS_ALL = Tag(
    name="CAA_FORBIDS_ALL",
    severity=Severity.NOTE,
    message="no authority may issue a certificate for {domain} (records at {owner})",
    cites=("RFC 8659 §4.2",),
)
CAA_BROKEN = Tag(
    name="CAA_BROKEN",
    severity=Severity.WARNING,
    message="a CAA record at {owner} does not say what it was meant to: {detail}",
    cites=("RFC 8659 §4.1", "RFC 8659 §4.2"),
)
CAA_UNKNOWN = Tag(
    name="CAA_UNKNOWN",
    severity=Severity.NOTE,
    message="who may issue certificates for {domain} could not be determined, and an authority that sees the same issues "
    "none: {detail}",
    cites=("RFC 8659 §3",),
    undetermined=True,
)


def caa(view: DomainView) -> Iterator[Finding]:
    """Judge the records that count for the name."""
    found = view.caa
    evidence = keys(*(view.answered(question) for question in found.asked))
    args = {"domain": view.name, "owner": found.owner}
    if found.unsure:
        detail = listed(f"{question}: {OUTCOMES[view.outcome(question)]}" for question in found.unsure)
        yield Finding(tag=CAA_UNKNOWN, result=Result.TEMPERROR, args=args | {"detail": detail}, evidence=evidence)
        return
    if not found.owner:
        args["why"] = "neither it nor a name above has a CAA record"
        yield Finding(tag=CAA_MISSING, result=Result.NONE, args=args, evidence=evidence)
        return
    faults = [str(error) for error in found.errors]
    faults += [str(fault) for record in found.records for fault in record.faults]
    if faults:
        yield Finding(tag=CAA_BROKEN, result=Result.PERMERROR, args=args | {"detail": listed(faults)}, evidence=evidence)
    blocked = any(record.critical and record.tag not in DEFINED for record in found.records)
    issuers = () if blocked else found.issuers()
    if issuers is None:
        # Only iodef or contacts restrict nobody, and issuewild says nothing of other names (RFC 8659 §4.2, §4.3).
        wild = found.issuers(ISSUE_WILD) is not None
        args["why"] = f"the CAA records at {found.owner} restrict {'wildcards alone' if wild else 'nobody'}"
        yield Finding(tag=CAA_MISSING, result=Result.NONE, args=args, evidence=evidence)
    elif not issuers:
        yield Finding(tag=CAA_FORBIDS_ALL, result=Result.POLICY, args=args, evidence=evidence)
    elif not faults:
        yield Finding(tag=CAA_GOOD, result=Result.PASS, args=args | {"who": listed(issuers)}, evidence=evidence)


CHECK = DomainCheck(
    id="caa",
    title="Only chosen authorities may issue certificates",
    cites=("RFC 8659",),
    tags=(CAA_GOOD, CAA_MISSING, CAA_FORBIDS_ALL, CAA_BROKEN, CAA_UNKNOWN),
    run=caa,
)
