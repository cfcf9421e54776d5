"""Evidence in text: who answered what, when, with which TTL and flags (-v), and every exchange in full (-vv).

RFC 1035 presentation form for records, as dig prints them; arrows for an SMTP transcript, as swaks prints it.
"""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Record
from truehelo.facts.holder import Holder
from truehelo.facts.smtp import SmtpSession
from truehelo.facts.text import visible
from truehelo.findings import SubjectAudit
from truehelo.render.look import TRACE
from truehelo.render.style import Style, columns, name
from truehelo.render.words import ENDINGS

SHOWN = 400
"""The longest piece of remote text on one line."""
_ARROWS = {"S": "<-", "C": "->", "*": "**"}


def draw(subject: SubjectAudit, style: Style) -> list[str]:
    """Return the evidence of one address as lines: a summary, or with -vv everything."""
    trace = style.look.verbosity >= TRACE
    lines = lookup_lines(all_lookups(subject), subject.facts.reverse_zone, trace=trace)
    for session in subject.facts.sessions:
        lines += _session(session, trace)
    if subject.facts.holder is not None:
        lines += _holder(subject.facts.holder)
    return framed(lines, style)


def lookup_lines(lookups: Iterable[Lookup], zone: AuthoritativeView | None, *, trace: bool) -> list[str]:
    """Return lookups and the view of a zone as lines, in short or whole."""
    lines: list[str] = []
    for lookup in lookups:
        lines += _traced(lookup) if trace else _summed(lookup)
    return lines if zone is None else [*lines, *_zone(zone, trace)]


def framed(lines: Iterable[str], style: Style) -> list[str]:
    """Return evidence under its heading, within the width."""
    return ["  " + style.paint("Evidence", "bold"), *(folded for line in lines for folded in _fold(line, style))]


def _fold(line: str, style: Style) -> list[str]:
    """Wrap a line behind its own indent; a record is copied, and so never wrapped."""
    if isinstance(line, Presented) or columns(line) <= style.look.width:
        return [line]
    text = line.lstrip().removeprefix("; ")
    indent = line[: len(line) - len(text)]
    return style.wrap(text, indent, indent + "  ")


class Presented(str):
    """A record in the form of a zone file."""

    __slots__ = ()


def all_lookups(subject: SubjectAudit) -> Iterator[Lookup]:
    """Yield every lookup of a subject once: its own, those of its siblings, of the zone cut, and of blocklists."""
    facts, seen = subject.facts, set[str]()
    zone = () if facts.reverse_zone is None else facts.reverse_zone.lookups
    lists = (lookup for look in facts.blocklists for lookup in look.lookups)
    for lookup in (*facts.lookups, *(sibling.ptr for sibling in facts.siblings), *zone, *lists):
        if lookup.key not in seen:
            seen.add(lookup.key)
            yield lookup


def _summed(lookup: Lookup) -> Iterator[str]:
    yield f"    {lookup.question.rdtype} {name(lookup.question.name)}: {lookup.outcome}"
    for exchange in lookup.exchanges:
        yield f"      {_who(exchange)}"
        for record in (*exchange.chain, *exchange.records):
            yield f"        TTL {record.ttl}  {record.rdtype}  {visible(record.data, SHOWN)}"


def _who(exchange: Exchange) -> str:
    flags = f" [{' '.join(exchange.flags)}]" if exchange.flags else ""
    rcode = f" ({exchange.rcode})" if exchange.rcode and exchange.rcode.lower() != exchange.outcome else ""
    detail = f": {visible(exchange.detail, 120)}" if exchange.detail else ""
    asked = f"{visible(exchange.server, 80)} {exchange.transport} {clock(exchange.at)} {millis(exchange.took_s)}"
    return f"{asked}{flags} {exchange.outcome}{rcode}{detail}"


def clock(at: datetime) -> str:
    """The time of day in UTC, to the second."""
    return at.astimezone(UTC).strftime("%H:%M:%SZ")


def millis(seconds: float) -> str:
    """A duration in milliseconds."""
    return f"{seconds * 1000:.0f} ms"


def _traced(lookup: Lookup) -> Iterator[str]:
    for exchange in lookup.exchanges:
        yield f"    ; {name(lookup.question.name)}. IN {lookup.question.rdtype}"
        yield f"    ; {_who(exchange)}"
        yield from (Presented(f"    {presented(record)}") for record in (*exchange.chain, *exchange.records))
        if exchange.soa is not None:
            yield Presented(f"    {presented(exchange.soa)}  ; authority")


def presented(record: Record) -> str:
    """A record as a zone file has it (RFC 1035 §5.1)."""
    return f"{name(record.owner)}. {record.ttl} IN {record.rdtype} {visible(record.data, SHOWN)}"


def _zone(view: AuthoritativeView, trace: bool) -> Iterator[str]:
    if view.apex is None:
        yield f"    zone of {name(view.question.name)}: not found{': ' if view.detail else ''}{visible(view.detail, 120)}"
        return
    servers = ", ".join(name(server.name) for server in view.servers)
    yield f"    zone of {name(view.question.name)}: {name(view.apex)}, served by {servers or 'no server that is known'}"
    if view.soa is not None and trace:
        yield Presented(f"    {presented(view.soa)}")
    for exchange in view.exchanges:
        yield f"      {_who(exchange)}"
        for record in (*exchange.chain, *exchange.records):
            yield f"        TTL {record.ttl}  {record.rdtype}  {visible(record.data, SHOWN)}"


def _session(session: SmtpSession, trace: bool) -> Iterator[str]:
    via = (
        ""
        if session.connected_to == f"{session.ip}:{session.port}"
        else f" (connected to {visible(session.connected_to, 80)})"
    )
    detail = f": {visible(session.detail, 120)}" if session.detail else ""
    what = f"SMTP {session.ip} port {session.port}{via} {clock(session.at)} {millis(session.took_s)}"
    yield f"    {what}: {ENDINGS[session.ended]}{detail}"
    if trace:
        for line in session.transcript:
            yield f"      {line.at_s:8.3f} {_ARROWS.get(line.who, '**')} {visible(line.text, SHOWN)}"
    elif session.greeting is not None:
        yield from (f"      {session.greeting.code} {visible(line, SHOWN)}" for line in session.greeting.lines)
    if session.tls is not None:
        names = ", ".join(name(each) for each in session.tls.names) or "no names"
        yield f"      {visible(session.tls.version, 20)} {visible(session.tls.cipher, 60)}, certificate for {names}"


def _holder(holder: Holder) -> Iterator[str]:
    parts = (holder.organisation, holder.name, holder.network, holder.country, holder.detail)
    said = ", ".join(visible(part, 120) for part in parts if part)
    yield f"    RDAP {clock(holder.at)}: {holder.outcome}{': ' if said else ''}{said}"
