"""Barracuda Email Gateway Defense and Email Security Gateway: "block on no PTR records" is how the former is shipped.

Barracuda Campus, Inbound Settings of Email Gateway Defense, and its article 5902. Whoever administers one decides. Does
not model its reputation list (BRBL).
"""

from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, exceptions, one_of, refuse, risk, rule
from truehelo.reception import Grade

_CAMPUS = "Barracuda Campus, Email Gateway Defense, Inbound Settings"
_MEETS = rule(
    "no PTR records",
    "the address has a PTR record; whether it leads back is not asked",
    Grade.DOCUMENTED,
    _CAMPUS,
    "2026-08",
)
_BLOCKS = rule("no PTR records: block", "the address has no PTR record", Grade.DOCUMENTED, _CAMPUS, "2026-08")
_OFF = rule("no PTR records: off", "the setting is off", Grade.DOCUMENTED, _CAMPUS, "2026-08")
_QUARANTINES = rule("no PTR records: quarantine", "the address has no PTR record", Grade.DOCUMENTED, _CAMPUS, "2026-08")
_FAILS = rule("lookup failure", "the reverse lookup fails: nothing is published", Grade.UNVERIFIED, _CAMPUS, "2026-08")

_ACTIONS = {"block": refuse(_BLOCKS), "quarantine": risk(_QUARANTINES), "off": accept(_OFF)}
_NAMED = accept(_MEETS)


def _build(config: Config) -> Judge:
    none = _ACTIONS[config.values.get("no_ptr", "block")]
    failed = one_of(accept(_FAILS), none) if none.verdict is not _NAMED.verdict else none
    return by_reverse(band(confirmed=_NAMED, none=none, elsewhere=_NAMED, failed=failed, partly=_MEETS))


RECEIVER = Receiver(
    id="barracuda",
    title="Barracuda (Email Gateway Defense)",
    kind="provider",
    about=(
        "A mail gateway in front of many companies. As shipped it blocks mail of addresses without a PTR record "
        "(setting no_ptr: block, quarantine or off; the text is the administrator's). Whether the name leads back is "
        "not asked. For its older appliance an article recommends that address, PTR, MX and greeting lie in one domain, "
        "which nothing enforces."
    ),
    rules=(_MEETS, _BLOCKS, _QUARANTINES, _OFF, _FAILS, exceptions("2026-08")),
    build=_build,
    values={"no_ptr": ("block", "quarantine", "off")},
)
