"""Numbers for what reports name again and again: addresses, shapes, reporters, domains, policies, signatures.

What was looked up is remembered, within bounds. A row that the current transaction made is forgotten when the transaction
is not committed; and all is forgotten once retention has removed rows here (`EPOCH` counts how often it has). On PostgreSQL
new rows are made in a short transaction of their own: two that made the same ones in another order would wait for each
other in a circle. A row that nothing refers to says nothing, and retention finds it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from truehelo.reports.model import Policy, Record, Shape
from truehelo.store.database import Database
from truehelo.store.reports.driver import Driver, Row
from truehelo.store.reports.tables import YOUNG, outcome_of
from truehelo.store.reports.texts import clean, digest_of, family_of, network_of

EPOCH = "reports_epoch"
_LOCK = 0x7265_7032
_LIMIT = 100_000
"""How many of a kind are remembered: some 20 MB of addresses."""
_SIZES = (1, 8, 64, 500)
"""How many are looked up with one statement: few sizes, so that the driver has prepared them all."""
_WHOLE = 65_536
"""The longest text of a shape: no index is over it."""
NEVER = -1
"""The day of a shape that no stored report has yet."""


class Kind(NamedTuple):
    """A dimension: its table, the column that tells rows apart, and the others."""

    table: str
    key: str
    others: tuple[str, ...] = ()


SOURCES = Kind("report_sources", "ip", ("family", "network"))
SHAPES = Kind(
    "report_shapes",
    "key",
    ("outcome", "disposition", "dkim", "spf", "header_from", "envelope_from", "envelope_to", "rest", "last_day"),
)
REPORTERS = Kind("reporters", "key", ("name", "email"))
DOMAINS = Kind("report_domains", "name")
POLICIES = Kind("report_policies", "key", ("body",))
SIGNATURES = Kind("report_signatures", "key", ("domain", "selector", "result"))


class KnownShape(NamedTuple):
    """What is remembered of a shape: its number, its outcome, and the numbers of its signatures."""

    id: int
    outcome: int
    signatures: tuple[int, ...]


def lock_for_use(driver: Driver) -> None:
    """Let no row of a dimension be removed until this transaction ends."""
    if driver.is_postgresql:
        driver.run("SELECT pg_advisory_xact_lock_shared(?)", (_LOCK,))


def free_for_removal(driver: Driver, *, wait: bool) -> bool:
    """Let nobody use a row that he may have looked up before until this transaction ends; tell whether that was to be had.

    Whoever also serialises roll-ups does that after this: so do those who store.
    """
    if not driver.is_postgresql:
        return True
    if wait:
        driver.run("SELECT pg_advisory_xact_lock(?)", (_LOCK,))
        return True
    found = driver.one("SELECT pg_try_advisory_xact_lock(?)", (_LOCK,))
    return found is not None and bool(found[0])


class Dimensions:
    """The numbers, looked up and made as they are needed. Belongs to one thread.

    `sources` and `shapes` hold at least what `fill` was called with last; the loop over ten million records reads them.
    """

    def __init__(self, database: Database) -> None:
        """Remember nothing yet."""
        self._database = database
        self.sources: dict[str, int] = {}
        self.shapes: dict[bytes, KnownShape] = {}
        self._rows: dict[tuple[str, str | bytes], int] = {}
        self._last_days: dict[int, int] = {}
        self._firsts: dict[tuple[int, int], int] = {}
        self._epoch: int | None = None
        self._tentative = False

    def begin(self, driver: Driver) -> None:
        """Begin a transaction: from here to its end, what is remembered is there."""
        lock_for_use(driver)
        found = driver.one("SELECT value FROM meta WHERE key = ?", (EPOCH,))
        epoch = int(found[0]) if found else 0
        if epoch != self._epoch:
            self.forget()
            self._epoch = epoch
        self._tentative = False

    def undo(self) -> None:
        """Forget what a transaction brought that was not committed."""
        if self._tentative:
            self.forget()
            self._tentative = False

    def forget(self) -> None:
        """Forget everything."""
        for memory in (self.sources, self.shapes, self._rows, self._last_days, self._firsts):
            memory.clear()

    def fill(self, driver: Driver, batch: Collection[Record], day: int = NEVER) -> None:
        """Know the numbers of all addresses and shapes of a batch; `day` is that of their report, where it is known yet."""
        _trim(self.sources)
        _trim(self.shapes)
        sources, shapes = self.sources, self.shapes
        unknown = {ip for ip, _, _ in batch if ip not in sources}
        strange = {shape.key: shape for _, _, shape in batch if shape.key not in shapes}
        if not unknown and not strange:
            return
        with self._filling(driver) as filling:
            if unknown:
                named = {ip: (family_of(ip), network_of(ip)) for ip in unknown}
                sources.update(self._numbers(filling, SOURCES, named)[0])
            if strange:
                self._fill_shapes(filling, strange, day)

    def _fill_shapes(self, driver: Driver, strange: Mapping[bytes, Shape], day: int) -> None:
        named = {key: _signatures(shape) for key, shape in strange.items()}
        rows = {key: row for signatures in named.values() for key, row in signatures.items()}
        numbers = self._known(driver, SIGNATURES, rows)
        if driver.is_postgresql:
            day = NEVER  # another process may make the row first, for a day of its own: `touch` settles it
        found, new = self._numbers(driver, SHAPES, {key: _shape(shape, day) for key, shape in strange.items()})
        self._last_days.update({found[key]: day for key in new})
        uses = []
        for key, shape in strange.items():
            signatures = tuple(sorted(numbers[each] for each in named[key]))
            self.shapes[key] = KnownShape(found[key], outcome_of(shape.disposition, shape.dkim, shape.spf), signatures)
            uses += [(found[key], number) for number in signatures]
        driver.each(
            "INSERT INTO report_dkim_uses (shape_id, signature_id) VALUES (?, ?) ON CONFLICT DO NOTHING", sorted(uses)
        )

    def reporter(self, driver: Driver, name: str, email: str) -> int:
        """Return the number of a reporter, by its name in lower case; of its address where it has no name."""
        shown = clean(" ".join(name.split()) or email.rpartition("@")[2] or email, 255) or "unnamed"
        return self._one(driver, REPORTERS, shown.casefold(), (shown, clean(email, 255)))

    def domain(self, driver: Driver, name: str) -> int:
        """Return the number of a domain."""
        return self._one(driver, DOMAINS, clean(name, 255), ())

    def policy(self, driver: Driver, policy: Policy) -> int:
        """Return the number of a policy."""
        body = msgspec.json.encode(policy).decode()
        return self._one(driver, POLICIES, digest_of(body), (body,))

    def touch(self, driver: Driver, numbers: Iterable[int], day: int) -> None:
        """Note that shapes were used on a day."""
        _trim(self._last_days)
        older = sorted(number for number in numbers if self._last_days.get(number, NEVER) < day)
        if older:
            with self._filling(driver) as filling:
                filling.each(
                    "UPDATE report_shapes SET last_day = ? WHERE id = ? AND last_day < ?",
                    [(day, number, day) for number in older],
                )
            self._last_days.update(dict.fromkeys(older, day))
            # On SQLite that is undone with the transaction: what was believed of it would keep the next one from noting it.
            self._tentative = self._tentative or not driver.is_postgresql

    def new_sources(self, driver: Driver, domain: int, day: int, numbers: Collection[int]) -> list[int]:
        """Return the sources that are new for a domain on a day, or were until then thought to be new later."""
        _trim(self._firsts)
        firsts = self._firsts
        unknown = [number for number in numbers if (domain, number) not in firsts]
        for some in _pages(unknown):
            marks = ", ".join("?" * len(some))
            wanted = f"SELECT source_id, first_day FROM report_firsts WHERE domain_id = ? AND source_id IN ({marks})"  # noqa: S608
            firsts.update({(domain, number): first for number, first in driver.rows(wanted, (domain, *some))})
        found = [number for number in numbers if day < firsts.get((domain, number), day) + YOUNG]
        firsts.update({(domain, number): min(day, firsts.get((domain, number), day)) for number in found})
        self._tentative = self._tentative or bool(found)
        return found

    def _one(self, driver: Driver, kind: Kind, key: str | bytes, values: Row) -> int:
        known = self._rows.get((kind.table, key))
        if known is not None:
            return known
        with self._filling(driver) as filling:
            return self._known(filling, kind, {key: values})[key]

    def _known(self, driver: Driver, kind: Kind, rows: Mapping[Any, Row]) -> dict[Any, int]:
        """Return the numbers of rows, from memory where they are there."""
        _trim(self._rows)
        table, memory = kind.table, self._rows
        missing = {key: row for key, row in rows.items() if (table, key) not in memory}
        memory.update({(table, key): number for key, number in self._numbers(driver, kind, missing)[0].items()})
        return {key: memory[table, key] for key in rows}

    def _numbers(self, driver: Driver, kind: Kind, rows: Mapping[Any, Row]) -> tuple[dict[Any, int], list[Any]]:
        """Look rows up, and make those that are not there, always in the same order; return also which these are."""
        found = _looked_up(driver, kind, sorted(rows))
        new = sorted(key for key in rows if key not in found)
        if not new:
            return found, new
        self._tentative = True
        names = (kind.key, *kind.others)
        if driver.is_postgresql:
            marks = ", ".join("?" * len(names))
            driver.each(
                f"INSERT INTO {kind.table} ({', '.join(names)}) VALUES ({marks}) ON CONFLICT DO NOTHING",  # noqa: S608
                [(key, *rows[key]) for key in new],
            )
            found.update(_looked_up(driver, kind, new))
            return found, new
        # Who writes to a file writes alone: the next numbers are free, and need not be asked for.
        last = driver.one(f"SELECT COALESCE(MAX(id), 0) FROM {kind.table}")  # noqa: S608
        made = {key: number for number, key in enumerate(new, 1 + (last[0] if last else 0))}
        driver.insert(kind.table, f"id, {', '.join(names)}", [(number, key, *rows[key]) for key, number in made.items()])
        return {**found, **made}, new

    @contextmanager
    def _filling(self, driver: Driver) -> Iterator[Driver]:
        if driver.is_postgresql:
            with self._database.write() as connection:
                yield Driver(connection)
        else:
            yield driver


def _looked_up(driver: Driver, kind: Kind, keys: Sequence[Any]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for some in _pages(keys):
        marks = ", ".join("?" * len(some))
        found.update(driver.rows(f"SELECT {kind.key}, id FROM {kind.table} WHERE {kind.key} IN ({marks})", some))  # noqa: S608
    return found


def _pages(keys: Sequence[Any]) -> Iterator[list[Any]]:
    """Yield keys a few at a time, in few sizes: the last is repeated where there are less."""
    start = 0
    while start < len(keys):
        size = next((size for size in _SIZES if size >= len(keys) - start), _SIZES[-1])
        some = list(keys[start : start + size])
        yield some + [some[-1]] * (size - len(some))
        start += size


def _trim(memory: dict[Any, Any]) -> None:
    """Forget the older half of what is remembered when it is too much."""
    if len(memory) > _LIMIT:
        for key in list(islice(memory, len(memory) - _LIMIT // 2)):
            del memory[key]


def _signatures(shape: Shape) -> dict[bytes, Row]:
    """Return the signatures of a shape by their digest."""
    named = [(each.domain, each.selector, each.result) for each in shape.dkim_results]
    return {digest_of(*texts): tuple(map(clean, texts)) for texts in named}


def _shape(shape: Shape, day: int) -> Row:
    outcome = outcome_of(shape.disposition, shape.dkim, shape.spf)
    texts = (shape.disposition, shape.dkim, shape.spf, shape.header_from, shape.envelope_from, shape.envelope_to)
    return outcome, *(None if text is None else clean(text, _WHOLE) for text in texts), rest_of(shape), day


def rest_of(shape: Shape) -> str:
    """Return what of a shape is kept as JSON."""
    parts = {name: getattr(shape, name) for name in ("reasons", "dkim_results", "spf_results", "extras")}
    return msgspec.json.encode({name: value for name, value in parts.items() if value}).decode()
