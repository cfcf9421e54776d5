"""Postfix: `smtpd` with each of its client and HELO restrictions, and postscreen. smtpd_peer.c, smtpd_check.c (3.7-3.11).

Does not decide what access tables, policy services, milters and DNS lists say.
"""

from collections.abc import Callable
from dataclasses import replace

from truehelo.errors import InputError
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, once
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._postfix_names import is_address, is_askable, is_hostname, is_literal, said
from truehelo.receivers.mtas._postfix_words import ABOUT, NOTED, PRESETS, SETTINGS, SHOWN, VALUES
from truehelo.receivers.mtas._system import DENIED, NO_NAMES, hosts
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SEEN = "2026-11"
_RUN = "Postfix 3.7.11, 3.10.13 and 3.11.7 run (differential test); "


def _rule(name: str, words: str, where: str) -> Rule:
    return Rule(id=name, words=words, grade=Grade.SOURCE, source=_RUN + where, seen=_SEEN)


ACCEPTS = _rule("accept", "none of the restrictions that are on objects", "smtpd_check.c")
SYNTAX = _rule("EHLO syntax", "EHLO comes without a name", "smtpd.c")
UNKNOWN_CLIENT = _rule(
    "reject_unknown_client_hostname",
    "the first PTR name is missing or no host name, or does not lead back to the address in its own family",
    "smtpd_check.c reject_unknown_client, smtpd_peer.c",
)
UNKNOWN_REVERSE = _rule(
    "reject_unknown_reverse_client_hostname",
    "the address has no PTR name, or the first one is no host name",
    "smtpd_check.c reject_unknown_reverse_name, smtpd_peer.c",
)
INVALID_HELO = _rule(
    "reject_invalid_helo_hostname",
    "the HELO is neither a host name nor an address, or a malformed address literal",
    "smtpd_check.c reject_invalid_hostname, valid_hostname.c",
)
NON_FQDN_HELO = _rule(
    "reject_non_fqdn_helo_hostname",
    "the HELO is no host name or has no dot, or is a malformed address literal",
    "smtpd_check.c reject_non_fqdn_hostname",
)
UNKNOWN_HELO = _rule(
    "reject_unknown_helo_hostname",
    "the HELO has neither an address nor an MX record that names a host, or is a malformed address literal",
    "smtpd_check.c reject_unknown_hostname",
)
POSTSCREEN = _rule(
    "postscreen",
    "no test of postscreen looks at a name; they are about timing, protocol and DNS lists",
    "postscreen.c, postscreen_early.c",
)
_ACCEPT = Judgement(Reception.ACCEPT, ACCEPTS)
_SCREENED = Judgement(Reception.ACCEPT, POSTSCREEN)
_CODES = {
    "unknown_client_reject_code": "450",
    "unknown_hostname_reject_code": "450",
    "invalid_hostname_reject_code": "501",
    "non_fqdn_reject_code": "504",
}
ORDER = PRESETS["strict"]
"""The order in which they are tried when a set of them is named: client lists come before HELO lists."""
_CLIENT = frozenset(ORDER[:2])

_OK, _TEMP, _PERM, _FORGED = range(4)
_Peer = tuple[int, int]
"""What smtpd keeps of the client's name: whether there is one, and whether it leads back."""
_NO_NAME, _NO_ANSWER, _GOOD = (_PERM, _PERM), (_TEMP, _TEMP), (_OK, _OK)

Restriction = Callable[[Client, _Peer], Judgement | None]
"""Objects or not. An objection that `depends` is a deferral, kept back while the others are tried."""


@once
def _peers(client: Client) -> tuple[_Peer, ...]:
    """What smtpd may keep, one for each name that may come first; that of the order as it stands leads."""
    ptr = client.ptr
    if ptr.outcome is not Outcome.ANSWER:
        return (_NO_NAME if ptr.outcome in NO_NAMES else _NO_ANSWER,)
    if len(ptr.names) == 1:
        return (_peer(client, ptr.names[0]),)
    return tuple(dict.fromkeys([_peer(client, name) for name in ptr.names]))


def _peer(client: Client, name: str) -> _Peer:
    if not is_hostname(name):
        return _NO_NAME
    found = hosts(client, name, client.family)
    if client.ip in found.addresses:
        return _GOOD
    return _OK, _FORGED if found.outcome is Outcome.ANSWER or found.outcome in NO_NAMES else _TEMP


