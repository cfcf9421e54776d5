"""The systemd unit, by systemd's own judgement: it can be loaded, and it is closed."""

import re
import subprocess
import sysconfig
from collections.abc import Callable
from pathlib import Path

import pytest

from integration.servers.fetch import fetch, libs

UNIT = Path(__file__).parents[3] / "deploy/systemd/truehelo-watch.service"
MOST_EXPOSED = 1.5
"""On systemd's scale from 0 (closed) to 10. What is left is what a watch is for: it speaks IPv4 and IPv6 with the world."""

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def root() -> Path:
    return fetch("systemd", ["systemd", "libsystemd-shared"])


def analyze(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = libs(root)
    own = root / f"usr/lib/{sysconfig.get_config_var('MULTIARCH')}/systemd"
    environment["LD_LIBRARY_PATH"] = f"{own}:{environment['LD_LIBRARY_PATH']}"
    # The units that ours names are looked up there, so that nothing depends on what this machine has.
    environment["SYSTEMD_UNIT_PATH"] = str(root / "usr/lib/systemd/system") + ":" + str(root / "lib/systemd/system")
    command = [str(root / "usr/bin/systemd-analyze"), "--no-pager", *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The unit with a program that every machine has in place of ours, which may not be installed."""
    text, count = re.subn(r"^ExecStart=/usr/bin/truehelo ", "ExecStart=/bin/true ", UNIT.read_text(), flags=re.MULTILINE)
    assert count == 1
    path = tmp_path / UNIT.name
    path.write_text(text)
    return path


def test_systemd_can_load_it(root: Path, copy: Path) -> None:
    done = analyze(root, "verify", "--man=no", str(copy))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("Type=notify", "Type=notifies", "Failed to parse service type"),
        ("WatchdogSec=2min", "WatchdogSec=soon", "Failed to parse"),
        ("ProtectSystem=strict", "ProtectSytem=strict", "'ProtectSytem'"),
        ("SystemCallFilter=@system-service", "SystemCallFilter=@no-such-set", "Unknown system call group"),
    ],
)
def test_systemd_would_say_so_if_it_could_not(root: Path, copy: Path, line: str, instead: str, said: str) -> None:
    text = copy.read_text()
    assert f"\n{line}\n" in text
    copy.write_text(text.replace(f"\n{line}\n", f"\n{instead}\n"))
    done = analyze(root, "verify", "--man=no", str(copy))
    assert said.lower() in done.stderr.lower()


def test_it_is_closed(root: Path, copy: Path, record_property: Callable[[str, object], None]) -> None:
    done = analyze(root, "security", "--offline=true", f"--threshold={MOST_EXPOSED * 10:.0f}", str(copy))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", done.stdout)
    assert found is not None, done.stderr
    assert done.returncode == 0, done.stdout
    assert 0 < float(found[1]) <= MOST_EXPOSED
    record_property("exposure", found[1])
