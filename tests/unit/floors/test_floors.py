"""The floors hold: import-linter passes on the tree, and breaks on a planted import."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
LINTER = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LINTER, "--no-cache", "--config", str(folder / "pyproject.toml")]
    environment = {"PYTHONPATH": str(folder / "src"), "PATH": "/usr/bin:/bin", "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_tree_as_it_stands_keeps_every_contract(copy: Path) -> None:
    done = _lint(copy)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("module", "planted", "broken"),
    [
        ("facts/dns.py", "import truehelo.engine.judge", "floors"),
        ("checks/iprev.py", "import socket", "no I/O below ports"),
        ("advice/plan.py", "import asyncio", "no I/O below ports"),
        ("render/__init__.py", "import dns.message", "no I/O below ports"),
        ("probes/clock.py", "import truehelo.checks", "adapters never import what judges"),
        ("engine/judge.py", "import truehelo.probes.clock", "floors"),
    ],
)
def test_a_planted_import_breaks_the_contract(copy: Path, module: str, planted: str, broken: str) -> None:
    path = copy / "src" / "truehelo" / module
    path.write_text(path.read_text(encoding="utf-8") + f"\n{planted}\n", encoding="utf-8")
    done = _lint(copy)
    assert done.returncode != 0
    assert any(broken in line and "BROKEN" in line for line in done.stdout.splitlines()), done.stdout
