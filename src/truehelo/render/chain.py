"""The identity chain: address, PTR names, their forward records, what the server states, and whether it leads back.

RFC 8601 §3 for the first half, RFC 5321 §4.1.4 for the second. Shows the relations of `identity`; judges none.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from truehelo.facts.address import forward_type, scope
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.names import NameForm, canonical, name_fault
from truehelo.facts.smtp import Ended, GreetingForm, SmtpSession, ehlo_reply_name
from truehelo.facts.text import visible
from truehelo.findings import SubjectAudit
from truehelo.identity import Forward, Identity, Stated, StatedBy, addresses
from truehelo.render.style import Mark, Style, columns, fit, name
from truehelo.render.words import ENDINGS, OUTCOMES

SHOWN_ADDRESSES = 3
_NOT_SMTP = (Ended.HTTP, Ended.BINARY, Ended.NOT_SMTP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One link of the chain: `what` is the fact, `why` says in words what the mark means."""

    label: str
    mark: Mark
    what: str
    why: str


def rows(subject: SubjectAudit) -> list[Row]:
    """Return the chain of one address, without the address itself."""
    identity = subject.identity
    return [*_ptr_rows(identity), *_session_rows(identity), *_helo_rows(identity), *_forward_rows(identity)]


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return the chain as lines."""
    links = rows(subject)
    width = max([len(link.label) for link in links] + [4])
    lines = [f"  IP    {' ' * (width - 4)}  {subject.facts.ip}"]
    for link in links:
        last = link is links[-1]
        edge = (style.corner if last else style.bar).ljust(2)
        lines += _link(link, f"  {edge}{link.label.ljust(width)}  ", "  " if last else f"  {style.bar}", style)
    return lines


def _link(link: Row, head: str, edge: str, style: Style) -> list[str]:
    indent = len(head) + style.mark_width + 1
    what = link.what.replace("→", style.arrow)
    if indent + columns(what) + 2 + columns(link.why) <= style.look.width:
        return [f"{head}{style.mark(link.mark)} {what}{'  ' if what else ''}{style.paint(link.why, 'dim')}"]
    lines = [f"{head}{style.mark(link.mark)} {what}"] if what else []
    blank = edge.ljust(indent)
    wrapped = style.wrap(link.why, blank if what else " " * indent, blank)
    if not what:
        wrapped[0] = f"{head}{style.mark(link.mark)} {wrapped[0].lstrip()}"
    return lines + wrapped


def _ptr_rows(identity: Identity) -> Iterator[Row]:
    ptr = identity.facts.ptr
    if ptr is None:
        yield Row(label="PTR", mark=Mark.UNKNOWN, what="", why=f"not asked: the address is {scope(identity.facts.ip)}")
    elif ptr.outcome.is_undetermined:
        yield Row(label="PTR", mark=Mark.UNKNOWN, what="", why=f"could not be looked up ({OUTCOMES[ptr.outcome]})")
    elif ptr.outcome is not Outcome.ANSWER:
        yield Row(label="PTR", mark=Mark.NO, what="", why=f"no PTR record ({OUTCOMES[ptr.outcome]})")
    else:
        for ptr_name in identity.judged_names:
            yield _ptr_row(identity, ptr, ptr_name)
            yield _forward_row(identity, ptr_name, identity.forwards[ptr_name])
        more = len(identity.ptr_names) - len(identity.judged_names)
        if more:
            yield Row(label="PTR", mark=Mark.UNKNOWN, what="", why=f"{more} more names, not judged (RFC 8601 §3)")


def _ptr_row(identity: Identity, ptr: Lookup, ptr_name: str) -> Row:
    ttl = min((record.ttl for record in ptr.records), default=0)
    fault = name_fault(ptr_name)
    expected = identity.facts.expected_name
    mark, why = Mark.NO, f"found, TTL {ttl}"
    if fault is not None:
        why = f"not a valid host name: it {fault}"
    elif expected is not None and canonical(expected) not in identity.ptr_names:
        why = "not the expected name"
    elif ptr_name in identity.generic:
        why = f"generic: {visible(identity.generic[ptr_name][0].detail, 120)}"
    else:
        mark = Mark.YES
    return Row(label="PTR", mark=mark, what=name(ptr_name), why=why)


def _forward_row(identity: Identity, asked: str, forward: Forward) -> Row:
    rdtype, lookup = forward_type(identity.facts.ip), identity.facts.forward(asked)
    outcome = Outcome.TIMEOUT if lookup is None else lookup.outcome
    found = addresses(lookup)
    if forward is Forward.CONFIRMED:
        return Row(label=rdtype, mark=Mark.YES, what=f"{name(asked)} → {identity.facts.ip}", why="leads back")
    if forward is Forward.ELSEWHERE:
        shown = ", ".join(str(ip) for ip in found[:SHOWN_ADDRESSES]) + (", ..." if len(found) > SHOWN_ADDRESSES else "")
        return Row(label=rdtype, mark=Mark.NO, what=f"{name(asked)} → {shown}", why="leads elsewhere")
    if forward is Forward.MISSING:
        return Row(label=rdtype, mark=Mark.NO, what=name(asked), why=f"no {rdtype} record ({OUTCOMES[outcome]})")
    why = "not looked up" if lookup is None else f"could not be looked up ({OUTCOMES[outcome]})"
    return Row(label=rdtype, mark=Mark.UNKNOWN, what=name(asked), why=why)


def _session_rows(identity: Identity) -> Iterator[Row]:
    several = len(identity.facts.sessions) > 1
    for session in identity.facts.sessions:
        port = f" :{session.port}" if several else ""
        yield _greeting_row(identity, session, f"220{port}")
        reply = ehlo_reply_name(session.ehlo)
        if reply is not None:
            yield _stated_row(identity, StatedBy.EHLO_REPLY, reply, f"EHLO{port}")


def _greeting_row(identity: Identity, session: SmtpSession, label: str) -> Row:
    greeting = identity.greeting_of(session)
    if greeting is not None and greeting.name is not None:
        return _stated_row(identity, StatedBy.GREETING, greeting.name, label)
    if session.ended in _NOT_SMTP:
        return Row(label=label, mark=Mark.NO, what="", why=ENDINGS[session.ended])
    said = "" if session.greeting is None else f"{session.greeting.code} {' '.join(session.greeting.lines)}"
    shown = fit(visible(said), 50).strip()
    if greeting is None:
        why = ENDINGS[session.ended] + (f": {visible(session.detail, 80)}" if session.detail else "")
    else:
        why = "masked by a middlebox" if greeting.form is GreetingForm.MASKED else "holds no name"
    return Row(label=label, mark=Mark.UNKNOWN, what=shown, why=why)


def _helo_rows(identity: Identity) -> Iterator[Row]:
    helo = identity.facts.helo
    if helo is not None:
        yield _stated_row(identity, StatedBy.HELO, helo, "HELO")


def _stated_row(identity: Identity, by: StatedBy, text: str, label: str) -> Row:
    stated = next((each for each in identity.stated_by(by) if each.text == canonical(text)), None)
    mark, why = (Mark.UNKNOWN, "not judged") if stated is None else _relation(stated)
    if by is StatedBy.HELO:
        why = f"{why} ({identity.facts.helo_source})"
    return Row(label=label, mark=mark, what=name(text), why=why)


def _relation(stated: Stated) -> tuple[Mark, str]:
    """How a stated name relates to the PTR names."""
    form = stated.form
    if form.form is NameForm.INVALID:
        return Mark.NO, f"not a valid name: it {form.fault}"
    if form.form is NameForm.SINGLE_LABEL:
        return Mark.NO, "not fully qualified"
    if form.form is NameForm.LITERAL:
        own = stated.forward is Forward.CONFIRMED
        return Mark.NO, "its own address, not a name" if own else "an address literal, and not its own"
    if stated.in_ptr is None:
        return Mark.UNKNOWN, "the PTR names are not known"
    if not stated.in_ptr:
        return Mark.DIFFERS if stated.forward is Forward.CONFIRMED else Mark.NO, "not a PTR name"
    return (Mark.YES, "is the PTR name") if stated.in_confirmed else (Mark.NO, "a PTR name that does not confirm")


def _forward_rows(identity: Identity) -> Iterator[Row]:
    """The forward records of stated names; those of PTR names stand above already."""
    shown = set(identity.judged_names)
    for stated in identity.stated:
        if stated.form.form is NameForm.FQDN and stated.text not in shown and stated.forward is not None:
            shown.add(stated.text)
            yield _forward_row(identity, stated.text, stated.forward)
