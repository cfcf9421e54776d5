"""What one look says of each tag: good, bad or undetermined (the five truths: a silence is neither pass nor fail).

A tag that was found is bad. One that was not found is good only if every fact that it would rest on was there to be seen;
otherwise nobody knows. Does not decide what a change means (`machine.py`).
"""

from collections.abc import Iterable
from functools import lru_cache

from truehelo.facts.address import forward_type
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.smtp import Ended, SmtpSession, ehlo_reply_name, greeting_name
from truehelo.facts.subject import SubjectFacts
from truehelo.findings import Finding, Severity
from truehelo.monitoring import Seen

JUDGED_NAMES = 10
"""Of the PTR names (RFC 8601 §3)."""

_NEEDS = (
    # The first prefix that fits says which parts of the facts a tag rests on.
    ("PTR_PARTLY_CONFIRMED", ("ptr", "iprev")),
    ("PTR_", ("ptr",)),
    ("IPREV_", ("ptr", "iprev")),
    ("NAME_SHARED", ("ptr", "iprev")),
    ("GREETING_FORWARD_", ("smtp", "stated")),
    ("GREETING_DIFFERS", ("smtp", "ptr", "iprev")),
    ("GREETING_", ("smtp",)),
    ("NOT_SMTP", ("smtp",)),
    ("EHLO_REPLY_FORWARD_", ("smtp", "stated")),
    ("EHLO_REPLY_", ("smtp",)),
    ("HELO_SPF_", ("spf",)),
    ("HELO_FORWARD_", ("stated",)),
    ("HELO_DIFFERS", ("ptr", "iprev")),
    ("HELO_", ()),
    ("SPF_", ("ptr", "iprev", "spf")),
    ("FAMILY_", ("ptr", "iprev", "family")),
    ("ADDRESS_", ()),
    ("", ("ptr", "iprev", "smtp", "stated", "spf", "family")),
)
_ALL_NEEDS = tuple(dict.fromkeys(frozenset(parts) for _, parts in _NEEDS if parts))


@lru_cache(maxsize=1024)
def needs(tag: str) -> frozenset[str]:
    """Return the parts of the facts that a tag rests on."""
    return frozenset(next(parts for prefix, parts in _NEEDS if tag.startswith(prefix)))


def needs_of_all() -> tuple[frozenset[str], ...]:
    """Return the parts that tags rest on, once for each set of them that some tag has."""
    return _ALL_NEEDS


def hidden(facts: SubjectFacts) -> frozenset[str]:
    """Return the parts of the facts that could not be seen in this look."""
    parts: set[str] = set()
    ptr = facts.ptr
    if ptr is None or ptr.outcome.is_undetermined:
        parts |= {"ptr", "iprev", "family"}
    names = facts.ptr_names[:JUDGED_NAMES]
    if any(_unseen(facts.forward(name)) for name in names):
        parts |= {"iprev", "family"}
    other = "AAAA" if facts.ip.version == 4 else "A"
    if any(_unseen(facts.lookup(name, other)) for name in names) or any(_unseen(each.ptr) for each in facts.siblings):
        parts.add("family")
    if facts.smtp_asked and (not facts.sessions or any(not _spoke(session) for session in facts.sessions)):
        parts |= {"smtp", "stated"}
    own = forward_type(facts.ip)
    reverse = set(names)
    for lookup in facts.lookups:
        if not lookup.outcome.is_undetermined:
            continue
        if lookup.question.rdtype == own and lookup.question.name not in reverse:
            parts.add("stated")
        if lookup.question.rdtype in ("TXT", "MX"):
            parts.add("spf")
    return frozenset(parts)


def _unseen(lookup: Lookup | None) -> bool:
    return lookup is not None and lookup.outcome.is_undetermined


def _spoke(session: SmtpSession) -> bool:
    if session.ended in (Ended.HTTP, Ended.BINARY):
        return True  # that it is no SMTP server is an answer too
    return session.greeting is not None and session.greeting.code == 220


def sightings(
    findings: Iterable[Finding], facts: SubjectFacts, standing: Iterable[str], watched: Severity
) -> dict[str, Seen]:
    """Return what was seen of each tag that was found, and of each in which the subject does not stand well.

    `watched` is the mildest severity that is watched.
    """
    out = hidden(facts)
    seen: dict[str, Seen] = {
        finding.tag.name: Seen.BAD
        for finding in findings
        if finding.severity.rank <= watched.rank and not finding.tag.undetermined
    }
    for tag in standing:
        if tag not in seen:
            seen[tag] = Seen.UNDETERMINED if needs(tag) & out else Seen.GOOD
    return seen


def fingerprint(facts: SubjectFacts) -> int:
    """Return a number that is the same as long as the answers are, whatever their order and TTL (63 bits)."""
    parts: list[object] = []
    for lookup in facts.lookups:
        believed = lookup.believed
        if believed is None:
            continue
        records = believed.records
        data = records[0].data if len(records) == 1 else tuple(sorted(record.data for record in records))
        chain = tuple(record.data for record in believed.chain) if believed.chain else ()
        parts.append((lookup.question.name, lookup.question.rdtype, str(believed.outcome), data, chain))
    parts.extend(_session_print(session) for session in facts.sessions)
    return _stable(parts)


def _session_print(session: SmtpSession) -> tuple[object, ...]:
    """Names and codes alone: many servers put the time or a serial number into their greeting."""
    greeting = session.greeting
    name = greeting_name(greeting) if greeting is not None and greeting.code == 220 else None
    return (
        session.port,
        _spoke(session) or str(session.ended),
        None if greeting is None else greeting.code,
        None if name is None else (str(name.form), name.name),
        ehlo_reply_name(session.ehlo),
    )


def _stable(parts: list[object]) -> int:
    import hashlib

    digest = hashlib.blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 1


def undetermined_cause(facts: SubjectFacts) -> str | None:
    """Return what could not be seen, so that a thousand addresses with one cause are told once; None when all was seen.

    Silence of the resolvers is about them; a SERVFAIL is about the zone that was asked for.
    """
    ptr = facts.ptr
    undetermined = [lookup for lookup in facts.lookups if lookup.outcome.is_undetermined and lookup.exchanges]
    if not undetermined and ptr is not None and not ptr.exchanges:
        return "no resolver that can be believed"
    if undetermined:
        lookup = ptr if ptr is not None and ptr.outcome.is_undetermined else undetermined[0]
        if lookup.outcome in (Outcome.TIMEOUT, Outcome.REFUSED):
            servers = sorted({exchange.server for exchange in lookup.exchanges})
            return f"resolver {', '.join(servers)}: {lookup.outcome}"
        return f"zone {_zone(lookup, facts)}: {lookup.outcome}"
    if facts.smtp_asked and any(not _spoke(session) for session in facts.sessions):
        ended = next(session for session in facts.sessions if not _spoke(session))
        return f"port {ended.port}: {'refused' if ended.greeting is not None else ended.ended}"
    return None


def _zone(lookup: Lookup, facts: SubjectFacts) -> str:
    if lookup.question.rdtype == "PTR":
        return ".".join(lookup.question.name.split(".")[1 if facts.ip.version == 4 else 16 :])
    labels = lookup.question.name.split(".")
    return ".".join(labels[-2:]) if len(labels) > 2 else lookup.question.name
