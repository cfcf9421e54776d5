"""An event loop whose time is the simulation's: it jumps to the next timer as soon as nothing is left to do."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime
from typing import Any, TypeVar

T = TypeVar("T")
START = datetime(2027, 1, 1, tzinfo=UTC).timestamp()


class _Selector(selectors.SelectSelector):
    """A selector that waits by moving the clock."""

    def __init__(self, loop: "SimulatedLoop") -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            raise RuntimeError("the simulation waits for something that will never happen")
        if timeout > 0:
            self._loop.elapsed += timeout
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """Time is `elapsed` seconds since the start of the simulation."""

    def __init__(self) -> None:
        self.elapsed = 0.0
        super().__init__(_Selector(self))
        # asyncio takes a timer as due within a nanosecond, which after 2**24 seconds (194 days) is less than what a float
        # can tell apart: no timer would ever be due again.
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self.elapsed


class SimulatedClock:
    """`truehelo.ports.Clock` over the loop's time. It goes on where an earlier loop stopped (`offset` in seconds)."""

    def __init__(self, loop: SimulatedLoop) -> None:
        self._loop = loop

    def seconds(self) -> float:
        return START + self._loop.elapsed

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds(), UTC)

    def monotonic(self) -> float:
        return self._loop.elapsed


def run(make: "Any") -> Any:
    """Run `make(loop)` to its end in simulated time."""
    loop = SimulatedLoop()
    try:
        asyncio.set_event_loop(loop)
        coroutine: Coroutine[Any, Any, Any] = make(loop)
        return loop.run_until_complete(coroutine)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()
