"""One plugin result for Nagios, Icinga and their kin: status line, performance data, detail lines, as of an audit."""

from truehelo.domains import DomainRun
from truehelo.findings import Severity
from truehelo.render.domains.exitcode import plugin_state
from truehelo.render.domains.text import summary
from truehelo.render.exitcode import failing
from truehelo.render.look import Look
from truehelo.render.nagios import MAX_DETAILS, STATES, clean


def render(run: DomainRun, look: Look) -> str:
    """Return the run as a plugin's output; its exit code is `plugin_state`."""
    state = STATES[plugin_state(run, look.fail_on)]
    details = [
        f"{domain.facts.name} {finding.severity} {finding.tag.name}: {finding.message}"
        for domain in run.domains
        for finding in domain.findings
        if finding.severity in (Severity.ERROR, Severity.WARNING) or finding.tag.undetermined
    ]
    details += [f"{domain.facts.name} fix {step.step}: {step.what}" for domain in run.domains for step in domain.advice]
    details += run.notes
    if len(details) > MAX_DETAILS:
        details = [*details[:MAX_DETAILS], f"... and {len(details) - MAX_DETAILS} more lines"]
    lines = [f"{state} - {clean(_headline(run, look))} | {_performance(run)}", *(clean(line) for line in details)]
    return "\n".join(lines) + "\n"


def _headline(run: DomainRun, look: Look) -> str:
    interrupted = ", interrupted" if run.interrupted else ""
    if len(run.domains) != 1:
        return summary(run) + interrupted
    domain = run.domains[0]
    worst = [f for f in domain.findings if failing(f, look.fail_on)] or [f for f in domain.findings if f.tag.undetermined]
    why = f" ({worst[0].tag.name}: {worst[0].message})" if worst else ""
    return f"{domain.facts.name} {domain.state}{why}{interrupted}"


def _performance(run: DomainRun) -> str:
    counts = {str(state): count for state, count in run.counts().items()}
    for severity in (Severity.ERROR, Severity.WARNING):
        counts[f"{severity}s"] = sum(f.severity is severity for domain in run.domains for f in domain.findings)
    return " ".join([*(f"{label}={count};;;0" for label, count in counts.items()), f"time={run.elapsed_s:.3f}s;;;0"])
