"""The exit code of a run over domains, and the state that a monitoring plugin returns: as of an audit.

Undetermined is never success and never failure: it has a code of its own.
"""

from truehelo.domains import DomainRun
from truehelo.findings import Severity
from truehelo.render.codes import CRITICAL, FINDINGS, GOOD, INTERRUPTED, OK, UNDETERMINED, UNKNOWN, WARNING
from truehelo.render.exitcode import failing


def exit_code(run: DomainRun, fail_on: Severity | None) -> int:
    """Return 130 for an interrupted run, else 1, 3 or 0, the first that holds."""
    if run.interrupted:
        return INTERRUPTED
    if _fails(run, fail_on, Severity.NOTE):
        return FINDINGS
    return UNDETERMINED if _undetermined(run) else GOOD


def plugin_state(run: DomainRun, fail_on: Severity | None) -> int:
    """Return OK, WARNING, CRITICAL (for an error) or UNKNOWN; what was seen to fail outweighs what could not be seen."""
    if _fails(run, fail_on, Severity.ERROR):
        return CRITICAL
    if _fails(run, fail_on, Severity.NOTE):
        return WARNING
    return UNKNOWN if run.interrupted or _undetermined(run) else OK


def _fails(run: DomainRun, fail_on: Severity | None, at_least: Severity) -> bool:
    return any(
        failing(finding, fail_on) and finding.severity.rank <= at_least.rank
        for domain in run.domains
        for finding in domain.findings
    )


def _undetermined(run: DomainRun) -> bool:
    return any(finding.tag.undetermined for domain in run.domains for finding in domain.findings)
