"""Aggregate reports: records per CPU second beside parsedmarc, and memory, over the same corpus in the same run.

`reports.py [FILES] [RECORDS]` reads FILES (2,000) ordinary reports of 1 to 10,000 records, and one report of RECORDS
(100,000) records, packed as reporters pack them. Each way runs in a process of its own and reads what lies on the disk,
from the packed octets to the records and all fields that both have. parsedmarc runs as it is fastest: offline, without
names, its caches on. CPU seconds are those of reading, imports not counted; memory is the peak of the whole process
(VmHWM).

A way is a name and a few lines that define `read(octets)`, which returns how many records it read: `WAYS`.
"""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from support.corpus import REPORTERS, corpus, report

FILES, RECORDS = 2_000, 100_000
SEED = 5
ORDINARY, STORED, LARGE, MEGABYTES = 12, 6, 30, 60
"""Aims: how many times the records per CPU second, and the most memory for the large report."""

_OURS = """
from io import BytesIO
from truehelo.reports.read import reports_in

def read(octets):
    return sum(len(batch) for found in reports_in(BytesIO(octets), "in") for batch in found.batches())
"""
_STORED = """
import gc
from io import BytesIO
from truehelo.reports.read import reports_in
from truehelo.store.database import Database
from truehelo.store.migrate import upgrade
from truehelo.store.reports.importing import Came, Importer

database = Database(sys.argv[1] + "/reports.db")
upgrade(database)
importer = Importer(database)
gc.set_threshold(50_000, 20, 20)  # as `truehelo reports import` does

def read(octets):
    came = Came(origin="folder", name="in", at=1.8e9)
    return sum(importer.store(found, came).records for found in reports_in(BytesIO(octets), "in"))
"""
_PEER = """
import parsedmarc

def read(octets):
    xml = parsedmarc.extract_report(octets)
    return len(parsedmarc.parse_aggregate_report_xml(xml, offline=True)["records"])
"""
WAYS = {"truehelo": _OURS, "truehelo, stored": _STORED, "parsedmarc": _PEER}


_RUN = """
import json, re, sys, time
from pathlib import Path
{way}
paths = sorted(Path(sys.argv[1], "in").iterdir())
began = time.process_time()
records = sum(read(path.read_bytes()) for path in paths)
seconds = time.process_time() - began
peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps({{"records": records, "seconds": seconds, "megabytes": peak}}))
"""


@dataclass(frozen=True)
class Figures:
    """What one way took."""

    records: int
    seconds: float
    megabytes: float

    @property
    def rate(self) -> float:
        """Records per CPU second."""
        return self.records / self.seconds


def say(line: str) -> None:
    """Tell whoever waits."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def run(way: str, place: Path) -> Figures:
    """Read all that lies in a place by one way, in a process of its own."""
    script = _RUN.format(way=WAYS[way])
    done = subprocess.run([sys.executable, "-c", script, str(place)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{way}: {done.stderr}")
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def fill_ordinary(place: Path, files: int) -> int:
    """Write a corpus of ordinary reports, and say how many records it has."""
    records = 0
    for file in corpus(SEED, files, odd=0):
        (place / "in" / file.name).write_bytes(file.octets)
        records += file.truth.records
    return records


def fill_large(place: Path, records: int) -> int:
    """Write one large report, as the second of the reporters does, whose records are the longest."""
    file = report(SEED, records, reporter=REPORTERS[1])
    (place / "in" / file.name).write_bytes(file.octets)
    return records


def compare(title: str, records: int, place: Path) -> dict[str, Figures]:
    """Run every way, print what it took, and check that each has read everything."""
    say(f"\n{title}: {records:,} records")
    told = {}
    for way in WAYS:
        told[way] = figures = run(way, place)
        say(f"  {way:18} {figures.seconds:8.2f} CPU s {figures.rate:10,.0f} records/s {figures.megabytes:7.0f} MB")
        if figures.records != records:
            raise SystemExit(f"{way} read {figures.records:,} records")
    return told


def main() -> int:
    """Run both comparisons."""
    files, records = (int(word) for word in [*sys.argv[1:], *map(str, (FILES, RECORDS)[len(sys.argv) - 1 :])])
    missed = []
    for title, fill, much, aim in (
        (f"{files:,} ordinary reports", fill_ordinary, files, {"truehelo": ORDINARY, "truehelo, stored": STORED}),
        ("one large report", fill_large, records, {"truehelo": LARGE}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            (place / "in").mkdir()
            told = compare(title, fill(place, much), place)
        for way in list(WAYS)[:-1]:
            ratio = told[way].rate / told["parsedmarc"].rate
            least = aim.get(way)
            say(f"  {way}: {ratio:.1f} times parsedmarc{f' (aim: {least})' if least else ''}")
            if least and ratio < least:
                missed.append(way)
    if told["truehelo"].megabytes > MEGABYTES:
        missed.append("memory")
    say(f"\n{told['truehelo'].megabytes:.0f} MB at most for the large report (aim: {MEGABYTES})")
    say("missed: " + ", ".join(missed) if missed else "every aim is met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
