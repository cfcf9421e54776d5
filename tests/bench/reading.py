"""`status`, `history` and `report` over 50,000 subjects with a year of flips, in SQLite: the work after imports.

Prints medians, and each as a ratio to a raw count and to a raw pass over the schedule in the same run.
`reading.py [SUBJECTS] [FLIPS] [DATABASE]`; a database that is named is kept, and used again.
"""

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import insert, text

from truehelo.store import tables
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade

DAY = 86_400.0
YEAR = 365 * DAY
EVIDENCE = 1_000
"""Octets of a look's evidence, compressed: as the watch keeps it for an address with a few name servers."""
TAGS = ("PTR_MISSING", "IPREV_MISMATCH", "PTR_UNEXPECTED", "GREETING_DIFFERS", "GREETING_FORWARD_MISSING")
RUNS = 15


def ip(number: int) -> str:
    """Fifty thousand addresses in some two hundred networks."""
    return f"10.{number // 62_500}.{number // 250 % 250}.{number % 250 + 1}"


def fill(database: Database, subjects: int, flips: int, now: float) -> None:
    """Fill an empty database."""
    chance = random.Random(4)  # noqa: S311
    upgrade(database)
    _insert(database, tables.subjects, (_subject(number, now) for number in range(1, subjects + 1)))
    _insert(database, tables.schedule, (_schedule(number, now, chance) for number in range(1, subjects + 1)))
    _insert(database, tables.observations, _observations(subjects, now, chance))
    _insert(database, tables.flips, _flips(subjects, flips, now, chance))
    _insert(database, tables.states, _states(subjects, now))
    _insert(database, tables.incidents, (_incident(number, now) for number in range(1, 5_001)))
    _insert(database, tables.members, _members(subjects, now))
    _insert(database, tables.listings, _listings(subjects, now, chance))
    _insert(database, tables.outbox, (_letter(number, now) for number in range(1, 20_001)))
    _insert(database, tables.meta, iter([{"key": "heartbeat local", "value": repr(now - 5)}]))
    with database.write() as connection:
        connection.execute(text("ANALYZE"))


def _insert(database: Database, table: Any, rows: Iterator[dict[str, object]]) -> None:
    with database.write() as connection:
        while batch := [row for _, row in zip(range(5_000), rows, strict=False)]:
            connection.execute(insert(table), batch)


def _subject(number: int, now: float) -> dict[str, object]:
    return {
        "id": number,
        "ip": ip(number),
        "vantage": "",
        "network": ip(number).rpartition(".")[0] + ".0/24",
        "expected": json.dumps([f"m{number}.example.net"]),
        "domains": "[]",
        "groups": json.dumps([f"customer-{number % 500}", "eu" if number % 2 else "us"], separators=(",", ":")),
        "owner": f"owner-{number % 20}",
        "ports": "[25]",
        "origin": "",
        "interval_s": 300.0,
        "added_at": now - YEAR,
    }


def _schedule(number: int, now: float, chance: random.Random) -> dict[str, object]:
    blind = number % 50 == 7
    worst = "failing" if number % 167 == 3 else "suspect" if number % 500 == 5 else "ok"
    return {
        "subject_id": number,
        "vantage": "",
        "next_run_at": now + chance.random() * 300,
        "due_at": now + 1,
        "checked_at": now - chance.random() * 300,
        "began_at": now - YEAR,
        "fingerprint": chance.getrandbits(62),
        "steady": chance.getrandbits(62),
        "worst": worst,
        "overlay": "undetermined" if blind else "",
        "undetermined_since": now - 7200 - number % 60 if blind else None,
        "undetermined_cause": f"zone {number % 3}.example: SERVFAIL" if blind else None,
    }


