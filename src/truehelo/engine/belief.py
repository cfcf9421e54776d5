"""The second source: a denial or failure is put to the authoritative servers before anything rests on it.

What is then believed of all that was said is the rule of `facts.dns.Lookup` (docs/adr/0002-belief.md), not repeated here.
"""

from collections.abc import Awaitable

from truehelo.facts.dns import AuthoritativeView, Lookup, Outcome
from truehelo.ports import Resolver


async def confirmed(resolver: Resolver, lookup: Lookup, view: Awaitable[AuthoritativeView] | None = None) -> Lookup:
    """Return `lookup`, with what the authoritative servers say unless it is an answer or two resolvers deny it.

    `view` is a look at those servers for the same question that is under way anyway.
    """
    if lookup.outcome is Outcome.ANSWER:
        return lookup
    if view is None and len({exchange.server for exchange in lookup.exchanges if exchange.outcome.is_denial}) > 1:
        return lookup
    seen = await (resolver.authoritative(lookup.question) if view is None else view)
    return Lookup(question=lookup.question, exchanges=lookup.exchanges + seen.exchanges)
