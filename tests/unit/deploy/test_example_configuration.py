"""The example configurations can be read, and so can each line in them that is commented out."""

import re
from pathlib import Path

import pytest

from truehelo.configuration.read import read_configuration

DEPLOY = Path(__file__).parents[3] / "deploy"
FILES = sorted(DEPLOY.rglob("*.toml"))
UNIT = DEPLOY / "systemd/truehelo-watch.service"
SETTING = re.compile(r"^# ((\w+?)(_file|_env)? = .+)$", re.MULTILINE)


def commented() -> list[tuple[Path, str, str]]:
    return [(path, match[1], match[2]) for path in FILES for match in SETTING.finditer(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(DEPLOY)))
def test_it_can_be_read(path: Path) -> None:
    found = read_configuration(path.read_text(encoding="utf-8"), path.name)
    assert found.service.metrics is not None


@pytest.mark.parametrize(
    ("path", "line", "key"), commented(), ids=lambda each: each.name if isinstance(each, Path) else each
)
def test_what_is_commented_out_can_be_read_too(path: Path, line: str, key: str) -> None:
    text = path.read_text(encoding="utf-8").replace(f"# {line}\n", f"{line}\n", 1)
    if key == "database":  # it stands instead of another line
        text = re.sub(r"^database = .*\n", "", text, count=1, flags=re.MULTILINE)
    if key == "fail":  # it needs another line
        text = text.replace("# url_file", "url_file")
    read_configuration(text, path.name)


def test_there_are_such_lines() -> None:
    assert {key for _, _, key in commented()} >= {"database", "resolvers", "token", "per_target", "url", "fail"}


def test_under_systemd_it_writes_where_the_unit_lets_it() -> None:
    unit = UNIT.read_text(encoding="utf-8")
    found = read_configuration((DEPLOY / "truehelo.toml").read_text(encoding="utf-8"), "truehelo.toml")
    state = re.search(r"^StateDirectory=(\S+)$", unit, re.MULTILINE)
    run = re.search(r"^RuntimeDirectory=(\S+)$", unit, re.MULTILINE)
    assert state is not None
    assert run is not None
    assert Path(found.watching.store.database).parent == Path("/var/lib") / state[1]
    assert found.service.ping is not None
    assert Path(found.service.ping.file).parent == Path("/run") / run[1]
