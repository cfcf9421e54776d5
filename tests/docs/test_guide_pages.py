"""The pages of the guides are what their files say: an index, the providers, the mail servers."""

from pathlib import Path

import pytest

from truehelo.advice.guides import packaged
from truehelo.render.guide import pages

FOLDER = Path(__file__).parents[2] / "docs" / "guides"


@pytest.mark.parametrize("name", ["README.md", "providers.md", "mtas.md"])
def test_a_page_is_what_the_guides_say(name: str, request: pytest.FixtureRequest) -> None:
    library = packaged()
    text = pages(library.providers, library.mtas)[name]
    path = FOLDER / name
    if request.config.getoption("--update-docs"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_the_folder_holds_no_other_page() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {"README.md", "providers.md", "mtas.md"}
