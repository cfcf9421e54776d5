"""SPF of the domain as a whole: is there one record, can it be evaluated within its limits, and how does it end (RFC 7208).

For each address that the operator asked about, also whether it passes. Does not decide which servers send mail of the
domain: a server that forwards other people's mail has no place in the record, whatever it was refused.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, keys, listed
from truehelo.facts.address import Address
from truehelo.facts.dns import Outcome
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.spf import DEFAULT_LIMITS, SpfResult, SpfWord
from truehelo.records.spf.survey import SpfSurvey

DOMAIN_SPF_GOOD = Tag(
    name="DOMAIN_SPF_GOOD",
    severity=Severity.OK,
    message="the SPF record of {domain} can be evaluated ({lookups} of {limit} lookups), and refuses or marks what it does "
    "not name",
    cites=("RFC 7208 §4.6",),
)
DOMAIN_SPF_MISSING = Tag(
    name="DOMAIN_SPF_MISSING",
    severity=Severity.WARNING,
    message="{domain} has no SPF record ({outcome})",
    cites=("RFC 7208 §3", "RFC 7208 §2.6.1"),
)
DOMAIN_SPF_BROKEN = Tag(
    name="DOMAIN_SPF_BROKEN",
    severity=Severity.ERROR,
    message="the SPF record of {domain} is an error for receivers: {detail}",
    cites=("RFC 7208 §4.6", "RFC 7208 §2.6.7"),
)
DOMAIN_SPF_TOO_MANY_LOOKUPS = Tag(
    name="DOMAIN_SPF_TOO_MANY_LOOKUPS",
    severity=Severity.ERROR,
    message="the SPF record of {domain} needs {lookups} lookups, and {limit} are allowed: receivers treat it as an error",
    cites=("RFC 7208 §4.6.4",),
)
DOMAIN_SPF_VOID = Tag(
    name="DOMAIN_SPF_VOID",
    severity=Severity.WARNING,
    message="the SPF record of {domain} looks for records that do not exist: {names}",
    cites=("RFC 7208 §4.6.4",),
)
DOMAIN_SPF_ALLOWS_ALL = Tag(
    name="DOMAIN_SPF_ALLOWS_ALL",
    severity=Severity.ERROR,
    message="the SPF record of {domain} authorises everybody: {detail}",
    cites=("RFC 7208 §5.1", "RFC 7208 §11.4"),
)
DOMAIN_SPF_NEUTRAL = Tag(
    name="DOMAIN_SPF_NEUTRAL",
    severity=Severity.WARNING,
    message="the SPF record of {domain} says nothing of servers that it does not name: {detail}",
    cites=("RFC 7208 §2.6.2", "RFC 7208 §4.7"),
)
DOMAIN_SPF_SOFT = Tag(
    name="DOMAIN_SPF_SOFT",
    severity=Severity.NOTE,
    message="the SPF record of {domain} ends in ~all: servers that it does not name are marked, not refused",
    cites=("RFC 7208 §2.6.5", "RFC 7208 §8.5"),
)
DOMAIN_SPF_PTR_USED = Tag(
    name="DOMAIN_SPF_PTR_USED",
    severity=Severity.WARNING,
    message="the SPF record of {domain} uses ptr, which is slow, unreliable, and not to be published: in {where}",
    cites=("RFC 7208 §5.5",),
)
DOMAIN_SPF_COVERS = Tag(
    name="DOMAIN_SPF_COVERS",
    severity=Severity.OK,
    message="the SPF record of {domain} authorises {ip}: {detail}",
    cites=("RFC 7208 §2.6.3",),
)
DOMAIN_SPF_OMITS = Tag(
    name="DOMAIN_SPF_OMITS",
    severity=Severity.WARNING,
    message="the SPF record of {domain} does not authorise {ip} ({result}): {detail}",
    cites=("RFC 7208 §2.6.4",),
)
DOMAIN_SPF_UNKNOWN = Tag(
    name="DOMAIN_SPF_UNKNOWN",
    severity=Severity.NOTE,
    message="what the SPF record of {domain} comes to could not be determined: {detail}",
    cites=("RFC 7208 §2.6.6",),
    undetermined=True,
)
_WORST = (DOMAIN_SPF_BROKEN, DOMAIN_SPF_TOO_MANY_LOOKUPS)


def spf(view: DomainView) -> Iterator[Finding]:
    """Judge the record, and each address that was asked about."""
    survey = view.spf
    args, evidence = {"domain": view.name}, _evidence(view, survey)
    if survey.failed:
        detail = listed(f"{question} ({OUTCOMES[view.outcome(question)]})" for question in survey.failed)
        yield Finding(tag=DOMAIN_SPF_UNKNOWN, result=Result.TEMPERROR, args=args | {"detail": detail}, evidence=evidence)
    if survey.text is None and not survey.problems and not survey.failed:
        lookup = view.lookup(view.name, "TXT")
        outcome = "no TXT record is one" if lookup is not None and lookup.records else OUTCOMES[view.outcome_of(lookup)]
        yield Finding(tag=DOMAIN_SPF_MISSING, result=Result.NONE, args=args | {"outcome": outcome}, evidence=evidence)
    found = [*_faults(view, survey, evidence), *(_ending(survey, evidence) if survey.text is not None else ())]
    found += _stopped(view, found)
    yield from found
    settled = survey.text is not None and not survey.failed
    if survey.cut:
        args["detail"] = f"it leads to more than is followed: {len(survey.questions)} questions were asked for it"
        yield Finding(tag=DOMAIN_SPF_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
    elif settled and not survey.ends_at and not survey.problems:
        # Of a redirect whose name has macros of the sender nobody can tell where it leads (RFC 7208 §7.2).
        args["detail"] = "what holds for servers that it does not name hangs on who sends"
        yield Finding(tag=DOMAIN_SPF_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
    elif settled and all(f.severity is Severity.NOTE for f in found):
        args |= {"lookups": str(survey.lookups), "limit": str(DEFAULT_LIMITS.lookups)}
        yield Finding(tag=DOMAIN_SPF_GOOD, result=Result.PASS, args=args, evidence=evidence)
    for ip, result in view.spf_results.items():
        yield from _address(view, ip, result, evidence)


def _faults(view: DomainView, survey: SpfSurvey, evidence: tuple[str, ...]) -> Iterator[Finding]:
    """What makes it an error, and what costs a receiver time."""
    args = {"domain": survey.domain, "limit": str(DEFAULT_LIMITS.lookups)}
    for problem in survey.problems:
        yield Finding(
            tag=DOMAIN_SPF_BROKEN, result=Result.PERMERROR, args=args | {"detail": problem.detail}, evidence=evidence
        )
    if survey.lookups > DEFAULT_LIMITS.lookups:
        lookups = f"{survey.lookups} or more" if survey.cut else str(survey.lookups)
        yield Finding(
            tag=DOMAIN_SPF_TOO_MANY_LOOKUPS,
            result=Result.PERMERROR,
            args=args | {"lookups": lookups},
            evidence=evidence,
        )
    if survey.voids:
        # Two are borne; with more the whole record is an error (RFC 7208 §4.6.4).
        over = len(survey.voids) > DEFAULT_LIMITS.voids
        yield Finding(
            tag=DOMAIN_SPF_VOID,
            result=Result.PERMERROR if over else Result.POLICY,
            args=args | {"names": listed(f"{void} ({OUTCOMES[_denial(view, void)]})" for void in survey.voids)},
            evidence=evidence,
            severity_override=Severity.ERROR if over else None,
        )
    if survey.ptr:
        yield Finding(
            tag=DOMAIN_SPF_PTR_USED,
            result=Result.POLICY,
            args=args | {"where": listed(f"the record of {domain}" for domain in survey.ptr)},
            evidence=evidence,
        )


def _stopped(view: DomainView, found: list[Finding]) -> list[Finding]:
    """What stops a receiver for an address that was asked about, where the record as a whole does not show it.

    A name that hangs on the address can be void, and one with IPv6 alone is void for IPv4 (RFC 7208 §4.6.4).
    """
    if any(finding.result is Result.PERMERROR for finding in found):
        return []
    stopped = [(ip, each) for ip, each in view.spf_results.items() if each.result is SpfWord.PERMERROR and not each.unsure]
    return [
        Finding(
            tag=DOMAIN_SPF_BROKEN,
            result=Result.PERMERROR,
            args={"domain": view.name, "detail": f"for {ip}, {result.detail}"},
            evidence=keys(*(view.answered(question) for question in result.questions)),
        )
        for ip, result in stopped
    ]


def _denial(view: DomainView, void: str) -> Outcome:
    """Whether a name that a term needs does not exist, or has no such record."""
    name, _, rdtype = void.partition(" ")
    return view.outcome_of(view.lookup(name, rdtype))


def _ending(survey: SpfSurvey, evidence: tuple[str, ...]) -> Iterator[Finding]:
    """What holds for a server that the record does not name. Behind a fault or a failure the end may not be known."""
    args = {"domain": survey.domain}
    where = "it" if survey.ends_at == survey.domain else f"the record of {survey.ends_at}, to which it leads,"
    if survey.ends == "+" or survey.wide:
        holes = [*survey.wide, *([f"{where} lets everybody pass"] if survey.ends == "+" else [])]
        yield Finding(
            tag=DOMAIN_SPF_ALLOWS_ALL, result=Result.FAIL, args=args | {"detail": listed(holes)}, evidence=evidence
        )
    if survey.ends == "~":
        yield Finding(tag=DOMAIN_SPF_SOFT, result=Result.POLICY, args=args, evidence=evidence)
    elif survey.ends_at and survey.ends in ("", "?"):
        detail = f"{where} ends in ?all" if survey.ends else f"{where} has neither an all term nor a redirect"
        yield Finding(tag=DOMAIN_SPF_NEUTRAL, result=Result.NEUTRAL, args=args | {"detail": detail}, evidence=evidence)


def _address(view: DomainView, ip: Address, result: SpfResult, evidence: tuple[str, ...]) -> Iterator[Finding]:
    args = {"domain": view.name, "ip": str(ip), "result": str(result.result), "detail": result.detail}
    if result.result is SpfWord.TEMPERROR or result.unsure:
        if result.unsure and result.result is not SpfWord.TEMPERROR:
            args["detail"] = f"whether {ip} passes depends on {listed(result.unsure)}"
        yield Finding(tag=DOMAIN_SPF_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
    elif result.result is SpfWord.PASS:
        yield Finding(tag=DOMAIN_SPF_COVERS, result=Result.PASS, args=args, evidence=evidence)
    elif result.result not in (SpfWord.NONE, SpfWord.PERMERROR):  # those are told of the record
        yield Finding(tag=DOMAIN_SPF_OMITS, result=Result(result.result), args=args, evidence=evidence)


def _evidence(view: DomainView, survey: SpfSurvey) -> tuple[str, ...]:
    """The records that were read, and what could not be looked up."""
    used = [view.answered(question) for question in survey.questions]
    return keys(*(each for each in used if each and (each.question.rdtype == "TXT" or each.outcome.is_undetermined)))


CHECK = DomainCheck(
    id="spf",
    title="SPF says who sends for the domain, within its limits",
    cites=("RFC 7208 §4.6", "RFC 7208 §4.6.4"),
    tags=(
        DOMAIN_SPF_GOOD,
        DOMAIN_SPF_MISSING,
        DOMAIN_SPF_BROKEN,
        DOMAIN_SPF_TOO_MANY_LOOKUPS,
        DOMAIN_SPF_VOID,
        DOMAIN_SPF_ALLOWS_ALL,
        DOMAIN_SPF_NEUTRAL,
        DOMAIN_SPF_SOFT,
        DOMAIN_SPF_PTR_USED,
        DOMAIN_SPF_COVERS,
        DOMAIN_SPF_OMITS,
        DOMAIN_SPF_UNKNOWN,
    ),
    run=spf,
)
