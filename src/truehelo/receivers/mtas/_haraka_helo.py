"""Haraka's plugin helo.checks with its rejects, answered at EHLO.

haraka-plugin-helo.checks 1.1.3 (`index.js`, `helo.checks.ini`), run under Haraka 3.3.4; the checks in the order in which
they are registered, since the first that refuses answers. RFC 5321 §2.3.5, §4.1.3. Does not look at a second HELO.
"""

from collections.abc import Callable

from truehelo.facts.address import Address, Scope, parse_address, scope
from truehelo.facts.dns import Outcome
from truehelo.generic.haraka import holds_octets
from truehelo.generic.registered import registered, same_registered
from truehelo.receivers.client import Client
from truehelo.receivers.mtas._haraka_fcrdns import found, is_near
from truehelo.reception import Grade, Judgement, Reception, Rule

_SOURCE = "haraka-plugin-helo.checks 1.1.3, run under Haraka 3.3.4"
HELO_CHECKS = {
    "reject.bare_ip": "helo.checks: refuse an address without brackets",
    "reject.dynamic": "helo.checks: refuse a name that holds two octets of the address",
    "reject.big_company": "helo.checks: refuse a large provider's domain where the PTR name is not below it",
    "reject.valid_hostname": "helo.checks: refuse a name without dot or without a listed top-level name",
    "reject.rdns_match": "helo.checks: refuse a name that shares no registered domain with the first PTR name",
    "reject.forward_dns": "helo.checks: refuse a name that has addresses, of which none is the client's",
    "reject.literal_mismatch": "helo.checks: refuse a literal outside the client's /24",
}


def _rule(key: str, words: str) -> Rule:
    return Rule(id=key, words=words, grade=Grade.SOURCE, source=_SOURCE, seen="2026-11")


_BARE_IP = _rule("reject.bare_ip", "EHLO is an address without brackets")
_DYNAMIC = _rule("reject.dynamic", "EHLO holds two octets of the address below the registered domain")
_BIG_COMPANY = _rule("reject.big_company", "EHLO is a large provider's domain, and the first PTR name is not below it")
_INVALID = _rule(
    "reject.valid_hostname", "EHLO has no dot, or no top-level name of the public suffix list, or is not ASCII"
)
_RDNS = _rule(
    "reject.rdns_match",
    "EHLO is neither the first PTR name nor in its registered domain (no PTR and a failed query count as another)",
)
_FORWARD = _rule(
    "reject.forward_dns",
    "EHLO has addresses, of which none is the client's, and is not in the domain of the first PTR name",
)
_FORWARD_TIMEOUT = _rule("reject.forward_dns (timeout)", "the lookup of the EHLO name times out")
_LITERAL = _rule("reject.literal_mismatch", "the literal lies outside the client's /24 (every literal of IPv6 does)")
HELO_RULES = (_BARE_IP, _DYNAMIC, _BIG_COMPANY, _INVALID, _RDNS, _FORWARD, _FORWARD_TIMEOUT, _LITERAL)


def _refusal(rule: Rule, text: str) -> Judgement:
    return Judgement(Reception.REFUSE, rule, f"550 {text}")


_REFUSE_BARE = _refusal(_BARE_IP, "Invalid address format in HELO")
_REFUSE_DYNAMIC = _refusal(_DYNAMIC, "HELO is dynamic")
_REFUSE_COMPANY = _refusal(_BIG_COMPANY, "You are not who you say you are")
_REFUSE_NO_DOT = _refusal(_INVALID, "HELO host must be a FQDN or address literal (RFC 5321 2.3.5)")
_REFUSE_INVALID = _refusal(_INVALID, "HELO host name invalid")
_REFUSE_RDNS = _refusal(_RDNS, "HELO host does not match rDNS")
_REFUSE_NOT_VALID = _refusal(_FORWARD, "Invalid HELO host cannot achieve forward DNS match")
_REFUSE_FORWARD = _refusal(_FORWARD, "HELO host has no forward DNS match")
_REFUSE_LITERAL = _refusal(_LITERAL, "HELO IP literal does not match your IP address")
_REFUSE_NETWORK = _refusal(_LITERAL, "HELO IP literal not in the same /24 as your IP address")
_DELAY_FORWARD = Judgement(Reception.TEMPFAIL, _FORWARD_TIMEOUT, "450 DNS timeout resolving your HELO hostname")
_REFUSE_NOT_ASCII = Judgement(
    Reception.REFUSE,
    _INVALID,
    "501 5.5.4 HELO/EHLO argument invalid - HELO hostname contains non-ASCII characters (RFC 5321 2.3.5), "
    "closing connection",
)

_PRIVATE = (Scope.PRIVATE, Scope.LOOPBACK, Scope.LINK_LOCAL)

# helo.checks.ini, [bigco]: a HELO that is one of these wants a PTR name below one of those.
_BIG: dict[str, tuple[str, ...]] = {
    "msn.com": ("msn.com",),
    "hotmail.com": ("hotmail.com",),
    "yahoo.com": ("yahoo.com", "yahoo.co.jp"),
    "yahoo.co.jp": ("yahoo.com", "yahoo.co.jp"),
    "yahoo.co.uk": ("yahoo.co.uk",),
    "excite.com": ("excite.com", "excitenetwork.com"),
    "mailexcite.com": ("excite.com", "excitenetwork.com"),
    "aol.com": ("aol.com",),
    "compuserve.com": ("compuserve.com", "adelphia.net"),
    "nortelnetworks.com": ("nortelnetworks.com", "nortel.com"),
    "earthlink.net": ("earthlink.net",),
    "earthling.net": ("earthling.net",),
    "google.com": ("google.com",),
    "gmail.com": ("google.com", "gmail.com"),
}

