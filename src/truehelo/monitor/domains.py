"""The watch over domains: which ones, when each is looked at, and what a look found. Beside the watch over addresses.

The same discipline: a look through the cache of the process; what seems to have changed is put to the authoritative servers
at once (`engine/sure.py`), and believed when so many looks agree; a SERVFAIL is nobody's absence and moves nothing. Several
watchers may share the work: domains are taken by lease, and each look is recorded once. Does not decide what a change
means (`sources/changes.py`), nor who is told.
"""

import asyncio
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from truehelo.configuration.domains import DomainSettings
from truehelo.drift.cause import longest_cached
from truehelo.drift.machine import Thresholds
from truehelo.drift.records import KEY, NS, Suspicion, believe, questions, value_of
from truehelo.engine.sure import SureResolver
from truehelo.facts.dns import Lookup, Outcome, Question
from truehelo.monitor.incidents import Told
from truehelo.monitor.policy import Policy
from truehelo.monitor.sources import changes
from truehelo.monitor.sources.changes import Telling
from truehelo.monitor.sources.incidents import settle
from truehelo.monitor.sources.reach import keys_of, reported_domains
from truehelo.monitor.stored import Stored
from truehelo.ports import Clock, Resolver
from truehelo.store import incidents
from truehelo.store.database import Database, StoreError, UnfitError
from truehelo.store.reports.texts import clean
from truehelo.store.things import domains as rows
from truehelo.store.things.domains import DueDomain, LookedAt, Wanted

LEASE_S = 180.0
LOOK_S = 150.0
AT_ONCE = 4
"""Domains that are looked at together: each is some ten questions."""
EVERY_S = 15.0
"""How often is looked for what is due."""
SYNC_S = 300.0
"""How often it is worked out anew which domains are watched."""
MAX_KEYS = 20
"""DKIM keys of one domain that are looked at."""
_FAULT = "a fault of truehelo"


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLook:
    """What a look at a domain saw, by the word for a record; `values` None where nothing was learned.

    `asked` are the questions, `ttls` the longest time that caches may hold it (seconds), `sure` what those who know said,
    and `served_by` the name servers that were asked directly.
    """

    due: DueDomain
    at: float
    asked: Mapping[str, Question]
    values: Mapping[str, str | None]
    ttls: Mapping[str, int] = field(default_factory=dict)
    sure: frozenset[str] = frozenset()
    served_by: tuple[str, ...] = ()
    cause: str | None = None


async def look(due: DueDomain, keys: Sequence[str], resolver: Resolver, at: float) -> DomainLook:
    """Look at a domain once, and at once again, at those who know, for what is not what it was."""
    asked = questions(due.thing.name, keys)
    lookups = dict(zip(asked, await asyncio.gather(*map(resolver.lookup, asked.values())), strict=True))
    values = {what: value_of(what, lookup) for what, lookup in lookups.items()}
    changed = [what for what, value in values.items() if value is not None and not _is_held(due, what, value)]
    # What is suspected is asked about each time, until it is believed or gone.
    changed = list(dict.fromkeys([*changed, *(what for what in due.suspected if what in asked)]))
    sure: frozenset[str] = frozenset()
    served: tuple[str, ...] = ()
    if changed:
        again = SureResolver(resolver)
        found = dict(zip(changed, await asyncio.gather(*(again.lookup(asked[what]) for what in changed)), strict=True))
        lookups |= found
        values |= {what: value_of(what, lookup) for what, lookup in found.items()}
        sure = frozenset(what for what in changed if asked[what] not in again.unsure)
        view = await again.authoritative(asked[changed[0]])
        served = tuple(f"{server.name} ({', '.join(server.addresses)})" for server in view.servers)
    return DomainLook(
        due=due,
        at=at,
        asked=asked,
        values=values,
        ttls={what: longest_cached([lookup]) for what, lookup in lookups.items()},
        sure=sure,
        served_by=served,
        cause=_cause(lookups),
    )


def _is_held(due: DueDomain, what: str, value: str) -> bool:
    held = due.records.get(what)
    return held is not None and held.value == value and what not in due.suspected


