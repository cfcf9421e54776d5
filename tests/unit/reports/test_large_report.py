"""Memory does not grow with the report: read in a process of its own, within 60 MB."""

import hashlib
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from support.aggregate import METADATA, OPENING, POLICY, RECORD
from support.corpus import REPORTERS, report

MEGABYTES = 60

_READ = r"""
import json, re, sys
from pathlib import Path
from truehelo.reports.aggregate import read_aggregate

with open(sys.argv[1], "rb") as file:
    reading = read_aggregate(iter(lambda: file.read(65536), b""))
    records = sum(map(len, reading.batches()))
peak = int(re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[1]) / 1024
print(json.dumps([records, reading.messages, reading.digest, peak]))
"""


def many_records() -> tuple[bytes, int, int]:
    """A report of 100,000 records of the longest layout, with its records and messages."""
    file = report(3, 100_000, reporter=REPORTERS[1])
    return file.xml, file.truth.records, file.truth.messages


def long_records() -> tuple[bytes, int, int]:
    """Records of hundreds of signatures, no two of them alike, so that nothing can be remembered."""
    records = []
    for number in range(600):
        names = (f"d{number}x{place}.example" for place in range(150))
        signatures = "".join(
            f"<dkim><domain>{name}</domain><selector>s</selector><result>pass</result></dkim>" for name in names
        )
        records.append(RECORD.replace("<auth_results>", f"<auth_results>{signatures}"))
    return f"{OPENING}{METADATA}{POLICY}{''.join(records)}</feedback>".encode(), 600, 1800


@pytest.mark.parametrize(
    "made", [many_records, long_records], ids=["a hundred thousand records", "long records that differ"]
)
def test_a_large_report_takes_little_memory(made: Callable[[], tuple[bytes, int, int]], tmp_path: Path) -> None:
    octets, records, messages = made()
    path = tmp_path / "report.xml"
    path.write_bytes(octets)
    done = subprocess.run([sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, timeout=120, check=True)
    *read, peak = json.loads(done.stdout)
    sys.stdout.write(f"\n{len(octets) / 2**20:.0f} MB read in {peak:.0f} MB")
    assert read == [records, messages, hashlib.sha256(octets).hexdigest()]
    assert peak < MEGABYTES
