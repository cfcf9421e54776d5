"""DMARC: the record that applies to the domain, what it asks for, and where its reports go (RFC 9989, RFC 9990).

Both ways to find a record are looked at: the tree walk, and the public suffix list that older receivers still use (RFC 7489
§6.6.3). Decides nothing about single messages, whose alignment only reports and headers show.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import keys, listed
from truehelo.facts.dns import Question
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.dmarc import Asked, Disposition, DmarcRecord, Place, Standing
from truehelo.records.dmarc.effective import EffectivePolicy, effective, effective_7489
from truehelo.records.errors import Flaw

DMARC_ENFORCED = Tag(
    name="DMARC_ENFORCED",
    severity=Severity.OK,
    message="mail of {domain} that fails DMARC is to be treated by p={policy} ({where})",
    cites=("RFC 9989 §4.7",),
)
DMARC_MISSING = Tag(
    name="DMARC_MISSING",
    severity=Severity.WARNING,
    message="no DMARC record applies to {domain}; asked: {asked}",
    cites=("RFC 9989 §4.10",),
)
DMARC_POLICY_NONE = Tag(
    name="DMARC_POLICY_NONE",
    severity=Severity.NOTE,
    message="the DMARC policy of {domain} is none: mail that fails is delivered as if nothing were wrong ({where})",
    cites=("RFC 9989 §4.7",),
)
DMARC_TESTING = Tag(
    name="DMARC_TESTING",
    severity=Severity.NOTE,
    message="the DMARC policy of {domain} is being tested (t=y): {declared} is written, {policy} is applied",
    cites=("RFC 9989 §4.7",),
)
DMARC_BROKEN = Tag(
    name="DMARC_BROKEN",
    severity=Severity.ERROR,
    message="the DMARC record at {place} does not count: {detail}",
    cites=("RFC 9989 §4.7", "RFC 9989 §4.10.1"),
)
DMARC_MULTIPLE = Tag(
    name="DMARC_MULTIPLE",
    severity=Severity.ERROR,
    message="{count} DMARC records stand at {place}, so that none of them counts",
    cites=("RFC 9989 §4.10", "RFC 7489 §6.6.3"),
)
DMARC_FAULTY = Tag(
    name="DMARC_FAULTY",
    severity=Severity.WARNING,
    message="a part of the DMARC record at {place} does not count: {detail}",
    cites=("RFC 9989 §4.8",),
)
DMARC_REMARK = Tag(
    name="DMARC_REMARK",
    severity=Severity.NOTE,
    message="the DMARC record at {place} holds something of no use: {detail}",
    cites=("RFC 9989 §4.7",),
)
DMARC_SUBDOMAINS_WEAKER = Tag(
    name="DMARC_SUBDOMAINS_WEAKER",
    severity=Severity.WARNING,
    message="names below {domain} are protected less than it is: {detail}",
    cites=("RFC 9989 §4.7",),
)
DMARC_PSL_DIFFERS = Tag(
    name="DMARC_PSL_DIFFERS",
    severity=Severity.WARNING,
    message="receivers of the older edition treat {domain} in another way: {old}; by RFC 9989 it is {new}",
    cites=("RFC 9989 §4.10", "RFC 7489 §6.6.3"),
)
DMARC_NO_REPORTS = Tag(
    name="DMARC_NO_REPORTS",
    severity=Severity.NOTE,
    message="the DMARC record at {place} asks for no aggregate reports, so that nobody sees who uses the name",
    cites=("RFC 9989 §4.7", "RFC 9990 §2"),
)
DMARC_EXTERNAL_UNAUTHORISED = Tag(
    name="DMARC_EXTERNAL_UNAUTHORISED",
    severity=Severity.WARNING,
    message="reports for {domain} do not reach {host}, which does not say that it takes them: {why}",
    cites=("RFC 9990 §4", "RFC 7489 §7.1"),
)
DMARC_UNKNOWN = Tag(
    name="DMARC_UNKNOWN",
    severity=Severity.NOTE,
    message="the DMARC policy of {domain} could not be determined: {detail}",
    cites=("RFC 9989 §4.10",),
    undetermined=True,
)
_SERIOUS = frozenset({Flaw.SYNTAX, Flaw.BAD_VALUE, Flaw.BAD_URI, Flaw.MISSING, Flaw.NOT_ONE, Flaw.DUPLICATE})
_STRENGTH = list(Disposition)


def dmarc(view: DomainView) -> Iterator[Finding]:
    """Judge the record that applies, and those that stand in its way."""
    found = view.dmarc
    # What stands above the record that applies has no part in it; above a name that nobody answered for it may have none.
    end = next((each for each in found.asked if each is found.found or each.question in view.dmarc_unsure), None)
    asked = found.asked if end is None else found.asked[: found.asked.index(end) + 1]
    spoiled = [finding for each in asked for finding in _spoiled(view, each)]
    yield from spoiled
    if view.dmarc_unsure:
        yield _unknown(view, view.dmarc_unsure)
        return
    if found.found is None:
        if not spoiled:
            args = {"domain": view.name, "asked": listed(each.question.name for each in found.asked)}
            yield Finding(tag=DMARC_MISSING, result=Result.NONE, args=args, evidence=_evidence(view))
    elif found.record is not None:
        yield from _record(view, found.found, found.record)
    yield from _externals(view)
    yield from _older(view)


def _spoiled(view: DomainView, asked: Asked) -> Iterator[Finding]:
    """What stands at a name and counts for nothing."""
    place, evidence = f"_dmarc.{asked.domain}", keys(view.answered(asked.question))
    if asked.several:
        args = {"place": place, "count": str(len(asked.texts))}
        yield Finding(tag=DMARC_MULTIPLE, result=Result.PERMERROR, args=args, evidence=evidence)
    reasons = [] if asked.error is None else [str(asked.error)]
    if asked.record is None and not asked.several and not reasons and asked.meant:
        reasons = [f'"{asked.meant[0][:60]}" does not begin with v=DMARC1 and a semicolon']
    if asked.record is not None and asked.record.standing is not Standing.SOUND:
        told = next(
            (str(fault) for fault in asked.record.faults if fault.kind is Flaw.BAD_VALUE), "its policy is not valid"
        )
        end = "it counts as p=none" if asked.record.standing is Standing.AS_NONE else "DMARC is not applied at all"
        reasons.append(f"{told}; {end}")
    for reason in reasons:
        args = {"place": place, "detail": reason}
        yield Finding(tag=DMARC_BROKEN, result=Result.PERMERROR, args=args, evidence=evidence)


def _record(view: DomainView, asked: Asked, record: DmarcRecord) -> Iterator[Finding]:
    place, evidence = f"_dmarc.{asked.domain}", keys(view.answered(asked.question))
    for serious, tag in ((True, DMARC_FAULTY), (False, DMARC_REMARK)):
        faults = [fault for fault in record.faults if (fault.kind in _SERIOUS) is serious]
        # An invalid policy is told as a record that does not count.
        if serious and record.standing is not Standing.SOUND:
            faults = [fault for fault in faults if fault.kind is not Flaw.BAD_VALUE]
        if faults:
            args = {"place": place, "detail": listed(str(fault) for fault in faults)}
            yield Finding(tag=tag, result=Result.POLICY, args=args, evidence=evidence)
    policy = view.dmarc_policy
    if policy is not None and record.standing is Standing.SOUND:
        yield _policy(view, place, policy, evidence)
        yield from _weaker(view, asked, record, evidence)
    if not record.rua:
        yield Finding(tag=DMARC_NO_REPORTS, result=Result.POLICY, args={"place": place}, evidence=evidence)


def _policy(view: DomainView, place: str, policy: EffectivePolicy, evidence: tuple[str, ...]) -> Finding:
    args = {
        "domain": view.name,
        "policy": str(policy.policy),
        "declared": f"{policy.tag}={policy.declared}",
        "where": f"{policy.tag} of {place}",
    }
    if policy.testing and policy.declared is not Disposition.NONE:
        return Finding(tag=DMARC_TESTING, result=Result.POLICY, args=args, evidence=evidence)
    if policy.policy is Disposition.NONE:
        return Finding(tag=DMARC_POLICY_NONE, result=Result.POLICY, args=args, evidence=evidence)
    return Finding(tag=DMARC_ENFORCED, result=Result.PASS, args=args, evidence=evidence)


def _weaker(view: DomainView, asked: Asked, record: DmarcRecord, evidence: tuple[str, ...]) -> Iterator[Finding]:
    """A policy for names below that is weaker than the one for the name: a forger takes one of those."""
    if asked.domain != view.name:
        return
    own = _STRENGTH.index(record.p or Disposition.NONE)
    weaker = [
        f"{tag}={policy}"
        for tag, policy in (("sp", record.sp), ("np", record.np))
        if policy is not None and _STRENGTH.index(policy) < own
    ]
    if weaker:
        args = {"domain": view.name, "detail": f"{' and '.join(weaker)} beside p={record.p}"}
        yield Finding(tag=DMARC_SUBDOMAINS_WEAKER, result=Result.POLICY, args=args, evidence=evidence)


def _externals(view: DomainView) -> Iterator[Finding]:
    for each in view.dmarc_externals:
        evidence = keys(view.answered(each.question))
        if (not each.authorised or each.misled) and (unsure := view.may_be_own(each.host)):
            yield _unknown(view, unsure)
        elif each.authorised is None:
            yield _unknown(view, (each.question,))
        elif not each.authorised or each.misled:
            why = f"there is no record at {each.question.name}"
            if each.texts:
                why = f"the record at {each.question.name} is not valid"
            if each.misled:
                why = f"the record at {each.question.name} sends them on to another host"
            if each.too_long:
                why = "the name at which it would say so is too long for the DNS"
            args = {"domain": each.domain, "host": each.host, "why": why}
            yield Finding(tag=DMARC_EXTERNAL_UNAUTHORISED, result=Result.FAIL, args=args, evidence=evidence)


def _older(view: DomainView) -> Iterator[Finding]:
    """What a receiver does that has not moved to RFC 9989, where that is something else."""
    new, old = view.dmarc, view.dmarc_psl
    if new.unsure or old.unsure or (new.record is None and old.record is None):
        return
    one = None if new.record is None else effective(new.record, own=new.place is Place.OWN, exists=view.answers)
    two = None if old.record is None else effective_7489(old.record, own=old.place is Place.OWN)
    new_words, old_words = _asks(new.found, one), _asks(old.found, two)
    override = None
    if new_words == old_words:
        if new.organisation_unsure or new.organisation == old.organisation:
            return
        new_words, old_words = f"organisation {new.organisation}", f"organisation {old.organisation}"
        override = Severity.NOTE
    yield Finding(
        tag=DMARC_PSL_DIFFERS,
        result=Result.POLICY,
        args={"domain": view.name, "old": old_words, "new": new_words},
        evidence=_evidence(view),
        severity_override=override,
    )


def _asks(found: Asked | None, policy: EffectivePolicy | None) -> str:
    if found is None:
        return "without a record"
    if policy is None:
        return f"without a policy, as that of _dmarc.{found.domain} is not valid"
    share = "" if policy.share == 100 or policy.policy is Disposition.NONE else f" for {policy.share} % of the mail"
    return f"{policy.policy}{share} by _dmarc.{found.domain}"


def _unknown(view: DomainView, unsure: tuple[Question, ...]) -> Finding:
    detail = listed(f"{question}: {view.outcome(question)}" for question in unsure)
    return Finding(
        tag=DMARC_UNKNOWN,
        result=Result.TEMPERROR,
        args={"domain": view.name, "detail": detail},
        evidence=keys(*(view.answered(question) for question in unsure)),
    )


def _evidence(view: DomainView) -> tuple[str, ...]:
    asked = (*view.dmarc.asked, *view.dmarc_psl.asked)
    return keys(*(view.answered(each.question) for each in asked))


CHECK = DomainCheck(
    id="dmarc",
    title="DMARC protects the name, and reports arrive",
    cites=("RFC 9989 §4", "RFC 9990 §4"),
    tags=(
        DMARC_ENFORCED,
        DMARC_MISSING,
        DMARC_POLICY_NONE,
        DMARC_TESTING,
        DMARC_BROKEN,
        DMARC_MULTIPLE,
        DMARC_FAULTY,
        DMARC_REMARK,
        DMARC_SUBDOMAINS_WEAKER,
        DMARC_PSL_DIFFERS,
        DMARC_NO_REPORTS,
        DMARC_EXTERNAL_UNAUTHORISED,
        DMARC_UNKNOWN,
    ),
    run=dmarc,
)
