"""The greeting (220), which people call the SMTP banner: was it heard, does it name the server, is that a PTR name.

RFC 5321 §4.2 and §4.3.1 (the name comes first), §3.1 (554 for "no service"), RFC 7504 (521). The greeting is of the
receiving side and is *not* the HELO that the server sends (`helo`). Does not decide whether the name leads back to the
address (`greeting_forward`), nor anything about the EHLO reply (`ehlo_reply`).
"""

from collections.abc import Iterator

from truehelo.checks._words import listed
from truehelo.facts.names import NameForm, canonical, stated_form
from truehelo.facts.smtp import Ended, GreetingForm, GreetingName, SmtpSession
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity

GREETING_MATCHES = Tag(
    name="GREETING_MATCHES",
    severity=Severity.OK,
    message="the greeting on port {ports} names {name}, which is a PTR name of {ip}",
    cites=("RFC 5321 §4.2",),
)
GREETING_DIFFERS = Tag(
    name="GREETING_DIFFERS",
    severity=Severity.WARNING,
    message="the greeting on port {ports} names {name}, which is not a PTR name of {ip} ({names})",
    cites=("RFC 5321 §4.2",),
)
GREETING_NOT_FQDN = Tag(
    name="GREETING_NOT_FQDN",
    severity=Severity.WARNING,
    message="the greeting on port {ports} names {name}, which is not a full host name: it {fault}",
    cites=("RFC 5321 §2.3.5", "RFC 5321 §4.2"),
)
GREETING_NO_NAME = Tag(
    name="GREETING_NO_NAME",
    severity=Severity.NOTE,
    message='the greeting on port {ports} names no host: "{text}"',
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.1"),
)
GREETING_MASKED = Tag(
    name="GREETING_MASKED",
    severity=Severity.NOTE,
    message='the greeting on port {ports} was overwritten by a middlebox: "{text}"',
    cites=("RFC 5321 §4.2",),
)
GREETING_REFUSED = Tag(
    name="GREETING_REFUSED",
    severity=Severity.NOTE,
    message='the server refused this asker on port {ports}: "{text}"; what it calls itself is not known',
    cites=("RFC 5321 §3.1", "RFC 7504 §3"),
    undetermined=True,
)
GREETING_UNREACHABLE = Tag(
    name="GREETING_UNREACHABLE",
    severity=Severity.NOTE,
    message="no greeting was heard on port {ports}: {how}",
    cites=("RFC 5321 §4.5.3.2.1",),
    undetermined=True,
)
NOT_SMTP = Tag(
    name="NOT_SMTP",
    severity=Severity.ERROR,
    message="what answers on port {ports} does not speak SMTP: {how}",
    cites=("RFC 5321 §4.2",),
)

_ALIEN = {
    Ended.HTTP: "it speaks HTTP",
    Ended.BINARY: "it sends binary data",
    Ended.NOT_SMTP: "it sends text that is no reply",
}
_UNHEARD = {
    Ended.UNREACHABLE: "no connection",
    Ended.CONNECT_TIMEOUT: "no connection in time",
    Ended.SILENCE: "connected, and nothing was said in time",
    Ended.CLOSED: "the connection was closed before a greeting",
    Ended.TLS_FAILED: "TLS could not be set up",
    Ended.TOO_MUCH: "more was sent than a greeting may hold",
    Ended.INTERRUPTED: "interrupted",
}

Said = tuple[Tag, Result, dict[str, str], bool]
"""A tag, its result, its arguments without the ports, and whether it rests on the PTR too."""


def greeting(identity: Identity) -> Iterator[Finding]:
    """Judge the greeting of each session; what is the same on several ports is said once."""
    said: dict[tuple[str, tuple[tuple[str, str], ...]], tuple[Said, list[SmtpSession]]] = {}
    for session in identity.facts.sessions:
        for each in _session(identity, session):
            tag, _, args, _ = each
            said.setdefault((tag.name, tuple(args.items())), (each, []))[1].append(session)
    ptr = identity.facts.ptr
    for (tag, result, args, on_ptr), sessions in said.values():
        evidence = tuple(session.key for session in sessions) + ((ptr.key,) if on_ptr and ptr is not None else ())
        ports = ", ".join(str(session.port) for session in sessions)
        yield Finding(tag=tag, result=result, args=args | {"ports": ports}, evidence=evidence)


def _session(identity: Identity, session: SmtpSession) -> Iterator[Said]:
    alien = _alien(session)
    if alien is not None:
        yield NOT_SMTP, Result.FAIL, {"how": alien}, False
    named = Identity.greeting_of(session)
    if named is not None:
        yield from _greeting(identity, session, named)
    elif alien is None:
        yield _unheard(session)


def _alien(session: SmtpSession) -> str | None:
    if session.ended in _ALIEN:
        return _ALIEN[session.ended]
    if session.greeting is not None and session.greeting.code != 220 and session.greeting.code < 400:
        return f"it greets with {session.greeting.code}"
    return None


def _unheard(session: SmtpSession) -> Said:
    if session.greeting is not None or session.ended is Ended.REFUSED:
        reply = session.greeting
        text = session.detail if reply is None else f"{reply.code} {' '.join(reply.lines)}".strip()
        return GREETING_REFUSED, Result.TEMPERROR, {"text": text}, False
    how = _UNHEARD.get(session.ended, "the conversation broke off")
    return GREETING_UNREACHABLE, Result.TEMPERROR, {"how": f"{how} ({session.detail})" if session.detail else how}, False


def _greeting(identity: Identity, session: SmtpSession, named: GreetingName) -> Iterator[Said]:
    if named.name is None:
        masked = named.form is GreetingForm.MASKED
        text = session.greeting.lines[-1] if session.greeting is not None and session.greeting.lines else ""
        yield (GREETING_MASKED if masked else GREETING_NO_NAME), Result.NONE, {"text": text}, False
        return
    name = canonical(named.name)
    form = stated_form(named.name)
    if named.form is GreetingForm.NOT_FQDN:
        yield GREETING_NOT_FQDN, Result.FAIL, {"name": name, "fault": form.fault or "is a single word"}, False
        return
    if not identity.ptr_names:
        return  # no PTR name, or none known: there is nothing to hold it against
    args = {"ip": str(identity.facts.ip), "name": name, "names": listed(identity.ptr_names)}
    if name in identity.ptr_names:
        yield GREETING_MATCHES, Result.PASS, args, True
    elif form.form is not NameForm.LITERAL or form.address == identity.facts.ip:
        # A wrong literal is said by GREETING_FORWARD_ELSEWHERE.
        yield GREETING_DIFFERS, Result.POLICY, args, True


CHECK = Check(
    id="greeting",
    title='The greeting (the "SMTP banner") names the server by a PTR name',
    cites=("RFC 5321 §4.2", "RFC 5321 §4.3.1"),
    tags=(
        GREETING_MATCHES,
        GREETING_DIFFERS,
        GREETING_NOT_FQDN,
        GREETING_NO_NAME,
        GREETING_MASKED,
        GREETING_REFUSED,
        GREETING_UNREACHABLE,
        NOT_SMTP,
    ),
    run=greeting,
)
