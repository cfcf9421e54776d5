"""What would change, as a difference: the verdict, which finding goes, which comes, which receiver changes its mind.

The two judgements are made elsewhere (`engine.what_if`); this lays one beside the other.
"""

from dataclasses import dataclass

from truehelo.facts.text import visible
from truehelo.findings import Finding, Severity, SubjectAudit
from truehelo.reception import Judgement, Opinion
from truehelo.render.look import NORMAL
from truehelo.render.receivers import WORDS, counted, cut, reason
from truehelo.render.style import Style


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between a subject as it is and as it would be. `minds` are (receiver, before, after)."""

    gone: tuple[Finding, ...]
    new: tuple[Finding, ...]
    minds: tuple[tuple[Opinion, Judgement, Judgement], ...]


def difference(before: SubjectAudit, after: SubjectAudit) -> Difference:
    """Return what differs: findings by tag, receivers by verdict."""
    was = {finding.tag.name: finding for finding in before.findings}
    will = {finding.tag.name: finding for finding in after.findings}
    later = {opinion.receiver: opinion.judgement for opinion in after.receivers}
    minds = tuple(
        (opinion, opinion.judgement, later[opinion.receiver])
        for opinion in before.receivers
        if opinion.receiver in later and opinion.judgement.verdict is not later[opinion.receiver].verdict
    )
    return Difference(
        gone=tuple(finding for tag, finding in was.items() if tag not in will),
        new=tuple(finding for tag, finding in will.items() if tag not in was),
        minds=minds,
    )


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return the difference of one address as lines; none where nothing was imagined."""
    if subject.what_if is None:
        return []
    after = subject.what_if.after
    found = difference(subject, after)
    title = "What if " + ", ".join(visible(text, 120) for text in subject.what_if.changes)
    lines = [f"  {style.paint(line, 'bold')}" for line in style.wrap(title, "", "  ")]
    idle = (style.wrap(f"changes nothing: {visible(text, 200)}", " " * 12) for text in subject.what_if.idle)
    lines += [line for each in idle for line in each]
    lines += style.wrap(_verdicts(subject, after, style), "  verdict   ", " " * 12)
    for word, findings in (("gone", found.gone), ("new", found.new)):
        lines += style.wrap(_tags(findings) or "no finding", f"  {word:<10}", " " * 12)
    for finding in found.new:
        if finding.severity in (Severity.ERROR, Severity.WARNING) or finding.tag.undetermined:
            lines += style.wrap(f"{finding.tag.name}: {finding.message}", " " * 12)
    if not subject.receivers:
        return lines
    if not found.minds:
        same = f"none changes its mind: {counted(after.receivers)}"
        return [*lines, *style.wrap(same, "  receivers ", " " * 12)]
    heading = f"{len(found.minds)} change their mind; then {counted(after.receivers)}"
    if len(found.minds) == 1:
        heading = f"1 changes its mind; then {counted(after.receivers)}"
    lines += style.wrap(heading, "  receivers ", " " * 12)
    for opinion, was, will in found.minds:
        change = f"{opinion.receiver}: {WORDS[was.verdict]} {style.arrow} {WORDS[will.verdict]}"
        why = f" ({reason(will)})" if will.verdict.rank < was.verdict.rank and reason(will) != WORDS[will.verdict] else ""
        if style.look.verbosity > NORMAL:
            lines += style.wrap(change + why, " " * 12, " " * 14)
        else:
            lines.append(" " * 12 + cut(change + why, style.look.width - 12))
    return lines


def _verdicts(before: SubjectAudit, after: SubjectAudit, style: Style) -> str:
    if before.verdict is after.verdict:
        return f"stays {before.verdict}"
    return f"{before.verdict} {style.arrow} {after.verdict}"


def _tags(findings: tuple[Finding, ...]) -> str:
    return ", ".join(finding.tag.name for finding in findings)
