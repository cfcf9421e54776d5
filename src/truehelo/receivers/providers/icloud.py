"""iCloud Mail: bulk senders must publish reverse DNS with their domain.

support.apple.com/102322. "All requirements must be met"; which reply is given for this one is not published. Does not
model the filter that Apple buys in, which refuses with 550 5.7.0.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, one_of, refuse, risk, rule, rules_of, several
from truehelo.reception import Grade

_PAGE = "support.apple.com/102322, Postmaster information for iCloud Mail"
_MEETS = rule("reverse DNS", "the address has a PTR name that leads back", Grade.DOCUMENTED, _PAGE, "2025-02")
_LACKS = rule(
    "reverse DNS (bulk)",
    "there is no PTR record that leads back: bulk mail is refused; of other mail nothing is said",
    Grade.DOCUMENTED,
    _PAGE,
    "2025-02",
)
_DOMAIN = rule(
    "reverse DNS with your domain",
    "the PTR name is a generated one, and does not say the sender's domain, as is asked of bulk mail",
    Grade.DOCUMENTED,
    _PAGE,
    "2025-02",
)

_BAND = band(
    confirmed=accept(_MEETS),
    none=one_of(refuse(_LACKS), risk(_LACKS), accept(_LACKS)),
    generic=one_of(risk(_DOMAIN), accept(_DOMAIN)),
    partly=several("iCloud Mail"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="icloud",
    title="iCloud Mail",
    kind="provider",
    about=(
        "Apple's mail: icloud.com, me.com, mac.com and own domains. The postmaster page asks bulk senders to publish "
        "reverse DNS with their domain, and says that bulk mail that does not meet all requirements is rejected; for "
        "other mail it is silent, and no reply is published for this requirement. Replies that are seen come from the "
        "filter in front (550 5.7.0) and from Spamhaus (550 5.7.1)."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
