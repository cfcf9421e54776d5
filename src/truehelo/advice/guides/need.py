"""What a step needs to know how it is done, and the clues to who does it: the door between the plan and the guides."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Protocol

from truehelo.advice.choose import organisation
from truehelo.advice.owner import classless, reverse_owner
from truehelo.facts.address import parse_address
from truehelo.facts.holder import HolderOutcome
from truehelo.facts.names import canonical
from truehelo.findings import Aim, Guidance, Step
from truehelo.generic import classify
from truehelo.identity import Forward, Identity

_MAX_GREETING = 2000
UNKNOWN_MTA = (
    "Which mail server this is cannot be told from its greeting: --mta NAME prints its settings, truehelo guide lists them."
)
UNKNOWN_PROVIDER = "No guide is known for this provider; truehelo guide lists those that there are."


@dataclass(frozen=True, slots=True, kw_only=True)
class Clues:
    """What is known of who takes a step. All but `default` and `delegated` is text from the network.

    `default` is the id (`generic/providers.toml`) of whose default the PTR is. `zone` are names in the SOA and NS records
    of the reverse zone, each with where it stands. `delegated`: the reverse name is an alias into another zone (RFC 2317
    §4). `domain` is the organisation's own. `holder` are the texts of the registration. `greetings` are whole.
    """

    default: str | None = None
    zone: tuple[tuple[str, str], ...] = ()
    delegated: bool = False
    domain: str | None = None
    holder: tuple[str, ...] = ()
    greetings: tuple[str, ...] = ()
    indirect: bool = False
    """The clues are about another address of the same server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a step is to bring about, and the clues. `reverse` and `zone` are the owner name and the apex of the PTR."""

    aim: Aim
    reverse: str | None
    zone: str | None
    forward_right: bool
    helo_known: bool
    clues: Clues


class Guides(Protocol):
    """Whatever knows providers and mail servers."""

    def guidance(self, need: Need) -> tuple[Guidance, ...]:
        """Return how the step is taken, the best guess first; nothing when nothing is known."""
        ...


def guided(identity: Identity, steps: Iterable[Step], guides: Guides) -> tuple[Step, ...]:
    """Return the steps with what the guides know of them. No step is added, none changed otherwise."""
    return tuple(_guided(identity, step, guides) for step in steps)


def _guided(identity: Identity, step: Step, guides: Guides) -> Step:
    if step.aim is None:
        return step
    found = guides.guidance(_need(identity, step, step.aim))
    unknown = UNKNOWN_MTA if step.aim.kind == "says" else UNKNOWN_PROVIDER
    return replace(step, guidance=found, hint="" if found else unknown)


def _need(identity: Identity, step: Step, aim: Aim) -> Need:
    owner, own = reverse_owner(identity), str(identity.facts.ip) in aim.ips
    if own:
        right = aim.name is not None and identity.forward_of(aim.name) is Forward.CONFIRMED
    else:
        right = all(" IN PTR " in record for record in step.records)
    return Need(
        aim=aim,
        reverse=owner.record_owner if own else None,
        zone=owner.apex if own else None,
        forward_right=right,
        helo_known=identity.facts.helo is not None,
        clues=_clues(identity, owner.provider) if own else _sibling_clues(identity, aim),
    )


def _clues(identity: Identity, default: str | None) -> Clues:
    facts = identity.facts
    holder = facts.holder
    found = holder is not None and holder.outcome is HolderOutcome.FOUND
    greetings = ("\n".join(session.greeting.lines)[:_MAX_GREETING] for session in facts.sessions if session.greeting)
    return Clues(
        default=default,
        zone=tuple(_zone_names(identity)),
        delegated=classless(identity),
        domain=organisation(identity),
        holder=(holder.organisation, holder.name, holder.handle) if found and holder is not None else (),
        greetings=tuple(dict.fromkeys(greetings)),
    )


def _zone_names(identity: Identity) -> Iterator[tuple[str, str]]:
    """The names in SOA (MNAME, the host part of RNAME) and NS of the reverse zone, as far as they were seen."""
    facts = identity.facts
    view, ptr = facts.reverse_zone, facts.ptr
    soa = view.soa if view is not None and view.soa is not None else None
    if soa is None and ptr is not None and ptr.believed is not None:
        soa = ptr.believed.soa
    fields = [] if soa is None else soa.data.split()[:2]
    yield from (("SOA", canonical(field)) for field in fields)
    if view is not None:
        yield from (("name servers", canonical(server.name)) for server in view.servers)


def _sibling_clues(identity: Identity, aim: Aim) -> Clues:
    """Another address of the same server: its own default PTR tells most, else what is known of the audited one."""
    for sibling in identity.facts.siblings:
        ip = parse_address(str(sibling.ip))
        if ip is None or str(sibling.ip) not in aim.ips:
            continue
        for record in sibling.ptr.records:
            provider = next((why.provider for why in classify(canonical(record.data), ip) if why.provider), None)
            if provider is not None:
                return Clues(default=provider)
    return replace(_clues(identity, reverse_owner(identity).provider), indirect=True, delegated=False)
