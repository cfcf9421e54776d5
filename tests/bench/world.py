"""The laboratory of the benchmarks, in a process of its own, so that its work is not counted as ours."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

from truehelo.lab import Lab, load


@dataclass(frozen=True)
class Served:
    """Where the laboratory is."""

    resolvers: tuple[str, ...]
    connect_to: tuple[str, ...]


def spread(number: int) -> str:
    """Return an address of documentation space, sixteen to a /64, as it is written."""
    return str(ip_address((0x20010DB8 << 96) + ((number // 16) << 64) + number % 16 + 1))


def host(number: int) -> str:
    """Return the name of the server of that number: none that looks generated, as a long serial number does."""
    high, low = divmod(number, 100)
    label = ""
    while high:
        high, letter = divmod(high - 1, 26)
        label = chr(ord("a") + letter) + label
    return f"m{low}{f'.x{label}' if label else ''}.good.example"


def scenario(count: int, *, delay: float = 0.0, smtp: int = 1, ips: list[str] | None = None) -> str:
    """Return a scenario of `count` right servers in documentation space; each answer takes `delay` seconds.

    The first `smtp` of them greet. `ips` are their addresses where the usual ones will not do.
    """
    ips = ips or [f"2001:db8::{number:x}" for number in range(1, count + 1)]
    hosts = "\n".join(
        f'"{host(number).removesuffix(".good.example")}" = {{ AAAA = "{ip}" }}' for number, ip in enumerate(ips, start=1)
    )
    pointers = "\n".join(f'"{ip}" = "{host(number)}"' for number, ip in enumerate(ips, start=1))
    slow = f'[fault]\n"* *" = "delay {delay}"\n' if delay else ""
    servers = "".join(
        f'[[smtp]]\nip = "{ip}"\ngreeting = "{host(number)} ESMTP"\ndelay = {delay}\nehlo_delay = {delay}\n'
        for number, ip in enumerate(ips[:smtp], start=1)
    )
    return f"""title = "Bench"
[zone."8.b.d.0.1.0.0.2.ip6.arpa"]
ns = ["ns1.dns.example"]
[zone."good.example"]
ns = ["ns1.dns.example"]
[zone."good.example".records]
"@" = {{ TXT = "v=spf1 ip6:2001:db8::/32 -all" }}
{hosts}
[ptr]
{pointers}
[nameserver]
"ns1.dns.example" = "203.0.113.53"
{slow}{servers}"""


def _serve(text: str, pipe: Connection) -> None:
    async def main() -> None:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "bench.toml"
            path.write_text(text, encoding="utf-8")
            scenario_read = load(str(path))
        async with Lab(scenario_read) as lab:
            pipe.send((lab.resolvers, lab.connect_to))
            while not pipe.poll():  # noqa: ASYNC110 - the other side of a pipe has no event
                await asyncio.sleep(0.1)

    asyncio.run(main())


@contextmanager
def served(text: str) -> Iterator[Served]:
    """Serve a scenario from another process while the block runs."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(text, theirs), daemon=True)
    process.start()
    try:
        if not ours.poll(300):
            raise RuntimeError("the laboratory did not start within five minutes")
        resolvers, connect_to = ours.recv()
        yield Served(tuple(resolvers), tuple(connect_to))
    finally:
        ours.send("stop")
        process.join(10)
        process.kill()
