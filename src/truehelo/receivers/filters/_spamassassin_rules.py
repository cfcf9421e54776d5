"""SpamAssassin's symbols that depend on names: what each stands for, and its points in each of the four score sets.

Set 0: neither network tests nor Bayes; 1: network tests; 2: Bayes; 3: both.
"""

from truehelo.reception import Grade, Rule

_SOURCE = "SpamAssassin 4.0.1 (Debian 12) run (docs/reference/differential.md); "
_DYNAMIC = "20_dynrdns.cf"
_FAKE = "20_fake_helo_tests.cf"
_HEAD = "20_head_tests.cf"
_ACTIVE = "72_active.cf"


def _rule(symbol: str, words: str, where: str) -> Rule:
    return Rule(id=symbol, words=words, grade=Grade.SOURCE, source=f"{_SOURCE}{where}, 50_scores.cf", seen="2026-11")


ACCEPTS = _rule("no symbol", "no symbol about names costs anything", _ACTIVE)
_ALL = (
    _rule("RDNS_NONE", "the Received line holds no reverse name", _DYNAMIC),
    _rule("RDNS_DYNAMIC", "the reverse name looks like one of an access network, and not like a static one", _DYNAMIC),
    _rule("RDNS_LOCALHOST", "the reverse name of an IPv4 client is localhost", _ACTIVE),
    _rule("HELO_STATIC_HOST", "the HELO is one of a few static schemes", _FAKE),
    _rule("HELO_DYNAMIC_IPADDR", "the HELO has letters, then four groups of digits", _FAKE),
    _rule("HELO_DYNAMIC_IPADDR2", "the HELO begins with four groups of digits", _FAKE),
    _rule("HELO_DYNAMIC_SPLIT_IP", "the HELO begins with a label of digits, and has three more groups of them", _FAKE),
    _rule("HELO_DYNAMIC_DHCP", "the HELO holds a word such as dsl, cable or node before groups of digits", _FAKE),
    _rule("HELO_DYNAMIC_HCC", "the HELO holds groups of digits before a label such as dsl, cable or cpe", _FAKE),
    _rule("HELO_DYNAMIC_CHELLO_NL", "the HELO is of Chello's scheme", _FAKE),
    _rule("HELO_DYNAMIC_HOME_NL", "the HELO is of Home.nl's scheme", _FAKE),
    _rule("HELO_DYNAMIC_DIALIN", "the HELO is of T-Dialin's scheme", _FAKE),
    _rule("HELO_DYNAMIC_HEXIP", "the HELO begins with an address in hex", _FAKE),
    _rule("CK_HELO_GENERIC", "the HELO holds a word such as pool, dial or static, and two groups of digits", _ACTIVE),
    _rule("FSL_HELO_BARE_IP_1", "the HELO is an IPv4 address without brackets", _ACTIVE),
    _rule("FSL_HELO_NON_FQDN_1", "the HELO has no dot", _ACTIVE),
    _rule("HELO_NO_DOMAIN", "the HELO has no dot, and is not localhost", _ACTIVE),
    _rule("HELO_LOCALHOST", "the HELO is localhost", _ACTIVE),
    _rule("HELO_LH_HOME", "the HELO ends in .home or .lan", _ACTIVE),
    _rule("FSL_HELO_DEVICE", "the HELO is the default name of a router", _ACTIVE),
    _rule("HELO_OEM", "the HELO is the default name of a computer", _ACTIVE),
    _rule("FSL_FAKE_HOTMAIL_RVCD", "a name is one of Hotmail's old mail exchangers", _ACTIVE),
    _rule(
        "KHOP_HELO_FCRDNS", "the HELO does not begin with the reverse name (one of 4 to 14 characters is let go)", _ACTIVE
    ),
    _rule("RCVD_HELO_IP_MISMATCH", "the HELO is a bare public IPv4 address outside the client's /24", _HEAD),
    _rule("RCVD_ILLEGAL_IP", "the address of the client is of a reserved range", _HEAD),
    _rule(
        "NO_RDNS_DOTCOM_HELO",
        "the HELO is a large provider's domain, there is no reverse name and no other Received line",
        _HEAD,
    ),
    _rule("RCVD_FAKE_HELO_DOTCOM", "the Received line begins with a large provider's bare domain", _HEAD),
    _rule("PDS_HP_HELO_NORDNS", "the HELO holds a name such as google or paypal, and there is no reverse name", _ACTIVE),
    _rule("FSL_NEW_HELO_USER", 'the HELO is "user"', _ACTIVE),
    _rule("NSL_RCVD_FROM_USER", 'the Received line begins with "User"', _ACTIVE),
    _rule("NSL_RCVD_HELO_USER", "the Received line says helo=user", _ACTIVE),
    _rule(
        "NO_FM_NAME_IP_HOSTN",
        "From has no display name, no other Received line, and a name holds the IPv4 address",
        _ACTIVE,
    ),
    _rule("RCVD_DBL_DQ", "the HELO holds two IPv4 addresses in brackets, one right after the other", _ACTIVE),
    _rule("TVD_RCVD_IP", "the Received line begins with four groups of digits", _ACTIVE),
    _rule("TVD_RCVD_IP4", "the Received line begins with an IPv4 address", _ACTIVE),
)
RULES = {rule.id: rule for rule in _ALL}

