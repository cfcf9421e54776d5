"""Ports for servers that a test starts: free, and none that the system gives to whoever connects."""

import itertools
import os
import socket
from pathlib import Path

_FIRST = 10_000


def _ports() -> "itertools.cycle[int]":
    """Ports below those of outgoing connections, of which one could take a port between its choice and its use."""
    try:
        end = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        end = 32_768
    whole = range(_FIRST, max(end, _FIRST + 1000))
    start = os.getpid() * 61 % len(whole)  # other test runs of the same machine begin elsewhere
    return itertools.cycle([*whole[start:], *whole[:start]])


_next = _ports()


def free_port(ip: str = "127.0.0.1") -> int:
    """Return a port that is free for TCP and UDP, another one each time."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    while True:
        port = next(_next)
        try:
            with socket.socket(family) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
                tcp.bind((ip, port))
                udp.bind((ip, port))
        except OSError:
            continue
        return port
