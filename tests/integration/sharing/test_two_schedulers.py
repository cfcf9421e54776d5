"""Two schedulers and four workers over one PostgreSQL: no subject is looked at twice for one tick, and none is left out.

Two witnesses who know nothing of each other: a trigger in the database that keeps every tick that was recorded, and the
name server, which keeps every question that it got. `--minutes 10` has it go on for that long.
"""

import time
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from integration.servers.postgres import Postgres
from support.names import Names, reverse
from support.watchers import Process, addresses, configure, running, until, watch_these
from truehelo.store import tables
from truehelo.store.database import Database

pytestmark = pytest.mark.integration

LEDGER = """
CREATE TABLE ledger (
    subject_id bigint, tick float8, next float8, worker text, at float8 DEFAULT extract(epoch FROM clock_timestamp()),
    UNIQUE (subject_id, tick)
);
CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ledger (subject_id, tick, next, worker) VALUES (NEW.subject_id, NEW.tick, NEW.next_run_at, OLD.claimed_by);
    RETURN NEW;
END $$;
CREATE TRIGGER keep AFTER UPDATE ON schedule
    FOR EACH ROW WHEN (NEW.checked_at IS DISTINCT FROM OLD.checked_at) EXECUTE FUNCTION keep();
"""
PLACES = ("", "oslo", "rome")
"""What is watched from anywhere, and from two places; two workers at each."""


@dataclass(frozen=True)
class Entry:
    """A tick as it was recorded: when it was due, what is due next, who looked, and when it was written."""

    subject_id: int
    tick: float
    next: float
    worker: str
    at: float


@dataclass(frozen=True)
class Seen:
    """What both witnesses saw. `began` and `ended` bound the time in which everybody was there."""

    ledger: dict[int, list[Entry]]
    places: dict[int, str]
    asked: list[tuple[float, int]]
    jobs_left: list[tuple[str, dict[str, Any]]]
    began: float
    ended: float
    codes: list[int]
    said: str

    def steps(self) -> list[tuple[Entry, Entry]]:
        """Each tick, and the one that was recorded after it of the same subject."""
        return [step for own in self.ledger.values() for step in pairwise(own)]

    def questions(self) -> tuple[Counter[tuple[int, float]], list[tuple[float, int]]]:
        """The questions for each tick: asked after it was due, and before it was recorded; and those for none."""
        counted: Counter[tuple[int, float]] = Counter()
        strange = []
        recorded = {subject_id: [entry.at for entry in own] for subject_id, own in self.ledger.items()}
        for at, subject_id in self.asked:
            own = self.ledger[subject_id]
            index = bisect_left(recorded[subject_id], at)
            if index == len(own) or at < own[index].tick:
                strange.append((at, subject_id))
            else:
                counted[subject_id, own[index].tick] += 1
        return counted, strange


