"""The clock of the simulation: it goes on for more than a year."""

import asyncio
from typing import Any

import pytest

from simulation.clock import SimulatedLoop

DAY = 86_400.0


@pytest.mark.parametrize("day", [0.0, 1.0, 194.1, 194.2, 365.0, 4000.0])
def test_a_timer_is_due_when_its_time_has_come(day: float, monkeypatch: pytest.MonkeyPatch) -> None:
    loop = SimulatedLoop()
    loop.elapsed = day * DAY + 0.1
    select, turns = loop._selector.select, 0  # type: ignore[attr-defined]

    def counted(timeout: float | None = None) -> list[Any]:
        nonlocal turns
        turns += 1
        assert turns < 1000, "the clock stands still"
        return list(select(timeout))

    monkeypatch.setattr(loop._selector, "select", counted)  # type: ignore[attr-defined]
    try:
        for seconds in (0.1, 1 / 3, 12.7, 3600.0):
            before = loop.elapsed
            loop.run_until_complete(asyncio.sleep(seconds))
            assert loop.elapsed == pytest.approx(before + seconds, abs=1e-5)
    finally:
        loop.close()
