"""MTA-STS: whether a policy is announced, can be fetched as a sender fetches it, and fits the MX hosts (RFC 8461).

Rests on one fetch from here, by the certificates that this machine trusts. Whether the MX hosts offer TLS with a
certificate that fits is not looked at here.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, keys, listed
from truehelo.facts.domain import Fetched, PolicyFetch
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.errors import RecordError
from truehelo.records.mta_sts import Mode, MtaStsPolicy, MtaStsRecord, parse_record

MTA_STS_GOOD = Tag(
    name="MTA_STS_GOOD",
    severity=Severity.OK,
    message="the MTA-STS policy of {domain} is enforced and names every MX host",
    cites=("RFC 8461 §5",),
)
MTA_STS_MISSING = Tag(
    name="MTA_STS_MISSING",
    severity=Severity.NOTE,
    message="{domain} announces no MTA-STS policy ({outcome}), so that senders deliver in plain text where TLS is stripped",
    cites=("RFC 8461 §3.1",),
)
MTA_STS_BROKEN = Tag(
    name="MTA_STS_BROKEN",
    severity=Severity.ERROR,
    message="senders see no MTA-STS policy of {domain}, as its record at {place} is not valid: {detail}",
    cites=("RFC 8461 §3.1",),
)
MTA_STS_POLICY_UNFETCHABLE = Tag(
    name="MTA_STS_POLICY_UNFETCHABLE",
    severity=Severity.ERROR,
    message="the MTA-STS policy that {domain} announces cannot be had from {host}: {detail}",
    cites=("RFC 8461 §3.3",),
)
MTA_STS_POLICY_BROKEN = Tag(
    name="MTA_STS_POLICY_BROKEN",
    severity=Severity.ERROR,
    message="the MTA-STS policy at {host} is not valid: {detail}",
    cites=("RFC 8461 §3.2",),
)
MTA_STS_POLICY_REMARK = Tag(
    name="MTA_STS_POLICY_REMARK",
    severity=Severity.NOTE,
    message="the MTA-STS policy of {domain} holds something that is not right: {detail}",
    cites=("RFC 8461 §3.2",),
)
MTA_STS_MX_MISMATCH = Tag(
    name="MTA_STS_MX_MISMATCH",
    severity=Severity.ERROR,
    message="the MTA-STS policy of {domain} (mode {mode}) does not name MX host {hosts}",
    cites=("RFC 8461 §4.1", "RFC 8461 §5"),
)
MTA_STS_TESTING = Tag(
    name="MTA_STS_TESTING",
    severity=Severity.NOTE,
    message="the MTA-STS policy of {domain} is in testing: senders report failures, and deliver all the same",
    cites=("RFC 8461 §5",),
)
MTA_STS_MODE_NONE = Tag(
    name="MTA_STS_MODE_NONE",
    severity=Severity.NOTE,
    message="the MTA-STS policy of {domain} has mode none: it is being taken back",
    cites=("RFC 8461 §8.3",),
)
MTA_STS_SHORT_LIVED = Tag(
    name="MTA_STS_SHORT_LIVED",
    severity=Severity.NOTE,
    message="senders keep the MTA-STS policy of {domain} for {age} seconds only (max_age)",
    cites=("RFC 8461 §3.2", "RFC 8461 §10.2"),
)
MTA_STS_UNKNOWN = Tag(
    name="MTA_STS_UNKNOWN",
    severity=Severity.NOTE,
    message="the MTA-STS policy of {domain} could not be determined: {detail}",
    cites=("RFC 8461 §3.3",),
    undetermined=True,
)
SHORT_AGE = 86_400
"""Seconds. Policies should live for weeks (RFC 8461 §3.2): a shorter one is gone before an attacker's patience is."""


