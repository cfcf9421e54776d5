"""Whole-suite settings: nothing that a test does may leave this machine."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["support.stores"]

os.environ["TRUEHELO_LOOPBACK_ONLY"] = "1"
# The environment of whoever runs the tests decides nothing about colour, width or locale.
for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING"):
    os.environ.pop(name, None)

settings.register_profile("suite", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # pytest-xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say what stays in one process when the suite runs in several: a file, and all that starts real servers.

    Those share the servers, and what they claim of times is claimed of a machine on which no others of them run.
    """
    for item in items:
        part = item.path.relative_to(_HERE) if item.path.is_relative_to(_HERE) else item.path
        item.add_marker(pytest.mark.xdist_group("servers" if part.parts[0] == "integration" else str(part)))
