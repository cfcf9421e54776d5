"""The exit code of an audit, and the state that a monitoring plugin returns.

Findings decide the one, the verdict only whether something is undetermined (docs/reference/verdicts.md). Undetermined is
never success and never failure: it has a code of its own.
"""

from truehelo.findings import Audit, Finding, Severity, Verdict
from truehelo.render.codes import CRITICAL, FINDINGS, GOOD, INTERRUPTED, OK, UNDETERMINED, UNKNOWN, WARNING


def failing(finding: Finding, fail_on: Severity | None) -> bool:
    """Tell whether a finding counts as a failure: at or above `fail_on`, and not about a missing fact."""
    return fail_on is not None and not finding.tag.undetermined and finding.severity.rank <= fail_on.rank


def exit_code(audit: Audit, fail_on: Severity | None) -> int:
    """Return 130 for an interrupted audit, else 1, 3 or 0, the first that holds.

    A target of which the DNS says that it leads to no address counts as an error; one that could not be looked up is
    undetermined.
    """
    if audit.interrupted:
        return INTERRUPTED
    if _fails(audit, fail_on, Severity.NOTE):
        return FINDINGS
    return UNDETERMINED if _undetermined(audit) else GOOD


def plugin_state(audit: Audit, fail_on: Severity | None) -> int:
    """Return OK, WARNING, CRITICAL or UNKNOWN, where a failure that was seen outweighs what could not be seen.

    Critical is an error, and a failing address whose names contradict each other: the textbook case is made of warnings
    alone, and is what an operator wants to be woken for.
    """
    if _fails(audit, fail_on, Severity.ERROR) or _mismatch_fails(audit, fail_on):
        return CRITICAL
    if _fails(audit, fail_on, Severity.NOTE):
        return WARNING
    return UNKNOWN if audit.interrupted or _undetermined(audit) else OK


def _fails(audit: Audit, fail_on: Severity | None, at_least: Severity) -> bool:
    if fail_on is not None and any(not unresolved.undetermined for unresolved in audit.unresolved):
        return True
    return any(
        failing(finding, fail_on) and finding.severity.rank <= at_least.rank
        for subject in audit.subjects
        for finding in subject.findings
    )


def _mismatch_fails(audit: Audit, fail_on: Severity | None) -> bool:
    return any(
        subject.verdict is Verdict.MISMATCH and any(failing(finding, fail_on) for finding in subject.findings)
        for subject in audit.subjects
    )


def _undetermined(audit: Audit) -> bool:
    return any(subject.verdict is Verdict.UNDETERMINED for subject in audit.subjects) or any(
        unresolved.undetermined for unresolved in audit.unresolved
    )
