"""GMX, web.de, mail.com and IONOS: a PTR record that fits, and no name of a provider's default, answered at the greeting.

postmaster.gmx.net (email policy, error messages), with replies from bounces. The policy wants the PTR name to be the HELO
too, but no reply is known that enforces it. Does not model block lists and 450 for a HELO that keeps changing.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_POLICY = "postmaster.gmx.com/en/email-policy"
_SEEN = "replies in bounces; postmaster.gmx.com/en/error-messages"
_MEETS = rule(
    "reverse DNS entry",
    "the PTR name leads back; it should be the HELO as well, which no known reply enforces",
    Grade.DOCUMENTED,
    _POLICY,
    "2026-08",
)
_LACKS = rule(
    "Bad DNS PTR resource record", "the address has no PTR record that leads back", Grade.OBSERVED, _SEEN, "2026-08"
)
_DEFAULT = rule(
    "invalid DNS PTR resource record",
    "the PTR name is a provider's default or looks dynamic (seen for defaults of Linode, Vultr and OVH)",
    Grade.OBSERVED,
    _SEEN,
    "2026-08",
)
_FAILS = rule("lookup failure", "a lookup fails: nothing is published", Grade.UNVERIFIED, _POLICY, "2026-08")

_HEAD = "554 gmx.net Nemesis ESMTP Service not available / No SMTP service / "
_TAIL = " / For explanation visit https://postmaster.gmx.net/en/case?c=r0601&i=ip&v={ip}"
_REFUSE = refuse(_LACKS, f"{_HEAD}Bad DNS PTR resource record.{_TAIL}")
_BAND = band(
    confirmed=accept(_MEETS),
    none=_REFUSE,
    failed=one_of(delay(_FAILS), refuse(_FAILS, _REFUSE.reply)),
    generic=one_of(refuse(_DEFAULT, f"{_HEAD}invalid DNS PTR resource record.{_TAIL}"), accept(_DEFAULT)),
    partly=several("GMX"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="gmx",
    title="GMX, web.de, mail.com, IONOS",
    kind="provider",
    about=(
        "The mail of 1&1 in all its brands, behind one set of rules. A missing PTR record, one that does not lead back, "
        "and a name that a hosting company gives by default are refused before the greeting, in several lines without "
        "an enhanced code; the last line links to the explanation. Which names count as defaults is not published, so a "
        "generated name is a risk. The policy asks that the PTR name be used as HELO, and that it do not keep changing; "
        "a different HELO that is steady is not known to be refused."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
