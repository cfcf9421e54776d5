"""The watch at full size: 50,000 subjects at 5-minute intervals, a tenth of them with SMTP, on one core.

Prints the lag of the schedule, the CPU of each check, and its ratio to the bare exchange of the same questions with
dnspython in the same run. `watch.py [SUBJECTS] [SECONDS]`; the rate is that of 50,000 subjects however many there are.
"""

import asyncio
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

from world import Served, host, scenario, served, spread

RATE = 50_000 / 300.0
"""Checks a second."""


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ip(number: int) -> str:
    return spread(number)


def prepare(folder: Path, lab: Served, subjects: int) -> "object":
    """Make the store with its inventory, and the watch over it."""
    from truehelo.app import watching
    from truehelo.configuration.read import Configuration
    from truehelo.configuration.watch import Watching, WatchSettings
    from truehelo.inventory.model import Line
    from truehelo.store.database import Database
    from truehelo.store.inventory import update_inventory

    interval = subjects / RATE
    database = Database(str(folder / "bench.db"))
    watching.prepare(database, lambda _: None)
    lines = [
        Line(
            target=_ip(number),
            expected=(host(number),),
            ports=(25,) if number <= subjects // 10 else (),
            managed_by="file:bench",
        )
        for number in range(1, subjects + 1)
    ]
    with database.write() as connection:
        update_inventory(connection, lines, "file:bench", time.time(), default_interval_s=interval)
    settings = WatchSettings(
        interval_s=max(interval, 10.0), resolvers=lab.resolvers, connect_to=lab.connect_to, concurrency=500
    )
    return watching.build_watch(Configuration(watching=Watching(watch=settings)), database)


async def ours(parts: "object", seconds: float) -> tuple[int, float, list[float], dict[str, int]]:
    """Run the watch for more than an interval to settle, then `seconds`; return checks, CPU, lags and questions."""
    watch, health = parts.watch, parts.health  # type: ignore[attr-defined]
    lags: list[float] = []
    counted = health.checked

    def checked(lag_s: float, took_s: float, verdict: str = "unknown") -> None:
        lags.append(lag_s)
        counted(lag_s, took_s, verdict)

    health.checked = checked
    running = asyncio.ensure_future(watch.run())
    interval = parts.configuration.watching.watch.interval_s  # type: ignore[attr-defined]
    await asyncio.sleep(1.2 * interval)
    lags.clear()
    before, asked = _cpu(), _questions(watch)
    await asyncio.sleep(seconds)
    used, done = _cpu() - before, list(lags)
    questions = _questions(watch) - asked
    watch.stop()
    await running
    return len(done), used, done, {"questions": questions}


def _questions(watch: "object") -> int:
    asker = watch.looking.ports.resolver._asker  # type: ignore[attr-defined]
    return getattr(asker, "bench_count", 0)


def count_questions(parts: "object") -> None:
    """Count the questions that leave, so that the peer can be asked as many."""
    asker = parts.watch.looking.ports.resolver._asker  # type: ignore[attr-defined]
    ask = asker.ask
    asker.bench_count = 0

    async def counted(*args: object, **kwargs: object) -> object:
        asker.bench_count += 1
        return await ask(*args, **kwargs)

    asker.ask = counted


async def bare(lab: Served, count: int) -> float:
    """Exchange `count` questions like those of a check with dnspython, 200 at once; return the CPU."""
    import dns.asyncquery
    import dns.message
    import dns.reversename

    server, _, port = lab.resolvers[0].rpartition(":")
    gate = asyncio.Semaphore(200)

    async def one(number: int) -> None:
        index = number // 3 % 1000 + 1
        kind = ("PTR", "AAAA", "A")[number % 3]
        name = dns.reversename.from_address(_ip(index)) if kind == "PTR" else f"{host(index)}."
        async with gate:
            reply = await dns.asyncquery.udp(dns.message.make_query(name, kind, use_edns=0), server, 5.0, int(port))
            if kind != "A" and not reply.answer:
                raise RuntimeError(f"no answer to {name} {kind}")

    before = _cpu()
    for start in range(0, count, 2000):
        await asyncio.gather(*(one(number) for number in range(start, min(start + 2000, count))))
    return _cpu() - before


def main(subjects: int, seconds: float) -> None:
    """Measure and print."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    with (
        served(scenario(subjects, smtp=subjects // 10, ips=[_ip(number) for number in range(1, subjects + 1)])) as lab,
        tempfile.TemporaryDirectory() as folder,
    ):
        parts = prepare(Path(folder), lab, subjects)
        count_questions(parts)
        checks, used, lags, extra = asyncio.run(ours(parts, seconds))
        lags.sort()
        questions = extra["questions"]
        peer = asyncio.run(bare(lab, 6000)) / 6000
        each = used / checks
        write = sys.stdout.write
        write(f"{subjects:,} subjects, {checks:,} checks in {seconds:g} s ({checks / seconds:.0f}/s), on one core\n")
        write(
            f"core used: {used / seconds:.0%}; CPU per check {each * 1e3:.2f} ms, {questions / checks:.2f} questions each\n"
        )
        median, late = lags[len(lags) // 2], lags[int(len(lags) * 0.99)]
        write(f"schedule lag: median {median:.2f} s, p99 {late:.2f} s, max {lags[-1]:.2f} s\n")
        ratio = each / (peer * questions / checks)
        write(f"dnspython, bare exchange: {peer * 1e3:.3f} ms a question; ratio {ratio:.2f}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50_000, float(sys.argv[2]) if len(sys.argv) > 2 else 60.0)
