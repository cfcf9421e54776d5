"""Which sources are looked at, when, and how what was seen is kept: rounds of a few, by volume.

In the watch a round is due every ten minutes; by command one is made at once. Does not decide what is seen (`observe.py`).
"""

from collections.abc import Callable
from dataclasses import dataclass

from truehelo.monitor.sources.observe import AGAIN_S, RETRY_S, Observer, due
from truehelo.monitor.steady import SteadyClock
from truehelo.monitor.stored import Stored
from truehelo.ports import Ports
from truehelo.store.database import Database
from truehelo.store.reports import questions
from truehelo.store.sources import standings
from truehelo.store.sources.standings import Authorised, Standing
from truehelo.store.sources.watched import watched_among

DAY_S = 86_400.0
WINDOW_DAYS = 30
"""Only sources are looked at that sent in so many days."""
MOST_SOURCES = 500
"""Of so many sources, the largest, each has its turn; the mail of others is too little for a look."""
MOST_DOMAINS = 5
"""Of so many domains that a source sends for their SPF record is asked."""
ROUND = 10
"""How many addresses a round of the watch looks at."""
EVERY_S = 600.0
KEEP_S = 400 * DAY_S
"""For how long looks are kept; the last look at each address stays."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a round did: addresses looked at, those of them that could not be seen, and SPF records asked."""

    looked: int = 0
    unseen: int = 0
    asked: int = 0
    left: int = 0
    """How many are still due."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    names: tuple[str, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    left: int = 0


async def look(database: Database, ports: Ports, stored: Stored, now: float, most: int = ROUND) -> Done:
    """Look at the sources whose turn it is, `most` of them, and keep what was seen.

    Args:
        database: Holds the reports.
        ports: The resolver, and who knows the suffixes.
        stored: Runs work over the database.
        now: Seconds since the epoch.
        most: How many addresses at most.

    Raises:
        StoreError: The database failed.
    """
    wanted = await stored(lambda: _wanted(database, now, most))
    if not wanted.names and not wanted.pairs:
        return Done()
    observer = Observer(ports.resolver, ports.suffixes, now)
    try:
        seen = await observer.names_of(wanted.names)
        said = await observer.authorised(wanted.pairs)
    finally:
        observer.drop()
    await stored(lambda: _keep(database, seen, said, now))
    return Done(looked=len(seen), unseen=sum(each.iprev == "temperror" for each in seen), asked=len(said), left=wanted.left)


def _wanted(database: Database, now: float, most: int) -> _Wanted:
    today = int(now // DAY_S)
    with database.read() as connection:
        found = questions.sources(connection, None, today - WINDOW_DAYS, today, MOST_SOURCES)
        ips = [each.ip for each in found]
        watched = watched_among(connection, ips)
        looks = standings.last_looks(connection, [ip for ip in ips if ip not in watched])
        waiting = due([ip for ip in ips if ip not in watched], looks, now, len(ips))
        pairs: list[tuple[str, str]] = []
        known = standings.authorised_of(connection, ips)
        for ip in ips:
            if len(pairs) >= most:
                break
            at = {each.domain: each for each in known.get(ip, ())}
            told = questions.source_domains(connection, ip, today - WINDOW_DAYS, today) if _stale(at, now) else []
            domains = [each.domain for each in told if each.domain is not None][:MOST_DOMAINS]
            pairs += [(ip, domain) for domain in domains if domain not in at or _old(at[domain], now)]
    return _Wanted(tuple(waiting[:most]), tuple(pairs[:most]), max(0, len(waiting) - most))


def _stale(at: dict[str, Authorised], now: float) -> bool:
    return not at or any(_old(each, now) for each in at.values())


def _old(each: Authorised, now: float) -> bool:
    unsure = each.word == "temperror" or not each.sure
    return now - each.at >= (RETRY_S if unsure else min(AGAIN_S, DAY_S))


def _keep(database: Database, seen: list[Standing], said: list[Authorised], now: float) -> None:
    with database.write() as connection:
        standings.keep(connection, seen)
        standings.authorise(connection, said)
        standings.forget(connection, now - KEEP_S)


@dataclass(slots=True)
class SourceTurn:
    """One round of the watch: looks at a few sources. A database without reports costs one query."""

    database: Database
    ports: Ports
    stored: Stored
    clock: SteadyClock
    log: Callable[[str], None] = lambda _: None

    async def turn(self) -> float:
        """Look; return for how many seconds there is nothing of it to do."""
        done = await look(self.database, self.ports, self.stored, self.clock.seconds())
        if done.looked:
            self.log(f"looked at {done.looked} sources of reports, {done.unseen} of which could not be seen")
        return EVERY_S if not done.left else EVERY_S / 10
