"""What reports tell of domains: unknown sources with volume, an aligned share that fell, TLS sessions that fail.

What is more than chance is decided in `sources/`; how a source is classed, by the operator. Sources that are known to be
forwarders or to pretend, and those of which no mail ever passed, have no part in the aligned share: else everybody who
pretends to be the domain could lower it.
"""

from collections.abc import Callable, Mapping

from sqlalchemy import select

from truehelo.monitor.sources.judging import DAY_S, Asking, Whom, date, keep, over, standing
from truehelo.sources import tags
from truehelo.sources.change import Count, Share
from truehelo.sources.classes import SourceClass
from truehelo.sources.drop import STRETCHES, WEEKS_DAYS, Fallen, Rules, back, fall
from truehelo.sources.sessions import Bound, Failing, failing
from truehelo.sources.volume import Enough, Sent, is_loud, is_quiet
from truehelo.store.sources.classes import Book, said_now
from truehelo.store.tables import subjects
from truehelo.store.things import domains, reported, rows
from truehelo.store.things.rows import Thing, ThingState
from truehelo.store.things.tables import domain_flips

WEEK_DAYS = 7
TLS_DAYS = 3
TLS_UNHEARD_DAYS = 28
"""After so long without a report on TLS nobody knows whether sessions fail, and nobody is reminded of it any more."""
_BEFORE_DAYS = 3
"""A record that changed within so many days before a fall may be why: records are cached, and reports count whole days."""


def judge(asking: Asking) -> None:
    """Judge every watched domain that there are reports about."""
    numbers = reported.domain_ids(asking.connection)
    inventory = frozenset(
        asking.connection.scalars(select(subjects.c.ip).where(subjects.c.removed_at.is_(None)).distinct())
    )
    book = Book(said_now(asking.connection))
    for domain, _ in domains.watched(asking.connection):
        number = numbers.get(domain.name)
        if number is not None:
            _unknown(asking, domain, number, lambda ip: ip in inventory or _is_classed(book, ip))
            _aligned(asking, domain, number, inventory, book)
            _tls(asking, domain, number)


def _whom(domain: Thing) -> Whom:
    return Whom(kind=rows.DOMAIN, name=domain.name, groups=domain.groups, owner=domain.owner)


def _is_classed(book: Book, ip: str) -> bool:
    said = book.of(ip)
    return said is not None and said.kind != SourceClass.UNKNOWN


def _unknown(asking: Asking, domain: Thing, number: int, known: Callable[[str], bool]) -> None:
    tag, alerts = tags.SOURCE_UNKNOWN_VOLUME, asking.alerts
    enough = Enough(messages=alerts.unknown_messages, share=alerts.unknown_share)
    first = asking.last - WEEK_DAYS + 1
    whole, found = reported.sent(asking.connection, number, first, asking.last, enough.messages / 2)
    if not whole:
        return  # no reports, no news
    sent = {each.ip: Sent(source=each.ip, messages=each.messages, known=known(each.ip)) for each in found}
    held = {thing.name for thing, _ in standing(asking, [tag.name]) if thing.domain == domain.name}
    for each in found:
        if each.ip in held or not is_loud(sent[each.ip], whole, enough):
            continue
        whom = Whom(kind=rows.SOURCE, name=each.ip, domain=domain.name, groups=domain.groups, owner=domain.owner)
        keep(asking, whom, _unknown_state(domain, each, whole))
    for thing, _ in standing(asking, [tag.name]):
        if thing.domain == domain.name and thing.name in held:
            now = sent.get(thing.name, Sent(source=thing.name, messages=0, known=known(thing.name)))
            if is_quiet(now, whole, enough):
                over(asking, thing, tag.name, "it is known now: in the inventory, or classed" if now.known else "")


def _unknown_state(domain: Thing, sent: reported.SourceSent, whole: int) -> ThingState:
    tag = tags.SOURCE_UNKNOWN_VOLUME
    args = {
        "ip": sent.ip,
        "domain": domain.name,
        "messages": f"{sent.messages:,}",
        "passed": f"{sent.passed:,}",
        "days": str(WEEK_DAYS),
        "share": f"{sent.messages / whole:.1%}",
    }
    return ThingState(
        tag=tag.name,
        since=sent.first_day * DAY_S,
        severity=tag.severity,
        key=f"{tag.name} {domain.name}",
        cause=f"send as {domain.name}, and are neither in the inventory nor classed",
        message=tags.told(tag, args),
        new=f"{sent.messages:,} messages, {sent.passed:,} passed, {sent.refused:,} refused or quarantined, "
        f"seen by {sent.reporters} reporters, first on {date(sent.first_day)}",
        details={
            "fix": [
                "Find out what it is:",
                f"    $ truehelo reports ip {sent.ip}",
                "If it is yours, take it into the inventory; if it is a service that sends for you, say so:",
                f"    $ truehelo inventory add {sent.ip}",
                f'    $ truehelo reports class {sent.ip} mine --reason "..."',
                "If it passes on mail of others, or pretends to be you, say that; SPF stays as it is:",
                f'    $ truehelo reports class {sent.ip} forwarder --reason "..."',
                f'    $ truehelo reports class {sent.ip} unauthorised --reason "..."',
            ]
        },
    )