def share(postgres: Postgres, folder: Path, subjects: int, interval: float, seconds: float) -> Seen:
    """Have six processes share the work for some time, and stop them: first those that hand it out."""
    url = postgres.create_database("shared")
    database = Database(url)
    roles = [("scheduler", "hub"), ("scheduler", "hub"), *(("worker", place) for place in PLACES[1:] * 2)]
    with Names() as names:
        ips = [ip for network in addresses(subjects // 60, 60) for ip in network]
        watch_these(database, names, ips, interval, vantages=PLACES)
        with database.write() as connection:
            connection.exec_driver_sql(LEDGER)
        processes = [
            Process(
                configure(folder, names, vantage=place, name=f"{role}{number}", batch=20),
                url,
                folder / f"{role}{number}.log",
                role,
            )
            for number, (role, place) in enumerate(roles)
        ]
        codes = []
        with running(*processes):
            until("every subject was looked at", lambda: looked_at(database) == subjects)
            began = time.time()
            time.sleep(seconds)
            ended = time.time()
            for part in (processes[:2], processes[2:]):
                for process in part:
                    process.ask_to_stop()
                codes += [process.stopped() for process in part]
        asked, said = list(names.asked), "".join(process.said() for process in processes)
    with database.read() as connection:
        watched = connection.execute(select(tables.subjects.c.id, tables.subjects.c.ip, tables.subjects.c.vantage)).all()
        rows = connection.execute(text("SELECT subject_id, tick, next, worker, at FROM ledger ORDER BY subject_id, tick"))
        ledger: dict[int, list[Entry]] = defaultdict(list)
        for row in rows:
            ledger[row.subject_id].append(Entry(*row))
        left = connection.execute(text("SELECT status, args FROM truehelo_jobs.procrastinate_jobs")).all()
    database.close()
    subject_of = {reverse(row.ip): row.id for row in watched}
    places = {row.id: row.vantage for row in watched}
    questions = [(at, subject_of[name]) for at, name in asked]
    return Seen(dict(ledger), places, questions, [(str(status), args) for status, args in left], began, ended, codes, said)


def looked_at(database: Database) -> int:
    with database.read() as connection:
        found: int = connection.execute(text("SELECT count(DISTINCT subject_id) FROM ledger")).scalar_one()
    return found


def test_two_schedulers_and_four_workers_look_at_everything_once_a_tick(
    postgres_server: Postgres, tmp_path: Path, minutes: float | None
) -> None:
    subjects, interval, seconds = (480, 8.0, 40.0) if minutes is None else (600, 10.0, 60 * minutes)
    seen = share(postgres_server, tmp_path, subjects, interval, seconds)
    ticks = {(entry.subject_id, entry.tick) for own in seen.ledger.values() for entry in own}
    questions, strange = seen.questions()
    twice = [key for key, count in questions.items() if count > 1]
    missed = [
        step for step in seen.steps() if step[0].tick >= seen.began and step[1].tick - step[0].tick > interval + 0.001
    ]
    work = Counter(entry.worker for own in seen.ledger.values() for entry in own)
    print(  # noqa: T201  the counts are what this shows
        f"\n{subjects} subjects every {interval:g} s for {seen.ended - seen.began:.0f} s: {len(ticks)} ticks recorded, "
        f"{len(seen.asked)} PTR questions; looked at twice for one tick {len(twice)}, never for one "
        f"{len(ticks - set(questions))}, questions for none {len(strange)}, subjects left out "
        f"{subjects - len(seen.ledger)}, intervals missed {len(missed)}; "
        f"looks by worker {sorted(work.values())}; jobs left {seen.jobs_left}"
    )
    # None twice, by the name server's count; the ledger's own index would have refused a second record.
    assert (strange, twice, ticks ^ set(questions)) == ([], [], set())
    assert len(seen.asked) == len(ticks) >= subjects * int(seconds / interval)

    # None left out: of each subject every tick led to the one that follows, an interval later, up to the end. Only a look
    # that was late by an interval, on a machine that stood still, may be followed by the one after the next.
    assert len(seen.ledger) == subjects
    assert [step for step in seen.steps() if step[0].next != step[1].tick] == []
    assert [step for step in missed if step[0].at < step[0].tick + interval] == []
    assert len(missed) < 0.05 * len(ticks)
    assert min(own[-1].tick for own in seen.ledger.values()) > seen.ended - 3 * interval

    # All four had a part in it, each from where it stands and from anywhere, and nothing went wrong on the way.
    served = defaultdict(set)
    for subject_id, own in seen.ledger.items():
        for entry in own:
            served[entry.worker].add(seen.places[subject_id])
    assert sorted(map(sorted, served.values())) == [["", "oslo"], ["", "oslo"], ["", "rome"], ["", "rome"]]
    assert seen.codes == [0] * 6, seen.said
    # What was handed out at the last moment may wait for whoever comes next; what was begun was done to its end.
    assert [job for job in seen.jobs_left if job[0] != "todo"] == []
    assert [word for word in ("Traceback", "cannot be used", "took over", "waits:") if word in seen.said] == []