class _Codes:
    """The reject codes of a configuration, and the replies that are made with them."""

    def __init__(self, config: Config) -> None:
        self._values = config.values
        self._soft = "soft_bounce" in config.on
        # Where the HELO is judged as soon as it is said, it is judged as it was said.
        self.said = str if config.values.get("smtpd_delay_reject") == "no" else said

    def of(self, setting: str) -> str:
        return self._values.get(setting, _CODES[setting])

    def refusal(self, rule: Rule, code: str, detail: str, text: str, depends: str = "") -> Judgement:
        """A reply: `detail` is the enhanced code without its class, "" where there is none (RFC 3463 §2)."""
        if self._soft and code[0] == "5":
            code = "4" + code[1:]
        reply = f"{code} {code[0]}.{detail} {text}" if detail else f"{code} {text}"
        verdict = Reception.TEMPFAIL if code[0] == "4" else Reception.REFUSE
        return Judgement(verdict, rule, reply, depends=depends)

    def helo(self, rule: Rule, code: str, detail: str, helo: str, why: str, depends: str = "") -> Judgement:
        return self.refusal(rule, code, detail, f"<{helo}>: Helo command rejected: {why}", depends)

    def literal(self, rule: Rule, helo: str) -> Judgement | None:
        """What all three HELO restrictions make of an address literal."""
        if is_literal(helo):
            return None
        return self.helo(rule, self.of("invalid_hostname_reject_code"), "5.2", helo, "invalid ip address")


def _unknown_reverse(codes: _Codes, _: Config) -> Restriction:
    permanent = codes.of("unknown_client_reject_code")

    def restriction(client: Client, peer: _Peer) -> Judgement | None:
        if peer[0] == _OK:
            return None
        text = f"Client host rejected: cannot find your reverse hostname, [{client.ip}]"
        return codes.refusal(UNKNOWN_REVERSE, "450" if peer[0] == _TEMP else permanent, "7.1", text)

    return restriction


def _unknown_client(codes: _Codes, _: Config) -> Restriction:
    permanent = codes.of("unknown_client_reject_code")

    def restriction(client: Client, peer: _Peer) -> Judgement | None:
        if peer[1] == _OK:
            return None
        text = f"Client host rejected: cannot find your hostname, [{client.ip}]"
        return codes.refusal(UNKNOWN_CLIENT, "450" if peer[1] == _TEMP else permanent, "7.25", text)

    return restriction


def _invalid_helo(codes: _Codes, _: Config) -> Restriction:
    code = codes.of("invalid_hostname_reject_code")

    def restriction(client: Client, _: _Peer) -> Judgement | None:
        helo = codes.said(client.helo_said)
        if helo[:1] == "[":
            return codes.literal(INVALID_HELO, helo)
        name = helo.removesuffix(".")
        if is_hostname(name) or is_address(name):
            return None
        return codes.helo(INVALID_HELO, code, "5.2", helo, "Invalid name")

    return restriction


def _non_fqdn_helo(codes: _Codes, _: Config) -> Restriction:
    code = codes.of("non_fqdn_reject_code")

    def restriction(client: Client, _: _Peer) -> Judgement | None:
        helo = codes.said(client.helo_said)
        if helo[:1] == "[":
            return codes.literal(NON_FQDN_HELO, helo)
        name = helo.removesuffix(".")
        if "." in name and is_hostname(name):
            return None
        return codes.helo(NON_FQDN_HELO, code, "5.2", helo, "need fully-qualified hostname")

    return restriction


def _found(client: Client, name: str) -> tuple[bool | None, str]:
    """Tell whether a name has an address or an exchanger, and what is said where it has none; None: a lookup failed.

    A null MX counts only where no lookup failed, and an exchanger that is no host name never does.
    """
    exchangers = client.mail_exchangers(name)
    outcomes = {client.hosts(name, 4).outcome, client.hosts(name, 6).outcome}
    if Outcome.ANSWER in outcomes or any(is_hostname(each) or is_address(each) for each in exchangers.names):
        return True, ""
    if exchangers.outcome is not Outcome.ANSWER:
        outcomes.add(exchangers.outcome)
    if not DENIED.issuperset(outcomes):
        return None, "Host not found"
    if "." in exchangers.names:
        return True, ""
    return False, "Malformed DNS server reply" if exchangers.names else "Host not found"


