"""GoDaddy (secureserver.net): mail of an address whose reverse DNS fails is put off.

Known from the reply IB108 alone. Does not model its limits and lists.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, rule, rules_of, several
from truehelo.reception import Grade

_SEEN = "replies in bounces"
_MEETS = rule("reverse DNS", "the PTR name leads back", Grade.OBSERVED, _SEEN, "2026-08")
_LACKS = rule("IB108", "the reverse DNS of the address fails", Grade.OBSERVED, _SEEN, "2026-08")
_FORWARD = rule(
    "IB108, forward",
    "the PTR name does not lead back: whether that counts is not published",
    Grade.UNVERIFIED,
    _SEEN,
    "2026-08",
)

_DELAY = delay(_LACKS, "421 IB108 Reverse DNS for this IP failed")
_BAND = band(
    confirmed=accept(_MEETS),
    none=_DELAY,
    elsewhere=one_of(accept(_FORWARD), delay(_FORWARD, _DELAY.reply)),
    failed=_DELAY,
    partly=several("GoDaddy"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="secureserver",
    title="GoDaddy (secureserver.net)",
    kind="provider",
    about=(
        "Mail that GoDaddy hosts itself. One reply is about names: reverse DNS of the address failed, put off with 421. "
        "Whether it means a missing record alone is not known."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
