"""Incidents as people look at them: of every state, with many addresses, and with hostile text everywhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from truehelo.findings import Severity
from truehelo.monitoring import Deed, Dispatch, Dossier, Incident, Member, Silence, Try

NOW = datetime(2026, 3, 1, 10, 15, 30, tzinfo=UTC)
OPENED = NOW - timedelta(hours=2, minutes=15)


def member(number: int = 0, **changed: object) -> Member:
    whole = Member(
        ip=str(ip_address("203.0.113.7") + number),
        since=OPENED - timedelta(minutes=6),
        expected="mail.business.example",
        groups=("customers-north",),
        owner="anna",
        old="mail.business.example",
        new="203-0-113-7.dynamic.cloudhost.example",
        tags=("PTR_UNEXPECTED", "GREETING_DIFFERS"),
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


INCIDENT = Incident(
    id=17,
    key="PTR_UNEXPECTED 203.0.113.0/24",
    tag="PTR_UNEXPECTED",
    severity=Severity.ERROR,
    cause="PTR_UNEXPECTED in 203.0.113.0/24",
    opened=OPENED,
    count=1,
    open_count=1,
    members=(member(),),
    details={
        "message": "203.0.113.7 is called 203-0-113-7.dynamic.cloudhost.example, not mail.business.example",
        "served_by": ["ns1.cloudhost.example (192.0.2.53)", "ns2.cloudhost.example (192.0.2.54)"],
        "zone": "113.0.203.in-addr.arpa",
        "caches_until": (NOW + timedelta(hours=1)).isoformat(),
        "receivers": ["gmail: refuse, 550 5.7.25 (no PTR record that leads back)", "postfix+strict: tempfail, 450 4.7.25"],
        "fix": [
            "1. Set the PTR of 203.0.113.7 to mail.business.example (who: CLOUDHOST, the holder of the reverse zone)",
            "    7.113.0.203.in-addr.arpa. 3600 IN PTR mail.business.example.",
            "    Verify: truehelo wait 203.0.113.7 --for PTR=mail.business.example",
        ],
        "verdict": "mismatch",
    },
)
LETTER = Dispatch(
    id=12,
    key="msg_0123456789abcdef0123456789abcdef",
    incident=17,
    kind="opened",
    channel="ops",
    state="delivered",
    made=OPENED,
    due=OPENED + timedelta(minutes=1),
    delivered=OPENED + timedelta(minutes=2),
    detail="smtp.example.net:587: 250 2.0.0 Ok: queued as 4F2A",
    attempts=2,
    tries=(
        Try(
            number=1,
            at=OPENED + timedelta(minutes=1),
            taken=False,
            said="smtp.example.net:587 answered 451 try again later",
        ),
        Try(
            number=2,
            at=OPENED + timedelta(minutes=2),
            taken=True,
            said="smtp.example.net:587: 250 2.0.0 Ok: queued as 4F2A",
        ),
    ),
)
OPEN = Dossier(
    incident=INCIDENT,
    groups=("customers-north",),
    owners=("anna",),
    dispatches=(
        LETTER,
        replace(
            LETTER,
            id=13,
            kind="escalated",
            channel="pager",
            state="dropped",
            delivered=None,
            detail="acknowledged by ann@desk",
            attempts=0,
            tries=(),
        ),
    ),
)
SILENCE = Silence(
    id=3,
    reason="moving house",
    by="bob@desk",
    since=OPENED,
    until=NOW + timedelta(hours=8),
    ip="203.0.113.7",
    tags=("PTR_UNEXPECTED",),
)
ACKNOWLEDGED = replace(
    OPEN,
    incident=replace(
        INCIDENT,
        acknowledged=OPENED + timedelta(minutes=10),
        acknowledged_by="ann@desk",
        note="the provider has a ticket, 4711",
    ),
    deeds=(
        Deed(at=OPENED + timedelta(minutes=10), by="ann@desk", what="ack", note="the provider has a ticket, 4711"),
        Deed(at=OPENED + timedelta(minutes=20), by="bob@desk", what="note", note="they answered"),
    ),
)
SILENCED = replace(
    OPEN,
    silence=SILENCE,
    dispatches=(
        replace(
            LETTER, state="pending", delivered=None, due=NOW + timedelta(hours=8), detail="silenced", attempts=0, tries=()
        ),
    ),
)
CLOSED_AT = NOW - timedelta(minutes=20)
CLOSED = replace(
    OPEN,
    incident=replace(
        INCIDENT, id=15, closed=CLOSED_AT, open_count=0, members=(member(closed=CLOSED_AT),), note="it was the cable"
    ),
    dispatches=(
        LETTER,
        replace(LETTER, id=14, channel="hook", state="failed", delivered=None, attempts=1, tries=LETTER.tries[:1]),
    ),
)
MANY = Dossier(
    incident=replace(
        INCIDENT,
        id=18,
        tag="PTR_MISSING",
        cause="PTR_MISSING in 203.0.113.0/24",
        count=214,
        open_count=200,
        members=(
            *(member(n, old="mail.business.example", new="", tags=("PTR_MISSING",)) for n in range(100)),
            *(member(n, old="", new="", expected="", tags=("PTR_MISSING", "SPF_OMITS_HOST")) for n in range(100, 200)),
            *(member(n, new="", closed=CLOSED_AT, tags=("PTR_MISSING",)) for n in range(200, 214)),
        ),
    ),
    groups=("customers-north", "customers-south"),
)
BLIND = Dossier(
    incident=Incident(
        id=19,
        key="CANNOT_SEE 192.0.2.53",
        tag="CANNOT_SEE",
        severity=Severity.NOTE,
        cause="1,000 addresses cannot be seen since 2026-02-28 10:15 UTC (192.0.2.53: timeout)",
        opened=OPENED,
        count=1000,
        open_count=1000,
        details={"count": 1000},
    )
)
FLAPPING = replace(OPEN, incident=replace(INCIDENT, id=20, details={**INCIDENT.details, "flapping": True}))
EVIL = (
    "\r\nBcc: all@business.example\r\n\r\n<script>alert(1)</script>\x1b[2J\u202egnp.exe\u2066 =1+1 `id` $(id) \ud800\x9b31m"
)
HOSTILE = Dossier(
    incident=replace(
        INCIDENT,
        id=21,
        tag="PTR_UNEXPECTED" + EVIL,
        cause=EVIL,
        acknowledged=OPENED,
        acknowledged_by=EVIL,
        note="=" + EVIL,
        members=(
            member(
                ip="203.0.113.7" + EVIL, expected=EVIL, old=EVIL, new=EVIL * 40, groups=(EVIL,), owner=EVIL, tags=(EVIL,)
            ),
        ),
        details={key: [EVIL, "  " + EVIL] for key in ("served_by", "receivers", "fix")} | {"message": EVIL, "zone": EVIL},
    ),
    groups=(EVIL,),
    owners=(EVIL,),
    silence=replace(SILENCE, reason=EVIL, by=EVIL),
    dispatches=(
        replace(LETTER, kind=EVIL, channel=EVIL, detail=EVIL, tries=(Try(number=1, at=OPENED, taken=False, said=EVIL),)),
        replace(LETTER, state="dropped", detail=EVIL, tries=()),
    ),
    deeds=(Deed(at=OPENED, by=EVIL, what=EVIL, note=EVIL),),
)


def dossiers() -> dict[str, Dossier]:
    """One incident of each state, and what is special."""
    return {
        "open": OPEN,
        "acknowledged": ACKNOWLEDGED,
        "silenced": SILENCED,
        "closed": CLOSED,
        "many": MANY,
        "blind": BLIND,
        "flapping": FLAPPING,
        "hostile": HOSTILE,
    }
