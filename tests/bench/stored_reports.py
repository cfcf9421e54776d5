"""The store of reports at ten million records: how fast they go in, the last million as the first, and each question's p95.

`stored_reports.py [RECORDS] [sqlite|postgresql|both] [DATABASE]`. Reports are made on the spot and given to the importer as
a reader would give them: what is timed is storing alone, on one core, each report in a transaction of its own that is on
the disk before the next. 180 days of 30 domains and 40 reporters; sizes have a long tail up to 10,000 records. Most are of
a domain's own servers and of services that many domains share; forwarders and a long tail of addresses seen once make up
the rest. Questions that join reports with the watch are asked as the commands ask them: 900 of the addresses that send most
have names that were looked at, 60 are watched. A DATABASE (a file, or a URL) that is named is kept, and asked again without
an import once it holds so much.
"""

import gc
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.watched import Watched
from truehelo.engine.judge import Judging
from truehelo.monitor.sources import address as one
from truehelo.monitor.sources import lists, reading
from truehelo.monitor.sources.reading import Asked
from truehelo.probes.suffixes import PublicSuffixes
from truehelo.reports.model import AggregateHead, DkimResult, Fault, Metadata, Policy, Record, Shape, SpfCheck
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade
from truehelo.store.reports import questions
from truehelo.store.reports.importing import Came, Importer
from truehelo.store.sizes import octets
from truehelo.store.sources import standings
from truehelo.store.sources.standings import Standing

FIRST, DAYS = 20_454, 180
DOMAINS = [f"d{number}.example" for number in range(30)]
REPORTERS = [f"Reporter {number}" for number in range(40)]
BATCH = 2_000
MILLION = 1_000_000
RUNS = 60
BUDGET_MS = 100.0
SUFFIXES, JUDGING = PublicSuffixes(), Judging(receivers=())


@dataclass
class Reading:
    """A report as its reader hands it over."""

    head: AggregateHead | None
    records: list[Record]
    digest: str
    faults: tuple[Fault, ...] = ()
    bad: int = 0
    octets: int = 0

    def batches(self) -> Iterator[list[Record]]:
        for start in range(0, len(self.records), BATCH):
            yield self.records[start : start + BATCH]


