"""T-Online: only addresses with a good reputation may connect; to get one, their name must lead to whoever operates them.

postmaster.t-online.de, §4.1, and the replies at its greeting. Does not know the reputation of an address, without which
nothing is accepted there.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_FAQ = "postmaster.t-online.de, §4.1"
_SEEN = "replies at the greeting"
_MEETS = rule(
    "§4.1",
    "the PTR name leads back: necessary, not sufficient; an address without reputation is refused until it is asked for",
    Grade.DOCUMENTED,
    _FAQ,
    "2026-08",
)
_LACKS = rule(
    "NOWL", "there is no PTR record that leads back, which a good reputation needs", Grade.OBSERVED, _SEEN, "2026-08"
)
_DIAL = rule(
    "DIAL",
    "the PTR name looks like dial-up, or like a provider's default that does not lead to an operator with an imprint",
    Grade.OBSERVED,
    _SEEN,
    "2026-08",
)
_FAILS = rule("lookup failure", "a lookup fails: nothing is published", Grade.UNVERIFIED, "nothing published", "2026-11")

_NOWL = (
    "554 IP={ip} - None/bad reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. (NOWL)"
)
_BAND = band(
    confirmed=accept(_MEETS),
    none=refuse(_LACKS, _NOWL),
    failed=one_of(refuse(_FAILS, _NOWL), accept(_FAILS)),
    generic=one_of(
        refuse(_DIAL, "554 IP={ip} - Dialup/transient IP not allowed. (DIAL)"), refuse(_DIAL, _NOWL), accept(_DIAL)
    ),
    partly=several("T-Online"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="t-online",
    title="T-Online",
    kind="provider",
    about=(
        "Deutsche Telekom's mail for everybody. It answers with 554 in place of a greeting to every address whose "
        "reputation is not good, and no history is no good reputation: a new server is refused (NOWL) until its "
        "operator writes to the address in the reply. The operator is then held to §4.1 of the postmaster page: the "
        "name of the address leads back, belongs to a domain of the operator, and a web site under it names who that is "
        "(imprint). Names that look dynamic are refused as DIAL, listed addresses as BL. So fitting names are "
        "necessary, not sufficient. The HELO should be that name too; no reply is known that says so."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
