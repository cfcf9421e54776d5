"""What SpamAssassin's rules would say about a bare name: as the reverse name of a client, and as its HELO.

Its rules read names as the mail server in front of it wrote them into `Received:`, and look for the shapes of access
networks: groups of digits, words such as "dsl" before digits, the schemes of some providers. These are the rules of release
4.0.1 (20_dynrdns.cf, 20_fake_helo_tests.cf, 72_active.cf). Rules that need the address or two names at once are for
`receivers.filters.spamassassin`; so are the points.
"""

import re
from functools import lru_cache

_MARKED = str.maketrans(dict.fromkeys("\t\n\v\f\r \0#[]()<>|", "!"))

_I = re.IGNORECASE | re.ASCII
# Access networks with a scheme of their own, from the start of the reverse name.
_RDNS_SCHEMES = (
    r"\S+\d\S+\.client2\.attbi\.com",
    r"cpe\d\S+\.rogers\.com",
    r"[a-z]{2}-\S+-\d{1,3}\.[a-z]{3,8}\.adelphia\.net",
    r"\d+\.\S+\d\D\d+\D\d+\D",
    r"yahoobb",
    r"[a-z]+-\d{1,3}-\d{1,5}\.roadrunner",
    r"[a-z-]+\d+[a-z]{3}\.[a-z0-9]+\...\.comcast",
    r"h\d+n\d+fls\S+\.telia\.com",
    r"\S+\.cm\.chello\.no",
    r"[a-z]\d+\.upc-[a-z]\.chello\.nl",
    r"[a-z]{2}\d+\.user\.veloxzone\.",
    r"\S+\d-\d+-cust\d+\.[a-z]{4,6}\.broadband\.ntl\.com",
    r"\S+-[a-z]\d+\.[a-z]{6}\.tds\.net",
    r"\d+\.cps\.",
    r"\S+-[a-z]\d+-\d+\.",
    r"[a-z]\d+\.ppp\.asahi-net\.or\.jp",
    r"\S+[.-](?:dyn(?:amic)?|res|resnet|client|docsis|dhcp|cpe|catv)[.-]",
    r"\S+[.-]dyn(?:amic)?\d",
)
# Shapes anywhere in it: four groups of digits before two more labels; a word of access networks before digits; digits
# before a label that is such a word.
_RDNS_SHAPES = (
    r"\d\D\d+\D\d+\D\d\S*\.\S+\.\S",
    r"(?:cm|catv|docsis|cable|dsl|dhcp|cpe|node)\S*\d\D+\d",
    r"\d\D+\d\S*\.(?:docsis|cable|a?dsl|dhcp|cpe)\.",
)
_RDNS_DYNAMIC = re.compile(f"^(?:{'|'.join(_RDNS_SCHEMES)})|{'|'.join(_RDNS_SHAPES)}", _I)
_HEX = re.compile(r"[a-z][A-F0-9]+\.dip\.|0x[a-f0-9]{8}\.", re.ASCII)
_RDNS_STATIC = re.compile("fix|static|dedicated|mail-mail|outbound-mail|smtp", _I)
# A name with none of these, and fewer than two groups of digits, is in none of the shapes.
_DIGITS = re.compile("[0-9]+")
_RDNS_WORDS = (
    "dyn client docsis dhcp cpe catv yahoobb chello localhost .res -res attbi rogers adelphia .dip. roadrunner comcast"
    " telia veloxzone .ntl. tds.net .cps. asahi hotmail"
).split()
_HELO_WORDS = "upc- home.nl .dip. salesforce hotmail".split()

_HOTMAIL = re.compile(r"mx[1-4]\.hotmail\.com")
_HELO_STATIC = re.compile(
    r"cmr-\d{1,3}(?:-\d{1,3}){3}\S+\.rogers\.com"
    r"|(?:o\d{1,3}(?:-\d{1,3}){3}\.outbound-mail\.sendgrid\.net|\d{1,3}(?:-\d{1,3}){3}-static\.hfc\.comcastbusiness\.net"
    r"|smtp-\w+\.core\d\.sfdc-\w+\.mta\.salesforce\.com)$",
    _I,
)
# Letters, then four groups of digits and one more character. What follows is two more labels, or no dot at all: the rule
# then reads on into the name of the receiving host, which has three labels as a rule.
_HELO_IPADDR = re.compile(r"(?!\S+[.-]static[.-])[a-z]\S*\d\D\d+\D\d+\D\d+\D(?:[^.]*$|[^.]*\.\S+\.\S)", _I)
_HELO_IPADDR2 = re.compile(r"(?!\S+[.-](?:static|mail|smtp|mx)\d*[.-])\d{1,3}(?:[\Wx_]\d{1,3}){3}\D[^.]*\.\S+\.\S", _I)
_HELO_SPLIT_IP = re.compile(r"\d+\.\S+\d\D\d+\D\d+\D", re.ASCII)
_HELO_DHCP = re.compile(r"(?:(?<!smtp)(?<!a)cm|catv|docsis|cable|dsl|dhcp|cpe|node)\S*\d\D+\d", _I)
_HELO_HCC = re.compile(r"\d\D+\d\S*\.(?:docsis|cable|a?dsl|dhcp|cpe)\.", _I)
_HELO_CHELLO = re.compile(r"[a-z]\d+\.upc-[a-z]\.chello\.nl", _I)
_HELO_HOME = re.compile(r"[a-z]{2}\d+-\S\.\S+\d\.[a-z]{2}\.home\.nl", _I)
_HELO_DIALIN = re.compile(r"[a-z][A-F0-9]+\.dip\.", re.ASCII)
_HELO_HEXIP = re.compile(r"0x[a-f0-9]{8}\.")
_HELO_GENERIC = re.compile(r"(?=\S*(?:pool|dyna|lease|dial|dip|static))\S*\d\D+\d", _I)
_HELO_BARE_IP = re.compile(r"(?!127)\d{1,3}(?:\.\d{1,3}){3}$", re.ASCII)
_HELO_SINGLE = re.compile(r"[a-z0-9_-]+$", _I)
_HELO_PRIVATE = re.compile(r"\S+\.(?:home|lan)$", _I)
_HELO_ROUTER = re.compile(r"(?:(?:dsl)?device|speedtouch)\.lan\b", _I)


