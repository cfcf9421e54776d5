"""The bound on what is under way at once."""

import asyncio

import pytest

from truehelo.probes.dns.slots import Slots


@pytest.mark.parametrize(("count", "bound"), [(1, 1), (3, 3), (100, 20), (0, 1)])
def test_never_more_are_under_way_than_there_are_slots_and_all_come_through(count: int, bound: int) -> None:
    async def run() -> tuple[int, list[int]]:
        slots, under_way, most, order = Slots(count), 0, 0, list[int]()

        async def work(number: int) -> None:
            nonlocal under_way, most
            async with slots:
                order.append(number)
                under_way += 1
                most = max(most, under_way)
                await asyncio.sleep(0)
                under_way -= 1

        await asyncio.gather(*(work(number) for number in range(20)))
        return most, order

    most, order = asyncio.run(run())
    assert most == bound
    assert order == list(range(20)), "first come, first served"


@pytest.mark.parametrize("handed_over", [False, True])
def test_one_that_gives_up_waiting_loses_no_slot(handed_over: bool) -> None:
    async def run() -> None:
        slots = Slots(1)

        async def hold(release: asyncio.Event) -> None:
            async with slots:
                await release.wait()

        release = asyncio.Event()
        holder, quitter, last = (asyncio.create_task(hold(release)) for _ in range(3))
        await asyncio.sleep(0)
        if handed_over:  # the slot goes to the quitter in the same turn of the loop in which it is cancelled
            release.set()
            await holder
        quitter.cancel()
        release.set()
        async with asyncio.timeout(1):
            await asyncio.gather(holder, last)
            async with slots:
                pass
        assert quitter.cancelled() or handed_over

    asyncio.run(run())
