"""Facts to a judged subject: identity -> findings -> verdict -> advice. Pure, and all that a replay needs."""

from truehelo.advice import advise
from truehelo.checks import run_checks
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import SubjectAudit
from truehelo.identity import Identity
from truehelo.verdict import verdict


def judge(facts: SubjectFacts) -> SubjectAudit:
    """Judge one address by its facts alone."""
    identity = Identity(facts)
    findings = run_checks(identity)
    reached = verdict(identity)
    return SubjectAudit(
        facts=facts,
        identity=identity,
        findings=findings,
        verdict=reached,
        advice=advise(identity, findings, reached),
    )
