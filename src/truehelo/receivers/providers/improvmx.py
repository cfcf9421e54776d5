"""ImprovMX, a forwarding service: the address must have a PTR record.

Known from its replies. Does not model its other checks.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_SEEN = "replies in bounces"
_MEETS = rule("reverse DNS", "the PTR name leads back", Grade.OBSERVED, _SEEN, "2026-08")
_LACKS = rule("5.7.25", "the address has no PTR record", Grade.OBSERVED, _SEEN, "2026-08")
_FORWARD = rule(
    "5.7.25, forward",
    "the PTR name does not lead back: whether that counts is not published",
    Grade.UNVERIFIED,
    _SEEN,
    "2026-08",
)
_FAILS = rule("lookup failure", "a lookup fails: nothing is published", Grade.UNVERIFIED, "nothing published", "2026-11")

_REFUSE = refuse(_LACKS, "550 5.7.25")
_BAND = band(
    confirmed=accept(_MEETS),
    none=_REFUSE,
    elsewhere=one_of(accept(_FORWARD), refuse(_FORWARD, _REFUSE.reply)),
    failed=one_of(delay(_FAILS), refuse(_FAILS, _REFUSE.reply)),
    partly=several("ImprovMX"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="improvmx",
    title="ImprovMX",
    kind="provider",
    about=(
        "A service that forwards the mail of a domain to mailboxes elsewhere. An address without PTR record is refused "
        "with 550 5.7.25; what it makes of a name that does not lead back, and of HELO, is not known. Whatever it "
        "forwards to may judge again."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
