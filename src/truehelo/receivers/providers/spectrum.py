"""Spectrum (Charter, Roadrunner): full-circle DNS is asked of senders.

Known from its postmaster's list of AUP codes as seen in bounces. None of the codes is about DNS alone. Does not model
reputation.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_SEEN = "AUP codes in bounces"
_MEETS = rule("full-circle DNS", "the PTR name leads back", Grade.OBSERVED, _SEEN, "2026-08")
_LACKS = rule(
    "AUP#I-1100 and on",
    "there is no PTR record that leads back; which of the codes is for that is not published",
    Grade.OBSERVED,
    _SEEN,
    "2026-08",
)

_BAND = band(
    confirmed=accept(_MEETS), none=one_of(refuse(_LACKS, "550 AUP#I-1100"), accept(_LACKS)), partly=several("Spectrum")
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="spectrum",
    title="Spectrum (Charter)",
    kind="provider",
    about=(
        "An American access provider. It asks for full-circle DNS, that is a PTR name that leads back, and refuses with "
        "codes of the form AUP#I-1100, of which none is published to be about that alone; so a failure is a risk. It "
        "publishes no address of IPv6; a client that comes over it all the same was seen refused as AUP#I-1260."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
