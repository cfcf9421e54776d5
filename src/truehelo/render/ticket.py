"""A ready message to the holder of an address, where only they can act: what is wanted, what is in place, what is seen.

One message a holder, with all of their addresses. Where nobody else has to act, a sentence says so. Whatever a stranger
chose (names, contacts, answers) is made visible, so that it ends no header and starts none.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime

from truehelo.advice.owner import REVERSE_ZONE, reverse_owner
from truehelo.facts.dns import Exchange
from truehelo.facts.holder import HolderOutcome
from truehelo.facts.text import visible
from truehelo.findings import Audit, Step, SubjectAudit
from truehelo.identity import Forward
from truehelo.render.style import Style, name
from truehelo.render.words import verdict_words

_MAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}")
_SHOWN_SERVERS = 8
_SHOWN_RECORDS = 4

Case = tuple[SubjectAudit, Step]


def draw(audit: Audit, style: Style) -> list[str]:
    """Return the messages and, for addresses that need none, the sentences."""
    messages: dict[str, list[Case]] = defaultdict(list)
    lines: list[str] = []
    for subject in audit.subjects:
        cases = [(subject, step) for step in subject.advice if step.owner == REVERSE_ZONE and step.ask]
        wanting = [case for case in cases if _needs_a_message(case[1])]
        for case in wanting:
            messages[_holder(subject, case[1])].append(case)
        if not wanting:
            lines += style.wrap(_nobody(subject, [step for _, step in cases]), f"{subject.facts.ip}: ", "  ")
    blocks = [_message(cases, audit.started, style) for cases in messages.values()]
    for block in blocks:
        lines += [*([""] if lines else []), *block]
    return lines or ["no address was audited, so there is nobody to write to"]


def _needs_a_message(step: Step) -> bool:
    alone = step.guidance and all(found.self_service for found in step.guidance)
    nameless = step.aim is not None and step.aim.name is None
    return not alone and not nameless


def _nobody(subject: SubjectAudit, asked: list[Step]) -> str:
    """Why there is no message about an address."""
    for step in asked:
        if step.aim is not None and step.aim.name is None:
            again = f"truehelo check {subject.facts.ip} --expect NAME --ticket"
            return f"no name is known that could be asked for: choose one, publish its address, then {again}"
        places = " or ".join(found.name for found in step.guidance)
        ids = " ".join(found.guide for found in step.guidance)
        return f"nobody else has to act: the customer sets the PTR at {places} (truehelo guide {ids})"
    if not subject.advice:
        return "nobody has to act"
    return "nobody else has to act: the steps are those of your mail server and your DNS zone"


def _holder(subject: SubjectAudit, step: Step) -> str:
    """What tells one holder from another: the contact of the zone, else its apex, the registration, or the address."""
    owner, holder = reverse_owner(subject.identity), subject.facts.holder
    if step.aim is not None and str(subject.facts.ip) not in step.aim.ips:
        return step.who
    registered = holder.organisation or holder.name if holder is not None else ""
    return owner.contact or owner.apex or registered or str(subject.facts.ip)


def _message(cases: list[Case], at: datetime, style: Style) -> list[str]:
    ips = list(dict.fromkeys(_address(subject, step) for subject, step in cases))
    several = len(ips) > 1
    subject_line = f"Reverse DNS (PTR) of {ips[0]}" + (f" and {len(ips) - 1} more" if several else "")
    to = list(dict.fromkeys(line for subject, step in cases for line in _to(subject, step)))
    lines = [*(f"{'Or' if i else 'To'}: {line}" for i, line in enumerate(to)), f"Subject: {subject_line}", "", "Hello,"]
    for subject, step in cases:
        lines += ["", *_wanted(subject, step, style)]
    lines += ["", f"What the name servers said at {at.astimezone(UTC):%Y-%m-%d %H:%M:%S UTC}:"]
    for subject in {subject.facts.ip: subject for subject, _ in cases}.values():
        lines += ["", *_seen(subject, style)]
    return [*lines, "", "Thank you."]


def _address(subject: SubjectAudit, step: Step) -> str:
    return step.aim.ips[0] if step.aim is not None else str(subject.facts.ip)


def _to(subject: SubjectAudit, step: Step) -> Iterator[str]:
    """Whom to write to: support as the guide knows it, the contact of the zone, the registration."""
    for found in step.guidance:
        yield from (f"{way.where} ({found.name})" for way in found.ways if way.kind == "ticket")
    owner, holder = reverse_owner(subject.identity), subject.facts.holder
    if owner.contact is not None and _MAIL.fullmatch(owner.contact):
        yield f"{owner.contact} (contact of the zone {name(owner.apex or owner.record_owner)})"
    if holder is not None and holder.outcome is HolderOutcome.FOUND:
        contacts = ", ".join(contact for contact in holder.abuse if _MAIL.fullmatch(contact))
        registered = visible(holder.organisation or holder.name or holder.handle, 80)
        yield f"{registered}{f', {contacts}' if contacts else ''} (holder of the network, as its registry says)"


def _wanted(subject: SubjectAudit, step: Step, style: Style) -> list[str]:
    lines = style.wrap(visible(step.ask))
    lines += [f"  {visible(record)}" for record in step.records if " IN PTR " in record]
    wanted = step.aim.name if step.aim is not None else None
    if wanted is None:
        return lines
    forward = [record for record in step.records if " IN PTR " not in record]
    if str(subject.facts.ip) in (step.aim.ips if step.aim is not None else ()):
        if subject.identity.forward_of(wanted) is Forward.CONFIRMED:
            return lines
        forward = [record for other in subject.advice for record in other.records if _is_forward(record, wanted)]
    if forward:
        lines += ["", "Its forward record is not in place yet, and will be published first:"]
        lines += [f"  {visible(record)}" for record in forward]
    return lines


def _is_forward(record: str, wanted: str) -> bool:
    return record.startswith(f"{wanted}. ") and (" IN A " in record or " IN AAAA " in record)


def _seen(subject: SubjectAudit, style: Style) -> list[str]:
    facts = subject.facts
    lines = [f"{facts.ip}, {facts.ptr.owner if facts.ptr is not None else 'PTR not asked for'}"]
    exchanges = () if facts.ptr is None else facts.ptr.exchanges
    direct = () if facts.reverse_zone is None else facts.reverse_zone.exchanges
    told = [("resolver", exchange) for exchange in exchanges] + [("name server of the zone", each) for each in direct]
    # A server that was asked again and said the same is told once, with the last time.
    last = {(name(exchange.server), role, _said(exchange)): exchange.at for role, exchange in told}
    for (server, role, said), at in list(last.items())[:_SHOWN_SERVERS]:
        lines += style.wrap(f"{server} ({role}, {at.astimezone(UTC):%H:%M:%S UTC}): {said}", "  ", "    ")
    names = subject.identity.ptr_names[:_SHOWN_RECORDS]
    for ptr_name in names:
        lookup = facts.forward(ptr_name)
        for exchange in lookup.exchanges[:1] if lookup is not None else ():
            lines += style.wrap(f"{name(ptr_name)}: {_said(exchange)}", "  ", "    ")
    return [*lines, *style.wrap(f"So {verdict_words(subject)}.", "  ", "  ")]


def _said(exchange: Exchange) -> str:
    records = ", ".join(f"{record.rdtype} {name(record.data)}" for record in exchange.records[:_SHOWN_RECORDS])
    return records or str(exchange.outcome).upper()
