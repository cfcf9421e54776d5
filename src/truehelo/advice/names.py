"""What is to agree, and the two steps beside the PTR that bring it about: the forward record, and what the server says.

Each step resolves the findings that go away with it, and no others. How the PTR moves is for `reverse`.
"""

from dataclasses import dataclass
from functools import cached_property

from truehelo.advice.choose import organisation
from truehelo.advice.owner import DNS_ZONE, MAIL_SERVER
from truehelo.facts.address import forward_type
from truehelo.facts.names import NameForm, is_fqdn
from truehelo.findings import Aim, Step
from truehelo.identity import Forward, Identity, Stated, StatedBy, addresses

PLACEHOLDER = "NAME"
TTL = 3600

_PREFIX = {StatedBy.GREETING: "GREETING_", StatedBy.EHLO_REPLY: "EHLO_REPLY_", StatedBy.HELO: "HELO_"}
_WHERE = {
    StatedBy.GREETING: "its greeting",
    StatedBy.EHLO_REPLY: "its reply to EHLO",
    StatedBy.HELO: "the HELO that it sends",
}
_MALFORMED = (NameForm.SINGLE_LABEL, NameForm.INVALID)
_FORWARD_WRONG = ("FORWARD_MISSING", "FORWARD_ELSEWHERE")
_SAID_WRONG = ("DIFFERS", "NOT_PTR", "NOT_FQDN", "LITERAL", "LITERAL_WRONG", "INVALID")
IPREV_TAGS = frozenset({"IPREV_MISMATCH", "IPREV_FORWARD_MISSING"})
PTR_TAGS = frozenset(
    "PTR_MISSING PTR_GENERIC PTR_UNEXPECTED PTR_NOT_FQDN PTR_INVALID_NAME PTR_PARTLY_CONFIRMED PTR_TOO_MANY PTR_MULTIPLE "
    "PTR_SERVERS_DISAGREE PTR_CHANGING".split()
)


@dataclass(frozen=True, kw_only=True)
class Move:
    """What is to agree: all names of this identity on `name` (None: the reader has to choose one). `tags` were found."""

    identity: Identity
    name: str | None
    tags: frozenset[str]

    @property
    def shown(self) -> str:
        """The name, or the word that stands for the one to be chosen."""
        return self.name or PLACEHOLDER

    @property
    def rdtype(self) -> str:
        """A or AAAA."""
        return forward_type(self.identity.facts.ip)

    @cached_property
    def forward(self) -> Forward | None:
        """How the name relates to the address; None while there is no name."""
        return None if self.name is None else self.identity.forward_of(self.name)

    @property
    def forward_right(self) -> bool:
        """The name leads to the address already."""
        return self.forward is Forward.CONFIRMED

    @property
    def ptr_right(self) -> bool:
        """The name is a PTR name already."""
        return self.name is not None and self.name in self.identity.ptr_names

    @cached_property
    def surplus(self) -> list[str]:
        """PTR names beside the right one that do harm: unconfirmed, generic or malformed ones, or too many."""
        others = [name for name in self.identity.ptr_names if name != self.name]
        if "PTR_TOO_MANY" in self.tags:
            return others
        forwards, generic = self.identity.forwards, self.identity.generic
        astray = (Forward.ELSEWHERE, Forward.MISSING)
        return [name for name in others if name in generic or not is_fqdn(name) or forwards.get(name) in astray]

    @cached_property
    def wrong_stated(self) -> list[Stated]:
        """The stated names that must change: malformed ones, and those that are neither right nor a confirmed PTR name."""
        return [
            stated
            for stated in self.identity.stated
            # The right name said in Unicode letters compares as equal, and is malformed all the same.
            if stated.form.form in _MALFORMED or not (stated.text == self.name or self._stays(stated))
        ]

    def _stays(self, stated: Stated) -> bool:
        """It is another confirmed PTR name, and the PTR stays as it is but for what does harm."""
        return self.ptr_right and stated.in_confirmed and stated.text not in self.surplus

    def found(self, by: StatedBy, *kinds: str) -> set[str]:
        """Return the tags about names stated there, of these kinds ("DIFFERS"), that were found."""
        return {_PREFIX[by] + kind for kind in kinds} & self.tags

    @cached_property
    def ptr_resolves(self) -> frozenset[str]:
        """What goes away when the PTR is as it should be."""
        if self.ptr_right:
            one_is_left = len(self.surplus) == len(self.identity.ptr_names) - 1
            return self.tags & (PTR_TAGS - {"PTR_MISSING", "PTR_UNEXPECTED"} - (set() if one_is_left else {"PTR_MULTIPLE"}))
        resolved = set(self.tags & (PTR_TAGS | IPREV_TAGS))
        for stated in self.identity.stated:
            if stated.text == self.name:
                resolved |= self.found(stated.by, "DIFFERS", "NOT_PTR") - {"EHLO_REPLY_DIFFERS"}
        return frozenset(resolved)


