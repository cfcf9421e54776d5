"""Files that a command writes: in which format, whole or not at all, never over what is read or instead of the results."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from truehelo import app

Cli = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("options", "begins", "printed"),
    [
        (("-o", "a.json"), '{\n  "schema": "truehelo/audit/1"', "198.51.100.4  "),
        (("-o", "a.sarif.json"), '{\n  "$schema": "https://json.schemastore.org/sarif', "198.51.100.4  "),
        (("--format", "sarif", "-o", "a.json"), '{\n  "$schema": "https://json.schemastore.org/sarif', ""),
        (("--format", "junit", "-o", "a"), "<?xml", ""),
        (("--json", "-o", "a.csv"), "ip,verdict", '{\n  "schema"'),
    ],
)
def test_the_name_of_a_file_tells_its_format(
    fake, cli: Cli, tmp_path: Path, options: tuple[str, ...], begins: str, printed: str
) -> None:
    *before, name = options
    code, out, err = cli("check", "192.0.2.25", *before, str(tmp_path / name))
    assert (code, err) == (1, "")
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert out.startswith(printed) if printed else out == ""


def test_a_hyphen_is_standard_output(fake, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = cli("check", "192.0.2.25", "--json", "-o", "-")
    assert code == 1
    assert json.loads(out)["schema"] == "truehelo/audit/1"
    assert list(tmp_path.iterdir()) == []


def test_a_link_stays_a_link_and_its_file_keeps_its_mode(fake, cli: Cli, tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("before", encoding="utf-8")
    real.chmod(0o640)
    link.symlink_to(real)
    cli("check", "192.0.2.25", "-o", str(link))
    assert link.is_symlink()
    assert json.loads(real.read_text(encoding="utf-8"))["schema"] == "truehelo/audit/1"
    assert real.stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("-o", "a.json", "-o", "a.json"), "is named twice"),
        (("-o", "a.json", "--save", "./a.json"), "is named twice"),
        (("-o", "servers.txt"), "is what is read"),
        (("--save", "servers.txt"), "is what is read"),
        (("-o", "folder.json"), "is a directory"),
        (("-o", "nowhere/a.json"), "no such file or directory"),
        (("-o", "x" * 300 + ".json"), "name too long"),
    ],
)
def test_a_file_that_must_not_or_cannot_be_written_is_told_before_the_work(
    fake, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "servers.txt").write_text("192.0.2.25\n", encoding="utf-8")
    (tmp_path / "folder.json").mkdir()
    code, out, err = cli("check", "@servers.txt", *options)
    assert (code, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1
    assert fake.targets == []
    assert (tmp_path / "servers.txt").read_text(encoding="utf-8") == "192.0.2.25\n"


def test_evidence_is_not_written_over_by_what_is_made_of_it(fake, cli: Cli, tmp_path: Path) -> None:
    saved = str(tmp_path / "evidence.json")
    cli("check", "192.0.2.25", "--save", saved)
    code, _, err = cli("replay", saved, "-o", saved)
    assert code == 2
    assert "is what is read" in err
    assert cli("replay", saved, "-q")[0] == 1


def test_a_device_may_be_named_twice(fake, cli: Cli) -> None:
    assert cli("check", "192.0.2.25", "--save", os.devnull, "--format", "csv", "-o", os.devnull) == (1, "", "")


def test_results_are_printed_though_a_file_cannot_be_written(
    fake, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", refuse)
    code, out, err = cli("check", "192.0.2.25", "-q", "-o", str(tmp_path / "a.json"), "--save", str(tmp_path / "b"))
    assert code == 2
    assert out.startswith("198.51.100.4  ")
    assert "b: cannot be written (no space left on device)" in err
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        app.write_whole(tmp_path / "a.json", b"x")
    assert list(tmp_path.iterdir()) == []
