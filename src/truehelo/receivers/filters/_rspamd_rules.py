"""rspamd's symbols that depend on names: what each stands for, and its points in each release."""

from truehelo.reception import Grade, Rule

_SOURCE = "rspamd 3.4, 3.12.1 and 4.1.5 run (docs/reference/differential.md); "
_HFILTER = "hfilter.lua, conf/scores.d/hfilter_group.conf"
_RDNS = "rules/misc.lua RDNS_CHECK (3.4: once_received.lua)"
_ONCE = "once_received.lua, conf/modules.d/once_received.conf"
_USUAL = (0.5, 1.0, 2.0, 2.5, 3.0)


def _rule(symbol: str, words: str, where: str) -> Rule:
    return Rule(id=symbol, words=words, grade=Grade.SOURCE, source=_SOURCE + where, seen="2026-11")


ACCEPTS = _rule("no symbol", "no symbol about names costs anything", _HFILTER)
_CLASSES = ("very low", "low", "medium", "hard", "very hard")
_ALL = (
    _rule("RDNS_NONE", "no host name came from the mail server, and the address has no PTR record", _RDNS),
    _rule("RDNS_DNSFAIL", "no host name came from the mail server, and the PTR query failed", _RDNS),
    _rule(
        "HFILTER_HOSTNAME_UNKNOWN",
        "no host name came from the mail server, and (from 3.12 on) the address has no PTR record either",
        _HFILTER,
    ),
    *(
        _rule(f"HFILTER_HOSTNAME_{n}", f"the host name holds a word of access networks of weight {n} ({weight})", _HFILTER)
        for n, weight in enumerate(_CLASSES, 1)
    ),
    *(
        _rule(f"HFILTER_HELO_{n}", f"the HELO holds a word of access networks of weight {n} ({weight})", _HFILTER)
        for n, weight in enumerate(_CLASSES[:4], 1)
    ),
    _rule(
        "HFILTER_HELO_5",
        "the HELO has no dot, or (from 3.12 on) a private top-level name, or a word of access networks of weight 5",
        _HFILTER,
    ),
    _rule(
        "HFILTER_HELO_BADIP", "the HELO is an address, with or without brackets, that nobody has on the internet", _HFILTER
    ),
    _rule("HFILTER_HELO_BAREIP", "the HELO is an address, with or without brackets", _HFILTER),
    _rule("HFILTER_HELO_NOT_FQDN", "the HELO is no name of two labels of letters, digits and hyphens", _HFILTER),
    _rule(
        "HFILTER_HELO_IP_A",
        "the HELO has no address record; in 4.1 also: none of its address records is the client's address",
        _HFILTER,
    ),
    _rule("HFILTER_HELO_NORES_A_OR_MX", "the HELO has neither address nor MX records", _HFILTER),
    _rule("HFILTER_HELO_NORESOLVE_MX", "the HELO has no address, and an MX host of its has none either", _HFILTER),
    _rule("RCVD_HELO_USER", 'the HELO is "user"', "rules/misc.lua"),
    _rule("ONCE_RECEIVED", 'few Received lines, and the host name does not hold "mail"', _ONCE),
    _rule(
        "ONCE_RECEIVED_STRICT",
        'few Received lines, and the host name holds "static" or "dynamic" but not "mail"',
        _ONCE,
    ),
)
RULES = {rule.id: rule for rule in _ALL}

_POINTS = {
    "RDNS_NONE": 2.0,
    "RDNS_DNSFAIL": 0.0,
    "HFILTER_HOSTNAME_UNKNOWN": 2.5,
    **{f"HFILTER_HOSTNAME_{n}": points for n, points in enumerate(_USUAL, 1)},
    **{f"HFILTER_HELO_{n}": points for n, points in enumerate(_USUAL, 1)},
    "HFILTER_HELO_BADIP": 4.5,
    "HFILTER_HELO_BAREIP": 3.0,
    "HFILTER_HELO_NOT_FQDN": 2.0,
    "HFILTER_HELO_IP_A": 1.0,
    "HFILTER_HELO_NORES_A_OR_MX": 0.3,
    "HFILTER_HELO_NORESOLVE_MX": 0.2,
    "RCVD_HELO_USER": 3.0,
    "ONCE_RECEIVED": 0.1,
    "ONCE_RECEIVED_STRICT": 4.0,
}
POINTS = {"4.1": _POINTS, "3.12": _POINTS, "3.4": _POINTS | {"RDNS_NONE": 1.0}}
"""Points of each symbol, by release."""
