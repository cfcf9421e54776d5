"""Cisco Secure Email (ESA, IronPort): sender groups may match on the PTR record, and throttle or refuse what matches.

User guide, Host Access Table, "Sender Group Settings". As shipped no group looks at DNS. Does not model SenderBase
reputation.
"""

from truehelo.receivers.client import Client, Reverse
from truehelo.receivers.model import Config, Judge, Receiver
from truehelo.receivers.providers._bands import accept, delay, one_of, refuse, risk, rule
from truehelo.reception import Grade, Judgement

_GUIDE = "Cisco Secure Email Gateway user guide, Host Access Table"
_SHIPPED = rule("HAT as shipped", "no sender group looks at the PTR record", Grade.DOCUMENTED, _GUIDE, "2026-08")
_NO_MATCH = rule("Connecting Host DNS Verification", "no condition that is on holds", Grade.DOCUMENTED, _GUIDE, "2026-08")


def _condition(words: str) -> tuple[Judgement, Judgement]:
    """Return what follows when a condition holds: throttled (mail limits, some of it put off), or blocked."""
    by = rule(words, f"a sender group matches on it: {words}", Grade.DOCUMENTED, _GUIDE, "2026-08")
    return one_of(delay(by), risk(by), accept(by)), refuse(by)


_MISSING = _condition("the PTR record does not exist in DNS")
_FAILED = _condition("the PTR record lookup fails for a temporary DNS failure")
_MISMATCH = _condition("the PTR record does not match the A record")
_NAMES = {
    "ptr_missing": "the PTR record does not exist",
    "ptr_failed": "its lookup fails",
    "ptr_mismatch": "it does not match A",
}


def _build(config: Config) -> Judge:
    which = int(config.values.get("policy", "THROTTLED") == "BLOCKED")
    table = {Reverse.NONE: ("ptr_missing", _MISSING), Reverse.FAILED: ("ptr_failed", _FAILED)}
    table[Reverse.ELSEWHERE] = ("ptr_mismatch", _MISMATCH)
    held = {reverse: both[which] for reverse, (setting, both) in table.items() if setting in config.on}
    other = accept(_NO_MATCH if config.on else _SHIPPED)

    def judge(client: Client) -> Judgement:
        return held.get(client.reverse, other)

    return judge


RECEIVER = Receiver(
    id="cisco",
    title="Cisco Secure Email (IronPort)",
    kind="provider",
    about=(
        "A mail gateway in front of many companies. Each of its sender groups can match on the PTR record: it does not "
        "exist, its lookup fails, or it does not match the A record. As shipped none does; administrators often let the "
        "group SUSPECTLIST do it, whose policy is THROTTLED, and some let BLOCKED do it (value policy). So each "
        "condition is a setting here. The HELO is not looked at."
    ),
    rules=(_SHIPPED, _NO_MATCH, *(both[1].rule for both in (_MISSING, _FAILED, _MISMATCH))),
    build=_build,
    settings={name: f"a sender group matches when {words}" for name, words in _NAMES.items()},
    values={"policy": ("THROTTLED", "BLOCKED")},
    presets={"verify": tuple(_NAMES)},
)
