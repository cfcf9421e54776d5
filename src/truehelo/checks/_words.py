"""What several checks say alike: lists of names, ports and addresses in a sentence. No check, and judges nothing."""

from collections.abc import Iterable

from truehelo.facts.address import forward_type
from truehelo.facts.dns import Lookup
from truehelo.identity import Identity, Stated, addresses

MANY = 5


def listed(items: Iterable[str]) -> str:
    """Return items with commas between them; of a long list the first few and how many more there are."""
    all_items = list(items)
    shown = ", ".join(all_items[:MANY])
    return shown if len(all_items) <= MANY else f"{shown} and {len(all_items) - MANY} more"


def forward_args(identity: Identity, stated: Stated) -> dict[str, str]:
    """Return what a sentence about a stated name's forward record needs: name, ip, rdtype, where it leads, outcome."""
    lookup = identity.facts.forward(stated.text)
    literal = stated.form.address
    where = [str(literal)] if literal is not None else [str(ip) for ip in addresses(lookup)]
    return {
        "name": stated.text,
        "ip": str(identity.facts.ip),
        "rdtype": forward_type(identity.facts.ip),
        "where": listed(where),
        "outcome": outcome_word(lookup),
    }


def outcome_word(lookup: Lookup | None) -> str:
    """Return what came of a lookup, in one word."""
    return "not asked" if lookup is None else str(lookup.outcome)
