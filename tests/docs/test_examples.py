"""Every command in the README and the docs is run, and prints what the page shows.

A block fenced as `console` holds commands after `$ ` and the output of each. What differs from run to run (times,
loopback ports) is made equal on both sides before they are compared. A last line `[exit N]` states the exit code.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```console\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGING = [
    (re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z|\+00:00)?"), "TIME"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?( UTC)?\b"), "CLOCK"),
    (re.compile(r"\b\d+(\.\d+)? (ms|s)\b"), "DURATION"),
    (re.compile(r'("(elapsed_s|took_s|at_s)": )[\d.e-]+'), r"\1DURATION"),
    (re.compile(r"\b(127\.0\.0\.1|\[::1\]):\d+"), r"\1:PORT"),
    (re.compile(r"[ \t]+$", re.MULTILINE), ""),
]


def _blocks(page: Path) -> list[str]:
    return [match["body"] for match in BLOCK.finditer(page.read_text(encoding="utf-8"))]


def _plain(text: str) -> str:
    for pattern, instead in CHANGING:
        text = pattern.sub(instead, text)
    return text.strip()


def _run(command: str, folder: Path) -> str:
    environment = {
        "PATH": f"{folder / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "TRUEHELO_LOOPBACK_ONLY": "1",
        "COLUMNS": "80",
    }
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    shown = done.stdout + done.stderr
    return shown + (f"[exit {done.returncode}]\n" if done.returncode else "")


def _played(body: str, folder: Path) -> str:
    """Return the block as it really plays: each command, followed by what it prints."""
    lines = []
    for line in body.splitlines():
        if line.startswith("$ "):
            lines += [line, _run(line[2:], folder).rstrip("\n")]
    return "\n".join(line for line in lines if line) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as a reader of the docs has it: the program on the path, the examples beside it."""
    launcher = tmp_path / "bin" / "truehelo"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m truehelo "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    (tmp_path / "truehelo").symlink_to(launcher)
    if (ROOT / "docs" / "examples").is_dir():
        shutil.copytree(ROOT / "docs" / "examples", tmp_path, dirs_exist_ok=True)
    return tmp_path


WITH_EXAMPLES = [page for page in PAGES if _blocks(page)]


@pytest.mark.parametrize("page", WITH_EXAMPLES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_page_shows_what_its_commands_print(page: Path, folder: Path, request: pytest.FixtureRequest) -> None:
    """The blocks of a page are played in order, in one folder: a later one sees what an earlier one wrote."""
    update = request.config.getoption("--update-docs")
    for body in _blocks(page):
        played = _played(body, folder)
        if update:
            text = page.read_text(encoding="utf-8")
            page.write_text(text.replace(f"```console\n{body}```", f"```console\n{played}```", 1), encoding="utf-8")
        else:
            assert _plain(played) == _plain(body)


def test_the_readme_has_examples() -> None:
    assert ROOT / "README.md" in WITH_EXAMPLES
