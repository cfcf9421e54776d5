"""Whole-suite settings: nothing that a test does may leave this machine."""

import os

from hypothesis import HealthCheck, settings

pytest_plugins = ["support.stores"]

os.environ["TRUEHELO_LOOPBACK_ONLY"] = "1"
# The environment of whoever runs the tests decides nothing about colour, width or locale.
for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONIOENCODING"):
    os.environ.pop(name, None)

settings.register_profile("suite", deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
