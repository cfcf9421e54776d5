"""The steps at the holder of the reverse zone: set the PTR, tidy several of them up, wait, have the servers answer.

RFC 2317 delegations move the record to another owner name. What the zone's own servers say already is not asked for again.
"""

from truehelo.advice.names import TTL, Move, sorted_tags
from truehelo.advice.owner import ASKER, REVERSE_ZONE, classless, reverse_owner
from truehelo.checks.authority import said_by_server
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.text import visible
from truehelo.findings import Aim, Step
from truehelo.identity import Forward, Identity

_MIN_TTL = 300
_UNTIL = (
    "Leave the full names that the server states, and their records, as they are until then: which must change is open."
)


def ptr_step(move: Move) -> Step | None:
    """The holder of the reverse zone sets the PTR, or need not do so any more."""
    identity, name = move.identity, move.shown
    ptr = identity.facts.ptr
    if ptr is None or ptr.outcome.is_undetermined or (move.ptr_right and not move.surplus):
        return None
    said = set(_said(identity).values())
    if said == {frozenset({name})}:
        return _wait_step(move)
    owner = reverse_owner(identity)
    ttl = ptr.records[0].ttl if ptr.outcome is Outcome.ANSWER and ptr.records else TTL
    return Step(
        step=0,
        owner=REVERSE_ZONE,
        who=owner.who,
        what=_set(move, owner.record_owner),
        records=(f"{owner.record_owner}. {max(ttl, _MIN_TTL)} IN PTR {name}.",),
        ask=_ask(move),
        verify=f"truehelo wait {identity.facts.ip} --for PTR={name}",
        leave=_leave_beside_ptr(move),
        resolves=sorted_tags(move.ptr_resolves),
        aim=Aim(kind="ptr", ips=(str(identity.facts.ip),), name=move.name),
    )


def _set(move: Move, record_owner: str) -> str:
    identity, ip, name = move.identity, move.identity.facts.ip, move.shown
    if move.ptr_right:
        what = f"Keep {name} as the only PTR name of {ip}; remove {_listed(move.surplus)}"
    elif identity.ptr_names:
        what = f"Set the PTR of {ip} to {name} instead of {_listed(list(identity.ptr_names))}"
    else:
        what = f"Set the PTR of {ip} to {name}"
    if "PTR_SERVERS_DISAGREE" in move.tags:
        what += ", on every name server of the reverse zone: they disagree now"
    if classless(identity):
        what += f" (the reverse name is delegated by CNAME, RFC 2317: the record stands at {record_owner})"
    return what


def _ask(move: Move) -> str:
    ip, name = move.identity.facts.ip, move.shown
    if move.ptr_right:
        ask = f"Please keep {name} as the only PTR record of {ip}, and remove {_listed(move.surplus)}."
    else:
        ask = f"Please set the reverse DNS (PTR record) of {ip} to {name}."
    if move.forward_right:
        ask += f" Its forward record is in place: {name} has {move.rdtype} {ip}."
    if "PTR_SERVERS_DISAGREE" in move.tags:
        ask += " The name servers of the reverse zone do not say the same now."
    return ask


def _wait_step(move: Move) -> Step:
    ip, name = move.identity.facts.ip, move.shown
    return Step(
        step=0,
        owner=ASKER,
        who="you",
        what=f"Wait: every name server of the reverse zone already says {name}, and resolvers still keep what was there",
        verify=f"truehelo wait {ip} --for PTR={name}",
        leave=f"Leave the PTR of {ip} as it is now in its zone: it is right.",
        resolves=sorted_tags(move.ptr_resolves),
    )


def _leave_beside_ptr(move: Move) -> str:
    right = []
    if move.forward_right:
        right.append(f"the {move.rdtype} record of {move.name}")
    # A name that leads to another machine may have to be given up.
    if move.identity.stated and not move.wrong_stated and move.forward is not Forward.ELSEWHERE:
        right.append("the names that the mail server states")
    if not right:
        return ""
    one = len(right) == 1 and move.forward_right
    return f"Leave {' and '.join(right)} as {'it is: it is' if one else 'they are: they are'} right."


def servers_step(identity: Identity, tags: frozenset[str]) -> Step:
    """The holder of the reverse zone has its name servers answer, all alike; or this machine cannot ask."""
    owner, ip = reverse_owner(identity), identity.facts.ip
    if "PTR_UNKNOWN" in tags and not _zone_fails(identity):
        return ask_again(identity, f"the PTR of {ip}", tags & {"PTR_UNKNOWN"})
    unheard = "PTR_UNKNOWN" in tags
    return Step(
        step=0,
        owner=REVERSE_ZONE,
        who=owner.who,
        what="Have the name servers of the reverse zone answer; until then receivers defer mail or see no name"
        if unheard
        else "Have all name servers of the reverse zone say the same; until then receivers see the one or the other",
        ask=f"The name servers for {owner.apex or owner.record_owner} do not {'answer' if unheard else 'say the same'} for "
        f"the PTR of {ip}. Please look at the delegation and at each server.",
        verify=f"truehelo check {ip} -v",
        leave=_UNTIL if unheard else "",
        resolves=sorted_tags({"PTR_UNKNOWN", "PTR_SERVERS_DISAGREE"} & tags),
    )


def ask_again(identity: Identity, what: str, resolves: frozenset[str]) -> Step:
    """A refusal or silence of the resolvers says nothing about a zone: look at this machine first."""
    return Step(
        step=0,
        owner=ASKER,
        who="you",
        what=f"Ask again for {what}, from another network or through another resolver (--resolver): those asked were "
        "silent or refused, which says nothing about the server",
        commands=("truehelo doctor",),
        verify=f"truehelo check {identity.facts.ip} -v",
        leave=_UNTIL,
        resolves=sorted_tags(resolves),
    )


def _zone_fails(identity: Identity) -> bool:
    """The fault is seen to lie with the zone: a resolver that was reached fails on it, or its own servers do not answer."""
    ptr, view = identity.facts.ptr, identity.facts.reverse_zone
    if ptr is not None and fails(ptr):
        return True
    return view is not None and bool(view.exchanges) and all(x.outcome.is_undetermined for x in view.exchanges)


def fails(lookup: Lookup) -> bool:
    """Some server was reached and could not get, or give, a readable answer."""
    return any(exchange.outcome in (Outcome.SERVFAIL, Outcome.MALFORMED) for exchange in lookup.exchanges)


def _said(identity: Identity) -> dict[str, frozenset[str]]:
    view = identity.facts.reverse_zone
    return {} if view is None else said_by_server(view)


def _listed(names: list[str], most: int = 3) -> str:
    shown = ", ".join(visible(name, 100) for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
