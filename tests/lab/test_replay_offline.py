"""Truth 4: saved evidence is judged to the same verdict with no network at all, and gives the same document."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SCENARIOS = ("textbook", "weather", "propagation")


def _truehelo(*arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, "-m", "truehelo", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL, env=dict(os.environ)
    )


def _without_network() -> tuple[str, ...]:
    """Return what runs a command where there is no network, not even loopback; root needs no user namespace for it."""
    unshare = shutil.which("unshare")
    assert unshare is not None, "unshare (util-linux) is needed"
    return (unshare, "-n") if os.geteuid() == 0 else (unshare, "-rn")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_replay_without_a_network_gives_the_same_document(scenario: str, tmp_path: Path) -> None:
    evidence = tmp_path / "evidence.json"
    checked = _truehelo("demo", scenario, "--json", "--timeout", "1", "--retries", "0", "--save", str(evidence))
    replayed = _truehelo("replay", str(evidence), "--json", before=_without_network())
    assert checked.stdout.startswith("{"), checked.stderr
    assert replayed.stdout == checked.stdout
    assert replayed.returncode == checked.returncode


def test_there_really_is_no_network_in_there() -> None:
    probe = "import socket; socket.create_connection(('127.0.0.1', 9), 1)"
    done = subprocess.run([*_without_network(), sys.executable, "-c", probe], capture_output=True, text=True, check=False)
    assert "unreachable" in done.stderr.lower()


def test_evidence_of_another_judgement_is_judged_anew(tmp_path: Path) -> None:
    """What is saved is facts: with the PTR name in them changed, the verdict follows the facts."""
    evidence = tmp_path / "evidence.json"
    _truehelo("demo", "--save", str(evidence), "-q")
    text = evidence.read_text(encoding="utf-8").replace("198-51-100-4.dynamic.cloudhost.example", "mail.business.example")
    evidence.write_text(text, encoding="utf-8")
    document = json.loads(_truehelo("replay", str(evidence), "--json").stdout)
    assert {subject["ip"]: subject["verdict"] for subject in document["subjects"]} == {
        "198.51.100.4": "match",
        "192.0.2.25": "match",
    }
