"""The same server's other family: a name that confirms this address has an address of the other family that fails.

Mail leaves over IPv6 whenever both sides have it, so a server that is right over IPv4 alone is refused now and then.
RFC 8601 §3 is applied to the sibling. Does not judge the sibling's stated names: it is a subject of its own for that.
"""

from collections.abc import Iterator

from truehelo.checks._words import listed
from truehelo.facts.address import forward_type
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.names import canonical
from truehelo.facts.subject import Sibling, SubjectFacts
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import JUDGED_NAMES, Identity, addresses

FAMILY_ASYMMETRY = Tag(
    name="FAMILY_ASYMMETRY",
    severity=Severity.WARNING,
    message="{ip} is confirmed, but {sibling}, another address of {name}, is not: {how}",
    cites=("RFC 8601 §3", "RFC 1912 §2.1"),
)


def family(identity: Identity) -> Iterator[Finding]:
    """Hold the siblings of a confirmed address to the same rule."""
    if identity.iprev is not Result.PASS:
        return
    for sibling in identity.facts.siblings:
        forwards = _forwards(identity.facts, sibling)
        how = _failing(sibling, forwards)
        if how is not None:
            args = {"ip": str(identity.facts.ip), "sibling": str(sibling.ip), "name": sibling.name, "how": how}
            evidence = (sibling.ptr.key, *(lookup.key for lookup in forwards if lookup is not None))
            yield Finding(tag=FAMILY_ASYMMETRY, result=Result.FAIL, args=args, evidence=evidence)


def _names(sibling: Sibling) -> list[str]:
    return list(dict.fromkeys(canonical(record.data) for record in sibling.ptr.records))[:JUDGED_NAMES]


def _forwards(facts: SubjectFacts, sibling: Sibling) -> list[Lookup | None]:
    return [facts.lookup(name, forward_type(sibling.ip)) for name in _names(sibling)]


def _failing(sibling: Sibling, forwards: list[Lookup | None]) -> str | None:
    """Return how the sibling fails, None when it passes or when that is not known."""
    if sibling.ptr.outcome.is_denial:
        return f"it has no PTR record ({sibling.ptr.outcome})"
    if sibling.ptr.outcome is not Outcome.ANSWER:
        return None
    if any(lookup is None or lookup.outcome.is_undetermined or sibling.ip in addresses(lookup) for lookup in forwards):
        return None
    return f"its PTR name does not lead back to it ({listed(_names(sibling))})"


CHECK = Check(
    id="family",
    title="The server's other address family passes too",
    cites=("RFC 8601 §3",),
    tags=(FAMILY_ASYMMETRY,),
    run=family,
)