_Check = Callable[[Client, str], Judgement | None]


class HeloChecks:
    """The plugin in one configuration: the checks whose reject is set, in their order."""

    def __init__(self, on: frozenset[str], literal_mode: str) -> None:
        self.on = bool(on & HELO_CHECKS.keys())
        self.looks_at_ptr = bool(on & {"reject.big_company", "reject.rdns_match", "reject.forward_dns"})
        self.literal_mode = literal_mode
        checks: dict[str, _Check] = {
            "reject.bare_ip": _bare_ip,
            "reject.dynamic": _dynamic,
            "reject.big_company": _big_company,
            "reject.valid_hostname": _valid_hostname,
            "reject.rdns_match": _rdns_match,
            "reject.forward_dns": _forward_dns,
            "reject.literal_mismatch": self.literal_mismatch,
        }
        self.checks = tuple(check for key, check in checks.items() if key in on)

    def judge(self, client: Client, ptr: str) -> Judgement | None:
        """Return the first refusal, None when there is none. `ptr` is the first PTR name, "" where there is none."""
        for check in self.checks:
            judgement = check(client, ptr)
            if judgement is not None:
                return judgement
        return None

    def literal_mismatch(self, client: Client, _ptr: str) -> Judgement | None:
        literal = _literal(client.helo_said)
        if literal is None or (self.literal_mode == "3" and _is_private(literal)):
            return None
        said = client.helo_said[1:-1].removeprefix("IPv6:")
        if self.literal_mode == "1":
            # Compared as text: an address of IPv6 in another spelling is another one.
            return None if said == str(client.ip) else _REFUSE_LITERAL
        strict = None if ":" in said else parse_address(said)
        return None if strict is not None and is_near(client.ip, strict) else _REFUSE_NETWORK


def _is_private(ip: Address) -> bool:
    return scope(ip) in _PRIVATE or ip.is_unspecified


def _literal(helo: str) -> Address | None:
    if not (helo.startswith("[") and helo.endswith("]")):
        return None
    return _bare(helo[1:-1])


def _bare(text: str) -> Address | None:
    if not (text[-1:].isdigit() or ":" in text):  # by far the most
        return None
    text = text.removeprefix("IPv6:")
    octets = text.split(".")
    if len(octets) == 4 and all(octet.isascii() and octet.isdigit() and len(octet) <= 3 for octet in octets):
        return parse_address(".".join(str(int(octet)) for octet in octets))  # leading zeros do not matter to it
    return parse_address(text)


def _bare_ip(client: Client, _ptr: str) -> Judgement | None:
    return None if _bare(client.helo_said) is None else _REFUSE_BARE


def _dynamic(client: Client, _ptr: str) -> Judgement | None:
    helo = client.helo_said
    if "." not in helo or _bare(helo.removeprefix("[").removesuffix("]")) is not None:  # one bracket is enough
        return None
    return _REFUSE_DYNAMIC if holds_octets(client.helo_key, client.ip) else None


def _big_company(client: Client, ptr: str) -> Judgement | None:
    allowed = _BIG.get(client.helo_said)
    if allowed is None:
        return None
    below = any(ptr == domain or ptr.endswith(f".{domain}") for domain in allowed)
    return None if below else _REFUSE_COMPANY


def _valid_hostname(client: Client, _ptr: str) -> Judgement | None:
    helo = client.helo_said
    if _literal(helo) is not None:
        return None
    if "." not in helo:
        return _REFUSE_NO_DOT
    if not helo.isascii():
        return _REFUSE_NOT_ASCII
    return None if _is_listed(client) else _REFUSE_INVALID


def _is_listed(client: Client) -> bool:
    """The HELO has a registered domain; with a final dot it has none."""
    return registered(client.helo_said.lower()) is not None


def _is_related(client: Client, ptr: str) -> bool:
    """What rdns_match passes: the first PTR name, letter for letter, or a name of its registered domain."""
    helo = client.helo_said
    return bool(ptr) and (helo == ptr or same_registered(helo.lower(), ptr))


def _times_out(client: Client) -> bool:
    """The first failure that is no plain "no such host" is a timeout, AAAA before A."""
    outcomes = (client.hosts(client.helo_key, family).outcome for family in (6, 4))
    telling = (outcome for outcome in outcomes if outcome in (Outcome.TIMEOUT, Outcome.REFUSED, Outcome.MALFORMED))
    return next(telling, None) is Outcome.TIMEOUT


def _rdns_match(client: Client, ptr: str) -> Judgement | None:
    if _literal(client.helo_said) is not None:
        return None  # noted as a failure, but not refused
    return None if _is_related(client, ptr) else _REFUSE_RDNS


def _forward_dns(client: Client, ptr: str) -> Judgement | None:
    if _literal(client.helo_said) is not None:
        return None
    if not client.helo_said.isascii() or not _is_listed(client):
        return _REFUSE_NOT_VALID
    addresses = tuple(found(client, (client.helo_key,)))
    if not addresses:
        return _DELAY_FORWARD if _times_out(client) else None  # a name without addresses is not minded
    if client.ip in addresses or _is_related(client, ptr):
        return None
    return _REFUSE_FORWARD
