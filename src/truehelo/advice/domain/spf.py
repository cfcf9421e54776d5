"""The steps about SPF of a domain: the record as it should read (RFC 7208).

A server that forwards other people's mail is never put into a record: its senders are not the domain's.
"""

from truehelo.advice.domain._step import Advice, step, txt
from truehelo.advice.spf import spf_with
from truehelo.domains import DomainView
from truehelo.facts.address import parse_address
from truehelo.findings import Finding, Step
from truehelo.records.spf import Kind, Mechanism, Modifier, SpfRecord, parse, spf_texts
from truehelo.records.spf.survey import named


def _missing(view: DomainView, finding: Finding) -> Step:
    if view.sends_no_mail:
        return step(view, finding, f"Say that {view.name} sends no mail", txt(view.name, "v=spf1 -all"))
    # Its MX hosts may send for it, where they are its own; who takes mail for it elsewhere need not send it from there.
    top = view.facts.organisation or view.name
    own = bool(view.mx_hosts) and all(f".{host}".endswith(f".{top}") for _, host in view.all_mx_hosts)
    servers = "this one, where those are its MX hosts alone" if own else "with their addresses in the place of ADDRESS"
    what = (
        f"Publish one SPF record that names every server which sends mail of {view.name}, {servers}; end it in -all once "
        "DMARC reports show that all of them are in it; where it sends no mail, it is v=spf1 -all"
    )
    return step(view, finding, what, txt(view.name, f"v=spf1 {'mx' if own else 'ip4:ADDRESS'} ~all"))


def _broken(view: DomainView, finding: Finding) -> Step:
    texts = _texts(view)
    if len(texts) > 1:
        what = f"Make one SPF record of the {len(texts)} of {view.name}, and remove the others"
        merged = _merged(texts)
        return step(view, finding, what, *([txt(view.name, merged)] if merged else []))
    return step(view, finding, f"Mend the SPF record of {view.name}: {finding.args['detail']}")


def _merged(texts: tuple[str, ...]) -> str:
    """One record that authorises what all of them do, and ends as the mildest.

    "" where one of them is no record, or has a term that does not authorise: which of two terms comes first would then
    decide (RFC 7208 §4.6.2), and the records have no order.
    """
    read = [parse(text) for text in texts]
    records = [each for each in read if isinstance(each, SpfRecord)]
    if len(records) < len(texts) or any(record.redirect for record in records):
        return ""
    ends = [next((each for each in record.mechanisms if each.kind is Kind.ALL), None) for record in records]
    held = [
        each
        for record, end in zip(records, ends, strict=True)
        for each in record.mechanisms
        if end is None or each.position < end.position
    ]
    if any(each.qualifier != "+" for each in held):
        return ""
    # Those that cost no lookup first; the order of the records is not theirs, but that of an answer.
    terms = [each.text for each in sorted(held, key=lambda each: (each.kind.looks_up, each.text))]
    strict = all(end is not None and end.qualifier == "-" for end in ends)
    return " ".join(["v=spf1", *dict.fromkeys(terms), "-all" if strict else "~all"])


def _too_many(view: DomainView, finding: Finding) -> Step:
    others = [domain for domain in view.spf.domains if domain != view.name]
    named = f" (it leads to {', '.join(others[:8])}{' and more' if len(others) > 8 else ''})" if others else ""
    what = (
        f"Bring the SPF record of {view.name} down to 10 lookups{named}: remove the includes of services that no longer "
        "send, name your own servers by ip4 and ip6 instead of a and mx, and give a service that sends much a subdomain"
    )
    return step(view, finding, what, leave="Do not copy the addresses of a service into your record: they change.")


