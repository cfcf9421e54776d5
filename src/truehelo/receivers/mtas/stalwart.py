"""Stalwart: the form of EHLO, iprev (relaxed as shipped, or strict), and the tags of its spam filter for both.

Read in `crates/smtp/src/inbound` (ehlo.rs, mail.rs), `crates/spam-filter/src/analysis` (ehlo.rs, ip.rs) and mail-auth's
iprev.rs; points from the scores of its spam-filter rules. iprev looks at the first two PTR names, in the client's family.
RFC 8601 §2.7.3 gives the words, which Stalwart uses a little differently. Does not model its checks of the message.
"""

from functools import cache
from itertools import permutations

from truehelo.facts.address import Address, parse_address
from truehelo.generic.registered import registered
from truehelo.receivers.client import Client, once
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Grade, Judgement, Reception, Rule, Symbol, either

_SEEN = "2026-11"
_TAGS = "stalwart, crates/spam-filter; points of spam-filter rules 2.0 (lists/scores.toml)"


def _rule(name: str, words: str, source: str = _TAGS) -> Rule:
    return Rule(id=name, words=words, grade=Grade.SOURCE, source=source, seen=_SEEN)


_CLEAN = _rule("score 0", "nothing about the names of the client costs points")
_SYNTAX = _rule(
    "EHLO syntax", "EHLO has no argument, or one of more than 255 characters (501)", "smtp-proto, request/parser.rs"
)
_FORM = _rule(
    "rejectNonFqdn",
    "EHLO has no dot, no letter or digit, or a label of more than 63 characters (a literal of IPv6 has no dot)",
    "stalwart, crates/smtp/src/inbound/ehlo.rs",
)
_STRICT = _rule(
    "reverseIpVerify=strict",
    "iprev is fail or permerror over the first two PTR names",
    "stalwart, crates/smtp/src/inbound/mail.rs; mail-auth, iprev.rs",
)
_STRICT_TEMP = _rule(
    "reverseIpVerify=strict (temporary)",
    "iprev is temperror over the first two PTR names",
    "stalwart, crates/smtp/src/inbound/mail.rs; mail-auth, iprev.rs",
)
_POINTS = {
    "RDNS_NONE": (2.0, "iprev is fail or permerror: no PTR record, or neither of the first two names leads back"),
    "HELO_BAREIP": (3.0, "EHLO is an address, in brackets or not"),
    "HELO_IP_A": (1.0, "EHLO is an address other than that of the client"),
    "HELO_IPREV_MISMATCH": (1.0, "EHLO is not the first PTR name, letter for letter"),
    "HELO_NORES_A_OR_MX": (0.3, "EHLO has neither address nor MX"),
    "HELO_NOT_FQDN": (2.0, "EHLO has no top-level name of the public suffix list"),
    "RCVD_HELO_USER": (3.0, 'EHLO has no top-level name of the public suffix list, and holds "user"'),
}
_RULES = {name: _rule(name, words) for name, (_, words) in _POINTS.items()}
_SYMBOLS = {name: Symbol(name, points) for name, (points, _) in _POINTS.items()}

_ACCEPT = Judgement(Reception.ACCEPT, _CLEAN, score=0.0)
_BAD_SYNTAX = Judgement(Reception.REFUSE, _SYNTAX)
_BAD_FORM = Judgement(Reception.REFUSE, _FORM, "550 5.5.0 Invalid EHLO domain.")
_REFUSED = Judgement(Reception.REFUSE, _STRICT, "550 5.7.25 Reverse DNS validation failed.")
_DELAYED = Judgement(Reception.TEMPFAIL, _STRICT_TEMP, "451 4.7.25 Temporary error validating reverse DNS.")

_MOST_NAMES = 10
"""More PTR names than RFC 8601 §3 lets a receiver look at are not put into every order."""


class _Stalwart:
    """One configuration."""

    def __init__(self, strict: bool) -> None:
        self.strict = strict

    def judge(self, client: Client) -> Judgement:
        helo = client.helo_said
        if not 0 < len(helo) <= 255:
            return _BAD_SYNTAX
        if not _has_valid_labels(helo):
            return _BAD_FORM
        names = client.ptr.names
        if len(names) < 2:
            return self._in_order(client, names)
        judgements = tuple(self._in_order(client, order) for order in permutations(names[:_MOST_NAMES], 2))
        first = judgements[0]
        if all(judgement is first for judgement in judgements):
            return first
        return either(judgements, "record order")

    def _in_order(self, client: Client, names: tuple[str, ...]) -> Judgement:
        """Judge by the first two PTR names."""
        iprev = _iprev(client, names)
        if self.strict and iprev != "pass":
            return _DELAYED if iprev == "temperror" else _REFUSED
        tags = _ehlo_tags_alone(client) if len(client.ptr.names) < 2 else _ehlo_tags(client, names)
        if iprev in ("fail", "permerror"):
            tags = (*tags, "RDNS_NONE")
        return _weighed(tags) if tags else _ACCEPT