def _aligned(asking: Asking, domain: Thing, number: int, inventory: frozenset[str], book: Book) -> None:
    tag, alerts = tags.ALIGNMENT_DROPPED, asking.alerts
    rules = Rules(least=alerts.aligned_fall, messages=alerts.aligned_messages)
    first = asking.last - WEEKS_DAYS - STRETCHES[-1]
    ours = reported.aligning(asking.connection, number, first, asking.last)
    ours |= reported.numbers_of(asking.connection, sorted(inventory))
    theirs = (SourceClass.FORWARDER, SourceClass.UNAUTHORISED)
    ids = {each for ip, each in ours.items() if (said := book.of(ip)) is None or said.kind not in theirs}
    days = reported.shares(asking.connection, number, first, asking.last, ids)
    series = [Count(each.day, each.messages, each.passed) for each in days]
    held = rows.state_of(asking.connection, domain.id, tag.name)
    if held is None:
        found = fall(series, asking.last, rules)
        # A week may have fallen whose last days are well again: that is over, and would end as soon as it was told.
        if found.state is Fallen.FALLEN and back(series, asking.last, found.before, rules).state is not Fallen.STEADY:
            keep(asking, _whom(domain), _fallen(asking, domain, found.before, found.after, found.since))
        return
    before = Share(int(held.details.get("messages", 0)), int(held.details.get("hits", 0)))
    if back(series, asking.last, before, rules).state is Fallen.STEADY:
        over(asking, domain, tag.name)
    elif asking.last - int(held.since // DAY_S) >= WEEKS_DAYS:
        over(asking, domain, tag.name, "it has been so for four weeks, and is what is usual now")


def _fallen(asking: Asking, domain: Thing, before: Share, after: Share, since: int) -> ThingState:
    tag = tags.ALIGNMENT_DROPPED
    args = {
        "domain": domain.name,
        "before": f"{before.value:.1%}",
        "after": f"{after.value:.1%}",
        "day": date(since),
    }
    why = _changed_before(asking, domain, since)
    return ThingState(
        tag=tag.name,
        since=since * DAY_S,
        severity=tag.severity,
        key=f"{tag.name} {domain.name}",
        cause=why or f"{tag.name} of {domain.name}; no record of it was seen to change before that",
        message=tags.told(tag, args),
        old=f"{before.hits:,} of {before.messages:,} messages",
        new=f"{after.hits:,} of {after.messages:,} messages",
        details={
            "messages": before.messages,
            "hits": before.hits,
            "fix": [
                "See which of your sources do not pass any more, and whether SPF or DKIM is what they lost:",
                f"    $ truehelo reports sources {domain.name}",
                "See whether the records are right:",
                f"    $ truehelo domain {domain.name}",
            ],
        },
    )


def _changed_before(asking: Asking, domain: Thing, since: int) -> str:
    """Say which records changed shortly before."""
    first, last = (since - _BEFORE_DAYS) * DAY_S, (since + 1) * DAY_S
    wanted = select(domain_flips.c.what, domain_flips.c.at).where(
        domain_flips.c.thing_id == domain.id, domain_flips.c.at >= first, domain_flips.c.at < last
    )
    found = asking.connection.execute(wanted.order_by(domain_flips.c.at)).all()
    return ", ".join(f"{row.what} changed {date(int(row.at // DAY_S))}" for row in found[:5])


def _tls(asking: Asking, domain: Thing, number: int) -> None:
    tag, alerts = tags.TLS_FAILURES, asking.alerts
    bound = Bound(share=alerts.tls_share, sessions=alerts.tls_sessions)
    first = _after_well(asking, number, bound)
    sums = reported.tls_sessions(asking.connection, number, first, asking.last)
    if rows.state_of(asking.connection, domain.id, tag.name) is not None:
        if first > asking.last or failing(*sums, bound) is Failing.WELL or (sums[0] and not sums[1]):
            over(asking, domain, tag.name)
        elif not any(reported.tls_sessions(asking.connection, number, asking.last - TLS_UNHEARD_DAYS + 1, asking.last)):
            over(asking, domain, tag.name, f"nobody has reported on TLS for {TLS_UNHEARD_DAYS} days")
        return
    if failing(*sums, bound) is Failing.FAILING:
        keep(asking, _whom(domain), _tls_state(asking, domain, number, first, sums))


def _after_well(asking: Asking, number: int, bound: Bound) -> int:
    """Return the first of the last days that came after all that were well; what failed before such a day is over."""
    first = asking.last - TLS_DAYS + 1
    for day in range(first, asking.last + 1):
        if failing(*reported.tls_sessions(asking.connection, number, day, day), bound) is Failing.WELL:
            first = day + 1
    return first


def _tls_state(asking: Asking, domain: Thing, number: int, first: int, whole: tuple[int, int]) -> ThingState:
    tag, (successful, failed) = tags.TLS_FAILURES, whole
    kinds = reported.tls_failures(asking.connection, number, first, asking.last, 5)
    how = ", ".join(f"{each.result} at {each.mx or 'a host that is not named'} ({each.sessions:,})" for each in kinds)
    args: Mapping[str, str] = {
        "domain": domain.name,
        "failed": f"{failed:,}",
        "sessions": f"{successful + failed:,}",
        "days": "one day" if first == asking.last else f"{asking.last - first + 1} days",
        "how": how or "the reports do not say why",
    }
    return ThingState(
        tag=tag.name,
        since=first * DAY_S,
        severity=tag.severity,
        key=f"{tag.name} {domain.name}",
        cause=f"{kinds[0].result if kinds else 'failures'} of TLS to {domain.name}",
        message=tags.told(tag, args),
        details={
            "fix": [
                "Senders could not encrypt to your mail exchangers: look at the certificate of each, at its names and its "
                "dates, and at what MTA-STS and DANE promise of it:",
                f"    $ truehelo domain {domain.name}",
            ]
        },
    )
