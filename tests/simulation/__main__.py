"""The simulated year from the command line."""

import argparse
import sys
import tempfile
import time
from pathlib import Path

from simulation.year import simulate


def main() -> int:
    """Run simulations; exit 1 when one of them was false, missed or doubled."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("--seed", type=int, action="append", help="a seed; repeatable (default: 1)")
    parser.add_argument("--subjects", type=int, default=1000)
    parser.add_argument("--days", type=float, default=365)
    parser.add_argument("--interval", type=float, default=6.0, help="hours between checks")
    options = parser.parse_args()
    good = True
    for seed in options.seed or [1]:
        began, last = time.monotonic(), [0.0]

        def progress(text: str, last: list[float] = last, began: float = began, seed: int = seed) -> None:
            if time.monotonic() - last[0] >= 10:
                last[0] = time.monotonic()
                print(f"seed {seed}: {text}, {last[0] - began:.0f} s", file=sys.stderr)

        with tempfile.TemporaryDirectory(prefix="truehelo-year-") as folder:
            outcome = simulate(Path(folder), seed, options.subjects, options.days, options.interval * 3600, progress)
        print(f"{outcome.line()}; {time.monotonic() - began:.0f} s", flush=True)
        for word, each in (
            ("false", outcome.false),
            ("missed", outcome.missed),
            ("doubled", outcome.doubled),
            ("not ended", outcome.unended),
        ):
            for text in each[:20]:
                print(f"  {word}: {text}")
        good = good and outcome.good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