@cache
def _weighed(tags: tuple[str, ...]) -> Judgement:
    """Return what these tags come to; there are a few dozen sets of them."""
    symbols = sorted((_SYMBOLS[tag] for tag in tags), key=lambda symbol: -symbol.points)
    score = round(sum(symbol.points for symbol in symbols), 1)
    # Marked as spam from 5 points on; nothing is refused or thrown away by points as shipped.
    verdict = Reception.AT_RISK if score >= 1.0 else Reception.ACCEPT
    return Judgement(verdict, _RULES[symbols[0].name], score=score, symbols=tuple(symbols))


def _has_valid_labels(helo: str) -> bool:
    # A label counts up to the next dot, whatever it holds.
    if "." not in helo or not any(map(str.isalnum, helo)):
        return False
    return all(len(label) <= 63 for label in helo.split("."))


def _iprev(client: Client, names: tuple[str, ...]) -> str:
    if client.ptr.outcome.is_undetermined:
        return "temperror"
    if not names:
        return "permerror"
    result = "fail"
    for name in names:
        hosts = client.hosts(name, client.family)
        if client.ip in hosts.addresses:
            return "pass"
        if hosts.outcome.is_undetermined:
            result = "temperror"
        elif hosts.outcome.is_denial:
            result = "permerror"  # the error of the last failed lookup is the result
    return result


@once
def _ehlo_tags_alone(client: Client) -> tuple[str, ...]:
    """The same for the one order that there is: what is strict and what is relaxed both ask."""
    return _ehlo_tags(client, client.ptr.names)


def _ehlo_tags(client: Client, names: tuple[str, ...]) -> tuple[str, ...]:
    said = client.helo_said.rstrip(".").lower()
    address = _address(said)
    if address is not None:
        return ("HELO_BAREIP",) if address == client.ip else ("HELO_BAREIP", "HELO_IP_A")
    found = [client.hosts(client.helo_key, family) for family in (4, 6)]
    exists = any(hosts.addresses for hosts in found) or bool(client.mail_exchangers(client.helo_key).names)
    if registered(said) is None:
        return ("HELO_NOT_FQDN", "RCVD_HELO_USER") if "user" in said else ("HELO_NOT_FQDN",)
    tags = []
    # A-labels are decoded in EHLO but not in the PTR name, so that these never equal each other.
    if names and (names[0] != said or "xn--" in said):
        tags.append("HELO_IPREV_MISMATCH")
    # The A lookup counts only through its answer: after its failure AAAA is asked, and that outcome is taken.
    if not exists and found[1].outcome.is_denial and client.mail_exchangers(client.helo_key).outcome.is_denial:
        tags.append("HELO_NORES_A_OR_MX")
    return tuple(tags)


def _address(said: str) -> Address | None:
    plain = said[1:-1] if said.startswith("[") and said.endswith("]") else said
    return parse_address(plain)


def _build(config: Config) -> Judge:
    return _Stalwart("strict" in config.on).judge


RECEIVER = Receiver(
    id="stalwart",
    title="Stalwart",
    kind="mta",
    about=(
        "A mail server in one program with a spam filter of its own. On port 25 it refuses an EHLO without a dot, and "
        "with that every literal of IPv6, right or wrong. iprev is done and recorded (relaxed); the filter gives 2 "
        "points when it is not pass. With reverseIpVerify strict (setting strict) mail is refused then, and put off "
        "when a lookup failed. Of several PTR names only the first two count, forward in the client's family alone, and "
        "EHLO is compared with the first, letter for letter: two names in another order cost a point more or less. A "
        "name behind the PTR that does not exist is called permerror, where RFC 8601 says fail. From 5 points on mail "
        "goes to Junk; refusing by points is off as shipped. The points are those of the spam-filter rules of 2025 and "
        "later; the rules of 2024 gave RDNS_NONE 1.0. Top-level names for examples (.example, .test) are taken as if "
        "they existed."
    ),
    rules=(_CLEAN, _SYNTAX, _FORM, _STRICT, _STRICT_TEMP, *_RULES.values()),
    build=_build,
    settings={"strict": "reverseIpVerify is strict: mail is refused unless iprev passes"},
    shown=("stalwart", "stalwart+strict"),
)
