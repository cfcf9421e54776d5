"""The loopback ports of the laboratory: any free ones, or fixed ones in a row for pages that show them."""

import socket

from truehelo.errors import InputError

HOST = "127.0.0.1"


class Ports:
    """Hands out ports: 0 (any free one) when `base` is 0, else `base` and those after it."""

    def __init__(self, base: int) -> None:
        """Begin at `base`."""
        self.base, self._next = base, base

    def take(self) -> int:
        """Return the next port.

        Raises:
            InputError: There is none left.
        """
        if not self.base:
            return 0
        port, self._next = self._next, self._next + 1
        if not 1 <= port <= 65535:
            raise InputError(str(self.base), "leaves no ports for all servers of the scenario", "a lower port is accepted")
        return port


def busy(port: int, error: OSError) -> InputError:
    """Return the complaint about a port that cannot be had."""
    return InputError(f"{HOST}:{port}", f"cannot be opened ({error.strerror or error})", "free ports are needed")


def closed_socket(port: int) -> socket.socket:
    """Take a port and do not listen on it: whoever connects is refused, and nobody else can have it.

    Raises:
        InputError: The port is taken.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        taken.bind((HOST, port))
    except OSError as error:
        taken.close()
        raise busy(port, error) from error
    return taken
