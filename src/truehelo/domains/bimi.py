"""BIMI: whether the record of the brand's mark can be used (draft-brand-indicators-for-message-identification).

A draft that some mailbox providers follow, and that no domain needs: having none is no finding. The picture and the
certificate behind it are not fetched.
"""

from collections.abc import Iterator

from truehelo.domains._model import DomainCheck
from truehelo.domains._view import DomainView
from truehelo.domains._words import OUTCOMES, keys, listed
from truehelo.findings import Finding, Result, Severity, Tag
from truehelo.records.bimi import BimiRecord, parse
from truehelo.records.dmarc import Disposition
from truehelo.records.errors import RecordError

_DRAFT = "draft-brand-indicators-for-message-identification"
BIMI_GOOD = Tag(
    name="BIMI_GOOD",
    severity=Severity.OK,
    message="{domain} has a mark ({location}), evidence for it, and a DMARC policy that is enforced",
    cites=(f"{_DRAFT} §4.2",),
)
BIMI_DECLINED = Tag(
    name="BIMI_DECLINED",
    severity=Severity.OK,
    message="{domain} says that no mark is to be shown",
    cites=(f"{_DRAFT} §4.2",),
)
BIMI_BROKEN = Tag(
    name="BIMI_BROKEN",
    severity=Severity.WARNING,
    message="the BIMI record at {place} is not valid, so that no mark is shown: {detail}",
    cites=(f"{_DRAFT} §4.2",),
)
BIMI_NEEDS_DMARC = Tag(
    name="BIMI_NEEDS_DMARC",
    severity=Severity.WARNING,
    message="the mark of {domain} is not shown, as its DMARC policy is not enforced: {detail}",
    cites=(f"{_DRAFT} §7.1",),
)
BIMI_NO_EVIDENCE = Tag(
    name="BIMI_NO_EVIDENCE",
    severity=Severity.NOTE,
    message="the mark of {domain} comes without evidence (a=), which the large mailbox providers ask for",
    cites=(f"{_DRAFT} §4.2",),
)
BIMI_UNKNOWN = Tag(
    name="BIMI_UNKNOWN",
    severity=Severity.NOTE,
    message="whether {domain} has a BIMI record could not be determined ({outcome})",
    cites=(f"{_DRAFT} §7.2",),
    undetermined=True,
)


def bimi(view: DomainView) -> Iterator[Finding]:
    """Judge the record at the default selector."""
    texts = view.bimi
    args, evidence = {"domain": view.name, "place": texts.name, "outcome": OUTCOMES[texts.outcome]}, keys(texts.lookup)
    if texts.failed:
        yield Finding(tag=BIMI_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)
        return
    if not texts.texts and not texts.meant:
        return
    record = parse((texts.texts or texts.meant)[0])
    detail = f"there are {len(texts.texts)} of them" if len(texts.texts) > 1 else ""
    if isinstance(record, RecordError) or detail:
        args["detail"] = detail or str(record)
        yield Finding(tag=BIMI_BROKEN, result=Result.PERMERROR, args=args, evidence=evidence)
    elif record.declines:
        yield Finding(tag=BIMI_DECLINED, result=Result.PASS, args=args, evidence=evidence)
    else:
        yield from _mark(view, record, args | {"location": record.location}, evidence)


def _mark(view: DomainView, record: BimiRecord, args: dict[str, str], evidence: tuple[str, ...]) -> Iterator[Finding]:
    # While the policy is not known, nothing is said of what hangs on it: DMARC_UNKNOWN says so.
    weak = "" if view.dmarc_unsure else _too_weak(view)
    if weak:
        yield Finding(tag=BIMI_NEEDS_DMARC, result=Result.FAIL, args=args | {"detail": weak}, evidence=evidence)
    if not record.evidence:
        yield Finding(tag=BIMI_NO_EVIDENCE, result=Result.POLICY, args=args, evidence=evidence)
    elif not weak and not view.dmarc_unsure:
        args["location"] = listed([record.location])
        yield Finding(tag=BIMI_GOOD, result=Result.PASS, args=args, evidence=evidence)


def _too_weak(view: DomainView) -> str:
    """Why the DMARC policy does not do for a mark; "" where it does."""
    record, policy = view.dmarc.record, view.dmarc_policy
    if record is None or policy is None:
        return "there is no policy"
    if policy.policy is Disposition.NONE:
        return f"it is {policy.tag}=none" if policy.declared is Disposition.NONE else "it is being tested (t=y)"
    if record.sp is Disposition.NONE:
        return "names below have none (sp=none)"
    if record.pct is not None and record.pct < 100 and policy.policy is Disposition.QUARANTINE:
        return f"it is meant for {record.pct} % of the mail"
    return ""


CHECK = DomainCheck(
    id="bimi",
    title="The mark of the brand can be shown",
    cites=(_DRAFT,),
    tags=(BIMI_GOOD, BIMI_DECLINED, BIMI_BROKEN, BIMI_NEEDS_DMARC, BIMI_NO_EVIDENCE, BIMI_UNKNOWN),
    run=bimi,
)
