"""DKIM: the keys at the selectors that were asked for (RFC 6376 §3.6.1, RFC 8301).

Nobody can list a domain's selectors. Those in use are seen in reports and signatures; the well-known ones are only tried,
so that finding none says nothing. Whether mail is signed is not decided here.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView, SelectorKey
from truehelo.domains._words import OUTCOMES, keys, listed
from truehelo.facts.domain import SelectorSource
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.dkim import LEAST_BITS, MOST_BITS, RSA, WISE_BITS, DkimKey, Flaw, RecordError

DKIM_KEY_GOOD = Tag(
    name="DKIM_KEY_GOOD",
    severity=Severity.OK,
    message="selector {selector} has a key that verifiers trust: {kind}",
    cites=("RFC 6376 §3.6.1", "RFC 8301 §3.2"),
)
DKIM_KEY_SHORT = Tag(
    name="DKIM_KEY_SHORT",
    severity=Severity.WARNING,
    message="the key of selector {selector} is short: RSA of {bits} bits, and 2048 are wanted",
    cites=("RFC 8301 §3.2",),
)
DKIM_KEY_REVOKED = Tag(
    name="DKIM_KEY_REVOKED",
    severity=Severity.NOTE,
    message="the key of selector {selector} is revoked: its p is empty",
    cites=("RFC 6376 §3.6.1",),
)
DKIM_KEY_TESTING = Tag(
    name="DKIM_KEY_TESTING",
    severity=Severity.NOTE,
    message="the key of selector {selector} is marked as a test (t=y): verifiers may treat mail signed with it as unsigned",
    cites=("RFC 6376 §3.6.1",),
)
DKIM_KEY_BROKEN = Tag(
    name="DKIM_KEY_BROKEN",
    severity=Severity.ERROR,
    message="verifiers get no usable key from selector {selector}: {detail}",
    cites=("RFC 6376 §3.6.1", "RFC 6376 §6.1.2"),
)
DKIM_KEY_REMARK = Tag(
    name="DKIM_KEY_REMARK",
    severity=Severity.NOTE,
    message="the key record of selector {selector} holds something that is not right: {detail}",
    cites=("RFC 6376 §3.6.1", "RFC 8301 §3.2"),
)
DKIM_ALIAS_DANGLING = Tag(
    name="DKIM_ALIAS_DANGLING",
    severity=Severity.WARNING,
    message="selector {selector} is an alias of {target}, where there is no key ({outcome})",
    cites=("RFC 6376 §6.1.2",),
)
DKIM_SELECTOR_MISSING = Tag(
    name="DKIM_SELECTOR_MISSING",
    severity=Severity.WARNING,
    message="selector {selector} has no key ({outcome}), although {why}",
    cites=("RFC 6376 §6.1.2",),
)
DKIM_WILDCARD = Tag(
    name="DKIM_WILDCARD",
    severity=Severity.NOTE,
    message="a wildcard answers for every selector of {domain}, so that a selector which exists says nothing",
    cites=("RFC 6376 §6.1.2", "RFC 4592 §2"),
)
DKIM_NOT_FOUND = Tag(
    name="DKIM_NOT_FOUND",
    severity=Severity.NOTE,
    message="none of the {count} selectors of {domain} that were tried exists; the right one may be another (--selector)",
    cites=("RFC 6376 §3.1",),
)
DKIM_UNKNOWN = Tag(
    name="DKIM_UNKNOWN",
    severity=Severity.NOTE,
    message="the keys of some selectors could not be determined: {detail}",
    cites=("RFC 6376 §6.1.2",),
    undetermined=True,
)
_NAMED = (SelectorSource.OPTION, SelectorSource.REPORTS)
_WHY = {SelectorSource.OPTION: "it was named", SelectorSource.REPORTS: "receivers saw mail signed with it"}


def dkim(view: DomainView) -> Iterator[Finding]:
    """Judge each key that was found, then what was not found."""
    wildcard = view.dkim_wildcard
    if wildcard is not None:
        evidence = keys(wildcard.lookup)
        yield Finding(tag=DKIM_WILDCARD, result=Result.POLICY, args={"domain": view.name}, evidence=evidence)
    tried = [each for each in view.dkim if each.selector.source is not SelectorSource.PROBE]
    for each in tried:
        if each.texts and not view.dkim_hearsay(each):
            yield from _key(each)
        elif each.denied:
            yield from _absent(each)
    unknown = [each for each in tried if each.failed]
    blind = [each for each in tried if wildcard is None and view.dkim_hearsay(each)]
    if unknown or blind:
        details = [f"{each.selector.name}: {OUTCOMES[each.outcome]}" for each in unknown]
        details += [f"{each.selector.name}: what stands there may be a wildcard's" for each in blind]
        detail, evidence = listed(details), keys(*(each.lookup for each in (*unknown, *blind)))
        yield Finding(tag=DKIM_UNKNOWN, result=Result.TEMPERROR, args={"detail": detail}, evidence=evidence)
    elif tried and wildcard is None and not any(each.texts or each.chain for each in tried):
        args = {"domain": view.name, "count": str(len(tried))}
        evidence = keys(*(each.lookup for each in tried))
        yield Finding(tag=DKIM_NOT_FOUND, result=Result.NONE, args=args, evidence=evidence)


def _absent(each: SelectorKey) -> Iterator[Finding]:
    args = {"selector": each.selector.name, "outcome": OUTCOMES[each.outcome], "target": each.chain}
    if each.chain:
        yield Finding(tag=DKIM_ALIAS_DANGLING, result=Result.PERMERROR, args=args, evidence=keys(each.lookup))
    elif each.selector.source in _NAMED:
        args["why"] = _WHY[each.selector.source]
        yield Finding(tag=DKIM_SELECTOR_MISSING, result=Result.PERMERROR, args=args, evidence=keys(each.lookup))


def _key(each: SelectorKey) -> Iterator[Finding]:
    """One selector's record; of several, nobody can say which one a verifier takes (RFC 6376 §3.6.2.2)."""
    args, evidence = {"selector": each.selector.name}, keys(each.lookup)
    key = each.key
    detail = f"{len(each.texts)} records stand there" if len(each.texts) > 1 else _broken(key)
    if detail:
        yield Finding(tag=DKIM_KEY_BROKEN, result=Result.PERMERROR, args=args | {"detail": detail}, evidence=evidence)
        return
    if not isinstance(key, DkimKey):
        return
    if key.revoked:
        seen = each.selector.source in _NAMED
        override = Severity.WARNING if seen else None
        yield Finding(tag=DKIM_KEY_REVOKED, result=Result.POLICY, args=args, evidence=evidence, severity_override=override)
        return
    short = key.kind == RSA and key.bits < WISE_BITS
    if short:
        # Below 1024 bits verifiers must not accept a signature (RFC 8301 §3.2).
        override = Severity.ERROR if key.bits < LEAST_BITS else None
        yield Finding(
            tag=DKIM_KEY_SHORT,
            result=Result.POLICY,
            args=args | {"bits": str(key.bits)},
            evidence=evidence,
            severity_override=override,
        )
    if key.testing:
        yield Finding(tag=DKIM_KEY_TESTING, result=Result.POLICY, args=args, evidence=evidence)
    # A verifier need not read more than 4096 bits (RFC 8301 §3.2).
    long = key.kind == RSA and key.bits > MOST_BITS
    remarks = [str(fault) for fault in key.faults if fault.kind is not Flaw.WEAK or long]
    if remarks:
        yield Finding(tag=DKIM_KEY_REMARK, result=Result.POLICY, args=args | {"detail": listed(remarks)}, evidence=evidence)
    if not short and not long and not key.testing:
        kind = f"RSA of {key.bits} bits" if key.kind == RSA else "Ed25519"
        yield Finding(tag=DKIM_KEY_GOOD, result=Result.PASS, args=args | {"kind": kind}, evidence=evidence)


