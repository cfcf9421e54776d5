"""iprev: some PTR name of the address leads back to it (RFC 8601 §3).

Does not decide whether the names are good ones; one confirmed name is enough to pass.
"""

from collections.abc import Iterator

from truehelo.facts.address import judgeable
from truehelo.facts.dns import Outcome
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Forward, Identity

IPREV_CONFIRMED = Tag(
    name="IPREV_CONFIRMED",
    severity=Severity.OK,
    message="PTR name {names} leads back to {ip}",
    cites=("RFC 8601 §3",),
)
PTR_MISSING = Tag(
    name="PTR_MISSING",
    severity=Severity.ERROR,
    message="{ip} has no PTR record ({outcome})",
    cites=("RFC 8601 §2.7.3", "RFC 1912 §2.1"),
)
PTR_UNKNOWN = Tag(
    name="PTR_UNKNOWN",
    severity=Severity.NOTE,
    message="whether {ip} has a PTR record could not be determined ({outcome})",
    cites=("RFC 8601 §2.7.3",),
    undetermined=True,
)
IPREV_MISMATCH = Tag(
    name="IPREV_MISMATCH",
    severity=Severity.ERROR,
    message="no PTR name leads back to {ip}: {names}",
    cites=("RFC 8601 §3", "RFC 1912 §2.1"),
)
IPREV_FORWARD_MISSING = Tag(
    name="IPREV_FORWARD_MISSING",
    severity=Severity.ERROR,
    message="no PTR name of {ip} has an address record ({rdtype}): {names}",
    cites=("RFC 8601 §3", "RFC 1912 §2.1"),
)
IPREV_UNKNOWN = Tag(
    name="IPREV_UNKNOWN",
    severity=Severity.NOTE,
    message="whether a PTR name leads back to {ip} could not be determined: {names}",
    cites=("RFC 8601 §2.7.3",),
    undetermined=True,
)


def iprev(identity: Identity) -> Iterator[Finding]:
    """Judge PTR against address."""
    facts, ptr = identity.facts, identity.facts.ptr
    ip = str(facts.ip)
    if not judgeable(facts.ip) or ptr is None:
        return
    evidence = (ptr.key, *(found.key for name in identity.judged_names if (found := facts.forward(name))))
    if ptr.outcome.is_undetermined:
        yield Finding(
            tag=PTR_UNKNOWN, result=Result.TEMPERROR, args={"ip": ip, "outcome": ptr.outcome}, evidence=(ptr.key,)
        )
    elif ptr.outcome is not Outcome.ANSWER:
        yield Finding(
            tag=PTR_MISSING, result=Result.PERMERROR, args={"ip": ip, "outcome": ptr.outcome}, evidence=(ptr.key,)
        )
    elif identity.confirmed_names:
        names = ", ".join(identity.confirmed_names)
        yield Finding(tag=IPREV_CONFIRMED, result=Result.PASS, args={"ip": ip, "names": names}, evidence=evidence)
    else:
        yield _unconfirmed(identity, evidence)


def _unconfirmed(identity: Identity, evidence: tuple[str, ...]) -> Finding:
    args = {"ip": str(identity.facts.ip), "rdtype": "A" if identity.facts.ip.version == 4 else "AAAA"}
    forwards = identity.forwards
    unsure = [name for name, forward in forwards.items() if forward is Forward.UNKNOWN]
    if unsure:
        return Finding(
            tag=IPREV_UNKNOWN, result=Result.TEMPERROR, args=args | {"names": ", ".join(unsure)}, evidence=evidence
        )
    names = ", ".join(forwards)
    other_family = any(_may_have_other_family(identity, name) for name in forwards)
    if Forward.ELSEWHERE in forwards.values() or other_family:
        return Finding(tag=IPREV_MISMATCH, result=Result.FAIL, args=args | {"names": names}, evidence=evidence)
    return Finding(tag=IPREV_FORWARD_MISSING, result=Result.FAIL, args=args | {"names": names}, evidence=evidence)


def _may_have_other_family(identity: Identity, name: str) -> bool:
    """Unless it is denied: a lookup that failed must not turn "leads elsewhere" into "leads nowhere"."""
    other = identity.facts.lookup(name, "AAAA" if identity.facts.ip.version == 4 else "A")
    return other is not None and not other.outcome.is_denial


CHECK = Check(
    id="iprev",
    title="A PTR name leads back to the address (FCrDNS)",
    cites=("RFC 8601 §3",),
    tags=(IPREV_CONFIRMED, PTR_MISSING, PTR_UNKNOWN, IPREV_MISMATCH, IPREV_FORWARD_MISSING, IPREV_UNKNOWN),
    run=iprev,
)
