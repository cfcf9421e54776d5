"""Blocklists and allowlists (RFC 5782): who lists the address, as what, and which of those asked could not say.

Only what was asked is judged (`--dnsbl`). What a code means and weighs is the catalogue's (`truehelo.blocklists`). No
listing has a part in the verdict: that is about names.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from truehelo.checks._words import listed
from truehelo.findings import Check, Finding, Result, Severity, Tag
from truehelo.identity import Identity

if TYPE_CHECKING:
    from truehelo.blocklists import Listing  # the catalogue is imported where a list was asked

DNSBL_LISTED = Tag(
    name="DNSBL_LISTED",
    severity=Severity.ERROR,
    message="{what} is on {list} ({codes}): {means}{said}",
    cites=("RFC 5782 §2.1", "RFC 5782 §2.4"),
)
DNSBL_INFORMATIONAL = Tag(
    name="DNSBL_INFORMATIONAL",
    severity=Severity.NOTE,
    message="{list} says of {what} ({codes}), for information: {means}{said}",
    cites=("RFC 5782 §2.1",),
)
DNSBL_UNKNOWN = Tag(
    name="DNSBL_UNKNOWN",
    severity=Severity.NOTE,
    message="whether {ip} is on {lists} could not be determined: {reason}",
    cites=("RFC 5782 §5",),
    undetermined=True,
)
DNSWL_LISTED = Tag(
    name="DNSWL_LISTED",
    severity=Severity.OK,
    message="{list} speaks for {what} ({codes}): {means}",
    cites=("RFC 5782 §2.1",),
)
DNSBL_CLEAN = Tag(
    name="DNSBL_CLEAN",
    severity=Severity.OK,
    message="{ip} is on none of the {count} blocklists that could say: {lists}",
    cites=("RFC 5782 §2.1", "RFC 5782 §5"),
)


def blocklists(identity: Identity) -> Iterator[Finding]:
    """Judge what each list said; those that could not say for the same reason are one finding."""
    found = listings(identity)
    if not found:
        return
    from truehelo.blocklists import State

    for each in found:
        if each.state is State.LISTED:
            yield _listing(identity, each)
    yield from _unknown(identity, [each for each in found if each.state is State.UNKNOWN])
    yield from _clean(identity, found)


def listings(identity: Identity) -> "tuple[Listing, ...]":
    """Return what each list that was asked says, in the order in which they were asked."""
    if not identity.facts.blocklists:
        return ()
    from truehelo.blocklists import catalogue, listing

    facts, known = identity.facts, catalogue()
    return tuple(listing(look, known.get(look.list), facts.ip) for look in facts.blocklists)


def _listing(identity: Identity, found: "Listing") -> Finding:
    from truehelo.blocklists import Weight

    ip = str(identity.facts.ip)
    args = {
        "ip": ip,
        "what": f"{ip} (with all of {found.group})" if found.group else ip,
        "id": found.list,
        "list": found.name,
        "zone": found.zone,
        "codes": ", ".join(found.codes) or "TXT",
        "means": "; ".join(found.meanings),
        "said": f'; it says "{found.text}"' if found.text else "",
        "page": found.page,
        "delist": found.delist,
    }
    if found.severity in (Weight.ERROR, Weight.WARNING):
        severity = Severity(found.severity)
        return Finding(
            tag=DNSBL_LISTED, result=Result.POLICY, args=args, evidence=found.evidence, severity_override=severity
        )
    tag = DNSWL_LISTED if found.severity is Weight.OK else DNSBL_INFORMATIONAL
    return Finding(tag=tag, result=Result.POLICY, args=args, evidence=found.evidence)


def _unknown(identity: Identity, found: "list[Listing]") -> Iterator[Finding]:
    reasons: dict[str, list[Listing]] = {}
    for each in found:
        reasons.setdefault(each.reason, []).append(each)
    for reason, lists in reasons.items():
        args = {"ip": str(identity.facts.ip), "lists": listed(each.name for each in lists), "reason": reason}
        evidence = tuple(dict.fromkeys(key for each in lists for key in each.evidence))
        yield Finding(tag=DNSBL_UNKNOWN, result=Result.TEMPERROR, args=args, evidence=evidence)


def _clean(identity: Identity, found: "tuple[Listing, ...]") -> Iterator[Finding]:
    """Good news only where no list says anything for the worse; allowlists that do not know an address say nothing."""
    from truehelo.blocklists import Purpose, State, Weight

    blocking = [each for each in found if each.purpose is not Purpose.ALLOW]
    clean = [each for each in blocking if each.state is State.CLEAN]
    worse = any(each.state is State.LISTED and each.severity in (Weight.ERROR, Weight.WARNING) for each in found)
    if clean and not worse:
        args = {
            "ip": str(identity.facts.ip),
            "count": str(len(clean)),
            "lists": listed(each.name for each in clean),
        }
        evidence = tuple(key for each in clean for key in each.evidence)
        yield Finding(tag=DNSBL_CLEAN, result=Result.PASS, args=args, evidence=evidence)


CHECK = Check(
    id="blocklists",
    title="The address is on no blocklist",
    cites=("RFC 5782 §2.1", "RFC 5782 §2.4", "RFC 5782 §5"),
    tags=(DNSBL_LISTED, DNSBL_INFORMATIONAL, DNSBL_UNKNOWN, DNSWL_LISTED, DNSBL_CLEAN),
    run=blocklists,
)
