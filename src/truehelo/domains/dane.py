"""DANE: the certificates that the MX hosts are to show, and whether DNSSEC vouches for them (RFC 7672).

No host needs TLSA records: having none is no finding. Whether a host really shows such a certificate is not looked at.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DaneHost, DomainView
from truehelo.domains._words import keys, listed, told
from truehelo.facts.domain import secure
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records import tlsa

DANE_GOOD = Tag(
    name="DANE_GOOD",
    severity=Severity.OK,
    message="every MX host of {domain} has TLSA records that count, and a resolver validated them: {hosts}",
    cites=("RFC 7672 §2.2", "RFC 7672 §3.1"),
)
DANE_BROKEN = Tag(
    name="DANE_BROKEN",
    severity=Severity.ERROR,
    message="no TLSA record of MX host {host} counts for mail: {detail}",
    cites=("RFC 7672 §3.1",),
)
DANE_REMARK = Tag(
    name="DANE_REMARK",
    severity=Severity.NOTE,
    message="a TLSA record of MX host {host} is passed over, and others count: {detail}",
    cites=("RFC 7672 §3.1",),
)
DANE_NOT_SECURE = Tag(
    name="DANE_NOT_SECURE",
    severity=Severity.ERROR,
    message="the TLSA records of MX host {host} are ignored, as DNSSEC does not vouch for them",
    cites=("RFC 7672 §2.1.1", "RFC 6698 §4.1"),
)
DANE_MX_NOT_SECURE = Tag(
    name="DANE_MX_NOT_SECURE",
    severity=Severity.WARNING,
    message="the MX records of {domain} are not signed: who forges them leads mail around the TLSA records of {hosts}",
    cites=("RFC 7672 §2.2.1",),
)
DANE_PARTIAL = Tag(
    name="DANE_PARTIAL",
    severity=Severity.WARNING,
    message="some MX hosts of {domain} have TLSA records, and {hosts} none: an attacker leads mail to those",
    cites=("RFC 7672 §2.2",),
)
DANE_UNKNOWN = Tag(
    name="DANE_UNKNOWN",
    severity=Severity.NOTE,
    message="the TLSA records of MX host {host} could not be determined: {detail}",
    cites=("RFC 7672 §2.1.2",),
    undetermined=True,
)


def dane(view: DomainView) -> Iterator[Finding]:
    """Judge the records of each host, then all of them together."""
    found: list[Finding] = []
    for each in view.dane:
        found += _host(view, each)
    with_records = [each for each in view.dane if each.records or each.errors]
    if with_records:
        found += _unseen(view)
    yield from found
    if not with_records:
        return
    evidence = keys(*(each.lookup for each in view.dane), view.lookup(view.name, "MX"))
    without = [each.host for each in view.dane if not each.failed and not (each.records or each.errors)]
    args = {"domain": view.name, "hosts": listed(without)}
    if without:
        yield Finding(tag=DANE_PARTIAL, result=Result.POLICY, args=args, evidence=evidence)
    secured = [each.host for each in with_records if secure(each.lookup)]
    # Without a resolver that validates nothing is known about the MX records either.
    insecure = bool(secured) and not secure(view.lookup(view.name, "MX"))
    args["hosts"] = listed(each.host for each in with_records)
    if insecure:
        yield Finding(tag=DANE_MX_NOT_SECURE, result=Result.POLICY, args=args, evidence=evidence)
    elif not without and not any(f.severity is not Severity.NOTE or f.tag.undetermined for f in found):
        yield Finding(tag=DANE_GOOD, result=Result.PASS, args=args, evidence=evidence)


def _host(view: DomainView, each: DaneHost) -> Iterator[Finding]:
    args, evidence = {"host": each.host}, keys(each.lookup) or keys(view.lookup(view.name, "MX"))
    if each.failed:
        # Senders that use DANE then keep the mail, rather than deliver it unprotected (RFC 7672 §2.1.2).
        detail = told(each.lookup, f"{tlsa.name(each.host)} TLSA")
        yield Finding(tag=DANE_UNKNOWN, result=Result.TEMPERROR, args=args | {"detail": detail}, evidence=evidence)
        return
    if not each.records and not each.errors:
        return
    faults = [str(error) for error in each.errors]
    faults += [f"the record {record.fault}" for record in each.records if record.fault]
    usable = any(record.usable for record in each.records)
    if faults:
        tag, result = (DANE_REMARK, Result.POLICY) if usable else (DANE_BROKEN, Result.PERMERROR)
        yield Finding(tag=tag, result=result, args=args | {"detail": listed(faults)}, evidence=evidence)
    if secure(each.lookup):
        return
    if view.facts.validates:
        yield Finding(tag=DANE_NOT_SECURE, result=Result.FAIL, args=args, evidence=evidence)
    else:
        detail = "they exist, and no resolver said whether DNSSEC vouches for them"
        yield Finding(tag=DANE_UNKNOWN, result=Result.TEMPERROR, args=args | {"detail": detail}, evidence=evidence)


def _unseen(view: DomainView) -> Iterator[Finding]:
    """The hosts that are too many to be looked at, where others have records: to have none is no finding of its own."""
    if not view.unseen_mx_hosts:
        return
    detail = f"only the first {len(view.mx_hosts)} of the {len(view.all_mx_hosts)} MX hosts of {view.name} were looked at"
    yield Finding(
        tag=DANE_UNKNOWN,
        result=Result.TEMPERROR,
        args={"host": listed(view.unseen_mx_hosts), "detail": detail},
        evidence=keys(view.lookup(view.name, "MX")),
    )


CHECK = DomainCheck(
    id="dane",
    title="DANE vouches for the certificates of the MX hosts",
    cites=("RFC 7672",),
    tags=(DANE_GOOD, DANE_BROKEN, DANE_REMARK, DANE_NOT_SECURE, DANE_MX_NOT_SECURE, DANE_PARTIAL, DANE_UNKNOWN),
    run=dane,
)
