"""freenet.de: a PTR record that is there and consistent.

Known from its replies alone. Does not know which lookup it makes of several names.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_SEEN = "replies in bounces"
_MEETS = rule("DNS PTR record", "the PTR name leads back", Grade.OBSERVED, _SEEN, "2026-08")
_LACKS = rule(
    "inconsistent or no DNS PTR record", "there is no PTR record that leads back", Grade.OBSERVED, _SEEN, "2026-08"
)
_FAILS = rule("lookup failure", "a lookup fails: nothing is published", Grade.UNVERIFIED, "nothing published", "2026-11")

_REFUSE = refuse(_LACKS, "550 inconsistent or no DNS PTR record for {ip}")
_BAND = band(
    confirmed=accept(_MEETS),
    none=_REFUSE,
    failed=one_of(delay(_FAILS), refuse(_FAILS, _REFUSE.reply)),
    partly=several("freenet"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="freenet",
    title="freenet.de",
    kind="provider",
    about=(
        "A German mail provider. What it asks for is known from one reply: the PTR record must be there and be "
        "consistent, that is lead back. About HELO and about generated names nothing is known."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
