"""Gmail: every address needs a PTR name that leads back, over IPv4 and, with texts of its own, over IPv6.

support.google.com/a/answer/81126 (sender guidelines) and /3726730 (SMTP errors). RFC 8601 §3. Does not model SPF, DKIM,
DMARC, TLS and spam rates, which Gmail asks for too.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_GUIDELINES = "support.google.com/a/answer/81126, Email sender guidelines"
_ERRORS = "support.google.com/a/answer/3726730, Gmail SMTP errors and codes"
_MEETS = rule(
    "IP addresses",
    "a PTR name has the address in its A or AAAA records; what else Gmail asks of senders is not about names",
    Grade.DOCUMENTED,
    _GUIDELINES,
    "2026-03",
)
_LIMITED = rule(
    "4.7.23",
    "there is no PTR record, or its name does not lead back: mail is rate limited",
    Grade.DOCUMENTED,
    _ERRORS,
    "2026-02",
)
_BLOCKED = rule(
    "5.7.25",
    "there is no PTR record, or its name does not lead back: mail is blocked",
    Grade.DOCUMENTED,
    _ERRORS,
    "2026-02",
)
_IPV6 = rule(
    "5.7.1 (IPv6)",
    "over IPv6 there is no PTR record that leads back, or the mail is not authenticated",
    Grade.DOCUMENTED,
    _ERRORS,
    "2026-02",
)
_FAILS = rule(
    "lookup failure",
    "a lookup fails: nothing is published, and the texts of the codes do not tell it from a missing record",
    Grade.UNVERIFIED,
    _ERRORS,
    "2026-02",
)

_WORDS = "a PTR record, or the PTR record's forward DNS entry doesn't match the sending IP address."
_DELAY = delay(
    _LIMITED,
    f"451 4.7.23 The sending IP address for this message doesn't have {_WORDS} To protect users from spam, your email has "
    "been temporarily rate limited.",
)
_REFUSE = refuse(
    _BLOCKED,
    "550 5.7.25 This message was blocked because the sending IP address doesn't have a PTR record, or the forwarding "
    "DNS entry doesn't reference the sending IP address. Gmail requires that sending IP addresses have a PTR record.",
)
_REFUSE6 = refuse(
    _IPV6, "550 5.7.1 This message does not meet IPv6 sending guidelines regarding PTR records and authentication."
)
_UNSURE = one_of(delay(_FAILS, _DELAY.reply), refuse(_FAILS, _REFUSE.reply))
_PARTLY = several("Gmail")
_FOUR = band(confirmed=accept(_MEETS), none=one_of(_DELAY, _REFUSE), failed=_UNSURE, partly=_PARTLY)
_SIX = band(confirmed=accept(_MEETS), none=one_of(_DELAY, _REFUSE, _REFUSE6), failed=_UNSURE, partly=_PARTLY)
_JUDGE = by_reverse(_FOUR, _SIX)

RECEIVER = Receiver(
    id="gmail",
    title="Gmail",
    kind="provider",
    about=(
        "Google's mail for everybody, and for companies as Google Workspace. Since February 2024 every sender's address "
        "must have a PTR name that has that address, in A for IPv4 and in AAAA for IPv6. Without it mail is rate "
        "limited (451 4.7.23, on the wire also 421) or blocked (550 5.7.25), after DATA; which of the two is Gmail's "
        "choice, and the guidelines name the spam folder as a third. Over IPv6 it has long been stricter: 550 5.7.1 for "
        "no PTR record or no authentication. The HELO need not be the PTR name; nothing is published about it but that "
        "an invalid or empty one is refused with 501 5.5.4, without a word on which ones are invalid, so it is not "
        "looked at here. Fitting names are necessary, not enough: SPF or DKIM, TLS and few complaints are asked for "
        "too."
    ),
    rules=rules_of(_FOUR, _SIX),
    build=lambda _config: _JUDGE,
)
