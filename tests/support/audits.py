"""Audits for the tests of renderers: small worlds, judged as a run would judge them, with a clock that stands still."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache

from support.world import World
from truehelo.advice.guides import packaged
from truehelo.engine.judge import Judging, judge
from truehelo.engine.what_if import imagine, read_changes
from truehelo.facts.dns import Exchange, Lookup, Record
from truehelo.facts.smtp import Reply, SmtpSession
from truehelo.facts.subject import Source, SubjectFacts
from truehelo.findings import Audit, SubjectAudit, Unresolved
from truehelo.receivers.selection import chosen

STARTED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

TEXTBOOK = World(
    """
    192.0.2.25 PTR mail.good.example
    mail.good.example A 192.0.2.25
    192.0.2.26 PTR out.good.example
    out.good.example A 192.0.2.26
    relay.good.example A 192.0.2.26
    2001:db8::25 PTR mail6.good.example
    mail6.good.example A 192.0.2.30
    """,
    smtp={
        "192.0.2.25": {25: "mail.good.example"},
        "192.0.2.26": {25: "relay.good.example"},
        "2001:db8::25": {25: {"ended": "connect_timeout"}},
    },
)
PROVIDER = World(
    """
    100.51.198.in-addr.arpa SOA ns1.cloudhost.example. dns-admin.cloudhost.example. 1 7200 900 1209600 3600
    198.51.100.4 PTR 198-51-100-4.dynamic.cloudhost.example
    198-51-100-4.dynamic.cloudhost.example A 198.51.100.4
    mail.business.example A 198.51.100.4
    """,
    smtp={"198.51.100.4": {25: "mail.business.example"}},
    authority={"ns1.cloudhost.example": ["198-51-100-4.dynamic.cloudhost.example"]},
)
WEATHER = World(
    "mail.example.com A 203.0.113.7",
    fail={"203.0.113.7 PTR": "servfail", "203.0.113.8 PTR": "timeout"},
    smtp={
        "203.0.113.7": {25: "mail.example.com"},
        "203.0.113.8": {25: {"greeting": "554 no service here", "detail": ""}},
    },
)
LISTED = World(
    """
    192.0.2.25 PTR mail.good.example
    mail.good.example A 192.0.2.25
    2.0.0.127.zen.spamhaus.org A 127.0.0.2
    25.2.0.192.zen.spamhaus.org A 127.0.0.3
    25.2.0.192.zen.spamhaus.org TXT https://check.spamhaus.org/sbl/query/SBLCSS
    2.0.0.127.bl.spamcop.net A 127.0.0.2
    2.0.0.127.psbl.surriel.com A 127.0.0.2
    2.0.0.127.list.dnswl.org A 127.0.10.0
    25.2.0.192.list.dnswl.org A 127.0.5.1
    2.0.0.127.hostkarma.junkemailfilter.com A 127.0.0.2
    25.2.0.192.hostkarma.junkemailfilter.com A 127.0.0.3
    2.0.0.127.b.barracudacentral.org A 127.0.0.2
    """,
    fail={"2.0.0.127.b.barracudacentral.org A": "timeout"},
    smtp={"192.0.2.25": {25: "mail.good.example"}},
)
LISTS = ("spamhaus-zen", "spamcop", "psbl", "dnswl", "hostkarma", "barracuda", "sorbs")
HETZNER = World(
    """
    51.198.in-addr.arpa SOA ns1.your-server.de. postmaster.your-server.de. 1 7200 900 1209600 3600
    198.51.100.7 PTR static.7.100.51.198.clients.your-server.de
    static.7.100.51.198.clients.your-server.de A 198.51.100.7
    mail.business.example A 198.51.100.7
    """,
    smtp={"198.51.100.7": {25: {"greeting": "220 localhost ESMTP Postfix", "ehlo": "mail.business.example"}}},
    authority={"ns1.your-server.de": ["static.7.100.51.198.clients.your-server.de"]},
)
NASTY = (
    "\x1b[31mred\x1b[0m",
    "[bold red]markup[/]",
    "=cmd|'/C calc'!A0",
    "<script>alert(1)</script>",
    "a`b|c*d_e",
    "\u202eevil\u2066",
    "nul\x00bell\x07",
    "line\r\nbreak",
    "\ud800",
    "]]>&quot;&#27;",
    "@here ${HOME} $(id)",
)


def audit(*subjects: SubjectAudit, **changes: object) -> Audit:
    """Return an audit of these subjects, with everything that a clock or a network decides fixed."""
    made = Audit(
        asked=tuple(str(subject.facts.ip) for subject in subjects),
        started=STARTED,
        elapsed_s=1.31,
        resolvers=("192.0.2.53:53",),
        subjects=subjects,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


RECEIVERS = (
    "postfix",
    "postfix+reject_unknown_client_hostname",
    "exim+helo_verify_hosts",
    "rspamd@3.4",
    "gmail",
    "gmx",
)
"""Asked in these audits: enough to see every verdict, and few, so that a new model changes no picture."""


@lru_cache(maxsize=1)
def judging() -> Judging:
    """Return who is asked in these audits, and whose guides help."""
    return Judging(receivers=chosen(RECEIVERS), guides=packaged())


def judged(world: World, ip: str, **options: object) -> SubjectAudit:
    """Judge one address of a world."""
    return judge(world.facts(ip, **options), judging())  # type: ignore[arg-type]


def hostile_facts(texts: Sequence[str], ip: str = "203.0.113.66") -> SubjectFacts:
    """Return facts in which every text that a stranger chooses is one of `texts`, in turns."""
    base = World(f"{ip} PTR mail.example.com\nmail.example.com A {ip}", smtp={ip: {25: "mail.example.com"}}).facts(ip)
    picked = [texts[i % len(texts)] for i in range(8)]
    return replace(
        base,
        lookups=tuple(_spoiled(lookup, picked) if lookup.question.rdtype == "PTR" else lookup for lookup in base.lookups),
        sessions=tuple(_said(session, picked) for session in base.sessions),
        helo=picked[6] or "x",
        sources=(Source(kind="mx", asked=picked[7], detail=picked[0]),),
    )


def _spoiled(lookup: Lookup, picked: list[str]) -> Lookup:
    def spoil(exchange: Exchange) -> Exchange:
        records = tuple(Record(owner=lookup.question.name, ttl=60, rdtype="PTR", data=text) for text in picked[:3])
        return replace(exchange, records=(*exchange.records, *records), detail=picked[3])

    return replace(lookup, exchanges=tuple(spoil(exchange) for exchange in lookup.exchanges))


def _said(session: SmtpSession, picked: list[str]) -> SmtpSession:
    transcript = tuple(replace(line, text=f"{line.text} {picked[4]}") for line in session.transcript)
    greeting = Reply(code=220, lines=(picked[5], f"{picked[4]} ESMTP {picked[3]}"))
    return replace(
        session, greeting=greeting, ehlo=Reply(code=250, lines=(picked[5],)), transcript=transcript, detail=picked[2]
    )


def hostile(texts: Sequence[str] = NASTY) -> Audit:
    """Return an audit in which strangers chose the worst texts everywhere that they can."""
    unresolved = Unresolved(asked=texts[0], undetermined=False, detail=f"has no address {texts[-1]}")
    return audit(
        judge(hostile_facts(texts), judging()), asked=tuple(texts), notes=tuple(texts[:3]), unresolved=(unresolved,)
    )


def _many() -> Audit:
    table = "\n".join(
        f"203.0.113.{i} PTR mx{i}.example.com\nmx{i}.example.com A 203.0.113.{i}"
        for i in range(1, 200)
        if i not in (40, 77)
    )
    world = World(table, fail={f"203.0.113.{i} PTR": "timeout" for i in (200, 201)})
    subjects = [judged(world, f"203.0.113.{i}") for i in range(1, 216)]
    return audit(*subjects, asked=("203.0.113.0/24",))


def _imagined(subject: SubjectAudit, *changes: str) -> SubjectAudit:
    return imagine(subject, read_changes(changes or ("ptr=servfail",)), STARTED, judging())


def _guided(world: World, ip: str, mta: str | None = None, **options: object) -> SubjectAudit:
    guides = packaged() if mta is None else packaged().named(mta)
    return judge(world.facts(ip, **options), Judging(receivers=(), guides=guides))  # type: ignore[arg-type]


@lru_cache(maxsize=1)
def audits() -> dict[str, Audit]:
    """Return every audit by what it shows."""
    fail = judged(PROVIDER, "198.51.100.4")
    good = judged(TEXTBOOK, "192.0.2.25")
    mx = Source(kind="mx", asked="good.example", detail="MX 10 relay.good.example")
    differs = judged(TEXTBOOK, "192.0.2.26", helo="relay.good.example")
    differs = judge(replace(differs.facts, sources=(mx,)), judging())
    unsure = judged(WEATHER, "203.0.113.7"), judged(WEATHER, "203.0.113.8")
    nowhere = Unresolved(asked="gone.example", undetermined=False, detail="has no address (A: nxdomain, AAAA: nxdomain)")
    unheard = Unresolved(
        asked="slow.example", undetermined=True, detail="could not be looked up (A: timeout, AAAA: timeout)"
    )
    return {
        "fail": audit(fail),
        "pass": audit(good),
        "pair": audit(fail, good),
        "differs": audit(differs),
        "expected": audit(judged(TEXTBOOK, "192.0.2.25", expect="mx.good.example", helo="localhost")),
        "undetermined": audit(*unsure),
        "ipv6": audit(judged(TEXTBOOK, "2001:db8::25")),
        "private": audit(judged(World(""), "192.168.1.25", smtp={25: "mail.example.com"})),
        "unresolved": audit(
            good, unresolved=(nowhere, unheard), notes=("good.example: SPF includes spf.other.example, not audited",)
        ),
        "interrupted": audit(good, interrupted=True),
        "nothing": audit(),
        "what-if": audit(_imagined(good), _imagined(fail, "ptr=mail.business.example", "helo=mail.business.example")),
        "guided": audit(_guided(HETZNER, "198.51.100.7")),
        "guided-mta": audit(_guided(HETZNER, "198.51.100.7", mta="exchange", helo="localhost")),
        "ticket": audit(fail, _guided(HETZNER, "198.51.100.7"), good),
        "listed": audit(judged(LISTED, "192.0.2.25", dnsbl=LISTS)),
        "many": _many(),
        "hostile": hostile(),
    }
