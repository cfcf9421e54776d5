"""Comcast (Xfinity): a PTR record with valid reverse DNS is required, and names that look dynamic are refused.

The postmaster pages and the Xfinity support article on error codes, with replies from bounces. Does not model the block
lists that Comcast asks (BL000001 and so on).
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_CODES = "postmaster.comcast.net, SMTP error codes"
_XFINITY = "xfinity.com/support/articles/email-errors"
_MEETS = rule("valid rDNS", "the PTR name leads back", Grade.DOCUMENTED, _CODES, "2026-08")
_REQUIRES = rule("554 PTR record", "the address has no PTR record", Grade.DOCUMENTED, _CODES, "2026-08")
_LOOKUP = rule("554 PTR lookup failure", "the PTR name does not lead back", Grade.OBSERVED, "replies in bounces", "2026-08")
_FAILS = rule("421 Reverse DNS failure", "the reverse lookup fails (SERVFAIL)", Grade.DOCUMENTED, _CODES, "2026-08")
_DYNAMIC = rule(
    "ES000010",
    "the PTR name does not follow the conventions for static addresses (which names these are is not published)",
    Grade.DOCUMENTED,
    _XFINITY,
    "2026-08",
)

_REFUSE = refuse(
    _REQUIRES,
    "554 comcast {ip} Comcast requires that all mail servers must have a PTR record with a valid Reverse DNS entry. "
    "Currently"
    "your mail server does not fill that requirement.",
)
_BAND = band(
    confirmed=accept(_MEETS),
    none=_REFUSE,
    elsewhere=one_of(refuse(_LOOKUP, "554 PTR lookup failure"), _REFUSE),
    failed=delay(_FAILS, "421 Reverse DNS failure: Try again later"),
    generic=one_of(refuse(_DYNAMIC, "550 ES000010"), accept(_DYNAMIC)),
    partly=several("Comcast"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="comcast",
    title="Comcast (Xfinity)",
    kind="provider",
    about=(
        "A large American access provider. The pages say that every sending address must have a PTR record with valid "
        "reverse DNS (554 at the greeting), that a failed lookup is put off (421), and that an address whose name does "
        "not look like a static one is taken for dynamic (550 ES000010). A PTR name that changes often has been a "
        "reason of its own. HELO is not mentioned; one that is not fully qualified was seen refused with 521 long ago."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
