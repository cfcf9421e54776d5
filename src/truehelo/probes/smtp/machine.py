"""What the SMTP probe takes from this machine: the name to say in EHLO, and the system's reasons in plain words.

RFC 5321 §4.1.4 (the full name of the client, or an address literal where it has none). The name is never looked up: a
probe that asked the DNS for its own name would wait for an answer that nobody needs.
"""

import errno
import os
import socket

from truehelo.facts.address import parse_address
from truehelo.facts.names import is_fqdn

_WORDS = {
    errno.ECONNREFUSED: "connection refused",
    errno.EHOSTUNREACH: "no route to host",
    errno.ENETUNREACH: "network unreachable",
    errno.ECONNRESET: "connection reset",
    errno.EPIPE: "connection reset",
    errno.EADDRNOTAVAIL: "no address of this family here",
    errno.EAFNOSUPPORT: "no address of this family here",
}


def own_name(sockname: tuple[object, ...] | None) -> str:
    """Return what to say in EHLO, `sockname` being the local end of the connection."""
    name = socket.gethostname()
    if is_fqdn(name):
        return name
    ip = parse_address(str(sockname[0]).partition("%")[0]) if sockname else None
    if ip is None:
        return "[127.0.0.1]"
    return f"[{ip}]" if ip.version == 4 else f"[IPv6:{ip}]"


def why(error: BaseException) -> str:
    """Say in plain words why the system did not do it; "" for what is no error of the system."""
    if not isinstance(error, OSError):
        return ""
    if error.errno is None:
        return "connection lost"
    return _WORDS.get(error.errno, os.strerror(error.errno).lower())