def mta_sts(view: DomainView) -> Iterator[Finding]:
    """Judge the announcement, then the policy behind it."""
    texts, args = view.mta_sts, {"domain": view.name, "place": view.mta_sts.name}
    evidence = keys(texts.lookup)
    if texts.failed:
        args["detail"] = f"{texts.name} TXT: {OUTCOMES[texts.outcome]}"
        yield Finding(tag=MTA_STS_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
        return
    broken = _broken(view)
    if broken:
        yield Finding(tag=MTA_STS_BROKEN, result=Result.PERMERROR, args=args | {"detail": broken}, evidence=evidence)
    elif not texts.texts:
        # A domain that takes no mail has nothing to protect here.
        if not view.takes_no_mail:
            args["outcome"] = OUTCOMES[texts.outcome] if texts.outcome.is_denial else "no TXT record is one"
            yield Finding(tag=MTA_STS_MISSING, result=Result.NONE, args=args, evidence=evidence)
    else:
        yield from _policy(view, evidence)


def _broken(view: DomainView) -> str:
    texts = view.mta_sts
    if len(texts.texts) > 1:
        return f"there are {len(texts.texts)} of them"
    record = parse_record(texts.texts[0]) if texts.texts else None
    if isinstance(record, MtaStsRecord):
        return ""
    if record is None:
        return str(parse_record(texts.meant[0])) if texts.meant else ""
    return str(record)


def _policy(view: DomainView, announced: tuple[str, ...]) -> Iterator[Finding]:
    fetch, policy = view.facts.policy, view.sts_policy
    host = f"mta-sts.{view.name}"
    own = [view.lookup(host, rdtype) for rdtype in ("A", "AAAA")]
    evidence = (*announced, *keys(*own), *(() if fetch is None else (fetch.key,)))
    args = {"domain": view.name, "host": host}
    if fetch is None or fetch.outcome.is_undetermined:
        denied = all(lookup is not None and lookup.outcome.is_denial for lookup in own)
        tag, result = (MTA_STS_POLICY_UNFETCHABLE, Result.FAIL) if denied else (MTA_STS_UNKNOWN, Result.TEMPERROR)
        args["detail"] = f"{host} has no address" if denied else _why(view, fetch)
        yield Finding(tag=tag, result=result, args=args, evidence=evidence)
    elif fetch.outcome is not Fetched.ANSWER:
        args["detail"] = fetch.detail or str(fetch.outcome)
        yield Finding(tag=MTA_STS_POLICY_UNFETCHABLE, result=Result.FAIL, args=args, evidence=evidence)
    elif isinstance(policy, RecordError):
        args["detail"] = str(policy)
        yield Finding(tag=MTA_STS_POLICY_BROKEN, result=Result.PERMERROR, args=args, evidence=evidence)
    elif policy is not None:
        yield from _judged(view, policy, evidence)


def _why(view: DomainView, fetch: PolicyFetch | None) -> str:
    if fetch is not None:
        return f"it could not be fetched from here ({fetch.detail or fetch.outcome})"
    lookup = view.lookup(f"mta-sts.{view.name}", "A")
    if lookup is not None and lookup.outcome.is_undetermined:
        return f"{lookup.question}: {OUTCOMES[lookup.outcome]}"
    return "it was not fetched"


def _judged(view: DomainView, policy: MtaStsPolicy, evidence: tuple[str, ...]) -> Iterator[Finding]:
    args = {"domain": view.name, "mode": str(policy.mode), "age": str(policy.max_age)}
    if policy.faults:
        detail = listed(str(fault) for fault in policy.faults)
        yield Finding(tag=MTA_STS_POLICY_REMARK, result=Result.POLICY, args=args | {"detail": detail}, evidence=evidence)
    if policy.mode is Mode.NONE:
        yield Finding(tag=MTA_STS_MODE_NONE, result=Result.POLICY, args=args, evidence=evidence)
        return
    mx = view.lookup(view.name, "MX")
    # That takes no lookup, so that it is asked of all of them.
    missing = policy.uncovered(host for _, host in view.all_mx_hosts)
    if missing:
        # Who is still testing loses no mail by it, and hears of it in reports.
        override = Severity.WARNING if policy.mode is Mode.TESTING else None
        yield Finding(
            tag=MTA_STS_MX_MISMATCH,
            result=Result.FAIL,
            args=args | {"hosts": listed(missing)},
            evidence=(*evidence, *keys(mx)),
            severity_override=override,
        )
    if policy.max_age < SHORT_AGE:
        yield Finding(tag=MTA_STS_SHORT_LIVED, result=Result.POLICY, args=args, evidence=evidence)
    if policy.mode is Mode.TESTING:
        yield Finding(tag=MTA_STS_TESTING, result=Result.POLICY, args=args, evidence=evidence)
    elif not missing and view.mx_hosts:
        yield Finding(tag=MTA_STS_GOOD, result=Result.PASS, args=args, evidence=(*evidence, *keys(mx)))


CHECK = DomainCheck(
    id="mta_sts",
    title="Senders are told to insist on TLS",
    cites=("RFC 8461",),
    tags=(
        MTA_STS_GOOD,
        MTA_STS_MISSING,
        MTA_STS_BROKEN,
        MTA_STS_POLICY_UNFETCHABLE,
        MTA_STS_POLICY_BROKEN,
        MTA_STS_POLICY_REMARK,
        MTA_STS_MX_MISMATCH,
        MTA_STS_TESTING,
        MTA_STS_MODE_NONE,
        MTA_STS_SHORT_LIVED,
        MTA_STS_UNKNOWN,
    ),
    run=mta_sts,
)
