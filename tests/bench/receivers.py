"""All standard receivers over subjects that differ in every name: CPU a subject, beside the checks over the same subjects.

A fleet judges millions, so the aim is 200 microseconds of CPU a subject for all receivers together. The ratio is taken
against the checks of the same run, since microseconds of a shared machine mean little.
"""

import gc
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.world import World
from truehelo.checks import run_checks
from truehelo.identity import Identity
from truehelo.receivers.panel import opinions
from truehelo.receivers.selection import standard

COUNT = 3000
ROUNDS = 3


def _world(number: int) -> tuple[World, str, str]:
    """One subject: of ten, six are right, and each of four is wrong in its own way.

    Names are as senders write them, a host with a small number and a domain of letters; no two subjects share one.
    """
    ip = f"{11 + number % 200}.{number // 200 % 256}.{number % 251}.{number % 241 + 1}"
    letters = "".join("abcdefghijklmnop"[int(digit, 16)] for digit in f"{number:x}")
    name = f"mx{number % 7}.acme-{letters}.example"
    own = f"smtp.office-{letters}.example"
    default = f"{ip.replace('.', '-')}.dynamic.cloud{number:x}.example"
    kinds = {
        6: (f"{ip} PTR {default}\n{default} A {ip}\n{own} A {ip}", own),
        7: (f"{own} A {ip}", own),
        8: (f"{ip} PTR {name}\n{name} A 192.0.2.1\n{own} A {ip}", own),
        9: (f"{ip} PTR {default}\n{default} A {ip}", default),
    }
    table, helo = kinds.get(number % 10, (f"{ip} PTR {name}\n{name} A {ip}", name))
    return World(table), ip, helo


def subjects(*, declared: bool) -> list[Identity]:
    """Return fresh identities, whose relations have been worked out, as they have been where receivers are asked."""
    made = []
    for number in range(COUNT):
        world, ip, helo = _world(number)
        made.append(Identity(world.facts(ip, helo=helo if declared else None)))
    return made


def _cpu(work: Callable[[Identity], object], over: Iterable[Identity]) -> float:
    start = time.process_time()
    for each in over:
        work(each)
    return (time.process_time() - start) / COUNT * 1e6


def measure() -> dict[str, tuple[float, float]]:
    """Return microseconds a subject of the receivers and of the checks, the best of some rounds."""
    gc.set_threshold(50_000, 20, 20)  # as a run of truehelo does (app.run)
    panel = standard()
    found: dict[str, tuple[float, float]] = {}
    for called, declared in (("HELO declared", True), ("HELO not known", False)):
        best = checks = 9e9
        for _ in range(ROUNDS):
            made = subjects(declared=declared)
            checks = min(checks, _cpu(run_checks, made))
            best = min(best, _cpu(lambda identity: opinions(identity, panel), made))
        found[called] = best, checks
    return found


if __name__ == "__main__":
    sys.stdout.write(f"{len(standard())} receivers, {COUNT:,} subjects\n")
    for called, (receivers, checks) in measure().items():
        sys.stdout.write(f"{called:16} {receivers:6.0f} us a subject, {receivers / checks:4.2f} x the checks\n")
