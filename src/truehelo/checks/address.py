"""The address itself: can anybody outside see it, and so judge it (RFC 6890)?

Documentation ranges are judged like public ones. Nothing else is found about an address that is not public.
"""

from collections.abc import Iterator

from truehelo.facts.address import Scope, judgeable, scope
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity

ADDRESS_NOT_PUBLIC = Tag(
    name="ADDRESS_NOT_PUBLIC",
    severity=Severity.NOTE,
    message="{ip} is {scope}, so nobody outside can judge it: {seen}",
    cites=("RFC 6890 §2.2.2",),
    undetermined=True,
)
_BEHIND = "receivers see the public address that the server's connections leave from"
_SEEN = {
    Scope.PRIVATE: _BEHIND,
    Scope.LINK_LOCAL: _BEHIND,
    Scope.LOOPBACK: "it never leaves its own machine",
    Scope.CGNAT: "receivers see an address of the carrier, shared with others, whose PTR is the carrier's",
    Scope.NAT64: "it stands for an IPv4 address inside one network, and receivers see that network's IPv4 address",
    Scope.RESERVED: "it is reserved and sends nothing on the Internet",
}


def address(identity: Identity) -> Iterator[Finding]:
    """Say of an address that is not public that it cannot be judged."""
    ip = identity.facts.ip
    if not judgeable(ip):
        args = {"ip": str(ip), "scope": scope(ip), "seen": _SEEN.get(scope(ip), _BEHIND)}
        yield Finding(tag=ADDRESS_NOT_PUBLIC, result=Result.NONE, args=args)


CHECK = Check(
    id="address",
    title="The address is one that receivers can see",
    cites=("RFC 6890 §2.2.2",),
    tags=(ADDRESS_NOT_PUBLIC,),
    run=address,
)
