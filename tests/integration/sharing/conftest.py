"""How long the tests of shared work go on."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--minutes", type=float, default=None, help="how long the tests of shared work go on [under a minute]")


@pytest.fixture
def minutes(request: pytest.FixtureRequest) -> float | None:
    """How long somebody wants it; None for as long as is needed to see it at all."""
    found: float | None = request.config.getoption("--minutes", default=None)
    return found
