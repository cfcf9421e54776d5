"""Cox: reverse DNS is required.

Known from the postmaster's list of replies as they are seen in bounces. Does not model its limits and lists.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_SEEN = "replies in bounces"
_MEETS = rule("rDNS", "the address has a PTR record", Grade.OBSERVED, _SEEN, "2026-08")
_LACKS = rule("rejected - no rDNS", "the address has no PTR record", Grade.OBSERVED, _SEEN, "2026-08")
_CHECK = rule("CXDNS", "the DNS check fails", Grade.OBSERVED, _SEEN, "2026-08")
_FORWARD = rule(
    "rDNS, forward",
    "the PTR name does not lead back: whether that counts is not published",
    Grade.UNVERIFIED,
    _SEEN,
    "2026-08",
)

_BAND = band(
    confirmed=accept(_MEETS),
    none=refuse(_LACKS, "554 Cox {ip} rejected - no rDNS"),
    elsewhere=one_of(accept(_FORWARD), refuse(_FORWARD)),
    failed=one_of(delay(_CHECK, "421 CXDNS DNS check failure"), refuse(_CHECK, "554 CXDNS DNS check failure")),
    partly=several("Cox"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="cox",
    title="Cox",
    kind="provider",
    about=(
        "An American access provider, whose mail moved to Yahoo in 2024: servers of companies may still answer so. A "
        "missing PTR record is refused, and a failed DNS check shows as CXDNS. Whether the name must lead back is not "
        "known."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
