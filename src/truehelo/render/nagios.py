"""One plugin result for Nagios, Icinga and their kin: status line, performance data, detail lines.

Monitoring plugins development guidelines: the status word first, `LABEL=VALUE[UOM];warn;crit;min;max` behind a pipe. Text
from the network cannot hold a pipe or a line break here, since either would end its part.
"""

from truehelo.facts.text import visible
from truehelo.findings import Audit, Severity, SubjectAudit
from truehelo.render.exitcode import failing, plugin_state
from truehelo.render.look import Look
from truehelo.render.text import summary

STATES = ("OK", "WARNING", "CRITICAL", "UNKNOWN")
MAX_LINE = 400
MAX_DETAILS = 40


def render(audit: Audit, look: Look) -> str:
    """Return the audit as a plugin's output; its exit code is `plugin_state`."""
    state = STATES[plugin_state(audit, look.fail_on)]
    details = [line for subject in audit.subjects for line in _details(subject)]
    details += [f"{each.asked}: {each.detail}" for each in audit.unresolved] + list(audit.notes)
    if len(details) > MAX_DETAILS:
        details = [*details[:MAX_DETAILS], f"... and {len(details) - MAX_DETAILS} more lines"]
    lines = [f"{state} - {clean(_headline(audit, look))} | {_performance(audit)}", *(clean(line) for line in details)]
    return "\n".join(lines) + "\n"


def clean(text: str) -> str:
    """Return text without what ends a part of the output."""
    return visible(text.replace("|", "/"), MAX_LINE)


def _headline(audit: Audit, look: Look) -> str:
    if len(audit.subjects) == 1 and not audit.unresolved:
        subject = audit.subjects[0]
        worst = [f for f in subject.findings if failing(f, look.fail_on)] or [
            f for f in subject.findings if f.tag.undetermined
        ]
        why = f" ({worst[0].tag.name}: {worst[0].message})" if worst else ""
        return f"{subject.facts.ip} {subject.verdict}{why}" + (", interrupted" if audit.interrupted else "")
    if not audit.subjects and len(audit.unresolved) == 1:
        return f"{audit.unresolved[0].asked} {audit.unresolved[0].detail}"
    return summary(audit) + (", interrupted" if audit.interrupted else "")


def _details(subject: SubjectAudit) -> list[str]:
    shown = [f for f in subject.findings if f.severity in (Severity.ERROR, Severity.WARNING) or f.tag.undetermined]
    lines = [f"{subject.facts.ip} {f.severity} {f.tag.name}: {f.message}" for f in shown]
    return lines + [f"{subject.facts.ip} fix {step.step}: {step.what}" for step in subject.advice]


def _performance(audit: Audit) -> str:
    counts = {str(verdict): count for verdict, count in audit.counts().items()}
    for severity in (Severity.ERROR, Severity.WARNING):
        counts[f"{severity}s"] = sum(f.severity is severity for subject in audit.subjects for f in subject.findings)
    return " ".join([*(f"{label}={count};;;0" for label, count in counts.items()), f"time={audit.elapsed_s:.3f}s;;;0"])
