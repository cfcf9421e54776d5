"""Outlook.com, Hotmail, Live, MSN: servers "must have valid reverse DNS records", and dynamic address space may be refused.

The postmaster pages Policies and Troubleshooting. Both speak of what may happen; no reply of theirs is about a PTR
record. Does not model reputation, which decides most.
"""

from truehelo.receivers.model import Receiver
from truehelo.receivers.providers._bands import accept, band, by_reverse, one_of, refuse, risk, rule, rules_of, several
from truehelo.reception import Grade

_POLICIES = "sendersupport.olc.protection.outlook.com, Policies"
_TROUBLE = "sendersupport.olc.protection.outlook.com, Troubleshooting"
_MEETS = rule(
    "valid reverse DNS",
    "the PTR name leads back: necessary, not sufficient, since the reputation of address and domain decides",
    Grade.DOCUMENTED,
    _POLICIES,
    "2026-06",
)
_MAY_NOT = rule(
    "reverse DNS lookup",
    "a reverse lookup fails: mail may not be accepted (no reply is published for it)",
    Grade.DOCUMENTED,
    _TROUBLE,
    "2026-06",
)
_DYNAMIC = rule(
    "DY-001", "the address looks dynamic: connections may not be accepted", Grade.DOCUMENTED, _TROUBLE, "2026-06"
)
_JUNK = rule(
    "new or doubtful sender",
    "mail of an address that is not trusted tends to Junk",
    Grade.DOCUMENTED,
    _TROUBLE,
    "2026-06",
)
_FAILS = rule("lookup failure", "a lookup fails: nothing is published", Grade.UNVERIFIED, _TROUBLE, "2026-06")

_BAND = band(
    confirmed=accept(_MEETS),
    none=one_of(refuse(_MAY_NOT), risk(_JUNK), accept(_MAY_NOT)),
    failed=one_of(refuse(_FAILS), accept(_FAILS)),
    generic=one_of(
        refuse(
            _DYNAMIC,
            "550 DY-001 Mail rejected by Outlook.com for policy reasons. We generally do not accept email from dynamic "
            "IP's as"
            "they are not typically used to deliver unauthenticated SMTP email to an Internet mail server.",
        ),
        accept(_DYNAMIC),
    ),
    partly=several("Outlook.com"),
)
_JUDGE = by_reverse(_BAND)

RECEIVER = Receiver(
    id="outlook",
    title="Outlook.com (Hotmail, Live, MSN)",
    kind="provider",
    about=(
        "Microsoft's mail for everybody; Microsoft 365 is exchange-online. The postmaster pages say that servers must "
        "have valid reverse DNS records, that mail of senders who fail a reverse lookup may not be accepted, and that "
        "connections from dynamic address space may not. None of the published replies is about a PTR record: a failure "
        "shows up as DY-001 or DY-002 (the address looks dynamic or compromised), as SC-001 or OU-002 (reputation), as "
        "a limit (421 RP-001), or as Junk. So the verdict is a band. Above all it is a reputation system: fitting names "
        "are necessary, not sufficient. The HELO is not mentioned anywhere."
    ),
    rules=rules_of(_BAND),
    build=lambda _config: _JUDGE,
)