# 50_scores.cf of the release. One number stands for all sets.
_SCORES: dict[str, tuple[float, ...]] = {
    "RDNS_NONE": (2.399, 1.274, 1.228, 0.793),
    "RDNS_DYNAMIC": (2.639, 0.363, 1.663, 0.982),
    "RDNS_LOCALHOST": (3.700, 0.969, 2.345, 0.001),
    "HELO_STATIC_HOST": (-0.001,),
    "HELO_DYNAMIC_IPADDR": (2.633, 3.243, 3.680, 1.951),
    "HELO_DYNAMIC_IPADDR2": (2.815, 3.888, 3.728, 3.607),
    "HELO_DYNAMIC_SPLIT_IP": (3.031, 2.893, 4.225, 3.482),
    "HELO_DYNAMIC_DHCP": (2.602, 0.841, 1.537, 0.206),
    "HELO_DYNAMIC_HCC": (4.299, 2.514, 2.931, 2.762),
    "HELO_DYNAMIC_CHELLO_NL": (2.412, 1.918, 2.019, 2.428),
    "HELO_DYNAMIC_HOME_NL": (2.385, 1.530, 1.024, 1.459),
    "HELO_DYNAMIC_DIALIN": (2.629, 3.233, 2.186, 1.366),
    "HELO_DYNAMIC_HEXIP": (2.321, 0.511, 1.773, 1.789),
    "FSL_HELO_BARE_IP_1": (2.598, 1.426, 3.099, 2.347),
    "FSL_HELO_NON_FQDN_1": (2.361, 0.001, 1.783, 0.001),
    "HELO_LOCALHOST": (2.639, 3.603, 2.915, 3.828),
    "HELO_LH_HOME": (0.001, 2.023, 0.537, 1.736),
    "FSL_HELO_DEVICE": (0.1,),
    "HELO_OEM": (2.899, 2.899, 1.234, 0.270),
    "FSL_FAKE_HOTMAIL_RVCD": (2.631, 1.816, 2.011, 2.365),
    "RCVD_HELO_IP_MISMATCH": (1.680, 1.186, 2.362, 2.368),
    "RCVD_ILLEGAL_IP": (1.3,),
    "NO_RDNS_DOTCOM_HELO": (3.100, 0.433, 3.099, 0.823),
    "RCVD_FAKE_HELO_DOTCOM": (2.799, 2.389, 2.605, 1.189),
    "TVD_RCVD_IP": (0.001,),
    "TVD_RCVD_IP4": (0.001,),
}
_UNSCORED = 1.0
"""Rules of 72_active.cf without a score of their own: the package comes without the file that holds it."""
# What sa-update brings for those, as headers in list archives show (2020 to 2026; KHOP_HELO_FCRDNS went from 0.187 to 0.4).
_UPDATED = {
    "KHOP_HELO_FCRDNS": 0.4,
    "HELO_NO_DOMAIN": 0.001,
    "CK_HELO_GENERIC": 0.25,
    "PDS_HP_HELO_NORDNS": 0.659,
    "NO_FM_NAME_IP_HOSTN": 0.001,
}

GONE_IN_DEBIAN_13 = frozenset(("CK_HELO_GENERIC", "HELO_LH_HOME", "PDS_HP_HELO_NORDNS"))
"""Rules of the sandbox that are not in the later snapshot which Debian 13 packages with the same release."""


def points(score_set: int, *, updated: bool) -> dict[str, float]:
    """Return the points of each symbol in one score set, with the scores of sa-update or without."""
    unscored = _UPDATED if updated else {}
    scores: dict[str, float] = {}
    for symbol in RULES:
        held = _SCORES.get(symbol)
        scores[symbol] = held[score_set % len(held)] if held else unscored.get(symbol, _UNSCORED)
    return scores
