"""The real Postfix, Exim, Sendmail and OpenSMTPD in random worlds: every reply is the one that the model predicts.

A short run of `./differential` with a fixed seed; long ones are logged in docs/reference/differential.md. Needs root, and
the packages of the servers.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
TESTS = Path(__file__).parents[2]
SEED = "20261126"
RUNS = [("postfix", 60), ("exim", 80), ("sendmail", 80), ("opensmtpd", 60), ("received", 30)]


@pytest.mark.parametrize(("daemon", "count"), RUNS)
def test_every_prediction_holds(daemon: str, count: int) -> None:
    command = [sys.executable, "-m", "differential", "--daemon", daemon, "--count", str(count), "--seed", SEED]
    done = subprocess.run(
        command,
        env={**os.environ, "PYTHONPATH": str(TESTS), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-6000:]}"
    assert f"{count} worlds, " in done.stdout
    assert ", 0 disagreements" in done.stdout


REFUSALS = [
    (["--daemon", "qmail"], "differential: there is no daemon 'qmail'; there are "),
    (["--count", "0"], "differential: --count must be 1 or more"),
    (["--log", "/nowhere/log.md"], "differential: --log /nowhere/log.md: there is no folder /nowhere"),
]


@pytest.mark.parametrize(("arguments", "sentence"), REFUSALS)
def test_what_cannot_be_run_is_said_in_one_sentence(arguments: list[str], sentence: str) -> None:
    command = [sys.executable, "-m", "differential", *arguments]
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": str(TESTS)}, capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(sentence)
    assert done.stderr.count("\n") == 1
