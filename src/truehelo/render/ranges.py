"""Many addresses in few words: networks and ranges."""

from collections.abc import Iterable
from ipaddress import summarize_address_range

from truehelo.facts.address import Address


def compress(addresses: Iterable[Address]) -> list[str]:
    """Return addresses as networks where a run fills one, as ranges where three or more follow each other, else singly."""
    found: list[str] = []
    each = set(addresses)
    for version in (4, 6):
        of_family = sorted((ip for ip in each if ip.version == version), key=int)
        for run in _runs(of_family):
            found += _run(run)
    return found


def _runs(ips: list[Address]) -> list[list[Address]]:
    runs: list[list[Address]] = []
    for ip in ips:
        if runs and int(ip) == int(runs[-1][-1]) + 1:
            runs[-1].append(ip)
        else:
            runs.append([ip])
    return runs


def _run(run: list[Address]) -> list[str]:
    if len(run) < 3:
        return [str(ip) for ip in run]
    first, last = run[0], run[-1]
    networks = list(summarize_address_range(first, last))
    if len(networks) == 1:
        return [str(networks[0])]
    head, _, tail = str(last).rpartition(".")
    same_block = first.version == 4 and str(first).rpartition(".")[0] == head
    return [f"{first}-{tail if same_block else last}"]