def _unknown_helo(codes: _Codes, config: Config) -> Restriction:
    code = codes.of("unknown_hostname_reject_code")
    action = config.values.get("unknown_helo_hostname_tempfail_action", "defer_if_permit")
    depends = "the other restrictions" if action == "defer_if_permit" else ""

    def restriction(client: Client, _: _Peer) -> Judgement | None:
        helo = codes.said(client.helo_said)
        if helo[:1] == "[":
            return codes.literal(UNKNOWN_HELO, helo)
        # A name with a final dot is none for Postfix's resolver, whatever DNS has.
        if is_askable(helo):
            exists, why = _found(client, client.helo_key)
            if exists:
                return None
            if exists is None:
                return codes.helo(UNKNOWN_HELO, "450", "7.1", helo, why, depends)
            return codes.helo(UNKNOWN_HELO, code, "7.1", helo, why)
        return codes.helo(UNKNOWN_HELO, code, "7.1", helo, "Host not found")

    return restriction


_MAKE = dict(zip(ORDER, (_unknown_reverse, _unknown_client, _invalid_helo, _non_fqdn_helo, _unknown_helo), strict=True))


def _chain(config: Config, codes: _Codes) -> tuple[tuple[bool, Restriction], ...]:
    """The restrictions in their order; whether each is about the client comes first.

    Raises:
        InputError: `restrictions` names one that the model does not know.
    """
    given = config.values.get("restrictions")
    names = tuple(given.split("/")) if given else tuple(name for name in ORDER if name in config.on)
    wrong = next((name for name in names if name not in _MAKE), None)
    if wrong is not None:
        raise InputError("receiver 'postfix'", f"has no restriction {wrong!r}", f"restrictions= takes {', '.join(ORDER)}")
    return tuple((name in _CLIENT, _MAKE[name](codes, config)) for name in names)


def _accepting(config: Config) -> Judgement:
    noted = config.values.get(NOTED)
    if "postscreen" in config.on and not noted:
        return _SCREENED
    if not noted:
        return _ACCEPT
    return Judgement(Reception.ACCEPT, replace(ACCEPTS, words=f"{ACCEPTS.words}; not known: {noted}"))


def _build(config: Config) -> Judge:
    codes = _Codes(config)
    chain = _chain(config, codes)
    named = config.values.get("smtpd_peername_lookup") != "no"
    looks_up = named and any(is_about_client for is_about_client, _ in chain)
    unnamed = (_GOOD,) if named else (_NO_NAME,)
    at_once = config.values.get("smtpd_delay_reject") == "no"
    accept, empty = _accepting(config), codes.refusal(SYNTAX, "501", "", "Syntax: EHLO hostname")

    def along(client: Client, peer: _Peer) -> Judgement:
        deferred = None
        for is_about_client, restriction in chain:
            if client.helo == "" and not is_about_client:
                break
            objection = restriction(client, peer)
            if objection is not None:
                if not objection.depends:
                    return objection
                deferred = deferred or objection
        if client.helo == "":
            return empty
        return accept if deferred is None else Judgement(deferred.verdict, deferred.rule, deferred.reply)

    def judge(client: Client) -> Judgement:
        if not at_once and client.helo == "":
            return empty
        peers = _peers(client) if looks_up else unnamed
        if len(peers) == 1:
            return along(client, peers[0])
        return either(tuple([along(client, peer) for peer in peers]), "record order")

    return judge if chain else lambda client: empty if client.helo == "" else accept


RECEIVER = Receiver(
    id="postfix",
    title="Postfix",
    kind="mta",
    about=ABOUT,
    rules=(ACCEPTS, SYNTAX, UNKNOWN_CLIENT, UNKNOWN_REVERSE, INVALID_HELO, NON_FQDN_HELO, UNKNOWN_HELO, POSTSCREEN),
    build=_build,
    versions=("3.7",),
    settings=SETTINGS,
    values=VALUES,
    presets=PRESETS,
    shown=SHOWN,
)
