"""DNSSEC: whether the zone is signed, the parent vouches for its key, and a resolver validated it (RFC 4034, RFC 4035).

truehelo validates no signature itself. That an answer is valid is the word of the resolver that was asked (the AD flag),
and worth as much as the path to it; that it is not is the resolver's word too (RFC 8914).
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import failed, keys, listed, told
from truehelo.facts.dns import Lookup
from truehelo.facts.domain import secure, validation_failed
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.dnssec import WEAK, algorithm_name, read_ds, read_keys, vouched

DNSSEC_VALIDATED = Tag(
    name="DNSSEC_VALIDATED",
    severity=Severity.OK,
    message="the zone {zone} is signed, its parent vouches for it, and a resolver validated it",
    cites=("RFC 4035 §3.2.3",),
)
DNSSEC_MISSING = Tag(
    name="DNSSEC_MISSING",
    severity=Severity.NOTE,
    message="the zone {zone} is not signed, so that its records can be forged on their way",
    cites=("RFC 4033 §3.1",),
)
DNSSEC_NO_DS = Tag(
    name="DNSSEC_NO_DS",
    severity=Severity.WARNING,
    message="the zone {zone} is signed, but its parent has no DS record, so that the signatures prove nothing",
    cites=("RFC 4035 §2.4",),
)
DNSSEC_DS_MISMATCH = Tag(
    name="DNSSEC_DS_MISMATCH",
    severity=Severity.ERROR,
    message="the parent of the zone {zone} vouches for a key that the zone does not have: {detail}",
    cites=("RFC 4035 §2.4", "RFC 4035 §5.2"),
)
DNSSEC_WEAK = Tag(
    name="DNSSEC_WEAK",
    severity=Severity.WARNING,
    message="the zone {zone} relies on what DNSSEC should no longer use: {detail}",
    cites=("RFC 8624 §3.1", "RFC 8624 §3.3"),
)
DNSSEC_NOT_VALIDATED = Tag(
    name="DNSSEC_NOT_VALIDATED",
    severity=Severity.NOTE,
    message="the zone {zone} is signed and its parent vouches for it; whether the signatures hold was not seen: {detail}",
    cites=("RFC 4035 §3.2.3",),
)
DNSSEC_BOGUS = Tag(
    name="DNSSEC_BOGUS",
    severity=Severity.ERROR,
    message="a validating resolver rejects what the zone {zone} answers: {detail}",
    cites=("RFC 4035 §5.5", "RFC 8914 §4.7"),
)
DNSSEC_UNKNOWN = Tag(
    name="DNSSEC_UNKNOWN",
    severity=Severity.NOTE,
    message="whether the zone {zone} is signed could not be determined: {detail}",
    cites=("RFC 4033 §5",),
    undetermined=True,
)


def dnssec(view: DomainView) -> Iterator[Finding]:
    """Judge the chain from the parent to the zone."""
    zone = view.facts.apex
    ds, dnskey, soa = (view.lookup(zone, rdtype) for rdtype in ("DS", "DNSKEY", "SOA"))
    bogus = [lookup for lookup in view.facts.lookups if _in_zone(lookup, zone) and validation_failed(lookup)]
    if bogus:
        detail = listed(f"{lookup.question} ({_said(lookup)})" for lookup in bogus)
        yield _finding(DNSSEC_BOGUS, Result.FAIL, *bogus, zone=zone, detail=detail)
    # With a denial that was validated there is nothing to know about the other.
    if failed(ds) or failed(dnskey):
        if not bogus:
            detail = told(ds if failed(ds) else dnskey, f"{zone} DS")
            yield _finding(DNSSEC_UNKNOWN, Result.TEMPERROR, ds, dnskey, zone=zone, detail=detail)
        return
    if ds is None or dnskey is None:
        return
    if not ds.records and not dnskey.records:
        yield _finding(DNSSEC_MISSING, Result.NONE, ds, dnskey, zone=zone)
    elif not ds.records:
        yield _finding(DNSSEC_NO_DS, Result.POLICY, ds, dnskey, zone=zone)
    else:
        yield from _chain(view, zone, ds, dnskey, soa, bogus=bool(bogus))


def _chain(
    view: DomainView, zone: str, ds: Lookup, dnskey: Lookup, soa: Lookup | None, *, bogus: bool
) -> Iterator[Finding]:
    """There is a DS: does it fit, by sound algorithms, and did somebody validate it."""
    vouches, held = read_ds(ds.records), read_keys(dnskey.records)
    if not vouched(vouches, held):
        tags = listed(f"key {each.tag} ({algorithm_name(each.algorithm)})" for each in vouches)
        own = listed(f"key {key.tag} ({algorithm_name(key.algorithm)})" for key in held) or "no key at all"
        detail = f"the DS is for {tags or 'nothing readable'}, and the zone has {own}"
        yield _finding(DNSSEC_DS_MISMATCH, Result.FAIL, ds, dnskey, zone=zone, detail=detail)
        return
    weak = [algorithm_name(number) for number in sorted({key.algorithm for key in held}) if number in WEAK]
    if vouches and all(each.digest == 1 for each in vouches):
        weak.append("a DS with SHA-1 alone")
    if weak:
        yield _finding(DNSSEC_WEAK, Result.POLICY, ds, dnskey, zone=zone, detail=listed(weak))
    if secure(dnskey) or secure(soa):
        yield _finding(DNSSEC_VALIDATED, Result.PASS, ds, dnskey, soa, zone=zone)
    elif not bogus:
        validates = view.facts.validates
        detail = (
            "the resolver validates other answers, and not these" if validates else "no resolver said that it validates"
        )
        found = _finding(DNSSEC_NOT_VALIDATED, Result.POLICY, ds, dnskey, soa, zone=zone, detail=detail)
        yield found if not validates else _weightier(found)


def _weightier(finding: Finding) -> Finding:
    return Finding(
        tag=finding.tag,
        result=finding.result,
        args=finding.args,
        evidence=finding.evidence,
        severity_override=Severity.WARNING,
    )


def _in_zone(lookup: Lookup, zone: str) -> bool:
    name = lookup.question.name
    return name == zone or name.endswith(f".{zone}")


def _said(lookup: Lookup) -> str:
    return next((each.detail for each in lookup.exchanges if each.detail), "SERVFAIL")


def _finding(tag: Tag, result: Result, *lookups: Lookup | None, **args: str) -> Finding:
    return Finding(tag=tag, result=result, args=args, evidence=keys(*lookups))


CHECK = DomainCheck(
    id="dnssec",
    title="The zone is signed, and somebody validated it",
    cites=("RFC 4035",),
    tags=(
        DNSSEC_VALIDATED,
        DNSSEC_MISSING,
        DNSSEC_NO_DS,
        DNSSEC_DS_MISMATCH,
        DNSSEC_WEAK,
        DNSSEC_NOT_VALIDATED,
        DNSSEC_BOGUS,
        DNSSEC_UNKNOWN,
    ),
    run=dnssec,
)
