"""Sums that must be exact: reports imported in an order by chance, by several processes, killed again and again, and twice.

`sums.py REPORTS [sqlite|postgresql] [SEED]` does it at any size and prints what it found (10,000 take minutes); the test
does it with few. A child (`sums.py child DATABASE FOLDER SEED`) imports a folder of files until it is done or is killed.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from support.corpus import CorpusFile, corpus
from truehelo.reports.model import ReportError
from truehelo.reports.read import reports_in
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade
from truehelo.store.reports import questions
from truehelo.store.reports.importing import Came, Importer, Outcome
from truehelo.store.reports.tables import week_of

Key = tuple[str, str, int]
"""Domain, reporter in lower case, day."""


def child(where: str, folder: Path, seed: int) -> None:
    """Import all files of a folder, in an order by chance."""
    files = sorted(folder.iterdir())
    random.Random(seed).shuffle(files)  # noqa: S311
    database = Database(where)
    importer = Importer(database)
    for file in files:
        for found in reports_in(BytesIO(file.read_bytes()), file.name):
            stored = importer.store(found, Came(origin="folder", name=file.name, at=time.time()))
            if stored.outcome not in (Outcome.NEW, Outcome.DUPLICATE):
                raise ReportError(f"{file.name}: {stored.outcome}: {stored.reason}")
    database.close()


@dataclass
class Run:
    """What became of it: how many children were killed, and how many reports each table of sums was compared for."""

    reports: int
    messages: int
    kills: int
    stored_at_kills: list[int]
    seconds: float


def start(where: str, folder: Path, seed: int) -> subprocess.Popen[bytes]:
    """Begin to import in a process of its own."""
    words = [sys.executable, __file__, "child", where, str(folder), str(seed)]
    return subprocess.Popen(words, stderr=subprocess.PIPE, env={**os.environ, "PYTHONPATH": ""})


def finish(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Wait for an import that must go well."""
    _, said = process.communicate(timeout=seconds)
    if process.returncode != 0:
        raise AssertionError(said.decode(errors="replace")[-3000:])


def count(database: Database) -> int:
    """Return how many reports are stored by now."""
    with database.read() as connection:
        return sum(each.reports for each in questions.origins(connection))


def run(where: str, files: list[CorpusFile], seed: int, *, kills: int, limit: float = 3600.0) -> Run:
    """Import, with kills in between and two processes at once, twice; then compare all sums.

    Raises:
        AssertionError: A sum is wrong.
    """
    began, chance = time.monotonic(), random.Random(seed)  # noqa: S311
    database = Database(where)
    upgrade(database)
    stored: list[int] = []
    with written(files) as folder:
        for number in range(kills):
            # Killed when some more are stored, wherever it is just then.
            goal = count(database) + max(1, len(files) // (kills + 2))
            process = start(where, folder, chance.randrange(10**6))
            until = time.monotonic() + limit
            while count(database) < goal and process.poll() is None and time.monotonic() < until:
                time.sleep(0.02 + 0.03 * chance.random())
            process.send_signal(signal.SIGKILL)
            process.communicate()
            stored.append(count(database))
            compare(database, files, whole=False)
            if number and stored[-1] == len(files):
                break
        together = [start(where, folder, chance.randrange(10**6)) for _ in range(2)]
        for process in together:
            finish(process, limit)
        compare(database, files, whole=True)
        finish(start(where, folder, chance.randrange(10**6)), limit)
        messages = compare(database, files, whole=True)
    database.close()
    return Run(len(files), messages, len(stored), stored, time.monotonic() - began)


@contextmanager
def written(files: list[CorpusFile]) -> Iterator[Path]:
    """Have a folder with these files."""
    with tempfile.TemporaryDirectory() as name:
        for file in files:
            (Path(name) / file.name).write_bytes(file.octets)
        yield Path(name)


def truth(files: list[CorpusFile]) -> Counter[Key]:
    """Return the messages that the files are of."""
    found: Counter[Key] = Counter()
    for each in (file.truth for file in files):
        reporter = ("Société " if each.dialect == "windows-1252" else "") + each.reporter
        found[each.domain, reporter.casefold(), each.day] += each.messages
    return found


def compare(database: Database, files: list[CorpusFile], *, whole: bool) -> int:
    """Hold all tables against each other, and once everything is in, against what was in the files."""
    with database.read() as connection:
        totals, weeks = questions.totals(connection), questions.week_totals(connection)
    tables: dict[str, Counter[Key]] = {name: Counter() for name in ("reports", "facts", "days", "reporters")}
    of_all: dict[str, Counter[Key]] = {name: Counter() for name in ("days", "reporters")}
    for each in totals:
        name, of, _ = each.table.partition(" of all")
        (of_all if of else tables)[name][each.domain, each.reporter.casefold(), each.day] += each.messages
    wanted = truth(files) if whole else tables["reports"]
    for name, found in tables.items():
        assert found == wanted, f"{name}: {len(found)} sums, {len(wanted)} wanted"
    summed: Counter[Key] = Counter()
    by_week: Counter[tuple[str, int]] = Counter()
    for (domain, reporter, day), messages in wanted.items():
        summed["", reporter, day] += messages
        for about in (domain, ""):
            by_week[about, week_of(day)] += messages
    for name, found in of_all.items():
        assert found == summed, f"{name} of all"
    assert weeks == by_week, "weeks"
    return sum(wanted.values())


def main(words: list[str]) -> int:
    """Be a child, or do it at full size."""
    if words[0] == "child":
        child(words[1], Path(words[2]), int(words[3]))
        return 0
    seed = int(words[2]) if len(words) > 2 else 7
    files = list(corpus(seed, int(words[0])))
    for kind in words[1:2] or ["sqlite", "postgresql"]:
        with tempfile.TemporaryDirectory() as folder:
            if kind == "sqlite":
                done = run(str(Path(folder) / "sums.db"), files, seed, kills=10)
            else:
                from integration.servers.postgres import running

                with running() as server:
                    done = run(server.create_database("sums"), files, seed, kills=10)
        print(  # noqa: T201
            f"{kind}: {done.reports:,} reports of {done.messages:,} messages, imported twice, {done.kills} kills at"
            f" {done.stored_at_kills} reports, by two processes at once: every sum exact, {done.seconds:.0f} s"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
