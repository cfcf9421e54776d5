"""The servers of the reverse zone, asked directly: do they agree, and do resolvers still hold an older PTR?

RFC 1034 §4.3.5 (the servers of a zone serve the same data), RFC 2308 §5 (how long a denial is kept). A server that is
silent, fails, or answers without authority does not count. Does not change what is judged: the PTR that the resolvers give
is the one that receivers see today.
"""

from collections.abc import Iterator

from truehelo.checks._words import listed
from truehelo.facts.dns import AuthoritativeView, Exchange, Lookup, Outcome
from truehelo.facts.names import canonical
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity

PTR_CHANGING = Tag(
    name="PTR_CHANGING",
    severity=Severity.NOTE,
    message="the servers of the reverse zone already say {now} for {ip}; resolvers may say {cached} for another {ttl} s",
    cites=("RFC 1034 §4.3.5", "RFC 2308 §5"),
)
PTR_SERVERS_DISAGREE = Tag(
    name="PTR_SERVERS_DISAGREE",
    severity=Severity.WARNING,
    message="the servers of the reverse zone of {ip} disagree: {says}",
    cites=("RFC 1034 §4.3.5",),
)

Names = frozenset[str]


def authority(identity: Identity) -> Iterator[Finding]:
    """Hold the servers of the zone against each other, then against the cache."""
    view, ptr = identity.facts.reverse_zone, identity.facts.ptr
    if view is None or ptr is None:
        return
    said = said_by_server(view)
    if len(set(said.values())) > 1:
        says = "; ".join(f"{_word(names)} at {listed(_saying(said, names))}" for names in dict.fromkeys(said.values()))
        args = {"ip": str(identity.facts.ip), "says": says}
        yield Finding(tag=PTR_SERVERS_DISAGREE, result=Result.POLICY, args=args, evidence=(view.key,))
    elif said:
        yield from _changing(identity, view, ptr, next(iter(said.values())))


def _changing(identity: Identity, view: AuthoritativeView, ptr: Lookup, now: Names) -> Iterator[Finding]:
    # A denial is put to the zone's own servers too, so their exchanges may be part of the lookup.
    cached = Lookup(question=ptr.question, exchanges=tuple(x for x in ptr.exchanges if x not in view.exchanges)).believed
    if cached is None or cached.outcome.is_undetermined or _names(cached) == now:
        return
    args = {"ip": str(identity.facts.ip), "now": _word(now), "cached": _word(_names(cached)), "ttl": str(_kept(cached))}
    yield Finding(tag=PTR_CHANGING, result=Result.POLICY, args=args, evidence=(view.key, ptr.key))


def said_by_server(view: AuthoritativeView) -> dict[str, Names]:
    """Return the PTR names at each server that speaks with authority; none of them for a denial."""
    return {x.server: _names(x) for x in view.exchanges if x.authoritative and not x.outcome.is_undetermined}


def _names(exchange: Exchange) -> Names:
    return (
        frozenset(canonical(record.data) for record in exchange.records)
        if exchange.outcome is Outcome.ANSWER
        else frozenset()
    )


def _saying(said: dict[str, Names], names: Names) -> list[str]:
    return [server for server, each in said.items() if each == names]


def _word(names: Names) -> str:
    return listed(sorted(names)) if names else "no PTR"


def _kept(cached: Exchange) -> int:
    """How long a cache may still hold this, in seconds (RFC 2308 §5: a denial for the lesser of SOA TTL and minimum)."""
    if cached.outcome is Outcome.ANSWER:
        return max((record.ttl for record in cached.records), default=0)
    if cached.soa is None:
        return 0
    minimum = cached.soa.data.split()[-1]
    return min(cached.soa.ttl, int(minimum)) if minimum.isdigit() else cached.soa.ttl


CHECK = Check(
    id="authority",
    title="The servers of the reverse zone agree, and the caches have caught up",
    cites=("RFC 1034 §4.3.5", "RFC 2308 §5"),
    tags=(PTR_CHANGING, PTR_SERVERS_DISAGREE),
    run=authority,
)
