"""One look at one subject: gather, judge, hold against how it stood, and confirm a change at once.

The routine look is cheap: answers may come out of the cache of this process, and when they are what they were,
nothing is judged. Whatever looks like a change is looked at again through other eyes before it counts: the
authoritative servers, or a vote of all resolvers (`engine/sure.py`). Does not write anything (`record.py`), nor tell
anybody.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from truehelo.blocklists.read import Listing
from truehelo.checks import run_checks
from truehelo.drift.cause import observed, what_of
from truehelo.drift.machine import WELL, Standing, Thresholds, next_look, step
from truehelo.drift.sighting import fingerprint, hidden, sightings, undetermined_cause
from truehelo.engine.gather import Gathering, Wishes
from truehelo.engine.subjects import Subject
from truehelo.engine.sure import SureResolver
from truehelo.facts.address import Address, parse_address
from truehelo.facts.subject import Source, SubjectFacts
from truehelo.findings import Finding, Severity
from truehelo.identity import Identity
from truehelo.monitor import lists
from truehelo.monitor.lists import PREFIX, ListWatch
from truehelo.monitoring import Seen, State
from truehelo.ports import Ports
from truehelo.store.schedule import Due, Held

FRESH_S = 3600.0
"""While a change is this young its subjects are looked at with authority each time, so that a repair is seen at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looking:
    """How to look: the ports, what must agree before a change is believed, and the mildest severity that is watched."""

    ports: Ports
    thresholds: Thresholds = field(default_factory=Thresholds)
    watched: Severity = Severity.WARNING
    ignored: frozenset[str] = frozenset()
    """Tags that are never watched."""
    lists: ListWatch | None = None


@dataclass(slots=True, kw_only=True)
class Look:
    """What came of a look. `facts` is None when nothing had changed and nothing was judged.

    `standings` are the tags in which the subject does not stand well now, `left` those in which it does again;
    `failed` began to fail with this look, `recovered` were believed well. `values` is what was seen, when it is
    certain.
    """

    due: Due
    at: float
    fingerprint: int | None
    unseen: frozenset[str] = frozenset()
    cause: str | None = None
    facts: SubjectFacts | None = None
    findings: Mapping[str, Finding] = field(default_factory=dict)
    standings: dict[str, Standing] = field(default_factory=dict)
    severities: dict[str, Severity] = field(default_factory=dict)
    left: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    recovered: tuple[str, ...] = ()
    values: dict[str, str] = field(default_factory=dict)
    sure: bool = False
    listings: tuple[Listing, ...] | None = None
    """What the blocklists say; None when they were not asked."""

    @property
    def unchanged(self) -> bool:
        """Nothing is to be kept but that the subject was looked at."""
        return self.facts is None and self.listings is None

    @property
    def determined(self) -> bool:
        """What the subject is watched for could be seen."""
        return not self.unseen & {"ptr", "iprev"}

    def next_look(self, rechecks_s: Sequence[float]) -> float | None:
        """When to look again before the regular time."""
        times = [when for each in self.standings.values() if (when := next_look(each, self.at, rechecks_s)) is not None]
        return min(times, default=None)


async def look(due: Due, looking: Looking, at: float) -> Look:
    """Look at a subject once, and at once again through other eyes when something seems to have changed."""
    ip = parse_address(due.subject.ip)
    if ip is None:
        raise ValueError(f"the store holds {due.subject.ip!r} as an address")
    watch = looking.lists
    if watch is None or not watch.is_due(due, at):
        return await _names(due, ip, looking, at)
    found, listings = await asyncio.gather(_names(due, ip, looking, at), watch.look(ip))
    return _with_listings(found, listings, looking.thresholds)


def _with_listings(found: Look, listings: tuple[Listing, ...], thresholds: Thresholds) -> Look:
    """Add what the blocklists say to a look."""
    before = {held.tag: _standing(held) for held in found.due.held}
    named = found.standings if found.facts is not None else dict(before)
    found.listings = listings
    found.standings = named
    found.severities |= {PREFIX + listing.list: Severity(listing.severity) for listing in listings if lists.is_bad(listing)}
    said = Look(due=found.due, at=found.at, fingerprint=None)
    _move(said, lists.seen(listings, before), before, thresholds, sure=True)
    for tag in said.left:
        found.standings.pop(tag, None)
    found.standings |= said.standings
    found.left, found.failed = (*found.left, *said.left), (*found.failed, *said.failed)
    found.recovered = (*found.recovered, *said.recovered)
    return found


async def _names(due: Due, ip: Address, looking: Looking, at: float) -> Look:
    if any(_is_pending(held, due, at) for held in due.held):
        return await _sure_look(due, ip, looking, at, {held.tag: _standing(held) for held in due.held})
    facts = await _gather(due, ip, looking.ports, authoritative=False)
    printed = fingerprint(facts)
    if printed in (due.fingerprint, due.steady):
        return Look(due=due, at=at, fingerprint=printed, unseen=hidden(facts), cause=undetermined_cause(facts))
    first = _judged(due, facts, looking, at, {held.tag: _standing(held) for held in due.held}, sure=False)
    first.fingerprint = printed
    if not _seems_changed(due, first):
        return first
    second = await _sure_look(due, ip, looking, at, first.standings)
    # A tag that the first look suspected and the second found well was never anything; one that the first left is left.
    kept = {held.tag for held in due.held}
    second.left = tuple(tag for tag in {*second.left, *first.left} if tag in kept and tag not in second.standings)
    second.failed = tuple({*first.failed, *second.failed} & set(second.standings))
    return second


