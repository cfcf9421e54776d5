"""Fastmail: forward and reverse DNS must match, and the HELO must be the reverse name, else mail may bounce.

fastmail.help, "Best practices for SMTP servers". Another page says that checks change the spam score alone. Does not
model SPF, DKIM and DMARC, which are scored there.
"""

from truehelo.facts.names import canonical
from truehelo.receivers.client import Client, Reverse
from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, one_of, refuse, risk, rule, rules_of, several
from truehelo.reception import Grade, Judgement

_PAGE = "fastmail.help, Best practices for SMTP servers"
_MEETS = rule("best practices", "the PTR name leads back, and the HELO is that name", Grade.DOCUMENTED, _PAGE, "2026-08")
_LACKS = rule(
    "forward and reverse DNS must match",
    "there is no PTR record that leads back: mail may bounce",
    Grade.DOCUMENTED,
    _PAGE,
    "2026-08",
)
_HELO = rule(
    "HELO must match reverse DNS", "the HELO is not a PTR name: mail may bounce", Grade.DOCUMENTED, _PAGE, "2026-08"
)
_BAND = band(
    confirmed=accept(_MEETS),
    none=one_of(refuse(_LACKS), risk(_LACKS)),
    partly=several("Fastmail"),
)
_OTHER_HELO = one_of(refuse(_HELO), risk(_HELO), accept(_HELO))
_by_reverse = by_reverse(_BAND)


def _judge(client: Client) -> Judgement:
    judgement = _by_reverse(client)
    if client.reverse in (Reverse.CONFIRMED, Reverse.GENERIC) and canonical(client.helo_said) not in client.ptr.names:
        return _OTHER_HELO
    return judgement


RECEIVER = Receiver(
    id="fastmail",
    title="Fastmail",
    kind="provider",
    about=(
        "A mail provider for those who pay. Its guidelines for servers want forward and reverse DNS to match and the "
        "HELO to be the reverse name, and say that mail may bounce otherwise; elsewhere it says that checks only move "
        "the spam score. So each failure is a risk. It is one of the few that name the HELO at all, and the strict way: "
        "the PTR name itself."
    ),
    rules=(*rules_of(_BAND), _HELO),
    build=lambda _config: _judge,
)
