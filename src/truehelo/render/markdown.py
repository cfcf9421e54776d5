"""Markdown for tickets and wikis: a summary table, then each server that does not pass (CommonMark, GFM tables).

Text from the network is escaped, so that it is neither markup nor HTML where the page is shown.
"""

import re
from datetime import UTC

from truehelo.facts.address import judgeable
from truehelo.facts.text import visible
from truehelo.findings import Audit, Finding, Severity, Step, SubjectAudit
from truehelo.identity import StatedBy
from truehelo.render import blocklists, chain, checklist, fix, guidance
from truehelo.render.look import Look
from truehelo.render.receivers import WORDS, counted, minding, reason, waits
from truehelo.render.style import Mark
from truehelo.render.text import passes, summary
from truehelo.render.words import judged_by, verdict_words

_INLINE = re.compile(r"[\\`*_\[\]|~]")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_AT = re.compile("@+")
_BLOCK_START = re.compile(r"(\d+(?=[.)](?:\s|$))|(?=[-+#=]))")
_MARKS = {Mark.YES: "✓", Mark.NO: "✗", Mark.DIFFERS: "≠", Mark.UNKNOWN: "?"}


def render(audit: Audit, look: Look) -> str:
    """Return the audit as Markdown."""
    at = audit.started.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    asked = ", ".join(code(resolver) for resolver in audit.resolvers) or "no resolver"
    lines = ["# Mail server identity", "", f"{summary(audit)}. Asked {asked}, {at}.", ""]
    if audit.interrupted:
        lines += ["**Interrupted**: what is not known by then counts as undetermined.", ""]
    lines += _table(audit)
    for subject in audit.subjects:
        if not passes(subject):
            lines += _subject(subject)
        if look.checklist:
            lines += _checklist(subject)
    if audit.unresolved or audit.notes:
        lines += ["", "## Also", ""]
        lines += [f"- {escape(each.asked)}: {escape(each.detail)}" for each in audit.unresolved]
        lines += [f"- {escape(note)}" for note in audit.notes]
    return "\n".join(lines).rstrip() + "\n"


def escape(text: str) -> str:
    """Return text that shows as itself: no markup, no HTML, no link, no table border, no mention.

    Every at sign is a code span of its own, the one thing in which nobody looks for an address or a mention.
    """
    shown = visible(text)
    start = _BLOCK_START.match(shown)
    at = start.end() if start else 0
    escaped = [*shown[:at], *(["\\"] if start else [])]
    escaped += [_ENTITIES.get(char) or (f"\\{char}" if _INLINE.match(char) else char) for char in shown[at:]]
    # GFM §6.9 makes links of bare addresses, whatever is escaped around them. It looks for those of mail (mailto: and xmpp:
    # too) in the text as it has been read, where an entity or an escape is the at sign again.
    return _AT.sub(r"`\g<0>`", "".join(escaped)).replace("://", "&#58;//").replace("www.", "www&#46;")


def code(text: str) -> str:
    """Return text as a code span, also within a table: longer fences around backticks, a border escaped (GFM §4.10)."""
    text = visible(text).replace("|", "\\|")
    fence = "`" * (max((len(run) for run in re.findall(r"`+", text)), default=0) + 1)
    pad = " " if not text or text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{pad}{text or ' '}{pad}{fence}"


def _table(audit: Audit) -> list[str]:
    lines = ["| address | verdict | PTR | greeting | errors and warnings |", "|---|---|---|---|---|"]
    for subject in audit.subjects:
        identity = subject.identity
        names = " ".join(code(ptr_name) for ptr_name in identity.ptr_names) or "none known"
        greeting = " ".join(code(stated.text) for stated in identity.stated_by(StatedBy.GREETING)) or "none known"
        tags = dict.fromkeys(f.tag.name for f in subject.findings if f.severity in (Severity.ERROR, Severity.WARNING))
        lines.append(
            f"| {code(str(subject.facts.ip))} | {subject.verdict} | {names} | {greeting} | {_tags(tags) or 'none'} |"
        )
    return lines


