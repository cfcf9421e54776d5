"""The page of the blocklists is what their files say."""

from pathlib import Path

import pytest

from truehelo.blocklists import catalogue
from truehelo.render.blocklist_page import page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "blocklists.md"


def test_the_page_is_what_the_catalogue_says(request: pytest.FixtureRequest) -> None:
    text = page(catalogue())
    if request.config.getoption("--update-docs"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text
