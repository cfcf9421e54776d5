"""Text for people: the records of each domain, then the findings worst first, then the fix.

A domain with nothing to mend is one line unless more is wanted. Wording of findings and steps is theirs.
"""

from datetime import UTC

from truehelo.domains import DomainAudit, DomainRun, State
from truehelo.facts.text import visible
from truehelo.findings import Severity, Step
from truehelo.render.domains.overview import SHOWN, Row, rows
from truehelo.render.evidence import framed, lookup_lines
from truehelo.render.fix import draw_step, to_read
from truehelo.render.look import EVIDENCE, NORMAL, QUIET, TRACE, Look
from truehelo.render.style import Mark, Style, name
from truehelo.render.text import draw_findings

MARKS = {State.ERROR: Mark.NO, State.WARNING: Mark.NO, State.UNDETERMINED: Mark.UNKNOWN, State.GOOD: Mark.YES}
_COLORS = {State.ERROR: "red", State.WARNING: "yellow", State.UNDETERMINED: "yellow", State.GOOD: "green"}
SHOWN_TAGS = 4
COMPACT = 5
"""So many domains are shown with their records; of more, those that are good are one line."""


def render(run: DomainRun, look: Look) -> str:
    """Return the run as text."""
    style = Style(look)
    if look.verbosity <= QUIET:
        return style.finish([_quiet(domain, style) for domain in run.domains])
    lines: list[str] = []
    for domain in run.domains:
        short = domain.state is State.GOOD and len(run.domains) > COMPACT and look.verbosity == NORMAL
        block = headline(domain, style) if short else _block(domain, style)
        lines += [*([""] if lines else []), *block]
    for note in run.notes:
        lines += style.wrap(visible(note, 400), "note: ")
    if run.interrupted:
        lines += style.wrap("interrupted: what is not known by now counts as undetermined")
    return style.finish([*lines, "", *_footer(run, style)])


def headline(domain: DomainAudit, style: Style) -> list[str]:
    """Return the name, the state and the counts. Wrap first and colour then: the colour takes no columns."""
    state, counts = f"{style.signs[MARKS[domain.state]]} {domain.state}", told(domain)
    first, *rest = style.wrap(f"{name(domain.facts.name)}  {state}" + (f": {counts}" if counts else ""), "", "  ")
    return [first.replace(state, style.paint(state, _COLORS[domain.state]), 1), *rest]


def told(domain: DomainAudit) -> str:
    """Return how much was found: "1 error, 2 warnings, 3 undetermined"."""
    definite = [finding for finding in domain.findings if not finding.tag.undetermined]
    counts = [
        (sum(f.severity is severity for f in definite), str(severity), f"{severity}s")
        for severity in (Severity.ERROR, Severity.WARNING, Severity.NOTE)
    ]
    counts.append((len(domain.findings) - len(definite), "undetermined", "undetermined"))
    return ", ".join(f"{count} {one if count == 1 else many}" for count, one, many in counts if count)


def _quiet(domain: DomainAudit, style: Style) -> str:
    tags = [f.tag.name for f in domain.findings if f.severity.rank <= Severity.WARNING.rank or f.tag.undetermined]
    tags = list(dict.fromkeys(tags))
    shown = ", ".join(tags[:SHOWN_TAGS]) + (", ..." if len(tags) > SHOWN_TAGS else "")
    state = style.paint(f"{style.signs[MARKS[domain.state]]} {domain.state}", _COLORS[domain.state])
    return f"{name(domain.facts.name)}  {state}  {shown}"


def _block(domain: DomainAudit, style: Style) -> list[str]:
    lines = [*headline(domain, style), ""]
    for row in rows(domain, None if style.look.verbosity > NORMAL else SHOWN):
        lines += _row(row, style)
    lines += ["", *draw_findings(domain.findings, style)]
    lines += _fix(domain, style)
    if style.look.verbosity >= EVIDENCE:
        facts = domain.facts
        found = lookup_lines(facts.lookups, facts.zone, trace=style.look.verbosity >= TRACE)
        if facts.policy is not None:
            fetch = facts.policy
            said = f"    HTTPS {name(fetch.host)}: {fetch.outcome}" + (f" ({fetch.status})" if fetch.status else "")
            found.append(said + (f": {visible(fetch.detail, 200)}" if fetch.detail else ""))
        lines += ["", *framed(found, style)]
    return lines


def _row(row: Row, style: Style) -> list[str]:
    mark = "-".ljust(style.mark_width) if row.mark is None else style.mark(row.mark)
    head, indent = f"  {row.label.ljust(8)}", " " * (10 + style.mark_width + 1)
    first, *rest = style.wrap(row.lines[0], indent)
    lines = [f"{head}{mark} {first.lstrip()}", *rest]
    return lines + [line for text in row.lines[1:] for line in style.wrap(text, indent, indent + "  ")]


def _fix(domain: DomainAudit, style: Style) -> list[str]:
    """Steps that end an error or a warning, and with -v those that end a mere note."""
    every = style.look.verbosity > NORMAL
    weights = {finding.tag.name: finding.severity.rank for finding in reversed(domain.findings)}
    steps = [step for step in domain.advice if every or _weighs(step, weights)]
    rest = len(domain.advice) - len(steps)
    lines: list[str] = []
    if steps:
        lines += ["", "  " + style.paint(f"Fix ({len(steps)} step{'s' if len(steps) > 1 else ''})", "bold")]
        for step in steps:
            lines += draw_step(step, style)
    if rest:
        lines += ["", *style.wrap(f"{rest} more step{'s' if rest > 1 else ''} for what is only noted: -v", "  ")]
    tag = to_read(domain.findings, domain.advice)
    return [*lines, *(style.wrap(f"truehelo explain {tag}", "  More: ") if tag else [])]


def _weighs(step: Step, weights: dict[str, int]) -> bool:
    return any(weights.get(tag, Severity.NOTE.rank) <= Severity.WARNING.rank for tag in step.resolves)


def summary(run: DomainRun) -> str:
    """Return the counts in one line: "12 domains: 9 good, 2 warning, 1 error"."""
    parts = [f"{count:,} {state}" for state, count in run.counts().items() if count]
    total = len(run.domains)
    return f"{total:,} domain{'' if total == 1 else 's'}: {', '.join(parts) or 'nothing to judge'}"


def _footer(run: DomainRun, style: Style) -> list[str]:
    asked = ", ".join(visible(resolver, 80) for resolver in run.resolvers) or "no resolver"
    at = run.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [] if len(run.domains) == 1 else style.wrap(summary(run), "", "  ")
    return lines + style.wrap(f"asked {asked} at {at}, {run.elapsed_s:.1f} s", "", "  ")
