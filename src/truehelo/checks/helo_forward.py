"""The HELO that the server sends leads back to the address by its A or AAAA record (RFC 5321 §4.1.1.1, §4.1.4).

Filters score this relation. Does not hold the HELO against the PTR names, and says nothing of literals (`helo`).
"""

from collections.abc import Iterator

from truehelo.checks._words import forward_args
from truehelo.facts.address import judgeable
from truehelo.facts.names import NameForm
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Forward, Identity, StatedBy

HELO_FORWARD_CONFIRMED = Tag(
    name="HELO_FORWARD_CONFIRMED",
    severity=Severity.OK,
    message="the HELO {name} leads to {ip}",
    cites=("RFC 5321 §4.1.4",),
)
HELO_FORWARD_MISSING = Tag(
    name="HELO_FORWARD_MISSING",
    severity=Severity.ERROR,
    message="the HELO {name} has no {rdtype} record ({outcome})",
    cites=("RFC 5321 §2.3.5", "RFC 5321 §4.1.1.1"),
)
HELO_FORWARD_ELSEWHERE = Tag(
    name="HELO_FORWARD_ELSEWHERE",
    severity=Severity.WARNING,
    message="the HELO {name} leads to {where}, not to {ip}",
    cites=("RFC 5321 §4.1.4",),
)
HELO_FORWARD_UNKNOWN = Tag(
    name="HELO_FORWARD_UNKNOWN",
    severity=Severity.NOTE,
    message="whether the HELO {name} leads to {ip} could not be determined ({outcome})",
    cites=("RFC 5321 §4.1.4",),
    undetermined=True,
)
_TAGS = {
    Forward.CONFIRMED: (HELO_FORWARD_CONFIRMED, Result.PASS),
    Forward.MISSING: (HELO_FORWARD_MISSING, Result.FAIL),
    Forward.ELSEWHERE: (HELO_FORWARD_ELSEWHERE, Result.FAIL),
    Forward.UNKNOWN: (HELO_FORWARD_UNKNOWN, Result.TEMPERROR),
}


def helo_forward(identity: Identity) -> Iterator[Finding]:
    """Judge the HELO name against the address, unless nobody outside can see the address: nothing was asked then."""
    if not judgeable(identity.facts.ip):
        return
    for stated in identity.stated_by(StatedBy.HELO):
        if stated.forward is not None and stated.form.form is NameForm.FQDN:
            tag, result = _TAGS[stated.forward]
            lookup = identity.facts.forward(stated.text)
            evidence = () if lookup is None else (lookup.key,)
            yield Finding(tag=tag, result=result, args=forward_args(identity, stated), evidence=evidence)


CHECK = Check(
    id="helo_forward",
    title="The HELO that the server sends leads back to the address",
    cites=("RFC 5321 §4.1.1.1", "RFC 5321 §4.1.4"),
    tags=(HELO_FORWARD_CONFIRMED, HELO_FORWARD_MISSING, HELO_FORWARD_ELSEWHERE, HELO_FORWARD_UNKNOWN),
    run=helo_forward,
)
