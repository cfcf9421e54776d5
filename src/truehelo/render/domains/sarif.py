"""SARIF 2.1.0 for code hosting: results point at the line of the file that names the domain, where there is one.

A missing fact has the kind "open", and then the level "none", as in an audit (OASIS SARIF 2.1.0 §3.27.10).
"""

from truehelo.domains import DomainAudit, DomainRun, all_checks
from truehelo.facts.text import visible
from truehelo.findings import Finding, Severity, Tag
from truehelo.render.document import Json, dumps, timestamp
from truehelo.render.domains.exitcode import exit_code
from truehelo.render.look import Look
from truehelo.render.sarif import LEVELS, SCHEMA, message, rule, run_of, written


def render(run: DomainRun, look: Look) -> str:
    """Return the run as one SARIF run. Findings that are good are not results."""
    rules: dict[str, tuple[Tag, str]] = {tag.name: (tag, check.title) for check in all_checks() for tag in check.tags}
    for domain in run.domains:
        for finding in domain.findings:
            rules.setdefault(finding.tag.name, (finding.tag, ""))
    index = {name: number for number, name in enumerate(sorted(rules))}
    results = [
        _result(domain, finding, index[finding.tag.name], look)
        for domain in run.domains
        for finding in domain.findings
        if finding.severity is not Severity.OK
    ]
    invocation: Json = {
        "executionSuccessful": not run.interrupted,
        "startTimeUtc": timestamp(run.started),
        "exitCode": exit_code(run, look.fail_on),
    }
    if run.notes:
        invocation["toolExecutionNotifications"] = [
            {"level": "warning", "message": message(visible(note))} for note in run.notes
        ]
    listed = [rule(*rules[name]) for name in sorted(rules)]
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run_of(listed, invocation, results)]}, indent=2)


def _result(domain: DomainAudit, finding: Finding, index: int, look: Look) -> Json:
    name = domain.facts.name
    steps = [step.what for step in domain.advice if finding.tag.name in step.resolves]
    fix = f" Fix: {visible(' '.join(steps))}" if steps else ""
    location: Json = {"logicalLocations": [{"name": name, "fullyQualifiedName": name, "kind": "resource"}]}
    physical = written(look.where.get(name, ""))
    if physical is not None:
        location["physicalLocation"] = physical
    return {
        "ruleId": finding.tag.name,
        "ruleIndex": index,
        "kind": "open" if finding.tag.undetermined else "fail",
        "level": "none" if finding.tag.undetermined else LEVELS[finding.severity],
        "message": message(f"{name}: {finding.message}.{fix}"),
        "locations": [location],
        "partialFingerprints": {"truehelo/1": f"{name}/{finding.tag.name}"},
        "properties": {"domain": name, "state": str(domain.state), "result": str(finding.result)},
    }
