"""The name in the greeting leads back to the address by its A or AAAA record (RFC 5321 §2.3.5, §4.2).

Does not hold it against the PTR names (`greeting`). A literal counts as leading to the address that it is.
"""

from collections.abc import Iterator

from truehelo.checks._words import forward_args
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Forward, Identity, StatedBy

GREETING_FORWARD_CONFIRMED = Tag(
    name="GREETING_FORWARD_CONFIRMED",
    severity=Severity.OK,
    message="the greeting name {name} leads to {ip}",
    cites=("RFC 5321 §2.3.5",),
)
GREETING_FORWARD_MISSING = Tag(
    name="GREETING_FORWARD_MISSING",
    severity=Severity.WARNING,
    message="the greeting name {name} has no {rdtype} record ({outcome})",
    cites=("RFC 5321 §2.3.5",),
)
GREETING_FORWARD_ELSEWHERE = Tag(
    name="GREETING_FORWARD_ELSEWHERE",
    severity=Severity.WARNING,
    message="the greeting name {name} leads to {where}, not to {ip}",
    cites=("RFC 5321 §2.3.5",),
)
GREETING_FORWARD_UNKNOWN = Tag(
    name="GREETING_FORWARD_UNKNOWN",
    severity=Severity.NOTE,
    message="whether the greeting name {name} leads to {ip} could not be determined ({outcome})",
    cites=("RFC 5321 §2.3.5",),
    undetermined=True,
)
_TAGS = {
    Forward.CONFIRMED: (GREETING_FORWARD_CONFIRMED, Result.PASS),
    Forward.MISSING: (GREETING_FORWARD_MISSING, Result.FAIL),
    Forward.ELSEWHERE: (GREETING_FORWARD_ELSEWHERE, Result.FAIL),
    Forward.UNKNOWN: (GREETING_FORWARD_UNKNOWN, Result.TEMPERROR),
}


def greeting_forward(identity: Identity) -> Iterator[Finding]:
    """Judge each greeting name against the address."""
    for stated in identity.stated_by(StatedBy.GREETING):
        if stated.forward is not None:
            tag, result = _TAGS[stated.forward]
            yield Finding(tag=tag, result=result, args=forward_args(identity, stated), evidence=stated.evidence)


CHECK = Check(
    id="greeting_forward",
    title="The greeting name leads back to the address",
    cites=("RFC 5321 §2.3.5",),
    tags=(GREETING_FORWARD_CONFIRMED, GREETING_FORWARD_MISSING, GREETING_FORWARD_ELSEWHERE, GREETING_FORWARD_UNKNOWN),
    run=greeting_forward,
)