def _is_pending(held: Held, due: Due, at: float) -> bool:
    """Something is on its way to be believed, or was broken of late; what was so from the start can wait for its caches."""
    if held.tag.startswith(PREFIX):
        return False
    if held.state != State.FAILING:
        return True
    return at - held.turned < FRESH_S and (due.began_at is None or held.since > due.began_at)


def _seems_changed(due: Due, first: Look) -> bool:
    """Something is suspected, or seems well again, or is not what it was; not: something could not be seen."""
    before = {held.tag: _standing(held) for held in due.held}
    if any(before.get(tag) != standing for tag, standing in first.standings.items()) or first.left:
        return True
    return bool(first.values) and due.fingerprint is not None


async def sure_look(due: Due, looking: Looking, at: float) -> Look:
    """Look at a subject through those who know, for what it tells; nothing is counted."""
    ip = parse_address(due.subject.ip)
    if ip is None:
        raise ValueError(f"the store holds {due.subject.ip!r} as an address")
    return await _sure_look(due, ip, looking, at, {held.tag: _standing(held) for held in due.held})


async def _sure_look(due: Due, ip: Address, looking: Looking, at: float, before: Mapping[str, Standing]) -> Look:
    resolver = SureResolver(looking.ports.resolver)
    facts = await _gather(due, ip, replace(looking.ports, resolver=resolver), authoritative=True)
    found = _judged(due, facts, looking, at, before, sure=not resolver.unsure)
    found.fingerprint = fingerprint(facts)
    found.sure = not resolver.unsure
    return found


async def _gather(due: Due, ip: Address, ports: Ports, *, authoritative: bool) -> SubjectFacts:
    subject = due.subject
    wishes = Wishes(ports=subject.ports, authoritative=authoritative)
    if not subject.ports:
        ports = replace(ports, smtp=None)
    return await Gathering(
        subject=Subject(
            ip=ip,
            sources=(Source(kind="argument", asked=subject.ip),),
            expected=subject.expected[0] if subject.expected else None,
            helo=subject.helo,
            domains=subject.domains,
        ),
        wishes=wishes,
        ports=ports,
    ).run()


def _judged(
    due: Due, facts: SubjectFacts, looking: Looking, at: float, before: Mapping[str, Standing], *, sure: bool
) -> Look:
    identity = Identity(facts)
    findings = {
        finding.tag.name: finding
        for finding in reversed(run_checks(identity))
        if finding.tag.name not in looking.ignored and not _expected_otherwise(finding, facts, due.subject.expected)
    }
    seen = sightings(findings.values(), facts, [tag for tag in before if not tag.startswith(PREFIX)], looking.watched)
    severities = {held.tag: Severity(held.severity) for held in due.held}
    severities |= {tag: finding.severity for tag, finding in findings.items()}
    result = Look(
        due=due,
        at=at,
        fingerprint=None,
        unseen=hidden(facts),
        cause=undetermined_cause(facts),
        facts=facts,
        findings=findings,
        severities=severities,
    )
    result.values = observed(facts, result.unseen)
    result.standings = {tag: standing for tag, standing in before.items() if tag not in seen}
    _move(result, seen, before, looking.thresholds, sure=sure)
    return result


def _move(
    result: Look, seen: Mapping[str, Seen], before: Mapping[str, Standing], thresholds: Thresholds, *, sure: bool
) -> None:
    left, failed, recovered = [], [], []
    for tag, what in seen.items():
        standing = before.get(tag, WELL)
        after = step(standing, what, result.at, sure=sure, thresholds=thresholds)
        if after == WELL:
            left.append(tag)
            if standing.state.is_open:
                recovered.append(tag)
            continue
        result.standings[tag] = after
        if after.state is State.FAILING and not standing.state.is_open:
            failed.append(tag)
    result.left, result.failed, result.recovered = tuple(left), tuple(failed), tuple(recovered)


def _expected_otherwise(finding: Finding, facts: SubjectFacts, expected: tuple[str, ...]) -> bool:
    """Several names may be the right one: it is enough that the PTR holds one of them."""
    return finding.tag.name == "PTR_UNEXPECTED" and len(expected) > 1 and not set(expected).isdisjoint(facts.ptr_names)


def standings_of(due: Due) -> dict[str, Standing]:
    """Return how a subject stood before this look."""
    return {held.tag: _standing(held) for held in due.held}


def _standing(held: Held) -> Standing:
    return Standing(State(held.state), held.count, held.since, held.turned)


def changed_value(tag: str, values: Mapping[str, str]) -> str:
    """Return what is seen now of what `tag` is about; "" where nothing that is kept tells it."""
    return values.get(what_of(tag), "")
