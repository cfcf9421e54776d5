"""All facts about one domain: every question asked for it, its zone, and its MTA-STS policy as it was fetched.

Frozen, and no opinion: what a record means is for `records`, what follows from it for `domains`. A lookup that failed is
kept as what it is, so that nobody takes SERVFAIL for "no record".
"""

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from truehelo.facts.address import Address
from truehelo.facts.dns import AuthoritativeView, Lookup, Outcome, Question
from truehelo.facts.names import canonical

_BOGUS = re.compile(r"extended error (?:[6-9]|1[0-2])\b", re.ASCII)


class Fetched(StrEnum):
    """What came of fetching an MTA-STS policy (RFC 8461 §3.3)."""

    ANSWER = "answer"
    """Status 200 and text, within the bounds."""
    NOT_FETCHED = "not-fetched"
    """Nobody asked: the operator did not want it, nothing may leave this machine, or the host has no known address."""
    REFUSED = "refused"
    """No connection: refused, no route, or one that was reset or closed before the reply was whole."""
    TIMEOUT = "timeout"
    TLS_FAILED = "tls-failed"
    """The certificate is not valid for the host, or TLS was not agreed on."""
    STATUS = "status"
    """Another status than 200; a redirect counts as one, since it must not be followed (RFC 8461 §3.3)."""
    TOO_LARGE = "too-large"
    NOT_TEXT = "not-text"
    """The octets are no UTF-8, or the reply is said to be something else than text/plain."""
    MALFORMED = "malformed"
    """What came is no HTTP reply."""

    @property
    def is_undetermined(self) -> bool:
        """Nothing was learned about the policy: nobody asked, or the network was in the way."""
        return self in (Fetched.NOT_FETCHED, Fetched.REFUSED, Fetched.TIMEOUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFetch:
    """One fetch of an MTA-STS policy. `host` is mta-sts.NAME; `text` is the policy, "" unless `outcome` is an answer.

    `status` and `content_type` are those of the reply, None and "" where there was none; `detail` says in words what
    went wrong. `connected_to` is where the connection really went ("192.0.2.7:443"), "" where none held.
    """

    host: str
    outcome: Fetched
    at: datetime
    took_s: float = 0.0
    status: int | None = None
    content_type: str = ""
    text: str = ""
    connected_to: str = ""
    detail: str = ""

    @property
    def key(self) -> str:
        """The name of this fact in the evidence of a domain."""
        return f"https:{self.host}"


class SelectorSource(StrEnum):
    """Why a DKIM selector was asked for."""

    OPTION = "option"
    """The operator named it."""
    REPORTS = "reports"
    """Receivers saw signatures by it."""
    WELL_KNOWN = "well-known"
    """Many senders use it."""
    PROBE = "probe"
    """A random name that nobody uses: where it exists, a wildcard answers for everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selector:
    """A DKIM selector that was asked for (RFC 6376 §3.1), and why."""

    name: str
    source: SelectorSource


@dataclass(frozen=True, kw_only=True)
class DomainFacts:
    """What was seen of one domain. `lookups` holds every question asked for it, each once.

    `organisation` is the registered domain by the public suffix list, None when the name is a suffix itself. `zone` is who
    serves the NS records of the name with authority. `policy` is None where there was no reason to fetch one. `ips` are
    the addresses for which the operator wants SPF evaluated.
    """

    name: str
    organisation: str | None = None
    lookups: tuple[Lookup, ...] = ()
    zone: AuthoritativeView | None = None
    policy: PolicyFetch | None = None
    selectors: tuple[Selector, ...] = ()
    ips: tuple[Address, ...] = ()

    def lookup(self, name: str, rdtype: str) -> Lookup | None:
        """Return the lookup of a question, or None when it was not asked."""
        return self.answered.get(Question(name=canonical(name), rdtype=rdtype))

    @cached_property
    def answered(self) -> dict[Question, Lookup]:
        """The lookups by their question."""
        return {lookup.question: lookup for lookup in self.lookups}

    @property
    def apex(self) -> str:
        """The top of the zone that holds the domain, by its cut or the SOA in a reply; else the domain."""
        if self.zone is not None and self.zone.apex is not None:
            return self.zone.apex
        lookup = self.lookup(self.name, "SOA")
        believed = None if lookup is None else lookup.believed
        if believed is None or believed.chain:
            return self.name
        soa = believed.records[0] if believed.records else believed.soa
        above = "" if soa is None else soa.owner
        return above if above and (self.name == above or self.name.endswith(f".{above}")) else self.name

    @cached_property
    def validates(self) -> bool:
        """A resolver said of some answer that it has validated it (the AD flag, RFC 4035 §3.2.3): it validates."""
        return any(secure(lookup) for lookup in self.lookups)


def secure(lookup: Lookup | None) -> bool:
    """Tell whether a resolver says that it has validated what is believed of a lookup (RFC 4035 §3.2.3).

    That is its word: it is worth as much as the path to it, and truehelo validates nothing itself.
    """
    if lookup is None:
        return False
    return any("AD" in exchange.flags and exchange.outcome is lookup.outcome for exchange in lookup.exchanges)


def validation_failed(lookup: Lookup | None) -> bool:
    """Tell whether a resolver failed because the answer did not validate, and said so (RFC 8914 §4.7 to §4.13)."""
    if lookup is None:
        return False
    return any(each.outcome is Outcome.SERVFAIL and _BOGUS.match(each.detail) for each in lookup.exchanges)
