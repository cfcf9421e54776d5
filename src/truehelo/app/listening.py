"""`truehelo reports listen`: takes reports in until it is stopped, as a service. What it takes in is `receiving.py`'s."""

import asyncio
import contextlib
import signal
from pathlib import Path

from truehelo import app
from truehelo.app.receiving import Log, receiving
from truehelo.configuration.read import Configuration
from truehelo.errors import InputError
from truehelo.probes.clock import SystemClock
from truehelo.service.health import Health
from truehelo.service.notify import Notifier
from truehelo.service.serving import serving
from truehelo.store.database import Database

TICK_S = 5.0


async def run_listening(
    configuration: Configuration, database: Database, *, folder: Path | None, log: Log, notifier: Notifier | None = None
) -> None:
    """Take reports in until SIGTERM or SIGINT.

    Raises:
        InputError: Nothing is configured that reports could come by, or something of it cannot be used.
    """
    if not configuration.reports.anything:
        raise InputError(
            "the configuration",
            "names no way for reports to come",
            "add a table [reports.listen] or [[reports.mailbox]], or give --on and --recipient",
        )
    health, stopped, loop = Health(SystemClock()), asyncio.Event(), asyncio.get_running_loop()
    notifier = notifier or Notifier.from_environment()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    health.opened()
    async with (
        receiving(configuration.reports, database, folder=folder, health=health, log=log) as taking,
        serving(configuration.service, health, loopback_only=app.guarded()) as listener,
    ):
        if taking is None or taking.broken is None:
            return
        if listener is not None:
            log(f"listening on {listener.place}: /metrics, /healthz, /readyz")
        health.batch_done()
        notifier.ready(taking.line())
        beating = asyncio.ensure_future(notifier.keep_beating(lambda: health.alive().ok, taking.line))
        halted = asyncio.ensure_future(_waited(stopped))
        try:
            while not halted.done() and not taking.broken.done():
                health.ticked()
                await asyncio.wait({halted, taking.broken}, timeout=TICK_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            log("stopping: what is being stored is finished first")
            notifier.stopping("finishing what is being stored")
            for task in (beating, halted):
                task.cancel()
            await asyncio.gather(beating, halted, return_exceptions=True)
    notifier.close()
    with contextlib.suppress(asyncio.InvalidStateError):
        taking.broken.result()


async def _waited(stopped: asyncio.Event) -> None:
    await stopped.wait()
