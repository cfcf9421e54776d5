"""Words in a name: those of access networks ("dynamic", "dhcp", "pool-12"), and those of mail, which speak against them.

Filters look for such words more broadly, and punish good names with it (mail.pool.example.com, mx.host.example.com). Here a
word counts only as a whole word and near digits, and a name that also says that it belongs to mail is let go, since its
owner chose it. Decides nothing about addresses in a name (`written`).
"""

from enum import Enum
from functools import lru_cache

# Words that only access networks use: a digit anywhere in the host part is enough.
_PLAIN = frozenset(
    "dynip pppoe pppoa pptp xdsl hdsl sdsl dsl dialin cablemodem cmodem cable kabel catv docsis broadband bredband"
    " breitband bandalarga bandaancha gprs cdma umts hspa wimax vsat ftth fttx fttb fttp hfc hsia homeuser ddns resnet"
    " halls dorm dorms ipoe dslam".split()
)
_PLAIN_ENDS = ("dsl", "dialup")
_PLAIN_BEGINS = ("adsl", "vdsl", "dynamic", "dinamic", "dialup", "dhcp")
# Words with other uses: they must stand next to a digit.
_NEXT_TO_DIGITS = frozenset(
    "dyn dip slip cm modem cgnat cgn wifi wireless mobile mobil lte gsm cpe hsd hsi res home subs subscriber cust client"
    " clients customer customers cliente clientes clienti klient kunde kunden abo abonent assinante user users usr port"
    " unused bas bras bng ras lns tnt cmts ubr olt gpon cvx".split()
)
_NEAR_BEGINS = ("ppp", "pool", "dial", "dsl", "cable", "kabel", "catv", "wlan")
# Devices that end access lines, where they stand above the first label (d139.as1, pl027.nas934).
_DEVICES = frozenset("nas as terminal rack".split())
# Zones that names are generated in, as a whole label above a first one with this many digits: 2, or 4 for those of servers.
_ZONES = _NEXT_TO_DIGITS | frozenset("ppp pool pools dial cable kabel bb rev reverse rdns ptr ip ips as".split())
_SERVER_ZONES = frozenset("vps vs vds vm compute instances clients colo dedicated members servers cloud".split())
_ZONE_DIGITS, _SERVER_ZONE_DIGITS = 2, 4
# Words of places that addresses are handed out to: no evidence alone, but beside two octets of the address.
_ADDRESSED = (
    frozenset("host ip nas nat static fixed fix sta leased line lline node rev reverse ptr addr access net sub".split())
    | frozenset(
        "subnet range block unassigned unallocated unregistered unknown dedicated ded colo vps vds vm pc lan eth".split()
    )
    | frozenset("link fiber fibre fibra isp inet internet red rede acesso acceso conn router gw business biz corp".split())
    | _NEXT_TO_DIGITS
    | _PLAIN
)
_ADDRESSED_BEGINS = (*_PLAIN_BEGINS, *_NEAR_BEGINS)
_MAIL = frozenset(
    "mx mxs mta relay outbound inbound outgoing out mout imap submission newsletter bounce"
    " sender delivery lists list listserv exchange esa".split()
)
_MAIL_ZONES = frozenset("mail smtp mx mta relay outbound outgoing out mailer".split())


class _Kind(Enum):
    """What a word says of the name that it stands in."""

    NOTHING = 0
    PLAIN = 1
    NEAR = 2
    BEFORE = 3
    DEVICE = 4


@lru_cache(maxsize=16_384)
def _kind(word: str) -> _Kind:
    """Return the kind of a word; names share their words, so that a look-up is the rule."""
    if word in _PLAIN or word.endswith(_PLAIN_ENDS) or word.startswith(_PLAIN_BEGINS):
        return _Kind.PLAIN
    if word in _NEXT_TO_DIGITS or word.startswith(_NEAR_BEGINS):
        return _Kind.NEAR
    if word == "nat":
        return _Kind.BEFORE
    return _Kind.DEVICE if word in _DEVICES else _Kind.NOTHING


def access_word(host: str, words: list[str]) -> str | None:
    """Return the access-network word in a host part that holds a digit, None without one.

    Args:
        host: Lower case, without the registered domain.
        words: The runs of letters in it (`parts.words`).
    """
    for word in words:
        kind = _kind(word)
        if kind is _NOTHING:
            continue
        if kind is _Kind.PLAIN or (kind is _Kind.NEAR and _beside_digit(word, host)):
            return word
        if kind is _Kind.BEFORE and _before_digit(word, host):
            return word
        if kind is _Kind.DEVICE and f".{word}" in host and _before_digit(word, host.partition(".")[2]):
            return word
    return None


_NOTHING = _Kind.NOTHING


def generated_zone(host: str) -> str | None:
    """Return the label above the first that names are generated in, where the first one holds digits enough; or None."""
    head, _, rest = host.partition(".")
    digits = sum(map(str.isdecimal, head))
    if rest and digits >= _ZONE_DIGITS:
        for label in rest.split("."):
            if label in _ZONES or (digits >= _SERVER_ZONE_DIGITS and label in _SERVER_ZONES):
                return label
    return None


def mail_stem(name: str) -> str | None:
    """Return the stem of a mail word that stands anywhere in a name, None without one. The commonest, found fastest."""
    return "mail" if "mail" in name else "smtp" if "smtp" in name else None


def mail_word(words: list[str]) -> str | None:
    """Return the word among those of a host part that says mail, None without one; stems are for `mail_stem`."""
    return None if _MAIL.isdisjoint(words) else next(word for word in words if word in _MAIL)


def addressed_word(words: list[str]) -> str | None:
    """Return the first word that is given to addresses rather than to servers ("host", "cust", "leased"), or None."""
    for word in words:
        if word in _ADDRESSED or word.endswith(_PLAIN_ENDS) or word.startswith(_ADDRESSED_BEGINS):
            return word
    return None


def mail_zone(below_top: str) -> str | None:
    """Return the label between the first one and the last of what is given that makes a zone of mail servers, or None.

    It is given the name without its last label, so that the registered domain's own label is not looked at.
    """
    for label in below_top.split(".")[1:-1]:
        if not _MAIL_ZONES.isdisjoint(label.split("-")):
            return label
    return None


def _beside_digit(word: str, host: str) -> bool:
    """A digit before the word or after it, with one separator between at most."""
    start = host.find(word)
    while start >= 0:
        end = start + len(word)
        before, after = host[max(0, start - 2) : start][::-1], host[end : end + 2]
        if not (before[:1].isalpha() or after[:1].isalpha()) and (_digit_near(before) or _digit_near(after)):
            return True
        start = host.find(word, end)
    return False


def _before_digit(word: str, host: str) -> bool:
    """As above, but after it alone: ar1-nat-sp.example.com is a place in a network."""
    start = host.find(word) + len(word)
    return _digit_near(host[start : start + 2])


def _digit_near(text: str) -> bool:
    return text[:1].isdecimal() or (text[:1] in {".", "-", "_"} and text[1:].isdecimal())
