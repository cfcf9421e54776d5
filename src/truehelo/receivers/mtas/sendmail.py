"""Sendmail: stock, and its features require_rdns, block_bad_helo and delay_checks. srvrsmtp.c, daemon.c, proto.m4 (8.17).

Does not decide what the access map, milters and DNS lists say.
"""

from functools import lru_cache
from string import ascii_letters, digits, whitespace

from truehelo.facts.address import Address
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._glibc_names import is_address_to_inet_addr, is_hostname, is_never_asked
from truehelo.receivers.mtas._sendmail_words import ABOUT, PRESETS, SETTINGS, SHOWN, VALUES
from truehelo.receivers.mtas._system import NO_NAMES, hosts
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SEEN = "2026-11"
_RUN = "Sendmail 8.17.1, 8.18.1 and 8.18.2 run (differential test); "


def _rule(name: str, words: str, where: str) -> Rule:
    return Rule(id=name, words=words, grade=Grade.SOURCE, source=_RUN + where, seen=_SEEN)


ACCEPTS = _rule("accept", "none of the features that are on objects", "srvrsmtp.c, cf/m4/proto.m4")
SYNTAX = _rule(
    "EHLO syntax",
    'EHLO comes without a name, with a character other than letters, digits and "[].-_#:", or with more than 256 of them',
    "srvrsmtp.c",
)
NO_PTR = _rule(
    "require_rdns FAIL",
    "the address has no PTR name, or the first one is no host name or reads as an IPv4 address",
    "cf/m4/proto.m4 check_relay, daemon.c hostnamebyanyaddr",
)
PTR_TEMP = _rule("require_rdns TEMP", "the reverse lookup fails", "cf/m4/proto.m4 check_relay, daemon.c")
FORGED = _rule(
    "require_rdns FORGED",
    "the first PTR name does not lead back to the address in its own family, or its forward lookup fails",
    "cf/m4/proto.m4 check_relay, daemon.c getauthinfo",
)
BAD_HELO = _rule(
    "block_bad_helo",
    "the HELO is one of the server's own names or addresses, or has no dot between two characters",
    "cf/m4/proto.m4 check_rcpt, cf/feature/block_bad_helo.m4",
)
_ACCEPT = Judgement(Reception.ACCEPT, ACCEPTS)
_NO_HELO = Judgement(Reception.REFUSE, SYNTAX, "501 5.0.0 EHLO requires domain address")
_BAD_SYNTAX = Judgement(Reception.REFUSE, SYNTAX, "501 5.0.0 Invalid domain name")
TO = "<recipient>... "
"""What stands in front of a permanent refusal at RCPT: the recipient, whoever that is."""

MAX_HELO = 256
_SHOWN_HELO = 227
"""So much of a HELO fits into the reply of block_bad_helo."""
_CHARACTERS = frozenset(ascii_letters + digits + "[].-_#:")
_LOOPBACK = ("localhost", "[127.0.0.1]", "[ipv6:0:0:0:0:0:0:0:1]", "[ipv6:::1]")
_OK, _NONE, _TEMP, _FORGED = range(4)
"""What ${client_resolve} may be: OK, FAIL, TEMP, FORGED."""


@lru_cache(maxsize=8192)
def _misspelt(helo: str) -> Judgement | None:
    """What is answered to EHLO at once."""
    said = helo.strip(whitespace)
    if not said:
        return _NO_HELO
    return None if _CHARACTERS.issuperset(said) and len(said) <= MAX_HELO else _BAD_SYNTAX


def _resolved(client: Client) -> tuple[int, ...]:
    """What ${client_resolve} may be, one for each name that may come first; that of the order as it stands leads."""
    ptr = client.ptr
    if ptr.outcome is not Outcome.ANSWER:
        return (_NONE if ptr.outcome in NO_NAMES else _TEMP,)
    return tuple([_resolve(client, name) for name in ptr.names])


def _resolve(client: Client, name: str) -> int:
    if not is_hostname(name) or is_address_to_inet_addr(name):
        return _NONE
    if client.ip in hosts(client, name, client.family).addresses and not is_never_asked(name):
        return _OK
    return _FORGED


def _written(ip: Address) -> str:
    """An address as Sendmail writes it: IPv6 with its tag and all of its groups."""
    return str(ip) if ip.version == 4 else "IPv6:" + ":".join([f"{int(group, 16):x}" for group in ip.exploded.split(":")])


def _relay(client: Client, resolved: int, to: str) -> Judgement | None:
    """What require_rdns says. A temporary refusal never has the recipient in front."""
    if resolved == _OK:
        return None
    if resolved == _NONE:
        return Judgement(Reception.REFUSE, NO_PTR, f"550 5.7.1 {to}Fix reverse DNS for {_written(client.ip)}")
    if resolved == _TEMP:
        reply = f"451 4.1.8 Client IP address {_written(client.ip)} does not resolve"
        return Judgement(Reception.TEMPFAIL, PTR_TEMP, reply)
    return Judgement(Reception.TEMPFAIL, FORGED, f"451 4.1.8 Possibly forged hostname for {_written(client.ip)}")


def _own_names(config: Config) -> frozenset[str]:
    """The class w: the server's own names, its addresses in brackets, and the loopback."""
    given = [name.lower() for name in config.values.get("own", "").split("/") if name]
    return frozenset((*_LOOPBACK, *(f"[{name}]" if is_address_to_inet_addr(name) else name for name in given)))


def _bogus(helo: str, own: frozenset[str]) -> Judgement | None:
    """What block_bad_helo says."""
    said = helo.strip(whitespace)
    lower = said.lower()
    if lower not in own and f"[{lower}]" not in own and ("." in said[1:-1] or (lower[:5] == "ipv6:" and len(said) > 5)):
        return None
    return Judgement(Reception.REFUSE, BAD_HELO, f"550 5.7.1 {TO}bogus HELO name used: {said[:_SHOWN_HELO]}")


def _build(config: Config) -> Judge:
    delayed = "delay_checks" in config.on
    to = TO if delayed else ""
    looks_up = "require_rdns" in config.on
    # Without delay_checks it stands behind the decision to relay, and mail for the server's own domains never gets there.
    blocks = delayed and "block_bad_helo" in config.on
    own = _own_names(config)

    def checks(client: Client, resolved: int) -> Judgement:
        objection = _relay(client, resolved, to)
        if objection is None and blocks:
            objection = _bogus(client.helo_said, own)
        return objection or _ACCEPT

    def judge(client: Client) -> Judgement:
        misspelt = _misspelt(client.helo_said)
        if misspelt is not None:
            return misspelt
        ways = _resolved(client) if looks_up else (_OK,)
        if len(ways) == 1:
            return checks(client, ways[0])
        return either(tuple([checks(client, way) for way in ways]), "record order")

    return judge if looks_up or blocks else lambda client: _misspelt(client.helo_said) or _ACCEPT


RECEIVER = Receiver(
    id="sendmail",
    title="Sendmail",
    kind="mta",
    about=ABOUT,
    rules=(ACCEPTS, SYNTAX, NO_PTR, PTR_TEMP, FORGED, BAD_HELO),
    build=_build,
    versions=("8.17",),
    settings=SETTINGS,
    values=VALUES,
    presets=PRESETS,
    shown=SHOWN,
)
