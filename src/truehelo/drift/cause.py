"""What failures have in common: which tag tells the story, what changed, and which addresses fail for one cause.

A provider that resets a range breaks hundreds of addresses, and each of them in several tags; an operator wants to
hear of it once. Does not decide whether something failed (`machine.py`), nor who is told (`routing.py`).
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_network

from truehelo.facts.address import parse_address
from truehelo.facts.dns import Lookup, Outcome
from truehelo.facts.names import canonical
from truehelo.facts.smtp import ehlo_reply_name, greeting_name
from truehelo.facts.subject import SubjectFacts
from truehelo.facts.text import storable
from truehelo.findings import Severity
from truehelo.identity import addresses

GROUP_S = 60.0
"""Failures of one cause within so many seconds are one incident, and told once."""
JOIN_S = 900.0
"""For so long a further address joins the incident of its cause, or a further tag that of its subject."""

_STORY = (
    "PTR_MISSING",
    "IPREV_MISMATCH",
    "IPREV_FORWARD_MISSING",
    "PTR_UNEXPECTED",
    "PTR_GENERIC",
    "NOT_SMTP",
    "HELO_FORWARD_MISSING",
    "HELO_FORWARD_ELSEWHERE",
    "GREETING_NOT_FQDN",
    "GREETING_FORWARD_MISSING",
    "GREETING_FORWARD_ELSEWHERE",
    "GREETING_DIFFERS",
    "EHLO_REPLY_NOT_FQDN",
)
"""Which tag tells the story when several fail at once: the first of these; others follow by severity and name."""

_WHAT = {
    "ptr": ("PTR_",),
    "forward": ("IPREV_", "NAME_SHARED"),
    "stated": ("HELO_FORWARD_", "GREETING_FORWARD_", "EHLO_REPLY_FORWARD_"),
    "greeting": ("GREETING_", "NOT_SMTP"),
    "ehlo_reply": ("EHLO_REPLY_",),
}


def primary(failed: Mapping[str, Severity]) -> str:
    """Return the tag that tells the story of all that failed at once."""
    return min(failed, key=lambda tag: (failed[tag].rank, _STORY.index(tag) if tag in _STORY else len(_STORY), tag))


@lru_cache(maxsize=512)
def locus(tag: str) -> str:
    """Return where a failure lives: "dns", "smtp", "spf", or the blocklist. What fails there at once has one cause."""
    if tag.startswith("DNSBL_"):
        return tag
    if tag.startswith(("SPF_", "HELO_SPF_")):
        return "spf"
    if tag in ("NOT_SMTP", "GREETING_NOT_FQDN", "GREETING_DIFFERS", "EHLO_REPLY_NOT_FQDN"):
        return "smtp"
    return "dns"


def absorbs(held: str, other: str) -> bool:
    """Tell whether an incident at `held` explains a failure at `other` of the same subject.

    A PTR that changed makes the greeting differ from it, and the SPF record of another domain apply; not the other
    way round.
    """
    return held == other or (held == "dns" and other in ("smtp", "spf"))


def what_of(tag: str) -> str:
    """Return which observation shows what changed when `tag` failed, as `observed` names it, or ""."""
    found = [(len(prefix), what) for what, prefixes in _WHAT.items() for prefix in prefixes if tag.startswith(prefix)]
    return max(found)[1] if found else ""


@lru_cache(maxsize=65_536)
def neighbourhood(ip: str) -> str:
    """Return the network whose addresses tend to change together: the /24 of IPv4, the /64 of IPv6."""
    address = parse_address(ip)
    if address is None:
        return ip
    return str(ip_network((address, 24 if address.version == 4 else 64), strict=False))


def cause_key(tag: str, network: str, *, from_the_start: bool) -> str:
    """Return the key of a cause: equal ones are one incident. What was so from the start is one incident for each tag."""
    return f"{tag} from the start" if from_the_start else f"{tag} {network}"


def observed(facts: SubjectFacts, out: Iterable[str]) -> dict[str, str]:
    """Return what was seen, in words that stay the same while it stays so. `out` names the parts that were not seen.

    "ptr" and "forward" are the PTR names and where they lead, "greeting" and "ehlo_reply" what the server calls itself, and
    "stated" is where those names, and a declared HELO, lead.
    """
    missing = frozenset(out)
    seen: dict[str, str] = {}
    ptr = facts.ptr
    if ptr is not None and "ptr" not in missing:
        seen["ptr"] = ", ".join(sorted(facts.ptr_names)) or f"none ({ptr.outcome})"
        if "iprev" not in missing:
            seen["forward"] = "; ".join(
                f"{name} {_leads(facts.forward(name), facts)}" for name in sorted(facts.ptr_names[:10])
            )
    if facts.smtp_asked and "smtp" not in missing:
        names = {
            session.port: name.name or str(name.form)
            for session in facts.sessions
            if session.greeting is not None and (name := greeting_name(session.greeting))
        }
        replies = {session.port: reply for session in facts.sessions if (reply := ehlo_reply_name(session.ehlo))}
        seen["greeting"] = _by_port(names)
        seen["ehlo_reply"] = _by_port(replies)
    if "stated" not in missing:
        seen["stated"] = "; ".join(f"{name} {_leads(facts.forward(name), facts)}" for name in _stated(facts))
    # As it is kept: what is kept is held against it.
    return {what: storable(value[:1000]) for what, value in seen.items() if value}


def _stated(facts: SubjectFacts) -> list[str]:
    """The names that were stated and looked up."""
    names: set[str] = {facts.helo} if facts.helo is not None else set()
    for session in facts.sessions:
        greeting = greeting_name(session.greeting) if session.greeting is not None else None
        names |= {each for each in (greeting and greeting.name, ehlo_reply_name(session.ehlo)) if each}
    return sorted({canonical(name) for name in names if facts.forward(name) is not None})[:10]


def _leads(lookup: Lookup | None, facts: SubjectFacts) -> str:
    if lookup is None:
        return "was not looked up"
    if lookup.outcome is not Outcome.ANSWER:
        return f"has no address ({lookup.outcome})"
    found = addresses(lookup)
    if facts.ip in found:
        return "leads back"
    # Of many addresses a server may show some at a time: which ones is not what matters here.
    shown = sorted(str(ip) for ip in found)
    return f"leads to {', '.join(shown)}" if len(shown) <= 3 else f"leads to {len(shown)} other addresses"


def _by_port(values: Mapping[int, str]) -> str:
    different = sorted(set(values.values()))
    if len(different) == 1:
        return different[0]
    return "; ".join(f"{value} on port {port}" for port, value in sorted(values.items()))


def longest_cached(lookups: Iterable[Lookup]) -> int:
    """Return for how many seconds at most the records of these lookups may stand in caches; 0 when there are none."""
    ttls = [record.ttl for lookup in lookups for record in (*lookup.records, *lookup.chain)]
    denied = [
        _negative_ttl(exchange.soa.data, exchange.soa.ttl)
        for lookup in lookups
        if (exchange := lookup.believed) is not None and exchange.outcome.is_denial and exchange.soa is not None
    ]
    return max([*ttls, *denied], default=0)


def _negative_ttl(soa: str, ttl: int) -> int:
    """RFC 2308 §5: the smaller of the SOA's TTL and its MINIMUM field."""
    minimum = soa.split()[-1:]
    return min(ttl, int(minimum[0])) if minimum and minimum[0].isdigit() else ttl
