"""The words for verdicts, outcomes and endings in text for people. What they follow from is decided elsewhere."""

from truehelo.facts.address import forward_type, judgeable
from truehelo.facts.dns import Outcome
from truehelo.facts.names import NameForm
from truehelo.facts.smtp import Ended
from truehelo.facts.text import visible
from truehelo.findings import Result, SubjectAudit, Verdict
from truehelo.identity import Forward, Identity, Stated, StatedBy
from truehelo.verdict import is_wrong, unexpected

_VERDICTS = {
    Verdict.MATCH: "the address, its PTR name and every name that the server states agree",
    Verdict.DIFFERS: (
        "every name leads back to the address, though a name that the server states is not a PTR name; this is what "
        '"reverse DNS does not match the SMTP banner" reports, and most receivers let it pass'
    ),
    Verdict.UNDETERMINED: "nothing contradicts, but a fact is missing: neither a pass nor a fail",
}

OUTCOMES = {
    Outcome.ANSWER: "answered",
    Outcome.NXDOMAIN: "NXDOMAIN: no such name",
    Outcome.NODATA: "NODATA: the name has no such record",
    Outcome.SERVFAIL: "SERVFAIL: the resolver failed",
    Outcome.REFUSED: "REFUSED: the resolver declined",
    Outcome.TIMEOUT: "timeout: no answer came",
    Outcome.MALFORMED: "malformed: the reply cannot be read",
}

ENDINGS = {
    Ended.QUIT: "ended in order",
    Ended.UNREACHABLE: "no connection",
    Ended.CONNECT_TIMEOUT: "no connection in time",
    Ended.SILENCE: "connected, no greeting in time",
    Ended.CLOSED: "closed by the server",
    Ended.REFUSED: "refused to talk to us",
    Ended.HTTP: "speaks HTTP, not SMTP",
    Ended.BINARY: "sends binary data, not SMTP",
    Ended.NOT_SMTP: "does not speak SMTP",
    Ended.TOO_MUCH: "sent more than we read",
    Ended.TLS_FAILED: "TLS failed",
    Ended.TIMEOUT: "stopped answering",
    Ended.INTERRUPTED: "interrupted by us",
}

STATED = {StatedBy.GREETING: "greeting", StatedBy.EHLO_REPLY: "EHLO reply", StatedBy.HELO: "HELO"}


def verdict_words(subject: SubjectAudit) -> str:
    """Say what a verdict means here, in words that follow it."""
    iprev = subject.identity.iprev
    if subject.verdict is Verdict.MISMATCH and iprev is Result.PERMERROR:
        return "this address has no name at all: there is no PTR record"
    if subject.verdict is Verdict.MISMATCH and iprev is Result.FAIL:
        return "no PTR name of this address leads back to it"
    if subject.verdict is Verdict.MISMATCH:
        return _contradiction(subject.identity)
    if not judgeable(subject.facts.ip):
        return "nobody outside can see this address, so nobody can judge it"
    return _VERDICTS[subject.verdict]


def _contradiction(identity: Identity) -> str:
    """Say which names contradict each other, where the PTR alone does not: the worst first."""
    wrong = next((stated for stated in identity.stated if is_wrong(stated)), None)
    if wrong is not None:
        return f"the {STATED[wrong.by]} names {visible(wrong.text, 100)}, {_fault(wrong, forward_type(identity.facts.ip))}"
    if unexpected(identity):
        return f"the expected name {visible(identity.facts.expected_name or '', 100)} is not the PTR name of this address"
    other = next((visible(stated.text, 100) for stated in identity.stated if stated.in_ptr is False), "another name")
    return f"the server calls itself {other}, but the PTR name of its address is a provider's default"


def _fault(stated: Stated, rdtype: str) -> str:
    if stated.form.form is NameForm.SINGLE_LABEL:
        return "which is not a full host name"
    if stated.form.form is NameForm.INVALID:
        return "which is not a valid name"
    if stated.form.form is NameForm.LITERAL:
        return "which is another address"
    return f"which has no {rdtype} record" if stated.forward is Forward.MISSING else "which leads to another address"


def listing(words: list[str]) -> str:
    """Join words: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""


def judged_by(subject: SubjectAudit) -> str:
    """Say which names the verdict is about, since a greeting is not a HELO."""
    known = {stated.by for stated in subject.identity.stated}
    parts = ["PTR", *(STATED[by] for by in StatedBy if by in known)]
    text = f"judged by {listing(parts)}"
    if StatedBy.HELO in known:
        return f"{text} ({subject.facts.helo_source})"
    if not subject.facts.smtp_asked:
        return f"{text} alone; nothing was asked over SMTP"
    if not known:
        return f"{text} alone; no name that the server states is known"
    return f"{text}; the HELO that it sends is not known (--helo NAME declares it)"
