"""Exchange Online (Microsoft 365): over IPv6 the address must have a PTR record; over IPv4 nothing is documented.

Microsoft Learn, "Support for anonymous inbound email over IPv6 in Microsoft 365", and its list of non-delivery codes.
Does not model SPF and DKIM, one of which must pass over IPv6.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, delay, one_of, refuse, rule, rules_of, several
from truehelo.reception import Grade

_IPV6 = "Microsoft Learn, Support for anonymous inbound email over IPv6 in Microsoft 365"
_CODES = "Microsoft Learn, Email non-delivery reports and SMTP errors in Exchange Online"
_SILENT = rule(
    "IPv4",
    "over IPv4 no refusal for a PTR record is documented; the filter may use it",
    Grade.DOCUMENTED,
    _CODES,
    "2026-08",
)
_MEETS = rule(
    "IPv6", "over IPv6 the address has a PTR record; SPF or DKIM must pass as well", Grade.DOCUMENTED, _IPV6, "2026-08"
)
_DELAYED = rule("4.7.25", "over IPv6 the address has no PTR record", Grade.DOCUMENTED, _IPV6, "2026-08")
_REFUSED = rule(
    "5.7.25", "over IPv6 the address has no PTR record: the permanent form of the code", Grade.DOCUMENTED, _CODES, "2026-08"
)
_ELSEWHERE = rule(
    "IPv6, forward",
    "over IPv6 the PTR name does not lead back: the documents ask for the record alone",
    Grade.UNVERIFIED,
    _IPV6,
    "2026-08",
)
_FAILS = rule("lookup failure", "over IPv6 a lookup fails: nothing is published", Grade.UNVERIFIED, _IPV6, "2026-08")

_TEXT = "Service unavailable, sending IPv6 address [{ip}] must have reverse DNS record."
_DELAY, _REFUSE = delay(_DELAYED, f"450 4.7.25 {_TEXT}"), refuse(_REFUSED, f"550 5.7.25 {_TEXT}")
_PARTLY = several("Exchange Online")
_FOUR = band(confirmed=accept(_SILENT), none=accept(_SILENT), partly=_SILENT)
_SIX = band(
    confirmed=accept(_MEETS),
    none=one_of(_DELAY, _REFUSE),
    elsewhere=one_of(accept(_ELSEWHERE), delay(_ELSEWHERE, _DELAY.reply), refuse(_ELSEWHERE, _REFUSE.reply)),
    failed=one_of(delay(_FAILS, _DELAY.reply), accept(_FAILS)),
    partly=_PARTLY,
)
_JUDGE = by_reverse(_FOUR, _SIX)

RECEIVER = Receiver(
    id="exchange-online",
    title="Exchange Online (Microsoft 365)",
    kind="provider",
    about=(
        "Microsoft's mail for companies; Outlook.com is outlook. Over IPv4 no document names the PTR record as a reason "
        "to refuse. IPv6 is there only for domains that asked for it: there the address must have a PTR record and the "
        "mail must pass SPF or DKIM, else 450 4.7.25 and 450 4.7.26; the list of codes has 5.7.25 too. Whether the PTR "
        "name must lead back is not written. The one rule about HELO (5.7.506, Access Denied, Bad HELO) is for a HELO "
        "that is the recipient's own server, which cannot be known here."
    ),
    rules=rules_of(_FOUR, _SIX),
    build=lambda _config: _JUDGE,
)