def marked(name: str) -> str:
    """Return a name as SpamAssassin's rules see it: brackets and the like are exclamation marks ("!192.0.2.1!")."""
    return name if name.replace(".", "").replace("-", "").isalnum() else name.translate(_MARKED)


@lru_cache(maxsize=8192)
def rdns_symbols(name: str) -> tuple[str, ...]:
    """Return the symbols of a reverse name: RDNS_DYNAMIC, RDNS_LOCALHOST (of an IPv4 client), FSL_FAKE_HOTMAIL_RVCD.

    Args:
        name: The name as the mail server in front writes it, in its case, without a final dot; "" for none.
    """
    lowered = name.lower()
    digits = _DIGITS.findall(name)
    if len(digits) < 2 and name[:2] != "0x" and not _holds(lowered, _RDNS_WORDS):
        return ()
    symbols = []
    if (_RDNS_DYNAMIC.search(name) or _HEX.match(name)) and not _RDNS_STATIC.search(name):
        symbols.append("RDNS_DYNAMIC")
    if lowered in ("localhost", "localhost.localdomain"):
        symbols.append("RDNS_LOCALHOST")
    if _HOTMAIL.search(name):
        symbols.append("FSL_FAKE_HOTMAIL_RVCD")
    return tuple(symbols)


@lru_cache(maxsize=8192)
def helo_symbols(name: str) -> tuple[str, ...]:
    """Return the symbols of a HELO, whatever the name of its client.

    Args:
        name: The argument of HELO or EHLO, in its case; brackets are seen as SpamAssassin sees them.
    """
    name = marked(name)
    if "." not in name:
        return _single(name)
    lowered = name.lower()
    symbols = _with_digits(name, lowered)
    if lowered.endswith((".home", ".lan")) and _HELO_PRIVATE.match(name):
        symbols.append("HELO_LH_HOME")
    if ".lan" in lowered and _HELO_ROUTER.match(name):
        symbols.append("FSL_HELO_DEVICE")
    if lowered.startswith("oem"):
        symbols.append("HELO_OEM")
    return tuple(symbols)


def _holds(name: str, words: list[str]) -> bool:
    # A loop: it is twice as fast as any() over a generator.
    for word in words:  # noqa: SIM110
        if word in name:
            return True
    return False


def _with_digits(name: str, lowered: str) -> list[str]:
    """The symbols of names in which there are digits."""
    digits = _DIGITS.findall(name)
    if len(digits) < 2 and name[:2] != "0x" and not _holds(lowered, _HELO_WORDS):
        return []
    symbols = _dynamic(name)
    if _HELO_GENERIC.match(name):
        symbols.append("CK_HELO_GENERIC")
    if _HELO_BARE_IP.match(name):
        symbols.append("FSL_HELO_BARE_IP_1")
    if _HOTMAIL.search(name):
        symbols.append("FSL_FAKE_HOTMAIL_RVCD")
    return symbols


def _single(name: str) -> tuple[str, ...]:
    """The symbols of a HELO without a dot."""
    if not name:
        return ()
    lowered = name.lower()
    symbols = ["HELO_LOCALHOST" if lowered == "localhost" else "HELO_NO_DOMAIN"]
    if _HELO_SINGLE.match(name):
        symbols.append("FSL_HELO_NON_FQDN_1")
    if lowered == "pc" or lowered.startswith("oem"):
        symbols.append("HELO_OEM")
    # Without a dot some of these read on into the name of the receiving host, and some need none.
    return (*symbols, *_with_digits(name, lowered))


def _dynamic(name: str) -> list[str]:
    """The symbols of names that access networks give."""
    fixed = _HELO_STATIC.match(name) is not None
    split = _HELO_SPLIT_IP.match(name) is not None
    rules = (
        ("HELO_STATIC_HOST", fixed),
        ("HELO_DYNAMIC_IPADDR", not fixed and _HELO_IPADDR.match(name)),
        ("HELO_DYNAMIC_IPADDR2", not split and _HELO_IPADDR2.match(name)),
        ("HELO_DYNAMIC_SPLIT_IP", split),
        ("HELO_DYNAMIC_DHCP", not fixed and _HELO_DHCP.search(name)),
        ("HELO_DYNAMIC_HCC", not fixed and _HELO_HCC.search(name)),
        ("HELO_DYNAMIC_CHELLO_NL", _HELO_CHELLO.match(name)),
        ("HELO_DYNAMIC_HOME_NL", _HELO_HOME.match(name)),
        ("HELO_DYNAMIC_DIALIN", _HELO_DIALIN.match(name)),
        ("HELO_DYNAMIC_HEXIP", _HELO_HEXIP.match(name)),
    )
    return [symbol for symbol, holds in rules if holds]
