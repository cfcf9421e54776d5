"""Exim: the syntax of HELO, `verify = reverse_host_lookup`, `helo_verify_hosts` and `verify = helo`. host.c, smtp_in.c.

Does not decide what other conditions of an administrator's ACLs say.
"""

from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._exim_lookup import Lookup, has_address, lookups
from truehelo.receivers.mtas._exim_names import is_asked, is_helo, is_ipv4
from truehelo.receivers.mtas._exim_words import ABOUT, PRESETS, SETTINGS, SHOWN, VALUES
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SEEN = "2026-11"
_RUN = "Exim 4.96, 4.98.2 and 4.100.1 run (differential test); "


def _rule(name: str, words: str, where: str) -> Rule:
    return Rule(id=name, words=words, grade=Grade.SOURCE, source=_RUN + where, seen=_SEEN)


ACCEPTS = _rule("accept", "nothing that is on objects", "smtp_in.c, acl.c")
SYNTAX = _rule(
    "helo syntax",
    "the HELO holds other characters than letters, digits, dots and hyphens, or is a malformed address literal",
    "smtp_in.c check_helo",
)
REVERSE = _rule(
    "verify = reverse_host_lookup",
    "no PTR name that counts leads back to the address, or a lookup on the way failed",
    "acl.c acl_verify_reverse, host.c host_name_lookup",
)
HELO_HOSTS = _rule(
    "helo_verify_hosts",
    "the HELO is no PTR name that leads back, does not lead back itself, and is no literal of the address",
    "smtp_in.c smtp_verify_helo",
)
HELO_ACL = _rule(
    "verify = helo",
    "the HELO is no PTR name that leads back, does not lead back itself, and is no literal of the address",
    "acl.c, smtp_in.c smtp_verify_helo",
)
_ACCEPT = Judgement(Reception.ACCEPT, ACCEPTS)
_SYNTAX = Judgement(Reception.REFUSE, SYNTAX, "501 Syntactically invalid EHLO argument(s)")
_PROHIBITED = "550 Administrative prohibition"
_LATER = "451 Temporary local problem - please try later"
_REVERSE_REFUSES = Judgement(Reception.REFUSE, REVERSE, _PROHIBITED)
_REVERSE_DEFERS = Judgement(Reception.TEMPFAIL, REVERSE, _LATER)
_HELO_REFUSES = Judgement(Reception.REFUSE, HELO_HOSTS, "550 EHLO argument does not match calling host")
_HELO_DEFERS = Judgement(Reception.TEMPFAIL, HELO_HOSTS, "451 EHLO argument does not match calling host")
_HELO_ACL_REFUSES = Judgement(Reception.REFUSE, HELO_ACL, _PROHIBITED)


def _helo_verified(client: Client, found: Lookup) -> bool:
    helo = client.helo_said
    if helo[:1] == "[":
        # By what it begins with, so that 192.0.2.1 is content with "[192.0.2.10]", and "IPv6:" is in the way.
        return helo.startswith(str(client.ip), 1)
    if helo.lower() in found[0]:
        return True
    six = client.hosts(client.helo_key, 6)
    if six.addresses and not six.alias and is_ipv4(client.helo_key):
        # Of an IPv4 address with a final dot, the A records are asked for only where there is no AAAA record; where it is
        # an alias, both are.
        return is_asked(helo) and client.ip in six.addresses
    return is_asked(helo) and has_address(client, client.helo_key, later=True) is True


def _build(config: Config) -> Judge:
    reverse, hosts, acl = (name in config.on for name in ("reverse_host_lookup", "helo_verify_hosts", "verify_helo"))
    defer_ok = "defer_ok" in config.on
    allowed = config.values.get("helo_allow_chars", "")
    junk = "helo_accept_junk_hosts" in config.on
    later = config.version != "4.96"

    def along(client: Client, found: Lookup) -> Judgement:
        if hosts and not _helo_verified(client, found):
            # A literal is compared before anything is looked up.
            return _HELO_DEFERS if found[1] and client.helo_said[:1] != "[" else _HELO_REFUSES
        if reverse and not found[0] and not (found[1] and defer_ok):
            return _REVERSE_DEFERS if found[1] else _REVERSE_REFUSES
        if acl and not _helo_verified(client, found):
            return _HELO_ACL_REFUSES
        return _ACCEPT

    def judge(client: Client) -> Judgement:
        if not junk and not is_helo(client.helo_said, allowed):
            return _SYNTAX
        if not (reverse or hosts or acl):
            return _ACCEPT
        ways = lookups(client, later=later)
        if len(ways) == 1:
            return along(client, ways[0])
        return either(tuple([along(client, found) for found in ways]), "record order")

    return judge


RECEIVER = Receiver(
    id="exim",
    title="Exim",
    kind="mta",
    about=ABOUT,
    rules=(ACCEPTS, SYNTAX, REVERSE, HELO_HOSTS, HELO_ACL),
    build=_build,
    versions=("4.97", "4.96"),
    settings=SETTINGS,
    values=VALUES,
    presets=PRESETS,
    shown=SHOWN,
)
