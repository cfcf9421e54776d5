"""Markdown for tickets and wikis: a summary table, then each domain that has something to mend (CommonMark, GFM tables)."""

from datetime import UTC

from truehelo.domains import DomainAudit, DomainRun, State
from truehelo.findings import Severity
from truehelo.render.domains.overview import rows
from truehelo.render.domains.text import summary, told
from truehelo.render.look import NORMAL, Look
from truehelo.render.markdown import code, escape, finding_line, step_lines
from truehelo.render.style import Mark

_MARKS = {Mark.YES: "✓", Mark.NO: "✗", Mark.DIFFERS: "≠", Mark.UNKNOWN: "?", None: ""}


def render(run: DomainRun, look: Look) -> str:
    """Return the run as Markdown."""
    at = run.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    asked = ", ".join(code(resolver) for resolver in run.resolvers) or "no resolver"
    lines = ["# Mail domains", "", f"{summary(run)}. Asked {asked}, {at}.", ""]
    if run.interrupted:
        lines += ["**Interrupted**: what is not known by then counts as undetermined.", ""]
    lines += ["| domain | state | errors and warnings |", "|---|---|---|"]
    for domain in run.domains:
        tags = dict.fromkeys(f.tag.name for f in domain.findings if f.severity in (Severity.ERROR, Severity.WARNING))
        lines.append(f"| {code(domain.facts.name)} | {domain.state} | {', '.join(map(code, tags)) or 'none'} |")
    for domain in run.domains:
        if domain.state is not State.GOOD or look.verbosity > NORMAL:
            lines += _domain(domain)
    if run.notes:
        lines += ["", "## Also", "", *(f"- {escape(note)}" for note in run.notes)]
    return "\n".join(lines).rstrip() + "\n"


def _domain(domain: DomainAudit) -> list[str]:
    lines = ["", f"## {escape(domain.facts.name)}: {domain.state}", "", f"{told(domain)}.", ""]
    lines += ["| record | | what |", "|---|---|---|"]
    for row in rows(domain):
        what = "<br>".join(code(line) for line in row.lines)
        lines.append(f"| {row.label} | {_MARKS[row.mark]} | {what} |")
    lines += ["", *(finding_line(finding) for finding in domain.findings)]
    if domain.advice:
        lines += ["", "### Fix", ""]
        for step in domain.advice:
            lines += step_lines(step)
    return lines
