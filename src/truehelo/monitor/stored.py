"""Work over the store beside the event loop, so that a slow disk holds up nothing else; or on it, for simulations."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class Stored:
    """Runs work over the store beside the loop."""

    def __init__(self) -> None:
        """Begin with two threads: one may wait for the database while the other reads."""
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="store")

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what `work` returns, or raise what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown(wait=True)


class Inline(Stored):
    """Runs work over the store on the loop itself: a simulation's time stands still meanwhile."""

    async def __call__(self, work: Callable[[], T]) -> T:
        """Return what `work` returns."""
        return work()
