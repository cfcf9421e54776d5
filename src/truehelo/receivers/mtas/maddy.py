"""maddy: the PTR name against the HELO (`require_matching_rdns`), the HELO against the address (`require_matching_ehlo`).

Read in `internal/check/dns/dns.go` and `internal/endpoint/smtp/session.go`. Neither check is in the configuration that
maddy ships; what a failure leads to is their `fail_action`. Does not model its checks of the sender's domain.
"""

from truehelo.facts.names import NameForm, canonical
from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SEEN = "2026-11"
_SOURCE = "maddy, internal/check/dns/dns.go"
_STOCK = Rule(
    id="stock",
    words="no check of the client's names is on: mail is judged by the MX, SPF and DKIM of the sender",
    grade=Grade.SOURCE,
    source="maddy.conf and internal/check/dns/dns.go of maddy 0.9",
    seen="2026-08",
)


def _rule(check: str, case: str, words: str) -> Rule:
    return Rule(id=f"{check} ({case})", words=words, grade=Grade.SOURCE, source=_SOURCE, seen=_SEEN)


_RDNS = "require_matching_rdns"
_EHLO = "require_matching_ehlo"
_NO_PTR = _rule(_RDNS, "no PTR", "the address has no PTR record")
_UNEQUAL = _rule(_RDNS, "not equal", "the first PTR name is not the HELO (nothing is looked up forward)")
_PTR_ERROR = _rule(_RDNS, "DNS error", "the PTR query fails")
_LITERAL = _rule(_EHLO, "literal", "the literal in EHLO is malformed or another address")
_ELSEWHERE = _rule(_EHLO, "elsewhere", "no address of the EHLO name is that of the client")
_NO_NAME = _rule(_EHLO, "no address", "the EHLO name has no address")
_EHLO_ERROR = _rule(_EHLO, "DNS error", "the lookup of the EHLO name fails")

_ACCEPT = Judgement(Reception.ACCEPT, _STOCK)
_REPLIES = {
    _NO_PTR: "550 5.7.25 No PTR record found",
    _UNEQUAL: "550 5.7.25 rDNS name does not match source hostname",
    _PTR_ERROR: "450 4.7.25 DNS error during policy check",
    _LITERAL: "550 5.7.0 IP in EHLO is not the same as the actual client IP",
    _ELSEWHERE: "550 5.7.0 No matching A/AAA records found for the EHLO hostname",
    _NO_NAME: "550 5.7.0 DNS error during policy check",
    _EHLO_ERROR: "450 4.7.0 DNS error during policy check",
}
_TEMPORARY = (_PTR_ERROR, _EHLO_ERROR)


class _Checks:
    """One configuration: which checks are on, and what a failure of each leads to."""

    def __init__(self, on: frozenset[str], action: str) -> None:
        self.rdns, self.ehlo = _RDNS in on, _EHLO in on
        self.failures = {rule: _failure(rule, action) for rule in _REPLIES}

    def judge(self, client: Client) -> Judgement:
        judgement = self.by_rdns(client) if self.rdns else _ACCEPT
        if self.ehlo and judgement.verdict is not Reception.REFUSE:
            other = self.by_ehlo(client)
            # Both are asked; where neither refuses, a quarantine by either is one.
            return other if other.verdict.rank < judgement.verdict.rank else judgement
        return judgement

    def by_rdns(self, client: Client) -> Judgement:
        if client.ptr.outcome.is_undetermined:
            return self.failures[_PTR_ERROR]
        if not client.ptr.names:
            return self.failures[_NO_PTR]
        said = canonical(client.helo_said)
        unequal = self.failures[_UNEQUAL]
        outcomes = tuple(_ACCEPT if canonical(name) == said else unequal for name in client.ptr.names)
        return either(outcomes, "record order") if len(outcomes) > 1 else outcomes[0]

    def by_ehlo(self, client: Client) -> Judgement:
        form = client.helo_form
        if client.helo_said.startswith("["):
            right = form.form is NameForm.LITERAL and form.address == client.ip
            return _ACCEPT if right else self.failures[_LITERAL]
        found = [client.hosts(client.helo_key, family) for family in (4, 6)]
        if any(client.ip in hosts.addresses for hosts in found):
            return _ACCEPT
        if any(hosts.addresses for hosts in found):
            return self.failures[_ELSEWHERE]
        failed = any(hosts.outcome.is_undetermined for hosts in found)
        return self.failures[_EHLO_ERROR if failed else _NO_NAME]


def _failure(rule: Rule, action: str) -> Judgement:
    if action == "ignore":
        return Judgement(Reception.ACCEPT, rule)
    if action == "quarantine":
        return Judgement(Reception.AT_RISK, rule)
    return Judgement(Reception.TEMPFAIL if rule in _TEMPORARY else Reception.REFUSE, rule, _REPLIES[rule])


def _build(config: Config) -> Judge:
    if not config.on:
        return lambda _client: _ACCEPT
    return _Checks(config.on, config.values.get("fail_action", "quarantine")).judge


RECEIVER = Receiver(
    id="maddy",
    title="maddy",
    kind="mta",
    about=(
        "A mail server in one program. As shipped it looks at no name of the client. The check require_matching_rdns is "
        "the strict reading of all: the PTR name and the HELO must be the same name; whether that name leads back is "
        "not asked. Of several PTR names it takes the first that DNS happens to give. The check require_matching_ehlo "
        "asks instead whether the HELO leads to the client. What a failure does is fail_action: quarantine (the "
        "default: the message goes to Junk), reject or ignore. A DNS failure is put off with 450 only under reject; "
        "under quarantine the message is put into Junk for it. Replies end in the id of the message, which is left out "
        "here."
    ),
    rules=(_STOCK, *_REPLIES),
    build=_build,
    versions=("0.9",),
    settings={
        _RDNS: "the first PTR name must be the HELO",
        _EHLO: "the HELO must lead to the client, or be the literal of its address",
    },
    values={"fail_action": ("quarantine", "reject", "ignore")},
    shown=("maddy", "maddy+require_matching_rdns"),
)
