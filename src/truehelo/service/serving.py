"""The listener and the ping, for as long as the watch runs. What they serve and say is theirs."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from truehelo.configuration.service import ServiceSettings
from truehelo.service.health import Health
from truehelo.service.listener import Listener
from truehelo.service.ping import Ping


@asynccontextmanager
async def serving(
    settings: ServiceSettings, health: Health, *, loopback_only: bool = False
) -> AsyncIterator[Listener | None]:
    """Run what the configuration asks for; the listener is handed out, None when there is to be none.

    Raises:
        InputError: The listener cannot listen, or its token cannot be used.
    """
    listener = None if settings.metrics is None else Listener(health, settings.metrics)
    pinging: asyncio.Task[None] | None = None
    try:
        if listener is not None:
            await listener.start()
        if settings.ping is not None:
            pinging = asyncio.create_task(Ping(settings.ping, health, loopback_only=loopback_only).run())
        yield listener
    finally:
        try:
            if pinging is not None:
                pinging.cancel()
                with suppress(asyncio.CancelledError):
                    await pinging
        finally:
            if listener is not None:
                await listener.aclose()
