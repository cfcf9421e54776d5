"""The fix in text: each step with its owner, the exact records and commands, what to ask, what to leave alone.

Shows the steps that `advice` made; adds none.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from truehelo.facts.text import visible
from truehelo.findings import Audit, Finding, Severity, Step, SubjectAudit
from truehelo.render import guidance
from truehelo.render.look import NORMAL
from truehelo.render.ranges import compress
from truehelo.render.style import Style
from truehelo.render.words import listing

OWNERS = {
    "reverse zone": "the holder of the reverse zone",
    "dns zone": "the owner of the DNS zone",
    "mail server": "the operator of the mail server",
}
"""Who that is, where `advice` could not say it more exactly."""
SHOWN_RECORDS = 12
_TURN = {"dns zone": 0, "reverse zone": 1, "mail server": 2}


def owner(step: Step) -> str:
    """Say who can take this step."""
    return visible(step.who, 400) or OWNERS.get(step.owner, step.owner)


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return the fix of one address as lines, and where to read on."""
    lines: list[str] = []
    if subject.advice:
        count = len(subject.advice)
        lines.append("  " + style.paint(f"Fix ({count} step{'s' if count > 1 else ''})", "bold"))
        for step in subject.advice:
            lines += draw_step(step, style)
    tag = to_read(subject.findings, subject.advice)
    return [*lines, *(style.wrap(f"truehelo explain {tag}", "  More: ") if tag else [])]


def to_read(findings: Iterable[Finding], advice: Sequence[Step]) -> str | None:
    """Return the tag to read on about: of the worst, what the first step resolves; before a mere note, what is missing."""
    found = [finding for finding in findings if finding.severity is not Severity.OK]
    first = advice[0].resolves if advice else ()
    found.sort(key=lambda f: (f.severity.rank, not f.tag.undetermined, f.tag.name not in first))
    return found[0].tag.name if found else None


def draw_step(step: Step, style: Style) -> list[str]:
    """Return one step as lines."""
    head = f"  {step.step}. "
    indent = " " * len(head)
    lines = style.wrap(visible(step.what), head)
    # Records and commands are copied: they are never wrapped, whatever the width.
    lines += [f"{indent}    {visible(record)}" for record in step.records]
    lines += [f"{indent}  $ {visible(command)}" for command in step.commands]
    lines += guidance.draw(step, style, indent)
    lines += style.wrap(owner(step), f"{indent}Who: ", indent + "  ")
    if step.ask:
        lines += style.wrap(visible(step.ask), f"{indent}Ask: ", indent + "  ")
    if step.leave:
        lines += style.wrap(visible(step.leave), indent)
    if step.verify:
        lines.append(f"{indent}Verify: {visible(step.verify)}")
    return lines


def draw_many(audit: Audit, style: Style) -> list[str]:
    """Return the steps of many addresses, equal ones together: who, how many, and the records to publish."""
    groups: dict[tuple[str, tuple[str, ...]], list[tuple[SubjectAudit, Step]]] = defaultdict(list)
    for subject in audit.subjects:
        for step in subject.advice:
            groups[step.owner, step.resolves].append((subject, step))
    if not groups:
        return []
    lines = ["", style.paint("Fix", "bold")]
    # What ends the worst findings comes first; of equals, what helps more addresses, and forward records before PTRs.
    ordered = sorted(groups.items(), key=lambda item: (_worst(item[1]), -len(item[1]), _TURN.get(item[0][0], len(_TURN))))
    for (role, resolves), group in ordered:
        ips = list(dict.fromkeys(subject.facts.ip for subject, _ in group))
        count = f"{len(ips):,} address{'es' if len(ips) > 1 else ''}"
        lines += style.wrap(f"{OWNERS.get(role, role)}, {count}: {', '.join(compress(ips))}", "  ", "    ")
        lines += style.wrap(f"resolves {listing(list(resolves))}", "    ") if resolves else []
        lines += _group(group, style)
    example = next(str(subject.facts.ip) for subject in audit.subjects if subject.advice)
    return [*lines, *style.wrap(f"each alone, with all its steps: truehelo check {example}", "  ")]


def _worst(group: list[tuple[SubjectAudit, Step]]) -> int:
    """The rank of the worst finding that these steps end."""
    return min(
        (
            finding.severity.rank
            for subject, step in group
            for finding in subject.findings
            if finding.tag.name in step.resolves
        ),
        default=Severity.NOTE.rank,
    )


def _group(group: list[tuple[SubjectAudit, Step]], style: Style) -> list[str]:
    records = list(dict.fromkeys(record for _, step in group for record in step.records))
    what = style.wrap(("for example: " if len(group) > 1 else "") + visible(group[0][1].what), "    ")
    shown = records if style.look.verbosity > NORMAL else records[:SHOWN_RECORDS]
    more = len(records) - len(shown)
    return [
        *what,
        *(f"      {visible(each)}" for each in shown),
        *([f"      ... and {more:,} more (-v shows them)"] if more else []),
    ]