def say(line: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def by_rank(many: int) -> list[float]:
    """Weights by which the first is the most frequent."""
    return list(accumulate(1 / rank for rank in range(1, many + 1)))


class World:
    """Who sends for whom, by seed."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311
        self.shapes = {domain: list(self._shapes(domain)) for domain in DOMAINS}
        self.own = {domain: [f"10.{number}.0.{host}" for host in range(1, 201)] for number, domain in enumerate(DOMAINS)}
        self.shared = [f"172.16.{host // 250}.{host % 250 + 1}" for host in range(500)]
        self.forwarders = [f"2001:db8:{host:x}::19" for host in range(20_000)]
        self.ranks = {many: by_rank(many) for many in (30, 40, 200, 500, 20_000)}

    def _shapes(self, domain: str) -> Iterator[Shape]:
        for variant in range(12):
            sender = domain if variant % 3 else f"bounce{variant}.{domain}"
            signed = DkimResult(domain=domain, selector=f"s{variant % 4}", result="pass")
            checked = SpfCheck(domain=sender, scope="mfrom", result="pass")
            yield Shape(
                disposition="none",
                dkim="pass",
                spf="pass" if variant % 3 else "fail",
                header_from=domain,
                envelope_from=sender,
                envelope_to=f"inbox{variant}.example",
                dkim_results=(signed,)
                if variant % 2
                else (signed, DkimResult(domain="esp.example", selector="k", result="pass")),
                spf_results=(checked,),
            )

    def report(self, number: int, day: int) -> Reading:
        """Make a report of a day."""
        chance = self.chance
        domain = chance.choices(DOMAINS, cum_weights=self.ranks[30])[0]
        reporter = chance.choices(REPORTERS, cum_weights=self.ranks[40])[0]
        size = min(int(chance.paretovariate(0.6)), 10_000)
        records = [self._record(domain) for _ in range(size)]
        begin = (FIRST + day) * 86_400
        head = AggregateHead(
            metadata=Metadata(
                org_name=reporter, email="dmarc@reporter.example", report_id=f"r{number}", begin=begin, end=begin + 86_399
            ),
            policies=(Policy(domain=domain, p="quarantine", adkim="r", aspf="r", pct="100"),),
            version="1.0",
        )
        return Reading(head, records, f"{number:064x}")

    def _record(self, domain: str) -> Record:
        chance = self.chance
        kind = chance.random()
        if kind < 0.75:
            pool, many = (self.own[domain], 200) if kind < 0.55 else (self.shared, 500)
            ip = chance.choices(pool, cum_weights=self.ranks[many])[0]
            return (
                ip,
                min(int(20 * chance.paretovariate(0.9)), 100_000),
                self.shapes[domain][int(12 * chance.random() ** 2)],
            )
        if kind < 0.88:
            ip = chance.choices(self.forwarders, cum_weights=self.ranks[20_000])[0]
            return ip, int(chance.paretovariate(1.5)), self._strange(domain, "none", "pass")
        ip = f"11.{chance.randrange(16)}.{chance.randrange(256)}.{chance.randrange(256)}"
        return ip, 1, self._strange(domain, chance.choice(("reject", "quarantine")), "fail")

    def _strange(self, domain: str, disposition: str, dkim: str) -> Shape:
        sender = f"host{int(2_000 * self.chance.random() ** 3)}.example"
        checked = SpfCheck(domain=sender, scope="mfrom", result="pass")
        signed = DkimResult(domain=domain, selector="s1", result=dkim)
        return Shape(
            disposition=disposition,
            dkim=dkim,
            spf="fail",
            header_from=domain,
            envelope_from=sender,
            dkim_results=(signed,),
            spf_results=(checked,),
        )


def fill(database: Database, records: int) -> None:
    """Store so many records, and tell the rate of each million."""
    world, importer = World(5), Importer(database)
    number = stored = told = 0
    wall = cpu = 0.0
    rates: list[float] = []
    step = min(MILLION, records)
    while stored < records:
        reading = world.report(number, stored * DAYS // records)
        came = Came(origin="bench", name=f"{number}.xml", at=float(FIRST * 86_400 + number))
        before, used = time.perf_counter(), time.process_time()
        importer.store(reading, came)
        wall, cpu = wall + time.perf_counter() - before, cpu + time.process_time() - used
        number, stored = number + 1, stored + len(reading.records)
        if stored - told >= step or stored >= records:
            count = stored - told
            rates.append(count / cpu)
            say(
                f"  {stored:>11,} records, {number:,} reports: {count / wall:>9,.0f} records/s,"
                f" {cpu / count * 1e6:5.1f} us of CPU a record, {octets_of(database) / 2**20:,.0f} MB"
            )
            told, wall, cpu = stored, 0.0, 0.0
    if len(rates) > 1:
        say(f"  the slowest million has {min(rates) / rates[0]:.0%} of the rate of the first")


def octets_of(database: Database) -> int:
    with database.read() as connection:
        return octets(connection)


def know(database: Database) -> None:
    """Have some addresses watched, and some others looked at: every tenth does not confirm, or cannot be seen."""
    now = float((FIRST + DAYS) * 86_400)
    scene = Watched(database, now)
    with database.read() as connection:
        if connection.execute(text("SELECT COUNT(*) FROM standings")).scalar_one():
            return
    for number in range(30):
        for host in (1, 2):
            subject = scene.subject(f"10.{number}.0.{host}", expected=[f"out{host}.d{number}.example"])
            if number % 10 == 0:
                for place, new in enumerate(("failing", "ok")):
                    old = "ok" if new == "failing" else "failing"
                    scene.flip(subject, "PTR_MISSING", old, new, (60 - 30 * place) * 86_400.0, "two resolvers say so")
    looked = [f"172.16.{host // 250}.{host % 250 + 1}" for host in range(500)]
    looked += [f"10.{number}.0.{host}" for number in range(30) for host in range(3, 17)]
    words = ("pass",) * 8 + ("fail", "temperror")
    found = [
        Standing(ip=ip, at=now - 5 * 86_400, iprev=words[place % 10], ptr=(f"h{place}.esp.example",),
                 confirmed=(f"h{place}.esp.example",) if place % 10 < 8 else (), organisation="esp.example")
        for place, ip in enumerate(looked)
    ]  # fmt: skip
    with database.write() as connection:
        standings.keep(connection, found)


Question = Callable[[Connection, random.Random], Any]


def span(chance: random.Random) -> tuple[int, int]:
    """Some days: a week, a month, a quarter, all."""
    length = chance.choice((7, 30, 90, DAYS))
    since = FIRST + chance.randrange(DAYS - length + 1)
    return since, since + length - 1


def domain(chance: random.Random) -> str:
    return chance.choices(DOMAINS, cum_weights=by_rank(30))[0]


def address(chance: random.Random) -> tuple[str, str]:
    """A busy address, and a domain that it sends for."""
    number = chance.randrange(30)
    if chance.random() < 0.5:
        return f"10.{number}.0.{chance.randrange(1, 30)}", DOMAINS[number]
    return f"172.16.0.{chance.randrange(1, 30)}", DOMAINS[number]


def _at_domain(connection: Connection, chance: random.Random) -> Any:
    ip, name = address(chance)
    return questions.source(connection, ip, *span(chance), name)


def _selector(connection: Connection, chance: random.Random) -> Any:
    name = domain(chance)
    return questions.selector_at(connection, name, name, "s1", *span(chance))


def _joined(chance: random.Random, *, whole: bool = False) -> Asked:
    since, until = span(chance)
    return Asked(domain="" if whole else domain(chance), since=since, until=until, now=float((FIRST + DAYS) * 86_400))


def _address(connection: Connection, chance: random.Random, *, whole: bool = False) -> Any:
    ip, name = address(chance)
    asked_ = replace(_joined(chance, whole=whole), domain="" if whole else name)
    return one.address(connection, ip, asked_, SUFFIXES, JUDGING)


def joined() -> dict[str, Question]:
    """The questions that join what receivers say with what the addresses were called."""
    return {
        "where a domain's mail leaves from": lambda c, r: reading.sources(c, _joined(r), SUFFIXES),
        "where all mail leaves from": lambda c, r: reading.sources(c, _joined(r, whole=True), SUFFIXES),
        "which sources are new": lambda c, r: reading.new_sources(c, _joined(r), SUFFIXES),
        "which are new of all": lambda c, r: reading.new_sources(c, _joined(r, whole=True), SUFFIXES),
        "who refuses an address, and why": _address,
        "the same for all domains": partial(_address, whole=True),
        "what the inventory misses": lambda c, r: lists.suggest(c, _joined(r), SUFFIXES),
        "what it misses of all": lambda c, r: lists.suggest(c, _joined(r, whole=True), SUFFIXES),
        "how a domain fares, and its turns": lambda c, r: lists.trend(c, _joined(r)),
        "who reports, and who fell silent": lambda c, r: lists.reporters(c, _joined(r)),
    }


def asked() -> dict[str, Question]:
    """All questions, each with values by chance."""
    q = questions
    return {
        "sources of a domain": lambda c, r: q.sources(c, domain(r), *span(r)),
        "sources of all": lambda c, r: q.sources(c, None, *span(r)),
        "new sources of a domain": lambda c, r: q.new_sources(
            c, domain(r), FIRST + r.randrange(DAYS - 30, DAYS), FIRST + DAYS
        ),
        "new sources of all": lambda c, r: q.new_sources(c, None, FIRST + r.randrange(DAYS - 30, DAYS), FIRST + DAYS),
        "one source": lambda c, r: q.source(c, address(r)[0], *span(r)),
        "one source at a domain": _at_domain,
        "domains of a source": lambda c, r: q.source_domains(c, address(r)[0], *span(r)),
        "shapes of a source": lambda c, r: q.source_shapes(c, *address(r), *span(r)),
        "dispositions by day and reporter": lambda c, r: q.dispositions(c, domain(r), *span(r)),
        "reporters": lambda c, r: q.reporters(c, *span(r)),
        "reporters of a domain": lambda c, r: q.reporters(c, *span(r), domain(r)),
        "silent reporters": lambda c, r: q.silent_reporters(c, FIRST + r.randrange(30, DAYS + 10)),
        "trend of a domain": lambda c, r: q.trend(c, domain(r), *span(r)),
        "trend of all": lambda c, r: q.trend(c, None, *span(r)),
        "selectors": lambda c, r: q.selectors(c, domain(r), *span(r)),
        "a selector by reporter": _selector,
        "policies": lambda c, r: q.policies(c, domain(r), *span(r)),
        "domains": lambda c, r: q.domains(c, *span(r)),
        "latest reports": lambda c, _: q.stored_reports(c),
        "refusals": lambda c, _: q.refusals(c),
        "origins": lambda c, _: q.origins(c),
    }


def ask(database: Database) -> bool:
    """Time each question; tell whether each has its p95 below the budget."""
    good = True
    SUFFIXES.organisation("mail.example.com")  # the list is read once in a process
    gc.freeze()  # as `app.sources` does before it asks
    for name, question in (asked() | joined()).items():
        chance, took = random.Random(name), []  # noqa: S311
        for _ in range(RUNS):
            with database.read() as connection:
                before = time.perf_counter()
                question(connection, chance)
                took.append((time.perf_counter() - before) * 1e3)
        p95 = sorted(took)[math.ceil(0.95 * RUNS) - 1]
        good = good and p95 < BUDGET_MS
        over = "" if p95 < BUDGET_MS else f"  above {BUDGET_MS:.0f} ms"
        say(f"  {name:34} median {statistics.median(took):7.1f} ms   p95 {p95:7.1f} ms{over}")
    return good


def bench(name: str, records: int, where: str) -> bool:
    """Fill one kind of database, and ask it."""
    database = Database(where)
    upgrade(database)
    say(f"{name}:")
    with database.read() as connection:
        held = connection.execute(text("SELECT COALESCE(SUM(records), 0) FROM reports")).scalar_one()
    if held < records:
        fill(database, records)
    know(database)
    good = ask(database)
    database.close()
    return good


def main(words: list[str]) -> int:
    """Run it; 1 when a question is too slow."""
    records = int(words[0].replace("_", "")) if words else 2 * MILLION
    kind = words[1] if len(words) > 1 else "both"
    good = True
    with tempfile.TemporaryDirectory() as folder:
        if kind in ("sqlite", "both"):
            where = words[2] if len(words) > 2 else str(Path(folder) / "bench.db")
            good = bench("SQLite", records, where) and good
        if kind in ("postgresql", "both"):
            good = _postgresql(records, words[2] if len(words) > 2 else "") and good
    return 0 if good else 1


def _postgresql(records: int, url: str) -> bool:
    if url:
        return bench("PostgreSQL", records, url)
    from integration.servers.postgres import running

    with running() as server:
        return bench("PostgreSQL", records, server.create_database("bench"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
