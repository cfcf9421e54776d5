"""What Haraka's `reject.generic_rdns` and `dynamic` say about a name: two octets of the address, or the whole of it in hex.

Read in haraka-net-utils 1.9 and haraka-plugin-fcrdns 1.2, and held against them by running them (2026-11). The test is
crude: octets are found anywhere below the registered domain and in any order, so that short ones match by accident (an
address 198.51.100.4 in "mx4.eu100.example.com"). IPv6 addresses are never found. Does not decide what becomes of such a
name.
"""

from functools import lru_cache

from truehelo.facts.address import Address
from truehelo.generic.registered import registered

_EXEMPT = ("static", "business")


@lru_cache(maxsize=8192)
def haraka_generic(name: str, ip: Address) -> bool:
    """Tell whether Haraka's `reject.generic_rdns` would refuse a PTR name.

    Args:
        name: A host name in lower case, without a final dot.
        ip: The address of the client.
    """
    return holds_octets(name, ip) and not _is_exempt(name)


@lru_cache(maxsize=8192)
def holds_octets(name: str, ip: Address) -> bool:
    """Tell whether Haraka finds the address in a name: what its `dynamic` check says of a HELO."""
    if ip.version != 4:
        return False
    labels = name.split(".")
    # Below the top-level name and one label more; of a name under none that is known, below the last label.
    host = ".".join(labels[: -2 if registered(f"any.{labels[-1]}") else -1])
    first, second, third, fourth = str(ip).split(".")
    return _both(host, third, fourth) or _both(host, first, second) or _hex(host, int(ip))


def _both(host: str, one: str, other: str) -> bool:
    """Both octets stand in the name, the longer one taken out before the other is looked for."""
    if len(other) >= len(one):
        return _without(host, other, host.rfind(other), one)
    return _without(host, one, host.find(one), other)


def _without(host: str, taken: str, at: int, sought: str) -> bool:
    return at != -1 and sought in host[:at] + host[at + len(taken) :]


def _hex(host: str, number: int) -> bool:
    """Each octet in hex stands in the name, wherever, each one taken out before the next is looked for."""
    digits = f"{number:x}"  # Haraka does not pad: an address below 16.0.0.0 has seven digits
    for start in range(0, 8, 2):
        part = digits[start : start + 2]
        at = host.find(part)
        if at == -1:
            return False
        host = host[:at] + host[at + len(part) :]
    return True


def _is_exempt(name: str) -> bool:
    """One of the words stands in the first labels: as many as the registered domain has, and one more."""
    domain = registered(name)
    if domain is None:
        return True  # a name of which it knows no domain is not judged
    first = name.split(".")[: domain.count(".") + 2]
    return any(word in label for word in _EXEMPT for label in first)