def _cause(lookups: Mapping[str, Lookup]) -> str | None:
    """Say what could not be seen; None when everything was."""
    hidden = [lookup for lookup in lookups.values() if lookup.outcome.is_undetermined]
    if not hidden:
        return None
    first = hidden[0]
    if first.outcome in (Outcome.TIMEOUT, Outcome.REFUSED) and first.exchanges:
        return f"resolver {', '.join(sorted({each.server for each in first.exchanges}))}: {first.outcome}"
    return f"{first.question}: {first.outcome}"


def record(connection: Connection, found: DomainLook, watching: "Watching", told: Told) -> bool:
    """Write a look down: the schedule, what is believed now, and what follows; False when somebody else did so before."""
    due, thresholds = found.due, watching.thresholds
    suspected: dict[str, Suspicion] = {}
    believed: list[str] = []
    for what, value in found.values.items():
        held = due.records.get(what)
        before = due.suspected.get(what)
        after, is_believed = believe(
            None if held is None else held.value,
            None if before is None else Suspicion(*before),
            value,
            found.at,
            sure=what in found.sure,
            thresholds=thresholds,
        )
        if is_believed:
            believed.append(what)
        elif after is not None:
            suspected[what] = after
    if not rows.record(connection, due, _looked_at(found, suspected, watching.policy)):
        return False
    if believed:
        incidents.serialise(connection)
    # The name servers first: who serves a zone explains what else stands in it.
    for what in sorted(believed, key=lambda each: (each != NS, each)):
        value = found.values[what]
        assert value is not None  # noqa: S101  nothing that was not seen is believed
        rows.observe(connection, due.thing.id, what, value, found.ttls.get(what, 0), found.at)
        held = due.records.get(what)
        if held is not None:
            change = changes.Change(
                what=what,
                question=found.asked[what],
                old=held.value,
                new=value,
                at=due.suspected[what][2] if what in due.suspected else found.at,
                old_ttl=held.ttl,
                served_by=found.served_by,
                sure=what in found.sure,
            )
            changes.changed(connection, due.thing, change, Telling(policy=watching.policy, now=found.at, told=told))
    if believed:
        settle(connection, watching.policy, found.at, told)
    return True


def _looked_at(found: DomainLook, suspected: Mapping[str, Suspicion], policy: Policy) -> LookedAt:
    due, at = found.due, found.at
    due_at = due.due_at
    if due_at <= at and due.began_at is None:
        due_at = at + due.interval_s * _share_of(due.thing.name)  # so that not all are looked at together from then on
    elif due_at <= at:
        due_at += (max(0.0, (at - due_at) // due.interval_s) + 1) * due.interval_s
    times = [due_at]
    rechecks = policy.settings.rechecks_s
    for each in suspected.values():
        times += [each.since + offset for offset in rechecks if each.since + offset > at][:1]
    blind = found.cause is not None
    if blind:
        since = due.undetermined_since or at
        times += [since + offset for offset in rechecks if since + offset > at][:1]
    return LookedAt(
        next_run_at=min(times),
        due_at=due_at,
        at=at,
        determined=not blind,
        cause=found.cause,
        suspected={what: (each.value, each.count, each.since) for what, each in suspected.items()},
    )


def _share_of(name: str) -> float:
    """A number from 0 to 1 that is always the same for a name."""
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "backslashreplace"), digest_size=4).digest()) / 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """What the watch over domains needs beside the database."""

    resolver: Resolver
    policy: Policy
    settings: DomainSettings
    thresholds: Thresholds = field(default_factory=Thresholds)


