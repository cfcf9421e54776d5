"""The command line over the laboratory, on loopback: `demo`, `lab`, `wait`, `replay`, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

ENVIRONMENT = {**os.environ, "TRUEHELO_LOOPBACK_ONLY": "1", "PYTHONIOENCODING": "utf-8"}
SILENT = """
[check]
targets = ["192.0.2.25"]
[zone."2.0.192.in-addr.arpa"]
ns = ["ns1.dns.example"]
[zone."good.example"]
ns = ["ns1.dns.example"]
[zone."good.example".records]
mail = { A = "192.0.2.25" }
[ptr]
"192.0.2.25" = "mail.good.example"
[nameserver]
"ns1.dns.example" = "203.0.113.53"
[[smtp]]
ip = "192.0.2.25"
speaks = "nothing"
"""


def truehelo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "truehelo", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=ENVIRONMENT,
        timeout=60,
    )


def test_the_demo_fails_by_design_and_prints_what_the_schema_describes() -> None:
    done = truehelo("demo", "--json")
    schema = json.loads((files("truehelo.render") / "schema" / "audit-1.json").read_text(encoding="utf-8"))
    document = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(document)
    assert done.returncode == 1
    assert done.stderr == ""
    assert {subject["ip"]: subject["verdict"] for subject in document["subjects"]} == {
        "198.51.100.4": "mismatch",
        "192.0.2.25": "match",
    }


def test_saved_evidence_is_judged_to_the_same_document(tmp_path: Path) -> None:
    saved = str(tmp_path / "evidence")
    first = truehelo("demo", "--json", "--save", saved)
    again = truehelo("replay", saved, "--json")
    assert again.stdout == first.stdout
    assert again.returncode == 1


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        (("check", "192.0.2.25", "-q"), 0, "192.0.2.25  ✓ match"),
        (("check", "198.51.100.4", "--format", "nagios"), 2, "CRITICAL - 198.51.100.4 mismatch"),
        (("check", "192.0.2.25=other.good.example", "-q"), 1, "PTR_UNEXPECTED"),
        (("check", "nowhere.example"), 1, "nowhere.example"),
        (("wait", "192.0.2.25", "--for", "PTR=mail.good.example"), 0, "everywhere"),
        (("wait", "192.0.2.25", "--for", "PTR=x.good.example", "--give-up", "0"), 1, "not published yet"),
        (("check", "1.2.3"), 2, ""),
    ],
)
def test_a_command_runs_inside_the_laboratory(command: tuple[str, ...], code: int, said: str) -> None:
    done = truehelo("lab", "textbook", "--", *command)
    assert done.returncode == code, done.stderr
    assert said in done.stdout


def _interrupt(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    return out, err


def _start(*arguments: str) -> subprocess.Popen[str]:
    # A test runner may ignore SIGINT, and a child would inherit that.
    return subprocess.Popen(
        [sys.executable, "-m", "truehelo", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=ENVIRONMENT,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )


def test_ctrl_c_prints_what_is_known_so_far(tmp_path: Path) -> None:
    scenario = tmp_path / "silent.toml"
    scenario.write_text(SILENT, encoding="utf-8")
    process = _start("demo", str(scenario), "--json")
    time.sleep(2.5)
    out, _ = _interrupt(process)
    document = json.loads(out)
    assert process.returncode == 130
    assert document["interrupted"] is True
    (subject,) = document["subjects"]
    assert subject["names"]["confirmed"] == ["mail.good.example"]
    assert subject["verdict"] == "undetermined"


def test_ctrl_c_in_a_laboratory_is_for_its_command_to_answer(tmp_path: Path) -> None:
    scenario = tmp_path / "silent.toml"
    scenario.write_text(SILENT, encoding="utf-8")
    process = _start("lab", str(scenario), "--", "check", "192.0.2.25", "--json")
    time.sleep(2.5)
    out, err = _interrupt(process)
    assert process.returncode == 130, err
    document = json.loads(out)
    assert document["interrupted"] is True
    assert [subject["names"]["confirmed"] for subject in document["subjects"]] == [["mail.good.example"]]


def test_the_laboratory_serves_until_stopped_and_tells_the_command_to_use(tmp_path: Path) -> None:
    scenario = tmp_path / "mine.toml"
    scenario.write_text(SILENT.replace('speaks = "nothing"', 'greeting = "mail.good.example ESMTP"'), encoding="utf-8")
    process = _start("lab", str(scenario))
    assert process.stdout is not None
    shown = [process.stdout.readline() for _ in range(4)]
    command = shown[3].split()
    assert command[:3] == ["truehelo", "check", "192.0.2.25"]
    assert truehelo(*command[1:], "-q").stdout == "192.0.2.25  ✓ match\n"
    scenario.write_text(
        scenario.read_text(encoding="utf-8").replace('"mail.good.example"', '"other.good.example"'), encoding="utf-8"
    )
    time.sleep(1.0)
    assert "mismatch" in truehelo(*command[1:], "-q").stdout
    scenario.write_text("[[[", encoding="utf-8")
    time.sleep(1.0)
    _, err = _interrupt(process)
    assert process.returncode == 0
    assert "was edited" in err
    assert "still served" in err


def test_files_are_written_beside_the_text(tmp_path: Path) -> None:
    done = truehelo("demo", "-o", str(tmp_path / "a.csv"), "-o", str(tmp_path / "a.sarif"))
    assert done.stdout.startswith("198.51.100.4  ✗ mismatch")
    assert (tmp_path / "a.csv").read_bytes().startswith(b"ip,verdict,")
    assert json.loads((tmp_path / "a.sarif").read_text(encoding="utf-8"))["version"] == "2.1.0"
