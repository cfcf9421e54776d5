"""What rspamd's hfilter would say about a bare name: its weight class, 0 (nothing) to 5 (very hard).

The module looks for words of access networks that stand between two separators (a dot or a hyphen) or touch digits, in the
name of the host and in the HELO, and for a few more shapes in the HELO alone. It does not see an address written into a
name. Three releases are told apart: 3.4 (Debian 12), 3.12 (Debian 13) and 4.1. What a class costs, and what else hfilter
does with a HELO, is for `receivers.filters.rspamd`.
"""

import re
from functools import lru_cache

VERSIONS = ("4.1", "3.12", "3.4")
"""The releases between which the classes differ, newest first."""

# How a word must stand. around: between two separators; apart: the same, and a digit or a separator before that.
# ahead: before a separator and a digit; ahead0: the separator may be missing; ahead2: two digits; ahead-more: one more of
# digits and separators. behind: after a digit that is not the first of the name, a separator between or not; behind1: it
# may be the first; behind3: three digits; apart-behind: a separator between.
_SHAPES = {
    "around": r"[.-]{0}[.-]",
    "apart": r"[0-9.-][.-]{0}[.-]",
    "ahead": r"{0}[.-][0-9]",
    "ahead0": r"{0}[.-]?[0-9]",
    "ahead2": r"{0}[.-][0-9][0-9]",
    "ahead-more": r"{0}[.-][0-9][0-9.-]",
    "behind": r"[0-9.-][0-9][.-]?{0}",
    "behind1": r"[0-9][.-]?{0}",
    "behind3": r"[0-9.-][0-9]{{3,}}[.-]?{0}",
    "apart-behind": r"[0-9.-][0-9][.-]{0}",
}
_USUAL = "around ahead behind"
# Word, class, and the shapes in which it counts.
_WORDS: tuple[tuple[str, int, str], ...] = (
    *((word, 5, _USUAL) for word in ("nat", "homeuser", "dynamic", "catv", "ppp", "dial-?up", "cablemodem", "pptp")),
    *((word, 5, "around ahead behind1") for word in ("broad", "wifi", "dhcp")),
    *((word, 5, "around ahead apart-behind") for word in ("broadband", "gprs", "cdma", "modem")),
    ("pppoe", 5, "apart ahead behind"),
    ("dynip", 5, "apart ahead apart-behind"),
    ("dyn", 5, "ahead-more apart-behind"),
    ("bredband", 5, "around behind"),
    ("brodband", 5, "ahead"),
    ("clients?", 5, "ahead2 behind3"),
    ("[ax|]?dsl-dynamic", 5, "around ahead0 behind"),
    *((word, 4, _USUAL) for word in ("pool", "fibertel", "in-?addr")),
    ("fbx", 4, "around ahead behind1"),
    ("[ax|]?dsl", 4, "around ahead0 behind"),
    ("[ax|]?dsl-line", 4, "around ahead0 behind"),
    ("unused-addr", 3, _USUAL),
    ("kabel", 3, "around ahead behind1"),
    ("cable", 3, "around ahead apart-behind"),
    ("host", 2, _USUAL),
    *((word, 1, _USUAL) for word in ("customers?", "user", "peer")),
    ("clients?", 1, "around"),
)
_ONLY = {"4.1": (("comcast", 5, "ahead behind"), ("vps", 1, "around"))}
_UNTIL_3_12 = (("comcast", 5, _USUAL),)
# Most names of mail servers hold no such word, and are done with one look: with a digit one of these is in every name that
# has a class, without one a whole part between separators is one of those.
_DIGIT = re.compile("[0-9]")
_TELLING = re.compile(
    "add?r|nat|user|dyn|catv|ppp|p?tp|dial|modem|broad|brod|bred|wifi|dhcp|gprs|cdma|client|dsl|pool|fib|fbx|kabel|cable"
    "|host|cust|peer|comcast|vps"
)
_PARTS = frozenset(
    "nat homeuser dynamic catv ppp dial dialup cablemodem pptp broad wifi dhcp broadband gprs cdma modem pppoe dynip"
    " bredband client clients dsl adsl xdsl |dsl pool fibertel in inaddr fbx unused kabel cable host customer"
    " customers user peer comcast vps".split()
)
# Ends of names that only a private network has; 3.4 carries the list too, but misspelt so that it never counts.
_PRIVATE = (".lan", ".local", ".home", ".localdomain", ".intra", ".priv", ".user", ".veloxzon")
_ROUTERS = frozenset({"device.lan", "dsldevice.lan", "speedtouch.lan", "dslspeedtouch.lan"})
_REVERSE = re.compile(r"\.in-addr.arpa$")  # hfilter leaves the last dot open, too


def rspamd_class(name: str, *, helo: bool, version: str = VERSIONS[0]) -> float:
    """Return the weight class of a name: 0 (none), 1, 2, 3, 4 or 5.

    Args:
        name: The name, in any case, without brackets. It need not be a host name.
        helo: It is judged as a HELO, of which more shapes are bad than of a host name: no dot, a private top-level domain.
        version: One of `VERSIONS`.
    """
    lowered = name.lower()
    if helo and _bad_helo(lowered, version):
        return 5
    return _class(lowered, version)


def _bad_helo(name: str, version: str) -> bool:
    if "." not in name:
        return name != ""
    if name in _ROUTERS:
        return True
    return version != "3.4" and (name.endswith(_PRIVATE) or _REVERSE.search(name) is not None)


@lru_cache(maxsize=8192)
def _class(name: str, version: str) -> int:
    if _DIGIT.search(name) is None:
        if _PARTS.isdisjoint(name.replace("-", ".").split(".")):
            return 0
    elif _TELLING.search(name) is None:
        return 0
    return next((weight for weight, shapes in _patterns(version) if shapes.search(name)), 0)


@lru_cache(maxsize=len(VERSIONS))
def _patterns(version: str) -> tuple[tuple[int, re.Pattern[str]], ...]:
    """One pattern for each class, the worst first."""
    shapes: dict[int, list[str]] = {}
    for word, weight, places in (*_WORDS, *_ONLY.get(version, _UNTIL_3_12)):
        shapes.setdefault(weight, []).extend(_SHAPES[place].format(f"(?:{word})") for place in places.split())
    return tuple((weight, re.compile("|".join(shapes[weight]))) for weight in sorted(shapes, reverse=True))
