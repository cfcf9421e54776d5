"""Hostile archives, messages and texts: each is refused in under a second of CPU and under 100 MB, in a process of its own.

The figures are printed (`pytest -s`). Hostile XML has its own test beside the reader of aggregate reports.
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.bombs import BOMBS

SECONDS, MEGABYTES = 1.0, 100

# Draws out everything that a file holds, in a process of its own, and says what it was and what that cost. VmHWM, since
# what getrusage tells begins with the size of whoever started the process.
_READER = """
import json, os, re, sys, time
from pathlib import Path
from truehelo.reports.model import Refused, ReportError
from truehelo.reports.read import pieces_in

def read(path):
    began, told = time.process_time(), []
    with open(path, "rb") as file:
        for piece in pieces_in(file, "in", clock=time.process_time):
            found = piece.found
            try:
                for _ in found.batches() if hasattr(found, "batches") else ():
                    pass
                told.append(found.reason if isinstance(found, Refused) else "")
            except ReportError as error:
                told.append(error.reason)
    seconds = time.process_time() - began
    peak = int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    print(json.dumps({"told": told, "seconds": seconds, "megabytes": peak}), flush=True)

for line in sys.stdin:
    child = os.fork()
    if not child:
        read(line.rstrip())
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        print("{}", flush=True)
"""


@pytest.fixture(scope="module")
def reader() -> Iterator["subprocess.Popen[str]"]:
    with subprocess.Popen(
        [sys.executable, "-c", _READER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as started:
        yield started
        assert started.stdin is not None
        started.stdin.close()


@pytest.mark.parametrize("name", BOMBS)
def test_a_hostile_file_is_refused_within_its_budget(name: str, tmp_path: Path, reader: "subprocess.Popen[str]") -> None:
    path = tmp_path / "hostile"
    path.write_bytes(BOMBS[name]())
    assert reader.stdin is not None
    assert reader.stdout is not None
    reader.stdin.write(f"{path}\n")
    reader.stdin.flush()
    figures = json.loads(reader.stdout.readline())
    assert figures, "it ended in an exception, which the reader printed"
    size = path.stat().st_size / 2**20
    path.unlink()
    words = f"{name}: {size:.1f} MB, {figures['seconds']:.2f} s, {figures['megabytes']:.0f} MB"
    sys.stdout.write(f"\n{words}: {figures['told'][-1]}")
    assert all(figures["told"]), "a report was found in it"
    assert figures["seconds"] < SECONDS, words
    assert figures["megabytes"] < MEGABYTES, words
