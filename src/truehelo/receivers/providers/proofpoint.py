"""Proofpoint: the PTR record must map back, and the HELO be a full name that matches it; else the reputation suffers.

Proofpoint's postmaster page for senders (its dynamic reputation). Customers decide what follows; its block is 550 or 554
5.7.0. Does not model the reputation itself.
"""

from truehelo.facts.names import NameForm, canonical
from truehelo.receivers.client import Client, Reverse
from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, one_of, refuse, risk, rule, rules_of, several
from truehelo.reception import Grade, Judgement

_PAGE = "ipcheck.proofpoint.com and Proofpoint's page for senders"
_MEETS = rule(
    "rDNS and HELO",
    "the PTR name leads back, and the HELO is a full name that matches it",
    Grade.DOCUMENTED,
    _PAGE,
    "2026-08",
)
_LACKS = rule(
    "rDNS",
    "there is no PTR record that leads back: the reputation of the address is lowered, and it may be blocked",
    Grade.DOCUMENTED,
    _PAGE,
    "2026-08",
)
_HELO = rule("HELO", "the HELO is no full name, or no PTR name: it is asked to match", Grade.DOCUMENTED, _PAGE, "2026-08")
_BAND = band(
    confirmed=accept(_MEETS),
    none=one_of(refuse(_LACKS, "550 5.7.0 Blocked"), risk(_LACKS)),
    partly=several("Proofpoint"),
)
_OTHER_HELO = one_of(risk(_HELO), accept(_HELO))
_by_reverse = by_reverse(_BAND)


def _judge(client: Client) -> Judgement:
    if client.reverse not in (Reverse.CONFIRMED, Reverse.GENERIC):
        return _by_reverse(client)
    full = client.helo_form.form is NameForm.FQDN
    return _by_reverse(client) if full and canonical(client.helo_said) in client.ptr.names else _OTHER_HELO


RECEIVER = Receiver(
    id="proofpoint",
    title="Proofpoint",
    kind="provider",
    about=(
        "A mail gateway in front of many companies, and of iCloud. Its page for senders asks for a PTR record that maps "
        "back and for a HELO that is a full name and matches it; a missing record lowers the reputation of the address. "
        "A blocked address meets 550 or 554 5.7.0; customers may be stricter or milder. A HELO other than the PTR name "
        "is a reason of little weight."
    ),
    rules=(*rules_of(_BAND), _HELO),
    build=lambda _config: _judge,
)
