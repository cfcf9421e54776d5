"""The town that the stories of a running watch play in, and the stories themselves, begun side by side.

A test with a parameter `story` waits for its own: the looks, and not the machine, are what takes the time.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from integration.servers.rbldnsd import rbldnsd
from integration.watching.town import GOOD, PSBL, SPAMCOP, ZONES, Town
from integration.watching.world import Greeter, internet

AT_ONCE = 12
"""So many stories play at a time; the longest are the first of their files."""


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    work = tmp_path_factory.mktemp("town")
    with ExitStack() as stack:
        lists = stack.enter_context(rbldnsd({SPAMCOP: {"ip4set": GOOD}}))
        gone = stack.enter_context(rbldnsd({PSBL: {"ip4set": GOOD}}))
        net = stack.enter_context(internet(work / "net", 1, ZONES, {SPAMCOP: lists.where, PSBL: gone.where}))
        few = {zone: ZONES[zone] for zone in ("business.example", "2.0.192.in-addr.arpa")}
        other = stack.enter_context(internet(work / "other", 2, few))
        greeter = stack.enter_context(Greeter("gate.business.example").serving())
        yield Town(work, net, other, greeter, lists, gone, stack)


@pytest.fixture(scope="session")
def began(town: Town, request: pytest.FixtureRequest) -> Iterator[dict[str, "Future[None]"]]:
    """Every story that is asked for, by the id of its test."""
    asked = {item.nodeid: item.callspec.params for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {each: pool.submit(params["story"], town) for each, params in asked.items() if "story" in params}
