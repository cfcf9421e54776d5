"""The steps at the owner of a domain: put the address into its SPF record, or mend the record (RFC 7208)."""

from truehelo.advice.owner import DNS_ZONE
from truehelo.findings import Finding, Step
from truehelo.identity import Identity
from truehelo.records.spf import spf_texts
from truehelo.records.txt import quoted


def omits_step(identity: Identity, omits: Finding) -> Step:
    """The owner of the domain adds the address, if the server is one of theirs."""
    ip = identity.facts.ip
    term = f"ip4:{ip}" if ip.version == 4 else f"ip6:{ip}"
    domain = omits.args["domain"]
    return Step(
        step=0,
        owner=DNS_ZONE,
        who=f"the owner of {domain}",
        what=f"If this server sends mail of {domain}, add {term} to its SPF record",
        records=_record(identity, domain, term),
        verify=_verify(identity, domain),
        leave="Leave the record as it is if this server only receives, or only forwards mail of others.",
        resolves=("SPF_OMITS_HOST",),
    )


def broken_step(identity: Identity, broken: Finding) -> Step:
    """The owner of the domain mends a record that nobody can evaluate."""
    domain = broken.args["domain"]
    return Step(
        step=0,
        owner=DNS_ZONE,
        who=f"the owner of {domain}",
        what=f"Mend the SPF record of {domain}, which receivers treat as an error: {broken.args['detail']}",
        verify=_verify(identity, domain),
        resolves=("SPF_BROKEN",),
    )


def _verify(identity: Identity, domain: str) -> str:
    """The command that asks for the same SPF record again: that of the HELO name is asked for where it is declared."""
    facts = identity.facts
    of_helo = any(question.identity == "helo" and question.domain == domain for question in facts.spf)
    return f"truehelo check {facts.ip}{f' --helo {domain}' if of_helo else ''}"


def _record(identity: Identity, domain: str, term: str) -> tuple[str, ...]:
    """The record as it should read, with `term` in it."""
    lookup = identity.facts.lookup(domain, "TXT")
    texts = spf_texts(lookup.records) if lookup is not None else ()
    if lookup is None or len(texts) != 1 or not texts[0].isprintable() or '"' in texts[0] or "\\" in texts[0]:
        return ()
    return (f"{lookup.owner}. {lookup.records[0].ttl} IN TXT {quoted(spf_with(texts[0], term))}",)


def spf_with(text: str, term: str) -> str:
    """Return a record with a term put where it decides: the first term that matches does (RFC 7208 §4.6.2).

    That is before every term that could refuse what it lets pass, and before a redirect (RFC 7208 §5.1, §6.1).
    """
    words = [word for word in text.split(" ") if word]
    ends = [
        i
        for i, word in enumerate(words)
        if word[0] in "-~?" or word.lower().lstrip("+") == "all" or word.lower().startswith("redirect=")
    ]
    words.insert(ends[0] if ends else len(words), term)
    return " ".join(words)
