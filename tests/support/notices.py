"""Notices of every kind, as the watch would make them, and a hostile one."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from truehelo.findings import Severity
from truehelo.monitoring import Member, Notice, NoticeKind

AT = datetime(2026, 3, 1, 10, 15, 30, tzinfo=UTC)
BEFORE = AT - timedelta(minutes=6)


def member(number: int, **changed: object) -> Member:
    whole = Member(
        ip=str(ip_address("203.0.113.7") + number),
        since=BEFORE,
        expected="",
        groups=("customers-north",),
        owner="anna",
        old="mail.business.example",
        new="",
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


ONE = Notice(
    kind=NoticeKind.OPENED,
    tag="PTR_UNEXPECTED",
    severity=Severity.ERROR,
    at=AT,
    summary="203.0.113.7 is called 203-0-113-7.dynamic.cloudhost.example, not mail.business.example",
    incident=17,
    opened=AT,
    cause="The provider's default has come back: the zone 113.0.203.in-addr.arpa was written anew at 10:09 UTC.",
    members=(member(0, expected="mail.business.example", new="203-0-113-7.dynamic.cloudhost.example"),),
    count=1,
    served_by=("ns1.cloudhost.example", "ns2.cloudhost.example"),
    caches_until=AT + timedelta(hours=4),
    receivers=("gmail: refuse, 550 5.7.25 (no PTR record that leads back)", "postfix+strict: refuse, 450 4.7.25"),
    fix=(
        "Set the PTR of 203.0.113.7 back to mail.business.example, in the panel of Cloudhost (Network, Reverse DNS):",
        "  7.113.0.203.in-addr.arpa. 3600 IN PTR mail.business.example.",
        "Then see it arrive everywhere:",
        "  truehelo wait 203.0.113.7 --for PTR=mail.business.example",
    ),
    groups=("customers-north",),
    owners=("anna",),
    url="https://watch.business.example/incidents/17",
)

MANY = replace(
    ONE,
    tag="PTR_MISSING",
    summary="214 addresses in 203.0.113.0/24 have no PTR record",
    incident=18,
    cause="All of them are in the reverse zone 113.0.203.in-addr.arpa, which answers NXDOMAIN.",
    members=tuple(member(number, old=f"mail-{number // 20}.business.example", groups=(), owner="") for number in range(50)),
    count=214,
    groups=("customers-north", "customers-south"),
    owners=(),
    url="",
)

DIGEST = Notice(
    kind=NoticeKind.DIGEST,
    tag="",
    severity=Severity.WARNING,
    at=AT,
    summary="Week to 2026-03-01: 1 incident opened, 2 closed, 1 open",
    lines=(
        "open: #17 PTR_UNEXPECTED at 203.0.113.7, for 6 minutes",
        "closed: #15 PTR_MISSING at 198.51.100.4, after 3 hours",
        "closed: #16 GREETING_DIFFERS at 198.51.100.4, after 20 minutes",
    ),
)

TEST = Notice(kind=NoticeKind.TEST, tag="", severity=Severity.NOTE, at=AT, summary="the channel ops reaches you")

UNSEEN = Notice(
    kind=NoticeKind.UNSEEN,
    tag="PTR_UNKNOWN",
    severity=Severity.NOTE,
    at=AT,
    summary="the zone 113.0.203.in-addr.arpa has not answered for 24 hours: 1000 addresses cannot be seen",
    incident=19,
    opened=AT - timedelta(hours=24),
    cause="Both of its name servers time out, from two resolvers and from here.",
    members=tuple(member(number, old="", new="") for number in range(3)),
    count=1000,
    served_by=("ns1.cloudhost.example", "ns2.cloudhost.example"),
    groups=("customers-north",),
)

EVIL = (
    "\r\nBcc: all@business.example\r\n\r\n<script>alert(1)</script>\x1b[2J\u202egnp.exe\u2066"
    " <!everyone> @here `id` $(id) \ud800"
)
HOSTILE = Notice(
    kind=NoticeKind.OPENED,
    tag="PTR_UNEXPECTED" + EVIL,
    severity=Severity.ERROR,
    at=AT,
    summary=EVIL,
    incident=20,
    opened=AT,
    cause=EVIL,
    members=(member(0, ip="203.0.113.7" + EVIL, expected=EVIL, old=EVIL, new=EVIL * 40, groups=(EVIL,), owner=EVIL),),
    count=2,
    served_by=(EVIL,),
    receivers=(EVIL,),
    fix=(EVIL, "  " + EVIL),
    lines=(EVIL,),
    groups=("'; rm -rf / #" + EVIL,),
    owners=(EVIL,),
    url="javascript:alert(1)" + EVIL,
)

CLOSED = AT + timedelta(hours=3)


def notices() -> dict[str, Notice]:
    """One notice of every kind, and what is special: many addresses, hostile text."""
    over = replace(
        ONE,
        kind=NoticeKind.RECOVERED,
        at=CLOSED,
        closed=CLOSED,
        summary="203.0.113.7 is called mail.business.example again",
        members=(replace(ONE.members[0], closed=CLOSED),),
        receivers=(),
        fix=(),
        caches_until=None,
    )
    flapping = replace(ONE, summary="203.0.113.7: the PTR changed 5 times in 24 hours", fix=(), receivers=())
    return {
        "opened": ONE,
        "many": MANY,
        "grown": replace(MANY, kind=NoticeKind.GROWN, summary="31 more addresses in 203.0.113.0/24 have no PTR record"),
        "reminder": replace(ONE, kind=NoticeKind.REMINDER, at=AT + timedelta(hours=24)),
        "escalated": replace(ONE, kind=NoticeKind.ESCALATED, at=AT + timedelta(minutes=30)),
        "recovered": over,
        "flapping": replace(flapping, kind=NoticeKind.FLAPPING),
        "stable": replace(flapping, kind=NoticeKind.STABLE, at=CLOSED, closed=CLOSED),
        "unseen": UNSEEN,
        "seen": replace(
            UNSEEN, kind=NoticeKind.SEEN, at=CLOSED, closed=CLOSED, summary="113.0.203.in-addr.arpa answers again"
        ),
        "digest": DIGEST,
        "test": TEST,
        "hostile": HOSTILE,
    }
