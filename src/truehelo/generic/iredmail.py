"""What iRedMail's HELO table says about a HELO: bare addresses, dial-up shapes and words, names of access networks.

The table is `samples/postfix/helo_access.pcre` of iRedMail (2026-08). Postfix asks it before its own HELO rules; the
first row that fits wins, and case does not matter. Rows about single spammers of old are left out: no live server bears
such names. Does not decide what Postfix makes of a HELO of which the table says nothing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

_WHO = "ACCESS DENIED. Your email was rejected because the sending mail server"
_UNCLEAR = f"{_WHO} does not identify itself correctly"
_BARE = f"{_WHO} sent non RFC compliant HELO identity"
_IMPERSONATES = f"{_WHO} seems to be impersonating another mail server"
_DYNAMIC = f"{_WHO} appears to be on a dynamic IP address that should not be doing direct mail delivery"

_IMPERSONATED = frozenset(
    {"126.com", "163.com", "163.net", "sohu.com", "gmail.com", "google.com", "yahoo.com.cn", "yahoo.co.jp"}
)
_UNTRUE = frozenset({"localhost", "localhost.localdomain", "dsldevice.lan", "system.mail", "speedtouch.lan"})
_SENDERS = (".mail-mail.facebook.com", ".mail-campmail.facebook.com", ".pinterestmail.com", ".outbound-mail.sendgrid.net")
_DIALUP_WORDS = ("pppoe", "dsl.brasiltelecom.net.br", "dsl.optinet.hr", "dsl.telesp.net.br", "dialup", "dhcp")
_DYNAMIC_ENDINGS = ("speedy.com.ar", "speedyterra.com.br", "static.sbb.rs", "static.vsnl.net.in")
_ACCESS_ENDINGS = tuple(
    (
        "advance.com.ar airtelbroadband.in bb.netvision.net.il broadband3.iol.cz cable.net.co catv.broadband.hu chello.nl "
        "chello.sk client.mchsi.com comunitel.net coprosys.cz dclient.hispeed.ch dip0.t-ipconnect.de domain.invalid "
        "dyn.centurytel.net embarqhsd.net emcali.net.co epm.net.co fibertel.com.ar freedom2surf.net hgcbroadband.com "
        "hinet-ip.hinet.net infonet.by is74.ru kievnet.com.ua metrotel.net.co nw.nuvox.net pldt.net pool.invitel.hu "
        "pool.ukrtel.net pools.arcor-ip.net pppoe.avangarddsl.ru retail.telecomitalia.it revip2.asianet.co.th tim.ro "
        "tsi.tychy.pl ttnet.net.tr tttmaxnet.com user.veloxzone.com.br utk.ru veloxzone.com.br virtua.com.br wanamaroc.com "
        "wbt.ru wireless.iaw.on.ca business.telecomitalia.it cotas.com.bo marunouchi.tokyo.ocn.ne.jp"
    ).split()
)
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why the table refuses a HELO: `reason` in our words, `text` as the reply says it, `part` what it points at."""

    reason: str
    text: str
    part: str


def iredmail_helo(helo: str) -> str | None:
    """Return why iRedMail's table refuses a HELO, in words that follow "the HELO"; None when it does not."""
    verdict = iredmail_table(helo)
    return verdict.reason if isinstance(verdict, Refusal) else None


@lru_cache(maxsize=8192)
def iredmail_table(helo: str) -> Refusal | bool:
    """Return what the table says of a HELO: a refusal; True when it lets it pass whatever it is; False for nothing."""
    name = helo.lower()
    untrue = name in _UNTRUE or name.endswith(".local")
    if untrue:
        part = ".local" if name.endswith(".local") else helo
        return Refusal("is a name of no server on the Internet", _UNCLEAR, part)
    if name and not name.strip("0123456789."):
        return Refusal("is a bare address or a number", _BARE, helo)
    if name in _IMPERSONATED:
        return Refusal("is the domain of a large provider, whose servers say another name", _IMPERSONATES, helo)
    if "adsl" in name and _is_word(name, "adsl"):
        return Refusal('holds the word "adsl"', _DYNAMIC, "adsl")
    if _is_let_pass(name):
        return True
    return _dialup(name) or _ending(name) or False


def _dialup(name: str) -> Refusal | None:
    part = _four_groups(name)
    if part is not None:
        return Refusal("holds four numbers as of an address", _DYNAMIC, part)
    for word in _DIALUP_WORDS:
        if word in name:
            return Refusal(f'holds the dial-up word "{word}"', _DYNAMIC, word)
    return None


def _ending(name: str) -> Refusal | None:
    """The row fits from any point in a label on: "optim.ro" ends in "tim.ro"."""
    for endings, text in ((_DYNAMIC_ENDINGS, _DYNAMIC), (_ACCESS_ENDINGS, _UNCLEAR)):
        if name.endswith(endings):
            part = next(ending for ending in endings if name.endswith(ending))
            return Refusal(f'ends in "{part}", names of an access network', text, part)
    return None


def _is_let_pass(name: str) -> bool:
    """A literal of IPv4, and the outbound pools of large senders, which hold their address."""
    if name.startswith("[") and name.endswith("]"):
        groups = name[1:-1].split(".")
        return len(groups) == 4 and all(group.isdigit() and len(group) <= 3 for group in groups)
    if name.endswith(".outbound.protection.outlook.com"):
        return True
    head, _, rest = name.partition(".")
    if name.endswith(_SENDERS) and f".{rest}" in _SENDERS:
        return _four_groups(head.removeprefix("outbound-").removeprefix("o")) is not None
    # A name of Amazon EC2 outside us-east-1: ec2-A-B-C-D.REGION.compute.amazonaws.com.
    return head.startswith("ec2-") and rest.endswith(".compute.amazonaws.com") and rest.count(".") == 3


def _is_word(name: str, word: str) -> bool:
    """The word stands with no letter, digit or underscore beside it."""
    at = name.find(word)
    while at != -1:
        before, after = name[at - 1 : at], name[at + len(word) : at + len(word) + 1]
        if not any(beside.isalnum() or beside == "_" for beside in (before, after)):
            return True
        at = name.find(word, at + 1)
    return False


def _four_groups(name: str) -> str | None:
    """Return the first four numbers that single dots or hyphens join, the inner ones of three digits at most."""
    runs = list(_DIGITS.finditer(name))
    for first, second, third, fourth in zip(runs, runs[1:], runs[2:], runs[3:], strict=False):
        gaps = (name[a.end() : b.start()] for a, b in ((first, second), (second, third), (third, fourth)))
        inner = all(len(run.group()) <= 3 for run in (second, third))
        if inner and all(gap in {".", "-"} for gap in gaps):
            return name[max(first.start(), first.end() - 3) : min(fourth.end(), fourth.start() + 3)]
    return None
