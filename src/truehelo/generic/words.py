"""Words of access networks in a name: "dynamic", "dhcp", "pool-12". A word counts only as a whole word, near digits.

Filters look for such words more broadly, and punish good names with it (mail.pool.example.com, mx.host.example.com). Here a
name that also says that it belongs to mail is let go, since its owner chose it.
"""

import re
from functools import lru_cache

# Words that only access networks use: a digit anywhere in the host part is enough.
_PLAIN = (
    "dynamic dynamicip dynip dyn-ip dynamic-ip dhcp pppoe pppoa pptp adsl vdsl xdsl hdsl sdsl dsl dsl-line dsl-dynamic"
    " dynamic-dsl dialup dial-up dialin dial-in cablemodem cable-modem catv docsis broadband bredband gprs cdma"
    " umts homeuser"
)
# Words with other uses: they must stand next to a digit.
_NEXT_TO_DIGITS = (
    "dyn pool pools ppp cable kabel modem nat cgnat wifi wlan cpe hsd ftth fttx fttb resnet subscriber unused-addr"
)
_MAIL = "mail mails mailer mailout smtp mx mxs mta relay outbound inbound out imap pop submission newsletter bounce sender"


@lru_cache(maxsize=1)
def _patterns() -> tuple[re.Pattern[str], ...]:
    def either(words: str) -> str:
        return "|".join(sorted((re.escape(word) for word in words.split()), key=len, reverse=True))

    plain = re.compile(rf"(?<![a-z])(?:{either(_PLAIN)})(?![a-z])")
    # The lookarounds leave the word itself as the match: a digit before it or after it, one separator between at most.
    near = either(_NEXT_TO_DIGITS)
    beside = re.compile(rf"(?<![a-z])(?:{near})(?=[.\-_]?[0-9])|(?:(?<=[0-9])|(?<=[0-9][.\-_]))(?:{near})(?![a-z])")
    mail = re.compile(rf"(?<![a-z])(?:{either(_MAIL)})(?![a-z])")
    return re.compile("[0-9]"), plain, beside, mail


def access_word(host: str) -> str | None:
    """Return the access-network word in the host part of a name (lower case, no registered domain), None without one."""
    digit, plain, beside, mail = _patterns()
    if digit.search(host) is None:
        return None
    found = plain.search(host) or beside.search(host)
    if found is None or mail.search(host):
        return None
    return found.group()