def _void(view: DomainView, finding: Finding) -> Step:
    """A term goes where its own lookup finds nothing: an mx whose hosts have no address waits for the address."""
    gone = {Kind.A: "A", Kind.MX: "MX"}

    def finds(mechanism: Mechanism) -> bool:
        return f"{named(mechanism.domain, view.name)} {gone.get(mechanism.kind)}" not in view.spf.voids

    record = _own(view)
    kept = () if record is None else tuple(filter(finds, record.mechanisms))
    what = f"Remove the terms that find nothing, or publish what they look for: {finding.args['names']}"
    if record is None or len(kept) == len(record.mechanisms):
        return step(view, finding, what)
    if not record.redirect and not any(each.qualifier == "+" and each.kind is not Kind.ALL for each in kept):
        what = f"Publish what the terms look for, or name in their place the servers that send: {finding.args['names']}"
        return step(view, finding, what)
    words = {each.position: "" for each in record.mechanisms if each not in kept}
    return step(view, finding, what, txt(view.name, _with(record, words)))


def _ptr(view: DomainView, finding: Finding) -> Step:
    what = f"Replace ptr in {finding.args['where']} by the addresses that are meant (ip4, ip6)"
    record = _own(view)
    held = [] if record is None else [each for each in record.mechanisms if each.kind is Kind.PTR]
    if record is None or not held:
        who = f"the owner of the zone that holds {view.spf.ptr[0]}"
        return step(view, finding, what, who=who)
    # Whom the term let pass, nobody can list: the record says where those addresses belong.
    sign = held[0].qualifier.removeprefix("+")
    words = {each.position: f"{sign}ip4:ADDRESS" if each is held[0] else "" for each in held}
    return step(view, finding, what, txt(view.name, _with(record, words)))


def _own(view: DomainView) -> SpfRecord | None:
    """The domain's own record; None where there is not one, or it cannot be read."""
    record = parse(view.spf.text) if view.spf.text is not None else None
    return record if isinstance(record, SpfRecord) else None


def _with(record: SpfRecord, words: dict[int, str]) -> str:
    """The text of a record with other words at some places, "" for none."""
    terms: list[Mechanism | Modifier] = [*record.mechanisms, *record.modifiers]
    kept = [words.get(term.position, term.text) for term in sorted(terms, key=lambda term: term.position)]
    return " ".join(["v=spf1", *filter(None, kept)])


def _ending(view: DomainView, finding: Finding) -> Step:
    survey, record = view.spf, _own(view)
    if record is None or survey.wide:
        return step(view, finding, f"Name the servers of {view.name} alone in its SPF record: {finding.args['detail']}")
    if survey.ends_at != view.name:
        # An end of its own would take a redirect's place, and refuse whom that lets pass (RFC 7208 §6.1).
        what = (
            f"Have the SPF record of {survey.ends_at} end in ~all or -all, or take the term that leads there out of the "
            f"record of {view.name}"
        )
        return step(view, finding, what, who=f"the owner of the zone that holds {survey.ends_at}")
    what = (
        f"End the SPF record of {view.name} in ~all, and in -all once DMARC reports show that all of your servers are in it"
    )
    end = next((each for each in record.mechanisms if each.kind is Kind.ALL), None)
    text = f"{_with(record, {})} ~all" if end is None else _with(record, {end.position: "~all"})
    return step(view, finding, what, txt(view.name, text))


def _omits(view: DomainView, finding: Finding) -> Step:
    ip, text = parse_address(finding.args["ip"]), view.spf.text
    term = f"ip{4 if ip is None else ip.version}:{ip}"
    records = [] if text is None else [txt(view.name, spf_with(text, term))]
    leave = "Leave the record as it is if that server forwards mail of others: such mail passes by its DKIM signature."
    return step(view, finding, f"If {ip} sends mail of {view.name} itself, add {term}", *records, leave=leave)


def _texts(view: DomainView) -> tuple[str, ...]:
    lookup = view.lookup(view.name, "TXT")
    return () if lookup is None else spf_texts(lookup.records)


STEPS: dict[str, Advice] = {
    "DOMAIN_SPF_MISSING": _missing,
    "DOMAIN_SPF_BROKEN": _broken,
    "DOMAIN_SPF_TOO_MANY_LOOKUPS": _too_many,
    "DOMAIN_SPF_VOID": _void,
    "DOMAIN_SPF_PTR_USED": _ptr,
    "DOMAIN_SPF_ALLOWS_ALL": _ending,
    "DOMAIN_SPF_NEUTRAL": _ending,
    "DOMAIN_SPF_OMITS": _omits,
}
