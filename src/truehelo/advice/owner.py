"""Who can make a change: the holder of the reverse zone, the owner of a DNS zone, or the operator of the mail server.

The holder of the reverse zone is read off the zone cut and its SOA (RFC 1035 §3.3.13), RFC 2317 delegations included, and
off the registry when it was asked. A PTR never belongs to the registrar of a domain. How that holder's panel or API is
worked is for the guides, which are chosen by `provider`.
"""

from dataclasses import dataclass

from truehelo.facts.address import reverse_name
from truehelo.facts.holder import HolderOutcome
from truehelo.facts.text import visible
from truehelo.identity import Identity

REVERSE_ZONE = "reverse zone"
DNS_ZONE = "dns zone"
MAIL_SERVER = "mail server"
ASKER = "you"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReverseOwner:
    """Who holds the PTR of an address: `who` for people, `record_owner` the name at which the PTR stands.

    `provider` is the id of the provider whose default the present PTR is, where that is known; `contact` is the SOA's
    mailbox.
    """

    who: str
    record_owner: str
    apex: str | None
    provider: str | None
    contact: str | None


def reverse_owner(identity: Identity) -> ReverseOwner:
    """Return who can change the PTR of this address, as far as the facts tell."""
    facts = identity.facts
    zone, ptr = facts.reverse_zone, facts.ptr
    apex = zone.apex if zone is not None else None
    if apex is None and ptr is not None and ptr.believed is not None and ptr.believed.soa is not None:
        apex = ptr.believed.soa.owner.removesuffix(".")
    default = next((why for reasons in identity.generic.values() for why in reasons if why.provider is not None), None)
    contact = zone.contact if zone is not None else None
    parts = [f"the holder of {facts.ip}"]
    if facts.holder is not None and facts.holder.outcome is HolderOutcome.FOUND:
        parts.append(visible(facts.holder.organisation or facts.holder.name, 80))
    elif default is not None:
        parts.append(default.detail.removeprefix("provider default of "))
    details = []
    if apex is not None:
        details.append(f"zone {visible(apex, 100)}")
    if zone is not None and zone.servers:
        details.append("served by " + ", ".join(visible(server.name, 80) for server in zone.servers[:2]))
    if contact is not None:
        details.append(f"contact {visible(contact, 80)}")
    who = ", ".join(parts) + (f" ({'; '.join(details)})" if details else "")
    owner = ptr.owner if ptr is not None else reverse_name(facts.ip)
    provider = None if default is None else default.provider
    return ReverseOwner(who=who, record_owner=owner, apex=apex, provider=provider, contact=contact)


def classless(identity: Identity) -> bool:
    """The PTR is reached over a CNAME into another zone (RFC 2317 §4)."""
    ptr = identity.facts.ptr
    return ptr is not None and bool(ptr.chain)
