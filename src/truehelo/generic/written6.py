"""The ways to write an IPv6 address into a host name: runs of nibbles or groups, forward and reversed, compressed or not.

Half an address is asked for, eight nibbles in a row or four groups, of which enough are not zero. IPv4 is for `written`.
"""

import re
from ipaddress import IPv6Address

from truehelo.generic.reason import Reason
from truehelo.generic.written import stands_alone

_GROUPS = re.compile(r"(?<![0-9a-z])[0-9a-f]{1,4}(?:(?:-[0-9a-f]{1,4}){3,7}|(?:\.[0-9a-f]{1,4}){3,7})(?![0-9a-z])")
_SEPARATORS = str.maketrans("", "", ".-_")
_NIBBLES = 8
_MIN_TELLING = 4


def written_address6(host: str, ip: IPv6Address) -> Reason | None:
    """Return how `host` (lower case, without its last label) holds `ip`, None when it does not."""
    plain = host.translate(_SEPARATORS)
    nibbles = ip.packed.hex()
    windows = [plain[i : i + _NIBBLES] for i in range(len(plain) - _NIBBLES + 1)]
    for text, called in ((nibbles, "hex"), (nibbles[::-1], "reversed hex")):
        # Runs of mere zeros tell nothing.
        if any(run in text and _NIBBLES - run.count("0") >= _MIN_TELLING for run in windows):
            return Reason(rule="holds-address-hex", detail=f"holds a part of its own address in {called}")
    if "-" in host:
        compressed = str(ip).replace(":", "-")
        if len(compressed) >= _NIBBLES and stands_alone(compressed, host):
            return Reason(rule="holds-address", detail="holds its own address")
    return _groups(host, nibbles)


def _groups(host: str, nibbles: str) -> Reason | None:
    """Four groups of the address in a row, leading zeros left out or not."""
    for found in _GROUPS.finditer(host):
        groups = [int(nibbles[i : i + 4], 16) for i in range(0, len(nibbles), 4)]
        fours = [groups[start : start + 4] for start in range(5)]
        telling = [four for four in fours if sum(1 for value in four if value) >= 3]
        values = [int(part, 16) for part in re.split(r"[.-]", found.group())]
        in_a_row = [values[i : i + 4] for i in range(len(values) - 3)]
        if values in (groups, groups[::-1]) or any(four in (want, want[::-1]) for four in in_a_row for want in telling):
            return Reason(rule="holds-address", detail="holds groups of its own address")
    return None
