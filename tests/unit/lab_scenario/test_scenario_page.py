"""docs/reference/scenario.md: every example parses, and every key, kind and word that the reader knows stands on it."""

import re
from pathlib import Path

import pytest

from truehelo.errors import FileError
from truehelo.lab import parse
from truehelo.lab.scenario import FAULTS, HANG_UPS, SPEAKS

PAGE = Path(__file__).parents[3] / "docs/reference/scenario.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```toml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)

# One unknown key in each table makes the reader list those that it knows.
ASKED = [
    "x = 1\n",
    "[check]\nx = 1\n",
    '[zone."a.example"]\nx = 1\n',
    '[zone."a.example".records]\nm = { x = 1 }\n',
    '[nameserver."ns.a.example"]\nx = 1\n',
    "[[resolver]]\nx = 1\n",
    '[[resolver]]\n[resolver.holds]\n"a.example A" = { x = 1 }\n',
    '[nameserver."ns.a.example".holds]\n"a.example A" = { x = 1 }\n',
    '[[smtp]]\nip = "192.0.2.1"\nx = 1\n',
]


def known_keys(text: str) -> list[str]:
    with pytest.raises(FileError) as caught:
        parse(text)
    return caught.value.accepted.removeprefix("accepted: ").split(", ")


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 8


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_parses(example: str) -> None:
    assert parse(example).resolvers


@pytest.mark.parametrize("text", ASKED)
def test_each_key_is_on_the_page(text: str) -> None:
    # A top-level table is on the page as "[zone" or "[[smtp", another key in backquotes or as a record type.
    missing = [key for key in known_keys(text) if not re.search(rf"`{key}`|\[{key}[\].]|\b{key}\b(?=[, ])", TEXT)]
    assert not missing


@pytest.mark.parametrize("word", sorted({*FAULTS, *SPEAKS, *HANG_UPS}))
def test_each_word_is_on_the_page(word: str) -> None:
    assert re.search(rf'`{word}[` ]|`"{word}"`', TEXT)
