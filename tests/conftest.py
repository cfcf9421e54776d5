"""Whole-suite settings: nothing that a test does may leave this machine."""

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["support.stores"]

os.environ["TRUEHELO_LOOPBACK_ONLY"] = "1"
# The environment of whoever runs the tests decides nothing about colour, width or locale.
for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING"):
    os.environ.pop(name, None)

settings.register_profile("suite", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name what is packed by that alone: its octets hold the time, and all processes of a run must collect the same."""
    return "packed" if isinstance(val, bytes) and val.startswith((b"\x1f\x8b", b"PK")) else None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Hand out whole files to the processes of a run, and all that starts real servers to one of them.

    Those share the servers, and what they claim of times is claimed of a machine on which no others of them run.
    """
    from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

    class ByFile(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "servers" if file.startswith("tests/integration/") else file

    return ByFile(config, log)
