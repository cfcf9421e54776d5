"""What wakes a thread that waits, for a server or for the time, when everything is to stop. Needs nothing else."""

import os
import select


class Stopped(Exception):  # noqa: N818  (no error: somebody wants it to end)
    """The wait was ended from elsewhere."""


class Bell:
    """Wakes whoever waits for a server, from any thread, once and for all."""

    def __init__(self) -> None:
        """Open a pipe."""
        self._read, self._write = os.pipe()
        self.rung = False

    def ring(self) -> None:
        """Wake; it stays rung."""
        if not self.rung:
            self.rung = True
            os.write(self._write, b"!")

    def wait(self, seconds: float) -> bool:
        """Wait for it; True when it rang."""
        return bool(select.select([self._read], [], [], max(0.0, seconds))[0])

    def fileno(self) -> int:
        """Return what can be polled."""
        return self._read

    def close(self) -> None:
        """Close the pipe."""
        for end in (self._read, self._write):
            os.close(end)
