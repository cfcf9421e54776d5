"""The Containerfile, as far as it shows without a container engine: what it copies is enough to build, and it is closed."""

import json
import re
import shutil
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import pytest
from dockerfile_parse import DockerfileParser

from truehelo.configuration.read import read_configuration

ROOT = Path(__file__).parents[3]
FILE = ROOT / "deploy/Containerfile"
KNOWN = frozenset("FROM COPY RUN ENV USER WORKDIR VOLUME EXPOSE STOPSIGNAL HEALTHCHECK ENTRYPOINT CMD".split())


@pytest.fixture(scope="module")
def stages() -> list[list[tuple[str, str]]]:
    """The instructions of each stage."""
    parsed = DockerfileParser(fileobj=BytesIO(FILE.read_bytes())).structure
    found: list[list[tuple[str, str]]] = []
    for each in parsed:
        if each["instruction"] == "COMMENT":
            continue
        if each["instruction"] == "FROM":
            found.append([])
        found[-1].append((each["instruction"], each["value"]))
    return found


def last(stage: list[tuple[str, str]], instruction: str) -> str:
    return [value for name, value in stage if name == instruction][-1]


def copied(stages: list[list[tuple[str, str]]]) -> list[str]:
    """What is copied from the checkout."""
    words = [
        value.split() for stage in stages for name, value in stage if name == "COPY" and not value.startswith("--from")
    ]
    return [source for each in words for source in each[:-1]]


def test_it_has_instructions_that_there_are(stages: list[list[tuple[str, str]]]) -> None:
    assert len(stages) == 2
    assert {name for stage in stages for name, _ in stage} <= KNOWN


def test_its_bases_are_of_a_fixed_version(stages: list[list[tuple[str, str]]]) -> None:
    for stage in stages:
        assert re.fullmatch(r"python:3\.\d+-slim( AS build)?", last(stage, "FROM"))


def test_it_does_not_run_as_root_and_keeps_its_data_where_it_may_write(stages: list[list[tuple[str, str]]]) -> None:
    final = stages[-1]
    user = last(final, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    uid, gid = user.split(":")
    volume = last(final, "VOLUME")
    assert f"install -d -o {uid} -g {gid} -m 0700 {volume}" in last(final, "RUN")
    names = [name for name, _ in final]
    assert names.index("RUN") < names.index("USER") < names.index("ENTRYPOINT")


def test_it_starts_without_a_shell_and_is_asked_how_it_is(stages: list[list[tuple[str, str]]]) -> None:
    final = stages[-1]
    assert json.loads(last(final, "ENTRYPOINT")) == ["truehelo"]
    assert json.loads(last(final, "CMD"))[0] == "watch"
    check = json.loads(last(final, "HEALTHCHECK").partition(" CMD ")[2])
    metrics = read_configuration((ROOT / "deploy/compose/truehelo.toml").read_text(encoding="utf-8"), "").service.metrics
    assert metrics is not None
    assert check == ["python", "-m", "truehelo.service.probe", str(metrics.port)]
    assert last(final, "EXPOSE") == str(metrics.port)


def test_what_it_copies_is_what_the_ignore_file_lets_through(stages: list[list[tuple[str, str]]]) -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert sorted(line[1:] for line in lines if line.startswith("!")) == sorted(copied(stages))
    assert "*" in lines


def test_what_it_copies_is_enough_to_build_from(stages: list[list[tuple[str, str]]], tmp_path: Path) -> None:
    for source in copied(stages):
        (tmp_path / source).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, tmp_path / source)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "out")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    (wheel,) = (tmp_path / "out").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {"truehelo/__main__.py", "truehelo/service/probe.py", "truehelo/pages/iprev.md"} <= names


def test_its_extras_are_extras_of_the_package(stages: list[list[tuple[str, str]]]) -> None:
    wanted = re.search(r'"\.\[([a-z,]+)\]"', last(stages[0], "RUN"))
    assert wanted is not None
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(wanted[1].split(",")) <= set(extras)
