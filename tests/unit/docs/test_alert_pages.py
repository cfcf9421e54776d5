"""The pages about alerts hold: every configuration on them is read, every key is described, the verification verifies."""

import json
import re
import tomllib
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from support.messages import KEY, OPENED
from truehelo.alerts.webhook import signed
from truehelo.configuration.alerting import read_alerting
from truehelo.configuration.table import Table
from truehelo.monitoring import NoticeKind

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "how-to" / "alerts.md").read_text("utf-8")
REFERENCE = (ROOT / "docs" / "reference" / "configuration.md").read_text("utf-8")
JSON_PAGE = (ROOT / "docs" / "reference" / "json.md").read_text("utf-8")
SCHEMA: dict[str, Any] = json.loads((ROOT / "src" / "truehelo" / "render" / "schema" / "notice-1.json").read_text("utf-8"))


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def described(page: str, section: str) -> list[str]:
    """The keys in the first column of a section's table; one cell may name several."""
    body = page.split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return [
        key for line in body.splitlines() if line.startswith("| `") for key in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]


@pytest.mark.parametrize("text", blocks("toml"))
def test_a_configuration_on_the_page_is_read(text: str) -> None:
    found = read_alerting(tomllib.loads(text), "alerts.md")
    assert found.channels or found.maintenance


def test_the_verification_on_the_page_verifies_what_is_signed() -> None:
    (code,) = blocks("python")
    names: dict[str, Callable[..., bool]] = {}
    exec(code, names)  # noqa: S102  (our own page)
    body = json.dumps(OPENED.data).encode()
    keys = (bytes(range(32)), bytes(range(32, 64)))
    headers = signed(KEY, body, keys, datetime.now(UTC).timestamp())
    for key in keys:
        assert names["verified"](headers, body, "whsec_" + b64encode(key).decode())
    assert not names["verified"](headers, body + b" ", "whsec_" + b64encode(keys[0]).decode())
    assert not names["verified"](headers, body, "whsec_" + b64encode(bytes(32)).decode())
    old = signed(KEY, body, keys, datetime.now(UTC).timestamp() - 400)
    assert not names["verified"](old, body, "whsec_" + b64encode(keys[0]).decode())


COMMON = {"name", "kind", "timeout"}
MINIMAL = {
    'kind = "email"': '[[channel]]\nname="x"\nkind="email"\nhost="a.example"\nfrom="a@a.example"\nto="b@a.example"',
    'kind = "webhook"': '[[channel]]\nname="x"\nkind="webhook"\nurl="https://a.example/"\nsecret_env="A"',
    'kind = "command"': '[[channel]]\nname="x"\nkind="command"\nargv=["a"]',
    'kind = "apprise"': '[[channel]]\nname="x"\nkind="apprise"\nurls_env="A"',
    "`[[route]]`": '[[channel]]\nname="x"\nkind="command"\nargv=["a"]\n[digest]\nevery="daily"\n[[route]]',
    "`[[maintenance]]`": '[[maintenance]]\ncron="* * * * *"\nduration="1h"',
    "`[digest]`": '[[channel]]\nname="x"\nkind="command"\nargv=["a"]\n[digest]\nevery="weekly"',
}
REFUSED = {"password", "secret", "old_secret", "url", "urls"}
"""Keys that are known in order to be refused: they would hold a secret."""


@pytest.mark.parametrize("section", MINIMAL)
def test_every_key_that_is_read_is_described_and_no_other(section: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, set[str]] = {}
    monkeypatch.setattr(Table, "done", lambda table: asked.__setitem__(table.place.split()[0], set(table._asked)))
    read_alerting(tomllib.loads(MINIMAL[section]), "x")
    place = section.strip("`") if section.startswith("`") else "[[channel]]"
    title = section if section.startswith("`") else f"`{section}`"
    written = set(described(REFERENCE, title))
    assert asked[place] - COMMON - (REFUSED - written) == written


def test_what_every_channel_has_is_described() -> None:
    assert set(described(REFERENCE, "`[[channel]]`")) == COMMON


def test_every_field_of_a_notice_is_described_and_no_other() -> None:
    assert sorted(described(JSON_PAGE, "A notice")) == sorted(SCHEMA["properties"])
    kinds = JSON_PAGE.split("## A notice\n", 1)[1].split("| `kind` | string | ", 1)[1].split("\n", 1)[0]
    assert re.findall(r"`(\w+)`", kinds) == [str(kind) for kind in NoticeKind] == SCHEMA["properties"]["kind"]["enum"]
