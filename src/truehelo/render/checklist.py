"""The checklist: each relation between the names, done, not done, or not determined.

The three relations are those of `identity` (RFC 8601 §3, RFC 5321 §4.1.4); nothing is judged anew.
"""

from truehelo.facts.address import judgeable
from truehelo.findings import Result, SubjectAudit
from truehelo.identity import Forward, StatedBy
from truehelo.render.style import Mark, Style

_BOXES = {Mark.YES: ("[x]", "done"), Mark.NO: ("[ ]", "not done"), Mark.UNKNOWN: ("[?]", "could not be determined")}


def items(subject: SubjectAudit) -> list[tuple[Mark, str]]:
    """Return each line of the checklist and whether it is done."""
    lines = [
        (_in_ptr(subject, StatedBy.GREETING), "PTR matches the greeting (SMTP banner)"),
        (_forward(subject, StatedBy.GREETING), "greeting matches the forward record"),
        (_iprev(subject), "PTR leads back to the address (FCrDNS)"),
    ]
    if subject.facts.helo is not None:
        lines += [
            (_in_ptr(subject, StatedBy.HELO), f"PTR matches the HELO ({subject.facts.helo_source})"),
            (_forward(subject, StatedBy.HELO), "HELO matches the forward record"),
        ]
    else:
        lines.append((Mark.UNKNOWN, "HELO that the server sends (declare it with --helo NAME)"))
    return lines


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return the checklist of one address as lines."""
    lines = [f"Checklist for {subject.facts.ip}"]
    for mark, text in items(subject):
        box, word = _BOXES[mark]
        lines += style.wrap(f"{text}: {word}", f"  {box} ")
    return lines


def _iprev(subject: SubjectAudit) -> Mark:
    if not judgeable(subject.facts.ip):
        return Mark.UNKNOWN
    iprev = subject.identity.iprev
    if iprev is Result.PASS:
        return Mark.YES
    return Mark.UNKNOWN if iprev is Result.TEMPERROR else Mark.NO


def _in_ptr(subject: SubjectAudit, by: StatedBy) -> Mark:
    found = [stated.in_ptr for stated in subject.identity.stated_by(by)]
    if False in found:
        return Mark.NO
    return Mark.YES if found and None not in found else Mark.UNKNOWN


def _forward(subject: SubjectAudit, by: StatedBy) -> Mark:
    # A name without a forward relation (invalid, a single label) can lead nowhere.
    found = [stated.forward for stated in subject.identity.stated_by(by)]
    if any(forward in (None, Forward.ELSEWHERE, Forward.MISSING) for forward in found):
        return Mark.NO
    return Mark.YES if found and Forward.UNKNOWN not in found else Mark.UNKNOWN
