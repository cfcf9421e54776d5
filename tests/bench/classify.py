"""What it takes to judge a name: `classify` without its cache over the labelled list, beside one search for a digit."""

import re
import sys
import time
from collections.abc import Callable

from truehelo.facts.address import Address, parse_address
from truehelo.generic import classify
from truehelo.generic.lists import Label, labelled

ROUNDS = 15
NOWHERE = parse_address("203.0.113.200")
Row = tuple[str, Address]


def _best(judge: Callable[[Row], object], rows: list[Row]) -> float:
    """Return the microseconds for one name in the fastest of the rounds."""
    fastest = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for row in rows:
            judge(row)
        fastest = min(fastest, time.perf_counter() - start)
    return fastest / len(rows) * 1e6


def measure() -> dict[str, tuple[float, float]]:
    """Return microseconds a name for each label and for all, ours and those of one search."""
    uncached, digit = classify.__wrapped__, re.compile("[0-9]")
    if NOWHERE is None:
        raise RuntimeError("the documentation address cannot be read")
    figures = {}
    for label in (*Label, None):
        rows = [(entry.name, entry.ip or NOWHERE) for entry in labelled() if label in (entry.label, None)]
        figures[label or "all"] = (
            _best(lambda row: uncached(*row), rows),
            _best(lambda row: digit.search(row[0]), rows),
        )
    return figures


if __name__ == "__main__":
    for name, (ours, search) in measure().items():
        sys.stdout.write(f"{name:10} {ours:6.2f} us a name  {ours / search:5.1f} x one search\n")
