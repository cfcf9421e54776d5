"""Text for people: the identity chain first, then the findings worst first, then one fix.

A passing target is one line; many targets are grouped by equal finding. Wording of findings and steps is theirs.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC

from truehelo.facts.address import judgeable
from truehelo.facts.text import visible
from truehelo.findings import Audit, Finding, Severity, SubjectAudit, Verdict
from truehelo.identity import StatedBy
from truehelo.render import blocklists, chain, checklist, evidence, fix, receivers, ticket, what_if
from truehelo.render.look import EVIDENCE, NORMAL, QUIET, Look
from truehelo.render.ranges import compress
from truehelo.render.style import MARKS, Mark, Style, name
from truehelo.render.words import STATED, judged_by, verdict_words

FULL_BLOCKS = 4
"""So many targets that do not pass are shown in full; more are grouped."""
PASSING_LINES = 20
SHOWN_TAGS = 4


def render(audit: Audit, look: Look) -> str:
    """Return the audit as text."""
    style = Style(look)
    if look.matrix:
        return style.finish(_matrix(audit, style))
    if look.ticket:
        return style.finish([*ticket.draw(audit, style), *_unresolved(audit, style)])
    if look.verbosity <= QUIET:
        return style.finish(_quiet(audit, style) + _checklists(audit, style))
    return style.finish(_full(audit, style))


def _matrix(audit: Audit, style: Style) -> list[str]:
    rows = receivers.matrix(audit, style)
    return [*rows, *_unresolved(audit, style)] or ["no receiver was asked"]


def passes(subject: SubjectAudit) -> bool:
    """The names agree and nothing at or above a warning was found: one line says it all."""
    worst = min((finding.severity.rank for finding in subject.findings), default=Severity.OK.rank)
    return subject.verdict is Verdict.MATCH and worst > Severity.WARNING.rank


def _quiet(audit: Audit, style: Style) -> list[str]:
    lines = []
    for subject in audit.subjects:
        tags = [f.tag.name for f in subject.findings if f.severity.rank <= Severity.WARNING.rank or f.tag.undetermined]
        shown = ", ".join(dict.fromkeys(tags[:SHOWN_TAGS])) + (", ..." if len(tags) > SHOWN_TAGS else "")
        lines.append(f"{subject.facts.ip}  {style.verdict(subject.verdict)}  {shown}")
    return lines + _unresolved(audit, style)


def _full(audit: Audit, style: Style) -> list[str]:
    many = sum(not passes(subject) for subject in audit.subjects) > FULL_BLOCKS or len(audit.subjects) > PASSING_LINES
    lines = _groups(audit, style) if many else _blocks(audit, style)
    lines += _checklists(audit, style)
    lines += [*([""] if lines and audit.unresolved else []), *_unresolved(audit, style)]
    for note in audit.notes:
        lines += style.wrap(visible(note, 400), "note: ")
    if audit.interrupted:
        lines += style.wrap("interrupted: what is not known by now counts as undetermined")
    if len(lines) == 1:
        return lines
    return [*lines, *([""] if lines else []), *_footer(audit, style)]


def _checklists(audit: Audit, style: Style) -> list[str]:
    subjects = audit.subjects if style.look.checklist else ()
    return [line for subject in subjects for line in ("", *checklist.draw(subject, style))]


def _blocks(audit: Audit, style: Style) -> list[str]:
    lines: list[str] = []
    was_passing = True
    for subject in audit.subjects:
        if passes(subject):
            detail = _detail(subject, style) if style.look.verbosity > NORMAL else []
            gap = [""] if lines and (detail or not was_passing) else []
            imagined = what_if.draw(subject, style)
            lines += [*gap, *_passing(subject, style), *detail, *(["", *imagined] if imagined else [])]
        else:
            lines += [*([""] if lines else []), *_failing(subject, style)]
        was_passing = passes(subject)
    return lines


def _passing(subject: SubjectAudit, style: Style) -> list[str]:
    """One line: the name, where the target came from, and as far as they fit: what agrees, how many notes there are."""
    confirmed = subject.identity.confirmed_names[0]
    came = [text for text in origins(subject, detail=False) if text != f"address of {confirmed}"]
    came = [text for text in came if not text.startswith("part of ")]  # a network names its addresses anyway
    label = f" [{', '.join(came)}]" if came else ""
    line = f"{subject.facts.ip}  {style.verdict(subject.verdict)}  {name(confirmed)}{label}"
    width = len(line) - len(style.verdict(subject.verdict)) + len(f"{style.signs[Mark.YES]} {subject.verdict}")
    stated = [STATED[by] for by in StatedBy if subject.identity.stated_by(by)]
    notes = len({f.tag.name for f in subject.findings if f.severity is Severity.NOTE})
    minds = len(receivers.minding(subject))
    counts = [(notes, "note", "notes"), (minds, "receiver minds", "receivers mind")]
    told = ", ".join(f"{count} {one if count == 1 else several}" for count, one, several in counts if count)
    more = f"  ({told}: -v)" if told and style.look.verbosity == NORMAL else ""
    room = style.look.width - width
    # All that agrees where it fits, else what receivers look at.
    agrees = [f"  {' = '.join(['PTR', 'address', *names])}" for names in (stated, stated[-1:])]
    agreeing = next((part for part in agrees if len(part) <= room), "")
    if len(agreeing) + len(more) > room:
        more = ""
    return [line + agreeing + style.paint(more, "dim")]


def _failing(subject: SubjectAudit, style: Style) -> list[str]:
    lines = [
        *_headline(subject, style),
        *(style.wrap(judged_by(subject), "  ") if judgeable(subject.facts.ip) else []),
        *_origin(subject, style),
        "",
        *chain.draw(subject, style),
        "",
        *draw_findings(subject.findings, style),
    ]
    told = (blocklists.draw(subject, style), receivers.draw(subject, style))
    for part in (*told, fix.draw(subject, style), what_if.draw(subject, style)):
        lines += ["", *part] if part else []
    if style.look.verbosity >= EVIDENCE:
        lines += ["", *evidence.draw(subject, style)]
    return lines


def _headline(subject: SubjectAudit, style: Style) -> list[str]:
    """Wrap first and colour then: the colour takes no columns."""
    verdict = f"{style.signs[MARKS[subject.verdict]]} {subject.verdict}"
    first, *rest = style.wrap(f"{subject.facts.ip}  {verdict}: {verdict_words(subject)}", "", "  ")
    return [first.replace(verdict, style.verdict(subject.verdict), 1), *rest]


def _detail(subject: SubjectAudit, style: Style) -> list[str]:
    told = (blocklists.draw(subject, style), receivers.draw(subject, style))
    parts = (chain.draw(subject, style), draw_findings(subject.findings, style), *told)
    return [line for part in (*parts, evidence.draw(subject, style)) if part for line in ("", *part)]


_ORIGINS = {"mx": "MX of {}", "spf": "SPF of {}", "host": "address of {}", "network": "part of {}"}


def origins(subject: SubjectAudit, *, detail: bool) -> list[str]:
    """Say where an address came from, when it was not itself what was asked about."""
    found = []
    for source in subject.facts.sources:
        if source.kind in _ORIGINS:
            text = _ORIGINS[source.kind].format(visible(source.asked, 120))
            more = detail and source.detail and source.kind in ("mx", "spf")
            found.append(f"{text} ({visible(source.detail, 120)})" if more else text)
    return list(dict.fromkeys(found))


def _origin(subject: SubjectAudit, style: Style) -> list[str]:
    expected, found = subject.facts.expected_name, origins(subject, detail=True)
    lines = style.wrap(f"expected name: {name(expected)}", "  ") if expected else []
    return lines + (style.wrap("found as " + "; ".join(found), "  ") if found else [])


def draw_findings(findings: Sequence[Finding], style: Style) -> list[str]:
    """Return findings as lines, worst first as they come; what is good stands on one line."""
    lines: list[str] = []
    for finding in findings:
        if finding.severity is Severity.OK:
            continue
        lines += _finding(finding, style)
    good = list(dict.fromkeys(f.tag.name for f in findings if f.severity is Severity.OK))
    if good:
        lines += labelled(Severity.OK, ", ".join(good), style)
    return lines


def _finding(finding: Finding, style: Style) -> list[str]:
    return labelled(finding.severity, f"{finding.tag.name}: {finding.message}", style)


def labelled(severity: Severity, text: str, style: Style) -> list[str]:
    """Wrap behind the severity; the colour is put in afterwards, since it takes no columns."""
    first, *rest = style.wrap(text, " " * 11)
    return [f"  {style.severity(severity)}  {first.lstrip()}", *rest]


def _groups(audit: Audit, style: Style) -> list[str]:
    groups: dict[tuple[int, str], list[tuple[SubjectAudit, Finding]]] = defaultdict(list)
    for subject in audit.subjects:
        for finding in subject.findings:
            if finding.severity.rank <= Severity.WARNING.rank or finding.tag.undetermined or style.look.verbosity > NORMAL:
                groups[finding.severity.rank, finding.tag.name].append((subject, finding))
    lines = [*_by_verdict(audit, style), *([""] if groups else [])]
    for _, group in sorted(groups.items(), key=lambda item: item[0]):
        lines += _group(group, style)
    passing = [subject for subject in audit.subjects if passes(subject)]
    if style.look.verbosity > NORMAL and len(passing) > PASSING_LINES:
        lines += ["", *(line for subject in passing for line in _passing(subject, style))]
    lines += receivers.draw_many(audit, style) + fix.draw_many(audit, style)
    if style.look.verbosity > NORMAL:
        lines += [line for each in audit.subjects if not passes(each) for line in ("", *_failing(each, style))]
    return lines


def _by_verdict(audit: Audit, style: Style) -> list[str]:
    """Which addresses have which verdict, worst first; those that pass on a line each while they are few."""
    passing = [subject for subject in audit.subjects if passes(subject)]
    each = passing if len(passing) <= PASSING_LINES else []
    lines: list[str] = []
    for verdict in (Verdict.MISMATCH, Verdict.DIFFERS, Verdict.UNDETERMINED, Verdict.MATCH):
        ips = [s.facts.ip for s in audit.subjects if s.verdict is verdict and not (each and passes(s))]
        if ips:
            word = f"{style.signs[MARKS[verdict]]} {verdict}"
            first, *rest = style.wrap(f"{word}: {_count(len(ips))}: {', '.join(compress(ips))}", "", "  ")
            lines += [first.replace(word, style.verdict(verdict), 1), *rest]
    return lines + [line for subject in each for line in _passing(subject, style)]


def _count(number: int) -> str:
    return f"{number:,} address{'es' if number > 1 else ''}"


def _group(group: list[tuple[SubjectAudit, Finding]], style: Style) -> list[str]:
    finding = group[0][1]
    ips = list(dict.fromkeys(subject.facts.ip for subject, _ in group))
    where = ", ".join(compress(ips))
    lines = labelled(finding.severity, f"{finding.tag.name}: {_count(len(ips))}: {where}", style)
    example = "for example: " if len(ips) > 1 else ""
    return lines + style.wrap(f"{example}{finding.message}", " " * 11)


def _unresolved(audit: Audit, style: Style) -> list[str]:
    lines = []
    for unresolved in audit.unresolved:
        mark = style.signs[Mark.UNKNOWN if unresolved.undetermined else Mark.NO]
        lines += style.wrap(f"{visible(unresolved.detail, 300)}", f"{visible(unresolved.asked, 120)}  {mark} ", "  ")
    return lines


def summary(audit: Audit) -> str:
    """Return the counts in one line: "1,024 targets: 1,001 match, 17 differs, 4 mismatch, 2 undetermined"."""
    total = len(audit.subjects) + len(audit.unresolved)
    parts = [f"{count:,} {verdict}" for verdict, count in audit.counts().items() if count]
    if audit.unresolved:
        parts.append(f"{len(audit.unresolved):,} not resolved")
    return f"{total:,} target{'' if total == 1 else 's'}: {', '.join(parts) or 'nothing to judge'}"


def _footer(audit: Audit, style: Style) -> list[str]:
    asked = ", ".join(visible(resolver, 80) for resolver in audit.resolvers) or "no resolver"
    at = audit.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    lines = [] if len(audit.subjects) == 1 and not audit.unresolved else style.wrap(summary(audit), "", "  ")
    return lines + style.wrap(f"asked {asked} at {at}, {audit.elapsed_s:.1f} s", "", "  ")
