"""SARIF 2.1.0 for code hosting: results point at the line of the file that names the target, where there is one.

OASIS SARIF 2.1.0 §3.27. A missing fact has the kind "open", and then the level "none" (§3.27.10).
"""

import re
from typing import Any
from urllib.parse import quote

from truehelo import __version__
from truehelo.checks import all_checks
from truehelo.facts.text import visible
from truehelo.findings import Audit, Check, Finding, Severity, SubjectAudit, Tag
from truehelo.render.document import Json, dumps, timestamp
from truehelo.render.exitcode import exit_code
from truehelo.render.look import Look

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LINK = re.compile(r"[\\\[\]]")
LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "note", Severity.OK: "none"}


def render(audit: Audit, look: Look) -> str:
    """Return the audit as one SARIF run. Findings that are good are not results."""
    rules = {tag.name: (tag, check) for check in all_checks() for tag in check.tags}
    for subject in audit.subjects:
        for finding in subject.findings:
            rules.setdefault(finding.tag.name, (finding.tag, None))  # type: ignore[arg-type]
    index = {name: number for number, name in enumerate(sorted(rules))}
    results = [
        _result(subject, finding, index[finding.tag.name], look)
        for subject in audit.subjects
        for finding in subject.findings
        if finding.severity is not Severity.OK
    ]
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(audit, look, rules, results)]}, indent=2)


def _run(audit: Audit, look: Look, rules: dict[str, tuple[Tag, Check]], results: list[Json]) -> Json:
    invocation: Json = {
        "executionSuccessful": not audit.interrupted,
        "startTimeUtc": timestamp(audit.started),
        "exitCode": exit_code(audit, look.fail_on),
    }
    notes = [f"{each.asked}: {each.detail}" for each in audit.unresolved] + list(audit.notes)
    if notes:
        invocation["toolExecutionNotifications"] = [
            {"level": "warning", "message": message(visible(note))} for note in notes
        ]
    return run_of([_rule(*rules[name]) for name in sorted(rules)], invocation, results)


def run_of(rules: list[Json], invocation: Json, results: list[Json]) -> Json:
    """Return a run of this program."""
    driver = {"name": "truehelo", "version": __version__, "rules": rules}
    return {"tool": {"driver": driver}, "invocations": [invocation], "columnKind": "unicodeCodePoints", "results": results}


def _rule(tag: Tag, check: Check | None) -> Json:
    return rule(tag, "" if check is None else check.title)


def rule(tag: Tag, title: str) -> Json:
    """Return a tag as a rule; `title` is that of the check that gives it, "" where that is not known."""
    text = re.sub(r"\{(\w+)\}", r"<\1>", tag.message)
    about = [f"Check: {title}."] if title else []
    help_text = " ".join([f"{text}.", *about, *([f"See {', '.join(tag.cites)}."] if tag.cites else [])])
    return {
        "id": tag.name,
        "shortDescription": {"text": text},
        "help": {"text": f"{help_text} More: truehelo explain {tag.name}"},
        "defaultConfiguration": {"level": "none" if tag.undetermined else LEVELS[tag.severity]},
    }


def _result(subject: SubjectAudit, finding: Finding, index: int, look: Look) -> Json:
    ip = str(subject.facts.ip)
    steps = [step.what for step in subject.advice if finding.tag.name in step.resolves]
    fix = f" Fix: {visible(' '.join(steps))}" if steps else ""
    return {
        "ruleId": finding.tag.name,
        "ruleIndex": index,
        "kind": "open" if finding.tag.undetermined else "fail",
        "level": "none" if finding.tag.undetermined else LEVELS[finding.severity],
        "message": message(f"{ip}: {finding.message}.{fix}"),
        "locations": [_location(subject, look)],
        "partialFingerprints": {"truehelo/1": f"{ip}/{finding.tag.name}"},
        "properties": {"ip": ip, "verdict": str(subject.verdict), "result": str(finding.result)},
    }


def _location(subject: SubjectAudit, look: Look) -> Json:
    ip = str(subject.facts.ip)
    location: Json = {"logicalLocations": [{"name": ip, "fullyQualifiedName": ip, "kind": "resource"}]}
    physical = next(
        (found for source in subject.facts.sources if (found := written(look.where.get(source.asked, "")))), None
    )
    if physical is not None:
        location["physicalLocation"] = physical
    return location


def message(text: str) -> Json:
    """Return a message that says `text` as it is: a bracket would begin a link, which a stranger could write (§3.11.6)."""
    return {"text": _LINK.sub(r"\\\g<0>", text)}


def written(where: str) -> dict[str, Any] | None:
    """Read "servers.txt:12"; an argument or standard input is no file."""
    file, colon, line = where.rpartition(":")
    if not colon or not line.isdigit() or file == "standard input":
        return None
    return {"artifactLocation": {"uri": quote(file)}, "region": {"startLine": int(line)}}
