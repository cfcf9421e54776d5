"""Facts to a judged subject: identity -> findings -> verdict -> receivers -> advice. Pure, and all that a replay needs."""

from dataclasses import dataclass

from truehelo.advice import advise
from truehelo.advice.guides import Guides
from truehelo.checks import run_checks
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import SubjectAudit
from truehelo.identity import Identity
from truehelo.receivers.model import Configured
from truehelo.receivers.panel import opinions
from truehelo.receivers.selection import standard
from truehelo.verdict import verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Judging:
    """What the operator wants of the judgement: which receivers are asked (None: the standard ones), whose guides help."""

    receivers: tuple[Configured, ...] | None = None
    guides: Guides | None = None


AS_USUAL = Judging()


def judge(facts: SubjectFacts, judging: Judging = AS_USUAL) -> SubjectAudit:
    """Judge one address by its facts alone."""
    identity = Identity(facts)
    findings = run_checks(identity)
    reached = verdict(identity)
    return SubjectAudit(
        facts=facts,
        identity=identity,
        findings=findings,
        verdict=reached,
        receivers=opinions(identity, standard() if judging.receivers is None else judging.receivers),
        advice=advise(identity, findings, reached, judging.guides),
    )
