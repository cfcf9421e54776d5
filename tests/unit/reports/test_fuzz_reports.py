"""A short run of the fuzzer over all that reads reports; a long one is `python tests/fuzz/reports.py SECONDS`."""

import re
import subprocess
import sys
from pathlib import Path

FUZZER = Path(__file__).parents[2] / "fuzz/reports.py"
SECONDS = 6


def test_nothing_is_found_in_a_few_seconds() -> None:
    command = [sys.executable, str(FUZZER), str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    told = f"{done.stderr[-2000:]}\n{done.stdout[-4000:]}"
    assert done.returncode == 0, told
    tried = re.search(r"Done (\d+) runs|(\d+) inputs", told)
    assert tried, told
    assert int(tried[1] or tried[2]) > 50
    sys.stdout.write(f"\n{tried[0]}")
