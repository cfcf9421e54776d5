"""A short differential run of the filters: fresh random worlds against the real rspamd and SpamAssassin.

Long ones, and what they have found, are in docs/reference/differential.md; `./differential --daemon rspamd` makes one.
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
_TESTS = Path(__file__).parents[2]
_WORLDS = 60
_LONGEST_S = 300


@pytest.mark.parametrize("daemon", ["rspamd", "spamassassin"])
def test_every_prediction_holds(daemon: str) -> None:
    seed = secrets.randbelow(1_000_000)
    command = [sys.executable, "-m", "differential", "--daemon", daemon, "--count", str(_WORLDS), "--seed", str(seed)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(_TESTS), os.environ.get("PYTHONPATH", "")))}
    done = subprocess.run(
        command, cwd=_TESTS, env=environment, capture_output=True, text=True, check=False, timeout=_LONGEST_S
    )
    assert done.returncode == 0, f"seed {seed}\n{done.stdout[-4000:]}\n{done.stderr[-2000:]}"
    assert f"seed {seed}: {_WORLDS} worlds" in done.stdout
