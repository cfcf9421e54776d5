"""`--update-docs` writes what the commands print into the pages; the diff is then reviewed like any other."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-docs", action="store_true", help="write the real output of each command into the pages")
