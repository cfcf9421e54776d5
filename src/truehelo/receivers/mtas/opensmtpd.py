"""OpenSMTPD: stock, and filters that match `!fcrdns` and `!rdns`. smtp_session.c, lka_filter.c, libasr (6.8, 7.4, 7.6).

Does not decide what tables, other filters and filter processes say.
"""

from truehelo.errors import InputError
from truehelo.facts.dns import Outcome
from truehelo.receivers.client import Client, key, once
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.mtas._opensmtpd_names import LOOPBACK, is_helo, is_ipv4, is_localhost, is_network, kept
from truehelo.receivers.mtas._opensmtpd_words import ABOUT, PRESETS, SETTINGS, SHOWN, VALUES
from truehelo.reception import Grade, Judgement, Reception, Rule, either

_SEEN = "2026-11"
_RUN = "OpenSMTPD 6.8.0p2, 7.4.0, 7.6.0 and 7.9.0 run (differential test); "


def _rule(name: str, words: str, where: str) -> Rule:
    return Rule(id=name, words=words, grade=Grade.SOURCE, source=_RUN + where, seen=_SEEN)


ACCEPTS = _rule("accept", "none of the filters that are on matches", "smtp_session.c, lka_filter.c")
SYNTAX = _rule(
    "EHLO syntax",
    "EHLO comes without a name, or with one that is neither a host name without a final dot nor an address literal",
    "smtp_session.c, util.c valid_domainpart",
)
NO_RDNS = _rule(
    "!rdns",
    "no PTR name is a host name, the first one that is reads as an IPv4 network, or the reverse lookup fails",
    "lka_filter.c filter_check_rdns, smtp_session.c",
)
NO_FCRDNS = _rule(
    "!fcrdns",
    "no PTR name is a host name, the first that is does not lead back to the address in its own family, or a lookup fails",
    "lka_filter.c filter_check_fcrdns, smtp_session.c",
)
_ACCEPT = Judgement(Reception.ACCEPT, ACCEPTS)
_NO_HELO = Judgement(Reception.REFUSE, SYNTAX, "501 5.5.1 Invalid command: EHLO requires domain name")
_BAD_SYNTAX = Judgement(Reception.REFUSE, SYNTAX, "501 5.5.4 Invalid command arguments: Invalid domain name")


@once
def _names(client: Client) -> tuple[str | None, ...]:
    """What smtpd may take for the client's name, one for each that may come first; that of the order as it stands leads.

    None: it has none.
    """
    ptr = client.ptr
    if ptr.outcome is not Outcome.ANSWER:
        return (None,)
    names = tuple([name for name in map(kept, ptr.names) if name is not None])
    return names or (None,)


def _leads_back(client: Client, name: str, *, later: bool) -> bool:
    """Whether a kept name leads back. For an IPv4 client an IPv4 address is read as one, and not looked up."""
    if later and is_localhost(name):
        return str(client.ip) in LOOPBACK
    if client.family == 4 and name[:1].isdigit() and is_ipv4(name):
        return name == str(client.ip)
    # The root has no address, whatever DNS says.
    return name != "" and client.ip in client.hosts(key(name), client.family).addresses


def _objection(
    client: Client, name: str | None, filters: tuple[tuple[Rule, Judgement], ...], *, later: bool
) -> Judgement | None:
    """The first filter that matches."""
    for rule, refusal in filters:
        if name is None or (is_network(name) if rule is NO_RDNS else not _leads_back(client, name, later=later)):
            return refusal
    return None


def _reply(config: Config) -> tuple[Reception, str]:
    """The reply of the administrator, and what its code says.

    Raises:
        InputError: It is no reply that smtpd takes.
    """
    reply = config.values.get("reply", "")
    if not reply:
        return Reception.REFUSE, ""
    code, space = reply[:3], reply[3:4]
    if not (code.isascii() and code.isdigit() and code[0] in "45" and space == " " and len(reply) > 4):
        accepted = "write a code of 4xx or 5xx and a text, as in reply=550 no reverse DNS"
        raise InputError(f"reply={reply!r} of receiver 'opensmtpd'", "is no reply of a filter", accepted)
    return (Reception.TEMPFAIL if code[0] == "4" else Reception.REFUSE), reply


def _syntax(client: Client) -> Judgement | None:
    helo = client.helo_said
    if is_helo(helo):
        return None
    return _BAD_SYNTAX if helo else _NO_HELO


def _build(config: Config) -> Judge:
    verdict, reply = _reply(config)
    on = [rule for name, rule in (("rdns", NO_RDNS), ("fcrdns", NO_FCRDNS)) if name in config.on]
    filters = tuple((rule, Judgement(verdict, rule, reply)) for rule in on)
    later = config.version != "6.8"
    at_once = config.values.get("phase", "connect") == "connect"

    def along(client: Client, name: str | None) -> Judgement:
        objection = _objection(client, name, filters, later=later)
        if at_once:
            return objection or _syntax(client) or _ACCEPT
        return _syntax(client) or objection or _ACCEPT

    def judge(client: Client) -> Judgement:
        names = _names(client)
        if len(names) == 1:
            return along(client, names[0])
        return either(tuple([along(client, name) for name in names]), "record order")

    return judge if filters else lambda client: _syntax(client) or _ACCEPT


RECEIVER = Receiver(
    id="opensmtpd",
    title="OpenSMTPD",
    kind="mta",
    about=ABOUT,
    rules=(ACCEPTS, SYNTAX, NO_RDNS, NO_FCRDNS),
    build=_build,
    versions=("7.6", "6.8"),
    settings=SETTINGS,
    values=VALUES,
    presets=PRESETS,
    shown=SHOWN,
)