@dataclass(slots=True, kw_only=True)
class DomainWatch:
    """A kind of work of the watch (`Watch.turns`). `worker` names it among several."""

    database: Database
    stored: Stored
    clock: Clock
    watching: Watching
    worker: str
    log: Callable[[str], None] = lambda _: None
    every_s: float = EVERY_S
    _synced_at: float | None = None

    async def turn(self) -> float:
        """Look at what is due; return in how many seconds to look again.

        Raises:
            StoreError: The database failed; what was taken is due again when its lease ends.
        """
        if not self.watching.settings.enabled:
            return 3600.0
        now = self.clock.now().timestamp()
        if self._synced_at is None or not 0 <= now - self._synced_at < SYNC_S:
            await self.stored(lambda: self._sync(now))
            self._synced_at = now
        self._after(await self.stored(lambda: self._settle(now)))
        due = await self.stored(lambda: self._take(now))
        if due:
            await asyncio.gather(*(self._one(each, keys) for each, keys in due))
            return 0.0
        return self.every_s

    def _sync(self, now: float) -> None:
        settings = self.watching.settings
        with self.database.write() as connection:
            wanted = _wanted(connection, settings, now)
            rows.sync(connection, wanted, settings.interval_s, now)
            rows.clamp(connection, now)

    def _settle(self, now: float) -> Told:
        told = Told()
        with self.database.write() as connection:
            changes.expire(connection, self.watching.settings.changed_for_s, now)
            settle(connection, self.watching.policy, now, told)
        return told

    def _after(self, told: Told) -> None:
        for number in told.opened:
            self.log(f"incident {number} opened")
        for number in told.closed:
            self.log(f"incident {number} closed")

    def _take(self, now: float) -> list[tuple[DueDomain, tuple[str, ...]]]:
        with self.database.write() as connection:
            due = rows.take(connection, self.worker, now, LEASE_S, AT_ONCE)
            return [(each, self._keys(connection, each, now)) for each in due]

    def _keys(self, connection: Connection, due: DueDomain, now: float) -> tuple[str, ...]:
        """The keys that reports show, those of the configuration, and those that were seen before."""
        domain = due.thing.name
        named = [f"{selector}._domainkey.{domain}" for selector in self.watching.settings.selectors]
        before = [what.removeprefix(KEY) for what in due.records if what.startswith(KEY)]
        found = [*named, *keys_of(connection, domain, now), *before]
        return tuple(dict.fromkeys(found))[:MAX_KEYS]

    async def _one(self, due: DueDomain, keys: tuple[str, ...]) -> None:
        at, told = self.clock.now().timestamp(), Told()
        try:
            async with asyncio.timeout(LOOK_S):
                found = await look(due, keys, self.watching.resolver, at)
        except TimeoutError:
            self.log(f"a look at the domain {due.thing.name} took longer than {LOOK_S:.0f} s")
            return  # the lease ends, and it is looked at again
        except Exception as error:  # noqa: BLE001  a fault in one domain must not end the watch, and is told
            await self._put_off(due, at, _FAULT, f"{type(error).__name__}: {error}")
            return
        try:
            await self.stored(lambda: self._record(found, told))
        except UnfitError as error:
            await self._put_off(due, at, "the database does not take what was seen", error.reason)
            return
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001  as above
            await self._put_off(due, at, _FAULT, f"{type(error).__name__}: {error}")
            return
        self._after(told)

    async def _put_off(self, due: DueDomain, at: float, what: str, why: str) -> None:
        """Tell what went wrong with a domain, and let the others have their turn before it is looked at again."""
        self.log(f"{what} in a look at the domain {due.thing.name}: {why}")
        again, cause = at + due.interval_s, clean(f"{what}: {why}")
        looked = LookedAt(next_run_at=again, due_at=again, at=at, determined=False, cause=cause, suspected=due.suspected)
        await self.stored(lambda: self._note(due, looked))

    def _note(self, due: DueDomain, looked: LookedAt) -> None:
        with self.database.write() as connection:
            rows.record(connection, due, looked)

    def _record(self, found: DomainLook, told: Told) -> None:
        with self.database.write() as connection:
            record(connection, found, self.watching, told)


def _wanted(connection: Connection, settings: DomainSettings, now: float) -> list[Wanted]:
    """The domains to be watched: those of the configuration, of the inventory, and of the reports."""
    found: dict[str, Wanted] = {}
    for name in settings.names:
        found[name] = Wanted(name=name, origins=("configuration",), groups=settings.groups, owner=settings.owner)
    if settings.inventory:
        for name, (groups, owners) in sorted(rows.named_by_inventory(connection).items()):
            held = found.get(name, Wanted(name=name, origins=()))
            found[name] = Wanted(
                name=name,
                origins=(*held.origins, "inventory"),
                groups=tuple(dict.fromkeys([*held.groups, *sorted(groups)])),
                owner=held.owner or ", ".join(sorted(owners)),
            )
    if settings.reports:
        for name in reported_domains(connection, now, settings.most):
            held = found.get(name, Wanted(name=name, origins=()))
            found[name] = Wanted(name=name, origins=(*held.origins, "reports"), groups=held.groups, owner=held.owner)
    return list(found.values())
