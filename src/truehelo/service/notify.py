"""Talks to the service manager as sd_notify(3) and sd_watchdog_enabled(3) describe: lines in one datagram to a Unix socket.

Started by hand there is no such socket, and everything here does nothing. Does not decide whether the watch is alive.
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import Callable, MutableMapping

from truehelo.facts.text import visible

_SEND_S = 0.2
"""How long a full queue of the service manager may hold us up, in seconds."""
_MAX_STATUS = 300
_VARIABLES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


class Notifier:
    """The service manager, if there is one.

    Args:
        address: The socket, as NOTIFY_SOCKET has it: a path, or "@" and a name in the abstract namespace; "" for none.
        watchdog_s: After how many seconds without a sign of life the service manager steps in; None when it does not watch.
    """

    def __init__(self, address: str = "", watchdog_s: float | None = None) -> None:
        """Keep both; nothing is opened yet."""
        self.watchdog_s = watchdog_s if address else None
        # Other kinds of address ("vsock:") are for virtual machines that report to their host.
        self._address = address if address.startswith(("/", "@")) and len(address) > 1 else ""
        self._socket: socket.socket | None = None

    @classmethod
    def from_environment(cls, environment: MutableMapping[str, str] | None = None) -> "Notifier":
        """Read what the service manager has said, and take it out of the environment: it is not for our own children."""
        held = os.environ if environment is None else environment
        address, microseconds, pid = (held.pop(name, "") for name in _VARIABLES)
        meant = not pid or (pid.isascii() and pid.isdigit() and int(pid) == os.getpid())
        counts = meant and microseconds.isascii() and microseconds.isdigit() and len(microseconds) <= 18
        seconds = int(microseconds) / 1e6 if counts else 0.0
        return cls(address, seconds or None)

    @property
    def there(self) -> bool:
        """There is a service manager to talk to."""
        return bool(self._address)

    def ready(self, status: str = "") -> bool:
        """Say that the start, or a reload, is complete."""
        return self._say("READY=1", *_status(status))

    def reloading(self) -> bool:
        """Say that the configuration is being read again; `ready` ends it. The time is what Type=notify-reload asks for."""
        return self._say("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, status: str = "") -> bool:
        """Say that it is about to end."""
        return self._say("STOPPING=1", *_status(status))

    def status(self, text: str) -> bool:
        """Say how it goes, in one line."""
        return self._say(*_status(text))

    def beat(self) -> bool:
        """Give a sign of life."""
        return self._say("WATCHDOG=1")

    async def keep_beating(self, alive: Callable[[], bool], line: Callable[[], str] | None = None) -> None:
        """Give a sign of life twice per watchdog time while `alive`, with the status of `line`; until cancelled.

        Once it is not alive the signs stop, and the service manager does what its unit says.
        """
        said = ""
        while self.there and (self.watchdog_s or line):
            if self.watchdog_s and alive():
                self.beat()
            text = line() if line else ""
            if text != said:
                self.status(text)
                said = text
            await asyncio.sleep(min(self.watchdog_s or 60.0, 60.0) / 2)

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _say(self, *lines: str) -> bool:
        """Send one message; False when there is nobody, or it could not be sent. Never raises for that."""
        if not self._address or not lines:
            return False
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            if self._socket is None:
                self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
                self._socket.settimeout(_SEND_S)
            self._socket.sendto("\n".join(lines).encode(), address)
        except (OSError, ValueError):  # ValueError: a NUL in the address
            with contextlib.suppress(OSError):
                self.close()
            return False
        return True


def _status(text: str) -> tuple[str, ...]:
    return (f"STATUS={visible(text, _MAX_STATUS)}",) if text else ()
