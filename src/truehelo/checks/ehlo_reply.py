"""The name in the reply to our EHLO, where it is another one than the greeting's (RFC 5321 §4.1.1.1, §4.3.1).

It is of the receiving side too, and is not the HELO that the server sends (`helo`). A name that the greeting states as
well is judged there (`greeting`, `greeting_forward`) and not once more here.
"""

from collections.abc import Iterator

from truehelo.checks._words import forward_args, listed
from truehelo.facts.names import NameForm, canonical
from truehelo.facts.smtp import ehlo_reply_name
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Forward, Identity, Stated, StatedBy

EHLO_REPLY_DIFFERS = Tag(
    name="EHLO_REPLY_DIFFERS",
    severity=Severity.NOTE,
    message="the reply to EHLO on port {ports} names {name}, the greeting {greeting}",
    cites=("RFC 5321 §4.3.1",),
)
EHLO_REPLY_NOT_FQDN = Tag(
    name="EHLO_REPLY_NOT_FQDN",
    severity=Severity.WARNING,
    message="the reply to EHLO names {name}, which is not a full host name: it {fault}",
    cites=("RFC 5321 §2.3.5", "RFC 5321 §4.1.1.1"),
)
EHLO_REPLY_NOT_PTR = Tag(
    name="EHLO_REPLY_NOT_PTR",
    severity=Severity.NOTE,
    message="the reply to EHLO names {name}, which is not a PTR name of {ip} ({names})",
    cites=("RFC 5321 §4.1.1.1",),
)
EHLO_REPLY_FORWARD_MISSING = Tag(
    name="EHLO_REPLY_FORWARD_MISSING",
    severity=Severity.WARNING,
    message="the name in the reply to EHLO, {name}, has no {rdtype} record ({outcome})",
    cites=("RFC 5321 §2.3.5",),
)
EHLO_REPLY_FORWARD_ELSEWHERE = Tag(
    name="EHLO_REPLY_FORWARD_ELSEWHERE",
    severity=Severity.WARNING,
    message="the name in the reply to EHLO, {name}, leads to {where}, not to {ip}",
    cites=("RFC 5321 §2.3.5",),
)
EHLO_REPLY_FORWARD_UNKNOWN = Tag(
    name="EHLO_REPLY_FORWARD_UNKNOWN",
    severity=Severity.NOTE,
    message="whether the name in the reply to EHLO, {name}, leads to {ip} could not be determined ({outcome})",
    cites=("RFC 5321 §2.3.5",),
    undetermined=True,
)
_TAGS = {
    Forward.MISSING: (EHLO_REPLY_FORWARD_MISSING, Result.FAIL),
    Forward.ELSEWHERE: (EHLO_REPLY_FORWARD_ELSEWHERE, Result.FAIL),
    Forward.UNKNOWN: (EHLO_REPLY_FORWARD_UNKNOWN, Result.TEMPERROR),
}


def ehlo_reply(identity: Identity) -> Iterator[Finding]:
    """Hold the EHLO reply against the greeting of its session, then judge each name that no greeting states."""
    yield from _differing(identity)
    greeted = {stated.text for stated in identity.stated_by(StatedBy.GREETING)}
    for stated in identity.stated_by(StatedBy.EHLO_REPLY):
        if stated.text not in greeted:
            yield from _name(identity, stated)


def _differing(identity: Identity) -> Iterator[Finding]:
    found: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for session in identity.facts.sessions:
        greeting, reply = Identity.greeting_of(session), ehlo_reply_name(session.ehlo)
        if greeting is None or greeting.name is None or reply is None or canonical(greeting.name) == canonical(reply):
            continue
        found.setdefault((canonical(reply), canonical(greeting.name)), []).append((session.port, session.key))
    for (name, greeting_name), sessions in found.items():
        args = {"name": name, "greeting": greeting_name, "ports": ", ".join(str(port) for port, _ in sessions)}
        evidence = tuple(key for _, key in sessions)
        yield Finding(tag=EHLO_REPLY_DIFFERS, result=Result.POLICY, args=args, evidence=evidence)


def _name(identity: Identity, stated: Stated) -> Iterator[Finding]:
    if stated.form.form in (NameForm.SINGLE_LABEL, NameForm.INVALID):
        args = {"name": stated.text, "fault": stated.form.fault or "is a single word"}
        yield Finding(tag=EHLO_REPLY_NOT_FQDN, result=Result.FAIL, args=args, evidence=stated.evidence)
        return
    args = forward_args(identity, stated)
    if stated.forward in _TAGS:
        tag, result = _TAGS[stated.forward]
        yield Finding(tag=tag, result=result, args=args, evidence=stated.evidence)
    wrong_literal = stated.form.form is NameForm.LITERAL and stated.forward is Forward.ELSEWHERE
    if stated.in_ptr is False and identity.ptr_names and not wrong_literal:
        names = {"names": listed(identity.ptr_names)}
        yield Finding(tag=EHLO_REPLY_NOT_PTR, result=Result.POLICY, args=args | names, evidence=stated.evidence)


CHECK = Check(
    id="ehlo_reply",
    title="The reply to EHLO names the same server as the greeting",
    cites=("RFC 5321 §4.1.1.1", "RFC 5321 §4.3.1"),
    tags=(
        EHLO_REPLY_DIFFERS,
        EHLO_REPLY_NOT_FQDN,
        EHLO_REPLY_NOT_PTR,
        EHLO_REPLY_FORWARD_MISSING,
        EHLO_REPLY_FORWARD_ELSEWHERE,
        EHLO_REPLY_FORWARD_UNKNOWN,
    ),
    run=ehlo_reply,
)