def forward_step(move: Move) -> Step | None:
    """The owner of the name's zone publishes the address record."""
    ip, name = move.identity.facts.ip, move.shown
    if move.forward_right or move.forward is Forward.UNKNOWN:
        return None
    resolved: set[str] = set(move.tags & IPREV_TAGS) if move.ptr_right else set()
    for stated in move.identity.stated:
        if stated.text == move.name:
            resolved |= move.found(stated.by, *_FORWARD_WRONG)
    return Step(
        step=0,
        owner=DNS_ZONE,
        who=f"the owner of the zone that holds {name}" if move.name else "you, in a DNS zone of your own",
        what=_publish(move),
        records=(f"{name}. {TTL} IN {move.rdtype} {ip}",),
        verify=f"truehelo wait {name} --for {move.rdtype}={ip}",
        # By itself a new name's record mends nothing: it goes before the PTR, and with it.
        resolves=sorted_tags(resolved or move.ptr_resolves),
    )


def _publish(move: Move) -> str:
    ip, name = move.identity.facts.ip, move.shown
    if move.name is None:
        domain = organisation(move.identity)
        example = f", such as mail.{domain}" if domain else ""
        known = "" if move.identity.facts.helo is not None else ", or take the HELO that it sends if that is one,"
        return f"Choose a name of your own for this server (below: {PLACEHOLDER}{example}){known} and publish its address"
    lookup = move.identity.facts.forward(move.name)
    if lookup is not None and lookup.chain:
        # Beside a CNAME there may be no other record (RFC 1034 §3.6.2).
        return f"Replace the alias {name} (CNAME of {lookup.owner}) by an address record of its own"
    if move.forward is Forward.ELSEWHERE:
        held = ", ".join(str(found) for found in addresses(lookup)[:3])
        return (
            f"Let {name} lead to {ip}: in place of {held} if the server has moved, beside it if both are this server; "
            "if that is another machine, give this one a name of its own instead"
        )
    return f"Publish the address of {name}, which has no {move.rdtype} record"


def mail_server_step(move: Move, wrong: list[Stated]) -> Step | None:
    """The operator of the mail server changes what it says of itself; `wrong` are the stated names that must change."""
    if not wrong:
        return None
    ip, helo = move.identity.facts.ip, move.identity.facts.helo
    said = " and ".join(dict.fromkeys(_WHERE[stated.by] for stated in wrong))
    unseen = (
        "" if helo is not None else f"; the HELO that it sends is often another setting, and should be {move.shown} too"
    )
    declared = f" --helo {move.shown}" if helo is not None else ""
    resolved: set[str] = set()
    for stated in wrong:
        resolved |= move.found(stated.by, *_SAID_WRONG)
        resolved |= move.found(stated.by, *_FORWARD_WRONG)
        if stated.by is not StatedBy.HELO:
            resolved |= {"EHLO_REPLY_DIFFERS"} & move.tags
    return Step(
        step=0,
        owner=MAIL_SERVER,
        who=f"the operator of the mail server at {ip}",
        what=f"Make the mail server call itself {_called(move)} in {said}{unseen}",
        verify=f"truehelo check {ip}={move.shown}{declared}",
        leave=_leave_beside_server(move),
        resolves=sorted_tags(resolved or move.ptr_resolves),
        aim=Aim(kind="says", ips=(str(ip),), name=move.name, where=frozenset(str(stated.by) for stated in wrong)),
    )


def _called(move: Move) -> str:
    ptr = move.identity.facts.ptr
    if move.name is None and (ptr is None or ptr.outcome.is_undetermined):
        return f"by its PTR name (here: {PLACEHOLDER}), once that can be seen,"
    return move.shown


def malformed(identity: Identity) -> list[Stated]:
    """Return the stated names that are wrong whatever the DNS says."""
    return [stated for stated in identity.stated if stated.form.form in _MALFORMED]


def _leave_beside_server(move: Move) -> str:
    if move.ptr_right and move.forward_right:
        ip = move.identity.facts.ip
        return f"Leave the PTR of {ip} and the {move.rdtype} record of {move.name} as they are: they agree."
    return ""


def sorted_tags(tags: set[str] | frozenset[str]) -> tuple[str, ...]:
    """Return tags in the order in which a step lists them."""
    return tuple(sorted(tags))