def _tags(names: dict[str, None] | tuple[str, ...]) -> str:
    return ", ".join(code(name) for name in names)


def _subject(subject: SubjectAudit) -> list[str]:
    lines = ["", f"## {subject.facts.ip}: {subject.verdict}", ""]
    about = f" {_sentence(judged_by(subject))}" if judgeable(subject.facts.ip) else ""
    lines += [f"{_sentence(verdict_words(subject))}{about}", ""]
    lines += ["| | | what | why |", "|---|---|---|---|"]
    for link in chain.rows(subject):
        what = code(link.what) if link.what else ""
        lines.append(f"| {link.label} | {_MARKS[link.mark]} | {what} | {escape(link.why)} |")
    lines += ["", *(finding_line(finding) for finding in subject.findings)]
    lines += _blocklists(subject)
    lines += _receivers(subject)
    if subject.advice:
        lines += ["", "### Fix", ""]
        for step in subject.advice:
            lines += step_lines(step)
    return lines


def _blocklists(subject: SubjectAudit) -> list[str]:
    """A row for each list that was asked."""
    rows = blocklists.rows(subject)
    if not rows:
        return []
    lines = ["", "### Blocklists", "", f"{len(rows)} asked: {blocklists.counted(blocklists.asked(subject))}.", ""]
    lines += ["| list | zone | state | what |", "|---|---|---|---|"]
    return [*lines, *(f"| {escape(name)} | {code(zone)} | {state} | {escape(what)} |" for name, zone, state, what in rows)]


def _receivers(subject: SubjectAudit) -> list[str]:
    """A row for each receiver that minds; how many do not."""
    if not subject.receivers:
        return []
    lines = ["", "### Receivers", "", f"{len(subject.receivers)} asked: {counted(subject.receivers)}."]
    minds = minding(subject)
    if minds:
        lines += ["", "| receiver | does | how | grade |", "|---|---|---|---|"]
        lines += [
            f"| {code(each.receiver)} | {WORDS[each.judgement.verdict]} | {escape(reason(each.judgement))} "
            f"| {each.judgement.rule.grade} |"
            for each in minds
        ]
    unknown = [each for each in subject.receivers if each.judgement.waits_for]
    if unknown:
        lines += ["", f"{len(unknown)} of them wait for {escape(waits(unknown))}."]
    return lines


def _sentence(text: str) -> str:
    return escape(text[:1].upper() + text[1:]) + "."


def finding_line(finding: Finding) -> str:
    """Return a finding as an item of a list."""
    return f"- **{finding.severity}** {code(finding.tag.name)}: {escape(finding.message)}"


def step_lines(step: Step) -> list[str]:
    """Return a step as an item of a numbered list."""
    lines = [f"{step.step}. {escape(step.what)}", ""]
    copied = [*step.records, *(f"$ {command}" for command in step.commands)]
    lines += _fenced(copied) if copied else []
    lines += guidance.markdown(step, escape, _fenced)
    lines.append(f"   - Who: {escape(fix.owner(step))}")
    lines += [f"   - Ask: {escape(step.ask)}"] if step.ask else []
    lines += [f"   - {escape(step.leave)}"] if step.leave else []
    return [*lines, *([f"   - Verify: {code(step.verify)}"] if step.verify else [])]


def _fenced(copied: list[str]) -> list[str]:
    mark = fence(copied)
    return [f"   {mark}text", *(f"   {visible(line)}" for line in copied), f"   {mark}", ""]


def fence(lines: list[str]) -> str:
    """Return what begins and ends a block of these lines as they are: longer than any run of backticks in them."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    return "`" * max(3, longest + 1)


def _checklist(subject: SubjectAudit) -> list[str]:
    words = {Mark.YES: ("x", "done"), Mark.NO: (" ", "not done"), Mark.UNKNOWN: (" ", "could not be determined")}
    lines = ["", f"### Checklist for {subject.facts.ip}", ""]
    for mark, text in checklist.items(subject):
        box, word = words[mark]
        lines.append(f"- [{box}] {escape(text)}: {word}")
    return lines
