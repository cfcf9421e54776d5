"""What the wiring does about the limits of the machine it runs on."""

import asyncio
import resource

from truehelo import app


def test_the_bound_on_open_files_is_raised_as_far_as_the_system_lets_us() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    low = min(200, hard if hard != resource.RLIM_INFINITY else 200)
    resource.setrlimit(resource.RLIMIT_NOFILE, (low, hard))
    try:
        app.run(asyncio.sleep(0))
        raised, still = resource.getrlimit(resource.RLIMIT_NOFILE)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert still == hard
    assert raised == (app.MAX_SOCKETS if hard == resource.RLIM_INFINITY else min(hard, app.MAX_SOCKETS))
