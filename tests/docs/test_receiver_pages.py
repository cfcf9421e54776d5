"""The pages of the receivers are what their declarations say, and every receiver has one."""

from pathlib import Path

import pytest

from truehelo.receivers import all_receivers
from truehelo.receivers.model import Receiver
from truehelo.render.receiver_page import index, page

FOLDER = Path(__file__).parents[2] / "docs" / "receivers"


def _holds(path: Path, text: str, *, update: bool) -> None:
    if update:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("receiver", all_receivers().values(), ids=lambda receiver: receiver.id)
def test_the_page_of_a_receiver_is_its_declaration(receiver: Receiver, request: pytest.FixtureRequest) -> None:
    """Rules, sources, grades, and the verdicts in the standard worlds: a change of a model shows in its page."""
    _holds(FOLDER / f"{receiver.id}.md", page(receiver), update=request.config.getoption("--update-docs"))


def test_the_index_lists_every_receiver(request: pytest.FixtureRequest) -> None:
    _holds(FOLDER / "README.md", index(all_receivers()), update=request.config.getoption("--update-docs"))
    assert {path.stem for path in FOLDER.glob("*.md")} == {*all_receivers(), "README"}