def _observations(subjects: int, now: float, chance: random.Random) -> Iterator[dict[str, object]]:
    for number in range(1, subjects + 1):
        since = now - YEAR
        for what in ("ptr", "forward", "greeting", "ehlo_reply"):
            ended = chance.random() * YEAR
            seen = {"subject_id": number, "what": what}
            yield {**seen, "value": f"m{number}.old.example", "since": since, "until": now - ended}
            yield {**seen, "value": f"m{number}.example.net", "since": now - ended, "until": None}


def _flips(subjects: int, count: int, now: float, chance: random.Random) -> Iterator[dict[str, object]]:
    """Failures that came and went, in the order in which they were kept; a few addresses changed very often."""
    evidence = chance.randbytes(EVIDENCE)
    pairs = []
    for index in range(count // 4):
        number = chance.randrange(1, subjects + 1) if index % 10 else chance.randrange(1, 100)
        at, length = now - chance.random() * YEAR, 600 + chance.expovariate(1 / 7200)
        for what, old, new, when in (
            ("ptr", "a.example.net", "b.example.net", at),
            (TAGS[index % 5], "ok", "failing", at),
            ("ptr", "b.example.net", "a.example.net", min(at + length, now - 60)),
            (TAGS[index % 5], "failing", "ok", min(at + length, now - 60)),
        ):
            pairs.append((when, number, what, old, new))
    for when, number, what, old, new in sorted(pairs):
        yield {
            "subject_id": number,
            "what": what,
            "old": old,
            "new": new,
            "at": when,
            "reason": "the authoritative servers, or two resolvers, say so",
            "evidence": evidence,
        }


def _states(subjects: int, now: float) -> Iterator[dict[str, object]]:
    for number in range(1, subjects + 1):
        if number % 167 == 3:
            for tag in TAGS[:2]:
                yield {
                    "subject_id": number,
                    "tag": tag,
                    "state": "failing",
                    "count": 0,
                    "since": now - number,
                    "changed_at": now - number,
                    "severity": "error",
                    "message": f"{tag} of m{number}.example.net",
                }


def _incident(number: int, now: float) -> dict[str, object]:
    is_open = number > 4_900
    return {
        "id": number,
        "key": f"PTR_MISSING {number}",
        "tag": TAGS[number % 5],
        "severity": "error",
        "cause": f"{TAGS[number % 5]} in 10.0.{number % 250}.0/24",
        "details": json.dumps({"message": "the address has no PTR record", "fix": ["1. Set the PTR record"] * 8}),
        "opened": now - (5_001 - number) * 6000,
        "joined_at": now - (5_001 - number) * 6000,
        "closed": None if is_open else now - (5_001 - number) * 6000 + 3600,
    }


def _members(subjects: int, now: float) -> Iterator[dict[str, object]]:
    """Fifty addresses in each incident; one that is open from the start holds a tenth of all."""
    for incident in range(1, 5_001):
        is_open = incident > 4_900
        many = subjects // 10 if incident == 5_000 else 50
        for index in range(many):
            yield {
                "incident_id": incident,
                "subject_id": (incident * 50 + index) % subjects + 1,
                "tag": f"{TAGS[incident % 5]}{incident if is_open else ''}",
                "since": now - (5_001 - incident) * 6000,
                "joined": now - (5_001 - incident) * 6000,
                "closed": None if is_open else now - (5_001 - incident) * 6000 + 3600,
            }


def _listings(subjects: int, now: float, chance: random.Random) -> Iterator[dict[str, object]]:
    for index in range(50_000):
        over = index >= 1_000
        yield {
            "subject_id": chance.randrange(1, subjects + 1),
            "list": f"list-{index % 8}",
            "state": "listed" if index % 3 else "unknown",
            "codes": "127.0.0.2",
            "reason": "",
            "since": now - YEAR * chance.random(),
            "until": now - 5 if over else None,
        }


def _letter(number: int, now: float) -> dict[str, object]:
    state = "pending" if number > 19_950 else "failed" if number % 400 == 0 else "delivered"
    return {
        "key": f"msg_{number}",
        "incident_id": number // 5 + 1,
        "kind": "opened",
        "sequence": str(number),
        "channel": f"channel-{number % 3}",
        "state": state,
        "created": now - (20_001 - number) * 600,
        "attempt_at": now - (20_001 - number) * 600,
        "notice": b"x" * 3_000,
        "detail": "connection refused" if state != "delivered" else "250 ok",
    }


@dataclass(frozen=True, slots=True)
class Cost:
    """Medians of a number of runs, in milliseconds."""

    wall: float
    cpu: float


def median(work: Callable[[], object], runs: int = RUNS) -> Cost:
    """Run it; the first run, which fills caches, is left out."""
    work()
    walls, cpus = [], []
    for _ in range(runs):
        began, used = time.perf_counter(), time.process_time()
        work()
        walls.append((time.perf_counter() - began) * 1000)
        cpus.append((time.process_time() - used) * 1000)
    return Cost(statistics.median(walls), statistics.median(cpus))


def works(database: Database, now: float) -> dict[str, Callable[[], object]]:
    """Return what is measured by its name: what the command does between opening the database and printing."""
    from truehelo.monitor.policy import Policy
    from truehelo.monitor.reading.history import history
    from truehelo.monitor.reading.report import report
    from truehelo.monitor.reading.status import status
    from truehelo.render import history as history_text
    from truehelo.render import report_html
    from truehelo.render import status as status_text
    from truehelo.render.look import Look
    from truehelo.render.reading import Asked

    def of_status(asked: Asked) -> str:
        with database.read() as connection:
            return status_text.render(status(connection, asked, Policy(), now, database=database.name), Look())

    def of_history(target: str) -> str:
        with database.read() as connection:
            found = history(connection, target, Policy(), now, since=now - 90 * DAY, most=20)
        return history_text.render(found, Look())

    def of_report() -> str:
        with database.read() as connection:
            return report_html.render(report(connection, Asked(), (), Policy(), now, days=30))

    def raw(query: str) -> Callable[[], object]:
        def ask() -> object:
            with database.read() as connection:
                return connection.exec_driver_sql(query).fetchall()

        return ask

    return {
        "raw: SELECT count(*)": raw("SELECT count(*) FROM schedule"),
        "raw: one pass": raw("SELECT max(checked_at), min(undetermined_since), sum(length(worst)) FROM schedule"),
        "status": lambda: of_status(Asked()),
        "status --group eu": lambda: of_status(Asked(groups=("eu",))),
        "status --group 'customer-1*'": lambda: of_status(Asked(groups=("customer-1*",))),
        "status --tag 'PTR_*'": lambda: of_status(Asked(tags=("PTR_*",))),
        "history, the usual address": lambda: of_history(ip(20_000)),
        "history, one that flaps": lambda: of_history(ip(50)),
        "history, by name": lambda: of_history("m777.example.net"),
        "report": of_report,
    }


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Fill a database where there is none, and measure."""
    subjects, flips = (int(given) for given in [*sys.argv[1:3], *("50000", "500000")[len(sys.argv) - 1 :]])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(folder) / "year.db"
        database = Database(str(path))
        if not path.exists():
            fill(database, subjects, flips, time.time())
        _say(f"{subjects:,} subjects, {flips:,} flips, {path.stat().st_size / 2**20:,.0f} MiB")
        count = one_pass = Cost(1.0, 1.0)
        _say(f"{'':32} {'wall ms':>9} {'CPU ms':>9} {'/ count':>9} {'/ pass':>9}")
        for name, work in works(database, time.time()).items():
            cost = median(work, 2 if name == "report" else RUNS)
            count = cost if "count" in name else count
            one_pass = cost if "one pass" in name else one_pass
            ratios = f"{cost.cpu / count.cpu:9.1f} {cost.cpu / one_pass.cpu:9.1f}"
            _say(f"{name:32} {cost.wall:9.1f} {cost.cpu:9.1f} {ratios}")
        database.close()


if __name__ == "__main__":
    main()