def _broken(key: DkimKey | RecordError | None) -> str:
    """Why no verifier can use a key that is not revoked; "" where one can, be it short."""
    if not isinstance(key, DkimKey):
        return str(key or "")
    if key.revoked or key.verifies:
        return ""
    reasons = (
        (not key.known_kind, f"its kind ({key.kind}) is none that verifiers know"),
        (not key.for_mail, "it is not meant for mail (the tag s)"),
        (
            bool(key.hashes) and "sha256" not in key.hashes,
            "it is only for hashes that verifiers no longer accept (the tag h)",
        ),
    )
    return next((reason for holds, reason in reasons if holds), "")


CHECK = DomainCheck(
    id="dkim",
    title="The keys that sign for the domain can be used",
    cites=("RFC 6376 §3.6.1", "RFC 8301"),
    tags=(
        DKIM_KEY_GOOD,
        DKIM_KEY_SHORT,
        DKIM_KEY_REVOKED,
        DKIM_KEY_TESTING,
        DKIM_KEY_BROKEN,
        DKIM_KEY_REMARK,
        DKIM_ALIAS_DANGLING,
        DKIM_SELECTOR_MISSING,
        DKIM_WILDCARD,
        DKIM_NOT_FOUND,
        DKIM_UNKNOWN,
    ),
    run=dkim,
)
