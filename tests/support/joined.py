"""Answers about sources as they are shown: of every class and state of names, and with hostile text everywhere."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from truehelo.sources.change import Change, Share
from truehelo.sources.classes import Evidence, SourceClass, suggest
from truehelo.sources.listing import ReporterRow, Reporters, Suggested, Trend, TrendRow
from truehelo.sources.model import (
    Address,
    DayRow,
    Failing,
    Flip,
    Named,
    Names,
    Origin,
    ReporterOf,
    Said,
    Selector,
    SourceRow,
    Sources,
    Spf,
    Standing,
    Sums,
)
from truehelo.sources.turns import ceased, turns

NOW = datetime(2026, 11, 20, 10, 15, tzinfo=UTC)
TODAY = int(NOW.timestamp() // 86_400)
SINCE = TODAY - 29
MAIL = "mail.business.example"
HOSTILE = "\x1b[31mred\u202e=cmd|' /C calc'!A0\n\x07"


def sums(messages: int, dkim: int = 0, spf: int = 0, quarantined: int = 0, rejected: int = 0) -> Sums:
    return Sums(messages=messages, passed=max(dkim, spf), dkim=dkim, spf=spf, quarantined=quarantined, rejected=rejected)


def watched(state: Named = Named.CONFIRMED, **values: object) -> Names:
    iprev = {Named.CONFIRMED: "pass", Named.UNCONFIRMED: "permerror"}.get(state, "temperror")
    good = {"ptr": (MAIL,), "confirmed": (MAIL,), "organisation": "business.example"} if iprev == "pass" else {}
    bad = {"failing": (Failing("PTR_MISSING", 86_400.0),), "failing_s": 86_400.0} if iprev == "permerror" else {}
    return Names(**{"origin": Origin.WATCH, "state": state, "iprev": iprev, **good, **bad, **values})  # type: ignore[arg-type]


def observed(iprev: str, ago: int = 0, **values: object) -> Names:
    state = {"pass": Named.CONFIRMED, "temperror": Named.UNDETERMINED}.get(iprev, Named.UNCONFIRMED)
    at = NOW - timedelta(days=ago)
    return Names(**{"origin": Origin.OBSERVED, "state": state, "iprev": iprev, "at": at, **values})  # type: ignore[arg-type]


def seems(seen: Evidence) -> Standing:
    suggestion = suggest(seen)
    return Standing(kind=suggestion.kind, suggestion=suggestion)


FORWARDED = seems(Evidence(messages=900, dkim=890, foreign=900, shared_selector=True, share=0.05))
SAID = replace(
    FORWARDED,
    kind=SourceClass.UNAUTHORISED,
    by="anna@ops",
    reason="an old customer, gone since 2024",
    at=NOW - timedelta(days=40),
    target="198.51.100.0/24",
)


def sources() -> Sources:
    rows = (
        SourceRow(
            ip="192.0.2.25",
            network="192.0.2.0/24",
            sums=sums(12_000, 11_990, 11_900, quarantined=12),
            share=0.6,
            first_day=SINCE - 300,
            last_day=TODAY - 1,
            names=watched(greeting=MAIL, helo=MAIL, listed=("zen.test",)),
            standing=seems(Evidence(messages=12_000, both=11_900, dkim=90, watched=True)),
            watched=True,
            spf=(Spf(domain="business.example", word="pass", at=NOW, detail="ip4:192.0.2.0/28"),),
            selectors=(Selector(domain="business.example", selector="s2026", messages=9_998, aligned=9_990),),
            messages_read=10_000,
            refused_at=(("r1.example", 12),),
            reporters=7,
            network_name="business.example",
        ),
        SourceRow(
            ip="198.51.100.4",
            network="198.51.100.0/24",
            sums=sums(3_600, 3_000, 3_600, quarantined=300, rejected=200),
            share=0.18,
            first_day=SINCE,
            last_day=TODAY,
            names=watched(Named.UNCONFIRMED),
            standing=seems(Evidence(messages=3_600, both=3_000, spf=600, watched=True)),
            watched=True,
            refused_at=tuple((f"r{n}.example", 100 - n) for n in range(1, 8)),
            reporters=7,
        ),
        SourceRow(
            ip="203.0.113.9",
            network="203.0.113.0/24",
            sums=sums(900, 890),
            share=0.045,
            first_day=SINCE,
            last_day=TODAY - 2,
            names=observed("pass", 6, ptr=("relay.alumni.example",), confirmed=("relay.alumni.example",)),
            standing=FORWARDED,
            reporters=1,
            network_name="alumni.example",
        ),
        SourceRow(
            ip="198.51.100.77",
            network="198.51.100.0/24",
            sums=sums(400, rejected=390),
            share=0.02,
            first_day=TODAY - 3,
            last_day=TODAY,
            names=observed("temperror", 1, detail="77.100.51.198.in-addr.arpa PTR: timeout"),
            standing=SAID,
            spf=(Spf(domain="business.example", word="temperror", at=NOW, detail="business.example TXT (timeout)"),),
            reporters=2,
        ),
        SourceRow(
            ip="2001:db8::9",
            network="2001:db8::/64",
            sums=sums(3),
            share=0.00015,
            first_day=TODAY,
            last_day=TODAY,
            names=Names(),
            standing=seems(Evidence(messages=3)),
            reporters=1,
        ),
    )
    by_name = {Named.CONFIRMED: 15_900, Named.UNCONFIRMED: 3_600, Named.UNDETERMINED: 400, Named.NOT_KNOWN: 100}
    return Sources(
        at=NOW,
        domain="business.example",
        since=SINCE,
        until=TODAY,
        total=sums(20_000, 18_000, 17_000, quarantined=312, rejected=590),
        by_name=by_name,
        by_class={
            SourceClass.MINE: 15_600,
            SourceClass.FORWARDER: 900,
            SourceClass.UNAUTHORISED: 400,
            SourceClass.UNKNOWN: 3,
        },
        rows=rows,
        sources=63,
        left_out=58,
        left_out_messages=3_097,
    )


def story() -> Address:
    """An address that lost its PTR: two receivers refuse since, a third does not."""
    lost = NOW - timedelta(days=10) + timedelta(hours=3, minutes=47)
    flip = Flip(
        id=41,
        what="PTR_MISSING",
        old="ok",
        new="failing",
        at=lost,
        reason="192.0.2.25 has no PTR record",
        has_evidence=True,
    )
    value = Flip(id=40, what="ptr", old=MAIL, new="none (nxdomain)", at=lost, reason="two resolvers say so")
    days = []
    for day in range(SINCE, TODAY):
        ago = TODAY - day
        for name, since, kind in (("r1.example", 9, "q"), ("r2.example", 8, "r"), ("r3.example", 0, "")):
            bad = 20 if ago <= since else 0
            row = sums(20, 20, 20, quarantined=bad if kind == "q" else 0, rejected=bad if kind == "r" else 0)
            days.append(DayRow(day=day, reporter=name, sums=row, refused_aligned=bad))
    found = turns(days, [value, flip])
    by = {name: [row for row in days if row.reporter == name] for name in ("r1.example", "r2.example", "r3.example")}
    lost_day = int(lost.timestamp() // 86_400)
    return Address(
        at=NOW,
        ip="192.0.2.25",
        since=SINCE,
        until=TODAY,
        network="192.0.2.0/24",
        network_name="",
        domains=(("business.example", 1_700), ("shop.example", 40)),
        sums=sum((row.sums for row in days), Sums()),
        standing=seems(Evidence(messages=1_740, both=1_740, watched=True)),
        watched=True,
        names=watched(Named.UNCONFIRMED),
        names_by_day={
            day: watched() if day < lost_day else watched(Named.UNCONFIRMED if day != lost_day + 4 else Named.UNDETERMINED)
            for day in range(SINCE + 3, TODAY + 1)
        },
        reporters=tuple(
            ReporterOf(
                name=name,
                sums=sum((row.sums for row in rows), Sums()),
                first_day=SINCE,
                last_day=TODAY - 1,
                refused_since=next((turn.change.day for turn in found if turn.reporter == name), None),
            )
            for name, rows in by.items()
        ),
        days=tuple(days),
        turns=found,
        flips=(value, flip),
        selectors=(Selector(domain="business.example", selector="s2026", messages=1_740, aligned=1_740),),
        messages_read=1_740,
        expected=(MAIL,),
        cause=flip,
        cause_still=True,
        fix=(
            f"1. Set the PTR of 192.0.2.25 to {MAIL} (who: CLOUDHOST, the holder of the reverse zone)",
            f"    25.2.0.192.in-addr.arpa. 3600 IN PTR {MAIL}.",
            f"    Verify: truehelo wait 192.0.2.25 --for PTR={MAIL}",
        ),
        fix_from="as seen 2026-11-10 14:02 UTC; truehelo check 192.0.2.25 looks again",
    )


def missed() -> Address:
    """The same, of which a fourth receiver tells nothing any more: it refuses before it reads."""
    whole = story()
    mine = [DayRow(day=day, reporter="r4.example", sums=sums(20, 20, 20)) for day in range(SINCE, TODAY - 9)]
    told = {"r4.example": dict.fromkeys(range(SINCE, TODAY), 100)}
    missing = ceased(mine, told, whole.flips)
    return replace(whole, turns=(*whole.turns, *missing), days=(*whole.days, *mine))


def over() -> Address:
    """The same, well again."""
    return replace(story(), cause_still=False, fix=(), fix_from="", names=watched())


def stranger() -> Address:
    """An address that nobody watches, and that is refused for the sake of the policy."""
    days = tuple(
        DayRow(day=day, reporter="r1.example", sums=sums(30, rejected=29 if day >= TODAY - 9 else 0))
        for day in range(SINCE, TODAY)
    )
    trail = (
        Said(target="198.51.100.77", kind=SourceClass.UNAUTHORISED, reason="spam in our name", by="anna", at=NOW),
        Said(
            target="198.51.100.0/24",
            kind=SourceClass.MINE,
            reason="our old service",
            by="ben",
            at=NOW - timedelta(days=900),
            ended=NOW - timedelta(days=40),
        ),
    )
    return Address(
        at=NOW,
        ip="198.51.100.77",
        since=SINCE,
        until=TODAY,
        network="198.51.100.0/24",
        network_name="",
        domains=(("business.example", 870),),
        sums=sum((row.sums for row in days), Sums()),
        standing=replace(
            seems(Evidence(messages=870)), by="anna", reason="spam in our name", at=NOW, target="198.51.100.77"
        ),
        watched=False,
        names=observed("fail", 2, ptr=("dsl-77.provider.example",), confirmed=()),
        names_by_day={},
        reporters=(
            ReporterOf(
                name="r1.example", sums=sum((row.sums for row in days), Sums()), first_day=SINCE, last_day=TODAY - 1
            ),
        ),
        days=days,
        turns=turns(days),
        flips=(),
        trail=trail,
    )


def steady() -> Address:
    """An address that was refused a little all the time, and one of whom nothing is said."""
    days = (DayRow(day=TODAY - 2, reporter="r1.example", sums=sums(30, 30, 30, quarantined=2)),)
    return replace(
        stranger(),
        days=days,
        turns=(),
        trail=(),
        sums=days[0].sums,
        standing=seems(Evidence(messages=30, both=30)),
        reporters=(ReporterOf(name="r1.example", sums=days[0].sums, first_day=TODAY - 2, last_day=TODAY - 2),),
    )


def unheard() -> Address:
    """An address that no report names."""
    return replace(
        steady(), days=(), sums=Sums(), reporters=(), domains=(), names=Names(), standing=seems(Evidence(messages=0))
    )


def reporters() -> Reporters:
    def row(name: str, messages: int, silent: int | None = None) -> ReporterRow:
        return ReporterRow(
            name=name,
            email=f"noreply@{name}",
            reports=30,
            records=300,
            days=28,
            first_day=SINCE,
            last_day=TODAY - 1 if silent is None else silent,
            sums=sums(messages, messages - messages // 50, messages // 2, quarantined=messages // 100),
            silent_since=silent,
        )

    return Reporters(
        at=NOW,
        domain="",
        since=SINCE,
        until=TODAY,
        rows=(row("r1.example", 9_000), row("r2.example", 4_000, TODAY - 6), row("r3.example", 3)),
    )


def trend(*, weekly: bool = False) -> Trend:
    step, count = (7, 13) if weekly else (1, 14)
    rows = tuple(
        TrendRow(
            day=TODAY - step * (count - place),
            reports=9,
            reporters=7,
            sums=sums(1000 + 97 * place, 990 if place < 9 else 300, 900 if place < 9 else 200, 0 if place < 9 else 80, 3),
        )
        for place in range(count)
    )
    change = Change(
        day=TODAY - 5, earliest=TODAY - 6, latest=TODAY - 5, before=Share(9000, 8900), after=Share(6000, 1800), bayes=40.0
    )
    return Trend(
        at=NOW,
        domain="business.example",
        since=TODAY - step * count,
        until=TODAY,
        weekly=weekly,
        rows=rows,
        changes=(change,),
    )


def suggested() -> tuple[Suggested, ...]:
    return (
        Suggested(
            ip="192.0.2.26",
            sums=sums(4_000, 3_990, 3_980),
            share=0.2,
            reporters=6,
            first_day=SINCE,
            last_day=TODAY,
            domains=("business.example", "shop.example"),
            names=observed("pass", 3, ptr=("out2.business.example",), confirmed=("out2.business.example",)),
            signs=seems(Evidence(messages=4_000, both=3_970, spf=10)).suggestion.signs,
        ),
        Suggested(
            ip="2001:db8::26",
            sums=sums(40, 40),
            share=0.002,
            reporters=3,
            first_day=TODAY - 5,
            last_day=TODAY,
            domains=("business.example",),
            names=observed("permerror", 3),
            signs=seems(Evidence(messages=40, dkim=40, reporters=3)).suggestion.signs,
        ),
    )


def hostile_names() -> Names:
    names = observed("pass", 1, ptr=(HOSTILE,), confirmed=(HOSTILE,), detail=HOSTILE)
    return replace(names, greeting=HOSTILE, helo=HOSTILE, listed=(HOSTILE,), failing=(Failing(HOSTILE, 1.0),))


def hostile() -> tuple[Sources, Address, Reporters]:
    """Text that would move a cursor, run as a formula, or break a line, wherever the network or an operator has a say."""
    standing = replace(SAID, by=HOSTILE, reason=HOSTILE)
    selectors = (Selector(domain=HOSTILE, selector=HOSTILE, messages=3, aligned=2),) * 2
    spf = (Spf(domain=HOSTILE, word="pass", at=NOW, detail=HOSTILE),)
    row = replace(
        sources().rows[0],
        names=hostile_names(),
        standing=standing,
        refused_at=((HOSTILE, 3),),
        selectors=selectors,
        spf=spf,
        network_name=HOSTILE,
    )
    whole = story()
    flip = Flip(id=1, what="PTR_MISSING", old=HOSTILE, new="failing", at=NOW, reason=HOSTILE)
    evil = replace(
        whole,
        domains=((HOSTILE, 3),),
        names=hostile_names(),
        standing=standing,
        reporters=tuple(replace(each, name=HOSTILE) for each in whole.reporters),
        days=tuple(day._replace(reporter=HOSTILE) for day in whole.days[-6:]),
        turns=tuple(replace(turn, reporter=HOSTILE, causes=(flip,)) for turn in whole.turns),
        flips=(flip, replace(flip, what="ptr")),
        cause=flip,
        fix=(f"    {HOSTILE}", HOSTILE),
        expected=(HOSTILE,),
        network_name=HOSTILE,
        selectors=selectors,
        spf=spf,
        trail=(Said(target="192.0.2.25", kind=SourceClass.MINE, reason=HOSTILE, by=HOSTILE, at=NOW),) * 2,
    )
    told = reporters()
    return (
        replace(sources(), domain=HOSTILE, rows=(row,)),
        evil,
        replace(told, domain=HOSTILE, rows=tuple(replace(each, name=HOSTILE, email=HOSTILE) for each in told.rows)),
    )
