"""Resolvers that say different things to the same question: one answers what another denies.

An answer beats a denial (`truehelo.facts.dns.Lookup`), and this says that it had to. Two answers that differ are no
disagreement here: round robin and split horizon are common. What the zone's own servers say is for `authority`.
"""

from collections.abc import Iterator

from truehelo.checks._words import listed
from truehelo.facts.dns import Lookup, Outcome
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity

RESOLVERS_DISAGREE = Tag(
    name="RESOLVERS_DISAGREE",
    severity=Severity.NOTE,
    message="{question} is answered by {answering} and denied by {denying}",
    cites=("RFC 2308 §5",),
)


def resolvers(identity: Identity) -> Iterator[Finding]:
    """Name every question on which servers disagreed."""
    for lookup in identity.facts.lookups:
        if lookup.disagree:
            yield Finding(tag=RESOLVERS_DISAGREE, result=Result.POLICY, args=_args(lookup), evidence=(lookup.key,))


def _args(lookup: Lookup) -> dict[str, str]:
    answering = dict.fromkeys(each.server for each in lookup.exchanges if each.outcome is Outcome.ANSWER)
    denying = dict.fromkeys(each.server for each in lookup.exchanges if each.outcome.is_denial)
    only_denying = [server for server in denying if server not in answering]
    return {"question": str(lookup.question), "answering": listed(answering), "denying": listed(only_denying)}


CHECK = Check(
    id="resolvers",
    title="All resolvers see the same records",
    cites=("RFC 2308 §5",),
    tags=(RESOLVERS_DISAGREE,),
    run=resolvers,
)
