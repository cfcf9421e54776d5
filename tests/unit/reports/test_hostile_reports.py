"""Hostile XML: each is refused in under a second of CPU and under 100 MB, in a process of its own.

The figures are printed (`pytest -s`). What is hostile around XML, archives and messages, has its own test beside `unpack`.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.hostile_xml import HOSTILE

SECONDS, MEGABYTES = 1.0, 100
TESTS = Path(__file__).parents[2]

# Reads one after the other in a process each, by fork, so that Python starts once. Peak memory is that of the child: VmHWM
# begins anew when a process forks, with what it holds then.
_READ = """
import json, os, re, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from support.hostile_xml import HOSTILE
from truehelo.reports.aggregate import read_aggregate
from truehelo.reports.model import ReportError

def figures(name):
    began = time.process_time()
    try:
        for batch in read_aggregate(HOSTILE[name](), clock=time.process_time).batches():
            pass
        told = ""
    except ReportError as error:
        told = str(error)
    seconds = time.process_time() - began
    peak = int(re.search(r"VmHWM:\\\\s+(\\\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
    return {"name": name, "told": told, "seconds": seconds, "megabytes": peak}

for name in HOSTILE:
    child = os.fork()
    if not child:
        os.write(1, (json.dumps(figures(name)) + "\\n").encode())
        os._exit(0)
    os.waitpid(child, 0)
""".replace("\\\\", "\\")


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, object]]:
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(TESTS)], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return {told["name"]: told for told in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_refused_within_its_budget(name: str, figures: dict[str, dict[str, object]]) -> None:
    told = figures[name]
    words = f"{name}: {told['seconds']:.2f} s, {told['megabytes']:.0f} MB: {told['told']}"
    sys.stdout.write(f"\n{words}")
    assert told["told"], "it was read"
    assert "\n" not in str(told["told"])
    assert float(str(told["seconds"])) < SECONDS, words
    assert float(str(told["megabytes"])) < MEGABYTES, words
