"""Yahoo and AOL: valid forward and reverse DNS is asked of every sender; what its lack leads to is reputation.

senders.yahooinc.com: best practices, FAQ, error codes. No code of theirs is about a PTR record. Does not model SPF, DKIM,
DMARC and complaints.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, risk, rule, rules_of, several
from truehelo.reception import Grade

_BEST = "senders.yahooinc.com/best-practices"
_FAQ = "senders.yahooinc.com/faqs"
_MEETS = rule(
    "valid forward and reverse DNS",
    "the PTR name leads back: necessary, not sufficient, since reputation and complaints decide",
    Grade.DOCUMENTED,
    _BEST,
    "2025-04",
)
_LACKS = rule(
    "no valid reverse DNS",
    "there is no PTR record that leads back: it is likely to lower the reputation of the address",
    Grade.DOCUMENTED,
    _FAQ,
    "2025-08",
)
_DEFERS = rule(
    "TSS04",
    "mail of an address of low reputation is deferred (no code is published for the PTR record itself)",
    Grade.DOCUMENTED,
    "senders.yahooinc.com/smtp-error-codes",
    "2026-02",
)
_GENERIC = rule(
    "meaningful, non-generic reverse DNS",
    "the PTR name looks generated: a name that says the domain is asked for",
    Grade.DOCUMENTED,
    _BEST,
    "2025-04",
)

_BAND = band(
    confirmed=accept(_MEETS),
    none=one_of(delay(_DEFERS), risk(_LACKS)),
    generic=risk(_GENERIC),
    partly=several("Yahoo"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="yahoo",
    title="Yahoo and AOL",
    kind="provider",
    about=(
        "Yahoo Mail, AOL and the domains they host. Valid forward and reverse DNS has been a requirement for all "
        "senders since February 2024, and the PTR name should be meaningful, say the sender's domain, and not look like "
        "a dynamic address. No error code is about that: the lack of it lowers the reputation, and low reputation shows "
        "as deferral (421 and 451 with TSS04 and the like) or as the spam folder. It is a reputation system: fitting "
        "names are necessary, not sufficient. The HELO is not mentioned."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
