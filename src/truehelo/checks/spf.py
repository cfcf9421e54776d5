"""SPF: does the record of the server's organisation, or that of its HELO name, authorise the address (RFC 7208 §2.3).

The evaluation is `records.spf`, run again here over the facts, so that saved evidence is judged alike. The audit has no
message before it: which domain a mail really comes from, and so whether its SPF passes, is not decided here, and no SPF
tag has a part in the verdict on the names.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from truehelo.facts.address import judgeable
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity
from truehelo.records.spf import SpfResult, SpfWord, drive, evaluate

SPF_COVERS_HOST = Tag(
    name="SPF_COVERS_HOST",
    severity=Severity.OK,
    message="the SPF record of {whose} authorises {ip}: {detail}",
    cites=("RFC 7208 §2.6.3",),
)
SPF_OMITS_HOST = Tag(
    name="SPF_OMITS_HOST",
    severity=Severity.WARNING,
    message="the SPF record of {whose} does not authorise {ip} ({result}): {detail}",
    cites=("RFC 7208 §2.6.4", "RFC 7208 §8.4"),
)
SPF_MISSING = Tag(
    name="SPF_MISSING",
    severity=Severity.NOTE,
    message="{domain} has no SPF record, so that receivers cannot tell its servers from others",
    cites=("RFC 7208 §2.6.1", "RFC 7208 §3"),
)
HELO_SPF_MISSING = Tag(
    name="HELO_SPF_MISSING",
    severity=Severity.NOTE,
    message="the HELO name {domain} has no SPF record of its own, by which mail with an empty sender is judged",
    cites=("RFC 7208 §2.3", "RFC 7208 §2.4"),
)
SPF_BROKEN = Tag(
    name="SPF_BROKEN",
    severity=Severity.WARNING,
    message="the SPF record of {whose} cannot be evaluated: {detail}",
    cites=("RFC 7208 §2.6.7", "RFC 7208 §4.6"),
)
SPF_UNKNOWN = Tag(
    name="SPF_UNKNOWN",
    severity=Severity.NOTE,
    message="whether the SPF record of {whose} authorises {ip} could not be determined: {detail}",
    cites=("RFC 7208 §2.6.6",),
    undetermined=True,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """One domain to judge. `helo` is the HELO where the evaluation knew it."""

    identity: str
    domain: str
    helo: str | None


def spf(identity: Identity) -> Iterator[Finding]:
    """Judge the address by each SPF record that should authorise it."""
    facts = identity.facts
    if not judgeable(facts.ip):
        return
    for asked in _to_judge(facts):
        result = drive(evaluate(facts.ip, asked.domain, helo=asked.helo), facts.answered.get)
        yield _finding(facts, asked, result)


def _to_judge(facts: SubjectFacts) -> Iterator[_Asked]:
    """Yield each domain once: a HELO name that is the organisation's domain is judged as that."""
    own = {question.domain for question in facts.spf if question.identity != "helo"}
    for question in dict.fromkeys(facts.spf):
        if not (question.identity == "helo" and question.domain in own):
            yield _Asked(identity=question.identity, domain=question.domain, helo=facts.helo)


def _finding(facts: SubjectFacts, asked: _Asked, result: SpfResult) -> Finding:
    of_helo = asked.identity == "helo"
    args = {
        "ip": str(facts.ip),
        "domain": asked.domain,
        "whose": f"the HELO name {asked.domain}" if of_helo else asked.domain,
        "result": str(result.result),
        "detail": result.detail,
    }
    tag, override = _tag(result, of_helo=of_helo), None
    word = Result(result.result)
    if tag is SPF_UNKNOWN and result.result is not SpfWord.TEMPERROR:
        word = Result.TEMPERROR
        args["detail"] = f"it depends on {', '.join(result.unsure)}"
    # An address that is audited only because it is an MX may be one that only receives.
    if tag is SPF_OMITS_HOST and not of_helo and facts.sources and all(source.kind == "mx" for source in facts.sources):
        override = Severity.NOTE
    return Finding(tag=tag, result=word, args=args, evidence=_evidence(facts, result), severity_override=override)


def _tag(result: SpfResult, *, of_helo: bool) -> Tag:
    if result.result is SpfWord.TEMPERROR or result.unsure:
        return SPF_UNKNOWN
    if result.result is SpfWord.NONE:
        return HELO_SPF_MISSING if of_helo else SPF_MISSING
    if result.result is SpfWord.PERMERROR:
        return SPF_BROKEN
    return SPF_COVERS_HOST if result.result is SpfWord.PASS else SPF_OMITS_HOST


def _evidence(facts: SubjectFacts, result: SpfResult) -> tuple[str, ...]:
    """The records that were read, and what could not be looked up."""
    answered = facts.answered
    used = (lookup for question in result.questions if (lookup := answered.get(question)) is not None)
    return tuple(lookup.key for lookup in used if lookup.question.rdtype == "TXT" or lookup.outcome.is_undetermined)


CHECK = Check(
    id="spf",
    title="SPF authorises the address",
    cites=("RFC 7208 §4",),
    tags=(SPF_COVERS_HOST, SPF_OMITS_HOST, SPF_MISSING, HELO_SPF_MISSING, SPF_BROKEN, SPF_UNKNOWN),
    run=spf,
)
