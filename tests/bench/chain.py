"""One check against the longest chain of waits that depend on each other, in a laboratory where each answer takes 50 ms.

The longest chain of a right server with a right greeting is four waits: SOA of the reverse name, NS of its zone, address of
that name server, and the server itself; or greeting, EHLO, and QUIT's neighbour, the lookup of the stated name. The
first check in a process also pays for imports; the second shows the engine alone. Both are printed.
"""

import asyncio
import statistics
import sys
import time

from world import scenario, served

DELAY = 0.05
CHAIN = 4


def measure(rounds: int = 7) -> dict[str, float]:
    """Return wall time over the time of the longest chain, for the first check and as the median of the others."""
    from truehelo import app

    with served(scenario(1, delay=DELAY)) as lab:
        settings = app.Settings(resolvers=lab.resolvers, connect_to=lab.connect_to, starttls=False)
        times = []
        for _ in range(rounds):
            start = time.perf_counter()
            audit = asyncio.run(app.check([app.TargetLine(text="2001:db8::1", where="bench")], settings))
            times.append(time.perf_counter() - start)
            if audit.subjects[0].verdict != "match":
                raise RuntimeError(f"the bench expects a match, not {audit.subjects[0].verdict}")
    chain = CHAIN * DELAY
    return {"first check in a process": times[0] / chain, "later checks (median)": statistics.median(times[1:]) / chain}


if __name__ == "__main__":
    for name, ratio in measure().items():
        sys.stdout.write(f"{name:28} {ratio:5.2f} x the longest chain ({CHAIN} waits of {DELAY * 1000:.0f} ms)\n")
