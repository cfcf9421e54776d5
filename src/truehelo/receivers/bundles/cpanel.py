"""cPanel and WHM: Exim with an ACL for the form of HELO; SpamAssassin where the account has it on.

WHM documentation, Exim Configuration Manager, "Require RFC-compliant HELO" (on as installed), with its reply from
bounces. Does not model "Require remote HELO": whether the HELO is one of the receiver's own names cannot be known here.
"""

from truehelo.facts.address import parse_address
from truehelo.receivers.bundles._stack import stacked
from truehelo.receivers.client import Client
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.reception import Grade, Judgement, Reception, Rule

_SOURCE = "WHM documentation, Exim Configuration Manager"
_ACCEPTS = Rule(
    id="ACL options",
    words="the HELO has a dot and is no bare address; nothing is asked of the PTR record",
    grade=Grade.DOCUMENTED,
    source=_SOURCE,
    seen="2026-08",
)
_SYNTAX = Rule(
    id="Require RFC-compliant HELO",
    words="the HELO is empty, has no dot or is a bare address",
    grade=Grade.DOCUMENTED,
    source=f"{_SOURCE}; its reply from bounces",
    seen="2026-08",
)
_ACCEPT = Judgement(Reception.ACCEPT, _ACCEPTS)
_REFUSE = Judgement(Reception.REFUSE, _SYNTAX, "550 Access denied - Invalid HELO name (See RFC2821 4.1.1.1)")


def _build(config: Config) -> Judge:
    demands = "helo_syntax_off" not in config.on
    behind = stacked("spamassassin+exim") if "spamassassin" in config.on else None

    def judge(client: Client) -> Judgement:
        if demands and _is_not_compliant(client.helo_said):
            return _REFUSE
        return _ACCEPT if behind is None else behind(client)

    return judge


def _is_not_compliant(helo: str) -> bool:
    if helo.startswith("["):
        return False
    return "." not in helo or parse_address(helo) is not None


RECEIVER = Receiver(
    id="cpanel",
    title="cPanel and WHM",
    kind="bundle",
    about=(
        "A hosting panel over Exim. As installed it demands a HELO before MAIL and one that conforms with RFC 2821 "
        "4.1.1.1, which means in practice: with a dot, and no bare address (setting helo_syntax_off: that option is "
        "off). It asks for no PTR record. A HELO that is the server's own name or address is refused as forged, which "
        "cannot be known here. SpamAssassin is each account's choice (setting spamassassin)."
    ),
    rules=(_ACCEPTS, _SYNTAX),
    build=_build,
    settings={
        "helo_syntax_off": 'the option "Require RFC-compliant HELO" is off',
        "spamassassin": "Apache SpamAssassin is on: what it says counts too",
    },
)
