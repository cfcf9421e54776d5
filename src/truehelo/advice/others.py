"""Steps that are not about agreeing names: what could not be seen, the other family, a port that speaks no SMTP."""

from truehelo.advice.choose import right_name
from truehelo.advice.names import TTL, sorted_tags
from truehelo.advice.owner import ASKER, DNS_ZONE, MAIL_SERVER, REVERSE_ZONE
from truehelo.advice.reverse import ask_again, fails
from truehelo.facts.address import forward_type
from truehelo.findings import Aim, Finding, Step
from truehelo.identity import Identity, addresses

_UNSEEN = frozenset({"GREETING_MASKED", "GREETING_NO_NAME", "GREETING_REFUSED", "GREETING_UNREACHABLE"})
_UNKNOWN = frozenset({"IPREV_UNKNOWN", "GREETING_FORWARD_UNKNOWN", "EHLO_REPLY_FORWARD_UNKNOWN", "HELO_FORWARD_UNKNOWN"})


def egress_step(identity: Identity) -> Step:
    """Nobody outside can see this address: find the one that receivers see."""
    return Step(
        step=0,
        owner=ASKER,
        who="you",
        what=f"Find the address that receivers see when this server sends, and check that one; {identity.facts.ip} is "
        "known inside only",
        verify="truehelo check ADDRESS --helo NAME",
        leave="Nothing to change yet.",
        resolves=("ADDRESS_NOT_PUBLIC",),
    )


def unanswered_step(identity: Identity, names: list[str], tags: frozenset[str]) -> Step:
    """The address records of names that matter could not be looked up: see why before anything is changed."""
    listed = ", ".join(names)
    rdtype = forward_type(identity.facts.ip)
    lookups = [identity.facts.forward(name) for name in names]
    if not any(lookup is not None and fails(lookup) for lookup in lookups):
        return ask_again(identity, f"the {rdtype} record of {listed}", _UNKNOWN & tags)
    several = len(names) > 1
    return Step(
        step=0,
        owner=DNS_ZONE,
        who=f"the owner of the zone that holds {listed}",
        what=f"See why the {rdtype} record{'s' if several else ''} of {listed} could not be looked up, and check again",
        ask=f"The name servers for {listed} do not answer for {'their' if several else 'its'} {rdtype} "
        f"record{'s' if several else ''}. Please look at the delegation and at each server.",
        verify=f"truehelo check {identity.facts.ip} -v",
        leave="Leave the records as they are until then: nothing is known to be wrong with them.",
        resolves=sorted_tags(_UNKNOWN & tags),
    )


def family_step(identity: Identity, failing: list[Finding]) -> Step:
    """The holder of the other family's addresses sets their PTR to the name that this server has, or is to have."""
    name = right_name(identity)
    found = {finding.args["sibling"]: finding.args["name"] for finding in failing}
    stays = name in identity.ptr_names
    if name is None or (stays and name not in found.values()):
        name = next(iter(found.values()))
    owners = {str(sibling.ip): sibling.ptr.owner for sibling in identity.facts.siblings}
    rdtype = "AAAA" if identity.facts.ip.version == 4 else "A"
    lookup = identity.facts.lookup(name, rdtype)
    # Beside a CNAME there may be no other record (RFC 1034 §3.6.2): the record stands where the alias leads.
    holder = name if lookup is None else lookup.owner
    led = {str(ip) for ip in addresses(lookup)}
    forward = [f"{holder}. {TTL} IN {rdtype} {ip}" for ip in found if ip not in led]
    listed = ", ".join(found)
    first = f" (after its {rdtype} record)" if forward else ""
    return Step(
        step=0,
        owner=REVERSE_ZONE,
        who=f"the holder of {listed}",
        what=f"Set the PTR of {listed} to {name} too{first}, or keep the server from sending over that family",
        records=(*forward, *(f"{owners[ip]}. {TTL} IN PTR {name}." for ip in found)),
        ask=f"Please set the reverse DNS (PTR record) of {listed} to {name}.",
        verify=f"truehelo check host:{name}",
        leave=f"Leave the PTR of {identity.facts.ip}: it is right." if stays else "",
        resolves=("FAMILY_ASYMMETRY",),
        aim=Aim(kind="ptr", ips=tuple(found), name=name),
    )


def not_smtp_step(identity: Identity, alien: Finding) -> Step:
    """Something else than a mail server answers."""
    ip, ports = identity.facts.ip, alien.args["ports"]
    return Step(
        step=0,
        owner=MAIL_SERVER,
        who=f"the operator of the mail server at {ip}",
        what=f"See what listens on port {ports} of {ip}: it does not speak SMTP. Let the mail server have that port, or "
        "check the address that mail really leaves from",
        verify=f"truehelo check {ip}",
        resolves=("NOT_SMTP",),
    )


def unseen_step(identity: Identity, tags: frozenset[str]) -> Step:
    """No name that the server states is known: have it declared."""
    return Step(
        step=0,
        owner=ASKER,
        who="you",
        what="Declare the HELO that the server sends, or ask from another network: no name that it states could be seen "
        "from here",
        verify=f"truehelo check {identity.facts.ip} --helo NAME",
        resolves=sorted_tags(_UNSEEN & tags),
    )
